"""The history of each service in a replay: its watched spans, deploys and outages, and the replay's own actions.

Rule 1: deploys and their approvals come from the run; outages and actions come from the judged policy.
Rule 2: incident and onset identify an outage, so that it continues across a restart or a change of worker.
Rule 3: the recovery is the last failure that was seen, not the close of the incident, which waits for proof of health.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

from watchdog.domain import events as e
from watchdog.domain.decisions import Decision
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Effect, Rollback
from watchdog.domain.events import Event
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.policy import PROBES, Mode
from watchdog.domain.readings import Unknown

GAP_SECONDS = 120.0
"""A longer gap between two readings ends a watched span."""
CALL_OFF_SECONDS = 900.0
"""The longest time from the last failed probe to the close of its incident (12 min for an intermittent one)."""


@dataclass(frozen=True, slots=True)
class Act:
    """A rollback that the replay would have requested. `at` is UTC epoch seconds; suspect and target are deploy ids."""

    at: float
    service: str
    incident: str
    onset_at: float
    suspect: str
    suspect_code: str | None
    target: str
    why: str


@dataclass(slots=True)
class Outage:
    """An outage under the judged policy; an incident that follows another one without a pause belongs to its outage.

    Decisions of an incident that was open when the recording began are left out, since another policy made them.
    Times are UTC epoch seconds; `closed_at` and `recovered_at` stay None while it lasts, or if its end was not seen.
    """

    began_at: float
    decisions: list[Decision] = field(default_factory=list)
    closed_at: float | None = None
    recovered_at: float | None = None

    @property
    def ended_at(self) -> float:
        """Return the time of the recovery, infinity if it was not seen."""
        return inf if self.recovered_at is None else self.recovered_at


@dataclass(slots=True)
class Diary:
    """The history of one service. `live_at` maps a deploy to the time it went live.

    `through_us` maps a deploy that the watchdog made to the human who approved it, None if it acted alone. `phases` are
    the judged policy's phases with their beginnings. `incidents` are the run's, by id, as the run's store and the
    labels know them.
    """

    watched: list[tuple[float, float]] = field(default_factory=list)
    deploys: dict[str, Deploy] = field(default_factory=dict)
    live_at: dict[str, float] = field(default_factory=dict)
    through_us: dict[str, str | None] = field(default_factory=dict)
    outages: dict[tuple[str, float], Outage] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)
    phases: list[tuple[float, Phase]] = field(default_factory=list)
    incidents: dict[str, Incident] = field(default_factory=dict)

    def read(self, at: float) -> None:
        """Extend the watched spans by a conclusive reading at that time."""
        if self.watched and 0.0 <= at - self.watched[-1][1] <= GAP_SECONDS:
            self.watched[-1] = (self.watched[-1][0], at)
        # A second worker's reading inside the last span adds nothing.
        # A reading out of order begins a span of its own; `stretches` merges those that touch.
        elif not self.watched or not self.watched[-1][0] <= at <= self.watched[-1][1]:
            self.watched.append((at, at))

    def listed(self, deploys: Sequence[Deploy], at: float) -> None:
        """Record the deploys of a list; the first sight of a live one dates it if the platform does not."""
        for deploy in deploys:
            self.deploys[deploy.id] = deploy
            if deploy.was_live:
                self.live_at.setdefault(deploy.id, at if deploy.finished_at is None else deploy.finished_at)

    def has(self, incident: Incident) -> None:
        """Record the present state of one of the run's incidents."""
        self.incidents[incident.id] = incident
        if incident.rollback.deploy is not None:
            self.through_us[incident.rollback.deploy] = incident.question.approved_by

    def incident_at(self, at: float) -> str | None:
        """Return the id of the run's incident that was open at a moment and began last, or None."""
        lasting = [one for one in self.incidents.values() if one.closed_at is None or at <= one.closed_at]
        begun = [one for one in lasting if one.onset_at <= at]
        return max(begun, key=lambda one: one.onset_at).id if begun else None

    def stretches(self) -> list[tuple[float, float]]:
        """Return the watched spans in order; overlapping ones of two workers or files are merged."""
        merged: list[tuple[float, float]] = []
        for begin, end in sorted(self.watched):
            if merged and begin - merged[-1][1] <= GAP_SECONDS:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            else:
                merged.append((begin, end))
        return merged

    def was_watched(self, begin: float, end: float) -> bool:
        """Return whether the service was watched from `begin` to `end` without a gap."""
        return any(first <= begin + GAP_SECONDS and end <= last for first, last in self.stretches())

    def phase_at(self, at: float) -> Phase:
        """Return the judged policy's phase at a moment."""
        return max(((since, phase) for since, phase in self.phases if since <= at), default=(0.0, Phase.CALM))[1]

    def outages_in_order(self) -> list[Outage]:
        """Return every outage once, in order of its beginning."""
        # By identity: incidents that follow each other without a pause share one outage (`_continued`).
        return sorted({id(one): one for one in self.outages.values()}.values(), key=lambda one: one.began_at)

    def relapses(self, ended_at: float, within_seconds: float) -> list[float]:
        """Return the beginnings of the outages within so many seconds after the end of one."""
        began = (one.began_at for one in self.outages_in_order())
        return [at for at in began if ended_at < at <= ended_at + within_seconds]


@dataclass(slots=True)
class Diaries:
    """The histories of all services; `old` receives the steps of the run, `new` those of the judged policy."""

    of: dict[str, Diary] = field(default_factory=dict)

    def service(self, name: str) -> Diary:
        """Return the diary of a service."""
        return self.of.setdefault(name, Diary())

    def old(self, before: State, event: Event, after: State, effects: Sequence[Effect]) -> None:
        """Record a step of the run: readings, incidents, deploys, and the deploys that the watchdog made."""
        if isinstance(event, e.Observed):
            if not isinstance(event.reading, Unknown):
                self.service(event.service).read(event.at)
        elif isinstance(event, e.DeploysListed):
            self.service(event.service).listed(event.deploys, event.at)
        for name, service in after.services.items():
            if service.incident is not None:
                self.service(name).has(service.incident)

    def new(self, before: State, event: Event, after: State, effects: Sequence[Effect]) -> None:
        """Record a step of the judged policy: phases, outages, decisions and rollbacks."""
        for name, service in after.services.items():
            known = before.services.get(name)
            if service is not known:
                if known is None or service.phase is not known.phase:
                    self.service(name).phases.append((event.at, service.phase))
                self._follow(known, service)
        for effect in effects:
            # An approved rollback is the human's decision, not the policy's own.
            if isinstance(effect, Rollback) and effect.approved_by is None:
                self._act(effect, after.services[effect.service], event.at)

    def _follow(self, before: ServiceState | None, service: ServiceState) -> None:
        incident, diary = service.incident, self.service(service.name)
        was = before.incident if before is not None else None
        if incident is None or incident is was:
            return
        key = (incident.id, incident.onset_at)
        outage = diary.outages.get(key)
        if outage is None:
            outage = diary.outages[key] = _continued(diary, was) or Outage(incident.onset_at)
        decision = incident.decision
        # The judged policy is autonomous everywhere: a decision of another mode came with the run's recorded state.
        ours = decision is not None and decision.mode == Mode.AUTONOMOUS.value
        if decision is not None and ours and (not outage.decisions or outage.decisions[-1] is not decision):
            outage.decisions.append(decision)
        if incident.closed_at is not None and outage.closed_at is None:
            outage.closed_at = incident.closed_at
            outage.recovered_at = _recovered_at(before or service, incident, incident.closed_at)

    def _act(self, effect: Rollback, service: ServiceState, at: float) -> None:
        incident = service.incident
        assert incident is not None and incident.decision is not None, "a rollback belongs to an incident"
        act = Act(
            at=at,
            service=effect.service,
            incident=effect.incident,
            onset_at=incident.onset_at,
            suspect=effect.suspect,
            suspect_code=incident.suspect_code,
            target=effect.target,
            why=incident.decision.why,
        )
        self.service(effect.service).acts.append(act)


def _continued(diary: Diary, was: Incident | None) -> Outage | None:
    """Return the outage of an open incident that another one replaced (a rollback by hand), or None."""
    if was is None or was.closed_at is not None:
        return None
    return diary.outages.get((was.id, was.onset_at))


def _recovered_at(before: ServiceState, incident: Incident, closed_at: float) -> float:
    """Return the time of the last failed probe, or the close of the incident if another signal kept it open."""
    if not incident.findings or not incident.findings[0].fails:
        return closed_at
    bad = [check.last_bad_at for check in before.checks.values() if check.kind in PROBES]
    last = max((at for at in bad if at is not None), default=closed_at)
    # An older failure cannot have kept the incident open until now; another signal did.
    return last if closed_at - last <= CALL_OFF_SECONDS else closed_at
