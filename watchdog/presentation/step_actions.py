"""The actions of one step of the core, in words: its decision, and its effects outside.

Rule: only facts that a person would ask about: time, service, action, reason, target; paces and wakes are internal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchdog.domain import effects as fx
from watchdog.domain.decisions import Course, Decision
from watchdog.domain.effects import Effect
from watchdog.domain.incidents import Incident, State
from watchdog.domain.remedies.kinds import words
from watchdog.presentation.notices.notice_text import worded
from watchdog.presentation.text import short

ACTS = ("pin", "rollback", "restore", "remedy")
"""Kinds of action that change production."""
TOWARDS = (Course.ROLLBACK, Course.ANNOUNCE, Course.ASK)
"""Courses that lead to a deploy; the others name in words the one they would lead to."""


@dataclass(frozen=True, slots=True)
class StepAction:
    """One action: `kind` is decided, page, tell, or one of ACTS; `delay_seconds` is from the onset to a decision.

    `means` is the action without its wording: two versions that word a title differently mean the same.
    """

    at: float
    service: str
    incident: str
    kind: str
    what: str
    why: str = ""
    target: str = ""
    delay_seconds: float | None = None
    means: str = ""

    @property
    def is_act(self) -> bool:
        """Return whether the action changes production."""
        return self.kind in ACTS

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "StepAction":
        """Return the action from its JSON object; fields of a newer version are ignored. Raises TypeError or
        KeyError."""
        return cls(**{name: plain[name] for name in cls.__slots__ if name in plain})

    def json_object(self) -> Mapping[str, Any]:
        """Return the action for machines, without unknown fields."""
        named = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in named.items() if value not in ("", None)}


def actions(before: State, after: State, effects: Sequence[Effect], at: float) -> Iterator[StepAction]:
    """Yield the actions of one step: first the decision, then its effects outside."""
    for name, service in after.services.items():
        known = before.services.get(name)
        # States are immutable: an unchanged service is the same object.
        if service is not known and service.incident is not None:
            yield from _decided(known.incident if known is not None else None, service.incident)
    for effect in effects:
        done = _outside(effect, at)
        if done is not None:
            yield done


def _decided(before: Incident | None, incident: Incident) -> Iterator[StepAction]:
    decision = incident.decision
    # By identity: a step without a new decision keeps the object, and an equal new one is a new one.
    if decision is None or (before is not None and before.decision is decision):
        return
    # The other courses may have found a target as well, but lead to no deploy.
    named = decision.target is not None and decision.course in TOWARDS
    deploy = decision.target.deploy if named and decision.target is not None else None
    yield StepAction(
        decision.at,
        incident.service,
        incident.id,
        "decided",
        f"{decision.course.value} ({decision.severity.value})" + (f"; {decision.would}" if decision.would else ""),
        decision.why,
        deploy.id if deploy is not None else "",
        decision.at - incident.onset_at,
        _meant(decision),
    )


def _meant(decision: Decision) -> str:
    """Return the decision without its wording; in mode observe the course that would have been taken."""
    course, target = decision.would_course or decision.course.value, decision.target
    deploy = target.deploy.id if course in TOWARDS and target is not None and target.deploy is not None else ""
    return f"{course} {decision.severity.value} {deploy}".strip()


def _outside(effect: Effect, at: float) -> StepAction | None:
    match effect:
        case fx.Tell(notice, channels):
            kind, whom = ("page" if notice.wakes else "tell"), ", ".join(channels)
            what = f"{notice.kind.value}: {worded(notice, at).title}"
            means = notice.kind.value
            return StepAction(at, notice.service, notice.incident, kind, what, f"to {whom}", means=means)
        case fx.PinAutoDeploy():
            return StepAction(at, effect.service, effect.incident, "pin", "auto-deploy off")
        case fx.Rollback():
            what = f"rebuild commit {short(effect.target_code)}" if effect.rebuild else "roll back"
            who = f"asked by {effect.approved_by}" if effect.approved_by else ""
            what = f"{what} away from {effect.suspect}"
            return StepAction(at, effect.service, effect.incident, "rollback", what, who, effect.target, means=what)
        case fx.RestoreAutoDeploy():
            return StepAction(at, effect.service, effect.incident, "restore", f"auto-deploy {effect.value} again")
        case fx.TryRemedy():
            who = f"asked by {effect.approved_by}" if effect.approved_by else ""
            return StepAction(at, effect.service, effect.incident, "remedy", words(effect.remedy).intent, who)
    return None
