"""The newest spans of all services, kept ready: read in few queries, newest first, and never for long at a time.

Rule: a page is not late because the past is long. What is not read yet is said to be so, and read for the next page.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from watchdog.domain.store_records import Minute
from watchdog.ports import Clock, StoreReader

T = TypeVar("T")
FRESH_SECONDS = 30.0
"""The daemon writes one row a minute."""
LATE_SECONDS = 300.0
"""Minutes are written this late at most, unless the store failed."""


@dataclass(frozen=True, slots=True)
class Spans(Generic[T]):
    """Which spans are kept, and how they are read."""

    seconds: int  # length of one, aligned to the clock
    number: int  # how many
    fold: Callable[[str, Sequence[Minute]], T]  # makes one value of the rows of a service in one span
    together_max: int  # spans in one query, so that decoding many rows never holds the loop for long
    again_seconds: float  # an old one is read again after this: readings that waited for the store may be there now
    budget_seconds: float  # time limit for the reads of one page
    skipped: int = 0  # newest ones that are left out: the last one kept is so much older


class SpanCache(Generic[T]):
    """The spans of all services, by their begin.

    A span is due if it was never read, every FRESH_SECONDS while readings may still be written to it, and every
    `again_seconds` afterwards. A refresh reads the due spans newest first. The next query is twice as large as one
    that kept within the time limit, and half as large as one that did not."""

    def __init__(self, journal: StoreReader, clock: Clock, kept: Spans[T]) -> None:
        self._journal = journal
        self._clock = clock
        self._kept = kept
        self._read_at: dict[int, float] = {}
        self._spans: dict[int, Mapping[str, T]] = {}
        self._together = 1
        self._lock = asyncio.Lock()
        self.changes = 0
        """How often a read brought something new."""

    async def refresh(self) -> None:
        """Read the spans that are missing or may have grown, newest first, within the time limit. Raises Temporary."""
        async with self._lock:
            starts, limit = self.starts(), self._kept.budget_seconds
            for gone in set(self._read_at) - set(starts):
                del self._read_at[gone], self._spans[gone]
            due = [start for start in reversed(starts) if self._is_due(start)]
            begin, done = self._clock.monotonic(), 0
            while due[done:]:
                spent = self._clock.monotonic() - begin
                # One query is made in any case: even with a slow store the past fills up, page by page.
                if done and spent >= limit:
                    return
                together, asked_at = self._neighbours(due[done:], self._together), self._clock.monotonic()
                await self._read(together)
                done += len(together)
                in_time = self._clock.monotonic() - asked_at <= limit
                self._together = min(2 * self._together, self._kept.together_max) if in_time else self._together // 2
                self._together = max(self._together, 1)

    def starts(self) -> list[int]:
        """Return the begin of each span (UTC epoch seconds), oldest first; the last may be under way."""
        seconds = self._kept.seconds
        newest = (int(self._clock.now() // seconds) - self._kept.skipped) * seconds
        return [newest - seconds * back for back in range(self._kept.number - 1, -1, -1)]

    def of(self, start: int, service: str) -> T | None:
        """Return the value of a service in the span that begins then; None if it has no rows or was not read."""
        return self._spans.get(start, {}).get(service)

    def by_service(self) -> list[Mapping[str, T]]:
        """Return the values of each span by service, oldest span first; of a span that was not read, none."""
        return [self._spans.get(start, {}) for start in self.starts()]

    def is_read(self, newest: int) -> bool:
        """Return whether so many of the newest spans have been read."""
        return all(start in self._read_at for start in self.starts()[-newest:])

    def _is_due(self, start: int) -> bool:
        read_at = self._read_at.get(start)
        if read_at is None:
            return True
        growing = read_at < start + self._kept.seconds + LATE_SECONDS
        return self._clock.now() - read_at >= (FRESH_SECONDS if growing else self._kept.again_seconds)

    async def _read(self, starts: Sequence[int]) -> None:
        """Read neighbouring spans, newest first, in one query."""
        at, seconds = self._clock.now(), self._kept.seconds
        rows: dict[int, dict[str, list[Minute]]] = {start: {} for start in starts}
        for row in await self._journal.spans(starts[-1], starts[0] + seconds, seconds):
            rows[int(row.start)].setdefault(row.service, []).append(row)
        # Spans without any row count as read, too, or each page would ask for them again.
        for start in starts:
            values = {service: self._kept.fold(service, found) for service, found in rows[start].items()}
            is_new = values != self._spans.get(start)
            self._spans[start] = values
            # After the values: a page that is made in a thread must not take the old ones for the newest.
            self.changes += is_new
            self._read_at[start] = at

    def _neighbours(self, starts: Sequence[int], most: int) -> list[int]:
        """Return the first of the spans and those right before it."""
        found = [starts[0]]
        for start in starts[1:most]:
            if start != found[-1] - self._kept.seconds:
                break
            found.append(start)
        return found
