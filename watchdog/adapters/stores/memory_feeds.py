"""What feeds counted by hour, for charts, without a disk: as `feeds.py` keeps it in SQL."""

from collections.abc import Sequence

from watchdog.adapters.stores import retention
from watchdog.adapters.stores.memory_database import MemoryDatabase
from watchdog.domain.store_records import FeedHour


class MemoryFeeds:
    """The hours of feeds in a database in memory; an hour goes when it is as old as other hours may be."""

    _db: MemoryDatabase

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
