"""Human commands: approve, reject, stop, acknowledge, roll back by hand. A refusal states why (label REFUSED).

Theory. A command is an event like any other; what it does depends on the phase, by the table in core/machine.py. An
approval is no order to act: the decision is made anew at that moment, and every guard that a human cannot answer still
blocks. A command that can no longer have its effect is refused, so that no one believes that it had one.
"""

from dataclasses import replace

from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import StepContext
from watchdog.core.guards import guards
from watchdog.core.guards.decision import find_target
from watchdog.core.guards.guard_context import GuardContext
from watchdog.core.phases import (
    close_incident,
    escalation,
    maintenance_mode,
    remedies,
    rollback_outcome,
    rollback_request,
    scheduled_rollback,
)
from watchdog.domain import events as e
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import NOT_WEIGHED, Blame, Course, Decision, GuardAnswer, TargetChoice, Verdict
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import HumanDecision, Incident, Outcome, Phase, State
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.severity import Severity
from watchdog.domain.units import show_seconds

NOT_FOR_HUMANS = frozenset(
    {"action hold", "blind", "budget", "cooldown", "correlation", "flapping", "record", "returned", "tried", "trailer"}
)
"""Guards that restrain the daemon, and not a human who asks by hand."""


def refuse(ctx: StepContext, why: str) -> None:
    """Refuse the command, with the reason."""
    ctx.note("REFUSED", why)


def nothing_asked(ctx: StepContext) -> None:
    """Refuse an answer: there is no open question."""
    refuse(ctx, f"nothing is asked: {ctx.name} is {ctx.service.phase.value.replace('_', ' ')}")


def nothing_to_stop(ctx: StepContext) -> None:
    """Refuse a stop: the rollback was sent already, or none is coming."""
    refuse(ctx, f"nothing can be stopped: {ctx.name} is {ctx.service.phase.value.replace('_', ' ')}")


def refuse_in_progress(ctx: StepContext) -> None:
    """Refuse a second action while one is in progress."""
    if ctx.service.is_kept:
        name = ctx.incident.id
        now, never = command_line("approve", name), command_line("stop", name)
        refuse(ctx, f"{name} is kept for its window: {now} means now, {never} not at all")
        return
    refuse(ctx, f"{ctx.incident.id} is being handled: {ctx.service.phase.value.replace('_', ' ')}")


def approve(ctx: StepContext) -> None:
    """Approve: decide anew, and roll back if every guard that a human cannot answer still passes.

    A rollback that the policy schedules waits for its window; a second approval means now.
    """
    event, again = ctx.event, ctx.service.is_kept
    assert isinstance(event, e.Approved)
    if again and (why_not := scheduled_rollback.confirm_immediate(ctx, event.by)):
        refuse(ctx, why_not)
        return
    # Else the yes would only ask people whether to undo a repair that nothing was seen to be wrong with.
    if ctx.service.suspect_replaced and (why_not := rollback_request.not_seen_yet(ctx)):
        escalation.taken_up(ctx, event.by)
        refuse(ctx, why_not)
        return
    ctx.note("APPROVED", f"by {event.by}{', not to wait for its window' if again else ''}")
    if again:
        # Before the decision: the second approval replaces the first, and with it the wait for the window.
        scheduled_rollback.forget(ctx)
    rollback_outcome.decide_and_act(ctx, by=event.by, in_window=again)
    decision = ctx.incident.decision
    # The approval stands, but a guard blocks the rollback now: the approver has the incident.
    if decision is not None and decision.course is not Course.ROLLBACK and not ctx.service.is_kept:
        escalation.taken_up(ctx, event.by)
        refuse(ctx, ctx.incident.human_needed or decision.why)


def reject(ctx: StepContext) -> None:
    """Reject: nothing is changed; probes go on."""
    event = ctx.event
    assert isinstance(event, (e.Rejected, e.Stopped))
    if ctx.service.is_kept:
        scheduled_rollback.forget(ctx)
    ctx.update_incident(human_needed=f"rejected by {event.by}", human_decision=HumanDecision.REJECTED)
    ctx.enter_phase(Phase.PAGED)
    # With an unsure blame the rejection is about this deploy only. The outage goes on, and the person who rejected has
    # it: the escalation pauses as after an acknowledgement, instead of ending.
    if close_incident.unsure(ctx.incident):
        escalation.taken_up(ctx, event.by)
    else:
        escalation.answered(ctx)
    ctx.note("REJECTED", f"by {event.by}: nothing is changed")
    close_incident.give_back_or_say(ctx)


def acknowledge(ctx: StepContext) -> None:
    """Acknowledge: a human takes the incident and the escalation pauses. Probes and the question's clock go on."""
    event = ctx.event
    assert isinstance(event, e.Acknowledged)
    if ctx.incident.closed_at is not None:
        refuse(ctx, f"{ctx.incident.id} is over: {ctx.incident.outcome}")
    elif _of_an_earlier_call(ctx.incident, event):
        refuse(ctx, f"{ctx.incident.id}: people were called for something else since")
    elif ctx.incident.escalation.acknowledged_by == event.by and event.said_at is not None:
        # The pager's poller delivers an acknowledgement again after a restart.
        return
    elif ctx.incident.escalation.acknowledged_by is not None:
        ctx.note("ACKNOWLEDGED", f"by {ctx.incident.escalation.acknowledged_by} already")
    else:
        escalation.taken_up(ctx, event.by)
        holds = f": escalation paused for {show_seconds(ctx.policy.ack_holds_seconds)}, unless something changes"
        ctx.note("ACKNOWLEDGED", f"by {event.by}{holds if ctx.incident.escalation.next_call_at is not None else ''}")
        # Only people who were paged read that the incident is taken.
        if ctx.incident.paged:
            ctx.notify(NoticeKind.UPDATED, Topic.ACKNOWLEDGED, by=event.by)


def _of_an_earlier_call(incident: Incident, event: e.Acknowledged) -> bool:
    """Return whether the acknowledgement is older than the last call, which it then does not cover."""
    return event.said_at is not None and event.said_at < max(incident.escalation.notified_at or 0.0, incident.opened_at)


def stop(ctx: StepContext) -> None:
    """Stop before the rollback is sent: auto-deploy is restored."""
    event = ctx.event
    assert isinstance(event, (e.Stopped, e.Rejected))
    if ctx.service.is_kept:
        scheduled_rollback.forget(ctx)
    ctx.update_incident(human_needed=f"stopped by {event.by}", human_decision=HumanDecision.STOPPED)
    remedies.end_stopped(ctx, event.by)
    escalation.answered(ctx)
    ctx.note("STOPPED", f"by {event.by}: no rollback is sent")
    ctx.enter_phase(Phase.PAGED)
    close_incident.give_back_or_say(ctx)


def stop_waiting(ctx: StepContext) -> None:
    """Stop (or reject late) what is left to stop: a rollback that a passing obstacle delays, maintenance mode."""
    if isinstance(ctx.event, e.Stopped) and maintenance_mode.end(ctx, ctx.event.by):
        return
    if ctx.incident.human_needed:
        (nothing_asked if isinstance(ctx.event, e.Rejected) else nothing_to_stop)(ctx)
    else:
        stop(ctx)


def rollback_by_hand(ctx: StepContext) -> None:
    """Roll back by a human's request: same protocol and same page, without the guards that restrain the daemon."""
    event = ctx.event
    assert isinstance(event, e.RollbackRequested)
    # No blame is weighed: a request by hand is about the live deploy.
    suspect = live_deploy(ctx.service.deploys)
    if suspect is None:
        refuse(ctx, f"no live deploy is known: {ctx.service.deploys_why or 'none in the list'}")
        return
    if event.target is None:
        choice = find_target(ctx.state, ctx.policy, ctx.service, _blame_by_hand(suspect))
    else:
        choice = validate_target(ctx, suspect, event.target)
    answers, why_not = permitted(ctx, ctx.state, suspect, choice)
    if why_not:
        refuse(ctx, why_not)
    else:
        begin(ctx, event.by, suspect, choice, answers)


def permitted(
    ctx: StepContext, state: State, suspect: Deploy, choice: TargetChoice
) -> tuple[tuple[GuardAnswer, ...], str]:
    """Return the guards' answers to a human's rollback away from the suspect, and the blocking reason or "".

    `state` is the state in which the rollback would be made: an undo passes one without its own denial.
    """
    if choice.deploy is None:
        return (), choice.why
    blame = _blame_by_hand(suspect)
    request = GuardContext(
        state, ctx.policy, ctx.service, ctx.service_policy, blame, choice, ctx.service.incident, ctx.now
    )
    answers = tuple(answer for answer in guards.check(request) if answer.name not in NOT_FOR_HUMANS)
    blocked = next((answer for answer in answers if answer.verdict is Verdict.BLOCK), None)
    return answers, f"{blocked.name}: {blocked.why}" if blocked is not None else ""


def validate_target(ctx: StepContext, suspect: Deploy, wanted: str) -> TargetChoice:
    """Return the deploy with that id as the target, or the reason why it cannot be one."""
    deploy = next((item for item in ctx.service.deploys if item.id == wanted), None)
    if deploy is None:
        return TargetChoice(None, f"{wanted} is not among the last {len(ctx.service.deploys)} deploys")
    if not deploy.was_live:
        return TargetChoice(None, f"{wanted} was never live ({deploy.status_words})")
    if deploy.id == suspect.id:
        return TargetChoice(None, f"{wanted} is live already")
    newer = [item.id for item in ctx.service.deploys]
    if newer.index(deploy.id) < newer.index(suspect.id):
        return TargetChoice(None, f"{wanted} is newer than the live deploy")
    return TargetChoice(deploy, "named by hand")


def _blame_by_hand(suspect: Deploy) -> Blame:
    """Return the blame that guards and targets expect; it convicts no deploy, as the human accuses none either."""
    return replace(NOT_WEIGHED, suspect=suspect, change=suspect)


def _open(ctx: StepContext, by: str, before: Incident | None, undone: e.UndoRequested | None) -> None:
    """Open an incident for the request; close one that had its rollback, as the store allows one per incident."""
    severity = Severity.HIGH
    if before is not None and before.closed_at is None:
        severity = before.severity
        how = "undid its rollback" if undone is not None else "started another rollback"
        close_incident.close(ctx, Outcome.CONTINUED, f"{by} {how}")
    ctx.update_service(
        incident=Incident(
            id=ctx.new_incident_id(),
            service=ctx.name,
            severity=severity,
            opened_at=ctx.now,
            onset_at=ctx.now,
            title=f"{f'undo of {undone.incident}' if undone else 'rollback by hand'}, asked for by {by}",
        )
    )


def begin(
    ctx: StepContext,
    by: str,
    suspect: Deploy,
    choice: TargetChoice,
    answers: tuple[GuardAnswer, ...],
    undone: e.UndoRequested | None = None,
) -> None:
    """Begin a human's permitted rollback; `undone` is the rollback that it reverts."""
    before = ctx.service.incident
    # An open incident without an accepted rollback goes on and takes the request as its own rollback.
    if before is None or before.closed_at is not None or before.rollback.deploy is not None:
        _open(ctx, by, before, undone)
    incident = ctx.incident
    # No blame: a rollback by hand adds no code to the deny-list (rollback_outcome._deny).
    decision = Decision(
        at=ctx.now,
        course=Course.ROLLBACK,
        severity=incident.severity,
        why=f"asked for by {by}",
        policy_action=None,
        share=0.0,
        mode=ctx.service_policy.mode.value,
        guards=answers,
        target=choice,
    )
    assert choice.deploy is not None
    ctx.update_question(approved_by=by)
    ctx.update_incident(
        decision=decision,
        suspect=suspect.id,
        suspect_code=suspect.code,
        # An earlier reason to leave the incident to people is over: one of them acts now.
        human_needed="",
        human_decision=None,
        channels=tuple(dict.fromkeys((*incident.channels, *ctx.policy.matrix[incident.severity].tell))),
    )
    ctx.update_rollback(
        target=choice.deploy.id,
        target_code=choice.deploy.code,
        undoes=undone.incident if undone is not None else "",
        undo_of_verified=undone is not None and undone.proved,
        # What became of an earlier request is not said of this target. `tried` stays: a lost request may still land.
        blocked_since=None,
        requested_at=None,
        refused_at=None,
        refusal="",
        artefact_gone=False,
        rebuild=None,
    )
    escalation.answered(ctx)
    ctx.note("BY HAND", f"{ctx.incident.title}: {suspect.id} -> {choice.deploy.id}")
    rollback_request.disable_auto_deploy(ctx)
