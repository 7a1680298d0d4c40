"""The last look: what forbids a change at the very moment it is sent, by all that is known then.

Rule 1: asked with nothing awaited between it and the call: what was learned while the change was on its way counts.
Rule 2: it decides nothing: a reason means that nothing is sent, and that the core looks again.
"""

from watchdog.core.fold import observations
from watchdog.core.guards import guards
from watchdog.domain.effects import PinAutoDeploy, RestoreAutoDeploy, Rollback
from watchdog.domain.incidents import Phase, ServiceState, State
from watchdog.domain.policy import Policy
from watchdog.domain.units import show_seconds


def reason_not_to_send(
    state: State, policy: Policy, effect: Rollback | PinAutoDeploy | RestoreAutoDeploy, now: float
) -> str:
    """Return why this must not be sent at this moment, or nothing.

    A pause and a broken promise hold back everything; a rollback also what has come up since it was decided. What was
    asked for by hand waits for no finding.
    """
    withheld = guards.global_stop_reason(state)
    if withheld or not isinstance(effect, Rollback):
        return withheld
    service = state.services.get(effect.service)
    incident = service.incident if service is not None and effect.service in policy.services else None
    if service is None or incident is None or incident.id != effect.incident or service.phase is not Phase.ROLLING_BACK:
        return f"nobody waits for the rollback of {effect.incident} any more"
    if incident.by_hand:
        return ""
    return _not_failing(service, policy, now) or guards.blocked(guards.AT_THE_CALL, state, policy, service, now)


def _not_failing(service: ServiceState, policy: Policy, now: float) -> str:
    """Return that no failure was seen lately (I2), or nothing."""
    assert service.incident is not None, "it is asked about one"
    if observations.failing_now(service, service.incident.findings, policy, now):
        return ""
    return f"no failure in the last {show_seconds(policy.detection.fresh_seconds)}"
