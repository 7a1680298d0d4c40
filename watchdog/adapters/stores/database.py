"""The base of every part of the SQL store: transactions, upserts, migrations.

The differences between the databases are in `sqlite.py` and `postgres.py`.
Rule: one write at a time in this process; a write awaits nothing but SQL.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.schema import Table

from watchdog.adapters.stores.database_errors import translated
from watchdog.adapters.stores.shielded_calls import Calls
from watchdog.adapters.stores.sqlite import Sqlite
from watchdog.adapters.stores.state_partitions import SavedState
from watchdog.adapters.stores.tables import HEAD, VERSION_TABLE
from watchdog.domain.errors import Gone, Outdated, Permanent, Temporary
from watchdog.ports import Clock

ELSEWHERE = (
    "the store's file was moved, replaced or removed while it was open; nothing is read or written until "
    "the watchdog is restarted: put the file back, or move what it left (-wal, -shm) away with it, and restart"
)


class Backend(Protocol):
    """The differences between the databases. `sole`: one worker at a time, whose leases never expire."""

    sole: bool
    engine: AsyncEngine
    now: ColumnElement[float]
    size_bytes: ColumnElement[int]
    lock_timeout_seconds: float | None

    def until(self, ttl_seconds: float) -> ColumnElement[float]:
        """Return the end of a lease taken now, by the database's clock."""

    def insert(self, table: Table, /) -> Any:
        """Return an insert of this dialect, which knows `on_conflict_…`."""

    async def look(self, *, make: bool) -> None:
        """Check that the database can be reached. Raises an error of its driver, and Gone for a file that is not there
        and not to be made.
        """

    async def is_elsewhere(self) -> bool:
        """Return whether the open database is no longer the one that the url names."""

    def transaction(self, *, write: bool) -> AbstractAsyncContextManager[AsyncConnection]:
        """Begin one transaction, within bounds."""

    def migration(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Begin the transaction of a migration, which excludes every other migration meanwhile."""


class Database:
    """A database with our tables.

    `call_seconds` limits the time that one call waits; None takes the backend's own limit.
    """

    def __init__(self, url: str, clock: Clock, *, call_seconds: float | None = None) -> None:
        self._clock = clock
        self._backend = _backend(make_url(url), {} if call_seconds is None else {"call_seconds": call_seconds})
        self._write_lock = asyncio.Lock()
        self._memo = SavedState()
        self.calls = Calls()
        self._closed = False
        self._elsewhere = False

    async def open(self) -> None:
        """Create or migrate the schema. Raises Permanent for a schema newer than ours or a damaged file.

        After a failure the store refuses reads and writes, since the file may not be a store at all. Its connections
        are closed too: an open one would go on using the old file after the user put another in its place.
        """
        await self._open_by(self._made_or_migrated())

    async def open_existing(self, *, outdated: bool = False) -> None:
        """Open a store that a daemon has made, and make or migrate nothing. Raises Gone if there is none yet, and
        Outdated for an older schema; `outdated`: that of any older version will do, as for `submit`.
        """
        await self._open_by(self._as_it_is(outdated))

    async def _open_by(self, opening: Coroutine[Any, Any, None]) -> None:
        if self._closed:
            self._closed = self._elsewhere = False
        try:
            # Shielded: a cancelled migration would leave its transaction, and the lock on
            # it, to a connection that the pool still holds.
            await self.calls.shield(opening)
        except (Temporary, Permanent):
            await self.close()
            raise

    async def _made_or_migrated(self) -> None:
        # Only a change of schema loads Alembic and takes the migration's lock; every other start stays a reader.
        if await self._revision(make=True) != HEAD:
            with translated():
                async with self._backend.migration() as connection:
                    await connection.run_sync(migrate)

    async def _as_it_is(self, outdated: bool) -> None:
        current = await self._revision(make=False)
        if current is None:
            raise Gone("there is no store yet")
        # Revisions are numbers of four digits: their order is that of their texts.
        if current > HEAD:
            raise _newer(current)
        if current < HEAD and not outdated:
            raise Outdated(
                f"the store is of an older version (schema {current}; this one reads {HEAD}): use the command line of "
                "the daemon's version, or restart the daemon with this one, which migrates it"
            )

    async def _revision(self, *, make: bool) -> str | None:
        """Return the schema revision of the store, or None if it has no tables yet; `make`: a missing file is made."""
        with translated():
            await self._backend.look(make=make)
        async with self._reading() as connection:
            return await connection.run_sync(revision)

    async def close(self) -> None:
        """Wait for the calls in progress, then close every connection; `open` opens the store again."""
        # The flag comes first: a call that starts while the others end would
        # make the pool connect again after `dispose`.
        self._closed = True
        await self.calls.ended()
        with translated():
            await self._backend.engine.dispose()

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        """Begin a read transaction: one consistent snapshot of the tables."""
        self._demand_open()
        with translated():
            async with self._backend.transaction(write=False) as connection:
                yield connection

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        """Begin a write transaction: all of its statements are committed, or none."""
        self._demand_open()
        with translated():
            # Writers of this process queue here, not in the database: SQLite's own
            # wait is a poll with backoff, without an order.
            async with asyncio.timeout(self._backend.lock_timeout_seconds):
                await self._write_lock.acquire()
            try:
                async with self._backend.transaction(write=True) as connection:
                    yield connection
            finally:
                self._write_lock.release()

    def _demand_open(self) -> None:
        """Raise unless the store is open: a disposed pool would silently open a connection that is never closed."""
        if self._closed:
            raise Temporary("the store does not answer: it is closed")
        if self._elsewhere:
            raise Permanent(ELSEWHERE)

    async def _demand_same_file(self) -> None:
        """Raise Permanent once the open file is not the one that the url names: nothing is read or written there.

        The state lasts until a restart, also when the file is put back: another process that opened the path meanwhile
        may have replaced the -wal beside it.
        """
        if not self._elsewhere and not self._closed:
            self._elsewhere = await self._backend.is_elsewhere()
        self._demand_open()

    def _insert(self, table: Table) -> Any:
        return self._backend.insert(table)

    def _upsert(self, table: Table) -> Any:
        """Return an insert that replaces the row of the same primary key."""
        statement = self._insert(table)
        keys = [column.name for column in table.primary_key.columns]
        rest = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
        return statement.on_conflict_do_update(index_elements=keys, set_=rest)


def _backend(url: URL, bounds: dict[str, float]) -> Backend:
    if url.drivername == "sqlite":
        return Sqlite(url, **bounds)
    from watchdog.adapters.stores.postgres import Postgres  # a tenth of a second that SQLite does without

    return Postgres(url, **bounds)


def revision(connection: Connection) -> str | None:
    """Return the schema revision of the tables, or None if there are none yet."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - our constant


def migrate(connection: Connection, to: str = "head") -> None:
    """Bring the tables to HEAD in the connection's transaction. Raises Permanent if they are newer than ours."""
    # Here, not above: loading Alembic takes 0.2 s and 10 MB that only a first start or an upgrade needs to pay.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    current = revision(connection)
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    # Without this check Alembic would stop at an unknown revision with an
    # error about scripts, which no user can act on.
    ours = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in ours:
        raise _newer(current)
    command.upgrade(config, to)


def _newer(current: str) -> Permanent:
    return Permanent(
        f"the store was made by a newer watchdog (schema {current}; this one knows {HEAD}): run that version, "
        "or point the store's url at a new file or database"
    )
