"""The lines below a notice's first one: the question, the actions taken, the work left, and the reasoning."""

from watchdog.core.note_text import blame_line, guards_line, healed_line, rebuild_words, short, target_line
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import Verdict
from watchdog.domain.follow_ups import RUNBOOK
from watchdog.domain.incidents import Incident
from watchdog.domain.notices import AnswerTerms, IncidentNews
from watchdog.domain.policy import Then
from watchdog.domain.units import show_seconds
from watchdog.presentation.decision_text import named
from watchdog.presentation.notices.headlines import time_of_day

OTHERWISE = {
    Then.ESCALATE: "Without an answer nothing is changed, and you are paged again.",
    Then.ROLLBACK: "Without an answer it is rolled back then, if every guard still passes (policy: then: rollback).",
    Then.NOTHING: "Without an answer nothing is changed.",
}


def name_target(incident: Incident) -> str:
    """Return `dep-40 1b7e0d4`: the target of the rollback."""
    return f"{incident.rollback.target} {short(incident.rollback.target_code)}".strip()


def asking_lines(incident: Incident, terms: AnswerTerms, at: float) -> tuple[str, ...]:
    """Return the question, how to answer it, and the default, by the question's deadline."""
    due, clock_of = due_at(incident), incident.question.deadline
    deadline = f" by {time_of_day(due, at)} (within {show_seconds(max(0.0, due - at))})" if due is not None else ""
    return (
        f"Question: roll {incident.service} back to {name_target(incident)}?",
        f"Answer{deadline}: {command_line('approve', incident.id)}   or   {command_line('reject', incident.id)}",
        *only_approver(incident, terms.approver),
        *_waits_for_its_window(incident, terms, at),
        # Without a due time the daemon carries out no default, so the notice must not promise the policy's.
        without_an_answer(incident, clock_of.then if clock_of is not None and due is not None else Then.NOTHING),
        *([f"Why you are asked: {incident.decision.why}"] if incident.decision is not None else []),
    )


def due_at(incident: Incident) -> float | None:
    """Return when the question's default is carried out, at the earliest; None without a default, or once it was."""
    clock_of = incident.question.deadline if not incident.late_paged else None
    return clock_of.due_at if clock_of is not None else None


def only_approver(incident: Incident, name: str) -> tuple[str, ...]:
    """Return the line about the only person who may approve, if the policy names one."""
    if not name:
        return ()
    return (f"Only {name} may approve (policy: {incident.severity}: approver: {name}); anybody else may reject.",)


def _waits_for_its_window(incident: Incident, terms: AnswerTerms, at: float) -> tuple[str, ...]:
    if terms.opens_at is None:
        return ()
    when = f"{terms.opens} (in {show_seconds(max(0.0, terms.opens_at - at))})"
    policy = f"policy: {incident.severity}: window: {terms.window}"
    return (f"A yes is kept for {when} ({policy}); said again, it means now.",)


def without_an_answer(incident: Incident, then: Then) -> str:
    """Return the default, carried out without an answer in time."""
    # While a passing obstacle asks, the default is not carried out: the case is decided anew afterwards.
    asks = [one for one in incident.decision.guards if one.verdict is Verdict.ASK] if incident.decision else []
    if asks and all(one.passing for one in asks):
        again = "" if then is Then.NOTHING else ", and you are paged again"
        return f"Without an answer nothing is changed while that lasts{again}; after it, it may act."
    return OTHERWISE[then]


def kept_lines(incident: Incident, window: str) -> tuple[str, ...]:
    """Return the lines about a rollback that waits for its window, with the commands still open."""
    named = f" (policy: {incident.severity}: window: {window})" if window else ""
    return (
        f"Approved by {incident.question.approved_by}, and kept until then{named}: roll {incident.service} back to"
        f" {name_target(incident)}.",
        "Then everything is decided anew: it is done only if the deploy still fails and every guard passes.",
        f"To prevent it: {command_line('stop', incident.id)}. Not to wait: {command_line('approve', incident.id)}",
    )


def done_lines(incident: Incident) -> tuple[str, ...]:
    """Return the changes made to production so far."""
    lines = []
    if incident.pin.note:
        lines.append(f"Auto-deploy: {incident.pin.note}")
    if incident.rollback.deploy:
        how = f" ({rebuild_words(incident)})" if incident.rollback.rebuilds else ""
        lines.append(
            f"Rolled back: {incident.suspect} -> {incident.rollback.target} as {incident.rollback.deploy}{how}"
        )
    return tuple(lines)


def left_lines(news: IncidentNews) -> tuple[str, ...]:
    """Return the work left for people after a rollback."""
    lines, incident = [], news.incident
    if news.auto_deploy_off:
        lines.append(f"Left for you: auto-deploy is off (it was {news.auto_deploy_off}) until you switch it back on.")
    if incident.rollback.healed_at is not None:
        lines.append(f"Left for you: {healed_line(incident)}.")
    # An undo leads back to the code that was blamed: there is nothing to fix.
    elif incident.suspect_code and incident.rollback.deploy and not incident.rollback.undoes:
        lines.append(
            f"Left for you: fix {short(incident.suspect_code)}; `{command_line('explain', incident.id)}` says why."
        )
    return tuple(lines)


def todo_lines(incident: Incident) -> tuple[str, ...]:
    """Return the runbook's open items after a rollback, each with owner and due time; none without a rollback."""
    if incident.rollback.requested_at is None:
        return ()
    # Stakeholders whom the daemon informed are no task for people any more.
    open_items = [one for one in RUNBOOK if one.by_people and not (one.id == "stakeholders" and incident.informed)]
    left = [(one, show_seconds(one.within_seconds or 0.0)) for one in open_items]
    return tuple(
        f"{one.text}: {one.owner}, within {by} ({command_line('tick', incident.id, one.id)})" for one, by in left
    )


def reasoning(incident: Incident) -> tuple[str, ...]:
    """Return the other findings, the arithmetic of the blame, the guards and the target, a line each."""
    decision = incident.decision
    # The first finding leads the notice already.
    lines = [f"Seen: {finding.signal}: {finding.text}" for finding in incident.findings[1:]]
    if decision is None:
        return tuple(lines)
    lines += [f"Seen: {item.signal}: {item.text}" for item in decision.evidence if item.verdict == "unknown"]
    if decision.blame is not None and decision.blame.accused is not None:
        lines.append(f"Suspect: {named(decision.blame.accused)}")
    lines.append(f"Blame: {blame_line(decision)}")
    if decision.blame is not None:
        lines += [f"Blame: x {term.factor:g}: {term.why}" for term in decision.blame.factors]
    lines.append(f"Guards: {guards_line(decision.guards)}")
    lines.append(f"Target: {target_line(decision)}")
    if decision.would:
        lines.append(f"Mode observe: {decision.would}")
    return tuple(lines)
