"""The last 24 h of every service, kept ready: read in few queries, newest first, and never for long at a time.

Rule: a page is not late because the past is long. What is not read yet is said to be so, and read for the next page.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchdog.console.views.view_models import DayView
from watchdog.domain.store_records import Minute
from watchdog.ports import Clock, StoreReader

SPAN_SECONDS = 1800
SPANS = 48
BAD_SHARE = 0.1
BUDGET_SECONDS = 0.08
"""Time limit for the reads of one page; later pages read the remaining spans."""
FRESH_SECONDS = 10.0
LATE_SECONDS = 300.0
"""Minutes are written this late at most, unless the store failed."""
AGAIN_SECONDS = 1800.0
"""An old span is read again after this: readings that waited for the store may have been written since."""


@dataclass(frozen=True, slots=True)
class _Span:
    """How a service was in one span, and the highest median of a minute of each signal that measures latency."""

    state: str
    p50_seconds: Mapping[str, float]


class DayHistory:
    """The spans of all services, by their begin.

    The day is 48 spans of half an hour, aligned to the clock. A span is due if it was never read, every FRESH_SECONDS
    while readings may still be written to it, and every AGAIN_SECONDS afterwards. A refresh reads the due spans newest
    first, in queries as large as the time left allows."""

    def __init__(self, journal: StoreReader, clock: Clock, budget_seconds: float = BUDGET_SECONDS) -> None:
        self._journal = journal
        self._clock = clock
        self._budget_seconds = budget_seconds
        self._read_at: dict[int, float] = {}
        self._spans: dict[int, dict[str, _Span]] = {}
        self._lock = asyncio.Lock()

    async def refresh(self) -> None:
        """Read the spans that are missing or may have grown, newest first, within the time limit. Raises Temporary."""
        async with self._lock:
            starts = self._starts()
            for gone in set(self._read_at) - set(starts):
                del self._read_at[gone], self._spans[gone]
            due = [start for start in reversed(starts) if self._is_due(start)]
            begin, done = self._clock.monotonic(), 0
            while due[done:]:
                spent = self._clock.monotonic() - begin
                # One query is made in any case: even with a slow store the day fills up, page by page.
                if done and spent >= self._budget_seconds:
                    return
                # The next query takes as many spans as the time left allows, at the speed measured so far.
                fits = done * (self._budget_seconds - spent) / spent if spent > 0 else done
                together = _neighbours(due[done:], max(1, int(fits)))
                await self._read(together)
                done += len(together)

    def of(self, service: str, signals: Sequence[str]) -> DayView:
        """Return the day of a service; its latency is that of the first of these signals that has any."""
        starts = self._starts()
        found = [self._spans.get(start, {}).get(service, _NOTHING) for start in starts]
        timed = {signal for span in found for signal in span.p50_seconds}
        signal = next((name for name in signals if name in timed), "")
        return DayView(
            since=float(starts[0]),
            span_seconds=float(SPAN_SECONDS),
            states=tuple(span.state for span in found),
            latency_seconds=tuple(span.p50_seconds.get(signal) for span in found),
            complete=len(self._read_at) == len(starts),
        )

    def _starts(self) -> list[int]:
        newest = int(self._clock.now() // SPAN_SECONDS) * SPAN_SECONDS
        return [newest - SPAN_SECONDS * back for back in range(SPANS - 1, -1, -1)]

    def _is_due(self, start: int) -> bool:
        read_at = self._read_at.get(start)
        if read_at is None:
            return True
        growing = read_at < start + SPAN_SECONDS + LATE_SECONDS
        return self._clock.now() - read_at >= (FRESH_SECONDS if growing else AGAIN_SECONDS)

    async def _read(self, starts: Sequence[int]) -> None:
        """Read neighbouring spans, newest first, in one query."""
        at = self._clock.now()
        rows: dict[int, dict[str, list[Minute]]] = {start: {} for start in starts}
        for row in await self._journal.spans(starts[-1], starts[0] + SPAN_SECONDS, SPAN_SECONDS):
            rows[int(row.start)].setdefault(row.service, []).append(row)
        # Spans without any row count as read, too, or each page would ask for them again.
        for start in starts:
            self._spans[start] = {service: _span_of(found) for service, found in rows[start].items()}
            self._read_at[start] = at


def _neighbours(starts: Sequence[int], most: int) -> list[int]:
    """Return the first of the spans and those right before it."""
    found = [starts[0]]
    for start in starts[1:most]:
        if start != found[-1] - SPAN_SECONDS:
            break
        found.append(start)
    return found


def _span_of(rows: Sequence[Minute]) -> _Span:
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
