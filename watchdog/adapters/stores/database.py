"""The engine below the SQL store: connections, transactions, migrations.

Rule 1: a write takes SQLite's write lock at its begin (BEGIN IMMEDIATE): a transaction that reads first and writes
later would fail at once, not wait, when another process wrote in between.
Rule 2: one write at a time in this process; nothing but SQL is awaited while it lasts.
Rule 3: durable means on the disk when `save` returns: WAL with synchronous=FULL.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.schema import Table

from watchdog.adapters.stores.failures import translated
from watchdog.adapters.stores.schema import HEAD, VERSION_TABLE
from watchdog.adapters.stores.uninterrupted import Calls
from watchdog.domain.errors import Permanent, Temporary
from watchdog.ports import Clock

DRIVERS = {"sqlite": "sqlite+aiosqlite"}
INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
PRAGMAS = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON")
CONNECTIONS_MAX = 4


class Database:
    """A database with our tables in it."""

    def __init__(self, url: str, clock: Clock, *, busy_timeout_seconds: float = 5.0) -> None:
        self._clock = clock
        parsed = make_url(url)
        self._file, self._busy_timeout_seconds = parsed.database or "", busy_timeout_seconds
        self._engine = _sqlite_engine(parsed.set(drivername=DRIVERS[parsed.drivername]), busy_timeout_seconds)
        self._write_engine = self._engine.execution_options(write=True)
        self._dialect = self._engine.dialect.name
        self._turn = asyncio.Lock()
        self.calls = Calls()
        self._closed = False

    async def open(self) -> None:
        """Create or migrate the schema. Raises Permanent for a schema newer than ours or a damaged file."""
        self._closed = False
        await self.calls.shield(self._open())

    async def _open(self) -> None:
        with translated():
            await asyncio.to_thread(_look, self._file, self._busy_timeout_seconds)
        async with self._reading() as connection:
            current = await connection.run_sync(_revision)
        if current != HEAD:
            async with self._writing() as connection:
                await connection.run_sync(migrate)

    async def close(self) -> None:
        """Let the calls in hand end, then close every connection; the store may be opened again."""
        self._closed = True
        await self.calls.ended()
        with translated():
            await self._engine.dispose()

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        """One consistent look at the tables."""
        self._demand_open()
        with translated():
            async with self._engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: all of it, or nothing."""
        self._demand_open()
        with translated():
            async with self._turn, self._write_engine.begin() as connection:
                yield connection

    def _demand_open(self) -> None:
        """A pool that was disposed of would quietly connect again, and never be closed."""
        if self._closed:
            raise Temporary("the store does not answer: it is closed")

    def _insert(self, table: Table) -> Any:
        return INSERTS[self._dialect](table)

    def _upsert(self, table: Table) -> Any:
        """Return an insert that replaces the row of the same primary key."""
        statement = self._insert(table)
        keys = [column.name for column in table.primary_key.columns]
        rest = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
        return statement.on_conflict_do_update(index_elements=keys, set_=rest)


def _look(file: str, busy_timeout_seconds: float) -> None:
    """See whether the file can be opened and is a database. Raises sqlite3.Error.

    Without aiosqlite, whose thread outlives a connection that failed and complains when the loop has ended.
    """
    with closing(sqlite3.connect(file, timeout=busy_timeout_seconds)) as connection:
        connection.execute("PRAGMA schema_version").fetchone()


def _sqlite_engine(url: Any, busy_timeout_seconds: float) -> AsyncEngine:
    """Make the engine; transactions are begun by us (`isolation_level=None`), never implicitly by the driver."""
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_size=2,
        max_overflow=CONNECTIONS_MAX - 2,
        pool_timeout=10.0,
        connect_args={"isolation_level": None, "timeout": busy_timeout_seconds},
    )
    event.listen(engine.sync_engine, "connect", _on_connect)
    event.listen(engine.sync_engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _on_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("write") else "BEGIN")


def _revision(connection: Connection) -> str | None:
    """Return the revision of the tables, or None if there are none yet."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - our constant


def migrate(connection: Connection) -> None:
    """Bring the tables to HEAD in the connection's transaction. Raises Permanent if they are newer than ours."""
    # Here, not above: loading Alembic takes 0.2 s and 10 MB that only a first start or an upgrade needs to pay.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    current = _revision(connection)
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    ours = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in ours:
        raise Permanent(
            f"the store was made by a newer watchdog (schema {current}; this one knows {HEAD}): run that version, "
            "or point the store's url at a new file"
        )
    command.upgrade(config, "head")
