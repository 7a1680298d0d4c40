"""The state: of each service and incident, and of the fleet.

It is the input and output of `core.step`, saved whole and restored after a crash. `Check`, `ServiceState` and `State`
are copied with every reading, and have no slots for that (see fast_replace).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from watchdog.domain.certificates import ReportedCertificate
from watchdog.domain.checks import Check
from watchdog.domain.code_comparison import MigrationReading
from watchdog.domain.decisions import Decision, Finding
from watchdog.domain.deploys import Commit, Deploy, Downtime, ServiceFacts
from watchdog.domain.incident_parts import Escalation, Pin, Question, RollbackAttempt, StakeholderStatus
from watchdog.domain.integrations import Failing
from watchdog.domain.policy import Suppression
from watchdog.domain.readings import Reading
from watchdog.domain.remedies.maintenance_mode import OwnMaintenance
from watchdog.domain.remedies.remedy import RemedyAttempt, RemedyResult
from watchdog.domain.severity import Severity
from watchdog.domain.texts.prose import Prose


class Phase(StrEnum):
    """The phase of a service's incident machine."""

    CALM = "calm"
    SUSPECT = "suspect"
    ANNOUNCED = "announced"
    ASKING = "asking"
    REMEDYING = "remedying"
    PINNING = "pinning"
    ROLLING_BACK = "rolling_back"
    DEPLOYING = "deploying"
    VERIFYING = "verifying"
    PAGED = "paged"


ACTING = frozenset({Phase.REMEDYING, Phase.PINNING, Phase.ROLLING_BACK, Phase.DEPLOYING, Phase.VERIFYING})
"""The phases in which a remedy before a rollback, or a rollback, is under way or being verified."""


class Outcome(StrEnum):
    """How an incident ended. Stores and recordings hold the values."""

    OPEN = ""
    RECOVERED = "recovered"
    BY_ITSELF = "recovered by itself"
    WITH_A_HUMAN = "recovered, with a human"
    VERIFIED = "rolled back and verified"
    REMEDIED = "recovered with a feature flag switched off, and verified"
    CURED = "recovered after a remedy, and verified"
    CONTINUED = "continued by hand"  # a person began another rollback, which is an incident of its own
    NEW_BASELINE = "a new baseline"  # its errors did not stop: their level has stayed, and is the usual one from now on
    UNSEEN = "its end is not known"  # what failed is not read any more, and nothing else fails
    # An older worker must be able to read, and to save, the state that a newer one wrote.
    UNKNOWN = "ended in a way that a newer version knows"

    @property
    def recovered(self) -> bool:
        """Return whether every check was good for a while, without a verified rollback."""
        return self in (Outcome.RECOVERED, Outcome.BY_ITSELF, Outcome.WITH_A_HUMAN)


class HumanDecision(StrEnum):
    """A person's answer that ends the daemon's part in an incident."""

    REJECTED = "rejected"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Incident:
    """One outage of one service, from onset to the end. Times are UTC epoch seconds, None until they come.

    Theory. The phase of the service says which step the incident is in; the incident keeps the facts that outlast a
    phase: the last decision, the question and its answer, the pin, the one rollback, the escalation. All clocks are
    moments in these fields, so a restart neither extends nor shortens any of them.
    """

    id: str  # `SERVICE-N`
    service: str  # the service's name
    severity: Severity  # as decided last
    opened_at: float  # when it was opened
    onset_at: float  # the first failed reading that belongs to it
    title: Prose  # one line, as in notices
    findings: tuple[Finding, ...] = ()  # the confirmed failures of the last decision
    severity_since: float | None = None  # since when it fails that severely; None: not known, as since its onset
    decision: Decision | None = None  # the last decision, with its reasons
    question: Question = Question()  # the question to people, and their answer
    announced_until: float | None = None  # when an announced or scheduled rollback begins
    pin: Pin = Pin()  # auto-deploy, switched off for the rollback
    suspect: str | None = None  # the deploy that is blamed
    suspect_code: str | None = None  # its commit or image digest
    to_blame: tuple[str, ...] = ()  # deploys likelier than not to blame, also once people have shipped another suspect
    rollback: RollbackAttempt = RollbackAttempt()  # its rollback: where to, when, whether it helped
    remedies: tuple[RemedyAttempt, ...] = ()  # what was tried before a rollback, in order
    human_needed: Prose = ""  # why we do nothing more by ourselves; also who rejected or stopped it
    human_decision: HumanDecision | None = None  # that a person rejected or stopped it
    paged: bool = False  # some notice of it was sent, or one that is pending
    # The page about a delay is sent once, not with every step in which the delay lasts.
    late_paged: bool = False  # overdue was handled: of the rollback, of its going live, or of the question
    escalation: Escalation = Escalation()  # who was called, and who looks after it
    muted: bool = False  # a silence kept something of it from people, to be sent when it ends
    planned: bool = False  # the service was meant to be down all the time
    reconsidered_at: float = 0.0  # when the decision was last made again
    unhindered: bool = False  # what passing obstacles the decision had are gone, and nothing came of that
    closed_at: float | None = None  # when it ended
    outcome: Outcome = Outcome.OPEN  # how it ended
    channels: tuple[str, ...] = ()  # channels that its notices go to
    informed: tuple[StakeholderStatus, ...] = ()  # the notices that stakeholders received

    @property
    def by_hand(self) -> bool:
        """Return whether a person asked for this rollback: then no deploy was blamed, and nothing is decided anew."""
        return self.decision is not None and self.decision.blame is None

    @property
    def remedy(self) -> RemedyAttempt | None:
        """Return the remedy that is under way, or None: there is never more than one."""
        last = self.remedies[-1] if self.remedies else None
        return last if last is not None and last.result is RemedyResult.UNDER_WAY else None

    @property
    def tries_without_deploy(self) -> bool:
        """Return whether a remedy is under way though no deploy is suspected: people were paged before it."""
        return self.remedy is not None and self.remedy.without_deploy

    @property
    def cure(self) -> RemedyAttempt | None:
        """Return the remedy that ended it, by the proof, or None."""
        last = self.remedies[-1] if self.remedies else None
        return last if last is not None and last.result is RemedyResult.HELPED else None

    @property
    def proved(self) -> bool:
        """Return whether fresh readings proved the recovery, after a rollback or a remedy."""
        return self.rollback.verified_at is not None or self.cure is not None

    @property
    def accused(self) -> tuple[str | None, ...]:
        """Return the deploys that were likelier than not to blame, the newest first; else the suspect alone."""
        return self.to_blame or (self.suspect,)


@dataclass(frozen=True, slots=True)
class History:
    """The observed history of a service: counts since a moment (UTC epoch seconds)."""

    since: float = 0.0  # since when we count, moved on over gaps; 0: not yet
    deploys: int = 0  # deploys that went live, rollbacks left out
    bad_deploys: int = 0  # of these, suspected and replaced
    others: int = 0  # critical or high incidents of another cause, at most one an hour


@dataclass(frozen=True, slots=True)
class DeployWatch:
    """A deploy in its watch window: the results of its probes. Times are UTC epoch seconds."""

    deploy: str  # the deploy's id
    live_at: float  # when it went live
    ends_at: float  # when its watch window ends
    seen_at: float  # the last probe that counts
    probes: int = 0  # probes since it is live
    good: int = 0  # of these, good
    authors: tuple[str, ...] = ()  # who wrote it, if known


@dataclass(frozen=True)
class ServiceState:
    """One guarded service. Times are UTC epoch seconds."""

    name: str  # as configured
    phase: Phase = Phase.CALM  # phase of the incident machine
    phase_since: float = 0.0  # since when
    watching_since: float = 0.0  # since when we watch it
    history: History = History()  # observed history of its deploys and incidents
    checks: Mapping[str, Check] = field(default_factory=lambda: MappingProxyType({}))  # its signals, by name
    deploys: tuple[Deploy, ...] = ()  # the platform's list, newest first
    deploys_at: float | None = None  # when it was read; None: not yet
    # The first list may show a rollback that the record lacks: the store may be a restored copy.
    unlisted: bool = False  # taken up by a worker, and its deploys were not listed since
    unread_gap: bool = False  # taken up after a time without a worker, and the record has no list of its deploys
    record_lacked_at: float | None = None  # when such a list last showed a change that the record lacked; None: never
    deploys_why: Prose = "not read yet"  # why it could not be read; empty: it was
    facts: ServiceFacts | None = None  # the platform's facts of the service
    migrations: tuple[MigrationReading, ...] = ()  # those between the code of its deploys, as far as they were read
    observed_healthy_seconds: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({})
    )  # deploy id → how long we ourselves saw it healthy
    healthy_at: float | None = None  # up to when healthy time is counted; None: not calm, or a critical check fails
    live: str | None = None  # id of the live deploy
    watch_until: float = 0.0  # end of the watch window after a deploy
    pace_seconds: float = 0.0  # the interval of probes asked for last
    # The closed one stays for a step, so that its end is saved with everything that follows from it.
    incident: Incident | None = None  # the open incident, or the one that was just closed
    acted_at: tuple[float, ...] = ()  # rollbacks that were sent
    remedied: tuple[tuple[str, float], ...] = ()  # remedies that were requested, and when last
    closed_at: float | None = None  # when the last incident ended
    failed_from: tuple[tuple[str, float], ...] = ()  # checks that failed in it, since when; none: a deploy was to blame
    auto_deploy_off: str = ""  # the value of auto-deploy to give back; empty: it was not switched off
    overtaken: bool = False  # since giving it back was ordered, a missing rollback was found, or a bad commit returned
    pinned_for: str = ""  # the incident it was switched off for
    pinned_at: float = 0.0  # when
    # Render's answers may be some seconds old, and then still show the value before the switch.
    switch_visible_at: float = 0.0  # only a read that began after this shows whether it is still off
    merged: tuple[Commit, ...] = ()  # commits that did not ship meanwhile, newest first
    merges_why: Prose = ""  # why these are not known
    auto_deploy_notice_thread: str = ""  # thread of the notice that auto-deploy is off
    offered: str = ""  # the live deploy at which giving it back was last considered
    # By deploy, not by code alone: the same bad code under a new deploy id is a return of it.
    bad: tuple[tuple[str, str], ...] = ()  # deploys of denied code that people know of: code, deploy id
    returned: tuple[str, ...] = ()  # deploys of denied code about which a notice of its own is open
    # Beside `returned`: an older worker ends a notice about a deploy of that list as soon as its code is not denied.
    record_gap_notices: tuple[tuple[str, float], ...] = ()  # open notices of what it lacked: thread, since when
    undone: tuple[str, ...] = ()  # rollbacks that humans took back though the site was well with them
    opened_at: tuple[float, ...] = ()  # when the last incidents were opened
    flapping_since: float | None = None  # since when it fails too often to be rolled back
    # Not tried again with each incident: a refused key does not recover by itself.
    forbidden: Prose = ""  # why the platform does not let us change it, until a restart or `resume`
    incidents: int = 0  # number of the last incident
    trial: DeployWatch | None = None  # the live deploy in its watch window
    downtime: Downtime | None = None  # when it was last meant to be down, by the platform
    own_maintenance: OwnMaintenance | None = None  # maintenance mode that the daemon switched on last
    certificates: tuple[ReportedCertificate, ...] = ()  # those near their end that people were notified of

    @property
    def open_incident(self) -> Incident | None:
        """Return the open incident, or None: the one that was just closed is none."""
        return self.incident if self.incident is not None and self.incident.closed_at is None else None

    @property
    def is_kept(self) -> bool:
        """Return whether an approved rollback waits for its window (`announced_until`)."""
        incident = self.incident
        return self.phase is Phase.ANNOUNCED and incident is not None and incident.question.approved_by is not None

    @property
    def asked_at(self) -> float | None:
        """Return the moment that distinguishes the present question from earlier ones, or None without an incident."""
        if self.incident is None:
            return None
        return self.incident.announced_until if self.is_kept else self.incident.question.asked_at

    @property
    def suspect_replaced(self) -> bool:
        """Return whether another deploy than the incident's suspect is known to be live.

        A live deploy that is not known (its list was not read, or shows none as live) takes no question and no answer
        back. A yes rolls nothing back blindly for that: a decision without a live deploy blames none and has no target,
        so it leaves the incident to a human; and right before the request the actuator stands down, unless a fresh list
        shows the suspect as live.
        """
        suspect = self.incident.suspect if self.incident is not None else None
        return self.live is not None and self.live != suspect

    def last_reading_at(self, default: float) -> float:
        """Return when a check of it was last read; `default` if none was."""
        return max((check.last_at for check in self.checks.values()), default=default)


@dataclass(frozen=True, slots=True)
class ActiveCritical:
    """A service that is critical now, as every worker sees it."""

    service: str  # its name
    at: float  # since when (UTC epoch seconds)
    suspect_code: str | None = None  # the live code it may be due to
    recent_deploy: bool = False  # a deploy went live lately
    planned: bool = False  # it is meant to be down: only its dependants fail with it


@dataclass(frozen=True, slots=True)
class Act:
    """A rollback that was sent."""

    at: float  # UTC epoch seconds
    service: str  # its name
    suspect_code: str | None = None  # commit or image digest that it leads away from; None: not known


# Without slots, as State is: see fast_replace.py.
@dataclass(frozen=True)
class Shared:
    """The part of the state that all workers share."""

    denied: tuple[str, ...] = ()  # codes never to return to
    blamed: tuple[tuple[str, str, str], ...] = ()  # deploys likely to blame, and replaced: id, code, incident
    # Kept beside `acts`: the record of an older version has these moments only.
    acted_at: tuple[float, ...] = ()  # rollbacks of all services
    acts: tuple[Act, ...] = ()  # the same, with service and code
    paused_by: str = ""  # who paused all actions; empty: no one
    disarmed: Prose = ""  # the violated invariant that disabled actions, until `resume`
    incidents: int = 0  # incidents so far
    # Each worker sees its own services only: a mass failure shows in the sum of all.
    troubles: Mapping[str, ActiveCritical] = field(default_factory=lambda: MappingProxyType({}))  # critical now
    silences: tuple[Suppression, ...] = ()  # typed in by people
    holds: tuple[Suppression, ...] = ()  # the same
    quiets: int = 0  # number of the last of these
    digested_at: float = 0.0  # the last weekly digest
    failing: Mapping[str, Failing] = field(default_factory=lambda: MappingProxyType({}))  # failing integrations, by key


@dataclass(frozen=True)
class Fleet:
    """The part of the state that belongs to no single service; one worker saves it."""

    control: Mapping[str, tuple[float, Reading]] = field(
        default_factory=lambda: MappingProxyType({})
    )  # control targets: when each was read, and the reading
    vendors: Mapping[str, tuple[float, Reading]] = field(
        default_factory=lambda: MappingProxyType({})
    )  # status pages: when each was read, and the reading
    blind_since: float | None = None  # since when we cannot see; None: we can
    blind_notified: bool = False  # the operators were notified of that
    unseen: bool = False  # no probe of any service brings evidence
    vendors_bad_since: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({})
    )  # status pages that report trouble: since when


@dataclass(frozen=True)
class State(Shared, Fleet):
    """Everything the core remembers; with several workers, of the services that this one holds.

    Theory. A part of it belongs to all workers (`Shared`): the deny-list, the accounts of rollbacks, pauses, silences,
    the critical services. A step that changes that part is saved only if no other worker changed it first; otherwise
    the worker loads it and decides again. Whether it is blind, each worker knows of itself alone.
    """

    services: Mapping[str, ServiceState] = field(default_factory=lambda: MappingProxyType({}))  # by name
    worker: str = ""  # the worker whose memory this is; recorded, and no part of the store

    def of_incident(self, name: str | None) -> ServiceState | None:
        """Return the service whose last incident has that id."""
        return next((one for one in self.services.values() if one.incident and one.incident.id == name), None)

    @property
    def stop_reason(self) -> str:
        """Return why every change is forbidden, for people too (a violated invariant, a human's pause), or ""."""
        if self.disarmed:
            return f"disarmed ({self.disarmed})"
        return f"paused by {self.paused_by}" if self.paused_by else ""

    @property
    def shared(self) -> Shared:
        """Return the part of the state that all workers share."""
        return Shared(**{name: getattr(self, name) for name in Shared.__dataclass_fields__})

    @property
    def fleet(self) -> Fleet:
        """Return the part of the state that belongs to no single service."""
        return Fleet(**{name: getattr(self, name) for name in Fleet.__dataclass_fields__})

    def with_part(self, part: Shared | Fleet) -> "State":
        """Return the state with that part."""
        return replace(self, **vars(part))
