"""An open sandbox with a client, for every test that names it."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.world import World, opened


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Open a sandbox as it is shipped, and close it behind the test."""
    async with opened() as found:
        yield found
