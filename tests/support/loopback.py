"""Serve an ASGI application on loopback for the time of a test."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from watchdog.sandbox.sockets import Listener

ACCESS = logging.getLogger("uvicorn.access")


@asynccontextmanager
async def serve(app: Any) -> AsyncIterator[str]:
    """Run the application on a free port; give its base URL. uvicorn's own server takes 0.2 s to end, this one none."""
    listener = Listener(app)
    await listener.open()
    ACCESS.disabled = True  # pytest listens to every logger: a vendor's own log of a key is no leak of ours
    try:
        yield listener.url
    finally:
        ACCESS.disabled = False
        await listener.close()
