"""Counts open follow-ups for the metrics, and reminds people of overdue ones, where that is configured.

Rule 1: it reads the store now and then; no reading, decision or notice waits for it.
Rule 2: the holder of a service reminds of its incidents, of each item once. The note of the reminder is saved together
with the notice, under the lease. A reminder that could not be saved, or that a silence suppressed, is due again an hour
later.
Rule 3: follow-ups that fell due long ago get no reminder: switching reminders on does not page last year's.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

import structlog

from watchdog.core.updates.follow_up_reminders import reminded
from watchdog.daemon.telemetry.metrics import Metrics
from watchdog.domain.errors import Displaced, Permanent, Temporary
from watchdog.domain.events import Event, FollowUpsFellDue
from watchdog.domain.follow_ups import Left
from watchdog.ports import Clock, StoreReader

EVERY_SECONDS = 60.0
AGAIN_SECONDS = 3600.0
"""Pause before the core is asked again about an item without a reminder."""
REMIND_WITHIN_SECONDS = 7 * 86400.0
"""Follow-ups that have been due for longer get no reminder any more."""

log = structlog.get_logger("watchdog")


class FollowUpKeeper:
    """Reminds of follow-ups. `read` returns the open ones, `reminds` whether people want reminders.

    `held` returns this worker's services; `ask` submits an event to the core. Only the items asked about lately are
    kept in memory.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[Sequence[Left]]],
        journal: StoreReader,
        clock: Clock,
        metrics: Metrics,
        *,
        reminds: Callable[[], bool],
        held: Callable[[], Collection[str]],
        ask: Callable[[Event], Awaitable[object]],
    ) -> None:
        self._read = read
        self._journal = journal
        self._clock = clock
        self._metrics = metrics
        self._reminds = reminds
        self._held = held
        self._ask = ask
        self._asked: dict[tuple[str, str], float] = {}

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
            except (Temporary, Permanent) as error:
                log.warning("follow-ups not read", why=str(error))
            await self._clock.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Count, and remind. Raises Temporary or Permanent."""
        left, now = await self._read(), self._clock.now()
        late = [one for one in left if one.due_at is not None and one.due_at < now]
        self._metrics.follow_ups(len(left), len(late))
        self._asked = {item: at for item, at in self._asked.items() if now - at < AGAIN_SECONDS}
        # Asked at each look: a reload may change it.
        if self._reminds():
            for incident, items in self._due_reminders(late).items():
                await self._remind(incident, items)

    def _due_reminders(self, late: Sequence[Left]) -> Mapping[str, list[Left]]:
        """Return lately due items of this worker's services that have a channel, by incident."""
        since, found = self._clock.now() - REMIND_WITHIN_SECONDS, dict[str, list[Left]]()
        for one in late:
            if one.due_at is not None and one.due_at >= since and one.service in self._held() and one.channels:
                found.setdefault(one.incident, []).append(one)
        return found

    async def _remind(self, incident: str, items: Sequence[Left]) -> None:
        # The notes of the incident are the record of reminders, also across restarts and workers.
        already = reminded(await self._journal.notes(incident=incident))
        new = [one for one in items if one.item not in already and (incident, one.item) not in self._asked]
        if not new:
            return
        # Before the event: a reminder that a silence suppresses must not be asked for every minute.
        self._asked |= {(incident, one.item): self._clock.now() for one in new}
        event = FollowUpsFellDue(
            self._clock.now(),
            new[0].service,
            incident,
            new[0].severity,
            new[0].channels,
            tuple(one.item for one in new),
            tuple(one.words for one in new),
        )
        try:
            await self._ask(event)
        except Displaced:
            log.info("follow-up reminder left to another worker", incident=incident)
