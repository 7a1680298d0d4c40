"""What an acknowledgement does in an incident, said beside its button; and whether it is the thing to do. Pure."""

from watchdog.domain.policy import Then
from watchdog.presentation.outlooks.outlook_case import Case
from watchdog.presentation.outlooks.outlook_words import clears_at
from watchdog.presentation.situation import BY_ITSELF, Situation, asks_after_outage, rolls_back_unanswered, situation


def stopped_call(case: Case) -> str:
    """Return ` at 14:32 UTC`, the next page that an acknowledgement keeps from people; empty if it keeps none."""
    # A silence keeps it from people anyway.
    if case.incident.escalation.acknowledged_by is not None or not case.incident.channels or case.incident.muted:
        return ""
    step, question, again = case.incident.escalation.next_call_at, case.incident.question.deadline, case.state
    asks = question is not None and question.then is Then.ESCALATE and not case.incident.late_paged
    due = question.due_at if asks and question is not None and situation(case.incident) is Situation.QUESTION else None
    # An acknowledgement that ends before the deadline keeps no page of it from people.
    covered = due is not None and again.pages_again_at is not None and due < again.pages_again_at
    coming = [at for at in (step, due if covered else None) if at is not None and case.now < at]
    return case.by(min(coming, default=None), "at")


def acknowledging(case: Case) -> str:
    """Return what an acknowledgement does; empty if there is one, or the incident is over."""
    escalation, incident = case.incident.escalation, case.incident
    if escalation.acknowledged_by is not None or incident.closed_at is not None:
        return ""
    stopped = stopped_call(case)
    stops = f"no further page{stopped}" if stopped else "others see that you have it"
    return f"Acknowledge: {stops}{_pages_again(case)}.{_besides(case)}"


def _pages_again(case: Case) -> str:
    """Return when an acknowledgement ends with a page, if it ends with one."""
    at = case.state.pages_again_at
    if at is None or not case.incident.channels:
        return ""
    if case.incident.escalation.all_called and case.incident.question.deadline is None:
        return f"; at {case.at(at)} the daemon pages everyone again if a step of the escalation is in its hours then"
    return f"; at {case.at(at)} the daemon pages everyone again if the incident is still open"


def _besides(case: Case) -> str:
    """Return what it does to a question and to a rollback."""
    found = situation(case.incident)
    if found is Situation.ASKS_LATER:
        return f" While you have it, the daemon does not ask{case.by(clears_at(case.incident), 'at')}."
    if found is Situation.NOT_THE_DEPLOY and asks_after_outage(case.incident):
        return " While you have it, the daemon does not ask whether to roll back."
    if found is Situation.BLOCKED_FOR_NOW:
        return f" The daemon decides again all the same, and {case.may_act}."
    if found in BY_ITSELF:
        return " It does not stop the rollback." if found is not Situation.UNDECIDED else ""
    if found is Situation.QUESTION:
        return f" The question stays open.{_without_an_answer(case)}"
    return ""


def _without_an_answer(case: Case) -> str:
    """Return that the daemon may roll back although no person approved: by the question's default, or a guard's end."""
    question, decision = case.incident.question.deadline, case.incident.decision
    if question is not None and rolls_back_unanswered(case.incident):
        return f" Without an answer the daemon rolls back{case.by(question.due_at, 'at')}, {case.if_allowed}."
    if decision is not None and decision.asks_for_now:
        return " The daemon may still roll back without an answer, once what made it ask has passed."
    return ""
