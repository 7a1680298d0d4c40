"""What a page or an answer says, as plain data: the shapes of the JSON API, and what the templates are given.

Rule: fields may be added, never changed. Times are UTC epoch seconds, durations seconds; text is clean, on one line.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeployView:
    """One deploy. `note` says why a rollback would, or would not, lead there."""

    id: str
    status: str
    trigger: str
    code: str
    message: str
    finished_at: float | None
    is_live: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class SignalView:
    """One signal and its newest reading: good, bad or unknown, and why."""

    name: str
    kind: str
    critical: bool
    verdict: str
    why: str
    at: float | None


@dataclass(frozen=True, slots=True)
class DayView:
    """The last 24 h in equal spans. A state is good, some (failures), bad (10 % of the readings or more), unknown or
    none.

    `latency_seconds` is the highest median of a minute in each span. `complete`: everything was read from the store.
    """

    since: float
    span_seconds: float
    states: tuple[str, ...]
    latency_seconds: tuple[float | None, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One incident in a list. `standing` is how far it is; `label` what a human thought of it afterwards."""

    id: str
    service: str
    severity: str
    standing: str
    title: str
    onset_at: float
    opened_at: float
    closed_at: float | None
    restored_in_seconds: float | None
    label: str | None


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """One service at a glance. `standing` is ok, suspect, incident, acting, unsure or elsewhere; `why` says more."""

    name: str
    mode: str
    standing: str
    why: str
    phase: str | None
    held: bool
    live: DeployView | None
    incident: IncidentRow | None
    good: int
    bad: int
    unknown: int
    day: DayView


@dataclass(frozen=True, slots=True)
class Overview:
    """All services, the troubled first; `warnings` must not be overlooked."""

    at: float
    warnings: tuple[str, ...]
    services: tuple[ServiceRow, ...]
    paused: bool
    follow_ups_open: int = 0
    follow_ups_overdue: int = 0


@dataclass(frozen=True, slots=True)
class GuardView:
    """What one guard says: pass, ask or block."""

    name: str
    verdict: str
    why: str


@dataclass(frozen=True, slots=True)
class TermView:
    """One factor of the blame odds: the prior first, then the evidence, in the order it is multiplied."""

    name: str
    factor: float
    shown: str
    why: str


@dataclass(frozen=True, slots=True)
class CauseView:
    """Something that may have caused it. Those of one decision add up to 1, likeliest first."""

    probability: float
    shown: str
    why: str


@dataclass(frozen=True, slots=True)
class VetoView:
    """A reason that alone forbids to blame the deploy."""

    name: str
    fired: bool
    why: str


@dataclass(frozen=True, slots=True)
class BlameView:
    """How probable it is that the suspect did it. `probability` None: it cannot be said."""

    suspect: str
    diff: str
    probability: float | None
    shown: str
    need: float
    odds: str
    terms: tuple[TermView, ...]
    vetoes: tuple[VetoView, ...]
    why: str
    causes: tuple[CauseView, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetView:
    """Where a rollback leads (`deploy` in words), or why nowhere; which deploys were passed over."""

    deploy: str | None
    why: str
    warning: str
    ask: str
    skipped: tuple[DeployView, ...]
    deploy_id: str | None = None


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What was decided, or would be, and why."""

    at: float
    course: str
    words: str
    why: str
    would: str
    severity: str
    mode: str
    blame: BlameView | None
    guards: tuple[GuardView, ...]
    target: TargetView | None


@dataclass(frozen=True, slots=True)
class QuietView:
    """A silence or an action hold, in words; `can_end`: people typed it in (else the configuration says so)."""

    name: str
    words: str
    can_end: bool


@dataclass(frozen=True, slots=True)
class BudgetView:
    """The error budget of 30 days: what the objective allows to be lost, what was (seconds), the share that is left.

    `left` is below 0 when more was lost than was allowed; `available` is None where nothing was watched.
    """

    objective: float
    available: float | None
    watched_seconds: float
    allowed_seconds: float
    lost_seconds: float
    left: float


@dataclass(frozen=True, slots=True)
class ServiceView:
    """One service. `now` is what would be decided if `imagined` failed for good from now on; None: nobody can say."""

    at: float
    service: ServiceRow
    signals: tuple[SignalView, ...]
    deploys: tuple[DeployView, ...]
    deploys_why: str
    imagined: str
    now: DecisionView | None
    now_why: str
    quiets: tuple[QuietView, ...]
    incidents: tuple[IncidentRow, ...]
    budget: BudgetView


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """What one signal said when it was decided."""

    signal: str
    verdict: str
    text: str
    detail: str


@dataclass(frozen=True, slots=True)
class NoteView:
    """One line of the story."""

    at: float
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """What would have changed the course, and to what."""

    condition: str
    result: str


@dataclass(frozen=True, slots=True)
class AskView:
    """What people may say to an incident now: `can` names the commands, `words` the question.

    An answer carries `suspect`, `target` and `asked_at` as they are here: it is refused if they are others by then.
    `until` is when somebody should have answered, or when an announced rollback is sent; `only`, in words, who alone
    may approve. `kept`: it was approved, and waits for its window; to approve it again means now.
    """

    can: tuple[str, ...]
    words: str
    suspect: str | None
    target: str | None
    asked_at: float | None
    until: float | None
    only: str = ""
    kept: bool = False


@dataclass(frozen=True, slots=True)
class IncidentView:
    """One incident, with everything that `watchdog explain` says of it; `explained` is that text, line by line."""

    at: float
    incident: IncidentRow
    sentences: tuple[str, ...]
    restored: str
    severity: str
    evidence: tuple[EvidenceView, ...]
    decision: DecisionView | None
    unsure: tuple[str, ...]
    otherwise: tuple[Alternative, ...]
    next_steps: tuple[str, ...]
    timeline: tuple[NoteView, ...]
    explained: tuple[str, ...]
    ask: AskView | None
    can_acknowledge: bool
    can_undo: bool


@dataclass(frozen=True, slots=True)
class Incidents:
    """Incidents, newest first."""

    at: float
    incidents: tuple[IncidentRow, ...]


@dataclass(frozen=True, slots=True)
class RollbackView:
    """One rollback, as the runbook's table has it."""

    incident: str
    date: str
    time: str
    trigger: str
    method: str
    duration: str
    root_cause: str


@dataclass(frozen=True, slots=True)
class History:
    """Every rollback among the newest incidents, newest first."""

    at: float
    rollbacks: tuple[RollbackView, ...]


@dataclass(frozen=True, slots=True)
class PlanView:
    """What a rollback by hand would do now. `refused` says why it would not be done; then it cannot be asked for.

    Of an undo: of which `incident`, and in words what `follows`.
    """

    at: float
    service: str
    live: DeployView | None
    plan: DecisionView | None
    refused: str
    incident: str = ""
    follows: str = ""


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What somebody asked for and what came of it. `state` is done, refused, failed or waiting."""

    id: int
    at: float
    by: str
    asked: str
    state: str
    answer: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What people asked the watchdog to do, by console, chat or command line, newest first.

    `older` is the number to ask for as `before` for the rows after these; None: there are none.
    """

    at: float
    rows: tuple[AnswerView, ...]
    older: int | None = None


@dataclass(frozen=True, slots=True)
class SettingView:
    """One setting as it holds."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class SectionView:
    """Settings that belong together."""

    name: str
    rows: tuple[SettingView, ...]


@dataclass(frozen=True, slots=True)
class SettingsView:
    """The configuration as it was loaded; of a secret, only whether it is set."""

    at: float
    sections: tuple[SectionView, ...]
