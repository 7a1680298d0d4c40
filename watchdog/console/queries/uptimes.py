"""The uptime of all services over 24 h, 7 and 30 days, by the rules of the error budget.

Theory. Today and yesterday (UTC) are kept hour by hour, and counted as the error budget counts them. Older days are
kept as one sum each, which the store makes: their hours would be half a million rows for some hundred services. A day
with an outage lost no more than the outage lasted in it; planned downtime counts neither as watched nor as lost.
Rule: the loop only reads, and each query is small; the counting runs where the rows of a page are made.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from watchdog.console.queries.span_cache import SpanCache, Spans
from watchdog.console.views.card_models import UptimeView
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import Policy, ServicePolicy
from watchdog.domain.store_records import Minute
from watchdog.domain.units import DAY_SECONDS
from watchdog.ports import Clock, StoreReader
from watchdog.presentation.availability import (
    HOUR_SECONDS,
    Availability,
    Hour,
    availability,
    lasted_within,
    outages,
    that_count,
    worse,
)
from watchdog.presentation.incident_loader import LoadedPast

DAY, DAY_HOURS, RECENT_HOURS = int(DAY_SECONDS), 24, 48
"""The hours of today and yesterday are 48 at most."""
WEEK_DAYS, MONTH_DAYS, RECENT_DAYS = 7, 30, 2
BUDGET_SECONDS, INCIDENTS_SECONDS = 0.04, 0.02
"""Time limits for the reads of one page; later pages read the rest."""
AGAIN_SECONDS = 6 * 3600.0
ROWS_TOGETHER = 2000
"""In one query: a row for each span of each signal; decoding them holds the event loop for some milliseconds."""
FRESH_SECONDS = 60.0
Counted = tuple[str, ...]


class Uptimes:
    """Caches hours and days of all services, and the uptime of each for FRESH_SECONDS."""

    def __init__(self, journal: StoreReader, clock: Clock, budget_seconds: float = BUDGET_SECONDS) -> None:
        self._journal = journal
        self._clock = clock
        self._budget_seconds = budget_seconds
        self._counting: Mapping[str, Counted] = {}
        self._hours, self._days = self._caches(1)
        # One day more than the longest period: an incident from before may last in it.
        self._past = LoadedPast(journal, clock, float((MONTH_DAYS + 1) * DAY))
        self._incidents: Mapping[str, Sequence[Incident]] = {}
        self._kept: dict[str, tuple[float, UptimeView]] = {}

    async def refresh(self, policy: Policy) -> None:
        """Read the spans and the incidents that are missing or have changed, within the time limits. Raises
        Temporary."""
        counting = {name: that_count(service_policy) for name, service_policy in policy.services.items()}
        if counting != self._counting:
            # Other signals count since a reload: what was read is about the old ones.
            self._hours, self._days = self._caches(sum(len(one.signals) for one in policy.services.values()))
            self._counting, self._kept = counting, {}
        await self._hours.refresh()
        if self._hours.is_read(RECENT_HOURS):
            await self._days.refresh()
        if await self._past.refresh(self._clock.monotonic() + INCIDENTS_SECONDS):
            found: dict[str, list[Incident]] = defaultdict(list)
            for one in self._past.incidents:
                found[one.service].append(one)
            self._incidents = found

    def of(self, service_policy: ServicePolicy) -> UptimeView:
        """Return the uptime of a service, at most FRESH_SECONDS old; None for a period that is not read yet."""
        at, view = self._kept.get(service_policy.name, (0.0, UptimeView()))
        if not view.complete or self._clock.monotonic() - at >= FRESH_SECONDS:
            view = self._view(service_policy.name)
            self._kept[service_policy.name] = self._clock.monotonic(), view
        return view

    def _view(self, name: str) -> UptimeView:
        incidents = self._incidents.get(name, ()) if self._past.complete else None
        if incidents is None or not self._hours.is_read(DAY_HOURS):
            return UptimeView()
        real, planned = (
            [one for one in outages(incidents) if not one.planned],
            [one for one in incidents if one.planned],
        )
        day = self._recent(name, self._hours.starts()[-DAY_HOURS:], real, planned).share
        if not self._hours.is_read(RECENT_HOURS):
            return UptimeView(day)
        today = int(self._clock.now() // DAY) * DAY
        starts = [start for start in self._hours.starts() if start >= today - (RECENT_DAYS - 1) * DAY]
        recent = self._recent(name, starts, real, planned)

        def within(days: int) -> Availability:
            older = days - RECENT_DAYS
            if not self._days.is_read(older):
                return Availability()
            kept = [(start, self._days.of(start, name)) for start in self._days.starts()[-older:]]
            return _sum([recent, *(_of_day(start, one, real, planned) for start, one in kept if one is not None)])

        week, month, complete = within(WEEK_DAYS), within(MONTH_DAYS), self._days.is_read(MONTH_DAYS - RECENT_DAYS)
        return UptimeView(day, week.share, month.share, complete, week.watched_seconds, month.watched_seconds)

    def _recent(
        self, name: str, starts: Sequence[int], real: Sequence[Incident], planned: Sequence[Incident]
    ) -> Availability:
        hours = [self._hours.of(start, name) for start in starts]
        return availability(float(starts[0]), hours, real, self._clock.now(), planned)

    def _caches(self, signals: int) -> tuple[SpanCache[Hour | None], SpanCache[Availability | None]]:
        together = max(1, ROWS_TOGETHER // max(signals, 1))
        given = together, AGAIN_SECONDS, self._budget_seconds
        hours = Spans(int(HOUR_SECONDS), RECENT_HOURS, self._hour, *given)
        days = Spans(DAY, MONTH_DAYS - RECENT_DAYS, self._day, *given, skipped=RECENT_DAYS)
        return SpanCache(self._journal, self._clock, hours), SpanCache(self._journal, self._clock, days)

    def _hour(self, service: str, rows: Sequence[Minute]) -> Hour | None:
        """Return the hour of a service: the worst of its signals that count."""
        hour = None
        for row in self._that_count(service, rows):
            hour = worse(hour, row)
        return hour

    def _day(self, service: str, rows: Sequence[Minute]) -> Availability | None:
        """Return the day of a service: that of the signal that counts and lost the most."""
        counted = [
            Availability(row.watched_seconds, row.lost_seconds or 0.0)
            for row in self._that_count(service, rows)
            if row.watched_seconds
        ]
        return max(counted, key=lambda one: one.lost_seconds, default=None)

    def _that_count(self, service: str, rows: Sequence[Minute]) -> Sequence[Minute]:
        return [row for row in rows if row.signal in self._counting.get(service, ())]


def _of_day(start: int, day: Availability, real: Sequence[Incident], planned: Sequence[Incident]) -> Availability:
    """Return a past day: an outage bounds what it lost, and planned downtime is left out."""
    end = float(start + DAY)
    took, away = (sum(lasted_within(one, float(start), end, end) for one in some) for some in (real, planned))
    lost = min(day.lost_seconds, took) if took > 0 else max(0.0, day.lost_seconds - away)
    return Availability(max(0.0, day.watched_seconds - away), lost)


def _sum(parts: Iterable[Availability]) -> Availability:
    every = list(parts)
    return Availability(sum(one.watched_seconds for one in every), sum(one.lost_seconds for one in every))
