"""The policy: which service may be changed, when, and who is notified; `config/watchdog.yaml` explains its defaults."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from watchdog.domain.code_comparison import MigrationRules
from watchdog.domain.remedies.database_step import DatabaseAction
from watchdog.domain.remedies.remedy import Remedy
from watchdog.domain.severity import Severity
from watchdog.domain.texts.prose import Prose


class Mode(StrEnum):
    """How far a service is entrusted to the daemon."""

    OBSERVE = "observe"
    ASSIST = "assist"
    AUTONOMOUS = "autonomous"


class Action(StrEnum):
    """The action for a severity."""

    ROLLBACK = "rollback"
    ASK = "ask"
    SCHEDULE = "schedule"
    TELL = "tell"
    TICKET = "ticket"
    NOTE = "note"


class Then(StrEnum):
    """The action when a question has no answer within its time."""

    ESCALATE = "escalate"
    ROLLBACK = "rollback"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Approver:
    """The person who alone may approve."""

    name: str  # name of the contact
    answers_as: tuple[str, ...]  # identities, as in `slack:U0AAA` (see identities.py)
    channels: tuple[str, ...] = ()  # channels by which they are asked, too


@dataclass(frozen=True, slots=True)
class Weekly:
    """A weekly period: from one minute of the day to another, on some weekdays."""

    days: tuple[int, ...]  # weekdays on which they begin; Monday is 0
    begins_minute: int  # minute of the day
    ends_minute: int  # minute of the day, not included; before the begin: on the day after
    zone: str  # time zone, as in `Europe/Berlin`


@dataclass(frozen=True, slots=True)
class Window:
    """The hours in which an approved rollback is carried out."""

    name: str  # the user's name for it
    hours: Weekly  # when it is open


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the severity matrix. Every person who may answer may reject and stop, whatever `approver` names."""

    do: Action  # the effect itself
    within_seconds: float | None = None  # time until restored; until the answer, where a human is asked; None: no limit
    tell: tuple[str, ...] = ()  # channels that are notified
    remind_seconds: float | None = None  # a question is repeated once, so long after it was asked; None: never
    then: Then = Then.ESCALATE  # the action when a question has no answer in time: silence is no approval
    approver: Approver | None = None  # who alone may say yes; None: all who may answer
    window: Window | None = None  # a yes is kept until it begins next; None: not scheduled


PROBES = ("http", "latency")
"""Kinds of signals that are judged as probes."""
OF_THE_SITE = ("", "tcp", "journey")  # sources of those that the site itself answers, unlike a query or a heartbeat


@dataclass(frozen=True, slots=True)
class SignalPolicy:
    """One signal of a service, with the settings that decisions need."""

    name: str  # the user's name for it
    kind: str  # its key in the core's METHODS: how it is judged
    critical: bool = False  # a critical route: its failures may be critical
    severity: Severity | None = None  # severity of each of its failures; None: by the rules
    every_seconds: float = 10.0  # between two readings when all is well
    timeout_seconds: float = 5.0  # for one whole reading
    limits_seconds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))  # `p95` to limit
    times_baseline: float | None = None  # limit of a latency percentile, in baselines; None: no comparison
    window_seconds: float = 120.0  # over which latency percentiles are taken
    limit_per_minute: float | None = None  # more errors per minute are bad; None: no such limit
    source: str = ""  # its key in SIGNALS, where that is another than `kind`

    @property
    def asks_the_site(self) -> bool:
        """Return whether it is judged as a probe, and the site itself answers it."""
        return self.kind in PROBES and self.source in OF_THE_SITE


OBJECTIVE = 0.999
"""Three nines: 43 minutes of 30 days."""


@dataclass(frozen=True, slots=True)
class ServicePolicy:
    """One guarded service."""

    name: str  # the user's name for it
    platform_id: str | None  # id on the platform; None: watched, never acted on
    mode: Mode = Mode.OBSERVE  # how far the daemon may act: nothing is changed before its user has said so
    veto_seconds: float = 0.0  # between announcing a rollback and sending it; 0: not announced
    depends_on: tuple[str, ...] = ()  # services, dependencies and status pages that it relies on
    rollback_safe: bool = False  # its pre-deploy command (a migration, usually) may run again; old code fits its data
    migrations: MigrationRules = field(default_factory=MigrationRules)  # how deploys that migrate are recognised
    remedies: tuple[Remedy, ...] = ()  # tried in this order before a rollback
    redeploy_commit: bool = True  # a rollback whose artefact is gone is followed by a build of the target's commit
    signals: tuple[SignalPolicy, ...] = ()  # its signals
    database_steps: tuple[DatabaseAction, ...] = ()  # what people can order on its database; nothing is decided by it
    title: str = ""  # its name for people outside engineering; empty: `name`
    objective: float = OBJECTIVE  # share 0-1 of the time that it shall be available; nothing is decided by it
    tags: tuple[str, ...] = ()  # words to group and filter it by, the first as heading; nothing is decided by them

    def signal(self, name: str) -> SignalPolicy | None:
        """Return the signal of that name, or None."""
        for signal in self.signals:  # no generator expression: it runs with every reading
            if signal.name == name:
                return signal
        return None

    @property
    def deciding_probes(self) -> tuple[str, ...]:
        """Return the names of the critical probes of the service; without one, of all its probes."""
        probes = {one.name: one.critical for one in self.signals if one.asks_the_site}
        return tuple(name for name, critical in probes.items() if critical) or tuple(probes)


@dataclass(frozen=True, slots=True)
class VendorPolicy:
    """A status page, or a dependency without one."""

    name: str  # name of the status page or dependency
    role: str  # platform (vetoes rollbacks) or upstream (a term of blame)
    page: str = ""  # address of the status page for people; empty: it has none


@dataclass(frozen=True, slots=True)
class Budget:
    """How often we may act at all."""

    per_service_per_day: int = 2  # rollbacks of one service in 24 h
    per_fleet_per_10m: int = 1  # groups (see Brakes) with a rollback in 10 min
    cooldown_seconds: float = 1800.0  # after a rollback of a service, before the next


@dataclass(frozen=True, slots=True)
class Brakes:
    """When not to act unasked: so much fails at once that no deploy explains it, or a service comes and goes.

    A group is what one bad deploy may explain: services with the same suspect code, or that depend on each other.
    """

    window_seconds: float = 90.0  # critical within this counts as at once
    groups_max: int = 3  # so many groups critical at once: no rollback; two may be the service and what relies on it
    fleet_share: float = 0.5  # critical share 0-1 of all services from which it is asked
    flaps_max: int = 3  # so many incidents of a service: it flaps, and a human is asked
    flaps_window_seconds: float = 3600.0  # within which these were opened
    flaps_calm_seconds: float = 1800.0  # without an incident: it flaps no more


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two probes of one check, by how worried we are."""

    # Fast only under suspicion: nearly the same delay with far fewer probes (DE-CuSum; facts: section 1.3).
    idle_seconds: float = 10.0  # nothing is wrong
    watch_seconds: float = 5.0  # in the watch window of a deploy
    suspect_seconds: float = 2.0  # a probe failed
    suspect_in_watch_seconds: float = 1.0  # a probe failed in the watch window
    watch_window_seconds: float = 1800.0  # length of the watch window after a deploy


@dataclass(frozen=True, slots=True)
class Detection:
    """When a suspicion is confirmed. Methods and figures: run timer and CUSUM, see core/detect."""

    # Simulated with four blips a day (p90 14 s, 55 s at most): in the watch window a timer of 30 s rolled back 2.3
    # good deploys a year, one of 55 s none (facts: section 1.4).
    run_seconds: float = 60.0  # an unbroken run of failures so long confirms
    run_seconds_in_watch: float = 56.0  # the same, in the watch window of a deploy
    run_seconds_restart_max: float = 120.0  # the same, at most, as a deploy starts that has not answered yet
    run_seconds_corroborated: float = 20.0  # the same, at least, where other signals agree (core/detect/corroboration)
    run_probes_min: int = 5  # failed probes in that run, at least
    # Simulated with a run timer of 45 s: a limit of 18 finds 20 % of failing requests in 86 s (median), at 9 false
    # alarms a year, which are blips longer than the timer (facts: section 1.4).
    cusum_p0: float = 0.002  # share 0-1 of failed probes of a healthy service
    cusum_p1: float = 0.2  # share 0-1 of failed probes that must be found
    cusum_limit: float = 18.0  # sum of log-likelihood ratios that confirms
    cusum_limit_in_watch: float = 18.0  # the same, in the watch window of a deploy
    cusum_failures_per_run: int = 2  # failures of one unbroken run that count
    cusum_span_seconds: float = 20.0  # from the first failure to the last, at least
    calm_successes: int = 2  # good probes in a row that end a suspicion
    calm_seconds: float = 60.0  # without anything bad, until an incident is over
    critical_share: float = 0.10  # failed share 0-1 of a critical route from which it is critical
    share_window_seconds: float = 60.0  # over which that share is taken
    latency_hold_seconds: float = 300.0  # so long over its limit confirms; longer without a baseline
    latency_samples_min: int = 20  # answers while over its limit, at least
    # No ratio alone: at night one error may be half of a minute's requests.
    feed_events_min: float = 5.0  # errors per minute below which no minute is bad; half of it, if new in the release
    feed_ratio: float = 3.0  # times the expected count, at least
    feed_minutes: int = 2  # bad minutes that confirm
    feed_window_minutes: int = 5  # minutes looked back
    feed_alpha: float = 1e-8  # chance 0-1 of so many errors by luck, at most
    crashes_min: int = 3  # crashes reported by the platform that confirm
    crashes_window_seconds: float = 600.0  # within which these happened
    # One and a half of the usual intervals between two probes.
    fresh_seconds: float = 15.0  # an older reading says nothing of now
    control_seconds: float = 30.0  # an older reading of a control target does not count


@dataclass(frozen=True, slots=True)
class BlameWeights:
    """Assumptions and factors of the blame odds."""

    # One incident in 20 deploys (facts: section 5); the service's own history replaces these two.
    bad_deploy_share: float = 0.05  # assumed share 0-1 of bad deploys; weighs as much as 20 deploys seen
    other_incidents_per_month: float = 3.6  # assumed incidents of another cause; weigh as much as a month seen
    # Factors of the evidence table (facts: section 1.3), as far as there are no measured ones.
    upstream_failing: float = 1 / 20  # largest odds factor, for each failing dependency; less if it began together
    peers_failing: float = 1 / 50  # odds factor: another service fails at the same moment, each of the first three
    new_errors_in_release: float = 5.0  # odds factor: a flood with errors first seen in this release
    platform_reports_crash: float = 5.0  # odds factor: crashes reported since the deploy
    same_fault_before: float = 1 / 10  # odds factor: an incident ended within the hour before the deploy, or spanned it
    first_traffic_lead_seconds: float = 120.0  # instances may take traffic so long before the platform says `live`
    onset_tolerance_seconds: float = 5.0  # an onset so shortly before its traffic fits, but none before it was created
    floor: float = 0.80  # probability below which nothing is rolled back unasked
    ask_floor: float = 0.10  # probability below which a human is notified, not asked
    cost_false_rollback_minutes: float = 15.0  # outage-minutes that a needless rollback costs
    cost_false_question_minutes: float = 11.0  # outage-minutes that a question about the wrong deploy costs
    answer_minutes: float = 12.0  # minutes until a human has answered a question
    # GitHub's status feed 2022-26: the median incident that ended by a rollback lasted 83 minutes.
    human_minutes: float = 83.0  # minutes until a human would have fixed it
    rollback_minutes: float = 5.0  # minutes that a rollback takes


@dataclass(frozen=True, slots=True)
class Verification:
    """How recovery is proved after a rollback is live, and when we stop waiting for it to be live."""

    seconds: float = 180.0  # of good signals after the rollback is live, at least
    late_seconds: float = 300.0  # not live so long after the request: page
    give_up_seconds: float = 1200.0  # not live so long after the request: stop waiting
    good_live_seconds: float = 1800.0  # live so long before we began to watch: a good target
    good_record_seconds: float = 300.0  # seen healthy for so long by ourselves: a good target


@dataclass(frozen=True, slots=True)
class Suppression:
    """A silence (notices are muted) or an action hold (no automatic rollback), once or every week."""

    name: str  # as in `silence-3`; `configured-1`: from the configuration
    service: str | None  # its name; None: all
    by: str  # who said so
    reason: Prose  # why, for people
    begins_at: float = 0.0  # UTC epoch seconds
    ends_at: float | None = None  # UTC epoch seconds; None: weekly, or until the platform says so
    weekly: Weekly | None = None  # hours of every week, instead of these two; None: once
    signal: str | None = None  # only where this signal alone fails; None: any
    severity: Severity | None = None  # only of this severity; None: any


@dataclass(frozen=True, slots=True)
class Rotation:
    """Contacts who take turns, a week each."""

    of: tuple["Step", ...]  # contacts in turn, a week each
    first_day: int  # day on which the first one begins, as a proleptic ordinal
    minute: int  # minute of the day at which it is handed over
    zone: str  # time zone, as in `Europe/Berlin`


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the escalation: the contact who is called."""

    name: str  # name of the contact, rotation or channel
    channels: tuple[str, ...]  # channels that are called; empty for a rotation, or to call the incident's own
    after_seconds: float = 300.0  # so long after the page, or the step before
    hours: Weekly | None = None  # when they may be called; None: always
    rotation: Rotation | None = None  # its member on duty is called; None: no rotation

    @property
    def calls_everyone(self) -> bool:
        """Return whether it names no one: those who were paged are paged again."""
        return not self.channels and self.rotation is None


@dataclass(frozen=True, slots=True)
class Stakeholders:
    """Readers without engineering knowledge: notified in plain words, by channels of their own."""

    name: str  # the user's name for them
    channels: tuple[str, ...]  # channels of their own
    services: tuple[str, ...] = ()  # services they are notified about; empty: all
    severity: Severity = Severity.HIGH  # the least severity they are notified about
    zone: str = "UTC"  # their time zone, as in `Europe/Berlin`


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of each week."""

    day: int  # weekday; Monday is 0
    minute: int  # minute of the day
    zone: str  # time zone, as in `Europe/Berlin`


@dataclass(frozen=True, slots=True)
class Digest:
    """The weekly digest: its time and its channels."""

    every: Moment  # when it is made
    channels: tuple[str, ...]  # channels that it goes to


CALM_SECONDS_MIN = 15.0
CALM_READS = 2  # of the deploy list and of the events
CALM_READS_PER_MINUTE = 160.0


@dataclass(frozen=True, slots=True)
class Policy:
    """All settings of the user that `core.step` needs."""

    services: Mapping[str, ServicePolicy]  # by name
    matrix: Mapping[Severity, Rule]  # the row of each severity
    control: tuple[str, ...] = ()  # URLs of control targets
    vendors: Mapping[str, VendorPolicy] = field(default_factory=lambda: MappingProxyType({}))  # by name
    alerts: tuple[str, ...] = ()  # channels for alerts about the watchdog itself
    escalation: tuple[Step, ...] = ()  # steps, in order; of one incident: `steps_of`
    pagers: tuple[str, ...] = ()  # channels that escalate by themselves
    ack_holds_seconds: float = 1800.0  # an acknowledgement puts the escalation off so long
    silences: tuple[Suppression, ...] = ()  # from the configuration
    action_holds: tuple[Suppression, ...] = ()  # from the configuration
    stakeholders: tuple[Stakeholders, ...] = ()  # people outside engineering
    good_news: tuple[str, ...] = ()  # channels for deploys that ended their watch window well; empty: none
    announcements: tuple[str, ...] = ()  # channels for announcements of the public status pages; empty: none
    digest: Digest | None = None  # the weekly digest; None: none
    console_url: str = ""  # where browsers find the console, to which notices link; empty: they do not
    budget: Budget = Budget()  # how often we may act
    brakes: Brakes = Brakes()  # when not to act unasked
    pace: Pace = Pace()  # how often we probe
    detection: Detection = Detection()  # when a suspicion is confirmed
    blame: BlameWeights = BlameWeights()  # how odds are weighed
    verification: Verification = Verification()  # how recovery is proved

    @property
    def calm_seconds(self) -> float:
        """Return the seconds between two reads of the deploys, or events, of a service where nothing is wrong.

        Both reads together use at most 160 of the 400 a minute that Render allows: the rest is for incidents.
        """
        on_platform = sum(one.platform_id is not None for one in self.services.values())
        return max(CALM_SECONDS_MIN, on_platform * CALM_READS * 60.0 / CALM_READS_PER_MINUTE)

    def signals_of(self, service: str | None) -> tuple[str, ...]:
        """Return the names of a service's signals, of all services for None."""
        named = [one.signals for name, one in self.services.items() if service in (None, name)]
        return tuple(dict.fromkeys(signal.name for signals in named for signal in signals))

    def steps_of(self, channels: Sequence[str]) -> tuple[Step, ...]:
        """Return the steps of the escalation of an incident with these channels; empty: we escalate nothing.

        What a pager escalates by itself is not paged again to everyone.
        """
        by_itself = not set(self.pagers).isdisjoint(channels)
        return tuple(step for step in self.escalation if not (by_itself and step.calls_everyone))

    @property
    def plain_channels(self) -> frozenset[str]:
        """Return the channels of stakeholders, which get no other notices."""
        return frozenset(channel for one in self.stakeholders for channel in one.channels)


DEFAULT_MATRIX: Mapping[Severity, Rule] = MappingProxyType(
    {
        Severity.CRITICAL: Rule(Action.ROLLBACK, within_seconds=300.0),
        Severity.HIGH: Rule(Action.ASK, within_seconds=900.0, remind_seconds=600.0),
        Severity.MEDIUM: Rule(Action.TELL, within_seconds=3600.0),
        Severity.LOW: Rule(Action.NOTE),
    }
)
