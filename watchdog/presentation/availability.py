"""The availability of a service for its visitors, and the error budget that remains. Pure.

An hour is lost for the share of its minutes that failed, and a minute for that of its checks. A suspicion makes the
daemon probe more often, so a plain count of an hour's checks would overstate its failures. An hour with an incident in
it lost no more than the incident's duration. The budget is the time that the objective allows to lose in 30 days (Site
Reliability Engineering, O'Reilly 2016, chapter 3).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from watchdog.domain.incidents import Incident, Outcome
from watchdog.domain.policy import ServicePolicy
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import Minute

FELT = frozenset({Severity.CRITICAL, Severity.HIGH})
"""Severities that visitors notice. The others concern the operators alone."""
HOUR_SECONDS = 3600.0
PERIOD_SECONDS = 30 * 86400.0


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour: the share of it that could be judged, and the share of that which failed."""

    lost: float
    seen: float = 1.0


Hours = Sequence[Hour | None]
"""None for an hour without readings."""


@dataclass(frozen=True, slots=True)
class Availability:
    """The seconds in which a service was watched, and those of them in which it was not available."""

    watched_seconds: float = 0.0
    lost_seconds: float = 0.0

    @property
    def share(self) -> float | None:
        """Return the share of the watched time in which the service was available; None if it was never watched."""
        return 1 - self.lost_seconds / self.watched_seconds if self.watched_seconds > 0 else None


@dataclass(frozen=True, slots=True)
class ErrorBudget:
    """The time that an objective (a share, as 0.999) allows to lose in 30 days, and the time lost."""

    objective: float
    found: Availability

    @property
    def allowed_seconds(self) -> float:
        """Return the seconds that may be lost in the whole period."""
        return (1 - self.objective) * PERIOD_SECONDS

    @property
    def left_share(self) -> float:
        """Return the share of the budget that is left; negative when it is overspent."""
        return 1 - self.found.lost_seconds / self.allowed_seconds


def that_count(service_policy: ServicePolicy) -> tuple[str, ...]:
    """Return the signals that count for a service's availability: its critical ones, else its probes, else all of
    them."""
    critical = tuple(one.name for one in service_policy.signals if one.critical)
    probes = tuple(one.name for one in service_policy.signals if one.asks_the_site)
    return critical or probes or tuple(one.name for one in service_policy.signals)


def hours_of(rows: Iterable[Minute], signals: Collection[str], since: float, number: int) -> Hours:
    """Return `number` hours of one service from `since` on, by its rows; the worst of these signals counts."""
    hours: list[Hour | None] = [None] * number
    for row in rows:
        place = int((row.start - since) // HOUR_SECONDS)
        if row.signal in signals and 0 <= place < number:
            hours[place] = worse(hours[place], row)
    return hours


def worse(known: Hour | None, row: Minute) -> Hour | None:
    """Return the worse of an hour and one more signal in it. Another signal never fills the gaps of an unknown one."""
    if not row.watched_seconds:
        return known
    seen = row.good + row.bad
    found = Hour((row.lost_seconds or 0.0) / row.watched_seconds, seen / (seen + row.unknown))
    # Compare what was seen to fail: a signal read for a minute must not outweigh one read for the whole hour.
    return found if known is None or found.lost * found.seen > known.lost * known.seen else known


def availability(
    since: float, hours: Hours, incidents: Sequence[Incident], now: float, left_out: Sequence[Incident] = ()
) -> Availability:
    """Return how long a service was watched and not available in these hours, by its outages as visitors noticed them.

    `left_out` (planned downtime, for a budget) counts neither as watched nor as lost; `incidents` are the real ones.
    """
    touching = [one for one in incidents if lasted_within(one, since, since + len(hours) * HOUR_SECONDS, now) > 0]
    watched = lost = 0.0
    for number, hour in enumerate(hours):
        begin = since + number * HOUR_SECONDS
        length = min(HOUR_SECONDS, now - begin)
        if hour is None or length <= 0:
            continue
        took, away = (
            # Overlapping incidents must not fill an hour twice.
            min(length, sum(lasted_within(one, begin, begin + HOUR_SECONDS, now) for one in some))
            for some in (touching, left_out)
        )
        failed = hour.lost * hour.seen * length
        watched += max(0.0, hour.seen * length - away)
        # With an incident, the failed checks of the hour cannot exceed it; without one, they all count.
        lost += min(failed, took) if took > 0 else max(0.0, failed - away)
    return Availability(watched, lost)


def outages(incidents: Iterable[Incident]) -> list[Incident]:
    """Return the incidents that visitors noticed; one that a person took over is merged into the one the person
    opened.

    An incident without findings (a person rolls a healthy deploy back) is no outage.
    """
    known: dict[str, Incident] = {}
    over: dict[tuple[str, float | None], str] = {}
    # A takeover closes one incident and opens the next at the same moment: that is how the two are matched.
    for one in sorted(incidents, key=lambda each: (each.opened_at, each.id)):
        was = known.pop(over.pop((one.service, one.opened_at), ""), None)
        if was is not None:
            seen = one if one.findings else was
            one = replace(one, onset_at=was.onset_at, findings=seen.findings, decision=seen.decision)
        if one.findings and one.severity in FELT:
            known[one.id] = one
        if one.outcome is Outcome.CONTINUED:
            over[one.service, one.closed_at] = one.id
    return list(known.values())


def ended_at(incident: Incident) -> float | None:
    """Return when the service was available again; None while the incident is open, also during verification."""
    if incident.closed_at is None:
        return None
    # Whichever comes first: a person may close an incident before its rollback is live.
    return min(incident.rollback.restored_at or incident.closed_at, incident.closed_at)


def lasted_within(incident: Incident, begin: float, end: float, now: float) -> float:
    """Return how many seconds an incident lasted between `begin` and `end`."""
    until = ended_at(incident)
    return max(0.0, min(end, now if until is None else until) - max(begin, incident.onset_at))
