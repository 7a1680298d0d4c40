"""Reads back from the pager who acknowledged or resolved the daemon's pages, while a page is open.

Rule 1: both become remarks with name and time. An acknowledgement goes to the core, so that the next person is not
called; whether the incident is over is judged by probes alone.
Rule 2: the remarks identify responses after a restart: none is written twice.
Rule 3: only for incidents of this worker's services, and only where the pager was notified.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog
from cachetools import LRUCache

from watchdog.daemon.integrations.open_incidents import OpenIncidents
from watchdog.daemon.runtime.poller import Poller
from watchdog.domain.effects import Effect
from watchdog.domain.events import Acknowledged, Event
from watchdog.domain.incident_notes import NAME_MAX
from watchdog.domain.incidents import Incident, State
from watchdog.domain.pager import Response
from watchdog.ports import Clock, Store

PAGES_MAX = 50
"""Most incidents read in one round."""
EARLIER_SECONDS = 60.0
"""Tolerated lag of the pager's clock."""
WHOLE_SECONDS = 1.0
"""The pager's times have whole seconds."""
REMEMBERED_MAX = 1000
OPEN_THERE = ("info", "woken")
"""References of the channel for an alert it has not closed."""

log = structlog.get_logger("watchdog")


class PagerReader(Protocol):
    """A pager's read interface, called every `every_seconds`. Raises Temporary or Permanent."""

    name: str
    every_seconds: float

    @property
    def ahead_seconds(self) -> float:
        """Return how far our clock is ahead of the pager's (negative: behind), by its last answer."""

    async def responses(self, dedup_key: str, since: float) -> Sequence[Response]:
        """Return the humans' responses to pages of that key since then (UTC epoch seconds), oldest first."""

    async def close(self) -> None:
        """Close connections."""


class PagerSync:
    """Reads the pager. `state` returns the present state, `held` this worker's services; `tell` submits to the core."""

    def __init__(
        self,
        pager: PagerReader,
        store: Store,
        clock: Clock,
        state: Callable[[], State],
        held: Callable[[], Collection[str]],
        tell: Callable[[Event], Awaitable[None]],
    ) -> None:
        self._pager = pager
        self._store = store
        self._clock = clock
        self._paged = OpenIncidents(state, held, PAGES_MAX, lambda incident: incident.paged)
        self._tell = tell
        self._seen: LRUCache[tuple[str, str], None] = LRUCache(REMEMBERED_MAX)
        self._poller = Poller("page responses", clock, self._pagers, self._round, pager.every_seconds)

    def stepped(self, before: State, after: State, event: Event, effects: Sequence[Effect]) -> None:
        """Begin to read when this step paged people for an incident."""
        if self._paged.may_begin(before, after, event):
            self._poller.wake()

    async def run(self) -> None:
        """Read for ever, while a paged incident is open."""
        await self._poller.run()

    def _pagers(self) -> Sequence[str]:
        """Return the pager while an incident needs it: the poller's error handling then covers all incidents at
        once.
        """
        return (self._pager.name,) if self._paged.newest() else ()

    async def _round(self, _pager: str) -> float:
        """Read each incident's responses; return the seconds until the next round."""
        for name, incident in self._paged.newest():
            # Without an open alert in the pager there is no response to read.
            if await self._store.reference(incident.id, self._pager.name) in OPEN_THERE:
                await self._ask(name, incident)
        return self._pager.every_seconds

    async def _ask(self, service: str, incident: Incident) -> None:
        """Record the new responses of one incident."""
        since = incident.opened_at - EARLIER_SECONDS
        found = await self._pager.responses(f"watchdog/{service}/{incident.id}", since)
        new = [one for one in found if (incident.id, one.id) not in self._seen]
        if not new:
            return
        # From the store: another worker, or this one before a restart, may have recorded it.
        written = {(remark.by, remark.text) for remark in await self._store.remarks(incident.id)}
        for response in new:
            by, words = f"{self._pager.name}: {response.who}"[:NAME_MAX], _words(response, self._pager.name)
            if (by, words) not in written:
                await self._write_down(incident.id, response, by, words)
            if response.what == "acknowledged":  # also if recorded: a worker may have died in between
                # By our clock, as the core compares it with the moment of its call.
                said_at = response.at + self._pager.ahead_seconds + WHOLE_SECONDS
                await self._tell(Acknowledged(self._clock.now(), incident.id, by, said_at))
            # Last: a response whose record or event failed is handled again in the next round.
            self._seen[incident.id, response.id] = None

    async def _write_down(self, incident_id: str, response: Response, by: str, words: str) -> None:
        await self._store.remark(incident_id, words, by)
        log.info("page response received", incident=incident_id, what=response.what, by=by)


def _words(response: Response, pager: str) -> str:
    """Return the remark's text: the same for the same response, so that a restart recognises it."""
    at = datetime.fromtimestamp(response.at, UTC)
    return f"{response.what} the page in {pager} at {at:%Y-%m-%d %H:%M:%S} UTC"
