"""The guard of a service that is meant to be down, or was so when it failed: that explains the outage.

A block while the platform says so and for a grace period after it; an ask where the failure began in it.
"""

from watchdog.core.assess import maintenance
from watchdog.core.guards.guard_context import GuardContext, asks, blocks, passes
from watchdog.domain.decisions import GuardAnswer, GuardReason, Verdict
from watchdog.domain.incidents import Incident
from watchdog.domain.units import show_seconds


def availability(request: GuardContext) -> GuardAnswer:
    """A service that is meant to be down has no outage."""
    facts, name = request.service.facts, request.service.name
    if facts is None:
        return blocks("service", f"the platform did not report it: {request.service.deploys_why}")
    age = request.now - (request.service.deploys_at or request.now)
    when = f", by what was read {show_seconds(age)} ago" if age > maintenance.KNOWN_SECONDS else ""
    if facts.suspended:
        by = f" by {', '.join(facts.suspenders)}" if facts.suspenders else ""
        why = f"{name} is suspended{by}{when}"
        return blocks("service", why, reason=GuardReason.SUSPENDED, suspenders=facts.suspenders)
    if facts.maintenance:
        return blocks("service", f"{name} is in maintenance mode{when}")
    return (
        _after_downtime(request)
        or _after_suspension(request)
        or passes("service", "neither suspended nor in maintenance mode")
    )


def _after_downtime(request: GuardContext) -> GuardAnswer | None:
    """Return a block in the grace period after a downtime, an ask if the failure began in it: such an onset acquits."""
    down = request.service.downtime
    if down is None or down.ended_at is None:
        return None
    ago, name = show_seconds(request.now - down.ended_at), request.service.name
    if request.now < down.ended_at + maintenance.GRACE_SECONDS:
        limit = show_seconds(maintenance.GRACE_SECONDS)
        over = down.ended_at + maintenance.GRACE_SECONDS
        return blocks(
            "service", f"{name} was {down.what} until {ago} ago (limit {limit})", passing=True, clears_at=over
        )
    found = request.incident if request.incident is not None else request.found
    began = found.onset_at if found is not None else None
    if began is None or maintenance.overlapped(request.service, began) is None:
        return None
    return asks("service", f"{name} was {down.what} until {ago} ago, and failed then: a human decides")


def _after_suspension(request: GuardContext) -> GuardAnswer | None:
    """Return an ask if the service was suspended in this incident: the suspension may explain the onset."""
    decision = request.incident.decision if request.incident is not None else None
    answers = decision.guards if decision is not None else ()
    if not any(one.reason in (GuardReason.SUSPENDED, GuardReason.WAS_SUSPENDED) for one in answers):
        return None
    why = "was suspended in this incident, so the cause of the failures is unknown: a human decides"
    return asks("service", f"{request.service.name} {why}", reason=GuardReason.WAS_SUSPENDED)


def was_down(incident: Incident) -> bool:
    """Return whether the last decision was blocked because the service is, or was, meant to be down."""
    answers = incident.decision.guards if incident.decision is not None else ()
    return any(one.name == "service" and one.verdict is Verdict.BLOCK for one in answers)
