"""A mail server, and certificates it can show."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import trustme

from tests.support.mail_server import Post


@dataclass(frozen=True)
class Certificates:
    """A server's certificate, and the authority that a client trusts."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="session")
def certificates() -> Certificates:
    """An authority of our own and a certificate for localhost."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    return Certificates(server, client)


@pytest.fixture
async def post() -> AsyncIterator[Callable[..., Awaitable[Post]]]:
    started: list[Post] = []

    async def start(**options: Any) -> Post:
        made = Post(**options)
        await made.start()
        started.append(made)
        return made

    yield start
    for made in started:
        made.dribble = False
        made.stop()
