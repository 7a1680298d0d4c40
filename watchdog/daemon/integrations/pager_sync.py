"""Reads back from the pager who acknowledged or resolved our pages, while a page is open.

Rule 1: both become remarks, which say who responded and when. An acknowledgement is told to the core, so that nobody
else is called; whether the incident is over is judged by looking at the site.
Rule 2: a remark is what a restart knows a response by: none is written twice.
Rule 3: only for incidents whose service is ours to decide on, and only where the pager was told.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog
from cachetools import LRUCache

from watchdog.daemon.runtime.hooks import service_of
from watchdog.daemon.runtime.poller import Poller
from watchdog.domain.effects import Effect
from watchdog.domain.events import Acknowledged, Event, Restarted
from watchdog.domain.incident_notes import NAME_MAX
from watchdog.domain.incidents import Incident, State
from watchdog.domain.pager import Response
from watchdog.ports import Clock, Store

PAGES_MAX = 50
"""Incidents that are asked about in one round."""
EARLIER_SECONDS = 60.0
"""The pager's clock may be behind ours by so much."""
WHOLE_SECONDS = 1.0
"""The pager tells moments without their fractions."""
REMEMBERED_MAX = 1000
OPEN_THERE = ("info", "woken")
"""What the channel remembers of an alert that it has not closed."""

log = structlog.get_logger("watchdog")


class PagerReader(Protocol):
    """A pager that tells what humans did. It is only read, every `every_seconds`. Raises Temporary or Permanent."""

    name: str
    every_seconds: float

    async def responses(self, dedup_key: str, since: float) -> Sequence[Response]:
        """Return what humans did about the pages of that key since then (UTC epoch seconds), oldest first."""

    async def close(self) -> None:
        """Close connections."""


class PagerSync:
    """Asks the pager. `state` returns what is known now, `held` the services that are ours; `tell` tells the core."""

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
        self._state = state
        self._held = held
        self._tell = tell
        self._seen: LRUCache[tuple[str, str], None] = LRUCache(REMEMBERED_MAX)
        self._poller = Poller("who responded to a page", clock, self._pagers, self._round, pager.every_seconds)

    def stepped(self, before: State, after: State, event: Event, effects: Sequence[Effect]) -> None:
        """Begin to ask when a service has an incident that people were told of since this turn."""
        now, was = service_of(event, after), service_of(event, before)
        begins = now is not None and _is_told(now.incident) and not (was is not None and _is_told(was.incident))
        if isinstance(event, Restarted) or begins:
            self._poller.wake()

    async def run(self) -> None:
        """Ask for ever, while there is something to ask about."""
        await self._poller.run()

    def _pagers(self) -> Sequence[str]:
        """Return the pager, while there is something to ask it about: one refusal is of all incidents."""
        return (self._pager.name,) if self._told() else ()

    def _told(self) -> Sequence[tuple[str, Incident]]:
        """Return the open incidents of ours that people were told of, the newest first."""
        held = self._held()
        found = [(name, one.incident) for name, one in self._state().services.items() if name in held]
        open_ones = [(name, one) for name, one in found if one is not None and _is_told(one)]
        return sorted(open_ones, key=lambda pair: -pair[1].opened_at)[:PAGES_MAX]

    async def _round(self, _pager: str) -> float:
        """Ask about each incident; return the seconds until the next round."""
        for name, incident in self._told():
            if await self._store.reference(incident.id, self._pager.name) in OPEN_THERE:
                await self._ask(name, incident)
        return self._pager.every_seconds

    async def _ask(self, service: str, incident: Incident) -> None:
        """Write down what is new about one incident."""
        since = incident.opened_at - EARLIER_SECONDS
        found = await self._pager.responses(f"watchdog/{service}/{incident.id}", since)
        new = [one for one in found if (incident.id, one.id) not in self._seen]
        if not new:
            return
        written = {(remark.by, remark.text) for remark in await self._store.remarks(incident.id)}
        for response in new:
            by, words = f"{self._pager.name}: {response.who}"[:NAME_MAX], _words(response, self._pager.name)
            if (by, words) not in written:
                await self._write_down(incident.id, response, by, words)
            if response.what == "acknowledged":  # also if it is written down: a start may have ended before this
                await self._tell(Acknowledged(self._clock.now(), incident.id, by, response.at + WHOLE_SECONDS))
            self._seen[incident.id, response.id] = None

    async def _write_down(self, incident_id: str, response: Response, by: str, words: str) -> None:
        await self._store.remark(incident_id, words, by)
        log.info("a human responded", incident=incident_id, what=response.what, by=by)


def _is_told(incident: Incident | None) -> bool:
    return incident is not None and incident.closed_at is None and incident.paged


def _words(response: Response, pager: str) -> str:
    """Return the remark: the same words for the same act, whoever writes them."""
    at = datetime.fromtimestamp(response.at, UTC)
    return f"{response.what} the page in {pager} at {at:%Y-%m-%d %H:%M:%S} UTC"
