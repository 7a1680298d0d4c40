"""A town whose people sign in elsewhere: at the sandbox's provider, over real HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.adapters.oidc.scene import signed_in
from tests.console.scene import Town, town
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.adapters.oidc.provider import OidcClient, OidcProvider
from watchdog.console.auth.oidc_login import BACK, BEGIN
from watchdog.console.auth.roles import People
from watchdog.console.auth.session import Oidc
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.ports import SignIn
from watchdog.sandbox import keys
from watchdog.sandbox.vendors.oidc_provider import Issuer

PEOPLE = People(frozenset({"ann@acme.example"}), frozenset({"otto@acme.example"}), frozenset({"vera@acme.example"}))
KEY = b"o" * 32


class Afterwards:
    """The provider's client, made when the port is known to which browsers come back."""

    def __init__(self, issuer: Issuer) -> None:
        self.name = issuer.url.removeprefix("http://")
        self.issuer = issuer.url
        self.real: OidcProvider | None = None

    def made(self, base: str, timeout_seconds: float = PATIENCE_SECONDS, secret: str = keys.OIDC_SECRET) -> None:
        client = OidcClient(self.issuer, keys.OIDC_CLIENT_ID, secret, f"{base}{BACK}")
        self.real = OidcProvider(client, SystemClock(), timeout_seconds=timeout_seconds)

    async def address(self, attempt: SignIn) -> str:
        assert self.real is not None
        return await self.real.address(attempt)

    async def identify(self, attempt: SignIn, code: str) -> str:
        assert self.real is not None
        return await self.real.identify(attempt, code)


@dataclass
class Doorway:
    """The town, the provider, and a browser between them."""

    town: Town
    issuer: Issuer
    provider: Afterwards

    @property
    def client(self) -> httpx.AsyncClient:
        return self.town.client

    async def there(self, user: str = "ann", after: str = "/") -> dict[str, str]:
        """Begin a login and choose a user there; return what the browser is sent back with."""
        sent = await self.client.get(BEGIN, params={"next": after})
        assert sent.status_code == 303, sent.text
        return await signed_in(sent.headers["location"], user)

    async def back(self, said: dict[str, str] | str, **headers: str) -> httpx.Response:
        query = said if isinstance(said, str) else urlencode(said)
        return await self.client.get(f"{BACK}?{query}", headers=headers)

    async def log_in(self, user: str = "ann", after: str = "/") -> httpx.Response:
        return await self.back(await self.there(user, after))


@asynccontextmanager
async def doorway(people: People = PEOPLE, timeout_seconds: float = 5.0, **access: Any) -> AsyncIterator[Doorway]:
    """Open a town and a provider, to a browser another site; `access` is who else may come in."""
    async with Issuer() as issuer:
        issuer.url = issuer.url.replace("127.0.0.1", "localhost")
        provider = Afterwards(issuer)
        async with town(oidc=Oidc(provider, people, KEY), **access) as one:
            base = f"http://127.0.0.1:{one.port}"
            provider.made(base, timeout_seconds)
            issuer.redirect_uris.append(f"{base}{BACK}")
            yield Doorway(one, issuer, provider)
