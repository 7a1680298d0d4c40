"""The incidents of a period, read from a journal in small steps: months of them are many, and no probe may wait.

Rule: `complete` stays false until everything was read. A closed incident is read once.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from math import inf

from watchdog.domain.incidents import Incident
from watchdog.ports import Clock, StoreReader

CHUNK = 25
"""Incidents per query: decoding them takes some milliseconds."""
FRESH_SECONDS = 30.0


class LoadedPast:
    """The incidents that began within the period; closed ones are kept only if `keep` accepts them.

    The journal pages backwards in time, by the time of opening. `refresh` first reads back to the begin of the period,
    over as many calls as its time limits need. From then on it reads, every FRESH_SECONDS, the incidents that were open
    and the new ones. Concurrent calls wait for each other.
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
        """Return the kept incidents, newest first."""
        return sorted(self._kept.values(), key=lambda one: (one.opened_at, one.id), reverse=True)

    async def refresh(self, give_up: float = inf) -> Collection[str]:
        """Read the incidents that are missing or may have changed, newest first, until `give_up` (monotonic seconds).

        Returns the ids of incidents that are new, or may have changed since the last call. Raises Temporary.
        """
        async with self._lock:
            self._forget_old()
            if self.complete and self._clock.monotonic() - self._looked_at >= FRESH_SECONDS:
                await self._look_again()
            reading = not self.complete
            while reading:
                await self._read_back()
                # At least one query per call, however late it is: a busy daemon must still finish in the end.
                reading = not self.complete and self._clock.monotonic() < give_up
            changed, self._changed = self._changed, set()
            return changed

    def _forget_old(self) -> None:
        since = self._clock.now() - self._period_seconds
        self._opened_at = {name: at for name, at in self._opened_at.items() if at >= since}
        self._kept = {name: one for name, one in self._kept.items() if name in self._opened_at}

    async def _look_again(self) -> None:
        """Read new incidents, and read the open ones again."""
        self._looked_at = self._clock.monotonic()
        for one in [one for one in self._kept.values() if one.closed_at is None]:
            self._take([await self._journal.incident(one.id) or one])
        limit, new = CHUNK, self._take(await self._journal.incidents(CHUNK))
        # Where every incident of the page was new, older ones may be new as well.
        while new == limit:
            limit *= 2
            new += self._take(await self._journal.incidents(limit))

    async def _read_back(self) -> None:
        """Read the next older incidents; a larger page if many were opened in the same moment."""
        limit, grown = CHUNK, 0
        while not grown and not self.complete:
            until = self._back_to if self._back_to < inf else None
            found = await self._journal.incidents(limit, until=until)
            # `until` includes its moment, so a page may repeat the last one's incidents: only new ones count.
            grown = self._take(found)
            self._back_to = found[-1].opened_at if found else self._back_to
            since = self._clock.now() - self._period_seconds
            self.complete = len(found) < limit or self._back_to < since
            limit *= 2
        self._looked_at = self._clock.monotonic()

    def _take(self, found: Sequence[Incident]) -> int:
        """Take incidents of the period; return the number of new ones."""
        since = self._clock.now() - self._period_seconds
        recent = [one for one in found if one.opened_at >= since]
        grown = sum(one.id not in self._opened_at for one in recent)
        for one in recent:
            # An open incident may have new notes without a change of its own, so it counts as changed each time.
            if one.closed_at is None or one.id not in self._opened_at or self._kept.get(one.id, one) != one:
                self._changed.add(one.id)
            self._opened_at[one.id] = one.opened_at
            if one.closed_at is None or self._keep(one):
                self._kept[one.id] = one
            else:
                self._kept.pop(one.id, None)
        return grown
