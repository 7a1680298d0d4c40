"""The lifeline of an incident: its steps from onset to proof, with the one that comes next. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

from watchdog.console.views.card_models import StepView
from watchdog.domain.incidents import Incident
from watchdog.presentation.incident_facts import ended_at
from watchdog.presentation.situation import Situation, situation

Step = tuple[str, float | None]
COMING = frozenset(
    {
        Situation.QUESTION,
        Situation.ANNOUNCED,
        Situation.SCHEDULED,
        Situation.SENDING,
        Situation.REQUESTED,
        Situation.DEPLOYING,
        Situation.VERIFYING,
        Situation.ASKS_LATER,
        Situation.BLOCKED_FOR_NOW,
        Situation.UNDECIDED,
    }
)
"""Situations in which a rollback is under way or may follow without a new incident."""
FIRST: Mapping[Situation, str] = MappingProxyType({Situation.ASKS_LATER: "asked", Situation.BLOCKED_FOR_NOW: "cleared"})
"""What must happen before a rollback of these situations is sent."""
FAILED = frozenset({Situation.DID_NOT_HELP, Situation.NOT_DONE})


def lifeline(incident: Incident) -> tuple[StepView, ...]:
    """Return the steps in the order of their times; steps of a rollback only where there is, or may be, one."""
    found, rollback = situation(incident), incident.rollback
    steps = [*_judged(incident)]
    sent = rollback.requested_at is not None
    if found in FIRST:
        steps.append((FIRST[found], None))
    if found in COMING or sent:
        steps += [("sent", rollback.requested_at), ("live", rollback.restored_at)]
    if rollback.verified_at is not None or found in COMING or found is Situation.DID_NOT_HELP:
        steps.append(("verified", rollback.verified_at))
    else:
        steps.append(("recovered", ended_at(incident)))
    if found is Situation.CLOSED:
        # A step that did not happen by the end never will.
        return tuple(StepView(name, at, "done") for name, at in steps if at is not None)
    first = next((name for name, at in steps if at is None), "")
    state = "missed" if found in FAILED else "next"
    return tuple(StepView(name, at, _state(at, name == first, state)) for name, at in steps)


def _judged(incident: Incident) -> list[Step]:
    """Return onset, opening, decision, and the answer to the question if one was asked."""
    question, decision = incident.question, incident.decision
    steps: list[Step] = [("onset", incident.onset_at), ("opened", incident.opened_at)]
    later: list[Step] = [("decided", decision.at if decision is not None else None)]
    if question.asked_at is not None and incident.human_decision is None:
        later.append(("approved", question.approved_at or question.defaulted_at))
    # An approval kept for its window is older than the decision that follows it.
    return [*steps, *sorted(later, key=lambda one: (one[1] is None, one[1] or 0.0))]


def _state(at: float | None, is_first: bool, coming: str) -> str:
    return "done" if at is not None else coming if is_first else "open"
