"""Flapping: a service whose incidents come and go. A deploy rarely causes failures that end by themselves.

Rule: while a service flaps, a human is asked instead of a rollback; a calm stretch ends that.
"""

from watchdog.core.context import StepContext
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.policy import Brakes
from watchdog.domain.units import show_seconds


def count(ctx: StepContext) -> bool:
    """Count an incident that is opened now; return whether the service flaps from now on."""
    brakes = ctx.policy.brakes
    within = [at for at in ctx.service.opened_at if at > ctx.now - brakes.flaps_window_seconds]
    # No longer than the limit, as the state is saved with every step.
    opened = tuple([*within, ctx.now][-brakes.flaps_max :])
    ctx.update_service(opened_at=opened)
    # A service that flaps already is not announced again with each further incident.
    if len(opened) < brakes.flaps_max or ctx.service.flapping_since is not None:
        return False
    ctx.update_service(flapping_since=ctx.now)
    return True


def say(ctx: StepContext) -> None:
    """Notify people, once, that automatic rollbacks are held."""
    text = f"{_how_often(ctx.policy.brakes)}: {_until(ctx.policy.brakes)}"
    ctx.note("FLAPPING", text)
    ctx.notify(NoticeKind.UPDATED, Topic.FLAPPING, why=text)


def why(brakes: Brakes) -> str:
    """Return why a flapping service is not rolled back automatically."""
    return f"it flaps: {_how_often(brakes)}; {_until(brakes)}"


def _how_often(brakes: Brakes) -> str:
    return f"{brakes.flaps_max} incidents opened within {show_seconds(brakes.flaps_window_seconds)}"


def _until(brakes: Brakes) -> str:
    return f"rollbacks need approval until {show_seconds(brakes.flaps_calm_seconds)} without an incident"


def settle(ctx: StepContext) -> None:
    """End the flapping after a calm stretch."""
    service = ctx.service
    calm = service.phase is Phase.CALM and service.flapping_since is not None
    if not calm or ctx.now - (service.closed_at or ctx.now) < ctx.policy.brakes.flaps_calm_seconds:
        return
    # Counted anew: with the old ones, the next single incident would hold rollbacks again.
    ctx.update_service(flapping_since=None, opened_at=())
    ctx.note("STEADY", f"no incident for {show_seconds(ctx.policy.brakes.flaps_calm_seconds)}: no longer held")
