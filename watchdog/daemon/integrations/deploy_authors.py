"""Reads the authors of a new deploy from the repository, once, while its watch window runs.

Rule 1: nothing waits for this: at the end of the window the core uses the authors it has by then.
Rule 2: a refused or unanswered request is repeated, as the poller does it; an answered one is not.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.daemon.integrations.suspect_commits import Pair, code_before, comparable
from watchdog.daemon.runtime.hooks import service_of
from watchdog.daemon.runtime.poller import NEVER, Poller
from watchdog.domain.effects import Effect
from watchdog.domain.events import AuthorsRead, Event, Restarted
from watchdog.domain.incidents import ServiceState, State
from watchdog.ports import Clock, Repository


@dataclass(frozen=True, slots=True)
class OnTrial:
    """A deploy in its watch window whose authors are not known, and the commits to compare."""

    service: str
    deploy: str
    pair: Pair

    def __str__(self) -> str:
        return f"{self.deploy} of {self.service}"


class DeployAuthors:
    """Reports the authors of live deploys to the core. `state` returns the present state."""

    def __init__(
        self, repository: Repository, clock: Clock, state: Callable[[], State], emit: Callable[[Event], Awaitable[None]]
    ) -> None:
        self._repository = repository
        self._clock = clock
        self._state = state
        self._emit = emit
        self._poller = Poller("deploy authors", clock, self._on_trial, self._ask)

    def stepped(self, before: State, after: State, event: Event, effects: Sequence[Effect]) -> None:
        """Look at once when a deploy's watch window begins, or a service in one moved to this worker."""
        now, was = service_of(event, after), service_of(event, before)
        if isinstance(event, Restarted) or (now is not was and _on_trial(now) not in ("", _on_trial(was))):
            self._poller.wake()

    async def run(self) -> None:
        """Ask for ever."""
        await self._poller.run()

    async def _ask(self, one: OnTrial) -> float:
        """Read the authors of a deploy and report them to the core, once."""
        found = await self._repository.compare(one.pair.repo, one.pair.base, one.pair.head)
        await self._emit(AuthorsRead(self._clock.now(), one.service, one.deploy, found.authors))
        return NEVER

    def _on_trial(self) -> Iterator[OnTrial]:
        for name, service in self._state().services.items():
            deploy, pair = _on_trial(service), _pair(service)
            if deploy and pair is not None:
                yield OnTrial(name, deploy, pair)


def _on_trial(service: ServiceState | None) -> str:
    """Return the deploy in its watch window without known authors, or an empty string."""
    trial = service.trial if service is not None else None
    return trial.deploy if trial is not None and not trial.authors else ""


def _pair(service: ServiceState) -> Pair | None:
    """Return the code that served before and the live one, if both are commits of a known repository."""
    repo = service.facts.repo if service.facts is not None else None
    live = live_deploy(service.deploys)
    head = live.code if live is not None else None
    return comparable(repo, code_before(service.deploys, head), head)
