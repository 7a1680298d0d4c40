"""What we know: the state of each check, service and incident.

Everything here is what `core.step` takes and returns; it is saved whole and restored after a crash. `Check`,
`ServiceState` and `State` are copied with every reading, and have no slots for that (see copies).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from watchdog.domain.checks import Check
from watchdog.domain.decisions import Decision, Finding
from watchdog.domain.deploys import Commit, Deploy, Downtime, ServiceFacts
from watchdog.domain.integrations import Failing
from watchdog.domain.policy import Severity, Suppression, Then
from watchdog.domain.readings import Reading


class Phase(StrEnum):
    """What a service's incident machine is doing."""

    CALM = "calm"
    SUSPECT = "suspect"
    ANNOUNCED = "announced"
    ASKING = "asking"
    PINNING = "pinning"
    ROLLING_BACK = "rolling_back"
    DEPLOYING = "deploying"
    VERIFYING = "verifying"
    PAGED = "paged"


ACTING = frozenset({Phase.PINNING, Phase.ROLLING_BACK, Phase.DEPLOYING, Phase.VERIFYING})
"""The phases in which a rollback is being made or proved."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The clock of an open question, as people were told of it: no reload changes it. Times are UTC epoch seconds.

    `then` is done at `due_at` if nobody answered for `within_seconds` (None: it is open for ever) since `heard_at`:
    when the first channel that people hear had it (None: nobody is known to have heard of it).
    """

    asked_at: float
    then: Then
    within_seconds: float | None = None
    due_at: float | None = None
    remind_at: float | None = None
    heard_at: float | None = None


@dataclass(frozen=True, slots=True)
class StakeholderStatus:
    """What stakeholders of that name heard of an outage: in which thread, and since when it lasts.

    `works_at`: since when it works again, once they were told that, too. Times are UTC epoch seconds.
    """

    name: str
    thread: str
    since: float
    works_at: float | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """One outage of one service, from onset to the end. Times are UTC epoch seconds, None until they come.

    `expired` is a target whose artefact is gone: only a rebuild of its commit is left; `repinned`: auto-deploy was
    switched off a second time, since the bad commit came back; `put_off_at`: since when something keeps what was
    decided from being sent; `defaulted_at`: when the policy answered yes in place of the humans who did not;
    `acknowledged_by` looks after it, as they said at `acknowledged_at`; `told_at`: when people were last called for
    something new; `called_at`: when somebody was last called who may not have heard (None: nobody else is called), with
    `climbed` steps of the escalation behind us, of which `calls` called somebody, or `all_called`: nobody was on call
    then; `muted`: the last word of it was kept from people by a silence; `undoes`: the incident whose rollback a human
    takes back with this one, and `leaves_good`: the site had been proved well with that rollback; `informed`: what
    stakeholders heard of it; `planned`: it was meant to be down for all of that time.
    """

    id: str
    service: str
    severity: Severity
    opened_at: float
    onset_at: float
    title: str
    findings: tuple[Finding, ...] = ()
    decision: Decision | None = None
    asked_at: float | None = None
    deadline: Deadline | None = None
    announced_until: float | None = None
    approved_by: str | None = None
    approved_at: float | None = None
    pin_previous: str | None = None
    pinned: bool = False
    pin_note: str = ""
    suspect: str | None = None
    suspect_code: str | None = None
    target: str | None = None
    target_code: str | None = None
    requested_at: float | None = None
    put_off_at: float | None = None
    tried: bool = False
    expired: str | None = None
    repinned: bool = False
    rollback_deploy: str | None = None
    restored_at: float | None = None
    verified_at: float | None = None
    verification: str = ""
    human_needed: str = ""
    paged: bool = False
    late_paged: bool = False
    reminded: bool = False
    defaulted_at: float | None = None
    acknowledged_by: str | None = None
    acknowledged_at: float | None = None
    told_at: float | None = None
    called_at: float | None = None
    climbed: int = 0
    calls: int = 0
    all_called: bool = False
    muted: bool = False
    planned: bool = False
    reconsidered_at: float = 0.0
    closed_at: float | None = None
    outcome: str = ""
    channels: tuple[str, ...] = ()
    undoes: str = ""
    leaves_good: bool = False
    informed: tuple[StakeholderStatus, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """What we saw of a service since then (UTC epoch seconds; 0: nothing was counted): deploys that went live, those of
    them that were suspected and replaced, and incidents of another cause.
    """

    since: float = 0.0
    deploys: int = 0
    bad_deploys: int = 0
    others: int = 0


@dataclass(frozen=True, slots=True)
class DeployWatch:
    """A deploy in its watch window: what our probes saw of it. Times are UTC epoch seconds.

    `good` of the `probes` since it went live were, the last one at `seen_at`; `authors` wrote it, if that is known.
    """

    deploy: str
    live_at: float
    ends_at: float
    seen_at: float
    probes: int = 0
    good: int = 0
    authors: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServiceState:
    """One guarded service. `healthy_seconds` maps deploy id to how long we ourselves saw it healthy.

    `incidents` numbers them, `opened_at` are the moments the last ones were opened; `flapping_since` is when they
    became so many that we hold back; `forbidden` says why the platform does not let us change it, until a restart or
    `resume`. `auto_deploy_off` is the value to give back, switched off for the incident `pinned_for` at `pinned_at`
    (only a look that began after `pin_settled_at` tells whether it is still off); `offered` the live deploy that was
    looked at for that last; `merged` what did not ship meanwhile, newest first, or why that is not known
    (`merges_why`); `told_off` the name under which people were told of any of it, until they hear that auto-deploy is
    on again; `bad` the deploys of denied code that people know of (code, deploy id); `undone` the rollbacks that humans
    took back though the site was well with them: that they were left says nothing against their code; `trial` the live
    deploy, while it may become good news; `downtime` is the last time in which the platform said that the service is
    meant to be down.
    """

    name: str
    phase: Phase = Phase.CALM
    phase_since: float = 0.0
    watching_since: float = 0.0
    history: History = History()
    checks: Mapping[str, Check] = field(default_factory=lambda: MappingProxyType({}))
    deploys: tuple[Deploy, ...] = ()
    deploys_at: float | None = None
    deploys_why: str = "not read yet"
    facts: ServiceFacts | None = None
    healthy_seconds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    healthy_at: float | None = None
    live: str | None = None
    watch_until: float = 0.0
    pace_seconds: float = 0.0
    incident: Incident | None = None
    acted_at: tuple[float, ...] = ()
    closed_at: float | None = None
    auto_deploy_off: str = ""
    pinned_for: str = ""
    pinned_at: float = 0.0
    pin_settled_at: float = 0.0
    merged: tuple[Commit, ...] = ()
    merges_why: str = ""
    told_off: str = ""
    offered: str = ""
    bad: tuple[tuple[str, str], ...] = ()
    undone: tuple[str, ...] = ()
    opened_at: tuple[float, ...] = ()
    flapping_since: float | None = None
    forbidden: str = ""
    incidents: int = 0
    trial: DeployWatch | None = None
    downtime: Downtime | None = None

    @property
    def is_kept(self) -> bool:
        """Tell whether a human said yes to a rollback that is kept for its window (`announced_until`)."""
        incident = self.incident
        return self.phase is Phase.ANNOUNCED and incident is not None and incident.approved_by is not None

    @property
    def asked_at(self) -> float | None:
        """Return the moment that tells what people may answer now from what they were asked before."""
        if self.incident is None:
            return None
        return self.incident.announced_until if self.is_kept else self.incident.asked_at


@dataclass(frozen=True, slots=True)
class ActiveCritical:
    """A service that is critical now, as every worker sees it. `at` is since when (UTC epoch seconds).

    `suspect_code` is the live code it may be due to; `recent_deploy` tells whether one went live lately; `planned`
    that it is meant to be down: what relies on it fails with it, and nothing else does.
    """

    service: str
    at: float
    suspect_code: str | None = None
    recent_deploy: bool = False
    planned: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """A rollback that was sent: when (UTC epoch seconds), of which service, away from which code."""

    at: float
    service: str
    suspect_code: str | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """What all workers share: the fields of State of the same names."""

    denied: tuple[str, ...] = ()
    acted_at: tuple[float, ...] = ()
    acts: tuple[Act, ...] = ()
    paused_by: str = ""
    disarmed: str = ""
    incidents: int = 0
    troubles: Mapping[str, ActiveCritical] = field(default_factory=lambda: MappingProxyType({}))
    silences: tuple[Suppression, ...] = ()
    holds: tuple[Suppression, ...] = ()
    quiets: int = 0
    digested_at: float = 0.0
    failing: Mapping[str, Failing] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class State:
    """Everything the core remembers; with several workers, of the services that this one holds.

    `denied` holds the codes (commits, digests) never to return to; `acts` tells more of the rollbacks at `acted_at`;
    `disarmed` says which promise of ours was broken, until a human says `resume`: nothing is changed meanwhile;
    `unseen`, that no probe of any service brings evidence (they are void, or unknown): we are blind, too; `digested_at`
    is the moment of the last weekly digest (UTC epoch seconds); `failing`, by key, what we rely on and does not work.
    """

    services: Mapping[str, ServiceState] = field(default_factory=lambda: MappingProxyType({}))
    control: Mapping[str, tuple[float, Reading]] = field(default_factory=lambda: MappingProxyType({}))
    vendors: Mapping[str, tuple[float, Reading]] = field(default_factory=lambda: MappingProxyType({}))
    denied: tuple[str, ...] = ()
    acted_at: tuple[float, ...] = ()
    acts: tuple[Act, ...] = ()
    paused_by: str = ""
    disarmed: str = ""
    blind_since: float | None = None
    blind_told: bool = False
    unseen: bool = False
    incidents: int = 0
    troubles: Mapping[str, ActiveCritical] = field(default_factory=lambda: MappingProxyType({}))
    silences: tuple[Suppression, ...] = ()
    holds: tuple[Suppression, ...] = ()
    quiets: int = 0
    digested_at: float = 0.0
    failing: Mapping[str, Failing] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def shared(self) -> Shared:
        """Return what all workers share."""
        return Shared(**{name: getattr(self, name) for name in Shared.__dataclass_fields__})

    def sharing(self, shared: Shared) -> "State":
        """Return the state with that shared part."""
        return replace(self, **{name: getattr(shared, name) for name in Shared.__dataclass_fields__})
