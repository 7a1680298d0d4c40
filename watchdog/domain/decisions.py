"""Decisions: findings, blame, guards, target, and the course that follows from them.

`explain` prints exactly these; they are kept with their incident, as they were at that moment.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, pairwise
from types import MappingProxyType

from watchdog.domain.deploys import Deploy
from watchdog.domain.policy import Action
from watchdog.domain.readings import FailureKind
from watchdog.domain.remedies.remedy import FailureType
from watchdog.domain.severity import Severity
from watchdog.domain.texts.prose import Prose


class Verdict(StrEnum):
    """A guard's answer."""

    PASS = "pass"
    ASK = "ask"
    BLOCK = "block"


class Course(StrEnum):
    """The course of action for an incident."""

    ROLLBACK = "rollback"
    ANNOUNCE = "announce"
    ASK = "ask"
    PAGE = "page"
    TELL = "tell"
    NOTE = "note"


FAILING = frozenset({"run", "cusum", "intermittent"})
"""Methods by which failing probes are judged (see core/detect/probes)."""
TYPES: Mapping[str, FailureType] = MappingProxyType(
    {
        "latency": FailureType.LATENCY,
        "feed": FailureType.ERRORS,
        "count": FailureType.ERRORS,
        "new errors": FailureType.ERRORS,
        "crashes": FailureType.CRASHES,
    }
)
"""What the other methods find."""


LIKELIER_THAN_NOT = 0.5
"""From this probability on the incident counts as the deploy's, and a human is asked even if few requests fail."""
CONTESTED_MIN = 0.2
"""From this probability on a change is one of two candidates, about which a human is asked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A confirmed anomaly of one check."""

    signal: str  # its name
    kind: str  # the signal's kind, a key of SIGNALS
    method: str  # run, cusum, intermittent, latency, feed, count, new errors, crashes, turned away
    onset_at: float  # when it began (UTC epoch seconds)
    share: float  # share 0-1 of probes that failed (or of time down, slow answers); 0: none known
    text: Prose  # in words, with the arithmetic
    failure_kind: str = ""  # FailureKind of its failures, as a word (see core/detect/failure_kinds); empty: not known
    pause_seconds: float = 0.0  # longest pause between two outages that came and went
    unseen_seconds: float = 0.0  # so long it may go on before it is suspected again: a shorter good time proves nothing
    symptom: Prose = ""  # the failure in a few words, as in `HTTP 503`; empty: not known

    @property
    def fails(self) -> bool:
        """Return whether probes of a route fail, so that visitors get no proper answer."""
        return self.method in FAILING

    @property
    def failure_type(self) -> FailureType | None:
        """Return what fails, as remedies are for it; None: probes are turned away, which says nothing of the site."""
        if self.fails and self.failure_kind == FailureKind.SLOW:
            return FailureType.LATENCY
        return FailureType.DOWN if self.fails else TYPES.get(self.method)


def failure_types(findings: Iterable[Finding]) -> frozenset[FailureType]:
    """Return all that fails."""
    return frozenset(found for found in (one.failure_type for one in findings) if found is not None)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The reading of one signal at the decision."""

    signal: str  # the signal, the control targets or a status page
    verdict: str  # good, bad or unknown
    text: Prose  # the reading or the finding, in words
    detail: Prose = ""  # the state of another method, for `explain`


@dataclass(frozen=True, slots=True)
class Term:
    """One factor of the blame odds."""

    factor: float  # odds factor: above 1 convicts, below 1 acquits
    why: Prose  # reason in words
    name: str = ""  # which kind of evidence it is
    earlier: bool = False  # found earlier in this incident and kept, though not found now


@dataclass(frozen=True, slots=True)
class Cause:
    """Another possible cause than the service's own change."""

    name: str  # which kind it is, and whose, as in `upstream stripe`
    odds: float  # against an unobserved cause
    why: Prose  # the evidence for it, in words
    service: str = ""  # whose change it is; empty: no change of a service
    deploy: str = ""  # the platform's id of that change
    earlier: bool = False  # found earlier in this incident and kept, though not found now
    page: str = ""  # address of the status page that reports it, for people; empty: found in no status page


@dataclass(frozen=True, slots=True)
class Veto:
    """A reason that alone forbids blaming the deploy."""

    name: str  # which check it is
    fired: bool  # it forbids blaming the deploy
    why: Prose  # reason in words, fired or not


@dataclass(frozen=True, slots=True)
class Blame:
    """The probability that the suspect caused the incident, term by term (see core/assess/blame)."""

    suspect: Deploy | None  # the live deploy; None: not known
    change: Deploy | None  # deploy that brought the difference: the suspect, or an earlier one of the same code
    configuration: bool  # only configuration changed, not the code
    odds: float  # that the suspect caused it, all terms counted
    prior_odds: float  # odds before any evidence
    prior_why: Prose  # the parts of the prior odds
    terms: tuple[Term, ...]  # evidence for and against
    vetoes: tuple[Veto, ...]  # all that were checked, fired or not
    probability: float | None  # 0-1, from the odds; 0: a veto fired; None: nothing was weighed
    need: float  # probability from which it is acted on: the larger of the next two
    floor: float  # least probability to act on, from the policy
    cost_rule: float  # probability from which acting costs less than waiting; 0: share not known
    why: Prose  # the verdict in words
    likely_from: float = 1.0  # probability from which a human is asked
    assumed: bool = False  # the prior odds come from assumed rates: no history yet
    onset_why: Prose = ""  # how the onset lies to the change
    causes: tuple[Cause, ...] = ()  # other possible causes, likeliest first

    @property
    def factors(self) -> tuple[Term, ...]:
        """Return the factors between the prior odds and the odds, in order: the evidence, then each other cause.

        A cause divides the odds by its share in the sum of all other causes so far.
        """
        factors = cause_factors(one.odds for one in self.causes)
        causes = zip(factors, self.causes, strict=True)
        return (*self.terms, *(Term(factor, one.why, one.name, one.earlier) for factor, one in causes))

    def chance_of(self, cause: Cause) -> float:
        """Return the probability (0-1) of another cause; own change, other and unseen causes add up to 1."""
        own = 0.0 if self.vetoed else self.odds
        others = 1.0 + sum(one.odds for one in self.causes)
        return cause.odds / others / (1.0 + own)

    @property
    def other_cause(self) -> Cause | None:
        """Return the other cause that is likelier than not, or None."""
        first = next(iter(self.causes), None)
        return first if first is not None and self.chance_of(first) >= LIKELIER_THAN_NOT else None

    @property
    def rival(self) -> Cause | None:
        """Return the likeliest change of another service, or None."""
        return next((one for one in self.causes if one.service), None)

    @property
    def contested(self) -> bool:
        """Return whether this change or another service's caused it, with neither improbable: a human is asked."""
        if self.probability is None or self.rival is None or self.vetoed:
            return False
        # Together they reach the floor: it was one of the two, and the daemon cannot tell which.
        return self.probability >= CONTESTED_MIN and self.probability + self.chance_of(self.rival) >= self.floor

    @property
    def vetoed(self) -> tuple[Veto, ...]:
        """Return the vetoes that fired."""
        return tuple(veto for veto in self.vetoes if veto.fired)

    @property
    def accused(self) -> Deploy | None:
        """Return the deploy that is blamed: the change, or else the suspect."""
        return self.change or self.suspect

    @property
    def convicts(self) -> bool:
        """Return whether the suspect is probable enough to act on."""
        return self.probability is not None and self.probability >= self.need and not self.vetoed

    @property
    def likelier_than_not(self) -> bool:
        """Return whether the suspect is likelier to have caused it than all other causes together."""
        return self.probability is not None and self.probability >= LIKELIER_THAN_NOT and not self.vetoed

    @property
    def likely(self) -> bool:
        """Return whether the suspect is probable enough to ask a human about it."""
        return self.probability is not None and self.probability >= self.likely_from and not self.vetoed


NOT_WEIGHED = Blame(
    suspect=None,
    change=None,
    configuration=False,
    odds=0.0,
    prior_odds=0.0,
    prior_why="",
    terms=(),
    vetoes=(),
    probability=None,
    need=0.0,
    floor=0.0,
    cost_rule=0.0,
    why="",
)
"""No deploy is accused: none is known, or a person rolls back and names no culprit."""


def cause_factors(odds: Iterable[float]) -> list[float]:
    """Return the factor by which each other cause lowers the own odds, in turn: together 1 / (1 + their sum)."""
    # Ratios of partial sums telescope to exactly that product, whatever the order of the causes.
    known = list(accumulate(odds, initial=1.0))
    return [before / after for before, after in pairwise(known)]


class GuardReason(StrEnum):
    """The reason of a guard's answer, where a later decision depends on it."""

    SUSPENDED = "suspended"
    WAS_SUSPENDED = "was suspended"


@dataclass(frozen=True, slots=True)
class GuardAnswer:
    """The answer of one guard, with its reason."""

    name: str  # which guard
    verdict: Verdict  # pass, ask or block
    why: Prose  # reason in words
    passing: bool = False  # the obstacle may pass (a pause, a deploy on its way): then it is decided anew
    reason: GuardReason | None = None  # where a later decision depends on it; None: on none
    clears_at: float | None = None  # when it passes by itself (UTC epoch seconds); None: no known time
    suspenders: tuple[str, ...] = ()  # who suspended the service, in the platform's words


@dataclass(frozen=True, slots=True)
class Skipped:
    """A deploy that was skipped as a target, with the reason."""

    deploy: str  # its id
    code: str | None  # its commit or image digest; None: not known
    why: Prose  # why it is not the target


@dataclass(frozen=True, slots=True)
class TargetChoice:
    """The rollback target: a deploy, or None with the reason."""

    deploy: Deploy | None  # deploy to roll back to; None: none is good
    why: Prose  # why this one, or why none
    skipped: tuple[Skipped, ...] = ()  # newer deploys that are no target
    warning: Prose = ""  # a warning for people; empty: none
    ask: Prose = ""  # why a human has to agree to it; empty: no need


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision with its inputs and its reasons: `explain` prints exactly this."""

    at: float  # UTC epoch seconds
    course: Course  # the course of action
    severity: Severity  # of the worst finding
    why: Prose  # reason for the course, in words
    policy_action: Action | None  # the policy's action at this severity; None: a person asked for it
    share: float  # share 0-1 of probes that failed lately; 0: none known
    mode: str  # the service's mode at that moment
    evidence: tuple[Evidence, ...] = ()  # reading of each signal, control target and status page
    blame: Blame | None = None  # how likely the suspect is to blame; None: a person asked for it
    guards: tuple[GuardAnswer, ...] = ()  # every guard's answer
    target: TargetChoice | None = None  # where to roll back to
    would: Prose = ""  # the action that only mode observe prevents; empty: another mode
    would_course: Prose = ""  # the course of that in a word, to compare versions by; empty: another mode
    severity_why: Prose = ""  # the rule that gave the severity, in words
    first: tuple[str, ...] = ()  # remedies that are tried before a rollback, in order
    without_deploy: tuple[str, ...] = ()  # remedies that are tried though no deploy is suspected, in order
    why_no_remedy: Prose = ""  # why those of the policy are not tried now; empty: it has none, or they are

    @property
    def asks_for_now(self) -> bool:
        """Return whether a guard asks a human, and time alone may lift the reason of each that does."""
        asks = [one.passing for one in self.guards if one.verdict is Verdict.ASK]
        return bool(asks) and all(asks)
