"""The present state of a service, as far as the outlook of one of its incidents needs it beside the record. Pure.

Rule: a place that cannot read the state leaves the defaults, which claim nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdog.core.assess.current_readings import current_readings
from watchdog.domain.decisions import Evidence
from watchdog.domain.incidents import Incident, ServiceState
from watchdog.domain.policy import Policy
from watchdog.presentation.status_text import STALE_SECONDS


@dataclass(frozen=True, slots=True)
class CurrentState:
    """What an incident has left on its service, and what its critical probes read since its rollback is live."""

    auto_deploy_was: str = (
        ""  # value of auto-deploy to give back; empty: it is not off because of this or an earlier one
    )
    denied: bool = False  # the suspect's commit is deny-listed because of this incident
    readings: tuple[Evidence, ...] = ()  # the newest of the critical probes; none: not read since


def current_state(
    incident: Incident, service: ServiceState | None, denied: Sequence[str], policy: Policy, now: float
) -> CurrentState:
    """Return the present state around an incident; `denied` are the deny-listed codes, `now` is UTC epoch seconds."""
    still = blames_code(incident) and incident.suspect_code in denied
    if service is None:
        return CurrentState(denied=still)
    # Left off by an earlier incident, it is a task of the newest one, too: its notices say so as well.
    # A closed one leaves the state soon after; its end stays there as the newest end.
    newest = service.closed_at is not None and service.closed_at == incident.closed_at
    was = service.auto_deploy_off if newest or service.pinned_for in ("", incident.id) else ""
    # It was off before the incident: there is nothing of ours to give back.
    return CurrentState("" if was == "off" else was, still, _readings(incident, service, policy, now))


def blames_code(incident: Incident) -> bool:
    """Return whether the incident's rollback led away from a commit that is blamed: the daemon deny-lists that."""
    blame = incident.decision.blame if incident.decision is not None else None
    made = incident.rollback.deploy is not None and bool(incident.suspect_code)
    return made and blame is not None and not blame.configuration


def _readings(incident: Incident, service: ServiceState, policy: Policy, now: float) -> tuple[Evidence, ...]:
    restored, wishes = incident.rollback.restored_at, policy.services.get(service.name)
    if wishes is None or restored is None or incident.closed_at is not None:
        return ()
    read = current_readings(service, policy, now)
    # A reading from before is of the deploy before; an old one, of a daemon that does not run, says nothing of now.
    since = max(restored, now - STALE_SECONDS)
    return tuple(one for one in read if one.signal in wishes.eyes and service.checks[one.signal].last_at >= since)
