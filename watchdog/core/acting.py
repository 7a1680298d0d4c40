"""Acting: waiting for people, and taking what comes of a pin and a rollback.

Rule 1: one rollback per incident; an outcome that is not success ends with a human.
Rule 2: what a human agreed to is decided anew before it is done.
"""

from dataclasses import replace

from watchdog.core import ending, opening, perceive, sending, words
from watchdog.core.decide import decide
from watchdog.core.turn import Turn
from watchdog.domain import events as e
from watchdog.domain.effects import SetPace
from watchdog.domain.incidents import Course, Finding, Phase
from watchdog.domain.notices import NoticeKind
from watchdog.domain.units import show_seconds


def await_veto(turn: Turn) -> None:
    """The veto window: over when its time has come, or when the site recovered."""
    if perceive.calm(turn.service, turn.policy, turn.now, turn.policy.detection.fresh_seconds):
        ending.close(turn, "recovered by itself", "it recovered before the announced rollback")
        return
    until = turn.incident.announced_until
    if until is not None and turn.now >= until:
        act_now(turn, by=None)


def await_answer(turn: Turn) -> None:
    """An open question: withdrawn when the site recovers or worsens, repeated once at its deadline."""
    seconds = turn.policy.detection.calm_seconds
    if perceive.calm(turn.service, turn.policy, turn.now, seconds):
        ending.close(turn, "recovered by itself", "it recovered before an answer came")
        return
    findings = perceive.findings(turn.service, turn.policy, turn.now)
    if (findings and _worse(turn, findings)) or _suspect_gone(turn):
        opening.open_incident(turn, findings or turn.incident.findings)
        return
    within = turn.policy.matrix[turn.incident.severity].within_seconds
    asked = turn.incident.asked_at
    if within and asked is not None and turn.now >= asked + within and not turn.incident.late_paged:
        turn.amend(late_paged=True)
        lines = words.asking_lines(turn.incident, None)
        title = f"NO ANSWER for {show_seconds(within)}: {ending.alarm_title(turn)}"
        turn.tell(NoticeKind.HUMAN_NEEDED, title, lines, wakes=True)


def _worse(turn: Turn, findings: tuple[Finding, ...]) -> bool:
    decision = decide(
        turn.state,
        turn.policy,
        turn.service,
        findings,
        now=turn.now,
        incident=turn.incident,
    )
    return decision.severity.rank > turn.incident.severity.rank


def _suspect_gone(turn: Turn) -> bool:
    """Tell whether another deploy is live than the one the question is about."""
    return turn.service.live is not None and turn.service.live != turn.incident.suspect


def act_now(turn: Turn, by: str | None) -> None:
    """Decide anew with the newest evidence (an approval answers what asks), then roll back or say why not."""
    findings = perceive.findings(turn.service, turn.policy, turn.now) or turn.incident.findings
    decision = decide(
        turn.state,
        turn.policy,
        turn.service,
        findings,
        now=turn.now,
        incident=turn.incident,
        approved=by is not None,
    )
    if decision.course is Course.ANNOUNCE:
        decision = replace(decision, course=Course.ROLLBACK, why=f"no stop came; {decision.why}")
    turn.amend(approved_by=by)
    opening.carry_out(turn, findings, decision)


def pinned(turn: Turn) -> None:
    """Auto-deploy is off: go on."""
    event = turn.event
    assert isinstance(event, e.PinConfirmed)
    _remember_pin(turn, event.previous)
    turn.amend(pinned=True, pin_note=f"off, read back (was {turn.incident.pin_previous})")
    turn.note("ACT", f"auto-deploy {turn.incident.pin_note}")
    sending.send(turn)


def _remember_pin(turn: Turn, previous: str) -> None:
    """Keep the first old value: a second pin would read back our own `off`."""
    if turn.incident.pin_previous is None:
        turn.amend(pin_previous=previous)
    if turn.incident.pin_previous != "off":
        turn.change(auto_deploy_off=turn.incident.pin_previous)


def not_pinned(turn: Turn) -> None:
    """It could not be confirmed in time: the outage does not wait, but the page says so."""
    event = turn.event
    assert isinstance(event, e.PinUnconfirmed)
    if event.previous is not None:
        _remember_pin(turn, event.previous)
    turn.amend(pin_note=f"NOT CONFIRMED to be off: {event.why}; a merge may bring the bad commit back")
    turn.note("ACT", f"auto-deploy {turn.incident.pin_note}")
    sending.send(turn)


def accepted(turn: Turn) -> None:
    """The platform has it: deny the bad code, tell people, and follow the new deploy."""
    event = turn.event
    assert isinstance(event, e.RollbackAccepted)
    turn.amend(rollback_deploy=event.deploy)
    _deny(turn)
    how = "found by reading the deploy list" if event.adopted else "sent once"
    turn.note("ACT", f"rollback to {turn.incident.target}, {how} -> {event.deploy}")
    turn.enter(Phase.DEPLOYING)
    limits = turn.policy.verification
    turn.wake_at(turn.now + limits.late_seconds)
    turn.wake_at(turn.now + limits.give_up_seconds)
    lines = (*words.done_lines(turn.incident), *words.decision_lines(turn.incident))
    title = f"ROLLING BACK to {turn.incident.target}: {words.title(turn.incident)}"
    turn.tell(NoticeKind.ACTED, title, lines, wakes=not turn.incident.pinned)


def _deny(turn: Turn) -> None:
    """Put the suspect's code on the deny-list, unless only its configuration was bad."""
    decision = turn.incident.decision
    configuration = decision is not None and decision.blame is not None and decision.blame.configuration
    code = turn.incident.suspect_code
    by_hand = decision is None or decision.blame is None
    if code is not None and not configuration and not by_hand and code not in turn.state.denied:
        turn.state = replace(turn.state, denied=(*turn.state.denied, code))


def refused(turn: Turn) -> None:
    """The platform said no: nothing happened."""
    event = turn.event
    assert isinstance(event, e.RollbackRefused)
    sending.hand_over(turn, f"the platform refused the rollback: {event.why}", restore=True)


def stood_down(turn: Turn) -> None:
    """The world had changed before we sent: somebody else is at it."""
    event = turn.event
    assert isinstance(event, e.RollbackStoodDown)
    _unspend(turn)
    sending.hand_over(turn, f"stood down, nothing was sent: {event.why}", restore=True)


def postponed(turn: Turn) -> None:
    """Nothing was sent: look again, decide anew."""
    event = turn.event
    assert isinstance(event, e.RollbackPostponed)
    _unspend(turn)
    turn.amend(tried=False, requested_at=None)
    if not turn.incident.findings:
        sending.hand_over(turn, f"nothing was sent: {event.why}; ask again", restore=True)
        return
    turn.note("WAIT", f"nothing was sent: {event.why}; looking again")
    turn.enter(Phase.SUSPECT)


def _unspend(turn: Turn) -> None:
    """Give the budget back: nothing was sent."""
    turn.change(acted_at=turn.service.acted_at[:-1])
    turn.state = replace(turn.state, acted_at=turn.state.acted_at[:-1])


def lost(turn: Turn) -> None:
    """It was sent and left no trace: it may still come. Only a human can tell."""
    event = turn.event
    assert isinstance(event, e.RollbackLost)
    sending.hand_over(turn, f"a rollback was sent and its outcome is unknown: {event.why}")


def pin_came_late(turn: Turn) -> None:
    """Auto-deploy was switched off for an action that is no longer wanted: give it back."""
    event = turn.event
    assert isinstance(event, e.PinConfirmed)
    incident = turn.service.incident
    if event.previous == "off" or incident is None or incident.id != event.incident:
        return
    if incident.rollback_deploy is None and turn.service.phase in (Phase.PAGED, Phase.CALM):
        _remember_pin(turn, event.previous)
        sending.give_auto_deploy_back(turn)


def acceptance_came_late(turn: Turn) -> None:
    """A rollback that was given up turned out to have been accepted: write it down."""
    event = turn.event
    assert isinstance(event, e.RollbackAccepted)
    incident = turn.service.incident
    if incident is not None and incident.id == event.incident and incident.rollback_deploy is None:
        turn.amend(rollback_deploy=event.deploy)
        turn.note("ACT", f"the rollback was accepted after all: {event.deploy}")


def auto_deploy_restored(turn: Turn) -> None:
    """Auto-deploy is as it was."""
    event = turn.event
    assert isinstance(event, e.AutoDeployRestored)
    turn.change(auto_deploy_off="")
    if turn.service.incident is not None:
        turn.amend(pinned=False, pin_note=f"given back ({event.value})")
    turn.note("ACT", f"auto-deploy given back: {event.value}")


def auto_deploy_not_restored(turn: Turn) -> None:
    """Auto-deploy stays off: that has to be said."""
    event = turn.event
    assert isinstance(event, e.AutoDeployNotRestored)
    turn.note("HUMAN", f"AUTO-DEPLOY IS OFF on {turn.name} and could not be given back: {event.why}")
    incident = turn.service.incident
    if incident is not None and incident.closed_at is None:
        title = ending.alarm_title(turn)
        turn.tell(NoticeKind.UPDATED, title, (f"Auto-deploy could not be given back: {event.why}",))


def resume_waiting(turn: Turn) -> None:
    """After a restart: the deadlines of an announcement or a question still hold."""
    _resume(turn)
    within = turn.policy.matrix[turn.incident.severity].within_seconds
    for at in (turn.incident.announced_until, (turn.incident.asked_at or 0) + within if within else None):
        if at is not None and at > turn.now:
            turn.wake_at(at)
        elif at is not None:
            turn.wake_at(turn.now)


def resume_acting(turn: Turn) -> None:
    """After a restart: the recorded effect is looked up by the shell; we wait for its outcome."""
    _resume(turn)


def _resume(turn: Turn) -> None:
    turn.enter(turn.service.phase)
    turn.emit(SetPace(turn.name, turn.service.pace_seconds))
