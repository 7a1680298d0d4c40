"""Acting: on a yes or when nobody said stop, and taking what comes of a pin and a rollback.

Rule 1: one rollback per incident; an outcome that is not success ends with a human.
Rule 2: what a human agreed to is decided anew before it is done.
"""

from dataclasses import replace

from watchdog.core import note_text
from watchdog.core.context import StepContext
from watchdog.core.fold import observations
from watchdog.core.guards import rollback_budget
from watchdog.core.phases import (
    bad_commit_recurrence,
    blocked_merges,
    close_incident,
    open_incident,
    overdue_rollback,
    restore_auto_deploy,
    rollback_request,
)
from watchdog.domain import events as e
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import Course, Finding
from watchdog.domain.effects import Note, SetPace
from watchdog.domain.incidents import ACTING, Outcome, Phase
from watchdog.domain.note_labels import NoteLabel
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.units import show_seconds

PinOutcome = e.PinConfirmed | e.PinUnconfirmed | e.RollbackPostponed
"""What may come of switching auto-deploy off; each tells the value before it, if that is known."""
UNDONE_KEPT = 20


def await_veto(ctx: StepContext) -> None:
    """The veto window: over when its time has come, or when the site recovered."""
    if observations.is_healthy(ctx.service, ctx.policy, ctx.now, ctx.policy.detection.fresh_seconds):
        close_incident.close(ctx, Outcome.BY_ITSELF, "it recovered before the announced rollback")
        return
    if ctx.incident.muted and ctx.silenced_by(NoticeKind.ANNOUNCED) is None:
        rollback_request.announce(ctx)  # a silence kept it from people: nobody could say stop
        return
    until = ctx.incident.announced_until
    if until is not None and ctx.now >= until:
        decide_and_act(ctx, by=None)


def decide_and_act(ctx: StepContext, by: str | None, *, in_window: bool = False) -> None:
    """Decide anew with the newest evidence (an approval answers what asks), then roll back or say why not.

    What the policy schedules is kept for its window, unless it is `in_window`, or a human does not want to wait.
    """
    findings = known_findings(ctx)
    if not findings:
        return
    counts = by is None or not open_incident.for_another(ctx, findings)
    decision = open_incident.make_decision(ctx, findings, approved=by is not None and counts)
    if counts and decision.course in (Course.ROLLBACK, Course.ANNOUNCE):
        decision = open_incident.honour_announcement(ctx, decision, by)
        decision = decision if by is None or in_window else open_incident.in_its_window(ctx, decision)
    open_incident.begin_course(ctx, findings, decision, approved_by=by if counts else None)


def act_by_default(ctx: StepContext) -> str:
    """Nobody answered in time, and the policy says rollback: decide anew. Return what still asks for a human.

    That answers the policy's own question and mode assist, and no more: guards that want a human's eyes still do, and
    a deploy that is not convicted stays.
    """
    findings = known_findings(ctx)
    if not findings:
        return ""
    if why_not := open_incident.why_no_default(ctx, findings):
        return why_not
    ctx.update_question(defaulted_at=ctx.now)
    decision = open_incident.make_decision(ctx, findings)
    if decision.course is Course.ASK:
        ctx.update_question(defaulted_at=None)
        return decision.why
    if decision.course is Course.ROLLBACK:
        decision = open_incident.honour_announcement(ctx, decision, "the policy")
    open_incident.begin_course(ctx, findings, decision)
    return ""


def known_findings(ctx: StepContext) -> tuple[Finding, ...]:
    """Return what fails, or what the incident knows that can still be judged; a human has it if a reload left none."""
    fresh = observations.findings(ctx.service, ctx.policy, ctx.now)
    if fresh:
        return fresh
    known = observations.still_judged(ctx.service, ctx.incident.findings, ctx.policy)
    if not known:
        rollback_request.escalate_to_human(ctx, "the signals that failed are no longer configured", restore=True)
    return known


def pinned(ctx: StepContext) -> None:
    """Auto-deploy is off: go on."""
    event = ctx.event
    assert isinstance(event, e.PinConfirmed)
    _remember_pin(ctx, event)
    _read_back(ctx)
    rollback_request.send(ctx)


def _read_back(ctx: StepContext) -> None:
    ctx.update_pin(off=True, note=f"off, read back (was {ctx.incident.pin.previous})")
    ctx.note("ACT", f"auto-deploy {ctx.incident.pin.note}")


def _remember_pin(ctx: StepContext, event: PinOutcome) -> None:
    """Keep the old value, the last that is not our own `off`: a second pin may read that back."""
    if event.previous is None:
        return
    if event.previous != "off" or ctx.incident.pin.previous is None:
        ctx.update_pin(previous=event.previous)
    _remember_off(ctx, event, ctx.incident.pin.previous, ctx.incident.suspect)


def _remember_off(
    ctx: StepContext,
    event: PinOutcome,
    previous: str | None,
    live: str | None,
) -> None:
    """Auto-deploy is, or may be, off because of us: known until it was given back, or a later look reads it as on."""
    if previous is None or previous == "off":
        return
    sure = isinstance(event, e.PinConfirmed)
    settles = observations.PIN_SHOWS_SECONDS if sure else observations.PIN_LANDS_SECONDS
    ctx.update_service(
        auto_deploy_off=previous,
        pinned_for=event.incident,
        pinned_at=ctx.service.pinned_at or ctx.now,
        switch_visible_at=ctx.now + settles,
        offered=live or "",
    )


def not_pinned(ctx: StepContext) -> None:
    """It could not be confirmed in time: the outage does not wait, but the page says so."""
    event = ctx.event
    assert isinstance(event, e.PinUnconfirmed)
    _remember_pin(ctx, event)
    _go_on_unpinned(ctx, event.why)


def pin_overdue(ctx: StepContext) -> None:
    """No outcome of the pin came at all: go on without it."""
    if ctx.now - ctx.service.phase_since >= rollback_request.PIN_PATIENCE_SECONDS:
        _go_on_unpinned(ctx, "no answer came")
    else:
        overdue_rollback.page_if_overdue(ctx)


def _go_on_unpinned(ctx: StepContext, why: str) -> None:
    ctx.update_pin(note=f"NOT CONFIRMED to be off: {why}; a merge may bring the bad commit back")
    ctx.note("ACT", f"auto-deploy {ctx.incident.pin.note}")
    rollback_request.send(ctx)


def send_overdue(ctx: StepContext) -> None:
    """No outcome of the rollback came at all: only a human can tell what became of it."""
    waited = ctx.now - ctx.service.phase_since
    if waited >= rollback_request.SEND_PATIENCE_SECONDS:
        rollback_request.escalate_to_human(ctx, f"no outcome of the rollback came in {show_seconds(waited)}")
    else:
        overdue_rollback.page_if_overdue(ctx)


def accepted(ctx: StepContext) -> None:
    """The platform has it: deny the bad code, tell people, and follow the new deploy."""
    event = ctx.event
    assert isinstance(event, e.RollbackAccepted)
    ctx.update_rollback(deploy=event.deploy)
    _deny(ctx)
    how = "found by reading the deploy list" if event.adopted else "sent once"
    rebuild = note_text.rebuild_words(ctx.incident)
    ctx.note("ACT", f"rollback to {ctx.incident.rollback.target}, {rebuild or how} -> {event.deploy}")
    ctx.enter_phase(Phase.DEPLOYING)
    limits = ctx.policy.verification
    ctx.wake_at(ctx.now + limits.late_seconds)
    ctx.wake_at(ctx.now + limits.give_up_seconds)
    ctx.notify(NoticeKind.ACTED, Topic.ROLLING_BACK, wakes=not ctx.incident.pin.off)


def _deny(ctx: StepContext) -> None:
    """Put the suspect's code on the deny-list, unless only its configuration was bad, or a human asked by hand."""
    decision = ctx.incident.decision
    blame = decision.blame if decision is not None else None
    code = ctx.incident.suspect_code
    if blame is not None and not blame.configuration and code is not None and code not in ctx.state.denied:
        ctx.state = replace(ctx.state, denied=(*ctx.state.denied, code))
    if code is not None and code in ctx.state.denied:
        bad_commit_recurrence.remember(ctx, code)
    if ctx.incident.rollback.undo_of_verified and ctx.incident.suspect is not None:
        ctx.update_service(undone=(*ctx.service.undone, ctx.incident.suspect)[-UNDONE_KEPT:])


def refused(ctx: StepContext) -> None:
    """The platform said no: nothing happened. If the target's artefact is gone, its commit is built anew, once."""
    event = ctx.event
    assert isinstance(event, e.RollbackRefused)
    if event.expired and ctx.incident.rollback.expired == ctx.incident.rollback.target:
        return  # told again after a restart; the rebuild is under way
    rollback_budget.give_back(ctx)
    if event.expired and _can_be_rebuilt(ctx):
        ctx.update_rollback(expired=ctx.incident.rollback.target, tried=False)
        ctx.note("ACT", f"refused: {event.why}; the one alternative is {note_text.rebuild_words(ctx.incident)}")
        rollback_request.send(ctx)
        return
    rollback_request.escalate_to_human(ctx, f"the platform refused the rollback: {event.why}", restore=True)


def _can_be_rebuilt(ctx: StepContext) -> bool:
    """Tell whether the target is a commit; an image cannot be built from what the platform keeps."""
    return any(deploy.id == ctx.incident.rollback.target and deploy.commit for deploy in ctx.service.deploys)


def aborted(ctx: StepContext) -> None:
    """The world had changed before we sent: somebody else is at it."""
    event = ctx.event
    assert isinstance(event, e.RollbackStoodDown)
    rollback_budget.give_back(ctx)
    ctx.update_rollback(requested_at=None)
    rollback_request.escalate_to_human(ctx, f"stood down, nothing was sent: {event.why}", restore=True)


def postponed(ctx: StepContext) -> None:
    """Nothing was sent: look again, decide anew."""
    event = ctx.event
    assert isinstance(event, e.RollbackPostponed)
    _remember_pin(ctx, event)
    rollback_budget.give_back(ctx)
    ctx.update_rollback(tried=False, requested_at=None)
    if ctx.incident.by_hand:
        rollback_request.escalate_to_human(ctx, f"nothing was sent: {event.why}; ask again", restore=True)
        return
    rollback_request.retry_later(ctx, event.why)


def outcome_unknown(ctx: StepContext) -> None:
    """It was sent and left no trace: it may still come. Only a human can tell."""
    event = ctx.event
    assert isinstance(event, e.RollbackLost)
    rollback_request.escalate_to_human(ctx, f"a rollback was sent and its outcome is unknown: {event.why}")


def pin_came_late(ctx: StepContext) -> None:
    """Auto-deploy is (or may be) off for an action that went on, or ended, without it: give it back if it ended."""
    event = ctx.event
    assert isinstance(event, PinOutcome)
    incident = ctx.service.incident
    if incident is None or incident.id != event.incident:
        _pinned_for_one_that_is_over(ctx, event)
        return
    if incident.pin.again and not incident.pin.off:
        _pinned_again(ctx, event)
        return
    _remember_pin(ctx, event)
    if event.previous in (None, "off"):
        return
    if isinstance(event, e.PinConfirmed):
        _read_back(ctx)
    if incident.rollback.deploy is None and ctx.service.phase in (Phase.PAGED, Phase.CALM):
        close_incident.give_back_or_say(ctx)


def _pinned_for_one_that_is_over(ctx: StepContext, event: PinOutcome) -> None:
    """Nobody knows any more whether it was rolled back: auto-deploy is left as it is, and a human decides."""
    if event.previous in (None, "off"):
        return
    _remember_off(ctx, event, ctx.service.auto_deploy_off or event.previous, ctx.service.live)
    why = f"it was to be switched off for {event.incident}, which is over"
    restore_auto_deploy.say_off(ctx, why, sure=isinstance(event, e.PinConfirmed))


def _note_of_pin(ctx: StepContext, incident: str, label: NoteLabel, text: str) -> None:
    """Write it into the story of the incident that auto-deploy is off for, though that may be over."""
    ctx.emit(Note(ctx.now, ctx.name, incident if incident != ctx.name else None, label, text))


def _pinned_again(ctx: StepContext, event: PinOutcome) -> None:
    """What came of switching auto-deploy off once more, after the bad commit had come back."""
    _remember_pin(ctx, event)
    if isinstance(event, e.PinConfirmed):
        ctx.update_pin(off=True, note="off once more, read back")
        facts = ctx.service.facts
        ctx.update_service(facts=replace(facts, auto_deploy="off") if facts is not None else None)
        ctx.note("ACT", f"auto-deploy {ctx.incident.pin.note}")
        return
    line = f"Auto-deploy could not be switched off again: {event.why}. Switch it off by hand."
    ctx.update_pin(note=f"NOT off again: {event.why}")
    ctx.note("HUMAN", line)
    ctx.notify(NoticeKind.UPDATED, Topic.AUTO_DEPLOY_NOT_OFF, wakes=True, why=event.why)


def put_off_late(ctx: StepContext) -> None:
    """Something was not sent that nobody waits for; but it was to be switched off once more, or may be off."""
    event, incident = ctx.event, ctx.service.incident
    assert isinstance(event, e.RollbackPostponed)
    ours = incident is not None and incident.id == event.incident
    if incident is not None and ours and incident.pin.again and not incident.pin.off:
        _pinned_again(ctx, event)
    elif event.previous is not None:
        pin_came_late(ctx)


def acceptance_came_late(ctx: StepContext) -> None:
    """A rollback that was given up turned out to have been accepted: write it down."""
    event = ctx.event
    assert isinstance(event, e.RollbackAccepted)
    incident = ctx.service.incident
    if incident is not None and incident.id == event.incident and incident.rollback.deploy is None:
        ctx.update_rollback(deploy=event.deploy)
        _deny(ctx)
        ctx.note("ACT", f"the rollback was accepted after all: {event.deploy}")


def auto_deploy_restored(ctx: StepContext) -> None:
    """Auto-deploy is as it was."""
    event = ctx.event
    assert isinstance(event, e.AutoDeployRestored)
    if ctx.now >= ctx.service.switch_visible_at:  # else the switch may still arrive: the next look tells
        ctx.update_service(auto_deploy_off="", pinned_for="", offered="")
        blocked_merges.forget(ctx)
    incident = ctx.service.incident
    if incident is not None and incident.id == event.incident:
        ctx.update_pin(off=False, previous=None, note=f"given back ({event.value})")
    _note_of_pin(ctx, event.incident, "ACT", f"auto-deploy given back: {event.value}")
    restore_auto_deploy.over(ctx, f"It was given back ({event.value})")


def auto_deploy_not_restored(ctx: StepContext) -> None:
    """Auto-deploy stays off, though people read that it is being given back: a human has to hear it, always."""
    event = ctx.event
    assert isinstance(event, e.AutoDeployNotRestored)
    off = f"AUTO-DEPLOY IS OFF on {ctx.name} and could not be given back"
    _note_of_pin(ctx, event.incident, "HUMAN", f"{off}: {event.why}")
    acting, incident = ctx.service.phase in ACTING, ctx.service.incident
    if incident is not None and incident.id == event.incident:
        ctx.update_pin(note=f"still OFF, it could not be given back: {event.why}")
        if incident.closed_at is None and incident.channels:
            topic = Topic.AUTO_DEPLOY_NOT_RESTORED
            ctx.notify(NoticeKind.HUMAN_NEEDED, topic, wakes=True, why=event.why, under_way=acting)
            return
    again = "Once that is over" if acting else "Switch it on by hand, or try again"
    lines = (f"Why: {event.why}", f"{again}: {command_line('restore-auto-deploy', ctx.name)}")
    restore_auto_deploy.tell(ctx, off, lines, wakes=True)


def resume_announcing(ctx: StepContext) -> None:
    """After a restart: the end of the veto window still holds."""
    resume_acting(ctx)
    ctx.wake_at(max(ctx.incident.announced_until or ctx.now, ctx.now))


def resume_acting(ctx: StepContext) -> None:
    """After a restart: the recorded effect is looked up by the shell; we wait for its outcome, from now on."""
    ctx.enter_phase(ctx.service.phase)
    ctx.update_service(phase_since=ctx.now)
    ctx.wake_at(ctx.now + rollback_request.PIN_PATIENCE_SECONDS)
    ctx.wake_at(ctx.now + rollback_request.SEND_PATIENCE_SECONDS)
    overdue_rollback.wake(ctx)
    ctx.emit(SetPace(ctx.name, ctx.service.pace_seconds))
