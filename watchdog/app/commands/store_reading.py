"""The store, opened to read and to submit commands. Of the daemon it loads only the clock."""

import contextlib
from collections.abc import AsyncIterator

from watchdog.adapters.stores import build_store
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.ports import Clock, Store
from watchdog.settings import Settings


@contextlib.asynccontextmanager
async def reading(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Store]:
    """Open the journal to read (and to submit commands), beside a running daemon or without one."""
    store = build_store(settings.store_url, clock or SystemClock())
    await store.open()
    try:
        yield store
    finally:
        await store.close()
