"""A human has it: keep watching, say when it worsens, when it is over, and when what forbade acting is gone."""

from dataclasses import replace

from watchdog.core.context import Turn
from watchdog.core.fold import observations
from watchdog.core.phases import close_incident, escalation, manual_silences, open_incident, suspicion
from watchdog.domain.decisions import Course, Decision, Finding, Verdict

PASSING_VETOES = frozenset({"deploy list", "control targets"})
ACTING = (Course.ROLLBACK, Course.ANNOUNCE, Course.ASK)


def keep_watching(turn: Turn) -> None:
    """Close when it is over; decide anew when it worsens or when a passing obstacle is gone."""
    if turn.state.blind_since is not None:
        return
    if observations.calm(turn.service, turn.policy, turn.now, turn.policy.detection.calm_seconds):
        close_incident.close(turn, _outcome(turn), "every check has been good for a minute")
        return
    if manual_silences.speak_up(turn):
        return
    escalation.keep_the_clock(turn)  # a reload may have changed who is next, and when
    if turn.now - turn.incident.reconsidered_at < open_incident.RECONSIDER_SECONDS:
        return
    turn.amend(reconsidered_at=turn.now)
    findings = observations.findings(turn.service, turn.policy, turn.now)
    if findings:
        _reconsider(turn, findings)


def keep_the_clock(turn: Turn) -> None:
    """Tell of what a silence kept from people, once it is over; call the next one when it is time."""
    if not manual_silences.speak_up(turn):
        escalation.keep_the_clock(turn)


def resume(turn: Turn) -> None:
    """After a restart: who is called next, and when, still holds."""
    suspicion.resume(turn)
    escalation.wake(turn)


def _outcome(turn: Turn) -> str:
    if turn.incident.human_needed:
        return "recovered, with a human"
    return "recovered"


def _reconsider(turn: Turn, findings: tuple[Finding, ...]) -> None:
    incident = turn.incident
    decision = open_incident.weigh(turn, findings)
    worse = decision.severity.rank > incident.severity.rank
    free = not incident.human_needed and _was_passing(incident.decision) and decision.course in ACTING
    if worse and incident.human_needed and decision.course in ACTING:
        decision = replace(decision, course=Course.PAGE, why=f"{incident.human_needed}; {decision.why}")
    if worse or free:
        open_incident.carry_out(turn, findings, decision)


def _was_passing(decision: Decision | None) -> bool:
    """Tell whether what forbade acting was something that time alone may lift."""
    if decision is None:
        return False
    blocks = [answer for answer in decision.guards if answer.verdict is Verdict.BLOCK]
    blame = decision.blame
    unread = blame is not None and (blame.suspect is None or any(veto.name in PASSING_VETOES for veto in blame.vetoed))
    return unread or (bool(blocks) and all(answer.passing for answer in blocks))
