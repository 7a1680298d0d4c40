"""How much of the time a service was there for its visitors, and what that leaves of its error budget. Pure.

An hour is lost for the share of its minutes that failed, and a minute for that of its checks: who worries looks more
often, so an hour's checks tell little. An hour with an incident in it lost no more than the incident took.
The budget is what the objective allows to be lost in 30 days (Site Reliability Engineering, O'Reilly 2016, chapter 3).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from watchdog.core.people import CONTINUED
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import ServicePolicy, Severity
from watchdog.domain.records import Minute

FELT = frozenset({Severity.CRITICAL, Severity.HIGH})
"""What visitors feel. The rest is for who runs the site."""
HOUR_SECONDS = 3600.0
PERIOD_SECONDS = 30 * 86400.0

Hours = Sequence[float | None]
"""For each hour the share of it that failed, None where nothing is known."""


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
    probes = tuple(one.name for one in wishes.signals if one.kind in ("http", "latency"))
    return critical or probes or tuple(one.name for one in wishes.signals)


def hours_of(rows: Iterable[Minute], signals: Collection[str], since: float, number: int) -> Hours:
    """Return so many hours of one service from that moment on, by its rows; the worst of these signals counts."""
    hours: list[float | None] = [None] * number
    for row in rows:
        place, share = int((row.start - since) // HOUR_SECONDS), lost_share(row)
        if row.signal in signals and share is not None and 0 <= place < number:
            hours[place] = max(hours[place] or 0.0, share)
    return hours


def lost_share(row: Minute) -> float | None:
    """Return which share of the time watched failed, None where nothing was watched."""
    return (row.lost_seconds or 0.0) / row.watched_seconds if row.watched_seconds else None


def availability(
    since: float, hours: Hours, incidents: Sequence[Incident], now: float, left_out: Sequence[Incident] = ()
) -> Availability:
    """Return how long a service was watched and lost in these hours, by its outages as far as visitors felt them.

    What was `left_out` (planned downtime, for a budget) counts neither as watched nor as lost.
    """
    touching = [one for one in incidents if lasted_within(one, since, since + len(hours) * HOUR_SECONDS, now) > 0]
    watched = lost = 0.0
    for number, share in enumerate(hours):
        begin = since + number * HOUR_SECONDS
        length = min(HOUR_SECONDS, now - begin)
        if share is None or length <= 0:
            continue
        took = min(length, sum(lasted_within(one, begin, begin + HOUR_SECONDS, now) for one in touching))
        away = min(length, sum(lasted_within(one, begin, begin + HOUR_SECONDS, now) for one in left_out))
        watched += length - away
        lost += max(0.0, (min(share * length, took) if took > 0 else share * length) - away)
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
        if one.outcome == CONTINUED:
            over[one.service, one.closed_at] = one.id
    return list(known.values())


def ended_at(incident: Incident) -> float | None:
    """Return when visitors had it back, or None while it goes on: also while its recovery is being proved."""
    if incident.closed_at is None:
        return None
    return min(incident.restored_at or incident.closed_at, incident.closed_at)


def lasted_within(incident: Incident, begin: float, end: float, now: float) -> float:
    """Return how many seconds of the time between an incident took."""
    until = ended_at(incident)
    return max(0.0, min(end, now if until is None else until) - max(begin, incident.onset_at))
