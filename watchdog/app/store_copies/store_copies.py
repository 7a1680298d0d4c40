"""Backup of the watchdog's own store beside a running daemon, and its restore where none runs.

Rule: a restore keeps what was there before, and says where. What the record lacks afterwards, the daemon finds in
Render's list at its start (core/phases/unrecorded_rollback.py).
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from watchdog.adapters.databases import dump_files
from watchdog.adapters.databases.connection import connection
from watchdog.adapters.databases.postgres_database import PostgresDatabase
from watchdog.adapters.databases.programs import Programs
from watchdog.adapters.stores import database_path, is_postgres, role_lock, shown_url
from watchdog.adapters.stores.copies import sqlite_copy
from watchdog.app.commands.store_reading import reading
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import Permanent, Refused
from watchdog.settings import Settings
from watchdog.settings.rules.required_secrets import STORE_URL

RUNS = "a watchdog runs on this store: stop it first, as it would go on with what it remembers"


@dataclass(frozen=True, slots=True)
class Restored:
    """A store that was put back."""

    store: str  # its address, as it may be shown
    kept: Path | None  # what was there before; None: nothing was


async def backup(settings: Settings, environ: Mapping[str, str], file: Path) -> int:
    """Copy the store to a new file, and return its bytes. A daemon may run meanwhile.

    Raises Gone where there is no store yet, Temporary or Permanent where it cannot be copied.
    """
    async with reading(settings, outdated=True):
        pass  # it is there, and ours
    await _write(settings, environ, file)
    return (await asyncio.to_thread(file.stat)).st_size


async def _write(settings: Settings, environ: Mapping[str, str], file: Path) -> None:
    if is_postgres(settings.store_url):
        with _database(settings, environ) as database:
            await _dump(database, file)
    else:
        await asyncio.to_thread(sqlite_copy.write, _path(settings), file)


async def restore(settings: Settings, environ: Mapping[str, str], file: Path) -> Restored:
    """Put a copy in the place of the store. Raises Refused while a worker runs, Permanent for any other file."""
    if not await asyncio.to_thread(os.path.isfile, file):
        raise Permanent(f"there is no file {file}")
    moment = datetime.fromtimestamp(SystemClock().now(), UTC).strftime("%Y%m%dT%H%M%SZ")
    if is_postgres(settings.store_url):
        return await _restore_postgres(settings, environ, file, file.with_name(f"before-restore-{moment}.dump"))
    store = _path(settings)
    lock = role_lock(settings.store_url)
    assert lock is not None, "a file has one"
    if not lock.acquire(by_command=True):
        raise Refused(RUNS)
    try:
        aside = store.with_name(f"{store.name}.before-restore-{moment}")
        was_there = await asyncio.to_thread(store.exists)
        await asyncio.to_thread(sqlite_copy.put_back, file, store, aside)
    finally:
        lock.release()
    return Restored(shown_url(settings.store_url), aside if was_there else None)


def _path(settings: Settings) -> Path:
    """Return the file of the store, where a link to it leads: SQLite keeps its -wal there, and a link's own folder may
    be on no lasting disk. Raises Permanent for one in memory.
    """
    path = database_path(settings.store_url)
    if path is None:
        raise Permanent(f"the store is {settings.store_url}: it has no file to copy")
    return path.resolve()


async def _restore_postgres(settings: Settings, environ: Mapping[str, str], file: Path, kept: Path) -> Restored:
    async with reading(settings, outdated=True) as store:
        if await store.is_served():
            raise Refused(f"{RUNS}; the leases of one that was killed run out within 15 s")
    with _database(settings, environ) as database:
        # Read whole before anything is changed: a damaged copy must not cost what is there.
        await database.rows_in(file)
        await _dump(database, kept)
        await database.restore(file, _begun)
    return Restored(shown_url(settings.store_url), kept)


async def _begun(_transaction: str) -> None:
    """Keep nothing of the transaction: the record of it would be in the store that is being replaced."""


async def _dump(database: PostgresDatabase, file: Path) -> None:
    """Dump the store to a new file, and read it back. Raises Permanent where one is there, or it cannot be written."""
    if os.path.lexists(file):  # noqa: ASYNC240  one look, by a command
        raise Permanent(f"{file} is there already: name another file")
    part = sqlite_copy.part_of(file)
    try:
        with dump_files.open_part(file.parent, file.name) as opened:
            await database.dump(opened)
        await database.rows_in(part)
        part.rename(file)
    except OSError as error:
        raise Permanent(f"{file} cannot be written ({error.strerror})") from None
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _database(settings: Settings, environ: Mapping[str, str]) -> Iterator[PostgresDatabase]:
    """Yield the store's database, by PostgreSQL's programs on PATH."""
    lock = os.open(os.devnull, os.O_RDONLY)
    try:
        yield PostgresDatabase(Programs(None, environ, connection(settings.store_url, STORE_URL), lock))
    finally:
        os.close(lock)


def next_steps(done: Restored) -> list[str]:
    """Return what was done, and what follows from it."""
    kept = f"what was there is kept in {done.kept}" if done.kept is not None else "there was no store before"
    return [
        f"Restored {done.store}; {kept}.",
        f"Next: {command_line('run')}. It compares the record with Render's deploys: a rollback that the record lacks "
        "denies the commit that it left, what is due is asked about, and auto-deploy that is off stays off and is "
        "reported.",
    ]
