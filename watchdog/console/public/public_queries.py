"""From store and memory to public pages: read at most twice a minute, independent of the number of visitors.

Rule 1: during an outage of the store the past stays as last read, and the present is the memory of this worker.
Rule 2: the store may hang as well: a visitor waits WAIT_SECONDS at most, and at most WAITING_MAX visitors wait. At most
one read is in flight, and it continues in the background.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any

from watchdog.background import run_in_background
from watchdog.console.dependencies import Dependencies
from watchdog.console.public.calendar import Calendar
from watchdog.console.public.public_announcements import announced
from watchdog.console.public.public_views import (
    PublicIncident,
    PublicService,
    PublicView,
    StatusPage,
    day_of,
    ongoing,
    public_incident,
    worst,
)
from watchdog.console.queries.cached_cluster_state import CachedClusterState
from watchdog.core.assess import connectivity
from watchdog.domain.commands.announcements import Announcement
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import Incident, State
from watchdog.domain.policy import Policy
from watchdog.presentation.availability import ended_at, outages, that_count
from watchdog.presentation.incident_loader import LoadedPast
from watchdog.presentation.stats_loader import BUDGET_SECONDS, PERIOD_SECONDS
from watchdog.presentation.status_text import open_incident

PAST_DAYS = 14
PAST_MAX = 20
"""Closed incidents on one page."""
FRESH_SECONDS, SOON_SECONDS = 30.0, 2.0
"""How long a page is cached; the second number holds while its past is still being read."""
WAIT_SECONDS, WAITING_MAX = 1.0, 8

Spawn = Callable[[str, Coroutine[Any, Any, None]], asyncio.Task[None]]
"""Starts a short task of that name; the supervisor reports its errors."""


class TooMany(Exception):
    """No page is cached yet, and this visitor does not wait for one (any longer)."""


class PublicReader:
    """Makes the views of all public pages.

    Two kinds of tasks do the work, independent of the number of visitors: one reads state, calendar and past from the
    store (`_read_all`), one makes a page (`_make`). Each runs at most once at a time. A visitor waits for the page's
    task, which waits WAIT_SECONDS at most for the reads. The page is then cached for FRESH_SECONDS, or SOON_SECONDS
    while its past is incomplete. If enough visitors wait already, the next one gets the stale page, or TooMany."""

    def __init__(self, deps: Dependencies, pages: Sequence[StatusPage], spawn: Spawn) -> None:
        self._deps = deps
        self._spawn = spawn
        self._pages = {page.name: page for page in pages}
        self._cluster = CachedClusterState(deps)
        self._calendar = Calendar(deps.journal, deps.clock)
        self._past = LoadedPast(deps.journal, deps.clock, PERIOD_SECONDS)
        self._kept: dict[str, tuple[float, PublicView]] = {}
        self._making: dict[str, asyncio.Task[None]] = {}
        self._reading: asyncio.Task[None] | None = None
        self._found: tuple[State | None, bool] = None, False
        self._announcements: Sequence[Announcement] = ()
        self._read_since = 0.0
        self._waiting = 0

    def fresh(self, name: str) -> PublicView | None:
        """Return the cached page if it is fresh, else None."""
        at, view = self._kept.get(name, (0.0, None))
        if view is None:
            return None
        lasts = FRESH_SECONDS if view.complete else SOON_SECONDS
        return view if self._deps.clock.monotonic() - at < lasts else None

    async def view(self, name: str, *, may_wait: bool = True) -> PublicView:
        """Return a page; a stale one for a visitor who may not wait, or when enough visitors wait already.

        Raises KeyError for a page that is not configured, TooMany if none is cached yet.
        """
        page = self._pages[name]
        fresh = self.fresh(name)
        if fresh is not None:
            return fresh
        if may_wait and self._waiting < WAITING_MAX:
            self._waiting += 1
            try:
                # `wait` leaves the task running when this visitor disconnects; `await task` would cancel it for all.
                await asyncio.wait([self._begun(page)])
            finally:
                self._waiting -= 1
        elif name in self._kept:
            # This visitor gets the stale page; the next one finds the fresh one.
            self._begun(page)
        if name not in self._kept:
            raise TooMany
        return self._kept[name][1]

    def _begun(self, page: StatusPage) -> asyncio.Task[None]:
        """Return the one task that makes a page, started if none is running."""
        making = self._making.get(page.name)
        if making is None or making.done():
            self._making[page.name] = making = self._spawn(f"status page {page.name}", self._make(page))
        return making

    async def _make(self, page: StatusPage) -> None:
        policy = self._deps.policy()
        state, whole = await self._read()
        complete = whole and self._calendar.complete and self._past.complete
        given = page, policy, state or self._held(), self._past.incidents, complete
        view = await run_in_background(self._view, *given)
        self._kept[page.name] = self._deps.clock.monotonic(), view

    async def _read(self) -> tuple[State | None, bool]:
        """Return the state of all services, or None if the store was late, and whether the past was read completely."""
        loop = asyncio.get_running_loop()
        if self._reading is None or self._reading.done():
            # Cleared first: a late store must not make an earlier state look like the present one.
            self._found, self._read_since = (None, False), loop.time()
            self._reading = self._spawn("reading for the status pages", self._read_all())
        # The limit counts from the start of the read: with a hanging store later visitors do not wait anew.
        left = self._read_since + WAIT_SECONDS - loop.time()
        if left <= 0:
            return None, False
        # `wait` does not cancel a late read: it goes on, and the next page has its result.
        await asyncio.wait([self._reading], timeout=left)
        return self._found

    async def _read_all(self) -> None:
        policy = self._deps.policy()
        wanted = {name for one in self._pages.values() for name in one.services if name in policy.services}
        # An outage of the store leaves `_found` as far as it came: the state alone, or nothing.
        with suppress(Temporary):
            self._found = await self._cluster.state(), False
            self._announcements = await self._deps.journal.announcements()
            await self._calendar.refresh({name: that_count(policy.services[name]) for name in sorted(wanted)})
            await self._past.refresh(self._deps.clock.monotonic() + BUDGET_SECONDS)
            self._found = self._found[0], True

    def _held(self) -> State:
        """Return this worker's memory of the services it holds; its memory of other services is outdated."""
        state, held = self._deps.state(), self._deps.held()
        services = {name: one for name, one in state.services.items() if name in held}
        return State(services=services, control=state.control, unseen=state.unseen)

    def _view(
        self, page: StatusPage, policy: Policy, state: State, past: Sequence[Incident], complete: bool
    ) -> PublicView:
        """Build a page. It runs in a thread, so that it delays no probe; the calendar may grow meanwhile."""
        now = self._deps.clock.now()
        blind = connectivity.is_blind(state, policy, now)
        incidents = _incidents(page.services, state, past)
        found = [
            self._service(name, shown, policy, state, blind, [one for one in incidents if one.service == name], now)
            for name, shown in page.services.items()
        ]
        services, going_on = [one for one, _ in found], [one for _, one in found if one is not None]
        since = now - PAST_DAYS * 86400
        over = [one for one in incidents if (ended_at(one) or 0.0) >= since]
        return PublicView(
            at=now,
            name=page.name,
            title=page.title,
            state=worst(one.state for one in services),
            services=tuple(services),
            open=tuple(sorted(going_on, key=lambda one: one.begins_at, reverse=True)),
            past=tuple(public_incident(one, page.services) for one in over[:PAST_MAX]),
            announcements=announced(self._announcements, page.name, page.services, now, since),
            complete=complete,
        )

    def _service(
        self,
        name: str,
        shown: str,
        policy: Policy,
        state: State,
        blind: bool,
        incidents: Sequence[Incident],
        now: float,
    ) -> tuple[PublicService, PublicIncident | None]:
        """Return a service with its state, and the incident that goes on there: one source for both."""
        calendar = self._calendar
        outage = next((one for one in incidents if ended_at(one) is None), None)
        how, found = ongoing(shown, policy.services.get(name), state.services.get(name), outage, blind, now)
        days = tuple(day_of(float(day), calendar.hours(name, day), incidents, now) for day in calendar.days)
        return PublicService(shown, how, days), found


def _incidents(services: Mapping[str, str], state: State, past: Sequence[Incident]) -> list[Incident]:
    """Return the incidents to show, newest first; an open one may exist in memory alone."""
    known = {one.id: one for one in past}
    # The state is newer than the past, which is read every 30 s.
    for service in state.services.values():
        newest = open_incident(service) or service.incident
        if newest is not None:
            known[newest.id] = newest
    return sorted(
        outages(one for one in known.values() if one.service in services),
        key=lambda one: (one.onset_at, one.id),
        reverse=True,
    )
