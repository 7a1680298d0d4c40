"""The state of this worker as plain data: the answer of `GET /status`, for programs.

Rule: fields may be added, never changed. Times are UTC epoch seconds; text is data, never markup.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from watchdog.core.assess import connectivity
from watchdog.domain.checks import Check
from watchdog.domain.deploys import Downtime
from watchdog.domain.incidents import Incident, ServiceState, State
from watchdog.domain.integrations import Integration
from watchdog.domain.policy import Policy
from watchdog.domain.readings import Bad, Good, Unknown

VERSION = 1


def status_of(
    state: State, policy: Policy, held: Mapping[str, int], integrations: Sequence[Integration], now: float
) -> dict[str, Any]:
    """Return the status; `held` has the epochs of this worker's leases by service, `integrations` their states.

    A service of another worker is listed with `held: false` and no details: that worker has them.
    """
    return {
        "version": VERSION,
        "at": now,
        "paused_by": state.paused_by,
        "disarmed": state.disarmed,
        "blind_since": state.blind_since,
        "blind_why": connectivity.why(state) if state.blind_since is not None else "",
        "denied": list(state.denied),
        "integrations": [_integration(one) for one in integrations],
        "services": {
            name: {"mode": service_policy.mode.value, "held": name in held, "epoch": held.get(name)}
            # Of a service of another worker the memory may hold an old state, which must not be shown as the present.
            | _service(state.services.get(name) if name in held else None)
            for name, service_policy in policy.services.items()
        },
    }


def _service(service: ServiceState | None) -> dict[str, Any]:
    if service is None:
        return {"phase": None, "live": None, "signals": {}, "incident": None}
    # The state keeps the last incident after its end, until the next look drops it.
    open_one = service.incident if service.incident is not None and service.incident.closed_at is None else None
    return {
        "phase": service.phase.value,
        "phase_since": service.phase_since,
        "live": service.live,
        "auto_deploy_off": service.auto_deploy_off,
        "not_shipped": [{"commit": one.sha, "title": one.title} for one in service.merged],
        "merges_unseen": service.merges_why,
        "flapping_since": service.flapping_since,
        "forbidden": service.forbidden,
        "downtime": _downtime(service.downtime),
        "signals": {name: _signal(check) for name, check in service.checks.items()},
        "incident": _incident(open_one) if open_one is not None else None,
    }


def _downtime(down: Downtime | None) -> dict[str, Any] | None:
    """Return the downtime that the platform declares (such as maintenance) and since when; None without one."""
    return {"what": down.what, "since": down.since} if down is not None and down.ended_at is None else None


def _signal(check: Check) -> dict[str, Any]:
    match check.last:
        case Good(detail):
            verdict, why = "good", detail
        case Bad(why):
            verdict = "bad"
        case Unknown(why):
            verdict = "unknown"
        case None:
            verdict, why = "unknown", "not read yet"
    return {"verdict": verdict, "why": why, "at": check.last_at}


def _integration(one: Integration) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "name": one.name,
        "standing": one.standing.value,
        "since": one.since,
        "worked_at": one.ok_at,
        "why": one.why,
        "parts": list(one.parts),
        "consequence": "" if one.standing.works else one.consequence,
        "cure": one.cure,
    }


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "severity": incident.severity.value,
        "title": incident.title,
        "onset_at": incident.onset_at,
        "opened_at": incident.opened_at,
        "needs_human": incident.human_needed,
        "paged": incident.paged,
        "target": incident.rollback.target,
        "rollback_deploy": incident.rollback.deploy,
        "restored_at": incident.rollback.restored_at,
    }
