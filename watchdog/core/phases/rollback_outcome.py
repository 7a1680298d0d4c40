"""Acting after a yes or an expired veto window, and the outcomes of a rollback.

Rule 1: one rollback per incident; an outcome that is not success ends with a human.
Rule 2: an approved action is decided anew before it is done.
"""

from dataclasses import replace

from watchdog.core import note_text
from watchdog.core.context import StepContext
from watchdog.core.fold import observations
from watchdog.core.guards import rollback_budget
from watchdog.core.phases import (
    bad_commit_recurrence,
    close_incident,
    open_incident,
    overdue_rollback,
    pin_outcome,
    rollback_request,
)
from watchdog.domain import events as e
from watchdog.domain.decisions import Course, Finding
from watchdog.domain.effects import SetPace
from watchdog.domain.incident_parts import Rebuild
from watchdog.domain.incidents import Outcome, Phase
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.units import show_seconds

UNDONE_KEPT = 20


def await_veto(ctx: StepContext) -> None:
    """Wait for the end of the veto window; close the incident if the site recovered."""
    if observations.is_healthy(ctx.service, ctx.policy, ctx.now, ctx.policy.detection.fresh_seconds):
        close_incident.close(ctx, Outcome.BY_ITSELF, "it recovered before the announced rollback")
        return
    # While a silence muted the announcement, its readers could not veto: the window begins again.
    if ctx.incident.muted and ctx.silenced_by() is None:
        rollback_request.announce(ctx)
        return
    until = ctx.incident.announced_until
    if until is not None and ctx.now >= until:
        decide_and_act(ctx, by=None)


def decide_and_act(ctx: StepContext, by: str | None, *, in_window: bool = False) -> None:
    """Decide anew with the newest evidence (an approval answers the guards that ask), then act or state the reason.

    A scheduled rollback waits for its window, unless it is `in_window`, or a human does not want to wait.
    """
    findings = known_findings(ctx)
    if not findings:
        return
    # An approval counts only for the deploy that was asked about, from a person who may approve the present severity.
    counts = by is None or not open_incident.is_another_question(ctx, findings)
    decision = open_incident.make_decision(ctx, findings, approved=by is not None and counts)
    if counts and decision.course in (Course.ROLLBACK, Course.ANNOUNCE):
        decision = open_incident.honour_announcement(ctx, decision, agreed=by is not None)
        decision = decision if by is None or in_window else open_incident.in_its_window(ctx, decision)
    open_incident.begin_course(ctx, findings, decision, approved_by=by if counts else None)


def act_by_default(ctx: StepContext) -> str:
    """Carry out the rollback of an unanswered question; return the reason that still needs a human, or "".

    The default answers the policy's own question and mode assist only. Guards that ask for a human still ask, and a
    deploy that is not convicted stays.
    """
    findings = known_findings(ctx)
    if not findings:
        return ""
    if why_not := open_incident.why_no_default(ctx, findings):
        return why_not
    # Set before the decision, as the guard `mode` reads it; withdrawn if the decision still asks.
    ctx.update_question(defaulted_at=ctx.now)
    decision = open_incident.make_decision(ctx, findings)
    if decision.course is Course.ASK:
        ctx.update_question(defaulted_at=None)
        return decision.why
    if decision.course is Course.ROLLBACK:
        decision = open_incident.honour_announcement(ctx, decision, agreed=True)
    open_incident.begin_course(ctx, findings, decision)
    return ""


def known_findings(ctx: StepContext) -> tuple[Finding, ...]:
    """Return the present findings, else those of the incident; leave it to a human if a reload removed all signals."""
    fresh = observations.findings(ctx.service, ctx.policy, ctx.now)
    if fresh:
        return fresh
    known = observations.still_judged(ctx.service, ctx.incident.findings, ctx.policy)
    if not known:
        rollback_request.escalate_to_human(ctx, "the signals that failed are no longer configured", restore=True)
    return known


def send_overdue(ctx: StepContext) -> None:
    """Leave the incident to a human, if no outcome of the rollback came in time: it may still happen."""
    # From the phase, which a restart begins anew: the shell looks the request up again, and that takes its time.
    waited = ctx.now - ctx.service.phase_since
    if waited >= rollback_request.SEND_PATIENCE_SECONDS:
        rollback_request.escalate_to_human(ctx, f"no outcome of the rollback came in {show_seconds(waited)}")
    else:
        overdue_rollback.page_if_overdue(ctx)


def accepted(ctx: StepContext) -> None:
    """Follow the new deploy: deny the bad code, and notify people."""
    event = ctx.event
    assert isinstance(event, e.RollbackAccepted)
    ctx.update_rollback(deploy=event.deploy)
    rollback_request.expect_live(ctx)
    # Denied only now: a refused or lost rollback proves nothing against the code.
    _deny(ctx)
    how = "found by reading the deploy list" if event.adopted else "sent once"
    rebuild = note_text.rebuild_words(ctx.incident)
    what = f"redeploy_commit: {rebuild}; {how}" if rebuild else f"rollback to {ctx.incident.rollback.target}, {how}"
    ctx.note("ACT", f"{what} -> {event.deploy}")
    ctx.enter_phase(Phase.DEPLOYING)
    limits = ctx.policy.verification
    ctx.wake_at(ctx.now + limits.late_seconds)
    ctx.wake_at(ctx.now + limits.give_up_seconds)
    # It wakes only where the pin is unconfirmed: then a person has to keep the next merge from undoing this.
    ctx.notify(NoticeKind.ACTED, Topic.ROLLING_BACK, wakes=not ctx.incident.pin.off)


def accepted_after_all(ctx: StepContext) -> None:
    """Follow a rollback that was thought not sent, instead of sending a second one once auto-deploy is off."""
    rollback_budget.spend(ctx)
    ctx.update_rollback(tried=True, requested_at=ctx.now)
    accepted(ctx)


def _deny(ctx: StepContext) -> None:
    """Deny the code of the blamed change, unless only configuration was bad, or a human asked by hand (no blame)."""
    decision = ctx.incident.decision
    blame = decision.blame if decision is not None else None
    # Not the suspect's where that went live on top of the change: nothing is known of it, and it may be a repair.
    code = blame.change.code if blame is not None and blame.change is not None else ctx.incident.suspect_code
    if blame is not None and not blame.configuration and code is not None and code not in ctx.state.denied:
        ctx.state = replace(ctx.state, denied=(*ctx.state.denied, code))
    if code is not None and code in ctx.state.denied:
        bad_commit_recurrence.remember(ctx, code)
    if ctx.incident.rollback.undo_of_verified and ctx.incident.suspect is not None:
        ctx.update_service(undone=(*ctx.service.undone, ctx.incident.suspect)[-UNDONE_KEPT:])


def refused(ctx: StepContext) -> None:
    """Leave a refused rollback to a human; if the target's artefact is gone, rebuild its commit instead, once."""
    event = ctx.event
    assert isinstance(event, e.RollbackRefused)
    # A restart delivers the refusal again; the rebuild is under way.
    if event.expired and ctx.incident.rollback.expired == ctx.incident.rollback.target:
        return
    # Render made no deploy, so the rebuild is still this incident's first one (invariant I1 allows exactly this).
    rollback_budget.give_back(ctx)
    gone = event.expired or ctx.incident.rollback.rebuilds
    if event.expired:
        ctx.update_rollback(rebuild=rollback_request.whether_rebuilt(ctx))
    if event.expired and ctx.incident.rollback.rebuild is Rebuild.ARTEFACT_GONE:
        # Without its time: until the rebuild is sent no request is under way, and people must not read that one is.
        ctx.update_rollback(expired=ctx.incident.rollback.target, tried=False, requested_at=None, refusal=event.why)
        ctx.note("ACT", f"refused: {event.why}; redeploy_commit is next: {note_text.rebuild_words(ctx.incident)}")
        rollback_request.send(ctx)
        return
    ctx.update_rollback(refused_at=ctx.now, refusal=event.why, artefact_gone=gone)
    rollback_request.escalate_to_human(ctx, f"the platform refused the rollback: {event.why}", restore=True)


def aborted(ctx: StepContext) -> None:
    """Leave the incident to a human: production changed before the request, so another person or tool is at work."""
    event = ctx.event
    assert isinstance(event, e.RollbackStoodDown)
    rollback_budget.give_back(ctx)
    ctx.update_rollback(requested_at=None)
    rollback_request.escalate_to_human(ctx, f"stood down, nothing was sent: {event.why}", restore=True)


def postponed(ctx: StepContext) -> None:
    """Decide anew: nothing was sent. A request by hand is not repeated; its human asks again."""
    event = ctx.event
    assert isinstance(event, e.RollbackPostponed)
    pin_outcome.remember_pin(ctx, event)
    rollback_budget.give_back(ctx)
    ctx.update_rollback(tried=False, requested_at=None)
    if ctx.incident.by_hand:
        # Its human reads that nothing was sent, and may decide differently by now.
        rollback_request.escalate_to_human(ctx, f"nothing was sent: {event.why}; ask again", restore=True)
        return
    rollback_request.retry_later(ctx, event.why)


def outcome_unknown(ctx: StepContext) -> None:
    """Leave the incident to a human: the request was sent and left no trace, and may still take effect."""
    event = ctx.event
    assert isinstance(event, e.RollbackLost)
    rollback_request.escalate_to_human(ctx, f"a rollback was sent and its outcome is unknown: {event.why}")


def acceptance_came_late(ctx: StepContext) -> None:
    """Record that a rollback which was given up had been accepted after all."""
    event = ctx.event
    assert isinstance(event, e.RollbackAccepted)
    incident = ctx.service.incident
    if incident is None or incident.id != event.incident or incident.rollback.deploy is not None:
        return
    if not incident.rollback.tried:
        rollback_budget.spend(ctx)
    # Tried: auto-deploy stays off as after any rollback.
    ctx.update_rollback(deploy=event.deploy, tried=True)
    _deny(ctx)
    ctx.note("ACT", f"the rollback was accepted after all: {event.deploy}")


def resume_announcing(ctx: StepContext) -> None:
    """Resume after a restart: the veto window keeps its end."""
    resume_acting(ctx)
    ctx.wake_at(max(ctx.incident.announced_until or ctx.now, ctx.now))


def resume_acting(ctx: StepContext) -> None:
    """Resume after a restart: the shell looks up the saved effect; the wait for its outcome begins anew."""
    ctx.enter_phase(ctx.service.phase)
    ctx.update_service(phase_since=ctx.now)
    ctx.wake_at(ctx.now + rollback_request.PIN_PATIENCE_SECONDS)
    ctx.wake_at(ctx.now + rollback_request.SEND_PATIENCE_SECONDS)
    # People read when they are paged: that moment moves as well.
    if ctx.service.phase is Phase.ROLLING_BACK:
        rollback_request.expect_by(ctx, ctx.now + rollback_request.SEND_PATIENCE_SECONDS)
    overdue_rollback.wake(ctx)
    ctx.emit(SetPace(ctx.name, ctx.service.pace_seconds))
