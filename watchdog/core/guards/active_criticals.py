"""Troubles: what all workers know of the services that are critical now. Entered before a decision is weighed.

Two workers whose services break at once both change what they share: the later one is told to load it, and then
decides in the knowledge of both.
"""

from dataclasses import replace

from watchdog.core.assess import maintenance, severity
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import Turn
from watchdog.domain.decisions import Finding
from watchdog.domain.incidents import Trouble
from watchdog.domain.policy import Severity


def enter(turn: Turn, findings: tuple[Finding, ...]) -> None:
    """Let everybody know of this service, if it is critical; the code it was first blamed on stays its code."""
    if severity.judge(findings, turn.wishes, turn.policy.detection)[0] is not Severity.CRITICAL:
        return
    before = turn.state.troubles.get(turn.name)
    planned = maintenance.in_force(turn.service, turn.now) is not None
    if before is not None and before.suspect_code is not None and before.planned is planned:
        return
    trouble = replace(_trouble(turn, findings, before), planned=planned)
    if trouble != before:
        turn.state = replace(turn.state, troubles={**turn.state.troubles, turn.name: trouble})


def _trouble(turn: Turn, findings: tuple[Finding, ...], before: Trouble | None) -> Trouble:
    if before is not None and before.suspect_code is not None:
        return before
    live = live_deploy(turn.service.deploys)
    return Trouble(
        turn.name,
        at=before.at if before is not None else turn.now,
        suspect_code=live.code if live is not None else None,
        recent_deploy=min(finding.onset_at for finding in findings) < turn.service.watch_until,
    )


def settle(turn: Turn) -> None:
    """Strike the service off once its incident is over or no longer critical."""
    if turn.name not in turn.state.troubles:
        return
    incident = turn.service.incident
    if incident is None or incident.closed_at is not None or incident.severity is not Severity.CRITICAL:
        kept = {name: trouble for name, trouble in turn.state.troubles.items() if name != turn.name}
        turn.state = replace(turn.state, troubles=kept)
