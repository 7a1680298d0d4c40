"""The lifeline of an incident: its steps from onset to proof, with the one that comes next. Pure."""

from collections.abc import Iterable, Iterator, Mapping
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
MISSED: Mapping[Situation, Mapping[str, str]] = MappingProxyType(
    {
        Situation.DID_NOT_HELP: {"verified": "not proved"},
        # The record does not say whether Render refused, failed or lost it: only that it was not seen live.
        Situation.NOT_DONE: {"sent": "not sent", "live": "not known"},
    }
)
"""The steps that were tried and are not known to have happened, with what is known instead."""


def lifeline(incident: Incident) -> tuple[StepView, ...]:
    """Return the steps in the order of their times; steps of a rollback only where there is, or may be, one."""
    found, rollback = situation(incident), incident.rollback
    steps = [*_judged(incident)]
    sent = rollback.requested_at is not None or rollback.tried
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
    return tuple(_seen(steps, MISSED.get(found, {})))


def _judged(incident: Incident) -> list[Step]:
    """Return onset, opening, decision, and the answer to the question if one was asked."""
    question, decision = incident.question, incident.decision
    steps: list[Step] = [("onset", incident.onset_at), ("opened", incident.opened_at)]
    later: list[Step] = [("decided", decision.at if decision is not None else None)]
    if question.asked_at is not None and incident.human_decision is None:
        later.append(("approved", question.approved_at or question.defaulted_at))
    # An approval kept for its window is older than the decision that follows it.
    return [*steps, *sorted(later, key=lambda one: (one[1] is None, one[1] or 0.0))]


def _seen(steps: Iterable[Step], missed: Mapping[str, str]) -> Iterator[StepView]:
    """Yield the steps of an open incident; of those that were missed the first alone, as none can follow it."""
    failed = next((name for name, at in steps if at is None and name in missed), "")
    first = next((name for name, at in steps if at is None and name not in missed), "")
    for name, at in steps:
        if at is not None:
            yield StepView(name, at, "done")
        elif name == failed:
            yield StepView(name, None, "missed", missed[name])
        elif name not in missed:
            yield StepView(name, None, "next" if name == first else "open", "next" if name == first else "")
