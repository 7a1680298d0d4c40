"""Stores with their tables from the start."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.databases import with_tables
from watchdog.adapters.stores import build_store
from watchdog.ports import Clock, Store


def store_at(url: str, clock: Clock) -> Store:
    """Return the store of a url, to be opened; a file that is not there is put there with its tables."""
    if url.startswith("sqlite:///") and not (path := Path(url.removeprefix("sqlite:///"))).exists():
        path.write_bytes(with_tables())
    return build_store(url, clock)


@asynccontextmanager
async def opened(url: str, clock: Clock) -> AsyncIterator[Store]:
    """Open the store of a url, and close it at the end."""
    store = store_at(url, clock)
    await store.open()
    try:
        yield store
    finally:
        await store.close()
