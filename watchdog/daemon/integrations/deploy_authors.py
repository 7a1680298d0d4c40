"""Who wrote a deploy that may become good news: asked of the repository once, while its watch window runs.

Rule 1: nothing waits for this: at the end of the window the core says what it knows by then.
Rule 2: a refusal is taken for an answer, until the next deploy; what is not answered is asked again after a minute.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Sequence

import structlog

from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.daemon.integrations.suspect_commits import Pair, code_before
from watchdog.daemon.runtime.sleep import sleep_until_set
from watchdog.domain.code_comparison import is_commit
from watchdog.domain.effects import Effect
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.events import AuthorsRead, Event, Restarted
from watchdog.domain.incidents import ServiceState, State
from watchdog.ports import Clock, Repository

AGAIN_SECONDS = 60.0
REMEMBERED_MAX = 500
NEVER = float("inf")
Key = tuple[str, str]
"""A service, a deploy of it."""

log = structlog.get_logger("watchdog")


class DeployAuthors:
    """Tells the core who wrote what is live. `state` returns what is known now."""

    def __init__(
        self, repository: Repository, clock: Clock, state: Callable[[], State], emit: Callable[[Event], Awaitable[None]]
    ) -> None:
        self._repository = repository
        self._clock = clock
        self._state = state
        self._emit = emit
        self._nudged = asyncio.Event()
        self._not_before: OrderedDict[Key, float] = OrderedDict()

    def stepped(self, before: State, after: State, event: Event, effects: Sequence[Effect]) -> None:
        """Look at once when a deploy's window begins, or a service came to us in the middle of one."""
        name = getattr(event, "service", None)
        now, was = (one.services.get(name) if name is not None else None for one in (after, before))
        if isinstance(event, Restarted) or (now is not was and _on_trial(now) not in ("", _on_trial(was))):
            self._nudged.set()

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            self._nudged.clear()
            for name, deploy, pair in tuple(self._wanted()):
                self._keep((name, deploy), await self._ask(name, deploy, pair))
            dues = [self._not_before.get((name, deploy), 0.0) for name, deploy, _ in self._on_trial()]
            soonest = min(dues, default=NEVER)
            if soonest == NEVER:
                await self._nudged.wait()
            else:
                await sleep_until_set(self._clock, max(soonest - self._clock.monotonic(), 1.0), self._nudged)

    async def _ask(self, name: str, deploy: str, pair: Pair) -> float:
        """Ask who wrote a deploy and tell the core; return when to ask again (monotonic seconds)."""
        try:
            found = await self._repository.compare(pair.repo, pair.base, pair.head)
        except (Temporary, Permanent) as error:
            log.warning("the authors of a deploy could not be read", service=name, why=str(error))
            if isinstance(error, Permanent):
                return NEVER
            return self._clock.monotonic() + max(AGAIN_SECONDS, error.retry_after_seconds)
        await self._emit(AuthorsRead(self._clock.now(), name, deploy, found.authors))
        return NEVER

    def _keep(self, key: Key, not_before: float) -> None:
        self._not_before[key] = not_before
        self._not_before.move_to_end(key)
        while len(self._not_before) > REMEMBERED_MAX:
            self._not_before.popitem(last=False)

    def _wanted(self) -> Iterator[tuple[str, str, Pair]]:
        """Yield what is to be asked now."""
        for name, deploy, pair in self._on_trial():
            if self._not_before.get((name, deploy), 0.0) <= self._clock.monotonic():
                yield name, deploy, pair

    def _on_trial(self) -> Iterator[tuple[str, str, Pair]]:
        """Yield every deploy in its window of which the authors are not known, with what is to be compared."""
        for name, service in self._state().services.items():
            deploy, pair = _on_trial(service), _pair(service)
            if deploy and pair is not None:
                yield name, deploy, pair


def _on_trial(service: ServiceState | None) -> str:
    """Return the deploy that is in its watch window and whose authors are not known, or nothing."""
    trial = service.trial if service is not None else None
    return trial.deploy if trial is not None and not trial.authors else ""


def _pair(service: ServiceState) -> Pair | None:
    """Return what served before and what is live, if both are commits of a repository that is known."""
    repo = service.facts.repo if service.facts is not None else None
    live = live_deploy(service.deploys)
    head = live.code if live is not None else None
    base = code_before(service.deploys, head)
    return Pair(repo, base, head) if repo and base and head and is_commit(base) and is_commit(head) else None
