"""What an acknowledgement does in an incident, said beside its button; and whether it is the thing to do. Pure."""

from watchdog.domain.policy import Then
from watchdog.presentation.outlooks.outlook_case import Case
from watchdog.presentation.outlooks.outlook_words import clears_at
from watchdog.presentation.situation import BY_ITSELF, Situation, asks_after_outage, rolls_back_unanswered, situation


def stops_a_call(case: Case) -> bool:
    """Return whether an acknowledgement keeps the daemon from calling the next step of the escalation."""
    escalation = case.incident.escalation
    due = escalation.next_call_at if escalation.acknowledged_by is None else None
    # A silence keeps the call from people anyway.
    return due is not None and case.now < due and bool(case.incident.channels) and not case.incident.muted


def acknowledging(case: Case) -> str:
    """Return what an acknowledgement does; empty if there is one, or the incident is over."""
    escalation, incident = case.incident.escalation, case.incident
    if escalation.acknowledged_by is not None or incident.closed_at is not None:
        return ""
    stops = "others see that you have it"
    if stops_a_call(case):
        stops = f"no further page at {case.at(escalation.next_call_at)}"
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
    found, question = situation(case.incident), case.incident.question.deadline
    if found is Situation.ASKS_LATER:
        return f" It also puts off the question{case.by(clears_at(case.incident), 'at')}."
    if found is Situation.NOT_THE_DEPLOY and asks_after_outage(case.incident):
        return " It also puts off the question whether to roll back."
    if found is Situation.BLOCKED_FOR_NOW:
        return f" The daemon decides again all the same, and {case.may_act}."
    if found in BY_ITSELF:
        return " It does not stop the rollback." if found is not Situation.UNDECIDED else ""
    if found is Situation.QUESTION:
        pages = question is not None and question.then is Then.ESCALATE and not case.incident.late_paged
        due, again = question.due_at if pages and question is not None else None, case.state.pages_again_at
        # An acknowledgement that ends before the deadline keeps no page from people.
        covers = due is not None and again is not None and due < again
        stays = f" The question stays open{f', and no page follows at {case.at(due)}' if covers else ''}."
        return f"{stays}{_without_an_answer(case)}"
    return ""


def _without_an_answer(case: Case) -> str:
    """Return that the daemon may roll back although no person approved: by the question's default, or a guard's end."""
    question, decision = case.incident.question.deadline, case.incident.decision
    if question is not None and rolls_back_unanswered(case.incident):
        return f" Without an answer the daemon rolls back{case.by(question.due_at, 'at')}, {case.if_allowed}."
    if decision is not None and decision.asks_for_now:
        return " The daemon may still roll back without an answer, once what made it ask has passed."
    return ""
