"""Asking: an open question and its clock: reminder, deadline, and the policy's default at the deadline.

Rule 1: the clock belongs to the question as people received it (`Deadline`). Neither a restart nor a reload shortens
it, and no default is carried out before a channel with human readers has had the question for that whole time.
Rule 2: a default is no approval: it answers the policy's own question, and no question of a guard.
Rule 3: an acknowledgement is no answer: it pauses the escalation, and the deadline's default still holds.
"""

from dataclasses import replace

from watchdog.core.assess import severity
from watchdog.core.context import StepContext
from watchdog.core.fold import observations
from watchdog.core.phases import (
    close_incident,
    escalation,
    lasting_errors,
    manual_silences,
    open_incident,
    rollback_outcome,
    rollback_request,
)
from watchdog.domain import events as e
from watchdog.domain.decisions import Course, Finding, Verdict
from watchdog.domain.incident_parts import Deadline
from watchdog.domain.incidents import Outcome
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.policy import Then
from watchdog.domain.units import show_seconds

LISTENED_SECONDS = 120.0
"""For so long after a restart no default is carried out: answers given during the downtime were not received."""


def await_approval(ctx: StepContext) -> None:
    """Keep an open question: withdraw it when the site recovers or worsens, remind once, and end it at its deadline."""
    seconds = ctx.policy.detection.calm_seconds
    # Recovery first: a site that works again is never rolled back, not even when the deadline passes in this event.
    if observations.is_healthy(ctx.service, ctx.policy, ctx.now, seconds):
        _close(ctx)
        return
    if lasting_errors.closed(ctx):
        return
    findings = observations.findings(ctx.service, ctx.policy, ctx.now)
    if findings and (another_fails(ctx, findings) or worse(ctx, findings) or _overtaken(ctx, findings)):
        open_incident.open_incident(ctx, findings)
        return
    if manual_silences.notify_after_silence(ctx):
        return
    # In the gap its end may have been sent, and the buttons taken away: the question as a whole is asked anew.
    if findings and escalation.was_read_after_gap(ctx):
        rollback_request.ask(ctx)
        return
    _keep_the_clock(ctx)
    escalation.keep_the_clock(ctx)


def _close(ctx: StepContext) -> None:
    """Close the incident: by itself, unless another deploy serves than was to blame, which may have repaired it."""
    accused, live = ctx.incident.accused, ctx.service.live
    if live is not None and live not in accused:
        how = f"{live} replaced {accused[0]}, and it recovered before an answer came"
        close_incident.close(ctx, Outcome.RECOVERED, how)
    else:
        close_incident.close(ctx, Outcome.BY_ITSELF, "it recovered before an answer came")


def worse(ctx: StepContext, findings: tuple[Finding, ...]) -> bool:
    """Return whether the severity is higher now than when people were asked."""
    level = severity.judge(findings, ctx.service_policy, ctx.policy.detection)[0]
    return level.rank > ctx.incident.severity.rank


def _overtaken(ctx: StepContext, findings: tuple[Finding, ...]) -> bool:
    """Return whether the question is void: what asked has passed by itself, or blocks the rollback now."""
    decision = ctx.incident.decision
    asked = [answer for answer in decision.guards if answer.verdict is Verdict.ASK] if decision is not None else []
    # Only a guard that can clear by itself can overtake the question; weighing again costs a whole decision.
    if not any(answer.passing for answer in asked) or ctx.state.blind_since is not None:
        return False
    if ctx.now - ctx.incident.reconsidered_at < open_incident.RECONSIDER_SECONDS:
        return False
    ctx.update_incident(reconsidered_at=ctx.now)
    fresh = open_incident.make_decision(ctx, findings)
    names = {answer.name for answer in asked}
    # A guard that blocks now would refuse the approval anyway: the question would promise what cannot come.
    if any(answer.verdict is Verdict.BLOCK and answer.name in names for answer in fresh.guards):
        return True
    # Of another guard only an answer disposes: who trusts a commit that came back does not ask for its rollback.
    if not all(answer.passing for answer in asked):
        return False
    # Without a fresh bad reading the site may be recovering; then the question stays open for the human.
    seen = observations.failing_now(ctx.service, findings, ctx.policy, ctx.now)
    return seen and fresh.course in (Course.ROLLBACK, Course.ANNOUNCE)


def another_fails(ctx: StepContext, findings: tuple[Finding, ...]) -> bool:
    """Return whether another deploy than the question names is live, and was seen to fail.

    The question is void then, and decided anew. A finding alone is no reason: it outlives the deploy that failed by
    some seconds, and the new one may have repaired it.
    """
    return ctx.service.suspect_replaced and not rollback_request.not_seen_yet(ctx, findings)


def _keep_the_clock(ctx: StepContext) -> None:
    """Carry out the deadline once, and before it the reminder once."""
    deadline = _deadline(ctx)
    # `late_paged` marks a deadline that has passed: it is carried out at most once for each question.
    if ctx.incident.late_paged:
        return
    if deadline.due_at is not None and ctx.now >= deadline.due_at:
        ctx.update_incident(late_paged=True)
        _at_deadline(ctx, deadline, show_seconds(deadline.due_at - deadline.asked_at))
    elif deadline.remind_at is not None and ctx.now >= deadline.remind_at and not ctx.incident.question.reminded:
        ctx.update_question(reminded=True)
        if ctx.incident.escalation.acknowledged_by is None:
            _remind(ctx, deadline.asked_at)


def _deadline(ctx: StepContext) -> Deadline:
    """Return the clock of the question."""
    known, asked_at = ctx.incident.question.deadline, ctx.incident.question.asked_at
    # A version without clocks asked and promised no default, so such a question is only escalated.
    return known or replace(rollback_request.deadline(ctx.rule, asked_at or ctx.now), then=Then.ESCALATE)


def _remind(ctx: StepContext, asked_at: float) -> None:
    rollback_request.tell_who_is_asked(ctx, NoticeKind.HUMAN_NEEDED, Topic.REMINDED, since=asked_at)


def _at_deadline(ctx: StepContext, deadline: Deadline, waited: str) -> None:
    """Carry out the default that people read in the question; escalate one that cannot be, with its reason."""
    if deadline.then is Then.NOTHING:
        ctx.note("DEADLINE", f"no answer for {waited}; the policy says: nothing")
        return
    # `asks` is empty where the default was carried out, or handed the incident to a human already.
    asks = ""
    if deadline.then is Then.ROLLBACK:
        asks = rollback_outcome.act_by_default(ctx)
        if not asks:
            return
        ctx.note("DEADLINE", f"no answer for {waited}; not rolled back by default: {asks}")
    if ctx.incident.escalation.acknowledged_by is not None:
        ctx.note("DEADLINE", f"no answer for {waited}; {ctx.incident.escalation.acknowledged_by} has acknowledged")
        return
    topic, since = Topic.UNANSWERED, deadline.asked_at
    escalation.call(ctx, climbs=True)
    rollback_request.tell_who_is_asked(ctx, NoticeKind.HUMAN_NEEDED, topic, why=asks, since=since)


def question_delivered(ctx: StepContext) -> None:
    """Start the default's clock: a channel has delivered the question, and people get the whole time from then on."""
    event, deadline = ctx.event, ctx.incident.question.deadline
    assert isinstance(event, e.QuestionDelivered)
    # A receipt of an earlier question must not start the clock of this one.
    if deadline is None or event.incident != ctx.incident.id or event.written_at < deadline.asked_at:
        return
    # The first delivery counts: further channels do not extend the time.
    if deadline.delivered_at is None:
        clock = _not_before(replace(deadline, delivered_at=ctx.now), ctx.now, deadline.within_seconds)
        ctx.update_question(deadline=clock)
        if clock.then is Then.ROLLBACK and clock.due_at is not None:
            ctx.note(
                "DELIVERED", f"a channel has the question: its default is due in {show_seconds(clock.due_at - ctx.now)}"
            )
        wake(ctx)


def _not_before(deadline: Deadline, now: float, seconds: float | None) -> Deadline:
    """Return the deadline, at least `seconds` away where its default is a rollback."""
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
    """Resume after a restart: the clock of the question still runs, with some time for answers lost in the downtime."""
    rollback_outcome.resume_acting(ctx)
    ctx.update_question(deadline=_not_before(_deadline(ctx), ctx.now, LISTENED_SECONDS))
    wake(ctx)
    escalation.wake(ctx)
