"""Vendors made of real sockets: one that gives prepared HTTP answers, one that misbehaves on the wire."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.adapters.vendor import RawVendor, Script, Vendor
from tests.support.clocks import FakeClock
from tests.support.loopback import serve
from watchdog.sandbox.server import Sandbox


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    """A vendor's API on loopback that answers as the test says and remembers every request."""
    made = Vendor()
    async with serve(made) as made.url:
        yield made


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def closing() -> AsyncIterator[Callable[[Any], Any]]:
    async with AsyncExitStack() as stack:

        def kept(made: Any) -> Any:
            stack.push_async_callback(made.close)
            return made

        yield kept


@pytest.fixture
def raw(closing: Callable[[Any], Any]) -> Callable[..., Awaitable[RawVendor]]:
    """Start a server that hands each connection to the given function."""

    async def start(*scripts: Script) -> RawVendor:
        server: RawVendor = closing(RawVendor(scripts))
        await server.start()
        return server

    return start


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as opened:
        yield opened
