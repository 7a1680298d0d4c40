"""Quiet: which silence keeps people from being told, which action hold keeps us from acting unasked. Pure lookups.

Rule 1: both have an end, an author and a reason. Those of the configuration are in the policy, those that people typed
in what all workers share (manual_silences.py). A service that the platform says is meant to be down is silenced by it
(maintenance.py), and nothing is rolled back there at all (guards.availability).
Rule 2: a silence mutes people, never the record, and only of what it names: a second signal that fails is told. The
all-clear to who was told passes, and so does what is rolled back where it is critical, unless the silence names that
severity. People outside engineering (stakeholder_updates.py) hear of nothing new while any silence names it.
"""

from collections.abc import Set
from datetime import UTC, datetime

from watchdog.core.assess import maintenance, schedule
from watchdog.domain.decisions import Course
from watchdog.domain.deploys import Downtime
from watchdog.domain.incidents import Incident, ServiceState, State
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Policy, Suppression
from watchdog.domain.severity import Severity

OURS_TO_DO = (Course.ROLLBACK, Course.ANNOUNCE)
PLATFORM = "the platform"
UPGRADE = "the upgrade"
"""Who holds while a new version decides the past again (updates/upgrade_notice.py)."""


def active_hold(state: State, policy: Policy, service: str, now: float) -> Suppression | None:
    """Return the action hold under which a service is at a moment, or None."""
    holds = (*policy.action_holds, *state.holds)
    return next((one for one in holds if one.service in (None, service) and _in_force(one, now)), None)


def active_silence(
    state: State, policy: Policy, incident: Incident, kind: NoticeKind, signals: Set[str], now: float
) -> Suppression | None:
    """Return the silence that keeps a notice of an incident from people at a moment, or None; `signals` fail in it."""
    if kind is NoticeKind.RESOLVED and incident.paged:
        return None
    silences = _silences(state, policy, incident.service, now)
    return next((one for one in silences if _concerns(one, incident, signals)), None)


def muting_silence(
    state: State, policy: Policy, incident: Incident, signals: Set[str], now: float
) -> Suppression | None:
    """Return the silence that is in force over an incident, whatever we do about it, or None."""
    silences = _silences(state, policy, incident.service, now)
    return next((one for one in silences if _names(one, incident, signals)), None)


def service_muting_silence(state: State, policy: Policy, service: str, now: float) -> Suppression | None:
    """Return a silence in force that concerns a service at a moment, whatever it names besides, or None."""
    return next((one for one in _silences(state, policy, service, now) if one.service in (None, service)), None)


def _silences(state: State, policy: Policy, service: str, now: float) -> list[Suppression]:
    """Return what is in force at a moment: of the configuration, of people, and the platform's own of this service."""
    every = (*policy.silences, *state.silences, *by_platform(state.services.get(service), now))
    return [one for one in every if _in_force(one, now)]


def by_platform(service: ServiceState | None, now: float) -> tuple[Suppression, ...]:
    """Return the silence that the platform's own word is, while it says that the service is meant to be down."""
    down = maintenance.in_force(service, now) if service is not None else None
    return (of_downtime(service.name, down),) if service is not None and down is not None else ()


def of_downtime(service: str, down: Downtime) -> Suppression:
    """Return a downtime as the silence that it is: it has no end but the platform's word."""
    since = f"{datetime.fromtimestamp(down.since, UTC):%Y-%m-%d %H:%M} UTC"
    return Suppression("downtime", service, PLATFORM, f"{down.what}, seen since {since}", down.since)


def _concerns(one: Suppression, incident: Incident, signals: Set[str]) -> bool:
    told_all_the_same = _is_rolled_back(incident) and one.severity is not Severity.CRITICAL
    return _names(one, incident, signals) and not told_all_the_same


def _names(one: Suppression, incident: Incident, signals: Set[str]) -> bool:
    if one.service not in (None, incident.service) or one.severity not in (None, incident.severity):
        return False
    return one.signal is None or signals == {one.signal}


def _is_rolled_back(incident: Incident) -> bool:
    """Tell whether it is critical and we roll back, or did."""
    ours = incident.rollback.tried or (incident.decision is not None and incident.decision.course in OURS_TO_DO)
    return ours and incident.severity is Severity.CRITICAL


def _in_force(one: Suppression, now: float) -> bool:
    if one.weekly is not None:
        return schedule.within(one.weekly, now)
    return one.begins_at <= now and (one.ends_at is None or now < one.ends_at)


def describe(one: Suppression) -> str:
    """Return a silence or a hold in words: what of, by whom, why."""
    what = [one.service or "all services"]
    what += [f"signal {one.signal}"] if one.signal is not None else []
    what += [f"severity {one.severity}"] if one.severity is not None else []
    return f"{one.name} of {', '.join(what)} by {one.by} ({one.reason})"
