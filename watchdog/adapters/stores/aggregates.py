"""The aggregates of the SQL store: minutes and hours of checks, and of feeds, for charts; and the deletion of rows past
their retention.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from math import inf
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

from watchdog.adapters.stores import announcements, retention
from watchdog.adapters.stores.database import Database
from watchdog.adapters.stores.shielded_calls import uninterrupted
from watchdog.adapters.stores.tables import COMMANDS, DELIVERIES, EFFECTS, EVENTS, FEED_HOURS, HOURS, MINUTES, NOTES
from watchdog.domain.store_records import FeedHour, Minute

FEED_COLUMNS = [FEED_HOURS.c[field.name] for field in fields(FeedHour)]
FORGOTTEN: tuple[tuple[Column[Any], ColumnElement[bool]], ...] = (
    (HOURS.c.start, true()),
    (FEED_HOURS.c.start, true()),
    (NOTES.c.at, true()),
    (EVENTS.c.at, true()),
    (EFFECTS.c.finished_at, EFFECTS.c.status == "done"),
    (DELIVERIES.c.at, true()),
    (COMMANDS.c.at, COMMANDS.c.done),
)
"""The columns of time by which rows expire, each with a condition.

Incidents, actions and the entries of people stay for good: they are few. Announcements: see `announcements.expired`.
"""


@uninterrupted
class Charts(Database):
    """A database that keeps aggregates for charts and deletes expired rows."""

    _announcements_at = -inf
    """When expired announcements were looked for (UTC epoch seconds)."""

    async def put_minutes(self, rows: Sequence[Minute]) -> None:
        """Replace one-minute aggregates; roll up and delete one batch of expired rows.

        Repeating the call changes nothing.
        """
        now = self._clock.now()
        async with self._writing() as connection:
            if rows:
                await connection.execute(self._upsert(MINUTES), [asdict(row) for row in rows])
            await self._roll_up(connection, retention.hour_of(now - retention.MINUTES_KEPT_SECONDS))
            # One batch a table and call: a long deletion would hold the write lock,
            # and `save` of an incident waits for that lock.
            for column, condition in FORGOTTEN:
                await connection.execute(_forget(column, condition, now - retention.KEPT_SECONDS))
            # They end by the day, and the search reads every update: not with each save of minutes, every 10 s.
            if not 0 <= now - self._announcements_at < retention.HOUR_SECONDS:
                await connection.execute(announcements.expired(now - retention.KEPT_SECONDS))
                self._announcements_at = now

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
        """Return the aggregates of these services (all, if None) that begin in [since, until), one row for each span of
        `seconds`.
        """
        found: list[Minute] = []
        async with self._reading() as connection:
            for table, length in ((HOURS, retention.HOUR_SECONDS), (MINUTES, retention.MINUTE_SECONDS)):
                query = _rolled_up(table, length, since, until, seconds)
                query = query if services is None else query.where(table.c.service.in_(sorted(services)))
                found += [Minute(*row) for row in await connection.execute(query)]
        return retention.spans(found, seconds)

    async def put_feed_hours(self, rows: Sequence[FeedHour]) -> None:
        """Replace hours, unless more of them is known already. Repeating the call changes nothing."""
        start = FEED_HOURS.c.start
        async with self._writing() as connection:
            query = select(*FEED_COLUMNS).where(start >= min(one.start for one in rows))
            known = {retention.key(one): one for one in (FeedHour(*row) for row in await connection.execute(query))}
            if fuller := [asdict(one) for one in rows if retention.is_fuller(one, known.get(retention.key(one)))]:
                await connection.execute(self._upsert(FEED_HOURS), fuller)

    async def feed_hours(self, service: str, since: float, until: float) -> Sequence[FeedHour]:
        """Return the hours of a service's feeds that begin in [since, until), oldest first."""
        start = FEED_HOURS.c.start
        query = select(*FEED_COLUMNS).where(FEED_HOURS.c.service == service, start >= since, start < until)
        async with self._reading() as connection:
            return tuple(FeedHour(*row) for row in await connection.execute(query.order_by(start, FEED_HOURS.c.signal)))

    async def _roll_up(self, connection: AsyncConnection, cutoff: float) -> None:
        """Replace a batch of minutes before the cutoff (the begin of an hour) by hours."""
        start = MINUTES.c.start
        batch = start <= _batch_end(start, start < cutoff)
        old = [Minute(*row) for row in await connection.execute(select(MINUTES).where(batch).order_by(start))]
        if not old:
            return
        # Read and written in one transaction, so that a crash counts no minute twice.
        spanned = HOURS.c.start.between(retention.hour_of(old[0].start), old[-1].start)
        # An hour may span two batches: the second one is added to the row that the first one wrote.
        known = [Minute(*row) for row in await connection.execute(select(HOURS).where(spanned))]
        hours = retention.roll_up(old, known)
        await connection.execute(self._upsert(HOURS), [asdict(hour) for hour in hours])
        await connection.execute(delete(MINUTES).where(start <= old[-1].start))


def _rolled_up(table: Table, length: float, since: float, until: float, seconds: int) -> Select[Any]:
    """Return the query that sums the rows inside the database: a day of many services is too many rows to transfer."""
    whole = cast(table.c.start, BigInteger)
    begin = (whole - whole % seconds).label("begin")
    counts = [func.sum(table.c[name]) for name in ("good", "bad", "unknown")]
    # Percentiles cannot be summed; the largest one is the honest bound for the span.
    largest = [func.max(table.c[name]) for name in ("p50_seconds", "p95_seconds", "p99_seconds")]
    times = [func.sum(one) for one in _measured(table, length)]
    asked = select(table.c.service, table.c.signal, begin, *counts, *largest, literal(""), *times)
    return asked.where(table.c.start >= since, table.c.start < until).group_by(table.c.service, table.c.signal, begin)


def _measured(table: Table, length: float) -> tuple[ColumnElement[Any], ...]:
    """Return the seconds watched, the seconds lost and the number of checks of one row, as SQL.

    It is the same arithmetic as `retention.measured`; `length` is how many seconds a row covers.
    """
    seen = table.c.good + table.c.bad
    # A worker of an older version counted checks without timing them. Then the counts stand for the time.
    known = table.c.timed_checks == seen
    watched = case((known, table.c.watched_seconds), (seen > 0, length), else_=0.0)
    by_counts = length * table.c.bad / cast(seen, Double)
    return watched, case((known, table.c.lost_seconds), (seen > 0, by_counts), else_=0.0), seen


def _batch_end(column: Column[Any], condition: ColumnElement[bool]) -> Any:
    """Return the query for the last time of the oldest batch; NULL if there is none, and no row is below NULL."""
    # DELETE … LIMIT is in neither PostgreSQL nor a usual build of SQLite, so a batch ends at a moment, not at a count.
    oldest = select(column.label("at")).where(condition).order_by(column).limit(retention.BATCH).subquery()
    return select(func.max(oldest.c.at)).scalar_subquery()


def _forget(column: Column[Any], condition: ColumnElement[bool], before: float) -> Delete:
    """Return the DELETE of the oldest batch of rows from before `before`."""
    old = condition & (column < before)
    return delete(column.table).where(old, column <= _batch_end(column, old))
