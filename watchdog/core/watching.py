"""Calm and suspicion: from the first bad reading to a confirmed anomaly, or back to calm."""

from watchdog.core import ending, perceive
from watchdog.core.opening import open_incident
from watchdog.core.turn import Turn
from watchdog.domain.effects import SetPace
from watchdog.domain.incidents import Phase
from watchdog.domain.units import show_seconds


def look_closer(turn: Turn) -> None:
    """Calm: one bad reading is enough to look closer; an incident that is over is let go."""
    if turn.service.incident is not None:
        turn.change(incident=None)
    why = perceive.suspicion(turn.service, turn.policy, turn.now)
    if why and turn.state.blind_since is None:
        turn.enter(Phase.SUSPECT)
        turn.settle_pace()
        turn.note("SUSPECT", f"{why}; probe every {turn.service.pace_seconds:g} s")
        confirm(turn)


def confirm(turn: Turn) -> None:
    """Suspicion: open an incident once it is confirmed, go back to calm once it is not borne out."""
    if turn.state.blind_since is not None:
        return
    findings = perceive.findings(turn.service, turn.policy, turn.now)
    if findings and not perceive.worse_is_coming(turn.service, turn.policy, findings, turn.now):
        open_incident(turn, findings)
    elif not findings and perceive.calm(turn.service, turn.policy, turn.now):
        _calm_down(turn)


def _calm_down(turn: Turn) -> None:
    if turn.service.incident is not None:
        ending.close(turn, "recovered by itself", "it recovered before anything was changed")
        return
    lasted = turn.now - turn.service.phase_since
    turn.note("CALM", f"not borne out after {show_seconds(lasted)}: every check is back to normal")
    turn.enter(Phase.CALM)


def resume(turn: Turn) -> None:
    """After a restart: go on where we were, with the readings still to come."""
    turn.enter(turn.service.phase)
    if turn.service.pace_seconds:
        turn.emit(SetPace(turn.name, turn.service.pace_seconds))
