"""Serve an ASGI application on loopback for the time of a test."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serve(app: Any) -> AsyncIterator[str]:
    """Run the application on a free port; give its base URL."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        server = _Server(uvicorn.Config(app, lifespan="off", ws="none", log_config=None, access_log=False))
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve(sockets=[sock]))
            while not server.started:
                await asyncio.sleep(0.01)
            try:
                yield f"http://127.0.0.1:{sock.getsockname()[1]}"
            finally:
                server.should_exit = True
