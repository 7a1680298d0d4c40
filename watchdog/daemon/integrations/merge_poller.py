"""Asks the repository what was merged, only while auto-deploy of a service of ours is off because of us.

Rule 1: it sleeps until a switch, and then reads as rarely as the repository wants.
Rule 2: services of one branch (a monorepo's) share one look.
Rule 3: what a repository refuses is told at once; that it does not answer, after some looks in a row.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from watchdog.daemon.runtime.sleep import sleep_until_set
from watchdog.domain.deploys import Commit
from watchdog.domain.effects import Effect
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.events import CommitsSeen, CommitsUnread, Event, Restarted
from watchdog.domain.incidents import ServiceState, State
from watchdog.ports import Clock, Repository

UNANSWERED_MAX = 3
"""So many looks in a row without an answer are told of."""
Place = tuple[str, str]
"""A repository's address and a branch of it."""

log = structlog.get_logger("watchdog")


class MergePoller:
    """Tells the core which commits are on the branches that do not ship. `state` returns what is known now."""

    def __init__(
        self, repository: Repository, clock: Clock, state: Callable[[], State], emit: Callable[[Event], Awaitable[None]]
    ) -> None:
        self._repository = repository
        self._clock = clock
        self._state = state
        self._emit = emit
        self._nudged = asyncio.Event()
        self._due: dict[Place, float] = {}
        self._unanswered: dict[Place, int] = {}

    def stepped(self, before: State, after: State, event: Event, effects: Sequence[Effect]) -> None:
        """Look at once when a service's auto-deploy is off since this turn, or the service came to us just now."""
        name = getattr(event, "service", None)
        switched = name is not None and _is_off(after.services.get(name)) and not _is_off(before.services.get(name))
        if switched or isinstance(event, Restarted):
            self._nudged.set()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            self._nudged.clear()
            await self._look_where_due()
            if any(map(_is_off, self._state().services.values())):
                soonest = min(self._due.values(), default=self._clock.monotonic() + self._repository.every_seconds)
                await sleep_until_set(self._clock, max(soonest - self._clock.monotonic(), 1.0), self._nudged)
            else:
                await self._nudged.wait()

    async def _look_where_due(self) -> None:
        places = self._places()
        self._due = {place: at for place, at in self._due.items() if place in places}
        self._unanswered = {place: number for place, number in self._unanswered.items() if place in places}
        for place, names in places.items():
            if self._due.get(place, 0.0) <= self._clock.monotonic():
                await self._look(place, names)

    def _places(self) -> Mapping[Place, list[str]]:
        """Return the branches that do not ship, with the services that are deployed from each."""
        places: dict[Place, list[str]] = {}
        for name, service in self._state().services.items():
            facts = service.facts
            if _is_off(service) and facts is not None and facts.repo and facts.branch:
                places.setdefault((facts.repo, facts.branch), []).append(name)
        return places

    async def _look(self, place: Place, names: Sequence[str]) -> None:
        """Read one branch and tell each of its services."""
        at, why = self._clock.now(), ""
        commits: tuple[Commit, ...] = ()
        self._due[place] = self._clock.monotonic() + self._repository.every_seconds
        try:
            commits = tuple(await self._repository.commits(*place))
            self._unanswered.pop(place, None)
        except Permanent as error:
            why = str(error)
        except Temporary as error:
            log.warning("merges could not be read", services=list(names), why=str(error))
            self._unanswered[place] = self._unanswered.get(place, 0) + 1
            if self._unanswered[place] < UNANSWERED_MAX:
                return
            why = str(error)
        for name in names:
            await self._emit(CommitsUnread(at, name, why) if why else CommitsSeen(at, name, commits))


def _is_off(service: ServiceState | None) -> bool:
    return service is not None and service.auto_deploy_off not in ("", "off")
