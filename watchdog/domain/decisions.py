"""Decisions: what was found, who is blamed, what the guards said, where to go back to, and what was decided from it.

`explain` prints exactly these; they are kept with their incident, as they were at that moment.
"""

from dataclasses import dataclass
from enum import StrEnum

from watchdog.domain.deploys import Deploy
from watchdog.domain.policy import Action
from watchdog.domain.prose import Prose
from watchdog.domain.severity import Severity


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


FAILING = frozenset({"run", "cusum", "intermittent"})
"""Methods by which failing probes are judged (see core/detect/probes)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A confirmed anomaly of one check: since when, how much, in words with the arithmetic.

    `pause_seconds` is how long it was well between two outages that came and went, at most.
    """

    signal: str
    kind: str
    method: str
    onset_at: float
    share: float
    text: Prose
    failure_kind: str = ""
    pause_seconds: float = 0.0

    @property
    def fails(self) -> bool:
        """Tell whether probes of a route fail: who asks is not answered as they should be."""
        return self.method in FAILING


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one signal said when we decided; `verdict` is good, bad or unknown. `detail` is for `explain`."""

    signal: str
    verdict: str
    text: Prose
    detail: Prose = ""


@dataclass(frozen=True, slots=True)
class Term:
    """One factor of the blame odds, and which kind of evidence it is.

    `earlier`: it was found when the incident began, and is kept although it would not be found now.
    """

    factor: float
    why: Prose
    name: str = ""
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class Veto:
    """A reason that alone forbids blaming the deploy; `fired` with its why, or checked and not fired."""

    name: str
    fired: bool
    why: Prose


@dataclass(frozen=True, slots=True)
class Blame:
    """How probable it is that the suspect caused the incident, term by term.

    `suspect` is the live deploy, `change` the deploy that brought what differs (an earlier one of the same code,
    if the onset fits that better); `configuration` means that only configuration changed; `assumed` that the prior
    odds come from assumed rates, as this service has no history yet. `onset_why` is how the onset lies to the change.
    """

    suspect: Deploy | None
    change: Deploy | None
    configuration: bool
    odds: float
    prior_odds: float
    prior_why: Prose
    terms: tuple[Term, ...]
    vetoes: tuple[Veto, ...]
    probability: float | None
    need: float
    floor: float
    cost_rule: float
    why: Prose
    likely_from: float = 1.0
    assumed: bool = False
    onset_why: Prose = ""

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


class GuardReason(StrEnum):
    """Why a guard answered as it did, where a later decision depends on it."""

    SUSPENDED = "suspended"
    WAS_SUSPENDED = "was suspended"


@dataclass(frozen=True, slots=True)
class GuardAnswer:
    """What one guard said, and why. `passing` marks a block that time alone may lift."""

    name: str
    verdict: Verdict
    why: Prose
    passing: bool = False
    reason: GuardReason | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A deploy that is not the target, and why not."""

    deploy: str
    code: str | None
    why: Prose


@dataclass(frozen=True, slots=True)
class TargetChoice:
    """Where to roll back to: the deploy, or None with the reason."""

    deploy: Deploy | None
    why: Prose
    skipped: tuple[Skipped, ...] = ()
    warning: Prose = ""
    ask: Prose = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, from what, and why: `explain` prints exactly this.

    `policy_action` is what the policy asks for at this severity; None: a person asked for it.
    """

    at: float
    course: Course
    severity: Severity
    why: Prose
    policy_action: Action | None
    share: float
    mode: str
    evidence: tuple[Evidence, ...] = ()
    blame: Blame | None = None
    guards: tuple[GuardAnswer, ...] = ()
    target: TargetChoice | None = None
    would: Prose = ""
    severity_why: Prose = ""
