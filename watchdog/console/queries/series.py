"""The curves of a service, from the stored minutes and hours: one point for each span, at most POINTS_MAX a curve.

Rule: page and API take their numbers from the same view, which is kept for a while.
"""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from cachetools import LRUCache

from watchdog.background import run_in_background
from watchdog.console.dependencies import Dependencies
from watchdog.console.views.series_views import DeployMark, ErrorSeries, SeriesView, SignalSeries
from watchdog.console.views.view_builders import deploy_view
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.policy import ServicePolicy, SignalPolicy
from watchdog.domain.readings import MinuteCount
from watchdog.domain.store_records import FeedHour, Minute
from watchdog.presentation.text import clean

POINTS_MAX = 500
SPANS = (60, 300, 1800, 3600, 21600, 86400)
"""Lengths of a span, in seconds; each divides the next, and the day."""
FINE_SECONDS = 47 * 3600.0
"""Older readings may be rolled up into hours already (after 48 h): then no span is shorter than an hour."""
MINUTE_SECONDS, HOUR_SECONDS = 60.0, 3600
BY_MINUTE_SECONDS = 6 * 3600.0
"""Over a longer time the errors of feeds are shown by hour, as they are stored; else by minute as far as known."""
MISSING_SECONDS = 300.0
"""The shortest time without data that is shown: a feed's newest minutes come later than they end."""
FRESH_SECONDS, FRESH_MAX_SECONDS = 10.0, 300.0
"""A view is read again after this, or after a twelfth of its span, if that is longer: then one point has grown."""
KEPT = 64
"""Views of the ranges that pages offer; and as many of other times, so that these do not push out those."""
Kept = LRUCache[tuple[object, ...], tuple[float, SeriesView]]
Bucket = tuple[float, float, float]
"""Begin (UTC epoch seconds), length in seconds, events per minute."""


@dataclass(frozen=True, slots=True)
class Range:
    """A time that the page offers: its name for people, and its length."""

    words: str
    seconds: float


RANGES: Mapping[str, Range] = MappingProxyType(
    {
        "1h": Range("1 h", 3600.0),
        "6h": Range("6 h", 6 * 3600.0),
        "24h": Range("24 h", 86400.0),
        "7d": Range("7 d", 7 * 86400.0),
        "90d": Range("90 d", 90 * 86400.0),
    }
)
USUAL = "6h"


class SeriesQueries:
    """Reads the curves of a service; `state` returns the state of all services."""

    def __init__(self, deps: Dependencies, state: Callable[[], Awaitable[State]]) -> None:
        self._deps = deps
        self._state = state
        self._ranges: Kept = LRUCache(KEPT)
        self._windows: Kept = LRUCache(KEPT)

    async def of_range(self, name: str, chosen: str) -> SeriesView | None:
        """Return the curves of the last hours or days (a key of RANGES); None for an unknown service."""
        now = self._deps.clock.now()
        return await self._shared(self._ranges, (name, chosen), name, now - RANGES[chosen].seconds, now)

    async def between(self, name: str, since: float, until: float) -> SeriesView | None:
        """Return the curves between two moments; None for an unknown service. Raises Temporary."""
        now = self._deps.clock.now()
        span = span_of(since, until, now)
        # A time that ends now moves with each request: those of one span share a view.
        ends = until if until <= now - FRESH_SECONDS else None
        return await self._shared(self._windows, (name, since - since % span, span, ends), name, since, until)

    async def _shared(
        self, kept: Kept, key: tuple[object, ...], name: str, since: float, until: float
    ) -> SeriesView | None:
        """Return the view kept under the key if it is fresh, else a new one."""
        read_at, known = kept.get(key, (0.0, None))
        at = self._deps.clock.monotonic()
        if known is not None and at - read_at < min(FRESH_MAX_SECONDS, max(FRESH_SECONDS, known.span_seconds / 12)):
            return known
        view = await self._read(name, since, until)
        if view is not None:
            kept[key] = at, view
        return view

    async def _read(self, name: str, since: float, until: float) -> SeriesView | None:
        service_policy = self._deps.policy().services.get(name)
        if service_policy is None:
            return None
        now = self._deps.clock.now()
        span = span_of(since, until, now)
        begin = since - since % span
        rows = await self._deps.journal.spans(begin, until, span, [name])
        known = (await self._state()).services.get(name)
        hours = await self._deps.journal.feed_hours(name, begin - begin % HOUR_SECONDS, until)
        return await run_in_background(_view, service_policy, known, rows, hours, begin, until, span, now)


def span_of(since: float, until: float, now: float) -> int:
    """Return the length of a span (seconds) that keeps a curve short and has stored readings of its own."""
    least = HOUR_SECONDS if now - since > FINE_SECONDS else SPANS[0]
    fit = (span for span in SPANS if span >= least and (until - since) / span < POINTS_MAX)
    return next(fit, math.ceil((until - since) / POINTS_MAX / SPANS[-1] + 1) * SPANS[-1])


def _view(
    service_policy: ServicePolicy,
    known: ServiceState | None,
    rows: Sequence[Minute],
    hours: Sequence[FeedHour],
    begin: float,
    until: float,
    span: int,
    now: float,
) -> SeriesView:
    by_place = {(row.signal, int((row.start - begin) // span)): row for row in rows}
    places = range(math.ceil((until - begin) / span))
    return SeriesView(
        at=now,
        service=service_policy.name,
        since=begin,
        until=until,
        span_seconds=float(span),
        signals=tuple(
            _signal(signal, [by_place.get((signal.name, place)) for place in places])
            for signal in service_policy.signals
        ),
        errors=_errors(service_policy, known, hours, begin, until, span),
        deploys=_marks(known, begin, until),
    )


def _signal(signal: SignalPolicy, rows: Sequence[Minute | None]) -> SignalSeries:
    good, bad, unknown = (
        tuple(getattr(row, name) if row is not None else 0 for row in rows) for name in ("good", "bad", "unknown")
    )
    return SignalSeries(
        signal=signal.name,
        kind=signal.source or signal.kind,
        critical=signal.critical,
        good=good,
        bad=bad,
        unknown=unknown,
        p50_seconds=tuple(_rounded(row.p50_seconds) if row is not None else None for row in rows),
        p95_seconds=tuple(_rounded(row.p95_seconds) if row is not None else None for row in rows),
        readings=sum(good) + sum(bad) + sum(unknown),
        failed=sum(bad),
        p95_limit_seconds=signal.limits_seconds.get("p95"),
    )


def _rounded(seconds: float | None) -> float | None:
    """Return the latency to a hundredth of a millisecond: a stored percentile is right within 1 %."""
    return round(seconds, 5) if seconds is not None else None


def _errors(
    service_policy: ServicePolicy,
    known: ServiceState | None,
    hours: Sequence[FeedHour],
    since: float,
    until: float,
    span: int,
) -> tuple[ErrorSeries, ...]:
    """Return the rates of the feeds, as fine as they are known; one without any bucket in that time is left out."""
    # The begin was moved to that of its minute.
    long = until - since > BY_MINUTE_SECONDS + MINUTE_SECONDS
    found = []
    for signal in service_policy.signals:
        check = known.checks.get(signal.name) if known is not None else None
        mine = [one for one in hours if one.signal == signal.name]
        counts = [one for one in (check.counts if check is not None else ()) if since <= one.start < until]
        buckets = _by_span(mine, counts, max(span, HOUR_SECONDS)) if long else _by_minute(mine, counts)
        if buckets:
            starts, lasts, rates = zip(*buckets, strict=True)
            found.append(ErrorSeries(signal.name, starts, rates, lasts, _missing(buckets, since, until)))
    return tuple(found)


def _by_minute(hours: Sequence[FeedHour], counts: Sequence[MinuteCount]) -> list[Bucket]:
    """Return the remembered minutes, and the stored hours before them. Each moment is in one bucket alone."""
    first = min((one.start for one in counts), default=math.inf)
    # Of an hour whose begin is forgotten, the stored whole says more than its last minutes.
    coarse = {one.start: one for one in hours if first >= one.start + MINUTE_SECONDS}
    fine = [one for one in counts if one.start - one.start % HOUR_SECONDS not in coarse]
    whole: list[Bucket] = [(one.start, float(HOUR_SECONDS), _rate(one.count, one.seconds)) for one in coarse.values()]
    return sorted([*whole, *((one.start, one.seconds, _rate(one.count, one.seconds)) for one in fine)])


def _by_span(hours: Sequence[FeedHour], counts: Sequence[MinuteCount], span: int) -> list[Bucket]:
    """Return spans of whole hours: of the stored hours, and of the newest minutes after them."""
    stored = {one.start for one in hours}
    newest = [one for one in counts if one.start - one.start % HOUR_SECONDS not in stored]
    sums: dict[float, tuple[float, float]] = {}
    parts: list[FeedHour | MinuteCount] = [*hours, *newest]
    for part in parts:
        begin = part.start - part.start % span
        count, seconds = sums.get(begin, (0.0, 0.0))
        sums[begin] = count + part.count, seconds + part.seconds
    # By the time that is known of a span: an hour of which half is missing is no calm one.
    return [(start, float(span), _rate(*sums[start])) for start in sorted(sums)]


def _rate(count: float, seconds: float) -> float:
    return 60.0 * count / seconds


def _missing(buckets: Sequence[Bucket], since: float, until: float) -> tuple[tuple[float, float], ...]:
    """Return the times that no bucket covers; those shorter than a tracker's usual delay are left out."""
    ends = [since, *(start + lasts for start, lasts, _ in buckets)]
    begins = [*(start for start, *_ in buckets), until]
    gaps = ((end, begin) for end, begin in zip(ends, begins, strict=True) if begin - end >= MISSING_SECONDS)
    return tuple((max(end, since), begin) for end, begin in gaps)


def _marks(known: ServiceState | None, since: float, until: float) -> tuple[DeployMark, ...]:
    """Return the deploys that went live in that time, oldest first."""
    found = []
    for deploy in reversed(known.deploys if known is not None else ()):
        at = deploy.finished_at
        # Render calls a deploy `deactivated` once another one has replaced it: it was live, too.
        if at is not None and deploy.was_live and since <= at <= until:
            shown = deploy_view(deploy)
            found.append(DeployMark(clean(deploy.id), at, shown.code, shown.message))
    return tuple(found)
