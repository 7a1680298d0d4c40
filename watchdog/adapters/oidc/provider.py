"""An OpenID provider: the authorization code flow with PKCE (implements ports.IdentityProvider).

Rule 1: only the configured issuer receives requests, with a deadline and a limit for the size of every answer, and only
a few at once. Its discovery document is kept for an hour.
Rule 2: no message repeats the provider's data: codes, tokens and our secret stay out of pages and logs.
Rule 3: an unknown key makes us read the provider's keys again, but at most every 30 seconds.
"""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import inf
from typing import TypeVar
from urllib.parse import quote_plus, urlencode, urlsplit

from joserfc.jwk import KeySet

from watchdog.adapters.api_client import Answer, ApiClient, PermanentAnswer, TemporaryAnswer
from watchdog.adapters.json_values import mapping
from watchdog.adapters.oidc.discovery import WELL_KNOWN, Endpoints, endpoints_of
from watchdog.adapters.oidc.tokens import EMAIL, UnknownKey, keys_of, verified_name
from watchdog.adapters.ssrf_guard import AddressGuard
from watchdog.domain.errors import Permanent, Temporary
from watchdog.ports import Clock, SignIn

TIMEOUT_SECONDS = 5.0
BODY_MAX_BYTES = 256 * 1024
AT_ONCE_MAX = 8
KEPT_SECONDS = 3600.0
KEYS_AGAIN_SECONDS = 30.0
SILENT_SECONDS = 5.0
"""After a failure it gets no request for so many seconds: callers get the error at once."""
T = TypeVar("T")
ERRORS = ("invalid_grant", "invalid_client", "invalid_request", "unauthorized_client", "unsupported_grant_type")
# Errors that no user can mend by a new login: the client's registration or secret is wrong.
BY_US = ("invalid_client", "unauthorized_client")


@dataclass(frozen=True, slots=True)
class OidcClient:
    """Our registration there: `client_id`, its secret, and the `redirect_uri` to which browsers return."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    redirect_uri: str
    claim: str = EMAIL


class OidcProvider:
    """Sends requests to one issuer."""

    def __init__(
        self,
        client: OidcClient,
        clock: Clock,
        guard: AddressGuard | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self.issuer = client.issuer
        self.name = urlsplit(client.issuer).netloc
        self._client = client
        self._clock = clock
        self._guard = guard
        self._timeout_seconds = timeout_seconds
        self._doors: tuple[float, Endpoints] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._silent: tuple[float, str] = (-inf, "")
        self._reading = asyncio.Lock()
        self._asking = 0

    async def address(self, attempt: SignIn) -> str:
        """Return the address at which a browser signs in. Raises Temporary or Permanent."""
        async with self._one_of_some():
            doors = await self._known_doors()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).decode().rstrip("=")
        scopes = {EMAIL: "openid email", "sub": "openid"}
        asked = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.redirect_uri,
            "scope": scopes.get(self._client.claim, "openid profile email"),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{doors.authorize}{'&' if urlsplit(doors.authorize).query else '?'}{urlencode(asked)}"

    async def identify(self, attempt: SignIn, code: str) -> str:
        """Return the name of the user who signed in.

        Raises Temporary, or Permanent if the answer proves no identity.
        """
        async with self._one_of_some():
            token = await self._token(await self._known_doors(), attempt, code)
            keys = await self._known_keys()
            try:
                return self._proven(token, keys, attempt)
            except UnknownKey:
                # Providers rotate their keys. One fresh read settles whether this is a new key or a forgery.
                return self._proven(token, await self._known_keys(KEYS_AGAIN_SECONDS), attempt)

    async def check(self) -> str:
        """Return the result that needs no login: the issuer's name, and the number of its keys.

        Raises Temporary or Permanent.
        """
        keys = len((await self._known_keys()).keys)
        return f"{self.name} is the issuer that is configured, and shows {keys} key{'s' if keys > 1 else ''}"

    def _proven(self, token: str, keys: KeySet, attempt: SignIn) -> str:
        client, now = self._client, self._clock.now()
        return verified_name(
            token,
            keys,
            issuer=client.issuer,
            client_id=client.client_id,
            nonce=attempt.nonce,
            claim=client.claim,
            now=now,
        )

    @asynccontextmanager
    async def _one_of_some(self) -> AsyncIterator[None]:
        # Sign-in is open to strangers: each attempt would hold a connection to the provider.
        if self._asking >= AT_ONCE_MAX:
            raise Temporary("too many sign in at once: try again in a moment")
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1

    async def _known_doors(self) -> Endpoints:
        # One reader at a time: the others wait for its answer instead of sending the same request.
        async with self._reading:
            if self._doors is None or self._age(self._doors[0]) >= KEPT_SECONDS:
                where = self.issuer.rstrip("/") + WELL_KNOWN
                self._doors = (
                    self._clock.monotonic(),
                    await self._read(where, lambda one: endpoints_of(one, self.issuer)),
                )
            return self._doors[1]

    async def _known_keys(self, older_than_seconds: float = KEPT_SECONDS) -> KeySet:
        """Return the keys, read again if older than `older_than_seconds`."""
        doors = await self._known_doors()
        async with self._reading:
            if self._keys is None or self._age(self._keys[0]) >= older_than_seconds:
                self._keys = self._clock.monotonic(), await self._read(doors.keys, keys_of)
            return self._keys[1]

    def _age(self, at: float) -> float:
        return self._clock.monotonic() - at

    async def _read(self, url: str, parse: Callable[[object], T]) -> T:
        """Read a document of the provider; after a failure, raise that error again for some seconds."""
        if self._age(self._silent[0]) < SILENT_SECONDS:
            raise Temporary(self._silent[1])
        try:
            async with self._door(url, read_only=True) as (door, path):
                return parse((await door.get(path)).json)
        except (Temporary, Permanent) as error:
            self._silent = self._clock.monotonic(), str(error)
            raise

    async def _token(self, doors: Endpoints, attempt: SignIn, code: str) -> str:
        client = self._client
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.redirect_uri,
            "code_verifier": attempt.verifier,
        }
        headers: Mapping[str, str] = {}
        # The header is the default of the standard; a form only for a provider that lists no `client_secret_basic`.
        if doors.by_form:
            form |= {"client_id": client.client_id, "client_secret": client.secret}
        else:
            pair = f"{quote_plus(client.client_id)}:{quote_plus(client.secret)}"  # RFC 6749, 2.3.1
            headers = {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        async with self._door(doors.token, read_only=False) as (door, path):
            answer = await door.post_form(path, form, headers)
        said = mapping(answer.json)
        token = said.get("id_token")
        if not answer.ok:
            raise Permanent(self._refused(answer, said))
        if not isinstance(token, str):
            raise Permanent(f"{self.name} sent no proof of who it is (id_token)")
        return token

    def _refused(self, answer: Answer, said: Mapping[str, object]) -> str:
        error = next((one for one in ERRORS if one == said.get("error")), f"status {answer.status}")
        by_us = error in BY_US or answer.status == 401
        fix = "check console.oidc.client_id and its secret" if by_us else "log in again"
        return f"{self.name} did not take the code ({error}): {fix}"

    @asynccontextmanager
    async def _door(self, url: str, *, read_only: bool) -> AsyncIterator[tuple[ApiClient, str]]:
        """Open a client for one request: logins are rare, so no connection is kept."""
        parts = urlsplit(url)
        door = ApiClient(
            self.name,
            f"{parts.scheme}://{parts.netloc}",
            clock=self._clock,
            timeout_seconds=self._timeout_seconds,
            read_only=read_only,
            max_body_bytes=BODY_MAX_BYTES,
            attempts=1,
            guard=self._guard,
        )
        try:
            yield door, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        except (PermanentAnswer, TemporaryAnswer) as error:  # its own words may be ours: what we sent, sent back
            kind = Permanent if isinstance(error, PermanentAnswer) else Temporary
            raise kind(f"{self.name} answered {error.status}") from None
        finally:
            await door.close()
