"""What `watchdog stats` counts, read a little at a time: months of incidents are many, and no probe may wait for them.

Rule: what is not read yet is said to be so. Nothing is read again of an incident that is closed.
"""

import asyncio
from collections.abc import Mapping, Sequence
from math import inf

from watchdog.domain.incidents import Incident, State
from watchdog.ports import Clock, Journal
from watchdog.words import stats
from watchdog.words.timeline import human_acts

PERIOD_SECONDS = 90 * 86400.0
CHUNK = 25
"""Incidents read at once: decoding them takes some milliseconds."""
NOTES_READ = 5000
BUDGET_SECONDS = 0.06
"""How long one page may read; the rest follows with the next."""
FRESH_SECONDS = 30.0


class Numbers:
    """The incidents of the last 90 days, and (`with_acts`) when people first acted on each."""

    def __init__(
        self, journal: Journal, clock: Clock, budget_seconds: float = BUDGET_SECONDS, *, with_acts: bool = True
    ) -> None:
        self._with_acts = with_acts
        self._journal = journal
        self._clock = clock
        self._budget_seconds = budget_seconds
        self._known: dict[str, Incident] = {}
        self._acts: dict[str, float | None] = {}
        self._back_to = inf
        self._whole = False
        self._looked_at = -inf
        self._lock = asyncio.Lock()

    @property
    def complete(self) -> bool:
        """Tell whether everything was read."""
        return self._whole and (not self._with_acts or self._acts.keys() == self._known.keys())

    @property
    def incidents(self) -> Sequence[Incident]:
        """Return what was read, newest first."""
        return sorted(self._known.values(), key=lambda one: (one.opened_at, one.id), reverse=True)

    async def refresh(self) -> None:
        """Read what is missing or may have changed, newest first, while there is time. Raises Temporary."""
        async with self._lock:
            give_up = self._clock.monotonic() + self._budget_seconds
            self._forget_old()
            if self._whole and self._clock.monotonic() - self._looked_at >= FRESH_SECONDS:
                await self._look_again()
            reading = not self._whole
            while reading:
                await self._read_back()
                reading = not self._whole and self._clock.monotonic() < give_up
            if self._with_acts:
                await self._read_acts(give_up)

    def count(self, state: State, labels: Mapping[str, str]) -> list[stats.Stats]:
        """Return the numbers of each service, and of all together at the end."""
        now = self._clock.now()
        acts = {name: at for name, at in self._acts.items() if at is not None}
        watched = stats.watched(state.services, now)
        return stats.stats(self.incidents, watched, acts, labels, now - PERIOD_SECONDS, now)

    def _forget_old(self) -> None:
        since = self._clock.now() - PERIOD_SECONDS
        self._known = {name: one for name, one in self._known.items() if one.opened_at >= since}
        self._acts = {name: at for name, at in self._acts.items() if name in self._known}

    async def _look_again(self) -> None:
        """Read what is new, and what was open, once more."""
        self._looked_at = self._clock.monotonic()
        for one in [one for one in self._known.values() if one.closed_at is None]:
            self._take([await self._journal.incident(one.id) or one])
        limit, grown = CHUNK, CHUNK
        while grown == limit:
            found = await self._journal.incidents(limit)
            grown, limit = self._take(found), limit * 2

    async def _read_back(self) -> None:
        """Read the next ones back in time; more at once where very many began in the same moment."""
        limit, grown = CHUNK, 0
        while not grown and not self._whole:
            until = self._back_to if self._back_to < inf else None
            found = await self._journal.incidents(limit, until=until)
            grown = self._take(found)
            self._back_to = found[-1].opened_at if found else self._back_to
            since = self._clock.now() - PERIOD_SECONDS
            self._whole = len(found) < limit or self._back_to < since
            limit *= 2
        self._looked_at = self._clock.monotonic()

    def _take(self, found: Sequence[Incident]) -> int:
        """Take incidents of the period; return how many are new. What people did on an open one is asked again."""
        since = self._clock.now() - PERIOD_SECONDS
        recent = [one for one in found if one.opened_at >= since]
        grown = sum(one.id not in self._known for one in recent)
        for one in recent:
            if self._known.get(one.id) != one or one.closed_at is None:
                self._acts.pop(one.id, None)
            self._known[one.id] = one
        return grown

    async def _read_acts(self, give_up: float) -> None:
        missing = [one for one in self.incidents if one.id not in self._acts]
        remarks = await self._journal.remarks() if missing else ()
        for one in missing:
            moments = human_acts(one, await self._journal.notes(incident=one.id, limit=NOTES_READ), remarks)
            self._acts[one.id] = moments[0] if moments else None
            if self._clock.monotonic() >= give_up:
                return
