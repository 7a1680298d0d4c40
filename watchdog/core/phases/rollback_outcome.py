"""Acting: on a yes or when nobody said stop, and taking what comes of a pin and a rollback.

Rule 1: one rollback per incident; an outcome that is not success ends with a human.
Rule 2: what a human agreed to is decided anew before it is done.
"""

from dataclasses import replace

from watchdog.core import notice_text
from watchdog.core.context import Turn
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
from watchdog.domain.decisions import Course, Finding
from watchdog.domain.effects import Note, SetPace
from watchdog.domain.incidents import ACTING, Phase
from watchdog.domain.notices import NoticeKind
from watchdog.domain.units import show_seconds

PinOutcome = e.PinConfirmed | e.PinUnconfirmed | e.RollbackPostponed
"""What may come of switching auto-deploy off; each tells the value before it, if that is known."""
UNDONE_KEPT = 20


def await_veto(turn: Turn) -> None:
    """The veto window: over when its time has come, or when the site recovered."""
    if observations.calm(turn.service, turn.policy, turn.now, turn.policy.detection.fresh_seconds):
        close_incident.close(turn, "recovered by itself", "it recovered before the announced rollback")
        return
    if turn.incident.muted and turn.silenced_by(NoticeKind.ANNOUNCED) is None:
        rollback_request.announce(turn)  # a silence kept it from people: nobody could say stop
        return
    until = turn.incident.announced_until
    if until is not None and turn.now >= until:
        act_now(turn, by=None)


def act_now(turn: Turn, by: str | None, *, in_window: bool = False) -> None:
    """Decide anew with the newest evidence (an approval answers what asks), then roll back or say why not.

    What the policy schedules is kept for its window, unless it is `in_window`, or a human does not want to wait.
    """
    findings = known_findings(turn)
    if not findings:
        return
    counts = by is None or not open_incident.for_another(turn, findings)
    decision = open_incident.weigh(turn, findings, approved=by is not None and counts)
    if counts and decision.course in (Course.ROLLBACK, Course.ANNOUNCE):
        decision = open_incident.as_said(turn, decision, by)
        decision = decision if by is None or in_window else open_incident.in_its_window(turn, decision)
    open_incident.carry_out(turn, findings, decision, approved_by=by if counts else None)


def act_by_default(turn: Turn) -> str:
    """Nobody answered in time, and the policy says rollback: decide anew. Return what still asks for a human.

    That answers the policy's own question and mode assist, and no more: guards that want a human's eyes still do, and
    a deploy that is not convicted stays.
    """
    findings = known_findings(turn)
    if not findings:
        return ""
    if why_not := open_incident.why_no_default(turn, findings):
        return why_not
    turn.amend(defaulted_at=turn.now)
    decision = open_incident.weigh(turn, findings)
    if decision.course is Course.ASK:
        turn.amend(defaulted_at=None)
        return decision.why
    if decision.course is Course.ROLLBACK:
        decision = open_incident.as_said(turn, decision, "the policy")
    open_incident.carry_out(turn, findings, decision)
    return ""


def known_findings(turn: Turn) -> tuple[Finding, ...]:
    """Return what fails, or what the incident knows that can still be judged; a human has it if a reload left none."""
    fresh = observations.findings(turn.service, turn.policy, turn.now)
    if fresh:
        return fresh
    known = observations.still_judged(turn.service, turn.incident.findings, turn.policy)
    if not known:
        rollback_request.hand_over(turn, "the signals that failed are no longer configured", restore=True)
    return known


def pinned(turn: Turn) -> None:
    """Auto-deploy is off: go on."""
    event = turn.event
    assert isinstance(event, e.PinConfirmed)
    _remember_pin(turn, event)
    _read_back(turn)
    rollback_request.send(turn)


def _read_back(turn: Turn) -> None:
    turn.amend(pinned=True, pin_note=f"off, read back (was {turn.incident.pin_previous})")
    turn.note("ACT", f"auto-deploy {turn.incident.pin_note}")


def _remember_pin(turn: Turn, event: PinOutcome) -> None:
    """Keep the old value, the last that is not our own `off`: a second pin may read that back."""
    if event.previous is None:
        return
    if event.previous != "off" or turn.incident.pin_previous is None:
        turn.amend(pin_previous=event.previous)
    _remember_off(turn, event, turn.incident.pin_previous, turn.incident.suspect)


def _remember_off(
    turn: Turn,
    event: PinOutcome,
    previous: str | None,
    live: str | None,
) -> None:
    """Auto-deploy is, or may be, off because of us: known until it was given back, or a later look reads it as on."""
    if previous is None or previous == "off":
        return
    sure = isinstance(event, e.PinConfirmed)
    settles = observations.PIN_SHOWS_SECONDS if sure else observations.PIN_LANDS_SECONDS
    turn.change(
        auto_deploy_off=previous,
        pinned_for=event.incident,
        pinned_at=turn.service.pinned_at or turn.now,
        pin_settled_at=turn.now + settles,
        offered=live or "",
    )


def not_pinned(turn: Turn) -> None:
    """It could not be confirmed in time: the outage does not wait, but the page says so."""
    event = turn.event
    assert isinstance(event, e.PinUnconfirmed)
    _remember_pin(turn, event)
    _go_on_unpinned(turn, event.why)


def pin_overdue(turn: Turn) -> None:
    """No outcome of the pin came at all: go on without it."""
    if turn.now - turn.service.phase_since >= rollback_request.PIN_PATIENCE_SECONDS:
        _go_on_unpinned(turn, "no answer came")
    else:
        overdue_rollback.say(turn)


def _go_on_unpinned(turn: Turn, why: str) -> None:
    turn.amend(pin_note=f"NOT CONFIRMED to be off: {why}; a merge may bring the bad commit back")
    turn.note("ACT", f"auto-deploy {turn.incident.pin_note}")
    rollback_request.send(turn)


def send_overdue(turn: Turn) -> None:
    """No outcome of the rollback came at all: only a human can tell what became of it."""
    waited = turn.now - turn.service.phase_since
    if waited >= rollback_request.SEND_PATIENCE_SECONDS:
        rollback_request.hand_over(turn, f"no outcome of the rollback came in {show_seconds(waited)}")
    else:
        overdue_rollback.say(turn)


def accepted(turn: Turn) -> None:
    """The platform has it: deny the bad code, tell people, and follow the new deploy."""
    event = turn.event
    assert isinstance(event, e.RollbackAccepted)
    turn.amend(rollback_deploy=event.deploy)
    _deny(turn)
    how = "found by reading the deploy list" if event.adopted else "sent once"
    rebuild = notice_text.rebuild_words(turn.incident)
    turn.note("ACT", f"rollback to {turn.incident.target}, {rebuild or how} -> {event.deploy}")
    turn.enter(Phase.DEPLOYING)
    limits = turn.policy.verification
    turn.wake_at(turn.now + limits.late_seconds)
    turn.wake_at(turn.now + limits.give_up_seconds)
    lines = (*notice_text.done_lines(turn.incident), *notice_text.decision_lines(turn.incident))
    title = f"ROLLING BACK to {turn.incident.target}: {notice_text.title(turn.incident)}"
    turn.tell(NoticeKind.ACTED, title, lines, wakes=not turn.incident.pinned)


def _deny(turn: Turn) -> None:
    """Put the suspect's code on the deny-list, unless only its configuration was bad, or a human asked by hand."""
    decision = turn.incident.decision
    blame = decision.blame if decision is not None else None
    code = turn.incident.suspect_code
    if blame is not None and not blame.configuration and code is not None and code not in turn.state.denied:
        turn.state = replace(turn.state, denied=(*turn.state.denied, code))
    if code is not None and code in turn.state.denied:
        bad_commit_recurrence.remember(turn, code)
    if turn.incident.leaves_good and turn.incident.suspect is not None:
        turn.change(undone=(*turn.service.undone, turn.incident.suspect)[-UNDONE_KEPT:])


def refused(turn: Turn) -> None:
    """The platform said no: nothing happened. If the target's artefact is gone, its commit is built anew, once."""
    event = turn.event
    assert isinstance(event, e.RollbackRefused)
    if event.expired and turn.incident.expired == turn.incident.target:
        return  # told again after a restart; the rebuild is under way
    rollback_budget.give_back(turn)
    if event.expired and _can_be_rebuilt(turn):
        turn.amend(expired=turn.incident.target, tried=False)
        turn.note("ACT", f"refused: {event.why}; the one alternative is {notice_text.rebuild_words(turn.incident)}")
        rollback_request.send(turn)
        return
    rollback_request.hand_over(turn, f"the platform refused the rollback: {event.why}", restore=True)


def _can_be_rebuilt(turn: Turn) -> bool:
    """Tell whether the target is a commit; an image cannot be built from what the platform keeps."""
    return any(deploy.id == turn.incident.target and deploy.commit for deploy in turn.service.deploys)


def stood_down(turn: Turn) -> None:
    """The world had changed before we sent: somebody else is at it."""
    event = turn.event
    assert isinstance(event, e.RollbackStoodDown)
    rollback_budget.give_back(turn)
    turn.amend(requested_at=None)
    rollback_request.hand_over(turn, f"stood down, nothing was sent: {event.why}", restore=True)


def postponed(turn: Turn) -> None:
    """Nothing was sent: look again, decide anew."""
    event = turn.event
    assert isinstance(event, e.RollbackPostponed)
    _remember_pin(turn, event)
    rollback_budget.give_back(turn)
    turn.amend(tried=False, requested_at=None)
    if notice_text.by_hand(turn.incident):
        rollback_request.hand_over(turn, f"nothing was sent: {event.why}; ask again", restore=True)
        return
    rollback_request.put_off(turn, event.why)


def lost(turn: Turn) -> None:
    """It was sent and left no trace: it may still come. Only a human can tell."""
    event = turn.event
    assert isinstance(event, e.RollbackLost)
    rollback_request.hand_over(turn, f"a rollback was sent and its outcome is unknown: {event.why}")


def pin_came_late(turn: Turn) -> None:
    """Auto-deploy is (or may be) off for an action that went on, or ended, without it: give it back if it ended."""
    event = turn.event
    assert isinstance(event, PinOutcome)
    incident = turn.service.incident
    if incident is None or incident.id != event.incident:
        _pinned_for_one_that_is_over(turn, event)
        return
    if incident.repinned and not incident.pinned:
        _pinned_again(turn, event)
        return
    _remember_pin(turn, event)
    if event.previous in (None, "off"):
        return
    if isinstance(event, e.PinConfirmed):
        _read_back(turn)
    if incident.rollback_deploy is None and turn.service.phase in (Phase.PAGED, Phase.CALM):
        close_incident.give_back_or_say(turn)


def _pinned_for_one_that_is_over(turn: Turn, event: PinOutcome) -> None:
    """Nobody knows any more whether it was rolled back: auto-deploy is left as it is, and a human decides."""
    if event.previous in (None, "off"):
        return
    _remember_off(turn, event, turn.service.auto_deploy_off or event.previous, turn.service.live)
    why = f"it was to be switched off for {event.incident}, which is over"
    restore_auto_deploy.say_off(turn, why, sure=isinstance(event, e.PinConfirmed))


def _note_of_pin(turn: Turn, incident: str, label: str, text: str) -> None:
    """Write it into the story of the incident that auto-deploy is off for, though that may be over."""
    turn.emit(Note(turn.now, turn.name, incident if incident != turn.name else None, label, text))


def _pinned_again(turn: Turn, event: PinOutcome) -> None:
    """What came of switching auto-deploy off once more, after the bad commit had come back."""
    _remember_pin(turn, event)
    if isinstance(event, e.PinConfirmed):
        turn.amend(pinned=True, pin_note="off once more, read back")
        facts = turn.service.facts
        turn.change(facts=replace(facts, auto_deploy="off") if facts is not None else None)
        turn.note("ACT", f"auto-deploy {turn.incident.pin_note}")
        return
    line = f"Auto-deploy could not be switched off again: {event.why}. Switch it off by hand."
    turn.amend(pin_note=f"NOT off again: {event.why}")
    turn.note("HUMAN", line)
    turn.tell(NoticeKind.UPDATED, close_incident.alarm_title(turn), (line,), wakes=True)


def put_off_late(turn: Turn) -> None:
    """Something was not sent that nobody waits for; but it was to be switched off once more, or may be off."""
    event, incident = turn.event, turn.service.incident
    assert isinstance(event, e.RollbackPostponed)
    ours = incident is not None and incident.id == event.incident
    if incident is not None and ours and incident.repinned and not incident.pinned:
        _pinned_again(turn, event)
    elif event.previous is not None:
        pin_came_late(turn)


def acceptance_came_late(turn: Turn) -> None:
    """A rollback that was given up turned out to have been accepted: write it down."""
    event = turn.event
    assert isinstance(event, e.RollbackAccepted)
    incident = turn.service.incident
    if incident is not None and incident.id == event.incident and incident.rollback_deploy is None:
        turn.amend(rollback_deploy=event.deploy)
        _deny(turn)
        turn.note("ACT", f"the rollback was accepted after all: {event.deploy}")


def auto_deploy_restored(turn: Turn) -> None:
    """Auto-deploy is as it was."""
    event = turn.event
    assert isinstance(event, e.AutoDeployRestored)
    if turn.now >= turn.service.pin_settled_at:  # else the switch may still arrive: the next look tells
        turn.change(auto_deploy_off="", pinned_for="", offered="")
        blocked_merges.forget(turn)
    incident = turn.service.incident
    if incident is not None and incident.id == event.incident:
        turn.amend(pinned=False, pin_previous=None, pin_note=f"given back ({event.value})")
    _note_of_pin(turn, event.incident, "ACT", f"auto-deploy given back: {event.value}")
    restore_auto_deploy.over(turn, f"It was given back ({event.value})")


def auto_deploy_not_restored(turn: Turn) -> None:
    """Auto-deploy stays off, though people read that it is being given back: a human has to hear it, always."""
    event = turn.event
    assert isinstance(event, e.AutoDeployNotRestored)
    off = f"AUTO-DEPLOY IS OFF on {turn.name} and could not be given back"
    _note_of_pin(turn, event.incident, "HUMAN", f"{off}: {event.why}")
    again = "Once that is over" if turn.service.phase in ACTING else "Switch it on by hand, or try again"
    lines = (f"Why: {event.why}", f"{again}: watchdog restore-auto-deploy {turn.name}")
    incident = turn.service.incident
    if incident is not None and incident.id == event.incident:
        turn.amend(pin_note=f"still OFF, it could not be given back: {event.why}")
        if incident.closed_at is None and incident.channels:
            turn.tell(NoticeKind.HUMAN_NEEDED, f"{off}. {notice_text.title(incident)}", lines, wakes=True)
            return
    restore_auto_deploy.tell(turn, off, lines, wakes=True)


def resume_announcing(turn: Turn) -> None:
    """After a restart: the end of the veto window still holds."""
    resume_acting(turn)
    turn.wake_at(max(turn.incident.announced_until or turn.now, turn.now))


def resume_acting(turn: Turn) -> None:
    """After a restart: the recorded effect is looked up by the shell; we wait for its outcome, from now on."""
    turn.enter(turn.service.phase)
    turn.change(phase_since=turn.now)
    turn.wake_at(turn.now + rollback_request.PIN_PATIENCE_SECONDS)
    turn.wake_at(turn.now + rollback_request.SEND_PATIENCE_SECONDS)
    overdue_rollback.wake(turn)
    turn.emit(SetPace(turn.name, turn.service.pace_seconds))
