"""The hours of feeds (error trackers), for the charts: what the state remembers minute by minute, summed when an hour
is complete.

Rule: a feed is read with its last hour each time, and the state remembers a little more. So nothing is added up here
that a restart could lose or count twice: an hour is summed from the state, and written again by the next worker.
"""

from collections.abc import Callable, Collection, Iterator

import structlog

from watchdog.daemon.runtime.log_throttle import LogThrottle
from watchdog.domain.checks import Check
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.incidents import State
from watchdog.domain.store_records import FeedHour
from watchdog.ports import Clock, Store

EVERY_SECONDS, HOUR_SECONDS = 60.0, 3600.0
SETTLED_SECONDS = 360.0
"""A tracker counts events this late at most; so long after its end an hour is summed."""

log = structlog.get_logger("watchdog")


class FeedHours:
    """Writes each hour of each feed of this worker's services (`held`) once it is complete."""

    def __init__(
        self, store: Store, clock: Clock, state: Callable[[], State], held: Callable[[], Collection[str]]
    ) -> None:
        self._store = store
        self._clock = clock
        self._state = state
        self._held = held
        self._written: dict[tuple[str, str], FeedHour] = {}

    async def run(self) -> None:
        """Write for ever."""
        throttle = LogThrottle()
        while True:
            await self._clock.sleep(EVERY_SECONDS)
            rows = list(self.due())
            try:
                if rows:
                    await self._store.put_feed_hours(rows)
            # They are due again in a minute, until the next hour is complete: by then the state forgets them.
            except (Temporary, Permanent) as error:
                left_out = throttle.take(str(error), self._clock.monotonic())
                if left_out is not None:
                    log.warning("hours of feeds not saved", why=str(error), left_out=left_out)
                continue
            throttle.end(self._clock.monotonic())
            held = self._held()
            kept = {key: hour for key, hour in self._written.items() if key[0] in held}
            self._written = kept | {(one.service, one.signal): one for one in rows}

    def due(self) -> Iterator[FeedHour]:
        """Yield the newest complete hour of each feed that was not written yet, or of which less was known then."""
        settled = self._clock.now() - SETTLED_SECONDS
        start = settled - settled % HOUR_SECONDS - HOUR_SECONDS
        services = self._state().services
        for service in (services[name] for name in self._held() if name in services):
            for check in service.checks.values():
                written = self._written.get((service.name, check.name))
                # A tracker that did not answer at the end of the hour reports its minutes later.
                yield from (
                    hour
                    for hour in _hour(service.name, check, start)
                    if written is None or written.start != start or hour.seconds > written.seconds
                )


def _hour(service: str, check: Check, start: float) -> Iterator[FeedHour]:
    """Yield the hour of a feed, unless nothing of it is known."""
    mine = [one for one in check.counts if start <= one.start < start + HOUR_SECONDS]
    if mine:
        count, seconds = sum(one.count for one in mine), sum(one.seconds for one in mine)
        yield FeedHour(service, check.name, start, count, seconds)
