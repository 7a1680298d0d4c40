"""A service that the configuration has no more: nothing reads it, so its open incident is ended as it is taken up.

A reload refuses to strand an incident. A restart may: people delete a service for good, and remove it here. Its page
would stay open at the pager for ever, its incident in the record, and "not available" the last word to stakeholders.
"""

from collections.abc import Sequence
from dataclasses import replace

from watchdog.core.context import StepContext
from watchdog.core.guards import active_criticals
from watchdog.core.phases import close_incident, maintenance_mode, remedies
from watchdog.core.updates import stakeholder_updates
from watchdog.domain.incidents import Outcome
from watchdog.domain.policy import Mode, ServicePolicy

WHY = "its service is not in the configuration any more, so no check reads it"


def end_incidents(ctx: StepContext, taken_up: Sequence[str]) -> None:
    """Close the open incident of each service that a worker took up and the configuration lacks."""
    policy = ctx.policy
    for name in taken_up:
        service = ctx.state.services.get(name)
        if service is None or name in policy.services:
            continue
        ctx.name = name
        # Closing reads the service's configuration: one without checks, of which nothing may be changed.
        ctx.policy = replace(policy, services={**policy.services, name: ServicePolicy(name, None, Mode.OBSERVE)})
        # Also after its incident: until it is off, it is asked for again and again.
        maintenance_mode.end_unread(ctx, WHY)
        if service.open_incident is not None:
            _end_incident(ctx)
        ctx.policy = policy


def _end_incident(ctx: StepContext) -> None:
    remedies.end_unread(ctx, WHY)
    close_incident.close(ctx, Outcome.UNSEEN, WHY)
    stakeholder_updates.end_unwatched(ctx)
    active_criticals.clear(ctx)
