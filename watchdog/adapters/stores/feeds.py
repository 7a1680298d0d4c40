"""What feeds counted by hour, for charts, in SQL."""

from collections.abc import Sequence
from dataclasses import asdict, fields

from sqlalchemy import select

from watchdog.adapters.stores import retention
from watchdog.adapters.stores.database import Database
from watchdog.adapters.stores.schema import FEED_HOURS
from watchdog.adapters.stores.shielded_calls import uninterrupted
from watchdog.domain.store_records import FeedHour

COLUMNS = [FEED_HOURS.c[field.name] for field in fields(FeedHour)]


@uninterrupted
class Feeds(Database):
    """A database that keeps the hours of feeds."""

    async def put_feed_hours(self, rows: Sequence[FeedHour]) -> None:
        """Replace hours, unless more of them is known already. Repeating the call changes nothing."""
        start = FEED_HOURS.c.start
        async with self._writing() as connection:
            query = select(*COLUMNS).where(start >= min(one.start for one in rows))
            known = {retention.key(one): one for one in (FeedHour(*row) for row in await connection.execute(query))}
            if fuller := [asdict(one) for one in rows if retention.is_fuller(one, known.get(retention.key(one)))]:
                await connection.execute(self._upsert(FEED_HOURS), fuller)

    async def feed_hours(self, service: str, since: float, until: float) -> Sequence[FeedHour]:
        """Return the hours of a service's feeds that begin in [since, until), oldest first."""
        start = FEED_HOURS.c.start
        query = select(*COLUMNS).where(FEED_HOURS.c.service == service, start >= since, start < until)
        async with self._reading() as connection:
            return tuple(FeedHour(*row) for row in await connection.execute(query.order_by(start, FEED_HOURS.c.signal)))
