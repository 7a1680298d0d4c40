"""Asking: an open question and its clock: the reminder, the deadline, and what the policy says is done then.

Rule 1: the clock is read from what the incident remembers (when it was asked, what was said since), so a restart
changes nothing.
Rule 2: a default is no human: it answers the policy's own question, and nothing that a guard asks.
Rule 3: an acknowledgement is no answer: nobody is called meanwhile, and what the policy says for the deadline holds.
"""

from watchdog.core import acting, ending, escalation, opening, perceive, severity, silences, words
from watchdog.core.turn import Turn
from watchdog.domain.incidents import Course, Finding, Verdict
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Then
from watchdog.domain.units import show_seconds


def await_answer(turn: Turn) -> None:
    """An open question: withdrawn when the site recovers or worsens, repeated once, and not open for ever."""
    seconds = turn.policy.detection.calm_seconds
    if perceive.calm(turn.service, turn.policy, turn.now, seconds):
        ending.close(turn, "recovered by itself", "it recovered before an answer came")
        return
    findings = perceive.findings(turn.service, turn.policy, turn.now)
    if (findings and (_worse(turn, findings) or _overtaken(turn, findings))) or _suspect_gone(turn):
        _decide_anew(turn)
        return
    if silences.speak_up(turn):
        return
    _keep_the_clock(turn)
    escalation.keep_the_clock(turn)


def _worse(turn: Turn, findings: tuple[Finding, ...]) -> bool:
    level = severity.judge(findings, turn.wishes, turn.policy.detection)[0]
    return level.rank > turn.incident.severity.rank


def _overtaken(turn: Turn, findings: tuple[Finding, ...]) -> bool:
    """Tell whether no human needs to answer any more, or can: the guards that asked have let go, or forbid it now."""
    decision = turn.incident.decision
    asked = [answer for answer in decision.guards if answer.verdict is Verdict.ASK] if decision is not None else []
    if not any(answer.passing for answer in asked) or turn.state.blind_since is not None:
        return False
    if turn.now - turn.incident.reconsidered_at < opening.RECONSIDER_SECONDS:
        return False
    turn.amend(reconsidered_at=turn.now)
    fresh = opening.weigh(turn, findings)
    names = {answer.name for answer in asked}
    if any(answer.verdict is Verdict.BLOCK and answer.name in names for answer in fresh.guards):
        return True
    seen = perceive.failing_now(turn.service, findings, turn.policy, turn.now)
    return seen and fresh.course in (Course.ROLLBACK, Course.ANNOUNCE)


def _suspect_gone(turn: Turn) -> bool:
    """Tell whether another deploy is live than the one the question is about."""
    return turn.service.live is not None and turn.service.live != turn.incident.suspect


def _decide_anew(turn: Turn) -> None:
    findings = acting.known_findings(turn)
    if findings:
        opening.open_incident(turn, findings)


def _keep_the_clock(turn: Turn) -> None:
    """The deadline, once; the reminder, once and before it."""
    rule, incident = turn.rule, turn.incident
    if incident.late_paged or incident.asked_at is None:
        return
    waited = turn.now - incident.asked_at
    if rule.within_seconds and waited >= rule.within_seconds:
        turn.amend(late_paged=True)
        _nobody_answered(turn, rule.then, show_seconds(rule.within_seconds))
    elif rule.remind_seconds and waited >= rule.remind_seconds and not incident.reminded:
        turn.amend(reminded=True)
        if incident.acknowledged_by is not None:
            return
        left = rule.within_seconds - waited if rule.within_seconds else None
        title = f"REMINDER, no answer for {show_seconds(waited)}: {ending.alarm_title(turn)}"
        turn.tell(NoticeKind.HUMAN_NEEDED, title, words.asking_lines(turn.incident, left, rule.then), wakes=True)


def _nobody_answered(turn: Turn, then: Then, waited: str) -> None:
    """Do what the policy says; a default that cannot be carried out is escalated, with the reason."""
    if then is Then.NOTHING:
        turn.note("DEADLINE", f"no answer for {waited}; the policy says: nothing")
        return
    kept: tuple[str, ...] = ()
    if then is Then.ROLLBACK:
        asks = acting.act_by_default(turn)
        if not asks:
            return
        turn.note("DEADLINE", f"no answer for {waited}; not rolled back by default: {asks}")
        kept = (f"Not rolled back by default, a human is needed: {asks}",)
    if turn.incident.acknowledged_by is not None:
        turn.note("DEADLINE", f"no answer for {waited}; {turn.incident.acknowledged_by} looks after it")
        return
    lines = (*kept, *words.asking_lines(turn.incident, None))
    turn.tell(NoticeKind.HUMAN_NEEDED, f"NO ANSWER for {waited}: {ending.alarm_title(turn)}", lines, wakes=True)
    escalation.call(turn, climbs=True)


def wake(turn: Turn) -> None:
    """Ask to be woken at the reminder and at the deadline."""
    asked = turn.incident.asked_at
    for seconds in (turn.rule.remind_seconds, turn.rule.within_seconds):
        if asked is not None and seconds:
            turn.wake_at(max(asked + seconds, turn.now))


def resume(turn: Turn) -> None:
    """After a restart: the clock of a question still runs."""
    acting.resume_acting(turn)
    wake(turn)
    escalation.wake(turn)
