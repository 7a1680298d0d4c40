"""The situation of an incident: the one step it is in, from its record alone. Pure.

Theory. Phase, course and blocking guard lead to one `Situation`; `outlook.py` has the words of each. Everything is
derived from the incident, so a notice that is sent late, and the page of a closed incident, need no other state.
"""

from enum import StrEnum
from math import inf

from watchdog.core.phases.paged import may_ask_later, obstacle_may_pass, vetoed_by_platform
from watchdog.domain.decisions import Course, Decision, GuardAnswer, Verdict
from watchdog.domain.incidents import HumanDecision, Incident
from watchdog.domain.policy import Then


class Situation(StrEnum):
    """The situation of an incident. The JSON API has the values."""

    UNDECIDED = "undecided"  # opened, not decided yet
    QUESTION = "question"  # an approval is asked for
    ANNOUNCED = "announced"  # a rollback is sent at `announced_until` unless a person stops it
    SCHEDULED = "scheduled"  # a person approved it, and it waits for its window
    REMEDYING = "remedying"  # a remedy is tried first, and the recovery is awaited
    SENDING = "sending"  # decided; auto-deploy is switched off first
    REQUESTED = "requested"  # sent to Render, not accepted yet
    DEPLOYING = "deploying"  # accepted, not live yet
    VERIFYING = "verifying"  # live, not proved yet
    BLOCKED_FOR_NOW = "blocked for now"  # a guard blocks; once it passes the daemon decides again
    ASKS_LATER = "asks later"  # a guard blocks; once it passes the daemon asks
    BLOCKED = "blocked"  # a guard blocks, or no deploy is left to return to: nothing more comes by itself
    OBSERVED = "observed"  # mode observe
    NOT_THE_DEPLOY = "not the deploy"  # no deploy is to blame, or none with enough evidence
    NO_ACTION = "no action"  # the policy only notifies of, or records, this severity
    REJECTED = "rejected"  # a person rejected the rollback
    STOPPED = "stopped"  # a person stopped the rollback
    DID_NOT_HELP = "did not help"  # the rollback is live, and the recovery is not proved
    NOT_DONE = "not done"  # the rollback was tried, and is not live or its outcome is unknown
    NEEDS_A_PERSON = "needs a person"  # the daemon sent nothing, for another reason
    CLOSED = "closed"


UNDER_WAY = frozenset({Situation.SENDING, Situation.REQUESTED, Situation.DEPLOYING, Situation.VERIFYING})
"""The daemon makes or proves a rollback."""
BY_ITSELF = UNDER_WAY | {Situation.UNDECIDED, Situation.ANNOUNCED, Situation.SCHEDULED, Situation.REMEDYING}
"""The daemon goes on without an answer of people."""


def situation(incident: Incident) -> Situation:
    """Return the situation: by the furthest progress, then the last decision and the answers to it."""
    if incident.closed_at is not None:
        return Situation.CLOSED
    if incident.human_needed:
        return _left_to_people(incident)
    under_way = _under_way(incident)
    if under_way is not None:
        return under_way
    if incident.remedy is not None:
        return Situation.REMEDYING
    return _decided(incident)


def _left_to_people(incident: Incident) -> Situation:
    if incident.rollback.restored_at is not None:
        return Situation.DID_NOT_HELP
    if incident.rollback.tried:
        return Situation.NOT_DONE
    answered = {HumanDecision.REJECTED: Situation.REJECTED, HumanDecision.STOPPED: Situation.STOPPED}
    return answered[incident.human_decision] if incident.human_decision else Situation.NEEDS_A_PERSON


def _under_way(incident: Incident) -> Situation | None:
    """Return the step of a rollback that was sent, or None."""
    rollback = incident.rollback
    if rollback.restored_at is not None:
        return Situation.VERIFYING
    if rollback.deploy is not None:
        return Situation.DEPLOYING
    return Situation.REQUESTED if rollback.requested_at is not None else None


def _decided(incident: Incident) -> Situation:
    """Return the situation by the last decision and the answers to it, not by earlier questions or announcements."""
    decision, approved = incident.decision, incident.question.approved_by is not None
    # A later decision other than ROLLBACK replaces an announcement; ROLLBACK itself means that its time has come.
    if incident.announced_until is not None and (decision is None or decision.course is not Course.ROLLBACK):
        return Situation.SCHEDULED if approved else Situation.ANNOUNCED
    if decision is None:
        return Situation.QUESTION if incident.question.asked_at is not None and not approved else Situation.UNDECIDED
    if decision.course is Course.ASK and not approved:
        return Situation.QUESTION
    if decision.course in (Course.ROLLBACK, Course.ANNOUNCE, Course.ASK):
        return Situation.SENDING
    if decision.course in (Course.TELL, Course.NOTE):
        return Situation.NO_ACTION
    return _paged(incident, decision)


def _paged(incident: Incident, decision: Decision) -> Situation:
    """Return why a paged incident is not rolled back, and whether that may change by itself."""
    if obstacle_may_pass(decision):
        return Situation.BLOCKED if incident.unhindered else Situation.BLOCKED_FOR_NOW
    blame, block = decision.blame, blocking(incident)
    if blame is not None and (blame.vetoed or not (blame.convicts or blame.likely or blame.contested)):
        return Situation.NOT_THE_DEPLOY
    if decision.would:
        return Situation.OBSERVED
    if block is not None and block.clears_at is not None and may_ask_later(incident):
        return Situation.ASKS_LATER
    return Situation.BLOCKED


def asks_after_outage(incident: Incident) -> bool:
    """Return whether only an outage of the platform acquits the deploy: once it is over, the daemon may ask."""
    return vetoed_by_platform(incident.decision) and may_ask_later(incident)


def rolls_back_unanswered(incident: Incident) -> bool:
    """Return whether the rollback is the default of the question, and was not carried out yet."""
    deadline = incident.question.deadline
    return deadline is not None and deadline.then is Then.ROLLBACK and not incident.late_paged


def blocking(incident: Incident) -> GuardAnswer | None:
    """Return the guard that blocks the rollback of the last decision: of several, the one that blocks longest."""
    decision = incident.decision
    blocks = [one for one in decision.guards if one.verdict is Verdict.BLOCK] if decision is not None else []
    # A time may be promised only if nothing blocks beyond it.
    return max(blocks, key=_lasts, default=None)


def _lasts(block: GuardAnswer) -> tuple[bool, float]:
    """Return a key that orders blocks by their end: those that may clear at any moment come first."""
    return not block.passing, block.clears_at if block.clears_at is not None else inf
