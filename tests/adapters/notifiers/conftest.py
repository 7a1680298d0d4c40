"""A mail server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.support.mail_server import Post


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
