"""A second process for the tests of the store: `save` in a loop until killed, `ask` as the CLI does, or just `open`."""

import asyncio
import sys

from tests.adapters.stores.steps import numbered
from watchdog.adapters.stores.sql import SqlStore
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.errors import Temporary

OPENED_AGAIN = 5


async def save(store: SqlStore, start: str) -> None:
    """Save numbered steps for ever, printing each after it was saved."""
    await store.load()
    for number in range(int(start), 1_000_000):
        await store.save(numbered(number))
        print(number, flush=True)


async def ask(store: SqlStore) -> None:
    """Queue five commands one after the other and wait for each answer; read the story meanwhile."""
    async with asyncio.timeout(30):
        for _ in range(5):
            number = await store.submit("pause", {}, "ann")
            while (command := await store.command(number)) is None or not command.done:
                await store.notes()
                await asyncio.sleep(0.01)
            print(command.answer, flush=True)


async def opened(store: SqlStore) -> None:
    """Open the store as the daemon does: another process that holds it for now is waited for, a few times."""
    for _ in range(OPENED_AGAIN):
        try:
            return await store.open()
        except Temporary:
            await asyncio.sleep(0.1)
    return await store.open()


async def main(what: str, url: str, *rest: str) -> None:
    store = SqlStore(url, SystemClock())
    await opened(store)
    if what == "open":
        print("opened", flush=True)
    else:
        await {"save": save, "ask": ask}[what](store, *rest)
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
