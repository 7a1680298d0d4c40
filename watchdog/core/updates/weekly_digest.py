"""The weekly digest: when one is to be made, and that it is told once, whichever worker made it.

Rule 1: that it was made is what all workers share, and written down together with the notice: of two that make it at
once the later one is told to look again, and finds it made.
Rule 2: one that was missed comes late, within a day; after that it is left out. The first one is on time or not at all:
who asks for it at noon does not get that of the morning.
"""

from dataclasses import replace

from watchdog.core.assess import schedule
from watchdog.core.context import StepContext
from watchdog.domain import events as e
from watchdog.domain.incidents import State
from watchdog.domain.policy import Policy

LATE_SECONDS = 86400.0
FIRST_LATE_SECONDS = 600.0


def due(state: State, policy: Policy, now: float) -> float | None:
    """Return the moment (UTC epoch seconds) whose digest is to be made now, or None."""
    if policy.digest is None:
        return None
    at = schedule.latest(policy.digest.every, now)
    made_at = state.digested_at if state.digested_at <= now else 0.0  # by a clock that was wrong
    late = LATE_SECONDS if made_at else FIRST_LATE_SECONDS
    return at if at > made_at and now - at < late else None


def tell(ctx: StepContext, event: e.WeekSummedUp) -> None:
    """The week was summed up: tell of it, unless that was done meanwhile, or is wanted no more."""
    wanted = ctx.policy.digest
    if wanted is None or event.until != due(ctx.state, ctx.policy, ctx.now):
        return
    ctx.state = replace(ctx.state, digested_at=event.until)
    name = f"digest-{schedule.date_of(event.until, wanted.every.zone)}"
    ctx.notify_info(name, event.title, event.lines, wanted.channels)
