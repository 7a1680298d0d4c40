"""The pre-send check: the last look at the newest state, at the very moment a change is sent.

Rule 1: nothing is awaited between this check and the call, so every event that arrived since the decision counts.
Rule 2: it decides nothing: a reason means that nothing is sent, and that the core decides again.
"""

from watchdog.core.fold import observations
from watchdog.core.guards import guards, without_deploy
from watchdog.domain.effects import PinAutoDeploy, RestoreAutoDeploy, Rollback, TryRemedy
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.policy import Policy
from watchdog.domain.remedies.kinds import words
from watchdog.domain.remedies.maintenance_mode import ON, is_switch
from watchdog.domain.units import show_seconds

SAME_MOMENT_SECONDS = 60.0
"""How far from our request another rollback began at most that may be ours: it lands late, and clocks differ."""


def reason_not_to_send(
    state: State, policy: Policy, effect: Rollback | PinAutoDeploy | RestoreAutoDeploy | TryRemedy, now: float
) -> str:
    """Return why this change must not be sent at this moment, or "".

    A pause and a violated invariant stop every change, and are all that stops a pin. A rollback or a remedy is also
    stopped if its incident waits for it no more, if nothing fails any more, or by a guard of `AT_THE_CALL`; a remedy
    without a suspected deploy has guards of its own (`without_deploy.py`), and an acknowledgement stops it. A request
    by hand needs neither a failure nor these guards. Auto-deploy is not given back where it may be off for a rollback
    that the record lacked.
    """
    withheld = state.stop_reason
    service = state.services.get(effect.service)
    if isinstance(effect, RestoreAutoDeploy):
        return withheld or (_not_known_to_be_due(service) if service is not None else "")
    # A pin only keeps the next merge from being deployed, and is undone by one call: it needs no evidence.
    if withheld or isinstance(effect, PinAutoDeploy):
        return withheld
    if isinstance(effect, TryRemedy) and is_switch(effect.remedy):
        return _not_to_switch(state, policy, effect, now)
    incident = service.incident if service is not None and effect.service in policy.services else None
    # The incident may have closed, or gone to a human, while the effect waited in the actuator.
    if service is None or incident is None or incident.id != effect.incident or not _wanted(service, incident, effect):
        what = f"{words(effect.remedy).noun} for" if isinstance(effect, TryRemedy) else "the rollback of"
        return f"{what} {effect.incident} is no longer wanted"
    # A human's request does not depend on a failure that is seen at this moment.
    if incident.by_hand:
        return ""
    alone = isinstance(effect, TryRemedy) and incident.tries_without_deploy
    acknowledged_by = incident.escalation.acknowledged_by
    if alone and acknowledged_by is not None:
        return f"{acknowledged_by} acknowledged it, and may be repairing it"
    asked = without_deploy.AT_THE_CALL if alone else guards.AT_THE_CALL
    return _not_failing(service, policy, now) or guards.blocked(asked, state, policy, service, now)


def _not_to_switch(state: State, policy: Policy, effect: TryRemedy, now: float) -> str:
    """Return why maintenance mode must not be switched at this moment, or ""; off needs no evidence."""
    service = state.services.get(effect.service) if effect.service in policy.services else None
    own = service.own_maintenance if service is not None else None
    if service is None or own is None or not own.awaits(effect.incident, effect.remedy):
        return f"{words(effect.remedy).noun} for {effect.incident} is no longer wanted"
    if effect.remedy != ON:
        return ""
    incident = service.incident
    left_to_people = service.phase is Phase.PAGED and incident is not None and incident.closed_at is None
    if incident is None or incident.id != effect.incident or not left_to_people or own.why_off:
        return f"{effect.incident} needs it no longer"
    return _not_failing(service, policy, now) or guards.blocked(without_deploy.AT_THE_CALL, state, policy, service, now)


def _wanted(service: ServiceState, incident: Incident, effect: Rollback | TryRemedy) -> bool:
    """Return whether the service is in the phase that waits for this change."""
    if isinstance(effect, Rollback):
        return service.phase is Phase.ROLLING_BACK
    attempt = incident.remedy
    return service.phase is Phase.REMEDYING and attempt is not None and attempt.name == effect.remedy


def _not_known_to_be_due(service: ServiceState) -> str:
    """Return why an order to give auto-deploy back may be of before a rollback, as in a restored store, or ""."""
    if service.unlisted:
        return "its deploys were not listed since this worker acquired its lease"
    if service.overtaken:
        return "since that was ordered, a rollback was found that the record lacked, or a denied commit came back"
    other = _rollback_that_may_be_ours(service)
    return f"{other} may be our rollback: it was begun within a minute of our request" if other else ""


def _rollback_that_may_be_ours(service: ServiceState) -> str:
    """Return the newest deploy if it is a rollback that may be ours though another one was taken for it, or "".

    Where a person rolls back to the same code in the second of our request, and its answer is lost, no list can say
    which is whose; ours may land later, and serve.
    """
    attempt = service.incident.rollback if service.incident is not None else None
    newest = next((one for one in service.deploys if one.is_live or one.in_progress), None)
    if attempt is None or attempt.requested_at is None or attempt.deploy is None or newest is None:
        return ""
    near = abs(newest.created_at - attempt.requested_at) <= SAME_MOMENT_SECONDS
    return newest.id if newest.is_rollback and newest.id != attempt.deploy and near else ""


def _not_failing(service: ServiceState, policy: Policy, now: float) -> str:
    """Return that no failure was seen lately (I2), or ""."""
    assert service.incident is not None, "it is asked about one"
    if observations.failing_now(service, service.incident.findings, policy, now):
        return ""
    return f"no failure in the last {show_seconds(policy.detection.fresh_seconds)}"
