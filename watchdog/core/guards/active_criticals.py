"""Active criticals: the services that are critical now, as all workers know them. Registered before each decision.

Two workers whose services break at once both change this shared record. The save of the later one fails, so it loads
the record again and decides with knowledge of both.

But a service without a fresh deploy is confirmed later than one in its watch window. So before a rollback without a
human, a worker waits until the failures that began with its own, of services that others watch, are registered
(`known_from`). Where one worker watches all services it sees them fail itself, and waits for nothing.
"""

from dataclasses import replace

from watchdog.core.assess import maintenance, severity
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import StepContext
from watchdog.domain.decisions import Finding
from watchdog.domain.incidents import ActiveCritical
from watchdog.domain.severity import Severity


def register(ctx: StepContext, findings: tuple[Finding, ...]) -> None:
    """Register this service with all workers, if it is critical; the first suspect code it was blamed on stays."""
    # Only what is critical counts: a slow service is no sign of a failure that many share.
    if severity.judge(findings, ctx.service_policy, ctx.policy.detection)[0] is not Severity.CRITICAL:
        return
    before = ctx.state.troubles.get(ctx.name)
    # A planned downtime is registered as well: its dependants fail by it and need that explanation.
    planned = maintenance.in_force(ctx.service, ctx.now) is not None
    # A known suspect is kept: after a rollback the live deploy is another one, and the failure still is of the first.
    if before is not None and before.suspect_code is not None and before.planned is planned:
        return
    trouble = replace(_trouble(ctx, findings, before), planned=planned)
    if trouble != before:
        ctx.state = replace(ctx.state, troubles={**ctx.state.troubles, ctx.name: trouble})


def _trouble(ctx: StepContext, findings: tuple[Finding, ...], before: ActiveCritical | None) -> ActiveCritical:
    if before is not None and before.suspect_code is not None:
        return before
    live = live_deploy(ctx.service.deploys)
    return ActiveCritical(
        ctx.name,
        at=before.at if before is not None else ctx.now,
        suspect_code=live.code if live is not None else None,
        # By the oldest finding: one that joins the same incident later says nothing about its begin.
        recent_deploy=min(finding.onset_at for finding in findings) < ctx.service.watch_until,
    )


def known_from(ctx: StepContext, findings: tuple[Finding, ...]) -> float:
    """Return from when on failures of other workers' services that began with ours are registered (UTC epoch seconds);
    0 where this worker watches every service.
    """
    if all(name in ctx.state.services for name in ctx.policy.services):
        return 0.0
    main = severity.judge(findings, ctx.service_policy, ctx.policy.detection)[2]
    # A calm service is probed slowly, so its run begins that much later.
    return main.onset_at + ctx.policy.detection.run_seconds + ctx.policy.detection.fresh_seconds


def clear(ctx: StepContext) -> None:
    """Remove the service once its incident is over or no longer critical."""
    if ctx.name not in ctx.state.troubles:
        return
    incident = ctx.service.incident
    if incident is None or incident.closed_at is not None or incident.severity is not Severity.CRITICAL:
        kept = {name: trouble for name, trouble in ctx.state.troubles.items() if name != ctx.name}
        ctx.state = replace(ctx.state, troubles=kept)
