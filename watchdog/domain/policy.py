"""What the user decided beforehand: which service may be touched, when, and whom to tell.

Every duration is in seconds, every share between 0 and 1. The defaults are the shipped ones;
`config/watchdog.yaml` says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from watchdog.domain.prose import Prose
from watchdog.domain.severity import Severity


class Mode(StrEnum):
    """How much a service is entrusted to us."""

    OBSERVE = "observe"
    ASSIST = "assist"
    AUTONOMOUS = "autonomous"


class Action(StrEnum):
    """What a severity asks for."""

    ROLLBACK = "rollback"
    ASK = "ask"
    SCHEDULE = "schedule"
    TELL = "tell"
    TICKET = "ticket"
    NOTE = "note"


class Then(StrEnum):
    """What happens when nobody answered a question within its time."""

    ESCALATE = "escalate"
    ROLLBACK = "rollback"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Approver:
    """Who alone may say yes: under which identities (see identities.py), and by which channels they are asked, too."""

    name: str
    answers_as: tuple[str, ...]
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Weekly:
    """Hours that come back every week: from minute to minute of these days (Monday is 0), by the clocks of a zone.

    Where they end before they begin, they end on the day after.
    """

    days: tuple[int, ...]
    begins_minute: int
    ends_minute: int
    zone: str


@dataclass(frozen=True, slots=True)
class Window:
    """When what was agreed to is done, by the name under which the policy speaks of it."""

    name: str
    hours: Weekly


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the severity matrix. `within_seconds` is the target time to restored (or to an answer).

    A question is repeated once after `remind_seconds`; `then` is what becomes of it when nobody answered in time. Only
    `approver` may say yes to it (None: whoever may answer at all); holding back is everybody's. A yes to what is
    scheduled is kept for the next beginning of its `window`.
    """

    do: Action
    within_seconds: float | None = None
    tell: tuple[str, ...] = ()
    remind_seconds: float | None = None
    then: Then = Then.ESCALATE
    approver: Approver | None = None
    window: Window | None = None


PROBES = ("http", "latency")
"""Kinds of signals that look at the site themselves."""


@dataclass(frozen=True, slots=True)
class SignalPolicy:
    """One signal of a service, as far as decisions need it. `kind` is its key in SIGNALS."""

    name: str
    kind: str
    critical: bool = False
    severity: Severity | None = None
    every_seconds: float = 10.0
    timeout_seconds: float = 5.0
    limits_seconds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    times_baseline: float | None = None
    window_seconds: float = 120.0
    limit_per_minute: float | None = None


OBJECTIVE = 0.999
"""Three nines: 43 minutes of 30 days."""


@dataclass(frozen=True, slots=True)
class ServicePolicy:
    """One guarded service. `title` is what people outside engineering call it (nothing: its name).

    `objective` is the share of the time that it shall be available; nothing is decided by it.
    """

    name: str
    platform_id: str | None
    mode: Mode = Mode.OBSERVE
    veto_seconds: float = 0.0
    depends_on: tuple[str, ...] = ()
    rollback_safe: bool = False
    signals: tuple[SignalPolicy, ...] = ()
    title: str = ""
    objective: float = OBJECTIVE

    def signal(self, name: str) -> SignalPolicy | None:
        """Return the signal of that name, or None."""
        for signal in self.signals:  # no generator: it is asked for with every reading
            if signal.name == name:
                return signal
        return None

    @property
    def eyes(self) -> tuple[str, ...]:
        """Return the probes by which it is watched: the critical ones; all it has, where none is."""
        probes = [signal for signal in self.signals if signal.kind in PROBES]
        return tuple(signal.name for signal in probes if signal.critical) or tuple(signal.name for signal in probes)


@dataclass(frozen=True, slots=True)
class VendorPolicy:
    """A status page we read. `role` is "platform" (vetoes rollbacks) or "upstream" (a term of blame)."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Budget:
    """How often we may act at all."""

    per_service_per_day: int = 2
    per_fleet_per_10m: int = 1
    cooldown_seconds: float = 1800.0


@dataclass(frozen=True, slots=True)
class Brakes:
    """When not to act unasked: so much fails at once that no deploy explains it, or a service comes and goes.

    A group is what one bad deploy may explain: services with the same suspect code, or that depend on each other.
    """

    window_seconds: float = 90.0
    groups_max: int = 3
    fleet_share: float = 0.5
    flaps_max: int = 3
    flaps_window_seconds: float = 3600.0
    flaps_calm_seconds: float = 1800.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two probes of one check, by how worried we are."""

    idle_seconds: float = 10.0
    watch_seconds: float = 5.0
    suspect_seconds: float = 2.0
    suspect_in_watch_seconds: float = 1.0
    watch_window_seconds: float = 1800.0


@dataclass(frozen=True, slots=True)
class Detection:
    """When a suspicion is confirmed. Methods and figures: run timer and CUSUM, see core/detect."""

    run_seconds: float = 60.0
    run_seconds_in_watch: float = 56.0
    run_seconds_corroborated: float = 20.0
    run_probes_min: int = 5
    cusum_p0: float = 0.002
    cusum_p1: float = 0.2
    cusum_limit: float = 18.0
    cusum_limit_in_watch: float = 18.0
    cusum_failures_per_run: int = 2
    cusum_span_seconds: float = 20.0
    calm_successes: int = 2
    calm_seconds: float = 60.0
    critical_share: float = 0.10
    share_window_seconds: float = 60.0
    latency_hold_seconds: float = 300.0
    latency_samples_min: int = 20
    feed_events_min: float = 5.0
    feed_ratio: float = 3.0
    feed_minutes: int = 2
    feed_window_minutes: int = 5
    feed_alpha: float = 1e-8
    crashes_min: int = 3
    crashes_window_seconds: float = 600.0
    fresh_seconds: float = 15.0
    control_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class BlameWeights:
    """Assumptions and factors of the blame odds; costs in outage-minutes."""

    bad_deploy_share: float = 0.05
    other_incidents_per_month: float = 3.6
    upstream_failing: float = 1 / 20
    peers_failing: float = 1 / 50
    new_errors_in_release: float = 5.0
    platform_reports_crash: float = 5.0
    same_fault_before: float = 1 / 10
    first_traffic_lead_seconds: float = 120.0
    onset_tolerance_seconds: float = 5.0
    floor: float = 0.80
    ask_floor: float = 0.50
    cost_false_rollback_minutes: float = 15.0
    human_minutes: float = 83.0
    rollback_minutes: float = 5.0


@dataclass(frozen=True, slots=True)
class Verification:
    """How recovery is proved after a rollback is live, and when we stop waiting for it to be live."""

    seconds: float = 180.0
    late_seconds: float = 300.0
    give_up_seconds: float = 1200.0
    good_live_seconds: float = 1800.0
    good_record_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class Suppression:
    """A silence (people are not told) or an action hold (nothing is rolled back unasked), of a service (None: of all).

    From `begins_at` until `ends_at` (UTC epoch seconds), or in these hours of every week. A silence may be of one
    signal or one severity alone. `by` and `reason` are for people.
    """

    name: str
    service: str | None
    by: str
    reason: Prose
    begins_at: float = 0.0
    ends_at: float | None = None
    weekly: Weekly | None = None
    signal: str | None = None
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Rotation:
    """Who takes turns, a week each: the first of them from a day (a proleptic ordinal) and a minute of it on, by the
    clocks of a zone.
    """

    of: tuple["Step", ...]
    first_day: int
    minute: int
    zone: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the escalation: who is called, so long after the one before, and in which hours (None: always).

    With a rotation it is whose week it is.
    """

    name: str
    channels: tuple[str, ...]
    after_seconds: float = 300.0
    hours: Weekly | None = None
    rotation: Rotation | None = None


@dataclass(frozen=True, slots=True)
class Stakeholders:
    """People who know no engineering: told in plain words, by channels of their own, of what is so bad or worse.

    `services` (none: all) are those they hear of, and `zone` is the one whose clocks they read.
    """

    name: str
    channels: tuple[str, ...]
    services: tuple[str, ...] = ()
    severity: Severity = Severity.HIGH
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment that comes back every week: that minute of that day (Monday is 0), by the clocks of a zone."""

    day: int
    minute: int
    zone: str


@dataclass(frozen=True, slots=True)
class Digest:
    """The weekly digest: when it is made, and to whom it goes."""

    every: Moment
    channels: tuple[str, ...]


CALM_SECONDS_MIN = 15.0
CALM_READS = 2  # of deploys and of events
CALM_READS_PER_MINUTE = 160.0


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything `core.step` needs to know of the user's wishes.

    `good_news` are the channels that hear of deploys that ended their watch window well, `digest` the weekly one;
    neither, unless it is asked for.
    """

    services: Mapping[str, ServicePolicy]
    matrix: Mapping[Severity, Rule]
    control: tuple[str, ...] = ()
    vendors: Mapping[str, VendorPolicy] = field(default_factory=lambda: MappingProxyType({}))
    alerts: tuple[str, ...] = ()
    escalation: tuple[Step, ...] = ()
    ack_holds_seconds: float = 1800.0
    silences: tuple[Suppression, ...] = ()
    action_holds: tuple[Suppression, ...] = ()
    stakeholders: tuple[Stakeholders, ...] = ()
    good_news: tuple[str, ...] = ()
    digest: Digest | None = None
    budget: Budget = Budget()
    brakes: Brakes = Brakes()
    pace: Pace = Pace()
    detection: Detection = Detection()
    blame: BlameWeights = BlameWeights()
    verification: Verification = Verification()

    @property
    def calm_seconds(self) -> float:
        """Return the seconds between two reads of the deploys, or events, of a service where nothing is wrong.

        It grows with the number of services, so that both together use at most 160 of the 400 reads that Render allows
        a minute: the rest is for incidents, and for whoever else uses the key.
        """
        on_platform = sum(one.platform_id is not None for one in self.services.values())
        return max(CALM_SECONDS_MIN, on_platform * CALM_READS * 60.0 / CALM_READS_PER_MINUTE)

    def signals_of(self, service: str | None) -> tuple[str, ...]:
        """Return the names of a service's signals, of all services for None."""
        named = [one.signals for name, one in self.services.items() if service in (None, name)]
        return tuple(dict.fromkeys(signal.name for signals in named for signal in signals))

    @property
    def plain_channels(self) -> frozenset[str]:
        """Return the channels of stakeholders: nothing else is told there."""
        return frozenset(channel for one in self.stakeholders for channel in one.channels)


DEFAULT_MATRIX: Mapping[Severity, Rule] = MappingProxyType(
    {
        Severity.CRITICAL: Rule(Action.ROLLBACK, within_seconds=300.0),
        Severity.HIGH: Rule(Action.ASK, within_seconds=900.0, remind_seconds=600.0),
        Severity.MEDIUM: Rule(Action.TELL, within_seconds=3600.0),
        Severity.LOW: Rule(Action.NOTE),
    }
)
