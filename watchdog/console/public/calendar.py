"""The last 90 days of some services, hour by hour: the share of each hour in which a check that counts failed.

Rule: today costs one query, at most twice a minute for all visitors. Past days are read once, newest first, a few at a
time; a page says so while days are missing.
"""

import asyncio
from collections.abc import Collection, Mapping
from math import inf

from watchdog.domain.units import DAY_SECONDS
from watchdog.ports import Clock, StoreReader
from watchdog.presentation.availability import HOUR_SECONDS, Hour, Hours, worse

DAYS, DAY = 90, int(DAY_SECONDS)
TOGETHER = 7
"""Past days read in one query."""
BUDGET_SECONDS = 0.08
"""Time limit for the reads of one page; later pages read the remaining days."""
FRESH_SECONDS = 30.0
LATE_SECONDS = 1800.0
"""A day is read again this long after its end, since readings may have waited for the store."""
NOTHING: Hours = (None,) * 24


class Calendar:
    """The hours of each day, of the signals of each service that count for its availability.

    Days are those of UTC. Today is read again after FRESH_SECONDS. A past day is read after its end, and once more
    LATE_SECONDS later. A refresh reads today, then the days that are due, newest first, TOGETHER at a time, until its
    time limit."""

    def __init__(self, journal: StoreReader, clock: Clock, budget_seconds: float = BUDGET_SECONDS) -> None:
        self._journal = journal
        self._clock = clock
        self._budget_seconds = budget_seconds
        self._days: dict[int, dict[str, list[Hour | None]]] = {}
        self._read_at: dict[int, float] = {}
        self._today_at = -inf
        self._lock = asyncio.Lock()

    @property
    def days(self) -> list[int]:
        """Return the begin of each day (UTC epoch seconds), oldest first; the last is today."""
        today = int(self._clock.now() // DAY) * DAY
        return [today - DAY * back for back in range(DAYS - 1, -1, -1)]

    @property
    def complete(self) -> bool:
        """Return whether all days have been read."""
        return all(day in self._read_at for day in self.days)

    def hours(self, service: str, day: int) -> Hours:
        """Return the hours of a day."""
        return self._days.get(day, {}).get(service, NOTHING)

    async def refresh(self, signals: Mapping[str, Collection[str]]) -> None:
        """Read the days that are missing or have grown; `signals` names the signals that count, by service. Raises
        Temporary."""
        async with self._lock:
            days = self.days
            for gone in set(self._read_at) - set(days):
                del self._read_at[gone], self._days[gone]
            begin = self._clock.monotonic()
            # Today grows all the time; at midnight the new day is missing altogether, however fresh yesterday is.
            if begin - self._today_at >= FRESH_SECONDS or days[-1] not in self._read_at:
                await self._read([days[-1]], signals)
                # From before the query: rows that were saved during it may be missing.
                self._today_at = begin
            # Past days until the time limit: the first pages after a start are incomplete, but never late.
            while self._clock.monotonic() - begin < self._budget_seconds:
                missing = [day for day in days[-2::-1] if self._is_due(day)][:TOGETHER]
                if not missing:
                    return
                await self._read(_neighbours(missing), signals)

    def _is_due(self, day: int) -> bool:
        """Return whether a past day is due: never read, not since its end, or not since its late readings arrived."""
        read_at, end = self._read_at.get(day, -inf), day + DAY
        return any(read_at < moment <= self._clock.now() for moment in (end, end + LATE_SECONDS))

    async def _read(self, days: list[int], signals: Mapping[str, Collection[str]]) -> None:
        """Read neighbouring days, newest first, in one query."""
        at, since, until = self._clock.now(), days[-1], days[0] + DAY
        found: dict[int, dict[str, list[Hour | None]]] = {day: {} for day in days}
        for row in await self._journal.spans(since, until, int(HOUR_SECONDS), list(signals)):
            if row.signal not in signals[row.service]:
                continue
            day = int(row.start // DAY) * DAY
            hours = found[day].setdefault(row.service, [None] * 24)
            hour = int((row.start - day) // HOUR_SECONDS)
            hours[hour] = worse(hours[hour], row)
        # Days without any row count as read, too, or each page would ask for them again.
        for day in days:
            self._days[day], self._read_at[day] = found[day], at


def _neighbours(days: list[int]) -> list[int]:
    """Return the first of the days and those right before it."""
    return [day for back, day in enumerate(days) if day == days[0] - DAY * back]
