"""The counts of `watchdog report stats`, read in small steps: months of incidents are many, and no probe may wait.

The console's page and the metrics use it with their store and clock.
Rule: `complete` stays false until everything was read. A closed incident is read once.
"""

import asyncio
from collections.abc import Mapping, Sequence

from watchdog.domain.incidents import Incident, State
from watchdog.ports import Clock, StoreReader
from watchdog.presentation import stats
from watchdog.presentation.incident_loader import LoadedPast
from watchdog.presentation.timeline import human_acts

PERIOD_SECONDS = 90 * 86400.0
NOTES_READ = 5000
BUDGET_SECONDS = 0.06
"""Time limit for the reads of one page; later pages read the rest."""


class Numbers:
    """The incidents of the last 90 days (or of another period), and the first act of people on each."""

    def __init__(
        self,
        journal: StoreReader,
        clock: Clock,
        budget_seconds: float = BUDGET_SECONDS,
        period_seconds: float = PERIOD_SECONDS,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._budget_seconds = budget_seconds
        self._past = LoadedPast(journal, clock, period_seconds)
        self._period_seconds = period_seconds
        self._acts: dict[str, float | None] = {}
        self._lock = asyncio.Lock()

    @property
    def complete(self) -> bool:
        """Return whether everything was read."""
        return self._past.complete and self._acts.keys() == {one.id for one in self._past.incidents}

    @property
    def incidents(self) -> Sequence[Incident]:
        """Return the incidents read so far, newest first."""
        return self._past.incidents

    @property
    def has_all_incidents(self) -> bool:
        """Return whether the incidents of the whole period were read, be it without the first acts on them."""
        return self._past.complete

    async def refresh(self) -> None:
        """Read the incidents that are missing or may have changed, newest first, within the time limit. Raises
        Temporary."""
        async with self._lock:
            give_up = self._clock.monotonic() + self._budget_seconds
            changed = await self._past.refresh(give_up)
            known = {one.id for one in self.incidents}
            # A changed incident may have a first act since: read its notes again.
            self._acts = {name: at for name, at in self._acts.items() if name in known and name not in changed}
            await self._read_acts(give_up)

    def count(self, state: State, labels: Mapping[str, str]) -> list[stats.Stats]:
        """Return the numbers of each service, and of all together at the end."""
        now = self._clock.now()
        acts = {name: at for name, at in self._acts.items() if at is not None}
        watched = stats.watched(state.services, now)
        return stats.stats(self.incidents, watched, acts, labels, now - self._period_seconds, now)

    async def _read_acts(self, give_up: float) -> None:
        missing = [one for one in self.incidents if one.id not in self._acts]
        # One query for the remarks of all, and none at all if every incident is known.
        remarks = await self._journal.remarks() if missing else ()
        for one in missing:
            moments = human_acts(one, await self._journal.notes(incident=one.id, limit=NOTES_READ), remarks)
            self._acts[one.id] = moments[0] if moments else None
            # Checked after an incident, not before: each call makes some progress, however late it is.
            if self._clock.monotonic() >= give_up:
                return
