"""Values of the configuration that are not plain text or numbers: how each is read, and how it is written.

Rule: a value has the check that reads it, and beside it the hook that describes it in the JSON Schema
(adapters/json_schema_hooks.py).
"""

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, Strict, WithJsonSchema
from pydantic.config import JsonDict

from watchdog.adapters.json_schema_hooks import Also, written_as
from watchdog.adapters.options import PORT_MAX, Duration, Size, zone_named
from watchdog.adapters.stores import check_url
from watchdog.domain.identities import meant
from watchdog.domain.units import is_in_calendar
from watchdog.settings.rules.recurrence import ALWAYS, parse_moment, parse_turn, parse_weekly

POSTGRESQL = "postgresql"
"""As `store`: the url, which holds a password, is in WATCHDOG_STORE_URL."""
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38}[A-Za-z0-9])?")
KEEP_MIN_SECONDS, KEEP_MAX_SECONDS = 3600.0, 400 * 86400.0
RECORD_BYTES_MIN, RECORD_BYTES_MAX = 8 * 1024**2, 100 * 1024**3
OBJECTIVE_MIN_PERCENT = 50.0
FAILING_MAX_PERCENT = 20.0
WEEKDAYS = "Mon-Fri 09:00-18:00 Europe/Berlin"
_ZONE = r"[A-Za-z][A-Za-z0-9_/+-]*"
_HOURS = rf"^\s*[A-Za-z,-]+ +\d\d:\d\d-\d\d:\d\d +{_ZONE}\s*$"


def _listen(value: object) -> object:
    # YAML reads `off` and `no` as false, and either is a natural way to write "no listener".
    if value is False or value == "":
        return ""
    address = re.fullmatch(r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})", str(value))
    if address is not None and int(address[1]) <= PORT_MAX:
        return value
    raise ValueError('not an address to listen on: write "127.0.0.1:9464", or "" to listen on nothing')


def _store(text: str) -> str:
    if text == POSTGRESQL:
        return text
    # A url without a password may stand here; `check_url` reports a malformed one.
    if text.startswith(("postgresql", "postgres")):
        check_url(text)
        return text
    # Blanks inside a path are fine; at its ends they are invisible, and so a slip.
    if not re.fullmatch(r"sqlite:///\S|sqlite:///\S.*\S", text) or re.search(r"[\x00-\x1f]", text):
        raise ValueError("not a store: write sqlite:///watchdog.db, sqlite:////var/data/watchdog.db or postgresql")
    return text


def _folder(value: object) -> object:
    if isinstance(value, str) and (not value.strip() or re.search(r"[\x00-\x1f]|://", value)):
        raise ValueError("not a folder: write recordings, or /var/data/recordings")
    return value


def _kept(seconds: float) -> float:
    if not KEEP_MIN_SECONDS <= seconds <= KEEP_MAX_SECONDS:
        raise ValueError("not a sensible time to keep recordings: write something from 1h to 400d")
    return seconds


def _roomy(size: int) -> int:
    if not RECORD_BYTES_MIN <= size <= RECORD_BYTES_MAX:
        raise ValueError("not a sensible bound: write something from 8MiB to 100GiB, or record: {enabled: false}")
    return size


def _version(value: object) -> object:
    # `version: true` equals 1 to Python.
    if value is not True and value == 1:
        return 1
    raise ValueError("not a version we know: write version: 1")


def named_pages(value: object) -> object:
    """Accept `[render, sentry]` for `{render: null, sentry: null}`."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        if len(set(value)) != len(value):
            raise ValueError("names one twice: write each once")
        return dict.fromkeys(value)
    if isinstance(value, dict):
        return value
    raise ValueError("not a list of status pages: write [render, sentry], or name: https://… pairs")


def _host(text: str) -> str:
    """Return a host name in lower case. Raises ValueError with the form to write."""
    if not re.fullmatch(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?|[0-9A-Fa-f:]{2,39}", text):
        raise ValueError("not a host: write its name alone, as in my-private-service (no scheme, port or wildcard)")
    return text.lower()


def steps(value: object) -> object:
    """Accept `pagerduty` (which escalates itself) for no written steps, and a name alone for a step."""
    if value == "pagerduty":
        return []
    if isinstance(value, list):
        return [{"tell": item} if isinstance(item, str) else item for item in value]
    raise ValueError("not an escalation: write pagerduty, or a list as in [lead, {tell: devops, after: 10m}]")


def _moment(value: object) -> float:
    """Return UTC epoch seconds of a moment with its zone; YAML turns some of them into datetimes itself."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    # Without a zone the moment would depend on the machine that reads the file.
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


def _target(text: str) -> str:
    # The dashboard's address is the nearest text to copy; its last part is the id.
    if "://" in text:
        raise ValueError("an address: write the id in its last part, as in srv-abc123, or its exact name")
    return text


def _title(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("not a name for people: write a few words on one line, as in The shop")
    # Titles that differ in blanks alone look the same to people, so they are made the same.
    return " ".join(text.split())


def _tag(text: str) -> str:
    # It stands in addresses (`/?tag=`) and on command lines.
    if not NAME.fullmatch(text):
        raise ValueError("not a tag: write up to 40 letters, digits, - or _")
    return text


def _pattern(text: str) -> str:
    # Paths of a repository have no slash in front, and none twice: such a pattern would fit no file.
    if text != text.strip() or not all(text.split("/")) or "\\" in text:
        raise ValueError("not a pattern of paths: write **/migrations/**, from the repository's top, without a first /")
    return text


def _objective(value: object) -> object:
    # With its sign: a bare number could mean 99.9 or 0.999.
    share = re.fullmatch(r"(\d{2}(?:\.\d{1,4})?) ?%", str(value))
    if share is None or float(share[1]) < OBJECTIVE_MIN_PERCENT:
        raise ValueError("not an objective: write a share of the time from 50% to 99.9999%, as in 99.9%")
    return float(share[1]) / 100


def _failing(value: object) -> object:
    share = re.fullmatch(r"(\d{1,2}(?:\.\d{1,4})?) ?%", str(value))
    if share is None or float(share[1]) > FAILING_MAX_PERCENT:
        raise ValueError("not a share of failing readings: write one from 0% to 20%, as in 1%")
    return float(share[1]) / 100


def all_or_some(value: object) -> object:
    """Accept `all` for no list of services."""
    if value == "all":
        return None
    if isinstance(value, list) and value:
        return value
    raise ValueError("not services: write all, or a list as in [web]")


def one_or_more(value: object) -> object:
    """Accept `a@acme.example` for `[a@acme.example]`."""
    return [value] if isinstance(value, str) else value


Listen = Annotated[
    str,
    BeforeValidator(_listen),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["", False]},
                {
                    "type": "string",
                    "pattern": r"^([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$",
                    "examples": ["127.0.0.1:9464"],
                },
            ]
        }
    ),
]
Store = Annotated[
    str,
    AfterValidator(_store),
    written_as(
        r"^(sqlite:///.*\S|postgres.*)$",
        "sqlite:///watchdog.db",
        "sqlite:////var/data/watchdog.db",
        POSTGRESQL,
    ),
]
Folder = Annotated[
    Path, Strict(False), BeforeValidator(_folder), written_as(r"\S", "recordings", "/var/data/recordings")
]
Kept = Annotated[Duration, AfterValidator(_kept)]
Room = Annotated[Size, AfterValidator(_roomy)]
Version = Annotated[int, BeforeValidator(_version), WithJsonSchema({"const": 1})]
Hours = Annotated[str, AfterValidator(_weekly), written_as(_HOURS, WEEKDAYS)]
HoursOrAlways = Annotated[
    str,
    AfterValidator(_hours),
    WithJsonSchema(
        {
            "anyOf": [
                {"const": ALWAYS},
                {"type": "string", "pattern": _HOURS, "examples": [WEEKDAYS]},
            ]
        }
    ),
]
Turn = Annotated[
    str,
    AfterValidator(_turn),
    written_as(rf"^\s*\d{{4}}-\d\d-\d\d[ T]\d\d:\d\d +{_ZONE}\s*$", "2026-11-23 09:00 Europe/Berlin"),
]
WeekMoment = Annotated[
    str, AfterValidator(_week_moment), written_as(rf"^\s*[A-Za-z]+ +\d\d:\d\d +{_ZONE}\s*$", "Mon 09:00 Europe/Berlin")
]
Moment = Annotated[
    float,
    BeforeValidator(_moment),
    written_as(r"^\d{4}-?\d\d-?\d\d[T ].*([zZ]|[+-]\d\d[0-9:.]*)$", "2027-01-14T08:00Z", "2027-01-14T09:00+01:00"),
]
Zone = Annotated[str, AfterValidator(zone_named), written_as(f"^{_ZONE}$", "Europe/Berlin", "UTC")]
Identity = Annotated[str, AfterValidator(_identity), written_as(r"\S", "U0AAA", "ann", "oidc:ann", "terminal:ann")]
Target = Annotated[
    str,
    AfterValidator(_target),
    WithJsonSchema({"type": "string", "not": {"pattern": r"://|\$\{[A-Za-z_]|^\$[A-Z_][A-Z0-9_]*$"}}),
]
Title = Annotated[str, AfterValidator(_title)]
Tag = Annotated[str, AfterValidator(_tag), written_as(f"^{NAME.pattern.replace('(?:', '(')}$", "checkout")]
PathPattern = Annotated[
    str,
    AfterValidator(_pattern),
    Field(min_length=1, max_length=200),
    written_as(r"^[^/\\]+(/[^/\\]+)*$", "**/migrations/**"),
]
Objective = Annotated[float, BeforeValidator(_objective), written_as(r"^[5-9]\d(\.\d{1,4})? ?%$", "99.9%")]
Failing = Annotated[float, BeforeValidator(_failing), written_as(r"^\d{1,2}(\.\d{1,4})? ?%$", "1%")]
PrivateHost = Annotated[
    str,
    AfterValidator(_host),
    written_as(r"^([A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?|[0-9A-Fa-f:]{2,39})$", "my-private-service"),
]
ALL_SERVICES = Also({"const": "all"})
ONE_ADDRESS = Also({"type": "string"})
PAGER_CLIMBS = Also({"const": "pagerduty"})
NAME_ALONE = Also({"type": "string"})
LIST_OF_NAMES = Also({"type": "array", "items": {"type": "string"}, "uniqueItems": True})
NAMED: JsonDict = {"propertyNames": {"pattern": f"^{NAME.pattern.replace('(?:', '(')}$"}}
"""The hook of a mapping whose keys are the user's own names."""
