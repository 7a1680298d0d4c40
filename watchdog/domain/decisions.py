"""Decisions: what was found, who is blamed, what the guards said, where to go back to, and what was decided from it.

`explain` prints exactly these; they are kept with their incident, as they were at that moment.
"""

from dataclasses import dataclass
from enum import StrEnum

from watchdog.domain.deploys import Deploy
from watchdog.domain.policy import Severity


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
    text: str
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
