"""The shape of the configuration: its keys and their types.

Rule 1: a key stands here only when it works. Keys of later versions are in LATER, with the advice for today.
Rule 2: checks across keys (references, secrets, policies) are in rules/; adapters check their own options.
Rule 3: no unions: a mistake must have one place.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from watchdog.adapters.options import Rate
from watchdog.adapters.remedies.flag_off import FlagOffOptions
from watchdog.adapters.remedies.maintenance_mode import MaintenanceOptions
from watchdog.adapters.remedies.options import RemedyOptions
from watchdog.adapters.remedies.restart import RestartOptions
from watchdog.adapters.remedies.scale import ScaleOptions
from watchdog.adapters.remedies.webhook import RemedyHookOptions
from watchdog.adapters.ssrf_guard import is_loopback
from watchdog.domain.code_comparison import MIGRATION_PATHS, MigrationRules
from watchdog.domain.policy import OBJECTIVE
from watchdog.domain.remedies.kinds import RemedyKind
from watchdog.settings.rules.recurrence import ALWAYS
from watchdog.settings.schema import written_values
from watchdog.settings.schema.checklist_schema import LISTS_MAX, ChecklistShape
from watchdog.settings.schema.console_schema import ConsoleShape, StatusPageShape
from watchdog.settings.schema.database_schema import DatabaseShape
from watchdog.settings.schema.drill_schema import DrillShape, ServiceDrillShape
from watchdog.settings.schema.tuning import (
    LISTED,
    BlameSection,
    BoundedDuration,
    BrakesSection,
    BudgetSection,
    DetectionSection,
    PaceSection,
    Section,
    VerificationSection,
)
from watchdog.settings.schema.urls import AnyHttpUrl, HostName, HttpUrl
from watchdog.settings.schema.written_values import (
    ALL_SERVICES,
    LIST_OF_NAMES,
    NAME_ALONE,
    NAMED,
    ONE_ADDRESS,
    PAGER_CLIMBS,
    Failing,
    Folder,
    Hours,
    HoursOrAlways,
    Identity,
    Kept,
    Listen,
    Moment,
    Objective,
    PathPattern,
    PrivateHost,
    Room,
    Store,
    Tag,
    Target,
    Title,
    Turn,
    Version,
    WeekMoment,
    Zone,
)

LATER: dict[str, str] = {
    "heartbeat": "set WATCHDOG_HEARTBEAT_URL",
    "sentry_cron": "watch render_events of the cron job",
}
"""Keys (and kinds of signals and channels) that do not work yet, and the advice for today."""

SERVICES_MAX = 500
"""The services that one worker on one core can watch (README: benchmarks); several workers share more."""
LATER_ACTIONS = ("escalate",)
PLATFORM_ID = re.compile(r"(srv|crn|dpg|red)-[A-Za-z0-9-]{1,60}")


ModeName = Literal["observe", "assist", "autonomous"]
SeverityName = Literal["critical", "high", "medium", "low"]
InstrumentName = Literal["version", "release", "critical"]
ShortText = Annotated[str, Field(min_length=1, max_length=100)]
"""A name or an address; which ones there are is checked in rules/, or by an adapter."""
Channels = Annotated[tuple[str, ...], Field(max_length=20), LISTED]


Patterns = Annotated[tuple[PathPattern, ...], Field(max_length=50), LISTED]
Marker = Annotated[str, Field(min_length=5, max_length=100)]


class MigrationsShape(Section):
    """How a deploy is recognised that migrates a database; nothing rolls back over one without a person."""

    paths: Patterns = MIGRATION_PATHS
    marker: Marker = MigrationRules().marker


class OwnMigrationsShape(Section):
    """The same for one service; an omitted key keeps the value of all services."""

    paths: Patterns | None = None
    marker: Marker | None = None


class GateShape(Section):
    """What a commit must have shown before it may go to production: the rules of `watchdog gate`."""

    # None: the configuration's own, or the default; a rules file may say less than the configuration.
    staging: ShortText | None = None
    soak: BoundedDuration | None = None
    failing: Failing | None = None
    availability: Objective | None = None
    windows: Annotated[tuple[ShortText, ...], Field(max_length=20), LISTED] | None = None
    traffic: Annotated[Rate, Field(gt=0)] | None = None
    requires: Annotated[tuple[InstrumentName, ...], Field(max_length=3), LISTED] | None = None


class GateFile(Section):
    """The rules file of a repository."""

    gate: GateShape


class RemedyShape(Section):
    """One remedy that is tried before a rollback, of one kind; its options are those of its adapter."""

    # One field for each kind, and one of them written (rules/cross_checks.py): a mistake has one place (rule 3).
    flag_off: FlagOffOptions | None = None
    restart: RestartOptions | None = None
    webhook: RemedyHookOptions | None = None
    scale: ScaleOptions | None = None
    maintenance_mode: MaintenanceOptions | None = None

    @property
    def options(self) -> RemedyOptions | None:
        """Return the options of the kind that is written."""
        return next((getattr(self, kind) for kind in RemedyKind if getattr(self, kind) is not None), None)


class ServiceShape(Section):
    """One guarded service. `signals` are checked by their own adapters."""

    render: Target | None = Field(default=None, min_length=1, max_length=100)
    # None: the mode of the whole configuration holds; an explicit default here would hide it.
    mode: ModeName | None = None
    veto: BoundedDuration | None = None
    depends_on: Annotated[tuple[str, ...], Field(max_length=50), LISTED] = ()
    rollback_safe: bool = False
    migrations: OwnMigrationsShape = OwnMigrationsShape()
    remedies: Annotated[tuple[RemedyShape, ...], Field(max_length=5), LISTED] = ()
    redeploy_commit: bool = True
    title: Title | None = Field(default=None, max_length=60)
    objective: Objective = OBJECTIVE
    tags: Annotated[tuple[Tag, ...], Field(max_length=10), LISTED] = ()
    gate: GateShape | None = None
    drill: ServiceDrillShape | None = None  # None: no drill may be held on it
    database: DatabaseShape | None = None  # None: no command of ours touches its database
    # Open here: the options of each kind are those of its adapter, which checks them itself (rule 2).
    signals: dict[str, dict[str, Any]] = Field(default_factory=dict, max_length=30, json_schema_extra=NAMED)

    @property
    def remedy_options(self) -> list[RemedyOptions]:
        """Return the options of its remedies, in the order in which they are tried."""
        return [one.options for one in self.remedies if one.options is not None]


class DependencyShape(Section):
    """A dependency that is watched and blamed, never acted on."""

    render: Target | None = Field(default=None, min_length=1, max_length=100)
    vendor_status: HttpUrl | None = None
    components: Annotated[tuple[ShortText, ...], Field(max_length=50), LISTED] = ()  # of the page; none: all


class RuleShape(Section):
    """One row of the severity matrix; an omitted key keeps the default."""

    do: Literal["rollback", "ask", "schedule", "tell", "ticket", "note"] | None = None
    within: BoundedDuration | None = None
    remind: BoundedDuration | None = None
    then: Literal["escalate", "rollback", "nothing"] | None = None
    tell: Channels | None = None
    approver: ShortText | None = None
    window: ShortText | None = None


class PolicyShape(Section):
    """The severity matrix, worst first."""

    critical: RuleShape = RuleShape()
    high: RuleShape = RuleShape()
    medium: RuleShape = RuleShape()
    low: RuleShape = RuleShape()


class ContactShape(Section):
    """A person for the escalation, or the only approver of a severity: addresses, hours, zone, identities, role."""

    slack: ShortText | None = None
    email: str | None = Field(default=None, min_length=1, max_length=300)
    hours: HoursOrAlways = ALWAYS
    zone: Zone | None = None  # None: that of the channel
    answers_as: Annotated[tuple[Identity, ...], Field(max_length=20), LISTED] = ()
    role: Literal["on-call engineer", "team lead", "development team", "product owner"] | None = None


class RotationShape(Section):
    """Contacts who are on call in turn, a week each, the first of them from a moment on."""

    of: Annotated[tuple[ShortText, ...], Field(min_length=1, max_length=50), LISTED]
    begins: Turn = Field(alias="from", max_length=100)


Addresses = Annotated[tuple[str, ...], Field(min_length=1, max_length=20), LISTED]
Services = Annotated[tuple[str, ...], Field(max_length=100), LISTED]


class StakeholdersShape(Section):
    """People outside engineering: their addresses, their services, the least severity, their time zone.

    `webhook`: the configured webhook gets their notices, for a receiver that hands them on to subscribers.
    """

    slack: ShortText | None = None
    email: Annotated[Addresses | None, BeforeValidator(written_values.one_or_more), ONE_ADDRESS] = None
    webhook: bool = False
    services: Annotated[Services | None, BeforeValidator(written_values.all_or_some), ALL_SERVICES] = None
    severity: SeverityName = "high"
    zone: Zone = "UTC"


class StepShape(Section):
    """One step of the escalation: a contact or a channel, so long after the step before."""

    tell: ShortText
    after: BoundedDuration = 300.0


Steps = Annotated[tuple[Annotated[StepShape, NAME_ALONE], ...], Field(max_length=20), LISTED]


class QuietShape(Section):
    """An action hold: no rollback without a person meanwhile. Once or every week, with its author and reason."""

    service: ShortText
    begins: Moment | None = Field(default=None, alias="from")
    ends: Moment | None = Field(default=None, alias="to")
    every: Hours | None = None
    author: ShortText
    reason: str = Field(min_length=1, max_length=300)


class SilenceShape(QuietShape):
    """A silence: people get no notices meanwhile; of one signal or one severity, if written."""

    signal: ShortText | None = None
    severity: SeverityName | None = None


class GoodNewsShape(Section):
    """The channels for deploys that ended their watch window well."""

    tell: Channels


class AnnouncementsShape(Section):
    """The channels for what people announce on the public status pages."""

    tell: Channels


class DigestShape(Section):
    """The weekly digest: its time, and its channels."""

    every: WeekMoment
    tell: Channels


class MetricsShape(Section):
    """The address at which metrics can be read, and the receiver they are sent to."""

    listen: Listen = "127.0.0.1:9464"
    hosts: Annotated[tuple[HostName, ...], Field(max_length=20), LISTED] = ()
    remote_write: AnyHttpUrl | None = None  # None: no metrics are sent
    remote_write_user: str | None = Field(default=None, min_length=1, max_length=200)
    every: BoundedDuration = 15.0

    @property
    def host(self) -> str | None:
        """Return the host to listen on; None: there is no listener."""
        return self.listen.rpartition(":")[0].strip("[]") or None

    @property
    def port(self) -> int:
        """Return the port to listen on; 0 without a listener."""
        return int(self.listen.rpartition(":")[2] or 0)

    @property
    def is_local(self) -> bool:
        """Return whether no other machine can reach the listener."""
        return is_loopback(self.host or "localhost")


class FollowUpsShape(Section):
    """The tasks that people have after an incident."""

    remind: bool = False


class EndpointsShape(Section):
    """Base URLs of the vendors' APIs; None means the vendor's own."""

    render: HttpUrl | None = None
    sentry: HttpUrl | None = None
    pagerduty: HttpUrl | None = None
    pagerduty_api: HttpUrl | None = None
    slack: HttpUrl | None = None
    github: HttpUrl | None = None


class LogShape(Section):
    """The daemon's log, on standard output."""

    format: Literal["auto", "json", "console"] = "auto"  # auto: readable on a terminal, else JSON
    level: Literal["debug", "info", "warning", "error"] = "info"


class RecordShape(Section):
    """The events of the core, kept for `watchdog lab replay`."""

    enabled: bool = True
    # Once loaded absolute, and by default beside the store; None: nothing is recorded.
    folder: Folder | None = None
    keep: Kept = 30 * 86400.0
    max: Room = 200 * 1024**2


class AdvancedShape(Section):
    """The statistics; the defaults suit almost every site."""

    detection: DetectionSection | None = None  # type: ignore[valid-type]
    blame: BlameSection | None = None  # type: ignore[valid-type]
    pace: PaceSection | None = None  # type: ignore[valid-type]
    verification: VerificationSection | None = None  # type: ignore[valid-type]


class Shape(Section):
    """The whole file. `channels` are checked by their own adapters."""

    version: Version = 1
    mode: ModeName = "observe"
    services: dict[str, ServiceShape] = Field(default_factory=dict, max_length=SERVICES_MAX, json_schema_extra=NAMED)
    dependencies: dict[str, DependencyShape] = Field(default_factory=dict, max_length=50, json_schema_extra=NAMED)
    policy: PolicyShape = PolicyShape()
    budget: BudgetSection | None = None  # type: ignore[valid-type]
    brakes: BrakesSection | None = None  # type: ignore[valid-type]
    channels: dict[str, dict[str, Any]] = Field(default_factory=dict, max_length=20)
    windows: dict[str, Hours] = Field(default_factory=dict, max_length=20, json_schema_extra=NAMED)
    contacts: dict[str, ContactShape] = Field(default_factory=dict, max_length=20, json_schema_extra=NAMED)
    rotations: dict[str, RotationShape] = Field(default_factory=dict, max_length=20, json_schema_extra=NAMED)
    escalation: Annotated[Steps | None, BeforeValidator(written_values.steps), PAGER_CLIMBS] = None
    ack_holds: BoundedDuration = 1800.0
    stakeholders: dict[str, StakeholdersShape] = Field(default_factory=dict, max_length=20, json_schema_extra=NAMED)
    silences: Annotated[tuple[SilenceShape, ...], Field(max_length=100), LISTED] = ()
    action_holds: Annotated[tuple[QuietShape, ...], Field(max_length=100), LISTED] = ()
    good_news: GoodNewsShape | None = None
    announcements: AnnouncementsShape | None = None
    digest: DigestShape | None = None
    store: Store = "sqlite:///watchdog.db"
    metrics: MetricsShape = MetricsShape()
    console: ConsoleShape = ConsoleShape()
    status_pages: dict[str, StatusPageShape] = Field(default_factory=dict, max_length=20)
    repository: Literal["github"] | None = None
    migrations: MigrationsShape = MigrationsShape()
    follow_ups: FollowUpsShape = FollowUpsShape()
    drill: DrillShape = DrillShape()
    checklists: dict[str, ChecklistShape] = Field(default_factory=dict, max_length=LISTS_MAX, json_schema_extra=NAMED)
    control: Annotated[tuple[HttpUrl, ...], Field(max_length=10), LISTED] | None = None
    vendor_status: Annotated[
        dict[str, HttpUrl | None] | None, BeforeValidator(written_values.named_pages), LIST_OF_NAMES
    ] = None
    endpoints: EndpointsShape = EndpointsShape()
    private_hosts: Annotated[tuple[PrivateHost, ...], Field(max_length=100), LISTED] = ()
    log: LogShape = LogShape()
    record: RecordShape = RecordShape()
    advanced: AdvancedShape = AdvancedShape()
