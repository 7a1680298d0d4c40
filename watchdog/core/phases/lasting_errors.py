"""Errors that stay: a flood whose level has not fallen for a day is what is usual by now, and no incident any more.

Left open, it would call people again and again, hide a second flood on top of it, and end as a recovery once two days
have taught its level. So it is closed after a day, as what it is: the errors did not stop, and only what is far above
them is reported from now on. A limit that the user set never gives way, nor does a level that
still rises.
"""

from watchdog.core.context import StepContext
from watchdog.core.detect import error_counts
from watchdog.core.fold import lessons, observations
from watchdog.core.phases import close_incident
from watchdog.domain.incidents import Outcome
from watchdog.domain.units import show_seconds

LASTS_SECONDS = 86400.0
"""A day: it has shown each hour of the day once, and people had a working day to look at it."""


def closed(ctx: StepContext) -> bool:
    """Close the incident if nothing is left of it but errors that have stayed for a day; return whether."""
    lasted = ctx.now - ctx.incident.opened_at
    if lasted < LASTS_SECONDS:
        return False
    settled = lessons.with_errors_as_usual(ctx.service, ctx.incident.onset_at)
    # By the last 90 minutes, which alone are usual then: where errors still rise, these are far above them.
    if not observations.is_healthy(settled, ctx.policy, ctx.now, ctx.policy.detection.calm_seconds):
        return False
    levels = [
        f"{one.name}: about {error_counts.per_minute(one):.0f} errors/min"
        for one in ctx.service.checks.values()
        if one.counts_before
    ]
    ctx.set_service(settled)
    how = f"{', '.join(levels)} for {show_seconds(lasted)}, usual from now on"
    close_incident.close(ctx, Outcome.NEW_BASELINE, how)
    return True
