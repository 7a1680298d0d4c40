"""PostgreSQL below the SQL store: several workers, leases judged by the server's clock (extra `postgres`).

Rule 1: nothing waits longer than `call_seconds`. The server ends slow statements, waits for locks, and transactions
that a frozen worker left open (its locks would keep its leases from moving); we cut the connection to a silent server.
Rule 2: limits are set in each transaction, not in the session, so that a connection pooler may stand in between.
Rule 3: a connection that was cut is found out before it is used, without asking the server.
"""

import asyncio
import os
import select
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from sqlalchemy import ColumnElement, Double, cast, event, extract, func, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

CONNECTIONS_MAX = 4
CALL_SECONDS = 3.0
MIGRATION_SECONDS = 20.0
MIGRATION_LOCK = 0x77617463_68646F67
"""The advisory lock of migrations: "watchdog" in ASCII, so that no other application uses it by chance."""

READING = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
WRITING = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE"
MIGRATING = (
    "SET LOCAL statement_timeout = 15000; SET LOCAL lock_timeout = 10000; "
    "SET LOCAL idle_in_transaction_session_timeout = 6000"  # we compute between statements; less than a lease lasts
)
# The kernel gives a silent peer up after 2 + 2 x 1 s idle, or 3 s with
# unacknowledged data: as long as one call may take.
TCP = {"keepalives": 1, "keepalives_idle": 2, "keepalives_interval": 1, "keepalives_count": 2, "tcp_user_timeout": 3000}


class Postgres:
    """A PostgreSQL database, through psycopg."""

    sole = False
    insert = staticmethod(postgresql.insert)
    now: ColumnElement[float] = cast(extract("epoch", func.clock_timestamp()), Double)
    size_bytes: ColumnElement[int] = func.pg_database_size(func.current_database())

    def __init__(self, url: URL, call_seconds: float = CALL_SECONDS) -> None:
        self._call_seconds, self._limits = call_seconds, _limits(call_seconds)
        self.lock_timeout_seconds: float | None = call_seconds
        self.engine = create_async_engine(
            url.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            # Few: one write runs at a time and reads are short, and a small database allows few connections in all.
            pool_size=2,
            max_overflow=CONNECTIONS_MAX - 2,
            pool_timeout=call_seconds,
            # No prepared statements: behind a connection pooler the next
            # transaction may run on a server session without them.
            connect_args={"connect_timeout": max(1, int(call_seconds)), "prepare_threshold": None, **TCP},
        )
        self.write_engine = self.engine.execution_options(write=True)
        event.listen(self.engine.sync_engine, "begin", self._on_begin)
        event.listen(self.engine.sync_engine, "checkout", _on_checkout)

    def until(self, ttl_seconds: float) -> Any:
        """Return the end of a lease taken now, by the server's clock."""
        return self.now + ttl_seconds

    async def look(self, *, make: bool) -> None:
        """Do nothing: there is nothing to check before connecting."""

    async def is_elsewhere(self) -> bool:
        """Return False: a connection ends with the database that it belongs to."""
        return False

    @asynccontextmanager
    async def transaction(self, *, write: bool, seconds: float | None = None) -> AsyncIterator[AsyncConnection]:
        """Begin one transaction: all of its statements are committed, or none.

        If the connection is cut during the commit, the outcome is unknown to us; the caller gets Temporary.
        """
        engine = self.write_engine if write else self.engine
        async with asyncio.timeout(self._call_seconds + 1.0):
            connection = await engine.connect()
        try:
            raw = await connection.get_raw_connection()
            # The timer starts after the checkout: waiting for a free connection has its
            # own limit above, and must not cut another's wire.
            with _cut_after(seconds or self._call_seconds, raw.driver_connection):
                async with connection.begin():
                    yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def migration(self) -> AsyncIterator[AsyncConnection]:
        """Begin the transaction of a migration, after waiting for a migration that is under way.

        The wait for table locks of an old worker is short again: every other statement would queue behind ours
        meanwhile.
        """
        async with self.transaction(write=True, seconds=MIGRATION_SECONDS) as connection:
            await connection.execute(text(MIGRATING))
            # The lock is the transaction's: it also ends when this process dies in the middle of a migration.
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
            await connection.execute(text("SET LOCAL lock_timeout = 1500"))
            yield connection

    def _on_begin(self, connection: Connection) -> None:
        kind = WRITING if connection.get_execution_options().get("write") else READING
        connection.exec_driver_sql(f"{kind}; {self._limits}")


def _limits(call_seconds: float) -> str:
    """Return the limits that the server enforces: statements and lock waits end sooner than we cut the connection."""
    # The server gives up first, so that its error tells what was slow; the cut is for one that answers nothing.
    shares = {"statement_timeout": 2 / 3, "lock_timeout": 1 / 2, "idle_in_transaction_session_timeout": 1.0}
    ends = [f"SET LOCAL {name} = {round(call_seconds * 1000 * share)}" for name, share in shares.items()]
    return "; ".join([*ends, "SET LOCAL synchronous_commit = on"])


@contextmanager
def _cut_after(seconds: float, driver: Any) -> Iterator[None]:
    """Cut the connection if the body lasts longer: a frozen server neither answers nor times out.

    Not by cancelling: the driver would then wait for the server to confirm.
    """
    timer = asyncio.get_running_loop().call_later(seconds, _cut, driver)
    try:
        yield
    finally:
        timer.cancel()


def _cut(driver: Any) -> None:
    if not driver.closed:
        # The descriptor is duplicated: closing our copy must not close the driver's,
        # while a shutdown ends the connection for both.
        with suppress(OSError), socket.socket(fileno=os.dup(driver.fileno())) as wire:
            wire.shutdown(socket.SHUT_RDWR)


def _on_checkout(connection: Any, _record: Any, _proxy: Any) -> None:
    """Drop the connections of the pool if this one has ended.

    An idle connection has nothing to read, so readable bytes mean its end, and the others were cut with it.
    """
    poll = select.poll()
    poll.register(connection.driver_connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise InvalidatePoolError
