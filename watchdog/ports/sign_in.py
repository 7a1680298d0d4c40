"""An identity provider: who is signing in to the console."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SignIn:
    """One attempt to sign in elsewhere: what ties the answer that comes back to the browser that was sent there.

    `state` comes back with the browser, `nonce` in the signed proof; whoever has the `verifier` may ask for it.
    """

    state: str
    nonce: str
    verifier: str = field(repr=False)


class IdentityProvider(Protocol):
    """Somewhere else that people sign in, and that proves who they are. Raises Temporary or Permanent."""

    name: str
    issuer: str

    async def address(self, attempt: SignIn) -> str:
        """Return where a browser is sent to sign in."""

    async def identify(self, attempt: SignIn, code: str) -> str:
        """Return who signed in, for the code that the browser brought back. Raises Permanent if it proves nobody."""
