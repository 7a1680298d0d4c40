"""What people add to the record from the command line: commands like all others, so that the audit shows each.

A running daemon applies them; without one they are applied here, under its lock, without asking Render for anything.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from watchdog.adapters.stores import role_lock
from watchdog.app.commands.store_reading import reading
from watchdog.daemon.approvals.annotations import add
from watchdog.daemon.approvals.command_client import submit_and_wait
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.errors import Permanent
from watchdog.domain.store_records import Command
from watchdog.ports import Clock, Store
from watchdog.settings import Settings


async def annotate(settings: Settings, asked: Sequence[tuple[str, Mapping[str, Any]]], by: str) -> Sequence[Command]:
    """Return the commands (name, arguments) with their answers. Raises Temporary if a daemon does not answer."""
    clock, lock = SystemClock(), role_lock(settings.store_url)
    alone = lock is not None and lock.acquire()
    try:
        async with reading(settings, clock) as store:
            if alone:
                return [await _apply_here(store, clock, name, given, by) for name, given in asked]
            return await asyncio.gather(*(submit_and_wait(store, clock, name, given, by) for name, given in asked))
    finally:
        if lock is not None:
            lock.release()


async def _apply_here(store: Store, clock: Clock, name: str, given: Mapping[str, Any], by: str) -> Command:
    number = await store.submit(name, given, by)
    command = await store.command(number)
    if command is None:
        raise Permanent("the command vanished from the store")
    ok, said = await add(store, clock, command)
    await store.answer(number, ok=ok, text=said, exit_code=0 if ok else 1)
    return await store.command(number) or command
