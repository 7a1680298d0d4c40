"""The shape of the configuration: which keys there are, and of what type.

Rule 1: a key stands here only when it works. Keys of later versions are named in LATER, to say so.
Rule 2: checks across keys (references, secrets, policies) are in rules/; adapters check their own options.
Rule 3: no unions: a mistake must have one place.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from watchdog.adapters.options import PORT_MAX, Duration, Size
from watchdog.adapters.stores import check_url
from watchdog.domain.identities import meant
from watchdog.domain.policy import OBJECTIVE
from watchdog.domain.units import is_in_calendar
from watchdog.settings.rules.recurrence import ALWAYS, parse_moment, parse_turn, parse_weekly, zone_named
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

POSTGRESQL = "postgresql"
"""As `store`: the url, which holds a password, is in WATCHDOG_STORE_URL."""

LATER: dict[str, str] = {
    "remedies": "the one remedy is a rollback on Render",
    "migrations": "a service with a pre-deploy command is asked about, unless rollback_safe: true",
    "heartbeat": "set WATCHDOG_HEARTBEAT_URL",
    "lighthouse": "watch an http or latency signal",
    "plausible": "watch an http signal that expects your analytics tag in the page",
    "sentry_cron": "watch render_events of the cron job",
}
"""Keys (and kinds of signals and channels) that do not work yet, and what to write meanwhile."""

SERVICES_MAX = 500
"""One worker on one core watches so many (README: benchmarks); several share them out."""
KEEP_MIN_SECONDS, KEEP_MAX_SECONDS = 3600.0, 400 * 86400.0
RECORD_BYTES_MIN, RECORD_BYTES_MAX = 8 * 1024**2, 100 * 1024**3

OBJECTIVE_MIN_PERCENT = 50.0

LATER_ACTIONS = ("escalate",)
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38}[A-Za-z0-9])?")
PLATFORM_ID = re.compile(r"(srv|crn|dpg|red)-[A-Za-z0-9-]{1,60}")


def _listen(value: object) -> object:
    if value is False or value == "":
        return ""
    address = re.fullmatch(r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})", str(value))
    if address is not None and int(address[1]) <= PORT_MAX:
        return value
    raise ValueError('not an address to listen on: write "127.0.0.1:9464", or "" to listen on nothing')


def _store(text: str) -> str:
    if text == POSTGRESQL:
        return text
    if text.startswith(("postgresql", "postgres")):
        check_url(text)
        return text
    if not re.fullmatch(r"sqlite:///\S|sqlite:///\S.*\S", text) or re.search(r"[\x00-\x1f]", text):
        raise ValueError("not a store: write sqlite:///watchdog.db, sqlite:////var/data/watchdog.db or postgresql")
    return text


def _folder(text: str) -> str:
    if not text.strip() or re.search(r"[\x00-\x1f]|://", text):
        raise ValueError("not a folder: write recordings, or /var/data/recordings")
    return text


def _kept(seconds: float) -> float:
    if not KEEP_MIN_SECONDS <= seconds <= KEEP_MAX_SECONDS:
        raise ValueError("not a sensible time to keep recordings: write something from 1h to 400d")
    return seconds


def _roomy(size: int) -> int:
    if not RECORD_BYTES_MIN <= size <= RECORD_BYTES_MAX:
        raise ValueError("not a sensible bound: write something from 8MiB to 100GiB, or record: {enabled: false}")
    return size


def _version(value: object) -> object:
    if value is not True and value == 1:
        return 1
    raise ValueError("not a version we know: write version: 1")


def _named_pages(value: object) -> object:
    """Accept `[render, sentry]` for `{render: null, sentry: null}`."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        if len(set(value)) != len(value):
            raise ValueError("names one twice: write each once")
        return dict.fromkeys(value)
    if isinstance(value, dict):
        return value
    raise ValueError("not a list of status pages: write [render, sentry], or name: https://… pairs")


def _host(text: str) -> str:
    """Return a host name in lower case. Raises ValueError, saying what to write."""
    if not re.fullmatch(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?|[0-9A-Fa-f:]{2,39}", text):
        raise ValueError("not a host: write its name alone, as in my-private-service (no scheme, port or wildcard)")
    return text.lower()


def _steps(value: object) -> object:
    """Accept `pagerduty` (which climbs itself) for no steps of ours, and a name for `{tell: name}`."""
    if value == "pagerduty":
        return []
    if isinstance(value, list):
        return [{"tell": item} if isinstance(item, str) else item for item in value]
    raise ValueError("not an escalation: write pagerduty, or a list as in [lead, {tell: devops, after: 10m}]")


def _moment(value: object) -> float:
    """Return UTC epoch seconds of a moment with its zone; YAML makes some of them moments by itself."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not is_in_calendar(moment.timestamp()):
        raise ValueError("not a moment: write 2027-01-14T08:00Z, or +01:00 for another zone")
    return moment.timestamp()


def _weekly(text: str) -> str:
    parse_weekly(text)
    return text


def _turn(text: str) -> str:
    parse_turn(text)
    return text


def _identity(text: str) -> str:
    meant(text)
    return text


def _week_moment(text: str) -> str:
    parse_moment(text)
    return text


def _hours(text: str) -> str:
    if text != ALWAYS:
        parse_weekly(text)
    return text


def _title(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("not a name for people: write a few words on one line, as in The shop")
    return " ".join(text.split())


def _objective(value: object) -> object:
    share = re.fullmatch(r"(\d{2}(?:\.\d{1,4})?) ?%", str(value))
    if share is None or float(share[1]) < OBJECTIVE_MIN_PERCENT:
        raise ValueError("not an objective: write a share of the time from 50% to 99.9999%, as in 99.9%")
    return float(share[1]) / 100


def _all_or_some(value: object) -> object:
    """Accept `all` for no list of services."""
    if value == "all":
        return None
    if isinstance(value, list) and value:
        return value
    raise ValueError("not services: write all, or a list as in [web]")


def _one_or_more(value: object) -> object:
    """Accept `a@acme.example` for `[a@acme.example]`."""
    return [value] if isinstance(value, str) else value


ModeName = Literal["observe", "assist", "autonomous"]


class ServiceShape(Section):
    """One guarded service. `signals` are checked by their own adapters."""

    render: str | None = Field(default=None, min_length=1, max_length=100)
    mode: ModeName | None = None
    veto: BoundedDuration | None = None
    depends_on: list[str] = Field(default_factory=list, max_length=50)
    rollback_safe: bool = False
    title: Annotated[str, AfterValidator(_title)] | None = Field(default=None, max_length=60)
    objective: Annotated[float, BeforeValidator(_objective)] = OBJECTIVE
    signals: dict[str, dict[str, Any]] = Field(default_factory=dict, max_length=30)


class DependencyShape(Section):
    """Something watched and blamed, never acted on."""

    render: str | None = Field(default=None, min_length=1, max_length=100)
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
    """Somebody who is called when nobody takes a page up, or who alone approves: addresses, hours, identities, role."""

    slack: str | None = Field(default=None, min_length=1, max_length=100)
    email: str | None = Field(default=None, min_length=1, max_length=300)
    hours: Annotated[str, AfterValidator(_hours)] = ALWAYS
    answers_as: list[Annotated[str, AfterValidator(_identity)]] = Field(default_factory=list, max_length=20)
    role: Literal["on-call engineer", "team lead", "development team", "product owner"] | None = None


class RotationShape(Section):
    """Contacts who are on call in turn, a week each, the first of them from a moment on."""

    of: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(min_length=1, max_length=50)
    begins: Annotated[str, AfterValidator(_turn)] = Field(alias="from", max_length=100)


class StakeholdersShape(Section):
    """People who know no engineering: where they read, of which services, of what is how bad, by whose clocks."""

    slack: str | None = Field(default=None, min_length=1, max_length=100)
    email: Annotated[list[str] | None, BeforeValidator(_one_or_more)] = Field(default=None, min_length=1, max_length=20)
    services: Annotated[list[str] | None, BeforeValidator(_all_or_some)] = Field(default=None, max_length=100)
    severity: Literal["critical", "high", "medium", "low"] = "high"
    zone: Annotated[str, AfterValidator(zone_named)] = "UTC"


class StepShape(Section):
    """One step of the escalation: a contact or a channel, so long after the step before."""

    tell: str = Field(min_length=1, max_length=100)
    after: BoundedDuration = 300.0


Moment = Annotated[float, BeforeValidator(_moment)]


class QuietShape(Section):
    """When nothing is rolled back unasked: for once, or every week; who said so, and why."""

    service: str = Field(min_length=1, max_length=100)
    begins: Moment | None = Field(default=None, alias="from")
    ends: Moment | None = Field(default=None, alias="to")
    every: Annotated[str, AfterValidator(_weekly)] | None = None
    author: str = Field(min_length=1, max_length=100)
    reason: str = Field(min_length=1, max_length=300)


class SilenceShape(QuietShape):
    """When people are not told; maybe of one signal or one severity alone."""

    signal: str | None = Field(default=None, min_length=1, max_length=100)
    severity: Literal["critical", "high", "medium", "low"] | None = None


class GoodNewsShape(Section):
    """Who hears of deploys that ended their watch window well."""

    tell: list[str] = Field(max_length=20)


class DigestShape(Section):
    """The weekly digest: when it is made, and who gets it."""

    every: Annotated[str, AfterValidator(_week_moment)]
    tell: list[str] = Field(max_length=20)


class MetricsShape(Section):
    """Where metrics can be fetched, and where they are sent."""

    listen: Annotated[str, BeforeValidator(_listen)] = "127.0.0.1:9464"
    hosts: list[HostName] = Field(default_factory=list, max_length=20)
    remote_write: AnyHttpUrl | None = None
    remote_write_user: str | None = Field(default=None, min_length=1, max_length=200)
    every: BoundedDuration = 15.0


class FollowUpsShape(Section):
    """What is left to people after an incident."""

    remind: bool = False


class EndpointsShape(Section):
    """Base URLs of the vendors' APIs; None means: the vendor's own."""

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
    """What the core was told, kept for `watchdog lab replay`."""

    enabled: bool = True
    folder: Annotated[str, AfterValidator(_folder)] | None = None
    keep: Annotated[Duration, AfterValidator(_kept)] = 30 * 86400.0
    max: Annotated[Size, AfterValidator(_roomy)] = 200 * 1024**2


class AdvancedShape(Section):
    """The statistics; nobody needs to touch these."""

    detection: DetectionSection | None = None  # type: ignore[valid-type]
    blame: BlameSection | None = None  # type: ignore[valid-type]
    pace: PaceSection | None = None  # type: ignore[valid-type]
    verification: VerificationSection | None = None  # type: ignore[valid-type]


class Shape(Section):
    """The whole file. `channels` are checked by their own adapters."""

    version: Annotated[int, BeforeValidator(_version)] = 1
    mode: ModeName = "observe"
    services: dict[str, ServiceShape] = Field(default_factory=dict, max_length=SERVICES_MAX)
    dependencies: dict[str, DependencyShape] = Field(default_factory=dict, max_length=50)
    policy: PolicyShape = PolicyShape()
    budget: BudgetSection | None = None  # type: ignore[valid-type]
    brakes: BrakesSection | None = None  # type: ignore[valid-type]
    channels: dict[str, dict[str, Any]] = Field(default_factory=dict, max_length=20)
    windows: dict[str, Annotated[str, AfterValidator(_weekly)]] = Field(default_factory=dict, max_length=20)
    contacts: dict[str, ContactShape] = Field(default_factory=dict, max_length=20)
    rotations: dict[str, RotationShape] = Field(default_factory=dict, max_length=20)
    escalation: Annotated[list[StepShape] | None, BeforeValidator(_steps)] = Field(default=None, max_length=20)
    ack_holds: BoundedDuration = 1800.0
    stakeholders: dict[str, StakeholdersShape] = Field(default_factory=dict, max_length=20)
    silences: list[SilenceShape] = Field(default_factory=list, max_length=100)
    action_holds: list[QuietShape] = Field(default_factory=list, max_length=100)
    good_news: GoodNewsShape | None = None
    digest: DigestShape | None = None
    store: Annotated[str, AfterValidator(_store)] = "sqlite:///watchdog.db"
    metrics: MetricsShape = MetricsShape()
    console: ConsoleShape = ConsoleShape()
    status_pages: dict[str, StatusPageShape] = Field(default_factory=dict, max_length=20)
    repository: Literal["github"] | None = None
    follow_ups: FollowUpsShape = FollowUpsShape()
    control: list[HttpUrl] | None = Field(default=None, max_length=10)
    vendor_status: Annotated[dict[str, HttpUrl | None] | None, BeforeValidator(_named_pages)] = None
    endpoints: EndpointsShape = EndpointsShape()
    private_hosts: list[Annotated[str, AfterValidator(_host)]] = Field(default_factory=list, max_length=100)
    log: LogShape = LogShape()
    record: RecordShape = RecordShape()
    advanced: AdvancedShape = AdvancedShape()
