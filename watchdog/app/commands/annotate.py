"""Annotations from the command line: commands like all others, so that the audit shows each.

A running daemon applies them. Without one they are applied here, under the daemon's lock if it is free, and without a
call to Render: they need no role. A daemon that starts at this very moment may add one twice.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
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
"""A process that has just taken the role writes its name into the lock within this time."""


async def annotate(
    settings: Settings, asked: Sequence[tuple[str, Mapping[str, Any]]], by: str, clock: Clock | None = None
) -> Sequence[Command]:
    """Return the commands (name, arguments) with their answers. Raises Temporary if a daemon does not answer.

    Even then each command has been answered or withdrawn.
    """
    clock, lock = clock or SystemClock(), role_lock(settings.store_url)
    try:
        # The lock first: a daemon that starts meanwhile waits for it, and cannot apply the same command.
        alone = _taken(lock)
        async with reading(settings, clock) as store:
            if alone or not await _daemon_lives(lock, store, clock):
                own = settings.own_items
                return [await _apply_here(store, clock, name, given, by, own) for name, given in asked]
            waiting = (submit_and_wait(store, clock, name, given, by) for name, given in asked)
            # All calls end before the first error is raised: the lock is released, and the store closed, after them.
            return _all(await asyncio.gather(*waiting, return_exceptions=True))
    finally:
        if lock is not None:
            lock.release()


async def add_to_record(
    settings: Settings, clock: Clock, incident: str, by: str, name: str, given: Mapping[str, Any]
) -> None:
    """Add to an incident's record, by one command. Raises Permanent with the reason of a refusal, and Temporary."""
    (said,) = await annotate(settings, [(name, {"incident": incident, **given})], by, clock)
    if not said.ok:
        raise Permanent(said.answer)


def _taken(lock: RoleLock | None) -> bool:
    """Return whether this process took the role. A lock file that this user may not open belongs to another user."""
    with suppress(Permanent):
        # Marked as a command: another command must not take this process for a daemon, and wait for its answer.
        return lock is not None and lock.acquire(by_command=True)
    return False


async def _daemon_lives(lock: RoleLock | None, store: Store, clock: Clock) -> bool:
    """Return whether a daemon runs that can answer: by the leases, or by the lock's holder where leases never
    expire."""
    if lock is None:
        return await store.is_served()
    # The lock file is locked first and written second: read too early, it names the process before.
    await clock.sleep(WRITES_SECONDS)
    return not lock.is_by_command


def _all(answered: Sequence[Command | BaseException]) -> Sequence[Command]:
    """Return the answered commands. Raises the first error, once all calls have ended."""
    for one in answered:
        if isinstance(one, BaseException):
            raise one
    return [one for one in answered if isinstance(one, Command)]


async def _apply_here(
    store: Store, clock: Clock, name: str, given: Mapping[str, Any], by: str, own_items: Collection[str]
) -> Command:
    number = await store.submit(name, given, by)
    command = await store.command(number)
    if command is None:
        raise Permanent("the command vanished from the store")
    try:
        ok, said = await add(store, clock, command, own_items)
    # Answer the row even when adding failed: an unanswered one would be applied by the next daemon.
    except (Temporary, Permanent) as error:
        with suppress(Temporary, Permanent):
            await store.answer(number, ok=False, text=str(error), exit_code=1)
        raise
    await store.answer(number, ok=ok, text=said, exit_code=0 if ok else 1)
    return await store.command(number) or command
