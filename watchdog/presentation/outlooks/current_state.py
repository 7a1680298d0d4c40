"""The present state of a service, as far as the outlook of one of its incidents needs it beside the record. Pure.

Rule: a place that cannot read the state leaves the defaults, which claim nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from watchdog.core import detect
from watchdog.core.assess.confirmation_time import next_confirmation
from watchdog.core.assess.current_readings import current_readings
from watchdog.core.fold.deploy_lists import auto_deploy_is_on
from watchdog.core.fold.unread import unseen
from watchdog.core.phases import escalation
from watchdog.core.phases.rollback_request import PIN_PATIENCE_SECONDS
from watchdog.domain.decisions import Evidence
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.policy import Policy
from watchdog.domain.remedies.database_step import DatabaseAction
from watchdog.presentation.outlooks.other_service import OtherService, OtherServices, culprit
from watchdog.presentation.status_text import STALE_SECONDS


@dataclass(frozen=True, slots=True)
class CurrentState:
    """What an incident has left on its service, what its probes read since its rollback is live, and what stops the
    daemon. Times are UTC epoch seconds; None: not known, or not so."""

    auto_deploy_was: str = (
        ""  # value of auto-deploy to give back; empty: it is not off because of this or an earlier one
    )
    watched: bool = False  # the configuration has the service
    denied: bool = False  # the suspect's commit is deny-listed because of this incident
    readings: tuple[Evidence, ...] = ()  # the newest of the critical probes; none: not read since
    answers_since: float | None = None  # since when these and the failed checks are all good
    confirms: tuple[str, float] | None = None  # the check that fails beside a live rollback, and when that is confirmed
    stopped: str = ""  # why the daemon changes nothing at all, for people neither; empty: it may
    disarmed: bool = False  # because an invariant was violated, which people look into before they resume it
    window: str = ""  # name of the window that the policy keeps an approved rollback for; empty: none, or not known
    sends_by: float | None = None  # when a rollback is sent without the answer that auto-deploy is off
    maintenance_until: float | None = None  # when the daemon switches its maintenance mode off; None: it is not on
    deploys_at: float | None = None  # when Render's list of deploys was read last
    deploys_why: str = ""  # why it could not be read since; empty: it was
    auto_deploy: str = ""  # value of auto-deploy that Render stated last; empty: not known
    unseen: tuple[tuple[str, float], ...] = ()  # checks that may still fail, and are not read any more: since when
    pages_again_at: float | None = None  # when an acknowledgement of now would end with a page; None: with none
    open_tasks: int = 0  # items of its checklists that are not done, once it is over; 0: none, or not known
    followed: bool = True  # a daemon runs, as far as that is known
    database_steps: tuple[DatabaseAction, ...] = ()  # on the service's database, for a plan over a migration
    other: OtherService | None = None  # another service, whose deploy is likelier to blame; None: none, or not known

    @property
    def fails(self) -> Evidence | None:
        """Return the first critical probe that fails although the rollback is live."""
        return next((one for one in self.readings if one.verdict == "bad"), None)


def current_state(
    incident: Incident,
    state: State,
    policy: Policy,
    now: float,
    *,
    runs: bool | None = None,
    others: OtherServices | None = None,
    open_tasks: int = 0,
) -> CurrentState:
    """Return the present state around an incident; `state` is that of all services, `now` is UTC epoch seconds.

    `runs`: whether a daemon runs, where that is known; `others`: how other services stand in that state, shared by
    several incidents. It may make a plan of another service: with hundreds of services, not on the event loop.
    `open_tasks`: see `follow_up_text.py`.
    """
    service, blamed = state.services.get(incident.service), culprit(incident)
    rule, known = policy.matrix.get(incident.severity), policy.services.get(incident.service)
    around = CurrentState(
        watched=incident.service in policy.services,
        database_steps=known.database_steps if known is not None else (),
        denied=blames_code(incident) and incident.suspect_code in state.denied,
        stopped=state.stop_reason,
        disarmed=bool(state.disarmed),
        window=rule.window.name if rule is not None and rule.window is not None else "",
        open_tasks=open_tasks,
        followed=runs is not False,
        other=(others or OtherServices(state, policy, now)).of(blamed) if blamed is not None else None,
    )
    if service is None:
        return around
    # Left off by an earlier incident, it is a task of the newest one, too: its notices say so as well.
    # A closed one leaves the state soon after; its end stays there as the newest end.
    newest = service.closed_at is not None and service.closed_at == incident.closed_at
    was = service.auto_deploy_off if newest or service.pinned_for in ("", incident.id) else ""
    readings = _readings(incident, service, policy, now)
    deciding_probes = policy.services[service.name].deciding_probes if readings else ()
    return replace(
        around,
        readings=tuple(one for one in readings if one.signal in deciding_probes),
        # It was off before the incident: there is nothing of ours to give back.
        auto_deploy_was="" if was == "off" else was,
        answers_since=_answers_since(incident, service, readings, deciding_probes),
        confirms=next_confirmation(service, policy, now) if readings else None,
        sends_by=service.phase_since + PIN_PATIENCE_SECONDS if service.phase is Phase.PINNING else None,
        maintenance_until=_maintenance_until(incident, service),
        deploys_at=service.deploys_at,
        deploys_why=service.deploys_why,
        unseen=_unseen(incident, service, policy, now),
        pages_again_at=escalation.due_at(_acknowledged(incident, now), service.phase, policy, now),
        auto_deploy=service.facts.auto_deploy if service.facts is not None and auto_deploy_is_on(service) else "",
    )


def _maintenance_until(incident: Incident, service: ServiceState) -> float | None:
    own = service.own_maintenance
    return own.until if own is not None and own.incident == incident.id and own.may_be_on else None


def _acknowledged(incident: Incident, now: float) -> Incident:
    return replace(incident, escalation=replace(incident.escalation, acknowledged_at=now))


def blames_code(incident: Incident) -> bool:
    """Return whether the incident's rollback led away from a commit that is blamed: the daemon deny-lists that."""
    blame = incident.decision.blame if incident.decision is not None else None
    made = incident.rollback.deploy is not None and bool(incident.suspect_code)
    return made and blame is not None and not blame.configuration


def _readings(incident: Incident, service: ServiceState, policy: Policy, now: float) -> tuple[Evidence, ...]:
    """Return the newest readings since the rollback is live, of the critical probes and of the checks that failed."""
    restored, service_policy = incident.rollback.restored_at, policy.services.get(service.name)
    if service_policy is None or restored is None or incident.closed_at is not None:
        return ()
    judged = {*service_policy.deciding_probes, *(one.signal for one in incident.findings)}
    # A reading from before is of the deploy before; an old one, of a daemon that does not run, says nothing of now.
    since = max(restored, now - STALE_SECONDS)
    read = current_readings(service, policy, now)
    return tuple(one for one in read if one.signal in judged and service.checks[one.signal].last_at >= since)


def _unseen(incident: Incident, service: ServiceState, policy: Policy, now: float) -> tuple[tuple[str, float], ...]:
    open_one = service.incident is not None and service.incident.id == incident.id and incident.closed_at is None
    if not open_one or service.name not in policy.services:
        return ()
    seen = [(check.name, detect.seen_at(check)) for check in unseen(service, policy, now)]
    return tuple((name, at) for name, at in seen if at > 0.0)


def _answers_since(
    incident: Incident, service: ServiceState, readings: Sequence[Evidence], deciding_probes: Sequence[str]
) -> float | None:
    """Return since when all of them are good: from the last bad one on, or since the rollback is live."""
    failed, restored = {one.signal for one in incident.findings if one.fails}, incident.rollback.restored_at
    read = {one.signal for one in readings}
    # What was only slow answered all the time; and a check that was not read again shows nothing.
    if restored is None or not failed or not {*deciding_probes, *failed} <= read:
        return None
    if any(one.verdict != "good" for one in readings):
        return None
    return max([restored, *(service.checks[name].last_bad_at or 0.0 for name in read)])
