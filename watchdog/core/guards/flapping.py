"""Flapping: a service whose incidents come and go. What comes and goes by itself is seldom a deploy's doing.

Rule: while it flaps, a human is asked instead; a calm stretch ends that.
"""

from watchdog.core.context import Turn
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Brakes
from watchdog.domain.units import show_seconds


def count(turn: Turn) -> bool:
    """Count an incident that is opened now; tell whether the service flaps from now on."""
    brakes = turn.policy.brakes
    within = [at for at in turn.service.opened_at if at > turn.now - brakes.flaps_window_seconds]
    opened = tuple([*within, turn.now][-brakes.flaps_max :])
    turn.change(opened_at=opened)
    if len(opened) < brakes.flaps_max or turn.service.flapping_since is not None:
        return False
    turn.change(flapping_since=turn.now)
    return True


def say(turn: Turn) -> None:
    """Tell people, once, that the service is held."""
    text = f"{_how_often(turn.policy.brakes)}: {_until(turn.policy.brakes)}"
    turn.note("FLAPPING", text)
    turn.tell(NoticeKind.UPDATED, f"{turn.name} is FLAPPING: {_how_often(turn.policy.brakes)}", (f"Held: {text}",))


def why(brakes: Brakes) -> str:
    """Return why a service that flaps is not rolled back unasked."""
    return f"it flaps: {_how_often(brakes)}; {_until(brakes)}"


def _how_often(brakes: Brakes) -> str:
    return f"{brakes.flaps_max} incidents opened within {show_seconds(brakes.flaps_window_seconds)}"


def _until(brakes: Brakes) -> str:
    return f"no rollback unasked until {show_seconds(brakes.flaps_calm_seconds)} without an incident"


def settle(turn: Turn) -> None:
    """Trust the service again after a calm stretch."""
    service = turn.service
    calm = service.phase is Phase.CALM and service.flapping_since is not None
    if not calm or turn.now - (service.closed_at or turn.now) < turn.policy.brakes.flaps_calm_seconds:
        return
    turn.change(flapping_since=None, opened_at=())
    turn.note("STEADY", f"no incident for {show_seconds(turn.policy.brakes.flaps_calm_seconds)}: no longer held")
