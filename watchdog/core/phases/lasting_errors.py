"""Errors that stay: a flood whose level has not fallen for a day is what is usual by now, and no incident any more.

Left open, it would call people again and again, hide a second flood on top of it, and end as a recovery once two days
have taught its level. So it is closed after a day, as what it is: the errors did not stop, and only what is far above
them is reported from now on. A limit that the user set never gives way. A level that still rises keeps it open, and so
does one younger than the incident: each hour of that day must have had errors of about this level.
"""

from watchdog.core.context import StepContext
from watchdog.core.detect import error_counts
from watchdog.core.fold import lessons, observations
from watchdog.core.phases import close_incident
from watchdog.domain.incidents import Outcome
from watchdog.domain.units import show_seconds

LASTS_SECONDS = 86400.0
"""A day: it has shown each hour of the day once, and people had a working day to look at it."""
HOURS = 24
HOURS_KNOWN_MIN = 20
"""Of its 24 hours: a restart may cost one."""


def closed(ctx: StepContext) -> bool:
    """Close the incident if nothing is left of it but errors that have stayed for a day; return whether."""
    flooded = [one for one in ctx.service.checks.values() if one.counts_before]
    if not flooded or ctx.now - ctx.incident.opened_at < LASTS_SECONDS:
        return False
    if not all(error_counts.lasts(one, HOURS, HOURS_KNOWN_MIN, ctx.policy.detection) for one in flooded):
        return False
    settled = lessons.with_errors_as_usual(ctx.service, ctx.now - LASTS_SECONDS)
    # By the last 90 minutes, which alone are usual then: where errors still rise, these are far above them.
    if not observations.is_healthy(settled, ctx.policy, ctx.now, ctx.policy.detection.calm_seconds):
        return False
    levels = [f"{one.name}: about {error_counts.per_minute(one):.0f} errors/min" for one in flooded]
    ctx.set_service(settled)
    how = f"{', '.join(levels)} for {show_seconds(LASTS_SECONDS)}, usual from now on"
    close_incident.close(ctx, Outcome.NEW_BASELINE, how)
    return True
