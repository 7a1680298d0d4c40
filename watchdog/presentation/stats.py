"""`watchdog report stats`: times to detect and restore, and the share of deploys that fail. Pure.

The names and definitions are DORA's (dora.dev/guides/dora-metrics) and, for the times, those of Google's SRE workbook;
each property says which events it counts. A number with an empty sample is None, never 0.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Incident, ServiceState
from watchdog.domain.units import DAY_SECONDS
from watchdog.presentation.incident_facts import ended_at

MONTH_SECONDS = 30.44 * 86400.0
# A whole week, as deploys and traffic differ by weekday.
WATCHED_SECONDS_MIN = 7 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean and the size of its sample; `value` is None for an empty sample."""

    value: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Watched:
    """The record of one service: watched since (UTC epoch seconds), and the platform's deploy list."""

    since: float
    deploys: Sequence[Deploy] = ()


@dataclass(frozen=True, slots=True)
class Stats:
    """The numbers of one service, or of all. Durations in seconds.

    `incidents` have an onset, and were not planned. `acts` maps an incident's id to the first act of a person.
    `span_seconds` is the watched part of the period. `deployments` counts deploys that went live and are no rollbacks,
    over `deploy_seconds`. `judged` counts those of them that went live while we watched, `failed` those at fault.
    """

    service: str
    incidents: Sequence[Incident]
    rollbacks: int
    acts: Mapping[str, float]
    span_seconds: float
    deployments: int
    judged: int
    failed: int
    deploy_seconds: float
    parts: Sequence["Stats"] = ()

    @property
    def detect(self) -> Mean:
        """Return the mean time to detect (MTTD): from onset to opening, which is the first decision."""
        return _mean(one.opened_at - one.onset_at for one in self.incidents)

    @property
    def acknowledge(self) -> Mean:
        """Return the mean time to acknowledge (MTTA): from opening to the first known act of a person.

        Known acts, while it is open, are an acknowledgement, an answer, a stop, a manual rollback, and a note; a person
        who only reads leaves no trace.
        """
        return _mean(self.acts[one.id] - one.opened_at for one in self.incidents if one.id in self.acts)

    @property
    def restore(self) -> Mean:
        """Return the mean time to restore (MTTR; DORA: failed deployment recovery time, here of every incident).

        From onset until the verified rollback was live, else until the incident closed, after a minute of good checks.
        """
        return _mean(end - one.onset_at for one in self.incidents if (end := ended_at(one)) is not None)

    @property
    def change_failure_rate(self) -> Mean:
        """Return DORA's change failure rate: the share of failed deployments among those we watched go live.

        A deployment failed if an incident blamed it with the needed probability, or if it was rolled back, unless a
        person labelled that wrong.
        """
        return Mean(self.failed / self.judged if self.judged else None, self.judged)

    @property
    def deploys_per_day(self) -> Mean:
        """Return DORA's deployment frequency: deployments a day, since the oldest one in the platform's list.

        Unknown if that is less than a day ago.
        """
        if self.parts:
            return _sum([one.deploys_per_day for one in self.parts])
        days = self.deploy_seconds / DAY_SECONDS
        return Mean(self.deployments / days if days >= 1 else None, self.deployments)

    @property
    def rollbacks_per_month(self) -> Mean:
        """Return rollbacks a month (30.44 days) of the watched time, manual or not.

        Unknown below a week: an hour's rate would predict nothing.
        """
        if self.parts:
            return _sum([one.rollbacks_per_month for one in self.parts])
        enough = self.span_seconds >= WATCHED_SECONDS_MIN
        return Mean(self.rollbacks / (self.span_seconds / MONTH_SECONDS) if enough else None, self.rollbacks)


def watched(services: Mapping[str, ServiceState], now: float) -> Mapping[str, Watched]:
    """Return the record of each service."""
    return {name: Watched(one.watching_since or now, one.deploys) for name, one in services.items()}


def stats(
    incidents: Iterable[Incident],
    watched: Mapping[str, Watched],
    acts: Mapping[str, float],
    labels: Mapping[str, str],
    since: float,
    now: float,
) -> list[Stats]:
    """Return the numbers of each service in the period, by name, and of all together at the end.

    An incident that a person labelled wrong blames no deploy; a planned one (maintenance mode, say) does not count.
    """
    # By the opening: an incident that is still open counts in the period in which it began.
    recent = [one for one in incidents if since <= one.opened_at <= now and not one.planned]
    names = sorted({*watched, *(one.service for one in recent)})
    each = [_of(name, recent, watched.get(name), acts, labels, since, now) for name in names]
    return [*each, _all(each)]


def _of(
    name: str,
    incidents: Sequence[Incident],
    known: Watched | None,
    acts: Mapping[str, float],
    labels: Mapping[str, str],
    since: float,
    now: float,
) -> Stats:
    own = [one for one in incidents if one.service == name]
    listed = [deploy for deploy in (known.deploys if known is not None else ()) if deploy.finished_at is not None]
    # The platform lists a limited number of deploys: the rate counts from the oldest one listed, not from `since`.
    back_to = max(since, min((deploy.finished_at or now for deploy in listed), default=now))
    # Without the oldest one, which only begins the period: n later deploys make n intervals.
    counted = [at for at in _live(known).values() if at > back_to]
    judged, failed = seen_going_live(known, own, labels, since)
    return Stats(
        service=name,
        # A manual rollback without findings has no onset: it counts as a rollback, and in no mean.
        incidents=[one for one in own if one.findings or not one.by_hand],
        rollbacks=sum(one.rollback.requested_at is not None for one in own),
        acts=acts,
        span_seconds=max(0.0, now - max(since, known.since)) if known is not None else 0.0,
        deployments=len(counted),
        judged=len(judged),
        failed=len(failed),
        deploy_seconds=now - back_to,
    )


def seen_going_live(
    known: Watched | None, incidents: Iterable[Incident], labels: Mapping[str, str], since: float
) -> tuple[Mapping[str, float], Set[str]]:
    """Return a service's deployments that went live since then while we watched (id to moment), and those at fault."""
    seen = {name: at for name, at in _live(known).items() if known is not None and at >= max(since, known.since)}
    blamed = {_blamed(one) for one in incidents if labels.get(one.id) != "wrong"}
    return seen, {name for name in seen if name in blamed}


def _live(known: Watched | None) -> Mapping[str, float]:
    """Return the deployments that went live and are no rollbacks, as far as the platform's list goes back: id to
    moment."""
    listed = [one for one in (known.deploys if known is not None else ()) if one.finished_at is not None]
    # A rollback is no deployment: it would lower the failure rate that it is the sign of.
    return {one.id: one.finished_at or 0.0 for one in listed if one.was_live and not one.is_rollback}


def _blamed(incident: Incident) -> str | None:
    """Return the deploy that an incident blames, or that a person rolled back."""
    blame = incident.decision.blame if incident.decision is not None else None
    if blame is None:
        # Ordered by hand: the person who rolled the deploy back held it to be bad.
        return incident.suspect if incident.rollback.requested_at is not None else None
    if not blame.convicts and incident.rollback.requested_at is None:
        return None
    deploy = blame.accused
    return deploy.id if deploy is not None else None


def _all(each: Sequence[Stats]) -> Stats:
    return Stats(
        service="all",
        incidents=[incident for one in each for incident in one.incidents],
        rollbacks=sum(one.rollbacks for one in each),
        acts={name: at for one in each for name, at in one.acts.items()},
        span_seconds=max((one.span_seconds for one in each), default=0.0),
        deployments=sum(one.deployments for one in each),
        judged=sum(one.judged for one in each),
        failed=sum(one.failed for one in each),
        # Services without a deploy have looked back for no time, and must not set the period.
        deploy_seconds=max((one.deploy_seconds for one in each if one.deployments), default=0.0),
        parts=each,
    )


def _sum(rates: Sequence[Mean]) -> Mean:
    """Return the rate of all services: the sum of the known ones, since each was watched for a different time."""
    known = [one.value for one in rates if one.value is not None]
    return Mean(sum(known) if known else None, sum(one.n for one in rates))


def _mean(values: Iterable[float]) -> Mean:
    # The moments come from several clocks: a negative duration is their difference, and counts as none.
    found = [max(0.0, value) for value in values]
    return Mean(sum(found) / len(found) if found else None, len(found))
