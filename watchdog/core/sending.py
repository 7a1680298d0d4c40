"""Sending: what goes out for an incident. Announce or ask; pin auto-deploy, then roll back; hand over to a human.

Rule 1: nothing is sent without a fresh bad reading at that moment (I2); a site that recovered is left alone.
Rule 2: auto-deploy that we switched off and no longer need off is given back.
"""

from dataclasses import replace

from watchdog.core import ending, perceive, words
from watchdog.core.turn import Turn
from watchdog.domain.effects import PinAutoDeploy, RestoreAutoDeploy, Rollback
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import NoticeKind
from watchdog.domain.units import show_seconds

ACTS_KEPT = 20


def announce(turn: Turn) -> None:
    """Say what will be done, and wait for a stop."""
    until = turn.now + turn.wishes.veto_seconds
    turn.amend(announced_until=until)
    turn.enter(Phase.ANNOUNCED)
    turn.wake_at(until)
    veto = show_seconds(turn.wishes.veto_seconds)
    lines = (
        f"In {veto}: roll {turn.name} back to {turn.incident.target} {words.short(turn.incident.target_code)}.",
        f"To prevent it: watchdog stop {turn.incident.id}",
        *words.decision_lines(turn.incident),
    )
    turn.tell(NoticeKind.ANNOUNCED, ending.alarm_title(turn), lines, wakes=True)


def ask(turn: Turn) -> None:
    """Ask a human; nothing happens without an answer."""
    within = turn.policy.matrix[turn.incident.severity].within_seconds
    turn.amend(asked_at=turn.now)
    turn.enter(Phase.ASKING)
    if within:
        turn.wake_at(turn.now + within)
    lines = words.asking_lines(turn.incident, within)
    turn.tell(NoticeKind.ASKED, f"APPROVAL: {ending.alarm_title(turn)}", lines, wakes=True)
    turn.note("ASKED", f"roll back to {turn.incident.target}? watchdog approve|reject {turn.incident.id}")


def pin(turn: Turn) -> None:
    """Switch auto-deploy off first: an API rollback leaves it on, and the next merge would undo it."""
    assert turn.wishes.platform_id is not None, "a guard blocks a service the platform did not tell of"
    turn.enter(Phase.PINNING)
    turn.note("ACT", "auto-deploy -> off, to be read back")
    turn.emit(PinAutoDeploy(turn.name, turn.incident.id, turn.wishes.platform_id))


def send(turn: Turn) -> None:
    """Send the one rollback, if the site is still bad at this moment and nobody said stop."""
    signals = tuple(finding.signal for finding in turn.incident.findings)
    fresh = turn.policy.detection.fresh_seconds
    if turn.state.paused_by:
        hand_over(turn, f"paused by {turn.state.paused_by} before the rollback was sent", restore=True)
        return
    by_hand = turn.incident.approved_by is not None
    if signals and not by_hand and not perceive.failing_now(turn.service, signals, turn.now, fresh):
        turn.note("WAIT", f"no failure in the last {show_seconds(fresh)}: not sent, looking again")
        turn.enter(Phase.SUSPECT)
        return
    incident = turn.incident
    assert incident.suspect is not None and incident.target is not None and turn.wishes.platform_id is not None
    acts = (*turn.service.acted_at, turn.now)[-ACTS_KEPT:]
    turn.change(acted_at=acts)
    turn.state = replace(turn.state, acted_at=(*turn.state.acted_at, turn.now)[-ACTS_KEPT:])
    turn.amend(tried=True, requested_at=turn.now)
    turn.enter(Phase.ROLLING_BACK)
    turn.note(
        "INTENT", f"{incident.suspect} -> {incident.target}, saved; newest deploy then {turn.service.deploys[0].id}"
    )
    turn.emit(
        Rollback(
            service=turn.name,
            incident=incident.id,
            platform_id=turn.wishes.platform_id,
            suspect=incident.suspect,
            target=incident.target,
            target_code=incident.target_code,
            baseline=turn.service.deploys[0].id,
            approved_by=incident.approved_by,
        )
    )


def hand_over(turn: Turn, why: str, *, restore: bool = False) -> None:
    """Leave it to a human; `restore`: nothing was changed, so auto-deploy that we switched off is given back."""
    turn.amend(human_needed=why)
    turn.note("HUMAN", why)
    turn.enter(Phase.PAGED)
    lines = (f"What happened: {why}", *words.done_lines(turn.incident), *words.decision_lines(turn.incident))
    title = words.title(turn.incident) if restore else ending.alarm_title(turn)
    turn.tell(NoticeKind.HUMAN_NEEDED, title, lines, wakes=True)
    if restore:
        give_auto_deploy_back(turn)


def give_auto_deploy_back(turn: Turn) -> None:
    """Restore auto-deploy if it is off because of us."""
    value = turn.service.auto_deploy_off
    if value and value != "off" and turn.wishes.platform_id is not None:
        turn.emit(RestoreAutoDeploy(turn.name, turn.incident.id, turn.wishes.platform_id, value))
