"""What all workers know, read beside the daemon's own store.

Rule: the store's memory of what it wrote last is not ours to touch; of what this worker holds, its memory is the newest
word.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from watchdog.adapters.stores import build_store
from watchdog.app.build import App
from watchdog.domain.incidents import State
from watchdog.ports import Journal


@asynccontextmanager
async def journal_beside(app: App) -> AsyncIterator[Journal]:
    """Open the record a second time, to read it. Raises Temporary or Permanent if it cannot be read."""
    store = build_store(app.settings.store_url, app.clock)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def state_of_all(app: App) -> State:
    """Return what all workers know, ours from memory. Raises Temporary or Permanent if the others' cannot be read."""
    ours, engine = app.engine.state, app.engine
    if all(name in engine.held for name in engine.policy.services):
        return ours
    async with journal_beside(app) as journal:
        saved = await journal.load()
    return replace(ours, services={**(saved.services if saved is not None else {}), **ours.services})
