"""What every worker knows of deploys: the live deploy of each service that another one depends on, or that does itself.

A worker lists the deploys of its own services alone; blame and guards weigh those of their neighbours, too.
"""

from dataclasses import replace

from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import StepContext
from watchdog.domain.policy import Policy


def share_live_deploy(ctx: StepContext) -> None:
    """Let every worker know of a live deploy that is new to them."""
    live = live_deploy(ctx.service.deploys)
    known = ctx.state.live_deploys.get(ctx.name)
    if live is None or (known is not None and known.id == live.id) or not _has_neighbours(ctx.policy, ctx.name):
        return
    told = replace(live, commit_message="")
    ctx.state = replace(ctx.state, live_deploys={**ctx.state.live_deploys, ctx.name: told})


def _has_neighbours(policy: Policy, name: str) -> bool:
    if any(other in policy.services for other in policy.services[name].depends_on):
        return True
    return any(name in wishes.depends_on for wishes in policy.services.values())
