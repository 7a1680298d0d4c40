"""Aggregates for charts without a disk, as `aggregates.py` keeps them in SQL: minutes and hours of checks and feeds.

What is past its retention goes: hours, announcements, and the notes of incidents.
"""

from collections.abc import Collection, Sequence

from watchdog.adapters.stores import retention
from watchdog.adapters.stores.memory_database import MemoryDatabase
from watchdog.domain.store_records import FeedHour, Minute
from watchdog.ports import Clock


class MemoryCharts:
    """The aggregates of a database in memory."""

    _clock: Clock
    _db: MemoryDatabase

    async def put_minutes(self, rows: Sequence[Minute]) -> None:
        """Replace one-minute aggregates; roll up and delete expired ones."""
        self._db.minutes.update((retention.key(row), row) for row in rows)
        now = self._clock.now()
        cutoff = retention.hour_of(now - retention.MINUTES_KEPT_SECONDS)
        old = sorted((row for row in self._db.minutes.values() if row.start < cutoff), key=lambda row: row.start)
        self._db.hours.update((retention.key(hour), hour) for hour in retention.roll_up(old, self._db.hours.values()))
        for row in old:
            del self._db.minutes[retention.key(row)]
        kept = now - retention.KEPT_SECONDS
        self._db.hours = {key: hour for key, hour in self._db.hours.items() if hour.start >= kept}
        self._db.announcements = retention.unexpired(self._db.announcements, kept)
        while self._db.notes and self._db.notes[0].at < kept:
            self._db.notes.popleft()

    async def minutes(self, service: str, since: float, until: float) -> Sequence[Minute]:
        """Return the aggregates that begin in [since, until), oldest first: hours, then minutes."""
        rows = (row for table in (self._db.hours, self._db.minutes) for row in table.values())
        found = (row for row in rows if row.service == service and since <= row.start < until)
        return tuple(sorted(found, key=lambda row: (row.start, row.signal)))

    async def spans(
        self, since: float, until: float, seconds: int, services: Collection[str] | None = None
    ) -> Sequence[Minute]:
        """Return the aggregates of these services (all, if None) that begin in [since, until), one row for each span of
        `seconds`.
        """
        tables = ((self._db.hours, retention.HOUR_SECONDS), (self._db.minutes, retention.MINUTE_SECONDS))
        rows = (
            retention.measured(row, length)
            for table, length in tables
            for row in table.values()
            if since <= row.start < until and (services is None or row.service in services)
        )
        return retention.spans(rows, seconds)

    async def put_feed_hours(self, rows: Sequence[FeedHour]) -> None:
        """Replace hours, unless more of them is known already."""
        kept = self._db.clock.now() - retention.KEPT_SECONDS
        known = {key: one for key, one in self._db.feed_hours.items() if one.start >= kept}
        self._db.feed_hours = known | {
            retention.key(one): one for one in rows if retention.is_fuller(one, known.get(retention.key(one)))
        }

    async def feed_hours(self, service: str, since: float, until: float) -> Sequence[FeedHour]:
        """Return the hours of a service's feeds that begin in [since, until), oldest first."""
        found = (one for one in self._db.feed_hours.values() if one.service == service and since <= one.start < until)
        return tuple(sorted(found, key=lambda one: (one.start, one.signal)))
