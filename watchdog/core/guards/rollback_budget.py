"""The budget of rollbacks: the account of a service and of the fleet, and the unit in which the fleet counts.

Rule 1: the fleet's budget counts groups: one bad commit in two services is one fault, and may be undone in both.
Rule 2: a service's own rollbacks count each.
Rule 3: a spent rollback that was not sent is given back.
"""

from dataclasses import replace

from watchdog.core.assess import failure_correlation
from watchdog.core.context import StepContext
from watchdog.domain.incidents import Act, State
from watchdog.domain.policy import Policy

FLEET_SECONDS = 600.0
ACTS_KEPT = 20


def spend(ctx: StepContext) -> None:
    """Enter this service's rollback in both accounts, at the moment of sending."""
    # Before the outcome is known: a request whose answer is lost may have been accepted, so it has to count.
    act = Act(ctx.now, ctx.name, ctx.incident.suspect_code)
    ctx.update_service(acted_at=(*ctx.service.acted_at, ctx.now)[-ACTS_KEPT:])
    ctx.state = replace(
        ctx.state,
        acted_at=(*ctx.state.acted_at, ctx.now)[-ACTS_KEPT:],
        acts=(*ctx.state.acts, act)[-ACTS_KEPT:],
    )


def give_back(ctx: StepContext) -> None:
    """Remove the entry of the incident's rollback, the service's last one, from both accounts."""
    requested_at = ctx.incident.rollback.requested_at
    if requested_at is None:
        return
    # It may be dated later than the request: of the two, a slow clock that takes over clamps the request alone.
    if ctx.service.acted_at and ctx.service.acted_at[-1] >= requested_at:
        ctx.update_service(acted_at=ctx.service.acted_at[:-1])
    acts, moments = list(ctx.state.acts), list(ctx.state.acted_at)
    ours = [act for act in acts if act.service == ctx.name and act.at >= requested_at]
    at = ours[-1].at if ours else requested_at
    if ours:
        acts.remove(ours[-1])
    # One entry only: another service may have been rolled back at the same moment.
    if at in moments:
        moments.remove(at)
    ctx.state = replace(ctx.state, acted_at=tuple(moments), acts=tuple(acts))


def fleet_spent(state: State, policy: Policy, service: str, code: str | None, now: float) -> int:
    """Return how many rollbacks of the last ten minutes count against one of this service that leaves this code."""
    recent = [at for at in state.acted_at if at > now - FLEET_SECONDS]
    # A record of an older version has `acted_at` without `acts`: such a rollback counts as a group of its own below.
    acts = [act for act in state.acts if act.at in recent]
    own = sum(act.service == service for act in acts)
    mine = Act(now, service, code)
    # This rollback itself is in `formed`, so it is subtracted.
    formed = failure_correlation.form(policy, [mine, *(act for act in acts if act.service != service)])
    return len(formed) - 1 + own + max(0, len(recent) - len(acts))
