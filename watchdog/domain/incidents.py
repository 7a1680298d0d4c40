"""What we know: the state of each check, service and incident, and why a decision was made.

Everything here is what `core.step` takes and returns; it is saved whole and restored after a crash. `Check`,
`ServiceState` and `State` are copied with every reading, and have no slots for that (see copies).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from watchdog.domain.checks import Check
from watchdog.domain.deploys import Commit, Deploy, ServiceFacts
from watchdog.domain.policy import Quiet, Severity, Then
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


class Verdict(StrEnum):
    """A guard's answer."""

    PASS = "pass"
    ASK = "ask"
    BLOCK = "block"


class Course(StrEnum):
    """What was decided to do about an incident."""

    ROLLBACK = "rollback"
    ANNOUNCE = "announce"
    ASK = "ask"
    PAGE = "page"
    TELL = "tell"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """A confirmed anomaly of one check: since when, how much, in words with the arithmetic."""

    signal: str
    kind: str
    method: str
    onset_at: float
    share: float
    text: str
    failure_kind: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one signal said when we decided; `verdict` is good, bad or unknown. `detail` is for `explain`."""

    signal: str
    verdict: str
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """One factor of the blame odds, and which kind of evidence it is."""

    factor: float
    why: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Veto:
    """A reason that alone forbids blaming the deploy; `fired` with its why, or checked and not fired."""

    name: str
    fired: bool
    why: str


@dataclass(frozen=True, slots=True)
class Blame:
    """How probable it is that the suspect caused the incident, term by term.

    `suspect` is the live deploy, `change` the deploy that brought what differs (an earlier one of the same code,
    if the onset fits that better); `configuration` means that only configuration changed.
    """

    suspect: Deploy | None
    change: Deploy | None
    configuration: bool
    odds: float
    prior_odds: float
    prior_why: str
    terms: tuple[Term, ...]
    vetoes: tuple[Veto, ...]
    probability: float | None
    need: float
    floor: float
    cost_rule: float
    why: str
    likely_from: float = 1.0

    @property
    def vetoed(self) -> tuple[Veto, ...]:
        """Return the vetoes that fired."""
        return tuple(veto for veto in self.vetoes if veto.fired)

    @property
    def accused(self) -> Deploy | None:
        """Return the deploy that brought what is blamed: the change, or else the suspect."""
        return self.change or self.suspect

    @property
    def convicts(self) -> bool:
        """Tell whether the suspect is probable enough to act on."""
        return self.probability is not None and self.probability >= self.need and not self.vetoed

    @property
    def likely(self) -> bool:
        """Tell whether the suspect is probable enough to ask a human about it."""
        return self.probability is not None and self.probability >= self.likely_from and not self.vetoed


@dataclass(frozen=True, slots=True)
class GuardAnswer:
    """What one guard said, and why. `passing` marks a block that time alone may lift."""

    name: str
    verdict: Verdict
    why: str
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """A deploy that is not the target, and why not."""

    deploy: str
    code: str | None
    why: str


@dataclass(frozen=True, slots=True)
class TargetChoice:
    """Where to roll back to: the deploy, or None with the reason."""

    deploy: Deploy | None
    why: str
    skipped: tuple[Skipped, ...] = ()
    warning: str = ""
    ask: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, from what, and why: `explain` prints exactly this."""

    at: float
    course: Course
    severity: Severity
    why: str
    rule: str
    share: float
    mode: str
    evidence: tuple[Evidence, ...] = ()
    blame: Blame | None = None
    guards: tuple[GuardAnswer, ...] = ()
    target: TargetChoice | None = None
    would: str = ""


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
class Incident:
    """One outage of one service, from onset to the end. Times are UTC epoch seconds, None until they come.

    `expired` is a target whose artefact is gone: only a rebuild of its commit is left; `repinned`: auto-deploy was
    switched off a second time, since the bad commit came back; `put_off_at`: since when something keeps what was
    decided from being sent; `defaulted_at`: when the policy answered yes in place of the humans who did not;
    `acknowledged_by` looks after it, as they said at `acknowledged_at`; `told_at`: when people were last called for
    something new; `called_at`: when somebody was last called who may not have heard (None: nobody else is called), with
    `climbed` steps of the escalation behind us, of which `calls` called somebody, or `all_called`: nobody was on call
    then; `muted`: the last word of it was kept from people by a silence.
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
    reconsidered_at: float = 0.0
    closed_at: float | None = None
    outcome: str = ""
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """What we saw of a service since then (UTC epoch seconds; 0: nothing was counted): deploys that went live, those of
    them that were suspected and replaced, and incidents of another cause.
    """

    since: float = 0.0
    deploys: int = 0
    bad_deploys: int = 0
    others: int = 0


@dataclass(frozen=True)
class ServiceState:
    """One guarded service. `healthy_seconds` maps deploy id to how long we ourselves saw it healthy.

    `incidents` numbers them, `opened_at` are the moments the last ones were opened; `flapping_since` is when they
    became so many that we hold back; `forbidden` says why the platform does not let us change it, until a restart or
    `resume`. `auto_deploy_off` is the value to give back, switched off for the incident `pinned_for` at `pinned_at`
    (only a look that began after `pin_settled_at` tells whether it is still off); `offered` the live deploy that was
    looked at for that last; `merged` what did not ship meanwhile, newest first, or why that is not known
    (`merges_why`); `told_off` the name under which people were told of any of it, until they hear that auto-deploy is
    on again; `bad` the deploys of denied code that people know of (code, deploy id).
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
    opened_at: tuple[float, ...] = ()
    flapping_since: float | None = None
    forbidden: str = ""
    incidents: int = 0


@dataclass(frozen=True, slots=True)
class Trouble:
    """A service that is critical now, as every worker sees it. `at` is since when (UTC epoch seconds).

    `suspect_code` is the live code it may be due to; `recent_deploy` tells whether one went live lately.
    """

    service: str
    at: float
    suspect_code: str | None = None
    recent_deploy: bool = False


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
    troubles: Mapping[str, Trouble] = field(default_factory=lambda: MappingProxyType({}))
    silences: tuple[Quiet, ...] = ()
    holds: tuple[Quiet, ...] = ()
    quiets: int = 0


@dataclass(frozen=True)
class State:
    """Everything the core remembers; with several workers, of the services that this one holds.

    `denied` holds the codes (commits, digests) never to return to; `acts` tells more of the rollbacks at `acted_at`;
    `disarmed` says which promise of ours was broken, until a human says `resume`: nothing is changed meanwhile;
    `unseen`, that no probe of any service brings evidence (they are void, or unknown): we are blind, too.
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
    troubles: Mapping[str, Trouble] = field(default_factory=lambda: MappingProxyType({}))
    silences: tuple[Quiet, ...] = ()
    holds: tuple[Quiet, ...] = ()
    quiets: int = 0

    @property
    def shared(self) -> Shared:
        """Return what all workers share."""
        return Shared(**{name: getattr(self, name) for name in Shared.__dataclass_fields__})

    def sharing(self, shared: Shared) -> "State":
        """Return the state with that shared part."""
        return replace(self, **{name: getattr(shared, name) for name in Shared.__dataclass_fields__})
