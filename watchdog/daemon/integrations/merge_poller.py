"""Reads merged commits from the repository, only while the daemon holds auto-deploy of a service off.

Rule 1: it sleeps until auto-deploy is switched off, and then reads as rarely as the repository wants.
Rule 2: services of one branch (a monorepo's) share one read.
Rule 3: a refusal of the repository is reported at once; a missing answer, after some reads in a row.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from watchdog.daemon.runtime.hooks import service_of
from watchdog.daemon.runtime.poller import Poller
from watchdog.domain.effects import Effect
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.events import CommitsSeen, CommitsUnread, Event, Restarted
from watchdog.domain.incidents import ServiceState, State
from watchdog.ports import Clock, Repository

UNANSWERED_MAX = 3
"""Reads without an answer in a row that are reported."""
Place = tuple[str, str]
"""A repository's address and a branch of it."""


class MergePoller:
    """Reports the commits on branches that do not ship to the core. `state` returns the present state."""

    def __init__(
        self, repository: Repository, clock: Clock, state: Callable[[], State], emit: Callable[[Event], Awaitable[None]]
    ) -> None:
        self._repository = repository
        self._clock = clock
        self._state = state
        self._emit = emit
        self._unanswered: dict[Place, int] = {}
        self._poller = Poller("merges", clock, self._places, self._look, repository.every_seconds)

    def stepped(self, before: State, after: State, event: Event, effects: Sequence[Effect]) -> None:
        """Look when a service's merges stopped shipping in this step, or the service moved to this worker."""
        now, was = _place(service_of(event, after)), _place(service_of(event, before))
        if isinstance(event, Restarted) or now not in (None, was):
            self._poller.wake()

    async def run(self) -> None:
        """Look for ever."""
        await self._poller.run()

    def _places(self) -> Mapping[Place, list[str]]:
        """Return the branches that do not ship, with the services that are deployed from each."""
        places: dict[Place, list[str]] = {}
        for name, service in self._state().services.items():
            place = _place(service)
            if place is not None:
                places.setdefault(place, []).append(name)
        # A branch that ships again starts from zero.
        self._unanswered = {place: number for place, number in self._unanswered.items() if place in places}
        return places

    async def _look(self, place: Place) -> float:
        """Read one branch and report to each of its services; return the seconds until the next read."""
        # Dated before the read: a commit merged while it runs is newer than the answer.
        at, names = self._clock.now(), self._places().get(place, ())
        try:
            commits = tuple(await self._repository.commits(*place))
        except (Temporary, Permanent) as error:
            self._unanswered[place] = self._unanswered.get(place, 0) + 1
            if isinstance(error, Permanent) or self._unanswered[place] >= UNANSWERED_MAX:
                await self._tell(CommitsUnread(at, name, str(error)) for name in names)
            # The poller logs the error and sets the pause.
            raise
        self._unanswered.pop(place, None)
        await self._tell(CommitsSeen(at, name, commits) for name in names)
        return self._repository.every_seconds

    async def _tell(self, events: Iterable[Event]) -> None:
        for event in events:
            await self._emit(event)


def _place(service: ServiceState | None) -> Place | None:
    """Return the branch of a service that the daemon holds auto-deploy off for; None without one, or if unknown."""
    # `off`: auto-deploy was off before the daemon's switch, so merges did not ship anyway.
    if service is None or service.facts is None or service.auto_deploy_off in ("", "off"):
        return None
    repo, branch = service.facts.repo, service.facts.branch
    return (repo, branch) if repo and branch else None
