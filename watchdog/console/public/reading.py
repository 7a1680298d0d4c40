"""From the world to public pages: read at most twice a minute, whoever and however many look.

Rule: while the store is away the past stands as it was read last, and the present is what this worker sees by itself.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

from watchdog.console.everyone import Everyone
from watchdog.console.public.calendar import Calendar
from watchdog.console.public.told import (
    SHOWN,
    UNKNOWN,
    PublicService,
    PublicView,
    StatusPage,
    day_of,
    ended_at,
    state_of,
    that_count,
    told,
    worst,
)
from watchdog.console.world import World
from watchdog.core import sight
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import Incident, State
from watchdog.domain.policy import Policy
from watchdog.words.numbers import BUDGET_SECONDS, PERIOD_SECONDS
from watchdog.words.past import Past
from watchdog.words.standing import open_incident

PAST_DAYS = 14
PAST_MAX = 20
"""Incidents that are over, on one page."""
FRESH_SECONDS, SOON_SECONDS = 30.0, 2.0
"""How long a page is kept; and while its past is still being read."""


class PublicReader:
    """Makes the views of all public pages."""

    def __init__(self, world: World, pages: Sequence[StatusPage]) -> None:
        self._world = world
        self._pages = {page.name: page for page in pages}
        self._everyone = Everyone(world)
        self._calendar = Calendar(world.journal, world.clock)
        self._past = Past(world.journal, world.clock, PERIOD_SECONDS)
        self._kept: dict[str, tuple[float, PublicView]] = {}
        self._lock = asyncio.Lock()

    async def view(self, name: str) -> PublicView:
        """Return a page, made at most that long ago. Raises KeyError for one that is not configured."""
        page = self._pages[name]
        async with self._lock:
            kept = self._kept.get(name)
            if kept is not None:
                fresh = FRESH_SECONDS if kept[1].complete else SOON_SECONDS
                if self._world.clock.monotonic() - kept[0] < fresh:
                    return kept[1]
            view = await self._made(page)
            self._kept[name] = self._world.clock.monotonic(), view
            return view

    async def _made(self, page: StatusPage) -> PublicView:
        policy, state = self._world.policy(), self._held()
        wanted = {name for one in self._pages.values() for name in one.services if name in policy.services}
        read = False
        with suppress(Temporary):
            state = await self._everyone.state()
            await self._calendar.refresh({name: that_count(policy.services[name]) for name in sorted(wanted)})
            await self._past.refresh(self._world.clock.monotonic() + BUDGET_SECONDS)
            read = True
        complete = read and self._calendar.complete and self._past.complete
        return await asyncio.to_thread(self._view, page, policy, state, complete)

    def _held(self) -> State:
        """Return what this worker sees by itself: of what others hold, an old memory of ours is no news."""
        state, held = self._world.state(), self._world.held()
        services = {name: one for name, one in state.services.items() if name in held}
        return State(services=services, control=state.control, unseen=state.unseen)

    def _view(self, page: StatusPage, policy: Policy, state: State, complete: bool) -> PublicView:
        """Put a page together: in a thread, no probe waits for it."""
        now = self._world.clock.now()
        blind = sight.is_blind(state, policy, now)
        incidents = self._incidents(page.services, state)
        services = [
            self._service(name, shown, policy, state, blind, [one for one in incidents if one.service == name], now)
            for name, shown in page.services.items()
        ]
        over = [one for one in incidents if (ended_at(one) or 0.0) >= now - PAST_DAYS * 86400]
        return PublicView(
            at=now,
            title=page.title,
            state=worst(one.state for one in services),
            services=tuple(services),
            open=tuple(told(one, page.services) for one in incidents if ended_at(one) is None),
            past=tuple(told(one, page.services) for one in over[:PAST_MAX]),
            complete=complete,
        )

    def _incidents(self, services: Mapping[str, str], state: State) -> list[Incident]:
        """Return what is shown of these services, newest first; what is open may be known from memory alone."""
        known = {one.id: one for one in self._past.incidents}
        for service in state.services.values():
            newest = open_incident(service) or service.incident
            if newest is not None:
                known[newest.id] = newest
        shown = [one for one in known.values() if one.service in services and one.severity in SHOWN]
        return sorted(shown, key=lambda one: (one.onset_at, one.id), reverse=True)

    def _service(
        self,
        name: str,
        shown: str,
        policy: Policy,
        state: State,
        blind: bool,
        incidents: Sequence[Incident],
        now: float,
    ) -> PublicService:
        wishes, calendar = policy.services.get(name), self._calendar
        return PublicService(
            name=shown,
            state=state_of(wishes, state.services.get(name), blind, now) if wishes is not None else UNKNOWN,
            days=tuple(day_of(float(day), calendar.hours(name, day), incidents, now) for day in calendar.days),
        )
