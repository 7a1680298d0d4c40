"""Invariants: safety properties that are checked from outside after every step, before any effect is performed.

`violated_invariant` compares the two states. It trusts no guard, and repeats none of the step's reasoning where the
outcome alone shows the violation. A reason means: discard the step and disable actions (`InvariantBroken`).

Rule 1: cheap in the common case: a step without a write and without a changed incident costs a few comparisons.
Rule 2: a rollback by hand needs no finding, no blame and no budget; every other invariant holds for it as well.
"""

from collections.abc import Sequence

from watchdog.core.assess import failure_correlation, suppression
from watchdog.core.fold import observations
from watchdog.core.guards import guards, rollback_budget, without_deploy
from watchdog.domain.decisions import Course, failure_types
from watchdog.domain.effects import Effect, PinAutoDeploy, RestoreAutoDeploy, Rollback, Tell, TryRemedy
from watchdog.domain.incidents import ACTING, Incident, Phase, ServiceState, State
from watchdog.domain.policy import Mode, Policy, Then
from watchdog.domain.remedies.maintenance_mode import ON, is_switch
from watchdog.domain.remedies.remedy import Remedy, cools_down
from watchdog.domain.severity import Severity
from watchdog.domain.units import DAY_SECONDS

BEFORE_ACCEPTANCE = frozenset({Phase.REMEDYING, Phase.PINNING, Phase.ROLLING_BACK})


def violated_invariant(before: State, after: State, effects: Sequence[Effect], policy: Policy) -> str:
    """Return the invariant that this step would violate, or ""."""
    sent: set[str] = set()
    for effect in effects:
        if isinstance(effect, TryRemedy):
            why = _observed_or_stopped(effect.service, before, after, policy) or (
                _switch(effect, before, after, policy)
                if is_switch(effect.remedy)
                else _remedy(effect, before, after, policy)
            )
            if why:
                return f"TryRemedy {effect.remedy} of {effect.service} for {effect.incident}: {why}"
        if isinstance(effect, (Rollback, PinAutoDeploy, RestoreAutoDeploy)):
            why = _write(effect, after, policy) or _change(effect, before, after, policy, sent)
            if why:
                return f"{type(effect).__name__} of {effect.service} for {effect.incident}: {why}"
    # Identity is enough: a service that did not change is the same object, so only changed ones are examined.
    if after.services is before.services:
        return ""
    for name, service in after.services.items():
        was = before.services.get(name)
        if was is not None and service is not was:
            # What is guarded no more cannot be proved: see core/unguarded_service.py.
            why = _notice_missing(was, service, effects) or (_left(was, service) if name in policy.services else "")
            if why:
                return f"{name}: {why}"
    return ""


def _write(effect: Rollback | PinAutoDeploy | RestoreAutoDeploy, after: State, policy: Policy) -> str:
    """Return why no write of this kind may go to this service, or ""."""
    service_policy, service = policy.services.get(effect.service), after.services.get(effect.service)
    if service_policy is None or service is None:
        return "the service is not configured"
    # A configuration that was edited, or a restored state, may pair a name with the id of another service.
    if service_policy.platform_id is None or service_policy.platform_id != effect.platform_id:
        return f"{effect.platform_id} is not the service's id ({service_policy.platform_id})"
    incident = service.incident
    if incident is not None and incident.remedy is not None and not isinstance(effect, RestoreAutoDeploy):
        return f"remedy {incident.remedy.name} is being tried"
    return ""


def _observed_or_stopped(name: str, before: State, after: State, policy: Policy) -> str:
    """Return why nothing of this service may be changed now, or ""."""
    service_policy = policy.services.get(name)
    if service_policy is None or name not in after.services:
        return "the service is not configured"
    if service_policy.mode is Mode.OBSERVE:
        return "the service is only observed"
    # Both states: a step must not lift its own stop and act at once.
    for state in (before, after):
        if state.disarmed:
            return f"disarmed ({state.disarmed})"
        if state.paused_by:
            return f"paused by {state.paused_by}"
    return ""


def _remedy(effect: TryRemedy, before: State, after: State, policy: Policy) -> str:
    """Return why this remedy may not be tried, or "": configured, once in its incident, and one at a time."""
    service, was = after.services[effect.service], before.services.get(effect.service)
    incident = service.incident
    if incident is None or incident.id != effect.incident:
        return "the service has no such incident"
    remedy = next((one for one in policy.services[effect.service].remedies if one.name == effect.remedy), None)
    if remedy is None:
        return "it is no remedy of the service"
    if not remedy.suits(failure_types(incident.findings)):
        return "it is not for what fails"
    # The attempt is in the saved state: one that is not there could be made again after a crash.
    if incident.remedy is None or incident.remedy.name != effect.remedy:
        return "it is not in the books"
    known = was.incident if was is not None else None
    if known is not None and known.id == incident.id:
        if effect.remedy in (one.name for one in known.remedies):
            return "it was tried already"
        if known.remedy is not None:
            return f"{known.remedy.name} is being tried"
    # By the state before: the one after has this very request.
    if was is not None and cools_down(remedy, was.remedied, incident.remedy.requested_at):
        return "it is in its cooldown"
    if incident.tries_without_deploy and (why := _no_case(remedy, incident)):
        return why
    if incident.by_hand or incident.rollback.tried:
        return "it comes before a rollback that the daemon decided on"
    now = incident.remedy.requested_at
    return _no_consent(effect, incident, after, policy, now) or _no_evidence(effect, incident, after, policy, now)


def _switch(effect: TryRemedy, before: State, after: State, policy: Policy) -> str:
    """Return why maintenance mode may not be switched, or "": on while people work, off where it is ours."""
    service, was = after.services[effect.service], before.services.get(effect.service)
    own, known = service.own_maintenance, was.own_maintenance if was is not None else None
    if own is None or not own.awaits(effect.incident, effect.remedy):
        return "it is not in the books"
    if effect.remedy != ON:
        return "" if known is not None and known.incident == own.incident and known.may_be_on else "it is not ours"
    if known is not None and known.incident == own.incident:
        return "it was switched on in this incident already"
    incident = service.incident
    remedy = next((one for one in policy.services[effect.service].remedies if one.at_most_seconds), None)
    if remedy is None or own.until > own.asked_at + remedy.at_most_seconds:
        return "it is no remedy of the service, or for longer than the policy says"
    if incident is None or incident.id != own.incident or incident.closed_at is not None:
        return "the service has no such incident"
    if incident.severity is not Severity.CRITICAL or incident.escalation.acknowledged_by is None:
        return "no one works on it, or it is not critical"
    if not observations.failing_now(service, incident.findings, policy, own.asked_at):
        return "nothing was seen failing just now"
    return _no_consent(effect, incident, after, policy, own.asked_at)


def _no_case(remedy: Remedy, incident: Incident) -> str:
    """Return why a remedy may not be tried without a suspected deploy, or ""."""
    decision = incident.decision
    if not remedy.without_deploy:
        return "it is tried before a rollback alone"
    if incident.severity is not Severity.CRITICAL or decision is None or decision.course is not Course.PAGE:
        return "it is no critical incident that was left to people"
    return without_deploy.suspected(decision.blame) if decision.blame is not None else "nothing was weighed"


def _change(
    effect: Rollback | PinAutoDeploy | RestoreAutoDeploy, before: State, after: State, policy: Policy, sent: set[str]
) -> str:
    """Return why production may not be changed now, or ""; restoring auto-deploy needs only the absence of a stop."""
    stopped = _observed_or_stopped(effect.service, before, after, policy)
    if stopped:
        return stopped
    if not isinstance(effect, Rollback):
        return ""
    if effect.service in sent:
        return "a second rollback in one step"
    sent.add(effect.service)
    service = after.services[effect.service]
    incident = service.incident
    if incident is None or incident.id != effect.incident:
        return "the service has no such incident"
    # The denials of both states, so that a step cannot lift a denial and roll back to that code at once.
    why = (
        _twice(effect, before)
        or _target(effect, service, incident, (*before.denied, *after.denied))
        or _overtaken(effect, service)
    )
    return why or ("" if incident.by_hand else _unasked(effect, service, incident, after, policy))


def _twice(effect: Rollback, before: State) -> str:
    """Return that this incident had its rollback already (I1), or "".

    An expired artefact allows one rebuild; what a human asks for by hand may follow a lost one.
    """
    was = before.services.get(effect.service)
    known = was.incident if was is not None else None
    if known is None or known.id != effect.incident:
        return ""
    attempt = known.rollback
    if attempt.deploy is not None:
        return f"it was rolled back already, as {attempt.deploy}"
    again = effect.rebuild and attempt.expired is None
    return "it had its one rollback already" if attempt.tried and not again and not known.by_hand else ""


def _target(effect: Rollback, service: ServiceState, incident: Incident, denied: Sequence[str]) -> str:
    """Return why the target is not allowed (I3), or ""."""
    target = next((deploy for deploy in service.deploys if deploy.id == effect.target), None)
    if effect.target == effect.suspect:
        return "the target is the suspect"
    if target is None or not target.was_live:
        return f"{effect.target} was never live"
    if target.code in denied or effect.target_code in denied:
        return f"{effect.target} is deny-listed"
    blame = incident.decision.blame if incident.decision is not None else None
    # The same code is a target only where the configuration alone changed: otherwise nothing would be rolled back.
    suspect = next((deploy for deploy in service.deploys if deploy.id == effect.suspect), None)
    same = suspect is not None and suspect.code is not None and suspect.code == target.code
    return f"{effect.target} runs the suspect's code" if same and blame is not None and not blame.configuration else ""


def _overtaken(effect: Rollback, service: ServiceState) -> str:
    """Return the deploy newer than the live one that is still under way (I4), or ""."""
    for deploy in service.deploys:
        # Newest first: what is older than the live deploy can overtake nothing any more.
        if deploy.is_live or deploy.id == effect.suspect:
            return ""
        if not deploy.has_ended:
            return f"{deploy.id} is on its way"
    return ""


def _unasked(effect: Rollback, service: ServiceState, incident: Incident, after: State, policy: Policy) -> str:
    """Return why a rollback that no human requested is not allowed (I2, I5), or ""."""
    limits, now = policy.budget, incident.rollback.requested_at
    why = _no_consent(effect, incident, after, policy, now)
    if why:
        return why
    # The step that sends also spends the budget. An effect without that entry would escape every limit below.
    if now is None or now not in service.acted_at or now not in after.acted_at:
        return "it is not in the books"
    why = _no_evidence(effect, incident, after, policy, now)
    if why:
        return why
    # More than the limit, as this rollback is counted already.
    today = sum(at > now - DAY_SECONDS for at in service.acted_at)
    if today > limits.per_service_per_day:
        return f"{today} rollbacks of the service today (limit {limits.per_service_per_day})"
    fleet = rollback_budget.fleet_spent(after, policy, effect.service, incident.suspect_code, now)
    if fleet > limits.per_fleet_per_10m:
        return f"{fleet} rollbacks of all services together in 10 min (limit {limits.per_fleet_per_10m})"
    return ""


def _no_consent(
    effect: Rollback | TryRemedy, incident: Incident, after: State, policy: Policy, now: float | None
) -> str:
    """Return why this may not be done unasked, or "": mode, sight, downtime, window, hold."""
    service_policy, facts = policy.services[effect.service], after.services[effect.service].facts
    if service_policy.mode is Mode.ASSIST and effect.approved_by is None and not _unanswered(incident):
        return "no human approved it"
    if after.blind_since is not None:
        return "blind"
    if facts is not None and (facts.suspended or facts.maintenance):
        return "the service is intentionally down"
    kept_until = incident.announced_until
    # Checked at the time of the request: the approval alone does not open the window.
    if policy.matrix[incident.severity].window is not None and kept_until is not None and (now or 0.0) < kept_until:
        return "it is kept for its window"
    held = suppression.active_hold(after, policy, effect.service, now or incident.opened_at)
    if held is not None and effect.approved_by is None:
        return f"{held.name}: rollbacks need approval"
    return ""


def _no_evidence(effect: Rollback | TryRemedy, incident: Incident, after: State, policy: Policy, now: float) -> str:
    """Return why no deploy is to blame at this moment, or "": nothing fails, or too much, or it is a rollback."""
    service = after.services[effect.service]
    if not observations.failing_now(service, incident.findings, policy, now):
        return "nothing was seen failing just now"
    suspect = next((deploy for deploy in service.deploys if deploy.id == incident.suspect), None)
    alone = isinstance(effect, TryRemedy) and incident.tries_without_deploy
    if suspect is not None and suspect.is_rollback and not alone:
        return f"{suspect.id} is itself a rollback"
    mine = after.troubles.get(effect.service)
    wave = failure_correlation.mass_failure(policy, after.troubles, mine) if mine is not None else None
    # An uncertain mass failure is asked about; only an approval of that very question covers it.
    asked = effect.approved_by is not None and "correlation" in guards.guards_that_ask(incident)
    return wave.why if wave is not None and (wave.certain or not asked) else ""


def _unanswered(incident: Incident) -> bool:
    """Return whether people received the question with its default, and had the whole announced time to answer."""
    deadline, defaulted = incident.question.deadline, incident.question.defaulted_at
    if deadline is None or deadline.then is not Then.ROLLBACK or deadline.within_seconds is None:
        return False
    # From the receipt, not from the sending: a question that no channel delivered cannot go unanswered.
    since = deadline.delivered_at
    return since is not None and defaulted is not None and defaulted >= since + deadline.within_seconds


def _notice_missing(was: ServiceState, service: ServiceState, effects: Sequence[Effect]) -> str:
    """Return that an incident is marked as notified without a notice in this step (I6), or ""."""
    incident = service.incident
    if incident is None or not incident.paged:
        return ""
    if was.incident is not None and was.incident.id == incident.id and was.incident.paged:
        return ""
    notified = any(isinstance(effect, Tell) and effect.notice.incident == incident.id for effect in effects)
    return "" if notified else f"{incident.id} records a notification that was not sent"


def _left(was: ServiceState, service: ServiceState) -> str:
    """Return that an open incident was dropped: each ends verified, closed, or with a human (I6); else ""."""
    known, incident = was.incident, service.incident
    if known is None or known.closed_at is not None:
        return ""
    # A request by hand may replace an open incident, which is closed as continued in the same step.
    if incident is None or (incident.id != known.id and not incident.by_hand):
        return f"{known.id} was dropped while it was open"
    if was.phase not in ACTING or service.phase in ACTING or incident.closed_at is not None:
        return _closed_well(was, service, incident)
    # Nothing was sent yet, so the way back to suspicion (rollback_request.retry_later) is no lost rollback.
    if service.phase is Phase.SUSPECT and was.phase in BEFORE_ACCEPTANCE and not incident.rollback.tried:
        return ""
    # People have had it since before that remedy was tried, and nothing else was sent.
    had = known.tries_without_deploy and known.id == incident.id
    if service.phase is Phase.PAGED and (incident.human_needed or had):
        return ""
    return f"{known.id} went from {was.phase.value} to {service.phase.value} with neither proof nor a human"


def _closed_well(was: ServiceState, service: ServiceState, incident: Incident) -> str:
    """Return that a rollback was closed without proof, or that an open incident was left in calm; else ""."""
    if was.phase in ACTING and incident.closed_at is not None and not incident.proved:
        return f"{incident.id} was closed while its rollback was not proved"
    if service.phase is Phase.CALM and incident.closed_at is None:
        return f"{incident.id} is open and the service calm"
    return ""
