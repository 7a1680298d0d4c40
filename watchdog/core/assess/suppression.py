"""Suppression: the silence that mutes notices, and the action hold that prevents automatic rollbacks. Pure lookups.

Rule 1: both have an end, an author and a reason. Configured ones are in the policy, ones made by command in the state
that all workers share (manual_silences.py). A service that is meant to be down by the platform is silenced by that
(maintenance.py), and never rolled back (guards.downtime).
Rule 2: a silence mutes notices, never the record, and only of its own scope: a second failing signal is notified. Two
notices pass: the end, to people who had the begin; and a rollback of a critical service, unless the silence names that
severity. Stakeholders (stakeholder_updates.py) get nothing new while any silence covers the service.
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
"""The author of a hold while a new version decides past incidents again (updates/upgrade_notice.py)."""


def active_hold(state: State, policy: Policy, service: str, now: float) -> Suppression | None:
    """Return the action hold that covers a service at a moment, or None."""
    holds = (*policy.action_holds, *state.holds)
    return next((one for one in holds if one.service in (None, service) and _in_force(one, now)), None)


def active_silence(
    state: State, policy: Policy, incident: Incident, kind: NoticeKind, signals: Set[str], now: float
) -> Suppression | None:
    """Return the silence that mutes a notice of an incident at a moment, or None; `signals` fail in the incident."""
    # People who were paged have to learn that they can stand down.
    if kind is NoticeKind.RESOLVED and incident.paged:
        return None
    silences = _silences(state, policy, incident.service, now)
    return next((one for one in silences if _concerns(one, incident, signals)), None)


def muting_silence(
    state: State, policy: Policy, incident: Incident, signals: Set[str], now: float
) -> Suppression | None:
    """Return the silence that covers an incident, whatever the daemon does about it, or None."""
    silences = _silences(state, policy, incident.service, now)
    return next((one for one in silences if _names(one, incident, signals)), None)


def service_muting_silence(state: State, policy: Policy, service: str, now: float) -> Suppression | None:
    """Return a silence that covers a service at a moment, whatever its other scope, or None."""
    return next((one for one in _silences(state, policy, service, now) if one.service in (None, service)), None)


def _silences(state: State, policy: Policy, service: str, now: float) -> list[Suppression]:
    """Return the silences in force at a moment: configured, made by command, and the service's own downtime."""
    every = (*policy.silences, *state.silences, *by_platform(state.services.get(service), now))
    return [one for one in every if _in_force(one, now)]


def by_platform(service: ServiceState | None, now: float) -> tuple[Suppression, ...]:
    """Return the silence of the service's downtime, while the platform states one."""
    down = maintenance.in_force(service, now) if service is not None else None
    return (of_downtime(service.name, down),) if service is not None and down is not None else ()


def of_downtime(service: str, down: Downtime) -> Suppression:
    """Return a downtime as a silence; it ends only when the platform says so."""
    since = f"{datetime.fromtimestamp(down.since, UTC):%Y-%m-%d %H:%M %Z}"
    return Suppression("downtime", service, PLATFORM, f"{down.what}, seen since {since}", down.since)


def _concerns(one: Suppression, incident: Incident, signals: Set[str]) -> bool:
    exempt = _is_rolled_back(incident) and one.severity is not Severity.CRITICAL
    return _names(one, incident, signals) and not exempt


def _names(one: Suppression, incident: Incident, signals: Set[str]) -> bool:
    if one.service not in (None, incident.service) or one.severity not in (None, incident.severity):
        return False
    # Exactly that signal: a second failing one may be another outage, which the silence does not know of.
    return one.signal is None or signals == {one.signal}


def _is_rolled_back(incident: Incident) -> bool:
    """Return whether the service is critical and a rollback is decided, under way, or done."""
    ours = incident.rollback.tried or (incident.decision is not None and incident.decision.course in OURS_TO_DO)
    return ours and incident.severity is Severity.CRITICAL


def _in_force(one: Suppression, now: float) -> bool:
    if one.weekly is not None:
        return schedule.within(one.weekly, now)
    return one.begins_at <= now and (one.ends_at is None or now < one.ends_at)


def describe(one: Suppression) -> str:
    """Return a silence or a hold in words: its scope, its author and its reason."""
    what = [one.service or "all services"]
    what += [f"signal {one.signal}"] if one.signal is not None else []
    what += [f"severity {one.severity}"] if one.severity is not None else []
    return f"{one.name} of {', '.join(what)} by {one.by} ({one.reason})"
