"""The part of the SQL store that counts and forgets: minutes, hours, and the end of what is too old."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Delete,
    Double,
    Select,
    Table,
    case,
    cast,
    delete,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from watchdog.adapters.stores import retention
from watchdog.adapters.stores.database import Database
from watchdog.adapters.stores.schema import COMMANDS, DELIVERIES, EFFECTS, EVENTS, HOURS, MINUTES, NOTES
from watchdog.adapters.stores.shielded_calls import uninterrupted
from watchdog.domain.store_records import Minute

FORGOTTEN: tuple[tuple[Column[Any], ColumnElement[bool]], ...] = (
    (HOURS.c.start, true()),
    (NOTES.c.at, true()),
    (EVENTS.c.at, true()),
    (EFFECTS.c.finished_at, EFFECTS.c.status == "done"),
    (DELIVERIES.c.at, true()),
    (COMMANDS.c.at, COMMANDS.c.done),
)
"""What has an end, by which time, and under which condition. Incidents, actions, what people add stay: they are few."""


@uninterrupted
class Charts(Database):
    """A database that keeps aggregates for charts, and forgets."""

    async def put_minutes(self, rows: Sequence[Minute]) -> None:
        """Replace one-minute aggregates; roll up and drop a batch of what is old. Repeating it changes nothing."""
        now = self._clock.now()
        async with self._writing() as connection:
            if rows:
                await connection.execute(self._upsert(MINUTES), [asdict(row) for row in rows])
            await self._roll_up(connection, retention.hour_of(now - retention.MINUTES_KEPT_SECONDS))
            for column, condition in FORGOTTEN:
                await connection.execute(_forget(column, condition, now - retention.KEPT_SECONDS))

    async def minutes(self, service: str, since: float, until: float) -> Sequence[Minute]:
        """Return the aggregates that begin in [since, until), oldest first: hours, then minutes."""
        found: list[Minute] = []
        async with self._reading() as connection:
            for table in (HOURS, MINUTES):
                start = table.c.start
                query = select(table).where(table.c.service == service, start >= since, start < until)
                found += [Minute(*row) for row in await connection.execute(query)]
        return tuple(sorted(found, key=lambda row: (row.start, row.signal)))

    async def spans(
        self, since: float, until: float, seconds: int, services: Collection[str] | None = None
    ) -> Sequence[Minute]:
        """Return the aggregates of these services (all, if None) that begin in [since, until), one for so long."""
        found: list[Minute] = []
        async with self._reading() as connection:
            for table, length in ((HOURS, retention.HOUR_SECONDS), (MINUTES, retention.MINUTE_SECONDS)):
                query = _rolled_up(table, length, since, until, seconds)
                query = query if services is None else query.where(table.c.service.in_(sorted(services)))
                found += [Minute(*row) for row in await connection.execute(query)]
        return retention.spans(found, seconds)

    async def _roll_up(self, connection: AsyncConnection, cutoff: float) -> None:
        """Turn a batch of minutes before the cutoff (the begin of an hour) into hours."""
        start = MINUTES.c.start
        batch = start <= _batch_end(start, start < cutoff)
        old = [Minute(*row) for row in await connection.execute(select(MINUTES).where(batch).order_by(start))]
        if not old:
            return
        spanned = HOURS.c.start.between(retention.hour_of(old[0].start), old[-1].start)
        known = [Minute(*row) for row in await connection.execute(select(HOURS).where(spanned))]
        hours = retention.roll_up(old, known)
        await connection.execute(self._upsert(HOURS), [asdict(hour) for hour in hours])
        await connection.execute(delete(MINUTES).where(start <= old[-1].start))


def _rolled_up(table: Table, length: float, since: float, until: float, seconds: int) -> Select[Any]:
    """Return the query that adds the rows up where they lie: a day of many services is too much to carry."""
    whole = cast(table.c.start, BigInteger)
    begin = (whole - whole % seconds).label("begin")
    counts = [func.sum(table.c[name]) for name in ("good", "bad", "unknown")]
    largest = [func.max(table.c[name]) for name in ("p50_seconds", "p95_seconds", "p99_seconds")]
    times = [func.sum(one) for one in _measured(table, length)]
    asked = select(table.c.service, table.c.signal, begin, *counts, *largest, literal(""), *times)
    return asked.where(table.c.start >= since, table.c.start < until).group_by(table.c.service, table.c.signal, begin)


def _measured(table: Table, length: float) -> tuple[ColumnElement[Any], ...]:
    """Return what `retention.measured` does, as SQL: seconds watched and lost, and checks, of a row so long."""
    seen = table.c.good + table.c.bad
    known = table.c.timed_checks == seen
    watched = case((known, table.c.watched_seconds), (seen > 0, length), else_=0.0)
    by_counts = length * table.c.bad / cast(seen, Double)
    return watched, case((known, table.c.lost_seconds), (seen > 0, by_counts), else_=0.0), seen


def _batch_end(column: Column[Any], condition: ColumnElement[bool]) -> Any:
    """Return the query for the last time of the oldest batch; NULL, which nothing is below, if there is none."""
    oldest = select(column.label("at")).where(condition).order_by(column).limit(retention.BATCH).subquery()
    return select(func.max(oldest.c.at)).scalar_subquery()


def _forget(column: Column[Any], condition: ColumnElement[bool], before: float) -> Delete:
    """Return the deletion of the oldest batch of rows that are old enough."""
    old = condition & (column < before)
    return delete(column.table).where(old, column <= _batch_end(column, old))
