"""Plays an imported history through the real core, step by step, as a daemon in mode observe would have processed it.

Rule 1: the history keeps its own pace: when the core asks for a faster one, there are no further readings to give.
Rule 2: the core receives the wakes and the deploy lists that it asks for, at the moments it asks for them.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from watchdog.core.checked_step import checked_step
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.events import Event, Observed
from watchdog.domain.incidents import Phase, State
from watchdog.domain.policy import Policy
from watchdog.domain.store_records import Step
from watchdog.replay.event_queue import EventQueue


class Deploys(NamedTuple):
    """The deploys of a history: the `moments` at which one went live, and the platform's list at any moment."""

    moments: Sequence[float]
    listed: Callable[[float], tuple[Deploy, ...]]


class HistoryReplay:
    """One service's history. `deploys` is None if none were imported: the core then never receives a list."""

    def __init__(self, policy: Policy, service: str, observed: Sequence[Observed], deploys: Deploys | None) -> None:
        self._policy = policy
        self._service = service
        self._observed = observed
        self._deploys = deploys
        self._agenda = EventQueue(observed[0].at)
        self._state = State()
        self._steps: list[Step] = []
        self._asked = 0

    def steps(self) -> Iterator[Step]:
        """Yield every step in order of time."""
        self._apply(e.Restarted(self._agenda.now))
        self._list_deploys()
        for at in self._deploys.moments if self._deploys is not None else ():
            if at > self._agenda.now:
                self._agenda.at(at, self._list_deploys)
        for one in self._observed:
            # Wakes and deploys due before the reading run first; the reading itself is not on the agenda.
            self._agenda.run(one.at)
            self._agenda.now = max(self._agenda.now, one.at)
            self._apply(one)
            # After each reading, so that the steps of months are never held in memory.
            yield from self._taken()
        yield from self._taken()

    def _taken(self) -> Sequence[Step]:
        taken, self._steps = self._steps, []
        return taken

    def _apply(self, event: Event) -> None:
        before = self._state
        self._state, effects, _ = checked_step(before, event, self._policy)
        self._steps.append(Step(before, event, self._policy, self._state, effects))
        for effect in effects:
            if isinstance(effect, fx.WakeAt):
                self._agenda.at(effect.at, lambda: self._apply(e.TimePassed(self._agenda.now)))
            elif isinstance(effect, fx.ReadDeploys):
                self._asked += 1
                self._read_deploys(self._asked, effect.every_seconds)

    def _read_deploys(self, asked: int, every_seconds: float) -> None:
        """List the deploys now and at this interval, until the core sets another one.

        While the service is calm the chain ends: then only a new deploy is news, and `moments` deliver those.
        """

        def read() -> None:
            # A newer ReadDeploys replaces this chain of reads, which cannot be removed from the queue.
            if asked == self._asked and self._phase is not Phase.CALM:
                self._list_deploys()
                self._agenda.at(self._agenda.now + every_seconds, read)

        if self._deploys is not None:
            self._agenda.at(self._agenda.now, read)

    @property
    def _phase(self) -> Phase:
        service = self._state.services.get(self._service)
        return service.phase if service is not None else Phase.CALM

    def _list_deploys(self) -> None:
        if self._deploys is not None:
            platform_id = self._policy.services[self._service].platform_id or self._service
            facts = ServiceFacts(platform_id, self._service)
            found = self._deploys.listed(self._agenda.now)
            self._apply(e.DeploysListed(self._agenda.now, self._service, found, facts))
