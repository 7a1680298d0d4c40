"""The contents of pages and answers as plain data: the shapes of the JSON API, and the values of the templates."""

from dataclasses import dataclass

from watchdog.console.views.card_models import AskView, CardView, StepView, UptimeView
from watchdog.console.views.deploy_facts import DeployFacts, PagesView
from watchdog.presentation.outlook import Outlook
from watchdog.presentation.proposals.proposed_dependencies import ProposedDependency


@dataclass(frozen=True, slots=True)
class DeployView:
    """One deploy. `note` gives the reason why a rollback would, or would not, lead there; `author` is empty if
    unknown."""

    id: str
    status: str
    trigger: str
    code: str
    message: str
    finished_at: float | None
    is_live: bool
    note: str = ""
    author: str = ""


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
    """One incident in a list. `standing` is its progress; `label` the verdict of a person afterwards.

    `restored_in_seconds` ends when a rollback was live, `lasted_seconds` when it was over (None: it is open).
    """

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
    lasted_seconds: float | None


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """One service at a glance. `standing` is ok, suspect, incident, acting, unsure or elsewhere; `why` gives the
    reason."""

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
    uptime: UptimeView
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """All services, failing ones first; `open` has the open incidents, the worst first, `warnings` what must not be
    overlooked. `denied` are the commits that no rollback leads to."""

    at: float
    warnings: tuple[str, ...]
    services: tuple[ServiceRow, ...]
    paused: bool
    follow_ups_open: int = 0
    follow_ups_overdue: int = 0
    open: tuple[CardView, ...] = ()
    denied: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GuardView:
    """The answer of one guard: pass, ask or block."""

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
    """A possible cause. The probabilities of one decision add up to 1, likeliest first."""

    probability: float
    shown: str
    why: str


@dataclass(frozen=True, slots=True)
class VetoView:
    """A reason that alone rules out blaming the deploy."""

    name: str
    fired: bool
    why: str


@dataclass(frozen=True, slots=True)
class BlameView:
    """The probability that the suspect caused the incident. `probability` None: unknown."""

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
    """The target of a rollback (`deploy` in words), or why there is none; and the deploys passed over."""

    deploy: str | None
    why: str
    warning: str
    ask: str
    skipped: tuple[DeployView, ...]
    deploy_id: str | None = None


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision, made or imagined, with its reasons."""

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
    safe_order: tuple[str, ...] = ()  # what a rollback over a migration goes over, then the steps of people


@dataclass(frozen=True, slots=True)
class QuietView:
    """A silence or an action hold, in words; `can_end`: a person set it, so a person may end it (else: the
    configuration)."""

    name: str
    words: str
    can_end: bool


@dataclass(frozen=True, slots=True)
class BudgetView:
    """The error budget of 30 days: the seconds the objective allows to lose, the seconds lost, the share left.

    `left` is below 0 when more was lost than was allowed; `available` is None without readings.
    """

    objective: float
    available: float | None
    watched_seconds: float
    allowed_seconds: float
    lost_seconds: float
    left: float


@dataclass(frozen=True, slots=True)
class ServiceView:
    """One service. `now` is the decision if `imagined` failed for good from now on; None: no decision can be made.

    `deploy_facts` has a row for each of `deploys`, in the same order. `card` is the open incident, None without one;
    `pages` are the service's own at Render, `proposals` what it may depend on, undeclared.
    """

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
    pages: PagesView
    deploy_facts: tuple[DeployFacts, ...] = ()
    card: CardView | None = None
    proposals: tuple[ProposedDependency, ...] = ()


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """The reading of one signal at the time of the decision, and its newest one while the incident is open."""

    signal: str
    verdict: str
    text: str
    detail: str
    now: SignalView | None = None


@dataclass(frozen=True, slots=True)
class NoteView:
    """One line of the timeline: what was noted `times` times, numbers apart, from `at` to `until` (None: once).

    `label` is the stored one, which scripts of users know (STORED_LABELS); the page shows today's.
    """

    at: float
    label: str
    text: str
    times: int = 1
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Alternative:
    """A condition that would have changed the course, and that course."""

    condition: str
    result: str


@dataclass(frozen=True, slots=True)
class IncidentView:
    """One incident, with everything that `watchdog explain` shows; `explained` is that text, line by line."""

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
    outlook: Outlook
    card: CardView
    lifeline: tuple[StepView, ...]
    can_acknowledge: bool
    can_undo: bool


@dataclass(frozen=True, slots=True)
class Incidents:
    """Incidents, newest first. `older` is the value of `until` for the next page of older ones; None: there are
    none."""

    at: float
    incidents: tuple[IncidentRow, ...]
    older: int | None = None


@dataclass(frozen=True, slots=True)
class RollbackView:
    """One rollback, with the columns of the runbook's table, the deploy it led to, and whether it helped."""

    incident: str
    date: str
    time: str
    trigger: str
    method: str
    duration: str
    root_cause: str
    target: str
    helped: str


@dataclass(frozen=True, slots=True)
class HistoryView:
    """Every rollback among the newest incidents, newest first."""

    at: float
    rollbacks: tuple[RollbackView, ...]


@dataclass(frozen=True, slots=True)
class PlanView:
    """The plan of a manual rollback. `refused` is the reason why it would not be done; then no command is offered.

    `card` is the open incident, None without one; `lost` are the deploys whose changes are not in the target. For an
    undo: its `incident`, and its consequences in words (`follows`).
    """

    at: float
    service: str
    live: DeployView | None
    plan: DecisionView | None
    refused: str
    incident: str = ""
    follows: str = ""
    lost: tuple[DeployView, ...] = ()
    card: CardView | None = None
    blamed: str = ""  # the deploy because of which it is made; empty: none was named


@dataclass(frozen=True, slots=True)
class AnswerView:
    """A command of a person and its outcome. `state` is done, refused, failed or waiting; `said` is the outcome in one
    sentence, `answer` what the daemon answered; `help` is the handbook's page about a command that was not done."""

    id: int
    at: float
    by: str
    asked: str
    state: str
    answer: str
    command: str
    said: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Audit:
    """The commands of people, by console, chat or command line, newest first.

    `older` is the value of `before` for the next page of older rows; None: there are none.
    """

    at: float
    rows: tuple[AnswerView, ...]
    older: int | None = None
