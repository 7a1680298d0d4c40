"""Asking: an open question and its clock: the reminder, the deadline, and what the policy says is done then.

Rule 1: the clock is that of the question as people were told of it (`Deadline`): neither a restart nor a reload
shortens it, and nothing is done by default before a channel that people hear had it for all of that time.
Rule 2: a default is no human: it answers the policy's own question, and nothing that a guard asks.
Rule 3: an acknowledgement is no answer: nobody is called meanwhile, and what the policy says for the deadline holds.
"""

from dataclasses import replace

from watchdog.core.assess import severity
from watchdog.core.context import Turn
from watchdog.core.fold import observations
from watchdog.core.phases import (
    close_incident,
    escalation,
    manual_silences,
    open_incident,
    rollback_outcome,
    rollback_request,
)
from watchdog.domain import events as e
from watchdog.domain.decisions import Course, Finding, Verdict
from watchdog.domain.incidents import Deadline
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Then
from watchdog.domain.units import show_seconds

LISTENED_SECONDS = 120.0
"""So long after a restart nothing is done by default: what was answered meanwhile was not heard."""


def await_answer(turn: Turn) -> None:
    """An open question: withdrawn when the site recovers or worsens, repeated once, and not open for ever."""
    seconds = turn.policy.detection.calm_seconds
    if observations.calm(turn.service, turn.policy, turn.now, seconds):
        close_incident.close(turn, "recovered by itself", "it recovered before an answer came")
        return
    findings = observations.findings(turn.service, turn.policy, turn.now)
    if (findings and (worse(turn, findings) or _overtaken(turn, findings))) or suspect_gone(turn):
        decide_anew(turn)
        return
    if manual_silences.speak_up(turn):
        return
    _keep_the_clock(turn)
    escalation.keep_the_clock(turn)


def worse(turn: Turn, findings: tuple[Finding, ...]) -> bool:
    """Tell whether it is worse by now than what people were asked about."""
    level = severity.judge(findings, turn.wishes, turn.policy.detection)[0]
    return level.rank > turn.incident.severity.rank


def _overtaken(turn: Turn, findings: tuple[Finding, ...]) -> bool:
    """Tell whether no human needs to answer any more, or can: the guards that asked have let go, or forbid it now."""
    decision = turn.incident.decision
    asked = [answer for answer in decision.guards if answer.verdict is Verdict.ASK] if decision is not None else []
    if not any(answer.passing for answer in asked) or turn.state.blind_since is not None:
        return False
    if turn.now - turn.incident.reconsidered_at < open_incident.RECONSIDER_SECONDS:
        return False
    turn.amend(reconsidered_at=turn.now)
    fresh = open_incident.weigh(turn, findings)
    names = {answer.name for answer in asked}
    if any(answer.verdict is Verdict.BLOCK and answer.name in names for answer in fresh.guards):
        return True
    seen = observations.failing_now(turn.service, findings, turn.policy, turn.now)
    return seen and fresh.course in (Course.ROLLBACK, Course.ANNOUNCE)


def suspect_gone(turn: Turn) -> bool:
    """Tell whether another deploy is live than the one the question is about."""
    return turn.service.live is not None and turn.service.live != turn.incident.suspect


def decide_anew(turn: Turn) -> None:
    """Decide as things are now; what was asked is void."""
    findings = rollback_outcome.known_findings(turn)
    if findings:
        open_incident.open_incident(turn, findings)


def _keep_the_clock(turn: Turn) -> None:
    """The deadline, once; the reminder, once and before it."""
    deadline = _deadline(turn)
    if turn.incident.late_paged:
        return
    if deadline.due_at is not None and turn.now >= deadline.due_at:
        turn.amend(late_paged=True)
        _nobody_answered(turn, deadline.then, show_seconds(deadline.due_at - deadline.asked_at))
    elif deadline.remind_at is not None and turn.now >= deadline.remind_at and not turn.incident.reminded:
        turn.amend(reminded=True)
        if turn.incident.acknowledged_by is None:
            _remind(turn, deadline.asked_at)


def _deadline(turn: Turn) -> Deadline:
    """Return the clock of the question; one that was asked by a version without clocks is only told again."""
    known, asked_at = turn.incident.deadline, turn.incident.asked_at
    return known or replace(rollback_request.deadline(turn.rule, asked_at or turn.now), then=Then.ESCALATE)


def _remind(turn: Turn, asked_at: float) -> None:
    title = f"REMINDER, no answer for {show_seconds(turn.now - asked_at)}: {close_incident.alarm_title(turn)}"
    rollback_request.tell_who_is_asked(turn, NoticeKind.HUMAN_NEEDED, title)


def _nobody_answered(turn: Turn, then: Then, waited: str) -> None:
    """Do what people were told is done then; a default that cannot be carried out is escalated, with the reason."""
    if then is Then.NOTHING:
        turn.note("DEADLINE", f"no answer for {waited}; the policy says: nothing")
        return
    kept: tuple[str, ...] = ()
    if then is Then.ROLLBACK:
        asks = rollback_outcome.act_by_default(turn)
        if not asks:
            return
        turn.note("DEADLINE", f"no answer for {waited}; not rolled back by default: {asks}")
        kept = (f"Not rolled back by default, a human is needed: {asks}",)
    if turn.incident.acknowledged_by is not None:
        turn.note("DEADLINE", f"no answer for {waited}; {turn.incident.acknowledged_by} looks after it")
        return
    title = f"NO ANSWER for {waited}: {close_incident.alarm_title(turn)}"
    rollback_request.tell_who_is_asked(turn, NoticeKind.HUMAN_NEEDED, title, *kept)
    escalation.call(turn, climbs=True)


def heard(turn: Turn) -> None:
    """A channel has the question: who was to answer it, or else it is rolled back, has all the time from now on."""
    event, deadline = turn.event, turn.incident.deadline
    assert isinstance(event, e.QuestionHeard)
    if deadline is None or event.incident != turn.incident.id or event.written_at < deadline.asked_at:
        return
    if deadline.heard_at is None:
        clock = _not_before(replace(deadline, heard_at=turn.now), turn.now, deadline.within_seconds)
        turn.amend(deadline=clock)
        if clock.then is Then.ROLLBACK and clock.due_at is not None:
            turn.note(
                "HEARD", f"a channel has the question: its default is due in {show_seconds(clock.due_at - turn.now)}"
            )
        wake(turn)


def _not_before(deadline: Deadline, now: float, seconds: float | None) -> Deadline:
    """Give people so much time from now on, where something is done without their answer."""
    if deadline.then is not Then.ROLLBACK or deadline.due_at is None or seconds is None:
        return deadline
    return replace(deadline, due_at=max(deadline.due_at, now + seconds))


def wake(turn: Turn) -> None:
    """Ask to be woken at the reminder and at the deadline."""
    deadline = _deadline(turn)
    for at in (deadline.remind_at, deadline.due_at):
        if at is not None:
            turn.wake_at(max(at, turn.now))


def resume(turn: Turn) -> None:
    """After a restart: the clock of a question still runs; who answered while nobody listened may do so again."""
    rollback_outcome.resume_acting(turn)
    turn.amend(deadline=_not_before(_deadline(turn), turn.now, LISTENED_SECONDS))
    wake(turn)
    escalation.wake(turn)
