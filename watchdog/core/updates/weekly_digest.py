"""The weekly digest: when one is due, and that it is sent once, by whichever worker.

Rule 1: all workers share that it was made, and that is saved together with the notice. Of two workers that make it at
once, the save of the later one fails; it loads the state again and finds the digest made.
Rule 2: a missed digest is sent late, within a day; after that it is skipped. The first one is on time or not at all:
a digest that is configured at noon does not send that of the morning.
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
    """Return the end of the week (UTC epoch seconds) whose digest is due now, or None."""
    if policy.digest is None:
        return None
    at = schedule.latest(policy.digest.every, now)
    # A worker with a fast clock may have recorded a future time; it must not suppress the digest until then.
    made_at = state.digested_at if state.digested_at <= now else 0.0
    late = LATE_SECONDS if made_at else FIRST_LATE_SECONDS
    return at if at > made_at and now - at < late else None


def tell(ctx: StepContext, event: e.WeekSummedUp) -> None:
    """Send the digest of a summed-up week, unless it was sent meanwhile or is no longer configured."""
    wanted = ctx.policy.digest
    # Another worker may have sent it while this one summed up: then it is no longer due.
    if wanted is None or event.until != due(ctx.state, ctx.policy, ctx.now):
        return
    ctx.state = replace(ctx.state, digested_at=event.until)
    name = f"digest-{schedule.date_of(event.until, wanted.every.zone)}"
    ctx.notify_info(name, event.title, event.lines, wanted.channels)
