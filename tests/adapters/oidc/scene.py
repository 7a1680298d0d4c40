"""A provider of the sandbox, our client for it, and a browser that signs in there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.support.clocks import LOOPBACK, PATIENCE_SECONDS
from watchdog.adapters.oidc.provider import OidcClient, OidcProvider
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.ports import SignIn
from watchdog.sandbox import keys
from watchdog.sandbox.vendors.oidc_provider import Issuer

BACK = "http://127.0.0.1:9464/login/oidc/callback"
ATTEMPT = SignIn("s" * 64, "n" * 64, "v" * 64)


class Later(SystemClock):
    """The real clock, some seconds ahead; its monotonic side can be moved."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


@dataclass
class There:
    """The provider, our client, and the clock that it goes by."""

    issuer: Issuer
    provider: OidcProvider
    clock: Later

    async def code(self, user: str = "ann", attempt: SignIn = ATTEMPT) -> str:
        """Sign in as that user, and return the code that the browser comes back with."""
        return (await signed_in(await self.provider.address(attempt), user))["code"]

    async def name(self, user: str = "ann", attempt: SignIn = ATTEMPT) -> str:
        return await self.provider.identify(attempt, await self.code(user, attempt))


async def signed_in(address: str, user: str) -> dict[str, str]:
    """Choose a user on the provider's page, as a browser does; return the query that comes back."""
    async with httpx.AsyncClient(**LOOPBACK) as browser:
        assert user in (await browser.get(address)).text or user == ""
        sent = await browser.post(address, data={"user": user})
    assert sent.status_code == 303, sent.text
    return {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()}


@asynccontextmanager
async def there(*, by_form: bool = False, **change: Any) -> AsyncIterator[There]:
    """Open a provider, and make our client for it; `change` are the fields in which the client differs."""
    async with Issuer([BACK], by_form=by_form) as issuer:
        timeout = change.pop("timeout_seconds", PATIENCE_SECONDS)
        usual = {"issuer": issuer.url, "client_id": keys.OIDC_CLIENT_ID, "secret": keys.OIDC_SECRET}
        client = OidcClient(**{**usual, "redirect_uri": BACK, **change})
        later = Later()
        yield There(issuer, OidcProvider(client, later, timeout_seconds=timeout), later)
