"""The two sides of a replay: the policy of the run, and another one on the same events.

Rule: another policy receives the same events, with two exceptions. It receives the outcome of an action only after it
requested that action too, with the same delay as in the run; and it is woken at the moments that it asked for. The
world's reaction to other actions is unknown (open loop). A caller that must go on all the same (readiness) supplies the
answers to actions that the run did not request.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from watchdog.adapters.recordings.recording_format import Changed
from watchdog.core.checked_step import checked_step
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.effects import Effect
from watchdog.domain.events import Event
from watchdog.domain.incidents import Shared, State
from watchdog.domain.policy import Policy
from watchdog.presentation.step_actions import StepAction, actions

LATE_SECONDS = 1.0
"""A wake that the run has not received this long after its time was not requested by the run."""
ORDERED = {
    fx.PinAutoDeploy: "pin",
    fx.Rollback: "rollback",
    fx.RestoreAutoDeploy: "restore",
    fx.TryRemedy: "remedy",
}
OUTCOMES: dict[type[Event], tuple[str, ...]] = {
    e.PinConfirmed: ("pin",),
    e.PinUnconfirmed: ("pin",),
    e.RollbackAccepted: ("rollback",),
    e.RollbackRefused: ("rollback",),
    e.RollbackStoodDown: ("rollback",),
    e.RollbackPostponed: ("pin", "rollback"),
    e.RollbackLost: ("rollback",),
    e.AutoDeployRestored: ("restore",),
    e.AutoDeployNotRestored: ("restore",),
    e.RemedyDone: ("remedy",),
    e.RemedyRefused: ("remedy",),
    e.RemedyPostponed: ("remedy",),
    e.RemedyLost: ("remedy",),
}
"""The events that are outcomes of an action, and the actions they may belong to."""


Key = tuple[str, str, str]
"""Identifies an action: its kind, service and incident."""
Act = fx.PinAutoDeploy | fx.Rollback | fx.RestoreAutoDeploy | fx.TryRemedy
StepListener = Callable[[State, Event, State, Sequence[Effect]], None]
"""Receives every step: the state before, the event, the state after, and the effects."""
Answer = Callable[[Act, float], Event | None]
"""Returns the outcome, later than the given moment, of an action that the run did not request; None: no answer."""


@dataclass(slots=True)
class PolicyRun:
    """One policy with its state, its actions, and the time of its latest request of each action."""

    policy: Policy
    state: State
    did: list[StepAction]
    ordered: dict[Key, float] = field(default_factory=dict)
    listener: StepListener | None = None

    def apply(self, event: Event) -> Sequence[Effect]:
        """Step the core with an event; return the effects."""
        before = self.state
        self.state, effects, _ = checked_step(before, event, self.policy)
        self.did.extend(actions(before, self.state, effects, event.at))
        for effect in effects:
            if isinstance(effect, Act):
                self.ordered[_key(effect)] = event.at
        if self.listener is not None:
            self.listener(before, event, self.state, effects)
        return effects


def _key(act: Act) -> Key:
    return ORDERED[type(act)], act.service, act.incident


class CounterfactualRun:
    """Another policy on the events of a run.

    It keeps three kinds of pending events. `_wakes` are moments that this policy asked for. `_held` are outcomes of the
    run's actions that this policy has not requested yet, each with its delay. `_due` are outcomes with a time, which
    are delivered before the next event of the run that is later.
    """

    def __init__(self, side: PolicyRun, recorded: PolicyRun, answer: Answer | None = None) -> None:
        self._side = side
        self._recorded = recorded
        self._answer = answer
        self._answered: set[Key] = set()
        self._wakes: list[float] = []
        self._held: dict[Key, list[tuple[float, Event]]] = {}
        self._due: list[Event] = []
        self._now = 0.0

    def wish(self, policy: Policy) -> None:
        """Replace the policy, as a reload of the configuration does."""
        self._side.policy = policy

    def apply(self, event: Event) -> None:
        """Take an event of the run, after the wakes and outcomes that are due for this policy alone."""
        self._now = max(self._now, event.at)
        while (overdue := self._overdue()) is not None:
            self._take(overdue)
        key = self._answers(event)
        # This policy asked earlier than the run and has its answer: a second outcome would contradict it.
        if key in self._answered:
            return
        if key is None or key in self._side.ordered:
            self._take(event)
        else:
            # Held with its delay: if this policy requests the action later, the platform takes as long as in the run.
            after_seconds = event.at - self._recorded.ordered[key]
            self._held.setdefault(key, []).append((after_seconds, event))

    def _overdue(self) -> Event | None:
        """Return the next event that is overdue for this policy: a wake that it asked for, or an outcome."""
        # A wake waits LATE_SECONDS: usually the run's own TimePassed for the same moment arrives and serves both.
        if self._wakes and self._wakes[0] < self._now - LATE_SECONDS:
            return e.TimePassed(self._wakes[0])
        first = min(self._due, key=lambda one: one.at, default=None)
        if first is None or first.at > self._now:
            return None
        self._due.remove(first)
        return first

    def _take(self, event: Event) -> None:
        if isinstance(event, e.TimePassed):
            # One TimePassed serves every wake that is due, in the core as here.
            while self._wakes and self._wakes[0] <= event.at:
                heapq.heappop(self._wakes)
        for effect in self._side.apply(event):
            if isinstance(effect, fx.WakeAt) and effect.at > event.at:
                heapq.heappush(self._wakes, effect.at)
            elif isinstance(effect, Act):
                self._imagine(effect, event.at)
        for key in [key for key in self._held if key in self._side.ordered]:
            for after_seconds, held in self._held.pop(key):
                self._due.append(replace(held, at=self._side.ordered[key] + after_seconds))

    def _imagine(self, act: Act, at: float) -> None:
        """Schedule the supplied answer to an action that the run has not requested, if there is one."""
        # The run requested it too: its real outcome, which `_held` keeps, is better than an invented one.
        if self._answer is None or _key(act) in self._recorded.ordered:
            return
        answer = self._answer(act, at)
        if answer is not None:
            self._answered.add(_key(act))
            self._due.append(answer)

    def _answers(self, event: Event) -> Key | None:
        """Return the action of the run whose outcome this event is, or None."""
        about = (getattr(event, "service", ""), getattr(event, "incident", ""))
        acts: list[Key] = [(kind, *about) for kind in OUTCOMES.get(type(event), ())]
        asked = [act for act in acts if act in self._recorded.ordered]
        # RollbackPostponed may answer a pin or a rollback: the one that was requested last.
        return max(asked, key=self._recorded.ordered.__getitem__, default=None)

    def change(self, before: State, after: State, changed: Changed) -> None:
        """Take over a change without an event (by another worker, or the store): the changed parts, as in the run."""
        # Only the shared fields that changed: the others belong to this policy's own course.
        state = applied(self._side.state, replace(changed, shared=None))
        was, now = before.shared, after.shared
        names = [name for name in Shared.__dataclass_fields__ if getattr(was, name) != getattr(now, name)]
        self._side.state = replace(state, **{name: getattr(now, name) for name in names})


def applied(state: State, changed: Changed) -> State:
    """Return the state with a recorded change applied."""
    if changed.names is not None:
        # `names` lists all services after the change, so one that is not in it was removed.
        services = {**state.services, **{one.name: one for one in changed.services}}
        state = replace(state, services={name: services[name] for name in changed.names if name in services})
    for part in (changed.fleet, changed.shared):
        state = state if part is None else state.with_part(part)
    return state
