"""The record of one incident, and its direct consequences. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from watchdog.domain.code_comparison import Comparison
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.effects import Note
from watchdog.domain.follow_ups import FollowUp, Tick
from watchdog.domain.incident_notes import Remark, root_causes
from watchdog.domain.incidents import Incident
from watchdog.domain.store_records import Minute
from watchdog.domain.units import show_seconds
from watchdog.presentation.outlooks.current_state import CurrentState


def recovered(incident: Incident) -> bool:
    """Return whether the incident ended without a verified rollback: every check was good for a while."""
    return incident.rollback.verified_at is None and incident.outcome.recovered


def ended_at(incident: Incident) -> float | None:
    """Return when the service was well again (UTC epoch seconds), or None if that is unknown."""
    # The outage ended when the rollback was live; the minutes of proof that follow are no downtime.
    if incident.rollback.verified_at is not None:
        return incident.rollback.restored_at
    if incident.cure is not None:
        return incident.cure.done_at
    return incident.closed_at if recovered(incident) else None


@dataclass(frozen=True, slots=True)
class OwnChecklist:
    """A checklist of the configuration: its items by the names that tick them; without services it is for all."""

    title: str
    items: Mapping[str, str]
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """The record of one incident, at the moment `now` (UTC epoch seconds).

    `notes` are the service's. `target_seconds` is the policy's time limit to restore (or to answer) for this severity.
    `signals` maps the service's signals to their kinds. `auto_deploy` of `service` is its last known setting. `changes`
    is the repository's account of the suspect's commits, `changes_why` the reason if it has none. `ticks` and
    `follow_ups` are those of people; `owners` maps roles to contacts; `own_lists` are those of the configuration.
    `state` is the present state around the incident (None: not read).
    """

    incident: Incident
    now: float
    notes: Sequence[Note] = ()
    remarks: Sequence[Remark] = ()
    label: str | None = None
    minutes: Sequence[Minute] = ()
    target_seconds: float | None = None
    signals: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    service: ServiceFacts | None = None
    changes: Comparison | None = None
    changes_why: str = ""
    ticks: Sequence[Tick] = ()
    follow_ups: Sequence[FollowUp] = ()
    state: CurrentState | None = None
    owners: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    own_lists: Sequence[OwnChecklist] = ()

    @property
    def own_notes(self) -> Sequence[Note]:
        """Return the notes of this incident."""
        return [note for note in self.notes if note.incident == self.incident.id]

    @property
    def recovered(self) -> bool:
        """Return whether the incident ended without a verified rollback: every check was good for a while."""
        return recovered(self.incident)

    @property
    def ended_at(self) -> float | None:
        """Return the end of the incident (UTC epoch seconds): the verified rollback went live, or the service
        recovered.

        None while it lasts, and if it continued as another incident.
        """
        return ended_at(self.incident)

    @property
    def proved(self) -> float | None:
        """Return when every check was back to normal (UTC epoch seconds), or None."""
        return self.incident.rollback.verified_at or (self.incident.closed_at if self.recovered else None)

    @property
    def rollback_took(self) -> str:
        """Return the time from the rollback's request until it was live, in words."""
        incident = self.incident
        if incident.rollback.requested_at is None or incident.rollback.restored_at is None:
            return "longer than is recorded"
        return show_seconds(incident.rollback.restored_at - incident.rollback.requested_at)

    @property
    def root_cause(self) -> Remark | None:
        """Return the root cause that people named last."""
        return root_causes(self.remarks).get(self.incident.id)

    @property
    def suspect(self) -> Deploy | None:
        """Return the deploy that is blamed, or would be."""
        blame = self.incident.decision.blame if self.incident.decision is not None else None
        return blame.accused if blame is not None else None

    @property
    def by_hand(self) -> bool:
        """Return whether a person began this without any finding: then it has no onset."""
        decision = self.incident.decision
        # With findings it is an outage that a person answered first: its onset is known.
        return decision is not None and decision.blame is None and not self.incident.findings

    def of_kind(self, kind: str) -> Sequence[str]:
        """Return the service's signals of a kind."""
        return [name for name, its in self.signals.items() if its == kind]
