"""The contents of a public page: states, names, times, and titles from a short list. Pure.

Rule 1: every text is ours, the configuration's, or an announcement that people wrote for visitors
(public_announcements.py); an incident is described by its kind and its times alone.
Rule 2: an incident without an outage for visitors is left out (presentation/availability.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from watchdog.console.public.public_announcements import PublicAnnouncement
from watchdog.domain.checks import Check
from watchdog.domain.incidents import Incident, Phase, ServiceState
from watchdog.domain.policy import ServicePolicy
from watchdog.domain.readings import Bad, Unknown
from watchdog.domain.severity import Severity
from watchdog.presentation.availability import (
    FELT,
    HOUR_SECONDS,
    Availability,
    Hours,
    availability,
    ended_at,
    lasted_within,
    that_count,
)
from watchdog.presentation.status_text import STALE_SECONDS, open_incident

OPERATIONAL, DEGRADED, OUTAGE, UNKNOWN = "operational", "degraded", "outage", "unknown"
WORST_FIRST = (OUTAGE, DEGRADED, UNKNOWN, OPERATIONAL)
UNAVAILABLE, PARTLY, SLOW, ERRORS = "Unavailable", "Partly unavailable", "Slow", "More errors than usual"
TITLES: Mapping[str, str] = {"latency": SLOW} | dict.fromkeys(("feed", "count", "new errors", "crashes"), ERRORS)
"""Titles by detection method; any other method means that a page failed."""
WHOLE_SHARE = 0.9
GOOD_SHARE, BAD_SHARE = 0.999, 0.98
"""A day that was available for less than the first had failures, for less than the second it was bad."""


@dataclass(frozen=True, slots=True)
class StatusPage:
    """One page: its path's last part, its title, and its services, each with the name that visitors know.

    `logo` is a picture as a `data:` address, `colour` a hexadecimal colour (#1a7f5a); both may be empty.
    """

    name: str
    title: str
    services: Mapping[str, str]
    logo: str = ""
    colour: str = ""


@dataclass(frozen=True, slots=True)
class PublicDay:
    """One day (UTC; `at` its begin): good, some (failures), bad or none (nothing is known).

    `lost_seconds` is the part of `watched_seconds` in which the service was not available.
    """

    at: float
    state: str
    watched_seconds: float = 0.0
    lost_seconds: float = 0.0

    @property
    def available(self) -> float | None:
        """Return the share of the time watched that it was available."""
        return Availability(self.watched_seconds, self.lost_seconds).share


@dataclass(frozen=True, slots=True)
class PublicService:
    """One service: its state now, and its days, oldest first."""

    name: str
    state: str
    days: tuple[PublicDay, ...]

    @property
    def available(self) -> float | None:
        """Return the share of all the time watched that it was available."""
        # Weighted by the time watched: a day of one hour counts less than a whole one.
        watched = sum(day.watched_seconds for day in self.days)
        return Availability(watched, sum(day.lost_seconds for day in self.days)).share


@dataclass(frozen=True, slots=True)
class PublicIncident:
    """One incident: its service, its title for visitors, its begin and its end (None: ongoing).

    Of an ongoing one `state` is that of its service now, and `restored_at` since when it works again, if it does and
    that is not proved yet.
    """

    service: str
    title: str
    begins_at: float
    ends_at: float | None
    state: str = ""
    restored_at: float | None = None


@dataclass(frozen=True, slots=True)
class PublicView:
    """A whole page, at that moment (UTC epoch seconds). `complete`: all of the past was read from the store."""

    at: float
    name: str
    title: str
    state: str
    services: tuple[PublicService, ...]
    open: tuple[PublicIncident, ...]
    past: tuple[PublicIncident, ...]
    announcements: tuple[PublicAnnouncement, ...]
    complete: bool

    @property
    def current(self) -> tuple[PublicAnnouncement, ...]:
        """Return the announcements of what goes on now, problems first."""
        now = [one for one in self.announcements if not one.over and not one.is_ahead]
        return tuple(sorted(now, key=lambda one: one.maintenance))

    @property
    def measured(self) -> tuple[tuple[PublicIncident, ...], ...]:
        """Return, for each of `current`, the incidents that go on at its services, if it is a problem; each once."""
        left = list(self.open)
        found = []
        for one in self.current:
            mine = [each for each in left if not one.maintenance and each.service in (one.services or [each.service])]
            left = [each for each in left if each not in mine]
            found.append(tuple(mine))
        return tuple(found)

    @property
    def unannounced(self) -> tuple[PublicIncident, ...]:
        """Return the incidents that go on, of which no announcement speaks."""
        spoken = [each for mine in self.measured for each in mine]
        return tuple(one for one in self.open if one not in spoken)

    @property
    def ends_at(self) -> float | None:
        """Return the planned end of the maintenance in progress; None without one, or beside a problem or an outage."""
        current = self.current
        planned = not self.open and all(one.maintenance for one in current)
        return max((one.ends_at for one in current if one.ends_at is not None), default=None) if planned else None

    @property
    def planned(self) -> tuple[PublicAnnouncement, ...]:
        """Return the maintenance that has not begun, the next one first."""
        return tuple(one for one in reversed(self.announcements) if one.is_ahead)

    @property
    def history(self) -> tuple[PublicIncident | PublicAnnouncement, ...]:
        """Return what is over, incidents and announcements, newest first."""
        over = [one for one in self.announcements if one.over]
        return tuple(sorted((*self.past, *over), key=lambda one: one.begins_at, reverse=True))


def ongoing(
    name: str,
    service_policy: ServicePolicy | None,
    service: ServiceState | None,
    outage: Incident | None,
    blind: bool,
    now: float,
) -> tuple[str, PublicIncident | None]:
    """Return the state of a service and what goes on there: a service that fails always has its incident, and no other.

    `outage` is its open incident that visitors notice, if any. Without recent readings the state is unknown, and never
    looks healthy.
    """
    fresh = _fresh(service_policy, service, now) if service_policy is not None and service is not None else []
    bad = [check for check in fresh if isinstance(check.last, Bad)]
    found = public_incident(outage, {outage.service: name}) if outage is not None else None
    if found is None and service is not None and bad and _is_by_hand(service):
        since = min(check.failing_since or check.last_at for check in bad)
        found = PublicIncident(name, PARTLY, since, None)
    # An old reading is no knowledge: with a dead daemon the page must not stay green.
    unseen = blind or all(isinstance(check.last, Unknown) for check in fresh)
    if found is not None and (unseen or bad or not _is_being_proved(service)):
        found = replace(found, restored_at=None)
    if unseen:
        state = UNKNOWN
    elif found is None:
        state = OPERATIONAL
    elif found.restored_at is not None:
        # Visitors have it back: no outage any more, and not well yet.
        state = DEGRADED
    else:
        state = OUTAGE if outage is not None and is_whole(outage) else DEGRADED
    return state, replace(found, state=state) if found is not None else None


def _fresh(service_policy: ServicePolicy, service: ServiceState, now: float) -> list[Check]:
    """Return the checks that count for visitors and were read lately."""
    checks = [service.checks[name] for name in that_count(service_policy) if name in service.checks]
    return [check for check in checks if check.last is not None and now - check.last_at <= STALE_SECONDS]


def _is_by_hand(service: ServiceState) -> bool:
    """Return whether a person opened its incident: only the checks know whether visitors notice anything then."""
    incident = open_incident(service)
    return incident is not None and incident.severity in FELT and not incident.findings


def _is_being_proved(service: ServiceState | None) -> bool:
    # A rollback that did not help is live as well.
    return service is not None and service.phase is Phase.VERIFYING


def title_of(incident: Incident) -> str:
    """Return the title of an incident: its effect on visitors."""
    # Without a finding a person opened it, and no method names its effect.
    titles = [TITLES.get(finding.method, PARTLY) for finding in incident.findings] or [PARTLY]
    if PARTLY not in titles:
        return SLOW if SLOW in titles else ERRORS
    return UNAVAILABLE if is_whole(incident) else PARTLY


def is_whole(incident: Incident) -> bool:
    """Return whether an incident leaves visitors nothing: a critical one in which (nearly) every answer fails."""
    # A decision made within a minute of the onset counts good answers from before it, too.
    shares = [one.share for one in incident.findings if one.method not in TITLES]
    if incident.decision is not None and (shares or not incident.findings):
        shares.append(incident.decision.share)
    return incident.severity is Severity.CRITICAL and max(shares, default=0.0) >= WHOLE_SHARE


def public_incident(incident: Incident, names: Mapping[str, str]) -> PublicIncident:
    """Return the public view of an incident."""
    name, ends_at, restored_at = names[incident.service], ended_at(incident), incident.rollback.restored_at
    return PublicIncident(
        name, title_of(incident), incident.onset_at, ends_at, restored_at=restored_at if ends_at is None else None
    )


def day_of(at: float, hours: Hours, incidents: Sequence[Incident], now: float) -> PublicDay:
    """Return a day of a service, from its hours and its own incidents."""
    found = availability(at, hours, incidents, now)
    if found.share is None:
        return PublicDay(at, "none")
    end = at + len(hours) * HOUR_SECONDS
    # A short incident marks its day even if the share rounds to a good one.
    touched = any(lasted_within(one, at, end, now) > 0 for one in incidents)
    state = "bad" if found.share < BAD_SHARE else "some" if found.share < GOOD_SHARE or touched else "good"
    return PublicDay(at, state, found.watched_seconds, found.lost_seconds)


def worst(states: Iterable[str]) -> str:
    """Return the worst of several states; unknown without any."""
    found = set(states)
    return next((state for state in WORST_FIRST if state in found), UNKNOWN)
