"""The incidents of a period, read from a journal a little at a time: months of them are many, and no probe may wait.

Rule: what is not read yet is said to be so. Nothing is read again of an incident that is closed.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from math import inf

from watchdog.domain.incidents import Incident
from watchdog.ports import Clock, StoreReader

CHUNK = 25
"""Incidents read at once: decoding them takes some milliseconds."""
FRESH_SECONDS = 30.0


class Past:
    """The incidents that began within the period; of those that are closed, only the ones that `keep` wants are kept.

    Whoever refreshes it at the same time waits.
    """

    def __init__(
        self,
        journal: StoreReader,
        clock: Clock,
        period_seconds: float,
        keep: Callable[[Incident], bool] = lambda incident: True,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._period_seconds = period_seconds
        self._keep = keep
        self._opened_at: dict[str, float] = {}
        self._kept: dict[str, Incident] = {}
        self._changed: set[str] = set()
        self._back_to = inf
        self._looked_at = -inf
        self._lock = asyncio.Lock()
        self.complete = False
        """Whether everything was read."""

    @property
    def incidents(self) -> Sequence[Incident]:
        """Return what was read and kept, newest first."""
        return sorted(self._kept.values(), key=lambda one: (one.opened_at, one.id), reverse=True)

    async def refresh(self, give_up: float = inf) -> Collection[str]:
        """Read what is missing or may have changed, newest first, until that moment (monotonic seconds).

        Returns the ids of what is new, or may be another since the last time. Raises Temporary.
        """
        async with self._lock:
            self._forget_old()
            if self.complete and self._clock.monotonic() - self._looked_at >= FRESH_SECONDS:
                await self._look_again()
            reading = not self.complete
            while reading:
                await self._read_back()
                reading = not self.complete and self._clock.monotonic() < give_up
            changed, self._changed = self._changed, set()
            return changed

    def _forget_old(self) -> None:
        since = self._clock.now() - self._period_seconds
        self._opened_at = {name: at for name, at in self._opened_at.items() if at >= since}
        self._kept = {name: one for name, one in self._kept.items() if name in self._opened_at}

    async def _look_again(self) -> None:
        """Read what is new, and what was open, once more."""
        self._looked_at = self._clock.monotonic()
        for one in [one for one in self._kept.values() if one.closed_at is None]:
            self._take([await self._journal.incident(one.id) or one])
        limit, grown = CHUNK, CHUNK
        while grown == limit:
            found = await self._journal.incidents(limit)
            grown, limit = self._take(found), limit * 2

    async def _read_back(self) -> None:
        """Read the next ones back in time; more at once where very many began in the same moment."""
        limit, grown = CHUNK, 0
        while not grown and not self.complete:
            until = self._back_to if self._back_to < inf else None
            found = await self._journal.incidents(limit, until=until)
            grown = self._take(found)
            self._back_to = found[-1].opened_at if found else self._back_to
            since = self._clock.now() - self._period_seconds
            self.complete = len(found) < limit or self._back_to < since
            limit *= 2
        self._looked_at = self._clock.monotonic()

    def _take(self, found: Sequence[Incident]) -> int:
        """Take incidents of the period; return how many are new."""
        since = self._clock.now() - self._period_seconds
        recent = [one for one in found if one.opened_at >= since]
        grown = sum(one.id not in self._opened_at for one in recent)
        for one in recent:
            if one.closed_at is None or one.id not in self._opened_at or self._kept.get(one.id, one) != one:
                self._changed.add(one.id)
            self._opened_at[one.id] = one.opened_at
            if one.closed_at is None or self._keep(one):
                self._kept[one.id] = one
            else:
                self._kept.pop(one.id, None)
        return grown
