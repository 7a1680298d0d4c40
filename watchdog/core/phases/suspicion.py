"""Calm and suspicion: from the first bad reading to a confirmed anomaly, or back to calm."""

from watchdog.core.context import Turn
from watchdog.core.fold import observations
from watchdog.core.phases import close_incident, overdue_rollback, rollback_request
from watchdog.core.phases.open_incident import open_incident
from watchdog.domain.decisions import Finding
from watchdog.domain.effects import SetPace
from watchdog.domain.incidents import Phase
from watchdog.domain.units import show_seconds

PATIENCE_SECONDS = 600.0
"""How long an open incident may be looked at without a decision, before a human has it."""


def look_closer(turn: Turn) -> None:
    """Calm: one bad reading is enough to look closer; an incident that is over is let go."""
    if turn.service.incident is not None:
        turn.change(incident=None)
    why = observations.suspicion(turn.service, turn.policy, turn.now)
    if why and turn.state.blind_since is None:
        turn.enter(Phase.SUSPECT)
        turn.settle_pace()
        turn.note("SUSPECT", f"{why}; probe every {turn.service.pace_seconds:g} s")
        confirm(turn)


def confirm(turn: Turn) -> None:
    """Suspicion: open an incident once it is confirmed, go back to calm once it is not borne out.

    An open incident (something kept us from sending) is decided anew only while it is seen failing, and not
    watched in silence for ever.
    """
    if turn.state.blind_since is not None:
        return
    findings = observations.findings(turn.service, turn.policy, turn.now)
    lasted = turn.now - turn.service.phase_since
    if findings and _may_decide(turn, findings):
        open_incident(turn, findings)
    elif not findings and observations.calm(turn.service, turn.policy, turn.now):
        _calm_down(turn)
    elif turn.service.incident is not None and lasted >= PATIENCE_SECONDS:
        rollback_request.hand_over(
            turn, f"for {show_seconds(lasted)} it neither failed for sure nor recovered", restore=True
        )
    else:
        overdue_rollback.say(turn)


def _may_decide(turn: Turn, findings: tuple[Finding, ...]) -> bool:
    if observations.worse_is_coming(turn.service, turn.policy, findings, turn.now):
        return False
    return turn.service.incident is None or observations.failing_now(turn.service, findings, turn.policy, turn.now)


def _calm_down(turn: Turn) -> None:
    if turn.service.incident is not None:
        close_incident.close(turn, "recovered by itself", "it recovered before a rollback was sent")
        return
    if observations.may_return(turn.service, turn.now):
        return
    lasted = turn.now - turn.service.phase_since
    turn.note("CALM", f"not borne out after {show_seconds(lasted)}: every check is back to normal")
    turn.enter(Phase.CALM)


def resume(turn: Turn) -> None:
    """After a restart: go on where we were, with the readings still to come (good ones may not have been saved)."""
    turn.put(observations.interrupt(turn.service, turn.now))
    turn.enter(turn.service.phase)
    if turn.service.pace_seconds:
        turn.emit(SetPace(turn.name, turn.service.pace_seconds))
