"""The last 24 h of every service in half hours: the state of each, and its latency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchdog.console.queries.span_cache import SpanCache, Spans
from watchdog.console.views.view_models import DayView
from watchdog.domain.store_records import Minute
from watchdog.ports import Clock, StoreReader

SPAN_SECONDS = 1800
SPANS = 48
BAD_SHARE = 0.1
BUDGET_SECONDS = 0.08
"""Time limit for the reads of one page; later pages read the remaining spans."""
AGAIN_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class _Span:
    """How a service was in one span, and the highest median of a minute of each signal that measures latency."""

    state: str
    p50_seconds: Mapping[str, float]


class DayHistory:
    """The day of all services: 48 spans of half an hour, aligned to the clock."""

    def __init__(self, journal: StoreReader, clock: Clock, budget_seconds: float = BUDGET_SECONDS) -> None:
        kept = Spans(SPAN_SECONDS, SPANS, _span_of, SPANS, AGAIN_SECONDS, budget_seconds)
        self._spans = SpanCache(journal, clock, kept)
        self._made_of: tuple[object, ...] = ()
        self._views: dict[tuple[str, ...], DayView] = {}

    async def refresh(self) -> None:
        """Read the spans that are missing or may have grown, newest first, within the time limit. Raises Temporary."""
        await self._spans.refresh()

    def of(self, service: str, signals: Sequence[str]) -> DayView:
        """Return the day of a service; its latency is that of the first of these signals that has any.

        It is made anew only after a read brought something new: the daemon writes one row a minute, and pages ask for
        the days of hundreds of services every few seconds.
        """
        made_of = self._spans.starts()[0], self._spans.changes
        if made_of != self._made_of:
            self._made_of, self._views = made_of, {}
        # Pages are made in a thread beside the loop: a view of old spans must not end up among those of new ones.
        views, key = self._views, (service, *signals)
        if key not in views:
            views[key] = self._view(service, signals)
        return views[key]

    def _view(self, service: str, signals: Sequence[str]) -> DayView:
        found = [span.get(service, _NOTHING) for span in self._spans.by_service()]
        signal = next((name for name in signals if any(name in span.p50_seconds for span in found)), "")
        return DayView(
            since=float(self._spans.starts()[0]),
            span_seconds=float(SPAN_SECONDS),
            states=tuple(span.state for span in found),
            latency_seconds=tuple(span.p50_seconds.get(signal) for span in found),
            complete=self._spans.is_read(SPANS),
        )


def _span_of(service: str, rows: Sequence[Minute]) -> _Span:
    return _Span(state_of(rows), {row.signal: row.p50_seconds for row in rows if row.p50_seconds is not None})


def state_of(rows: Sequence[Minute]) -> str:
    """Return the state of a span: good, some (failures), bad, unknown or none (no reading was recorded)."""
    good, bad = sum(row.good for row in rows), sum(row.bad for row in rows)
    if good + bad == 0:
        return "unknown" if any(row.unknown for row in rows) else "none"
    if bad == 0:
        return "good"
    # The worst signal counts: among several good ones, one that fails would disappear in a mean.
    return "bad" if max(_share(row) for row in rows) >= BAD_SHARE else "some"


def _share(row: Minute) -> float:
    return row.bad / (row.good + row.bad) if row.bad else 0.0


_NOTHING = _Span(state_of(()), {})
