"""Posts the alerts of open incidents anew, where a tool forgets them otherwise, and notes the silences over them.

Rule 1: only for incidents of this worker's services, and only where the channel has an open alert.
Rule 2: a silence becomes a remark of the incident, once. It changes no decision: rollbacks and other channels go on.
Rule 3: without an answer from the store the last known alerts are posted anew: an alert that lapses looks like an end.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import structlog
from cachetools import LRUCache

from watchdog.daemon.integrations.open_incidents import OpenIncidents
from watchdog.daemon.runtime.poller import Poller
from watchdog.domain.effects import Effect
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.events import Event
from watchdog.domain.incident_notes import NAME_MAX
from watchdog.domain.incidents import State
from watchdog.domain.pager import Silenced
from watchdog.ports import Clock, Store
from watchdog.presentation.text import moment

ALERTS_MAX = 200
"""Most alerts posted anew in one round."""
REMEMBERED_MAX = 1000
NOTHING_ELSE = "It keeps back what is sent from there, and nothing else: rollbacks and the other channels go on."

log = structlog.get_logger("watchdog")


class AlertKeeping(Protocol):
    """A channel whose alerts lapse unless they are posted anew. Raises Temporary or Permanent."""

    name: str
    every_seconds: float

    @property
    def ending(self) -> bool:
        """Return whether an end is still to be posted anew."""

    async def keep(self, references: Sequence[str]) -> Sequence[Silenced]:
        """Post these alerts anew, and recent ends; return the silences over the alerts."""


class AlertKeeper:
    """Keeps the alerts of one channel. `state` returns the present state, `held` this worker's services."""

    def __init__(
        self,
        alerts: AlertKeeping,
        store: Store,
        clock: Clock,
        state: Callable[[], State],
        held: Callable[[], Collection[str]],
    ) -> None:
        self._alerts = alerts
        self._store = store
        self._open = OpenIncidents(state, held, ALERTS_MAX)
        self._references: LRUCache[str, str | None] = LRUCache(REMEMBERED_MAX)
        self._seen: LRUCache[tuple[str, str], None] = LRUCache(REMEMBERED_MAX)
        self._poller = Poller("alerts", clock, self._wanted, self._round, alerts.every_seconds)

    def stepped(self, before: State, after: State, event: Event, effects: Sequence[Effect]) -> None:
        """Begin with the first open incident."""
        if self._open.may_begin(before, after, event):
            self._poller.wake()

    async def run(self) -> None:
        """Post anew for ever, while an incident is open, or its end is recent."""
        await self._poller.run()

    def _wanted(self) -> Sequence[str]:
        return (self._alerts.name,) if self._open.newest() or self._alerts.ending else ()

    async def _round(self, _channel: str) -> float:
        """Post once; return the seconds until the next time."""
        references = [await self._reference(incident.id) for _, incident in self._open.newest()]
        for silence in await self._alerts.keep([one for one in references if one]):
            await self._note(silence)
        return self._alerts.every_seconds

    async def _reference(self, incident_id: str) -> str | None:
        try:
            self._references[incident_id] = await self._store.reference(incident_id, self._alerts.name)
        except (Temporary, Permanent) as error:
            log.warning("alert posted anew from memory", incident=incident_id, why=str(error))
        return self._references.get(incident_id)

    async def _note(self, silence: Silenced) -> None:
        """Write a silence down, unless that was done, perhaps by another worker."""
        by, words = f"{self._alerts.name}: {silence.by}"[:NAME_MAX], _words(silence, self._alerts.name)
        if (silence.incident, words) in self._seen:
            return
        if (by, words) not in {(one.by, one.text) for one in await self._store.remarks(silence.incident)}:
            await self._store.remark(silence.incident, words, by)
            log.info("alert silenced elsewhere", incident=silence.incident, by=by)
        self._seen[silence.incident, words] = None


def _words(silence: Silenced, channel: str) -> str:
    """Return the remark's text: the same for the same silence, so that a restart recognises it."""
    until = f" until {moment(silence.until)}" if silence.until is not None else ""
    why = f': "{silence.why}"' if silence.why else ""
    return f"silenced in {channel}{until}{why}. {NOTHING_ELSE}"
