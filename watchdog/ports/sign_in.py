"""An identity provider: it proves who is signing in to the console."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SignIn:
    """One attempt to sign in at a provider; it ties the answer to the browser that was sent there.

    `state` comes back with the browser, `nonce` in the signed proof. The `verifier` is the secret of PKCE: only its
    holder can redeem the code.
    """

    state: str
    nonce: str
    # Out of every log line and traceback: with the code from the browser it completes the sign-in.
    verifier: str = field(repr=False)


class IdentityProvider(Protocol):
    """A provider at which people sign in, and which proves their identity. Raises Temporary or Permanent."""

    name: str
    issuer: str

    async def address(self, attempt: SignIn) -> str:
        """Return the address to which the browser is sent to sign in."""

    async def identify(self, attempt: SignIn, code: str) -> str:
        """Return the identity proven by the code that the browser brought back; raises Permanent if it proves none."""
