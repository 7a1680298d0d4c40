"""What people add to the record from the command line: commands like all others, so that the audit shows each.

A running daemon applies them. Without one they are applied here, under its lock where there is one that is free, and
without asking Render for anything: they need no role. A daemon that starts in this very moment may add one twice.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from watchdog.adapters.stores import RoleLock, role_lock
from watchdog.app.commands.store_reading import reading
from watchdog.daemon.approvals.annotations import add
from watchdog.daemon.approvals.command_client import submit_and_wait
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.store_records import Command
from watchdog.ports import Clock, Store
from watchdog.settings import Settings

WRITES_SECONDS = 0.1
"""Within which who has just taken the role has written who it is."""


async def annotate(
    settings: Settings, asked: Sequence[tuple[str, Mapping[str, Any]]], by: str, clock: Clock | None = None
) -> Sequence[Command]:
    """Return the commands (name, arguments) with their answers. Raises Temporary if a daemon does not answer.

    Then, too, each of them was answered or withdrawn.
    """
    clock, lock = clock or SystemClock(), role_lock(settings.store_url)
    try:
        alone = _taken(lock)
        async with reading(settings, clock) as store:
            if alone or not await _daemon_lives(lock, store, clock):
                return [await _apply_here(store, clock, name, given, by) for name, given in asked]
            waiting = (submit_and_wait(store, clock, name, given, by) for name, given in asked)
            return _all(await asyncio.gather(*waiting, return_exceptions=True))
    finally:
        if lock is not None:
            lock.release()


def _taken(lock: RoleLock | None) -> bool:
    """Tell whether the role is ours now. A lock that this user may not open is another's business."""
    with suppress(Permanent):
        return lock is not None and lock.acquire(by_command=True)
    return False


async def _daemon_lives(lock: RoleLock | None, store: Store, clock: Clock) -> bool:
    """Tell whether a daemon is there to answer: by the leases, or by who holds the lock where leases never end."""
    if lock is None:
        return await store.is_served()
    await clock.sleep(WRITES_SECONDS)
    return not lock.is_by_command


def _all(answered: Sequence[Command | BaseException]) -> Sequence[Command]:
    """Return what was answered. Raises the first error, once all calls have ended."""
    for one in answered:
        if isinstance(one, BaseException):
            raise one
    return [one for one in answered if isinstance(one, Command)]


async def _apply_here(store: Store, clock: Clock, name: str, given: Mapping[str, Any], by: str) -> Command:
    number = await store.submit(name, given, by)
    command = await store.command(number)
    if command is None:
        raise Permanent("the command vanished from the store")
    try:
        ok, said = await add(store, clock, command)
    except (Temporary, Permanent) as error:
        with suppress(Temporary, Permanent):
            await store.answer(number, ok=False, text=str(error), exit_code=1)
        raise
    await store.answer(number, ok=ok, text=said, exit_code=0 if ok else 1)
    return await store.command(number) or command
