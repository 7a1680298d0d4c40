"""How much of the time a service was there for its visitors, and what that leaves of its error budget. Pure.

An hour is lost for the share of its minutes that failed, and a minute for that of its checks: who worries looks more
often, so an hour's checks tell little. An hour with an incident in it lost no more than the incident took.
The budget is what the objective allows to be lost in 30 days (Site Reliability Engineering, O'Reilly 2016, chapter 3).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from watchdog.domain.incidents import Incident, Outcome
from watchdog.domain.policy import PROBES, ServicePolicy
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import Minute

FELT = frozenset({Severity.CRITICAL, Severity.HIGH})
"""What visitors feel. The rest is for who runs the site."""
HOUR_SECONDS = 3600.0
PERIOD_SECONDS = 30 * 86400.0


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour: the share of it that could be judged, and the share of that which failed."""

    lost: float
    seen: float = 1.0


Hours = Sequence[Hour | None]
"""None where nothing is known."""


@dataclass(frozen=True, slots=True)
class Availability:
    """Of so many seconds that were watched a service was away for so many."""

    watched_seconds: float = 0.0
    lost_seconds: float = 0.0

    @property
    def share(self) -> float | None:
        """Return the share of the time watched that it was there, None if it was never watched."""
        return 1 - self.lost_seconds / self.watched_seconds if self.watched_seconds > 0 else None


@dataclass(frozen=True, slots=True)
class ErrorBudget:
    """What an objective (a share of the time, 0.999) allows to be lost in 30 days, and what was."""

    objective: float
    found: Availability

    @property
    def allowed_seconds(self) -> float:
        """Return how long it may be away in the whole period."""
        return (1 - self.objective) * PERIOD_SECONDS

    @property
    def left_share(self) -> float:
        """Return which share of the budget is left; below 0 when more was lost than was allowed."""
        return 1 - self.found.lost_seconds / self.allowed_seconds


def that_count(wishes: ServicePolicy) -> tuple[str, ...]:
    """Return the signals that say whether a service is available: the critical ones, or its probes, or all it has."""
    critical = tuple(one.name for one in wishes.signals if one.critical)
    probes = tuple(one.name for one in wishes.signals if one.kind in PROBES)
    return critical or probes or tuple(one.name for one in wishes.signals)


def hours_of(rows: Iterable[Minute], signals: Collection[str], since: float, number: int) -> Hours:
    """Return so many hours of one service from that moment on, by its rows; the worst of these signals counts."""
    hours: list[Hour | None] = [None] * number
    for row in rows:
        place = int((row.start - since) // HOUR_SECONDS)
        if row.signal in signals and 0 <= place < number:
            hours[place] = worse(hours[place], row)
    return hours


def worse(known: Hour | None, row: Minute) -> Hour | None:
    """Return the worse of an hour and one more signal in it. What was unknown of a signal is not judged by the rest."""
    if not row.watched_seconds:
        return known
    seen = row.good + row.bad
    found = Hour((row.lost_seconds or 0.0) / row.watched_seconds, seen / (seen + row.unknown))
    return found if known is None or found.lost * found.seen > known.lost * known.seen else known


def availability(
    since: float, hours: Hours, incidents: Sequence[Incident], now: float, left_out: Sequence[Incident] = ()
) -> Availability:
    """Return how long a service was watched and lost in these hours, by its outages as far as visitors felt them.

    What was `left_out` (planned downtime, for a budget) counts neither as watched nor as lost; the others are real.
    """
    touching = [one for one in incidents if lasted_within(one, since, since + len(hours) * HOUR_SECONDS, now) > 0]
    watched = lost = 0.0
    for number, hour in enumerate(hours):
        begin = since + number * HOUR_SECONDS
        length = min(HOUR_SECONDS, now - begin)
        if hour is None or length <= 0:
            continue
        took, away = (
            min(length, sum(lasted_within(one, begin, begin + HOUR_SECONDS, now) for one in some))
            for some in (touching, left_out)
        )
        failed = hour.lost * hour.seen * length
        watched += max(0.0, hour.seen * length - away)
        lost += min(failed, took) if took > 0 else max(0.0, failed - away)
    return Availability(watched, lost)


def outages(incidents: Iterable[Incident]) -> list[Incident]:
    """Return the incidents that visitors felt; one that a human took over goes on in the one that they began.

    An incident in which no check found anything (a human rolls back what is well) is none.
    """
    known: dict[str, Incident] = {}
    over: dict[tuple[str, float | None], str] = {}
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
    """Return when visitors had it back, or None while it goes on: also while its recovery is being proved."""
    if incident.closed_at is None:
        return None
    return min(incident.rollback.restored_at or incident.closed_at, incident.closed_at)


def lasted_within(incident: Incident, begin: float, end: float, now: float) -> float:
    """Return how many seconds of the time between an incident took."""
    until = ended_at(incident)
    return max(0.0, min(end, now if until is None else until) - max(begin, incident.onset_at))
