"""The lifeline of an incident: its steps from the first failure to the proof, with the one that comes next. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from watchdog.console.views.card_models import StepView
from watchdog.domain.effects import Note
from watchdog.domain.incidents import HumanDecision, Incident
from watchdog.domain.remedies.kinds import words
from watchdog.presentation.situation import Situation, situation

Step = tuple[str, float | None]
COMING = frozenset(
    {
        Situation.QUESTION,
        Situation.ANNOUNCED,
        Situation.SCHEDULED,
        Situation.REMEDYING,
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
FIRST: Mapping[Situation, str] = MappingProxyType(
    {Situation.ASKS_LATER: "asks you", Situation.BLOCKED_FOR_NOW: "unblocked"}
)
"""What must happen before a rollback of these situations is sent."""
ANSWERS: Mapping[HumanDecision, str] = MappingProxyType(
    {HumanDecision.REJECTED: "REJECTED", HumanDecision.STOPPED: "STOPPED"}
)
"""The note that each answer of a person leaves."""
MISSED: Mapping[Situation, Mapping[str, str]] = MappingProxyType(
    {
        Situation.DID_NOT_HELP: {"verified": "not proved"},
        # Without a refusal the record does not say whether it failed or was lost: only that it was not seen live.
        Situation.NOT_DONE: {"sent": "not sent", "live": "not known"},
    }
)
"""The steps that were tried and are not known to have happened, with what is known instead."""


def lifeline(incident: Incident, notes: Sequence[Note] = ()) -> tuple[StepView, ...]:
    """Return the steps in the order of their times; steps of a rollback only where there is, or may be, one.

    `notes` are the incident's: they have when a person rejected or stopped the rollback.
    """
    found, rollback = situation(incident), incident.rollback
    steps = [*_judged(incident), *_answered(incident, notes)]
    sent = rollback.requested_at is not None or rollback.tried
    # What a remedy changed stays so: the step has happened, whether it helped or not.
    steps += [(words(one.name).step, one.done_at) for one in incident.remedies if one.done_at is not None]
    if found in FIRST:
        steps.append((FIRST[found], None))
    if found in COMING or sent:
        steps += [("sent", rollback.requested_at), ("live", rollback.restored_at)]
    if rollback.verified_at is not None or found in COMING or found is Situation.DID_NOT_HELP:
        steps.append(("verified", rollback.verified_at))
    elif incident.cure is not None:
        steps.append(("verified", incident.cure.ended_at))
    else:
        # It is closed after a minute of good checks: since when the service is well again is in no record.
        steps.append(("closed" if found is Situation.CLOSED else "recovered", incident.closed_at))
    if found is Situation.CLOSED:
        # A step that did not happen by the end never will.
        return tuple(StepView(name, at, "done") for name, at in steps if at is not None)
    # Where the daemon does nothing more, no step comes by itself: a recovery is what people wait for.
    refused = {"live": "refused"} if rollback.refused_at is not None else {}
    return tuple(_seen(steps, {**MISSED.get(found, {}), **refused}, coming=found in COMING))


def _judged(incident: Incident) -> list[Step]:
    """Return the first failure, its confirmation, the decision, and the answer to a question: given, or waited for."""
    question, decision = incident.question, incident.decision
    steps: list[Step] = [("began", incident.onset_at), ("confirmed", incident.opened_at)]
    later: list[Step] = [("decided", decision.at if decision is not None else None)]
    approved_at = question.approved_at or question.defaulted_at
    if approved_at is not None or situation(incident) is Situation.QUESTION:
        later.append(("approved" if approved_at is not None else "your answer", approved_at))
    # An approval kept for its window is older than the decision that follows it.
    return [*steps, *sorted(later, key=lambda one: (one[1] is None, one[1] or 0.0))]


def _answered(incident: Incident, notes: Sequence[Note]) -> Iterator[Step]:
    """Yield when a person rejected or stopped the rollback; of several times the last one."""
    decided = incident.human_decision
    said = [one.at for one in notes if decided is not None and one.label == ANSWERS[decided]]
    if decided is not None and said:
        yield decided.value, max(said)


def _seen(steps: Iterable[Step], missed: Mapping[str, str], *, coming: bool) -> Iterator[StepView]:
    """Yield the steps of an open incident; of those that were missed the first alone, as none can follow it."""
    failed = next((name for name, at in steps if at is None and name in missed), "")
    first = next((name for name, at in steps if at is None and name not in missed), "") if coming else ""
    for name, at in steps:
        if at is not None:
            yield StepView(name, at, "done")
        elif name == failed:
            yield StepView(name, None, "missed", missed[name])
        elif name not in missed:
            yield StepView(name, None, "next" if name == first else "open", "next" if name == first else "")
