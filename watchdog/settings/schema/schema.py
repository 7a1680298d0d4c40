"""The shape of the configuration: its keys and their types.

Rule 1: a key stands here only when it works. Keys of later versions are in LATER, with the advice for today.
Rule 2: checks across keys (references, secrets, policies) are in rules/; adapters check their own options.
Rule 3: no unions: a mistake must have one place.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from watchdog.domain.policy import OBJECTIVE
from watchdog.settings.rules.recurrence import ALWAYS
from watchdog.settings.schema import written_values
from watchdog.settings.schema.console_schema import ConsoleShape, StatusPageShape
from watchdog.settings.schema.tuning import (
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
    Folder,
    Hours,
    HoursOrAlways,
    Identity,
    Kept,
    Listen,
    Moment,
    Objective,
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
    "remedies": "the one remedy is a rollback on Render",
    "migrations": "a service with a pre-deploy command is asked about, unless rollback_safe: true",
    "heartbeat": "set WATCHDOG_HEARTBEAT_URL",
    "lighthouse": "watch an http or latency signal",
    "plausible": "watch an http signal that expects your analytics tag in the page",
    "sentry_cron": "watch render_events of the cron job",
}
"""Keys (and kinds of signals and channels) that do not work yet, and the advice for today."""

SERVICES_MAX = 500
"""The services that one worker on one core can watch (README: benchmarks); several workers share more."""
LATER_ACTIONS = ("escalate",)
PLATFORM_ID = re.compile(r"(srv|crn|dpg|red)-[A-Za-z0-9-]{1,60}")


ModeName = Literal["observe", "assist", "autonomous"]


class ServiceShape(Section):
    """One guarded service. `signals` are checked by their own adapters."""

    render: Target | None = Field(default=None, min_length=1, max_length=100)
    # None: the mode of the whole configuration holds; an explicit default here would hide it.
    mode: ModeName | None = None
    veto: BoundedDuration | None = None
    depends_on: list[str] = Field(default_factory=list, max_length=50)
    rollback_safe: bool = False
    title: Title | None = Field(default=None, max_length=60)
    objective: Objective = OBJECTIVE
    tags: list[Tag] = Field(default_factory=list, max_length=10)
    # Open here: the options of each kind are those of its adapter, which checks them itself (rule 2).
    signals: dict[str, dict[str, Any]] = Field(default_factory=dict, max_length=30, json_schema_extra=NAMED)


class DependencyShape(Section):
    """A dependency that is watched and blamed, never acted on."""

    render: Target | None = Field(default=None, min_length=1, max_length=100)
    vendor_status: HttpUrl | None = None
    components: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(default_factory=list, max_length=50)


class RuleShape(Section):
    """One row of the severity matrix; an omitted key keeps the default."""

    do: Literal["rollback", "ask", "schedule", "tell", "ticket", "note"] | None = None
    within: BoundedDuration | None = None
    remind: BoundedDuration | None = None
    then: Literal["escalate", "rollback", "nothing"] | None = None
    tell: list[str] | None = Field(default=None, max_length=20)
    approver: str | None = Field(default=None, min_length=1, max_length=100)
    window: str | None = Field(default=None, min_length=1, max_length=100)


class PolicyShape(Section):
    """The severity matrix, worst first."""

    critical: RuleShape = RuleShape()
    high: RuleShape = RuleShape()
    medium: RuleShape = RuleShape()
    low: RuleShape = RuleShape()


class ContactShape(Section):
    """A person for the escalation, or the only approver of a severity: addresses, hours, identities, role."""

    slack: str | None = Field(default=None, min_length=1, max_length=100)
    email: str | None = Field(default=None, min_length=1, max_length=300)
    hours: HoursOrAlways = ALWAYS
    answers_as: list[Identity] = Field(default_factory=list, max_length=20)
    role: Literal["on-call engineer", "team lead", "development team", "product owner"] | None = None


class RotationShape(Section):
    """Contacts who are on call in turn, a week each, the first of them from a moment on."""

    of: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(min_length=1, max_length=50)
    begins: Turn = Field(alias="from", max_length=100)


class StakeholdersShape(Section):
    """People outside engineering: their addresses, their services, the least severity, their time zone."""

    slack: str | None = Field(default=None, min_length=1, max_length=100)
    email: Annotated[list[str] | None, BeforeValidator(written_values.one_or_more), ONE_ADDRESS] = Field(
        default=None, min_length=1, max_length=20
    )
    services: Annotated[list[str] | None, BeforeValidator(written_values.all_or_some), ALL_SERVICES] = Field(
        default=None, max_length=100
    )
    severity: Literal["critical", "high", "medium", "low"] = "high"
    zone: Zone = "UTC"


class StepShape(Section):
    """One step of the escalation: a contact or a channel, so long after the step before."""

    tell: str = Field(min_length=1, max_length=100)
    after: BoundedDuration = 300.0


Step = Annotated[StepShape, NAME_ALONE]


class QuietShape(Section):
    """An action hold: no rollback without a person meanwhile. Once or every week, with its author and reason."""

    service: str = Field(min_length=1, max_length=100)
    begins: Moment | None = Field(default=None, alias="from")
    ends: Moment | None = Field(default=None, alias="to")
    every: Hours | None = None
    author: str = Field(min_length=1, max_length=100)
    reason: str = Field(min_length=1, max_length=300)


class SilenceShape(QuietShape):
    """A silence: people get no notices meanwhile; of one signal or one severity, if written."""

    signal: str | None = Field(default=None, min_length=1, max_length=100)
    severity: Literal["critical", "high", "medium", "low"] | None = None


class GoodNewsShape(Section):
    """The channels for deploys that ended their watch window well."""

    tell: list[str] = Field(max_length=20)


class AnnouncementsShape(Section):
    """The channels for what people announce on the public status pages."""

    tell: list[str] = Field(max_length=20)


class DigestShape(Section):
    """The weekly digest: its time, and its channels."""

    every: WeekMoment
    tell: list[str] = Field(max_length=20)


class MetricsShape(Section):
    """The address at which metrics can be read, and the receiver they are sent to."""

    listen: Listen = "127.0.0.1:9464"
    hosts: list[HostName] = Field(default_factory=list, max_length=20)
    remote_write: AnyHttpUrl | None = None
    remote_write_user: str | None = Field(default=None, min_length=1, max_length=200)
    every: BoundedDuration = 15.0


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

    format: Literal["auto", "json", "console"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"


class RecordShape(Section):
    """The events of the core, kept for `watchdog lab replay`."""

    enabled: bool = True
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
    escalation: Annotated[list[Step] | None, BeforeValidator(written_values.steps), PAGER_CLIMBS] = Field(
        default=None, max_length=20
    )
    ack_holds: BoundedDuration = 1800.0
    stakeholders: dict[str, StakeholdersShape] = Field(default_factory=dict, max_length=20, json_schema_extra=NAMED)
    silences: list[SilenceShape] = Field(default_factory=list, max_length=100)
    action_holds: list[QuietShape] = Field(default_factory=list, max_length=100)
    good_news: GoodNewsShape | None = None
    announcements: AnnouncementsShape | None = None
    digest: DigestShape | None = None
    store: Store = "sqlite:///watchdog.db"
    metrics: MetricsShape = MetricsShape()
    console: ConsoleShape = ConsoleShape()
    status_pages: dict[str, StatusPageShape] = Field(default_factory=dict, max_length=20)
    repository: Literal["github"] | None = None
    follow_ups: FollowUpsShape = FollowUpsShape()
    control: list[HttpUrl] | None = Field(default=None, max_length=10)
    vendor_status: Annotated[
        dict[str, HttpUrl | None] | None, BeforeValidator(written_values.named_pages), LIST_OF_NAMES
    ] = None
    endpoints: EndpointsShape = EndpointsShape()
    private_hosts: list[PrivateHost] = Field(default_factory=list, max_length=100)
    log: LogShape = LogShape()
    record: RecordShape = RecordShape()
    advanced: AdvancedShape = AdvancedShape()
