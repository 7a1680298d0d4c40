"""The uptime of all services over 24 h, 7 and 30 days, counted as the error budget counts it.

Rule: the loop only reads, a few hours of all services at a time; the counting runs where the rows of a page are made.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from watchdog.console.queries.span_cache import SpanCache, Spans
from watchdog.console.views.card_models import UptimeView
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import Policy, ServicePolicy
from watchdog.domain.store_records import Minute
from watchdog.ports import Clock, StoreReader
from watchdog.presentation.availability import (
    HOUR_SECONDS,
    Availability,
    Hour,
    Hours,
    availability,
    outages,
    that_count,
    worse,
)
from watchdog.presentation.incident_loader import Past

DAY_HOURS, WEEK_HOURS, MONTH_HOURS = 24, 7 * 24, 30 * 24
PERFECT = Hour(0.0)
"""Most hours are this one object: hundreds of services have some hundred thousand hours."""
BUDGET_SECONDS, INCIDENTS_SECONDS = 0.04, 0.02
"""Time limits for the reads of one page; later pages read the rest."""
AGAIN_SECONDS = 6 * 3600.0
ROWS_TOGETHER = 4000
"""In one query: a row for each hour of each signal; decoding them holds the event loop for some milliseconds."""
FRESH_SECONDS = 30.0
INCIDENTS_AHEAD_SECONDS = 86400.0
"""An incident that began this long before the period may still have lasted in it."""


class Uptimes:
    """Caches the hours of all services, and the uptime of each for FRESH_SECONDS."""

    def __init__(self, journal: StoreReader, clock: Clock, budget_seconds: float = BUDGET_SECONDS) -> None:
        self._journal = journal
        self._clock = clock
        self._budget_seconds = budget_seconds
        self._counting: Mapping[str, tuple[str, ...]] = {}
        self._hours = self._cache(1)
        self._past = Past(journal, clock, MONTH_HOURS * HOUR_SECONDS + INCIDENTS_AHEAD_SECONDS)
        self._incidents: Mapping[str, Sequence[Incident]] = {}
        self._kept: dict[str, tuple[float, UptimeView]] = {}

    async def refresh(self, policy: Policy) -> None:
        """Read the hours and the incidents that are missing or have changed, within the time limits. Raises
        Temporary."""
        counting = {name: that_count(wishes) for name, wishes in policy.services.items()}
        if counting != self._counting:
            # Other signals count since a reload: the hours that were read are those of the old ones.
            signals = sum(len(wishes.signals) for wishes in policy.services.values())
            self._counting, self._hours, self._kept = counting, self._cache(signals), {}
        await self._hours.refresh()
        if await self._past.refresh(self._clock.monotonic() + INCIDENTS_SECONDS):
            found: dict[str, list[Incident]] = defaultdict(list)
            for one in self._past.incidents:
                found[one.service].append(one)
            self._incidents = found

    def of(self, wishes: ServicePolicy) -> UptimeView:
        """Return the uptime of a service, at most FRESH_SECONDS old; None for a period that is not read yet."""
        at, view = self._kept.get(wishes.name, (0.0, UptimeView()))
        if not view.complete or self._clock.monotonic() - at >= FRESH_SECONDS:
            view = self._view(wishes.name)
            self._kept[wishes.name] = self._clock.monotonic(), view
        return view

    def _view(self, name: str) -> UptimeView:
        now, starts = self._clock.now(), self._hours.starts()
        hours: Hours = [self._hours.of(start, name) for start in starts]
        incidents = self._incidents.get(name, ())

        def share(number: int) -> float | None:
            if not (self._past.complete and self._hours.is_read(number)):
                return None
            return _available(float(starts[-number]), hours[-number:], incidents, now).share

        complete = self._past.complete and self._hours.is_read(MONTH_HOURS)
        return UptimeView(share(DAY_HOURS), share(WEEK_HOURS), share(MONTH_HOURS), complete)

    def _cache(self, signals: int) -> SpanCache[Hour | None]:
        seconds, limit = int(HOUR_SECONDS), self._budget_seconds
        together = max(1, ROWS_TOGETHER // max(signals, 1))
        kept = Spans(seconds, MONTH_HOURS, self._fold, together, AGAIN_SECONDS, limit)
        return SpanCache(self._journal, self._clock, kept)

    def _fold(self, service: str, rows: Sequence[Minute]) -> Hour | None:
        """Return the hour of a service: the worst of its signals that count."""
        counting, hour = self._counting.get(service, ()), None
        for row in rows:
            if row.signal in counting:
                hour = worse(hour, row)
        return PERFECT if hour == PERFECT else hour


def _available(since: float, hours: Hours, incidents: Sequence[Incident], now: float) -> Availability:
    planned = [one for one in incidents if one.planned]
    real = [one for one in outages(incidents) if not one.planned]
    if planned:
        return availability(since, hours, real, now, planned)
    # Without planned downtime a perfect hour is watched to the end and loses nothing; the last one is under way.
    perfect = sum(hour is PERFECT for hour in hours[:-1])
    rest = [*(None if hour is PERFECT else hour for hour in hours[:-1]), hours[-1]]
    found = availability(since, rest, real, now)
    return Availability(found.watched_seconds + perfect * HOUR_SECONDS, found.lost_seconds)
