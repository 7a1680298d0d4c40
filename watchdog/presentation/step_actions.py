"""What a step of the core did, in words: what was decided, and what it asks for outside.

Rule: only what a human would ask about: when, on which service, what, why, where to; paces and wakes are our affair.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchdog.domain import effects as fx
from watchdog.domain.decisions import Course, Decision
from watchdog.domain.effects import Effect
from watchdog.domain.incidents import Incident, State
from watchdog.presentation.notice_text import worded

ACTS = ("pin", "rollback", "restore")
"""Kinds that change production."""
TOWARDS = (Course.ROLLBACK, Course.ANNOUNCE, Course.ASK)
"""Courses that lead to a deploy; the others say in words where they would."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing: `kind` is decided, page, tell, or one of ACTS; `delay_seconds` is from the onset to a decision.

    `means` is `what` without its words: two versions that word a title differently mean the same.
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
        """Tell whether it changes production."""
        return self.kind in ACTS

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Action":
        """Return it as it was written, perhaps by a version that knew more of it. Raises TypeError or KeyError."""
        return cls(**{name: plain[name] for name in cls.__slots__ if name in plain})

    def json_object(self) -> Mapping[str, Any]:
        """Return it for machines; what is not known is left out."""
        named = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in named.items() if value not in ("", None)}


def actions(before: State, after: State, effects: Sequence[Effect], at: float) -> Iterator[Action]:
    """Yield what one step did: first what was decided, then what it asks for outside."""
    for name, service in after.services.items():
        known = before.services.get(name)
        if service is not known and service.incident is not None:
            yield from _decided(known.incident if known is not None else None, service.incident)
    for effect in effects:
        done = _outside(effect, at)
        if done is not None:
            yield done


def _decided(before: Incident | None, incident: Incident) -> Iterator[Action]:
    decision = incident.decision
    if decision is None or (before is not None and before.decision is decision):
        return
    named = decision.target is not None and decision.course in TOWARDS
    deploy = decision.target.deploy if named and decision.target is not None else None
    yield Action(
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
    """Return what was decided without its words; in mode observe what would have been done."""
    course, target = decision.would_course or decision.course.value, decision.target
    deploy = target.deploy.id if course in TOWARDS and target is not None and target.deploy is not None else ""
    return f"{course} {decision.severity.value} {deploy}".strip()


def _outside(effect: Effect, at: float) -> Action | None:
    match effect:
        case fx.Tell(notice, channels):
            kind, whom = ("page" if notice.wakes else "tell"), ", ".join(channels)
            what = f"{notice.kind.value}: {worded(notice, at).title}"
            means = notice.kind.value
            return Action(at, notice.service, notice.incident, kind, what, f"to {whom}", means=means)
        case fx.PinAutoDeploy():
            return Action(at, effect.service, effect.incident, "pin", "auto-deploy off")
        case fx.Rollback():
            what = "rebuild" if effect.rebuild else "roll back"
            who = f"asked by {effect.approved_by}" if effect.approved_by else ""
            what = f"{what} away from {effect.suspect}"
            return Action(at, effect.service, effect.incident, "rollback", what, who, effect.target, means=what)
        case fx.RestoreAutoDeploy():
            return Action(at, effect.service, effect.incident, "restore", f"auto-deploy {effect.value} again")
    return None
