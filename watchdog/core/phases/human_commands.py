"""What humans say: yes, no, stop, that they look after it, a rollback by hand. A refusal says why (label REFUSED)."""

from watchdog.core import notice_text
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import Turn
from watchdog.core.guards import guards
from watchdog.core.guards.decision import find_target
from watchdog.core.phases import close_incident, escalation, rollback_outcome, rollback_request, scheduled_rollback
from watchdog.domain import events as e
from watchdog.domain.decisions import Blame, Course, Decision, GuardAnswer, TargetChoice, Verdict
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Incident, Phase, State
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Severity
from watchdog.domain.units import show_seconds

NOT_FOR_HUMANS = frozenset(
    {"action hold", "blind", "budget", "cooldown", "correlation", "flapping", "returned", "tried", "trailer"}
)
"""Guards that hold the machine back, not a human who asks by hand."""

CONTINUED = "continued by hand"
"""How an open incident ends whose outage goes on in the one that a human began."""


def refuse(turn: Turn, why: str) -> None:
    """Say no, and why."""
    turn.note("REFUSED", why)


def nothing_asked(turn: Turn) -> None:
    """There is no open question."""
    refuse(turn, f"nothing is asked: {turn.name} is {turn.service.phase.value.replace('_', ' ')}")


def nothing_to_stop(turn: Turn) -> None:
    """It is too late, or there is nothing to stop."""
    refuse(turn, f"nothing can be stopped: {turn.name} is {turn.service.phase.value.replace('_', ' ')}")


def already_at_it(turn: Turn) -> None:
    """One action at a time."""
    if turn.service.is_kept:
        name = turn.incident.id
        refuse(
            turn, f"{name} is kept for its window: watchdog approve {name} means now, watchdog stop {name} not at all"
        )
        return
    refuse(turn, f"{turn.incident.id} is being handled: {turn.service.phase.value.replace('_', ' ')}")


def approve(turn: Turn) -> None:
    """A yes: decide anew, and roll back if every guard that a human cannot answer still passes.

    What the policy schedules is kept for its window; a second yes to that means now.
    """
    event, again = turn.event, turn.service.is_kept
    assert isinstance(event, e.Approved)
    if again and (why_not := scheduled_rollback.said_twice(turn)):
        refuse(turn, why_not)
        return
    turn.note("APPROVED", f"by {event.by}{', not to wait for its window' if again else ''}")
    if again:
        scheduled_rollback.forget(turn)
    rollback_outcome.act_now(turn, by=event.by, in_window=again)
    decision = turn.incident.decision
    if decision is not None and decision.course is not Course.ROLLBACK and not turn.service.is_kept:
        escalation.taken_up(turn, event.by)
        refuse(turn, turn.incident.human_needed or decision.why)


def reject(turn: Turn) -> None:
    """A no: nothing is changed; watching goes on."""
    event = turn.event
    assert isinstance(event, (e.Rejected, e.Stopped))
    if turn.service.is_kept:
        scheduled_rollback.forget(turn)
    turn.amend(human_needed=f"rejected by {event.by}")
    escalation.answered(turn)
    turn.note("REJECTED", f"by {event.by}: nothing is changed")
    turn.enter(Phase.PAGED)
    close_incident.give_back_or_say(turn)


def acknowledge(turn: Turn) -> None:
    """Somebody looks after it: nobody else is called for now. Watching, and the clock of a question, go on."""
    event = turn.event
    assert isinstance(event, e.Acknowledged)
    if turn.incident.closed_at is not None:
        refuse(turn, f"{turn.incident.id} is over: {turn.incident.outcome}")
    elif _of_an_earlier_call(turn.incident, event):
        refuse(turn, f"{turn.incident.id}: people were called for something else since")
    elif turn.incident.acknowledged_by == event.by and event.said_at is not None:
        return  # a pager tells it again after a restart
    elif turn.incident.acknowledged_by is not None:
        turn.note("ACKNOWLEDGED", f"by {turn.incident.acknowledged_by} already")
    else:
        escalation.taken_up(turn, event.by)
        holds = show_seconds(turn.policy.ack_holds_seconds)
        turn.note("ACKNOWLEDGED", f"by {event.by}: nobody else is called for {holds}, unless something changes")
        if turn.incident.paged:
            title = f"{event.by} LOOKS AFTER IT: {close_incident.alarm_title(turn)}"
            turn.tell(NoticeKind.UPDATED, title, _still_asked(turn))


def _of_an_earlier_call(incident: Incident, event: e.Acknowledged) -> bool:
    """Tell whether it was said before people were last called: it says nothing of what they were called for then."""
    return event.said_at is not None and event.said_at < max(incident.told_at or 0.0, incident.opened_at)


def _still_asked(turn: Turn) -> tuple[str, ...]:
    deadline = turn.incident.deadline
    if turn.service.phase is not Phase.ASKING or deadline is None:
        return ()
    still = "Watching goes on. What was asked is still to be answered."
    return (
        (still, notice_text.without_an_answer(turn.incident, deadline.then))
        if deadline.due_at is not None
        else (still,)
    )


def stop(turn: Turn) -> None:
    """A stop before anything was sent: auto-deploy is given back."""
    event = turn.event
    assert isinstance(event, (e.Stopped, e.Rejected))
    if turn.service.is_kept:
        scheduled_rollback.forget(turn)
    turn.amend(human_needed=f"stopped by {event.by}")
    escalation.answered(turn)
    turn.note("STOPPED", f"by {event.by}: no rollback is sent")
    turn.enter(Phase.PAGED)
    close_incident.give_back_or_say(turn)


def stop_waiting(turn: Turn) -> None:
    """A stop (or a no that came late) while a passing obstacle holds the rollback back: it is not made afterwards."""
    if turn.incident.human_needed:
        (nothing_asked if isinstance(turn.event, e.Rejected) else nothing_to_stop)(turn)
    else:
        stop(turn)


def rollback_by_hand(turn: Turn) -> None:
    """A human asks for a rollback: same protocol, same page, guards that are for machines only left out."""
    event = turn.event
    assert isinstance(event, e.RollbackRequested)
    suspect = live_deploy(turn.service.deploys)
    if suspect is None:
        refuse(turn, f"no live deploy is known: {turn.service.deploys_why or 'none in the list'}")
        return
    if event.target is None:
        choice = find_target(turn.state, turn.policy, turn.service, _blame_nobody(suspect, event.by))
    else:
        choice = named_target(turn, suspect, event.target)
    answers, why_not = permitted(turn, turn.state, event.by, suspect, choice)
    if why_not:
        refuse(turn, why_not)
    else:
        begin(turn, event.by, suspect, choice, answers)


def permitted(
    turn: Turn, state: State, by: str, suspect: Deploy, choice: TargetChoice
) -> tuple[tuple[GuardAnswer, ...], str]:
    """Return what the guards answer a human who wants to go there from the suspect, and what forbids it, or nothing.

    `state` is the one they would find.
    """
    if choice.deploy is None:
        return (), choice.why
    blame = _blame_nobody(suspect, by)
    request = guards.Request(
        state, turn.policy, turn.service, turn.wishes, blame, choice, turn.service.incident, turn.now
    )
    answers = tuple(answer for answer in guards.check(request) if answer.name not in NOT_FOR_HUMANS)
    blocked = next((answer for answer in answers if answer.verdict is Verdict.BLOCK), None)
    return answers, f"{blocked.name}: {blocked.why}" if blocked is not None else ""


def named_target(turn: Turn, suspect: Deploy, wanted: str) -> TargetChoice:
    """Return the deploy of that id as the target, or why it is none."""
    deploy = next((item for item in turn.service.deploys if item.id == wanted), None)
    if deploy is None:
        return TargetChoice(None, f"{wanted} is not among the last {len(turn.service.deploys)} deploys")
    if not deploy.was_live:
        return TargetChoice(None, f"{wanted} was never live ({deploy.status})")
    if deploy.id == suspect.id:
        return TargetChoice(None, f"{wanted} is live already")
    newer = [item.id for item in turn.service.deploys]
    if newer.index(deploy.id) < newer.index(suspect.id):
        return TargetChoice(None, f"{wanted} is newer than the live deploy")
    return TargetChoice(deploy, "named by hand")


def _blame_nobody(suspect: Deploy, by: str) -> Blame:
    return Blame(
        suspect=suspect,
        change=suspect,
        configuration=False,
        odds=0.0,
        prior_odds=0.0,
        prior_why="",
        terms=(),
        vetoes=(),
        probability=None,
        need=0.0,
        floor=0.0,
        cost_rule=0.0,
        why=f"asked for by {by}",
    )


def _open(turn: Turn, by: str, before: Incident | None, undone: e.UndoRequested | None) -> None:
    """Open an incident for it; one that had its rollback ends here: the journal knows one rollback per incident."""
    severity = Severity.HIGH
    if before is not None and before.closed_at is None:
        severity = before.severity
        how = "took its rollback back" if undone is not None else "started another rollback"
        close_incident.close(turn, CONTINUED, f"{by} {how}")
    turn.change(
        incident=Incident(
            id=turn.new_incident_id(),
            service=turn.name,
            severity=severity,
            opened_at=turn.now,
            onset_at=turn.now,
            title=f"{f'undo of {undone.incident}' if undone else 'rollback by hand'}, asked for by {by}",
        )
    )


def begin(
    turn: Turn,
    by: str,
    suspect: Deploy,
    choice: TargetChoice,
    answers: tuple[GuardAnswer, ...],
    undone: e.UndoRequested | None = None,
) -> None:
    """Begin with what a human asked for and may have; `undone` is the rollback that it takes back."""
    before = turn.service.incident
    if before is None or before.closed_at is not None or before.rollback_deploy is not None:
        _open(turn, by, before, undone)
    incident = turn.incident
    decision = Decision(
        at=turn.now,
        course=Course.ROLLBACK,
        severity=incident.severity,
        why=f"asked for by {by}",
        rule="a human asked",
        share=0.0,
        mode=turn.wishes.mode.value,
        guards=answers,
        target=choice,
    )
    assert choice.deploy is not None
    turn.amend(
        decision=decision,
        approved_by=by,
        suspect=suspect.id,
        suspect_code=suspect.code,
        target=choice.deploy.id,
        target_code=choice.deploy.code,
        channels=tuple(dict.fromkeys((*incident.channels, *turn.policy.matrix[incident.severity].tell))),
        undoes=undone.incident if undone is not None else "",
        leaves_good=undone is not None and undone.proved,
    )
    escalation.answered(turn)
    turn.note("BY HAND", f"{close_incident.alarm_title(turn)}: {suspect.id} -> {choice.deploy.id}")
    rollback_request.pin(turn)
