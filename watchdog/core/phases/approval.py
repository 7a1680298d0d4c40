"""Asking: an open question and its clock: the reminder, the deadline, and what the policy says is done then.

Rule 1: the clock is that of the question as people were told of it (`Deadline`): neither a restart nor a reload
shortens it, and nothing is done by default before a channel that people hear had it for all of that time.
Rule 2: a default is no human: it answers the policy's own question, and nothing that a guard asks.
Rule 3: an acknowledgement is no answer: nobody is called meanwhile, and what the policy says for the deadline holds.
"""

from dataclasses import replace

from watchdog.core.assess import severity
from watchdog.core.context import StepContext
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
from watchdog.domain.incidents import Deadline, Outcome
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.policy import Then
from watchdog.domain.units import show_seconds

LISTENED_SECONDS = 120.0
"""So long after a restart nothing is done by default: what was answered meanwhile was not heard."""


def await_approval(ctx: StepContext) -> None:
    """An open question: withdrawn when the site recovers or worsens, repeated once, and not open for ever."""
    seconds = ctx.policy.detection.calm_seconds
    if observations.is_healthy(ctx.service, ctx.policy, ctx.now, seconds):
        close_incident.close(ctx, Outcome.BY_ITSELF, "it recovered before an answer came")
        return
    findings = observations.findings(ctx.service, ctx.policy, ctx.now)
    if (findings and (worse(ctx, findings) or _overtaken(ctx, findings))) or suspect_gone(ctx):
        decide_anew(ctx)
        return
    if manual_silences.notify_after_silence(ctx):
        return
    _keep_the_clock(ctx)
    escalation.keep_the_clock(ctx)


def worse(ctx: StepContext, findings: tuple[Finding, ...]) -> bool:
    """Tell whether it is worse by now than what people were asked about."""
    level = severity.judge(findings, ctx.service_policy, ctx.policy.detection)[0]
    return level.rank > ctx.incident.severity.rank


def _overtaken(ctx: StepContext, findings: tuple[Finding, ...]) -> bool:
    """Tell whether no human needs to answer any more, or can: the guards that asked have let go, or forbid it now."""
    decision = ctx.incident.decision
    asked = [answer for answer in decision.guards if answer.verdict is Verdict.ASK] if decision is not None else []
    if not any(answer.passing for answer in asked) or ctx.state.blind_since is not None:
        return False
    if ctx.now - ctx.incident.reconsidered_at < open_incident.RECONSIDER_SECONDS:
        return False
    ctx.update_incident(reconsidered_at=ctx.now)
    fresh = open_incident.make_decision(ctx, findings)
    names = {answer.name for answer in asked}
    if any(answer.verdict is Verdict.BLOCK and answer.name in names for answer in fresh.guards):
        return True
    seen = observations.failing_now(ctx.service, findings, ctx.policy, ctx.now)
    return seen and fresh.course in (Course.ROLLBACK, Course.ANNOUNCE)


def suspect_gone(ctx: StepContext) -> bool:
    """Tell whether another deploy is live than the one the question is about."""
    return ctx.service.live is not None and ctx.service.live != ctx.incident.suspect


def decide_anew(ctx: StepContext) -> None:
    """Decide as things are now; what was asked is void."""
    findings = rollback_outcome.known_findings(ctx)
    if findings:
        open_incident.open_incident(ctx, findings)


def _keep_the_clock(ctx: StepContext) -> None:
    """The deadline, once; the reminder, once and before it."""
    deadline = _deadline(ctx)
    if ctx.incident.late_paged:
        return
    if deadline.due_at is not None and ctx.now >= deadline.due_at:
        ctx.update_incident(late_paged=True)
        _nobody_answered(ctx, deadline, show_seconds(deadline.due_at - deadline.asked_at))
    elif deadline.remind_at is not None and ctx.now >= deadline.remind_at and not ctx.incident.question.reminded:
        ctx.update_question(reminded=True)
        if ctx.incident.escalation.acknowledged_by is None:
            _remind(ctx, deadline.asked_at)


def _deadline(ctx: StepContext) -> Deadline:
    """Return the clock of the question; one that was asked by a version without clocks is only told again."""
    known, asked_at = ctx.incident.question.deadline, ctx.incident.question.asked_at
    return known or replace(rollback_request.deadline(ctx.rule, asked_at or ctx.now), then=Then.ESCALATE)


def _remind(ctx: StepContext, asked_at: float) -> None:
    rollback_request.tell_who_is_asked(ctx, NoticeKind.HUMAN_NEEDED, Topic.REMINDED, since=asked_at)


def _nobody_answered(ctx: StepContext, deadline: Deadline, waited: str) -> None:
    """Do what people were told is done then; a default that cannot be carried out is escalated, with the reason."""
    if deadline.then is Then.NOTHING:
        ctx.note("DEADLINE", f"no answer for {waited}; the policy says: nothing")
        return
    asks = ""
    if deadline.then is Then.ROLLBACK:
        asks = rollback_outcome.act_by_default(ctx)
        if not asks:
            return
        ctx.note("DEADLINE", f"no answer for {waited}; not rolled back by default: {asks}")
    if ctx.incident.escalation.acknowledged_by is not None:
        ctx.note("DEADLINE", f"no answer for {waited}; {ctx.incident.escalation.acknowledged_by} looks after it")
        return
    topic, since = Topic.UNANSWERED, deadline.asked_at
    rollback_request.tell_who_is_asked(ctx, NoticeKind.HUMAN_NEEDED, topic, why=asks, since=since)
    escalation.call(ctx, climbs=True)


def question_delivered(ctx: StepContext) -> None:
    """A channel has the question: who was to answer it, or else it is rolled back, has all the time from now on."""
    event, deadline = ctx.event, ctx.incident.question.deadline
    assert isinstance(event, e.QuestionHeard)
    if deadline is None or event.incident != ctx.incident.id or event.written_at < deadline.asked_at:
        return
    if deadline.heard_at is None:
        clock = _not_before(replace(deadline, heard_at=ctx.now), ctx.now, deadline.within_seconds)
        ctx.update_question(deadline=clock)
        if clock.then is Then.ROLLBACK and clock.due_at is not None:
            ctx.note(
                "HEARD", f"a channel has the question: its default is due in {show_seconds(clock.due_at - ctx.now)}"
            )
        wake(ctx)


def _not_before(deadline: Deadline, now: float, seconds: float | None) -> Deadline:
    """Give people so much time from now on, where something is done without their answer."""
    if deadline.then is not Then.ROLLBACK or deadline.due_at is None or seconds is None:
        return deadline
    return replace(deadline, due_at=max(deadline.due_at, now + seconds))


def wake(ctx: StepContext) -> None:
    """Ask to be woken at the reminder and at the deadline."""
    deadline = _deadline(ctx)
    for at in (deadline.remind_at, deadline.due_at):
        if at is not None:
            ctx.wake_at(max(at, ctx.now))


def resume(ctx: StepContext) -> None:
    """After a restart: the clock of a question still runs; who answered while nobody listened may do so again."""
    rollback_outcome.resume_acting(ctx)
    ctx.update_question(deadline=_not_before(_deadline(ctx), ctx.now, LISTENED_SECONDS))
    wake(ctx)
    escalation.wake(ctx)
