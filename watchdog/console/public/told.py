"""What a public page says: states, names, times, and titles out of a short list. Pure.

Rule 1: every text here is ours or the configuration's; an incident is told by its kind and its times alone.
Rule 2: an incident in which no check found anything (a human rolls back what is well) is no outage. Where a human takes
an outage over, their incident is the one that goes on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from watchdog.core.people import CONTINUED
from watchdog.domain.incidents import Incident, ServiceState
from watchdog.domain.policy import ServicePolicy, Severity
from watchdog.domain.readings import Bad, Unknown
from watchdog.words.standing import STALE_SECONDS, open_incident

OPERATIONAL, DEGRADED, OUTAGE, UNKNOWN = "operational", "degraded", "outage", "unknown"
WORST_FIRST = (OUTAGE, DEGRADED, UNKNOWN, OPERATIONAL)
SHOWN = frozenset({Severity.CRITICAL, Severity.HIGH})
"""What visitors feel. The rest is for who runs the site."""
UNAVAILABLE, PARTLY, SLOW, ERRORS = "Unavailable", "Partly unavailable", "Slow", "More errors than usual"
TITLES: Mapping[str, str] = {"latency": SLOW, "feed": ERRORS, "count": ERRORS, "crashes": ERRORS}
"""By what was noticed; anything else is a page that failed."""
WHOLE_SHARE = 0.9
GOOD_SHARE, BAD_SHARE = 0.999, 0.98
"""A day that was available for less than the first had failures, for less than the second it was bad."""
HOUR_SECONDS = 3600.0

Hours = Sequence[float | None]
"""For each hour of a day the share of its checks that failed, None where nothing is known."""


@dataclass(frozen=True, slots=True)
class StatusPage:
    """One page: its path's last part, its title, and the services it shows, each with the name that visitors know."""

    name: str
    title: str
    services: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PublicDay:
    """One day (UTC; `at` its begin): good, some (failures), bad or none (nothing is known).

    `lost_seconds` of the `watched_seconds` it was not available.
    """

    at: float
    state: str
    watched_seconds: float = 0.0
    lost_seconds: float = 0.0

    @property
    def available(self) -> float | None:
        """Return the share of the time watched that it was available."""
        return 1 - self.lost_seconds / self.watched_seconds if self.watched_seconds > 0 else None


@dataclass(frozen=True, slots=True)
class PublicService:
    """One service: its state now, and its days, oldest first."""

    name: str
    state: str
    days: tuple[PublicDay, ...]

    @property
    def available(self) -> float | None:
        """Return the share of all the time watched that it was available."""
        watched = sum(day.watched_seconds for day in self.days)
        return 1 - sum(day.lost_seconds for day in self.days) / watched if watched > 0 else None


@dataclass(frozen=True, slots=True)
class PublicIncident:
    """One incident: of which service, what visitors noticed, from when to when (None: it goes on)."""

    service: str
    title: str
    begins_at: float
    ends_at: float | None


@dataclass(frozen=True, slots=True)
class PublicView:
    """A whole page, at that moment (UTC epoch seconds). `complete`: all of the past was read from the store."""

    at: float
    title: str
    state: str
    services: tuple[PublicService, ...]
    open: tuple[PublicIncident, ...]
    past: tuple[PublicIncident, ...]
    complete: bool


def state_of(wishes: ServicePolicy, service: ServiceState | None, blind: bool, now: float) -> str:
    """Return how a service is. Who cannot see says so: nothing that is unknown looks well."""
    if blind or service is None or not wishes.signals:
        return UNKNOWN
    checks = [service.checks[name] for name in that_count(wishes) if name in service.checks]
    fresh = [check for check in checks if check.last is not None and now - check.last_at <= STALE_SECONDS]
    if not any(not isinstance(check.last, Unknown) for check in fresh):
        return UNKNOWN
    incident = open_incident(service)
    if incident is None or incident.severity not in SHOWN:
        return OPERATIONAL
    if not incident.findings:  # a human began it: of what, the checks say
        return DEGRADED if any(isinstance(check.last, Bad) for check in fresh) else OPERATIONAL
    return OUTAGE if title_of(incident) == UNAVAILABLE else DEGRADED


def outages(incidents: Iterable[Incident]) -> list[Incident]:
    """Return the incidents that visitors felt; one that a human took over goes on in the one that they began."""
    known: dict[str, Incident] = {}
    over: dict[tuple[str, float | None], str] = {}
    for one in sorted(incidents, key=lambda each: (each.opened_at, each.id)):
        was = known.pop(over.pop((one.service, one.opened_at), ""), None)
        if was is not None:
            seen = one if one.findings else was
            one = replace(one, onset_at=was.onset_at, findings=seen.findings, decision=seen.decision)
        if one.findings and one.severity in SHOWN:
            known[one.id] = one
        if one.outcome == CONTINUED:
            over[one.service, one.closed_at] = one.id
    return list(known.values())


def title_of(incident: Incident) -> str:
    """Return what visitors noticed."""
    titles = [TITLES.get(finding.method, PARTLY) for finding in incident.findings] or [PARTLY]
    if PARTLY not in titles:
        return SLOW if SLOW in titles else ERRORS
    decision = incident.decision
    share = decision.share if decision is not None else max((one.share for one in incident.findings), default=0.0)
    return UNAVAILABLE if incident.severity is Severity.CRITICAL and share >= WHOLE_SHARE else PARTLY


def ended_at(incident: Incident) -> float | None:
    """Return when visitors had it back, or None while it goes on: also while its recovery is being proved."""
    if incident.closed_at is None:
        return None
    return min(incident.restored_at or incident.closed_at, incident.closed_at)


def told(incident: Incident, names: Mapping[str, str]) -> PublicIncident:
    """Return an incident in plain words."""
    return PublicIncident(names[incident.service], title_of(incident), incident.onset_at, ended_at(incident))


def day_of(at: float, hours: Hours, incidents: Sequence[Incident], now: float) -> PublicDay:
    """Return a day of a service, by its hours and its own incidents, as far as they are shown.

    An hour is lost for the share of its checks that failed. But who worries looks more often: a failure of ten minutes
    can be half of the checks of its hour. So an hour with an incident in it lost no more than the incident took.
    """
    touching = [one for one in incidents if _overlap(one, at, at + len(hours) * HOUR_SECONDS, now) > 0]
    watched = lost = 0.0
    for number, share in enumerate(hours):
        begin = at + number * HOUR_SECONDS
        length = min(HOUR_SECONDS, now - begin)
        if share is None or length <= 0:
            continue
        took = min(length, sum(_overlap(one, begin, begin + HOUR_SECONDS, now) for one in touching))
        watched += length
        lost += min(share * length, took) if took > 0 else share * length
    if watched <= 0:
        return PublicDay(at, "none")
    good = 1 - lost / watched
    state = "bad" if good < BAD_SHARE else "some" if good < GOOD_SHARE or touching else "good"
    return PublicDay(at, state, watched, lost)


def _overlap(incident: Incident, begin: float, end: float, now: float) -> float:
    """Return how many seconds of the time between an incident took."""
    until = ended_at(incident)
    return max(0.0, min(end, now if until is None else until) - max(begin, incident.onset_at))


def worst(states: Iterable[str]) -> str:
    """Return the worst of several states; of none nothing is known."""
    found = set(states)
    return next((state for state in WORST_FIRST if state in found), UNKNOWN)


def that_count(wishes: ServicePolicy) -> tuple[str, ...]:
    """Return the signals that say whether a service is available: the critical ones, or its probes, or all it has."""
    critical = tuple(one.name for one in wishes.signals if one.critical)
    probes = tuple(one.name for one in wishes.signals if one.kind in ("http", "latency"))
    return critical or probes or tuple(one.name for one in wishes.signals)
