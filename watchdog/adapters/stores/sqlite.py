"""SQLite below the SQL store: one host, one acting worker (`lock.py` guards the role), so leases never expire.

Rule 1: a write takes SQLite's write lock at its begin (BEGIN IMMEDIATE). A transaction that reads first and writes
later would fail at once, not wait, when another process wrote in between.
Rule 2: durable means on the disk when `save` returns: WAL with synchronous=FULL.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, event, literal, literal_column
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from watchdog.adapters.stores.new_files import opened_new
from watchdog.domain.errors import Gone, Permanent

ORPHANED = (
    "the store's file is not there, but its -wal is, which may hold what was written last: put the file back beside "
    "it, or move the -wal (and -shm) away too, to begin anew"
)
PRAGMAS = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON")
CONNECTIONS_MAX = 4
# A checkpoint of the log, or a backup, holds the write lock for a moment: SQLite itself waits that long.
CALL_SECONDS = 5.0
"""How long a call waits while another process writes, in seconds."""
FOREVER = 1e12
"""The end of a lease of the only worker (UTC epoch seconds)."""


class Sqlite:
    """A SQLite file.

    We begin transactions ourselves (`isolation_level=None`); the driver never begins one implicitly.
    """

    sole = True
    insert = staticmethod(sqlite.insert)
    # Leases end at FOREVER, so any constant before it serves as the database's clock.
    now: ColumnElement[float] = literal(0.0)
    size_bytes: ColumnElement[int] = literal_column(
        "(SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size())", Integer
    )
    lock_timeout_seconds: float | None = None

    def __init__(self, url: URL, call_seconds: float = CALL_SECONDS) -> None:
        self._file, self._call_seconds = url.database or "", call_seconds
        self._identity: tuple[int, int] | None = None
        self.engine = create_async_engine(
            url.set(drivername="sqlite+aiosqlite"),
            hide_parameters=True,
            pool_size=2,
            max_overflow=CONNECTIONS_MAX - 2,
            pool_timeout=10.0,
            connect_args={"isolation_level": None, "timeout": call_seconds},
        )
        self.write_engine = self.engine.execution_options(write=True)
        event.listen(self.engine.sync_engine, "do_connect", self._on_dial)
        event.listen(self.engine.sync_engine, "connect", _on_connect)
        event.listen(self.engine.sync_engine, "begin", _on_begin)

    def until(self, ttl_seconds: float) -> ColumnElement[float]:
        """Return the end of a lease taken now, which is FOREVER."""
        return literal(FOREVER)

    async def look(self, *, make: bool) -> None:
        """Check that the file can be opened and is a database; remember its identity.

        Raises sqlite3.Error, Permanent where only the log (`-wal`) of a database is left, or Gone for a missing file
        that is not to be made.
        """
        await asyncio.to_thread(_look, self._file, self._call_seconds, make)
        # Read after opening: a new store has no inode before that.
        self._identity = await asyncio.to_thread(_identity, self._file)

    async def is_elsewhere(self) -> bool:
        """Return whether the open file is no longer the one that the url names.

        SQLite goes on in a file that was renamed, replaced or removed, while new readers of the path find another file.
        A disk error is not taken for another file.
        """
        try:
            return self._identity is not None and await asyncio.to_thread(_identity, self._file) != self._identity
        except OSError:
            return False

    @asynccontextmanager
    async def transaction(self, *, write: bool) -> AsyncIterator[AsyncConnection]:
        """Begin one transaction: all of its statements are committed, or none."""
        async with (self.write_engine if write else self.engine).begin() as connection:
            yield connection

    def migration(self) -> Any:
        """Begin the transaction of a migration: the file's own write lock keeps other processes out."""
        return self.transaction(write=True)

    def _on_dial(self, _dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> None:
        """Open the file, never create it: beside the log of a moved file, a new one would make SQLite empty the log."""
        arguments[0], options["uri"] = _existing(self._file), True


def _on_connect(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _look(file: str, call_seconds: float, make: bool) -> None:
    """Open and read without aiosqlite: its thread outlives a failed connection and reports an error after the loop's
    end.

    The files that SQLite makes beside a new one take its mode.
    """
    with suppress(OSError):  # SQLite says below what is wrong with that disk
        if _identity(file) is None and _identity(_log(file)) is not None:
            raise Permanent(ORPHANED)
        if _identity(file) is None and not make:
            raise Gone("there is no file")
    if make:
        with suppress(OSError):  # it is there, or SQLite says below why it cannot be
            # Created here first, since SQLite itself would make it readable for everyone whom the umask allows.
            # Exclusive: a file that is there already keeps its mode, and a race with another process is no error.
            os.close(opened_new(os.path.realpath(file), os.O_WRONLY))
    with closing(sqlite3.connect(_existing(file), uri=True, timeout=call_seconds)) as connection:
        # Opening alone reads nothing; this makes SQLite read the header, so a file that is no database fails here.
        connection.execute("PRAGMA schema_version").fetchone()


def _existing(file: str) -> str:
    """Return the url by which SQLite opens a file only if it exists."""
    return f"{Path(file).absolute().as_uri()}?mode=rw"


def _log(file: str) -> str:
    """Return the path of a file's log, which SQLite puts beside the file itself, not beside a link to it."""
    return f"{os.path.realpath(file)}-wal"


def _identity(file: str) -> tuple[int, int] | None:
    """Return the device and the inode of a file, or None if there is none of that name. Raises OSError."""
    try:
        found = Path(file).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def _on_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("write") else "BEGIN")
