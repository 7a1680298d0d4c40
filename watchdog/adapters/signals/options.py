"""The options that all signals share, and the checks whose errors name the right value to write.

Rule: an error never repeats the value that a person typed; a URL may hold a secret.
"""

import re
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from watchdog.adapters.json_schema_hooks import written_as
from watchdog.adapters.options import Duration, Options, Size, parse_url
from watchdog.adapters.signals.json_path import check_paths
from watchdog.adapters.signals.pattern import Expression
from watchdog.adapters.signals.probe_options.conditions import Expected
from watchdog.adapters.signals.probe_options.request import SentOptions
from watchdog.adapters.signals.probe_options.way import WayOptions
from watchdog.adapters.signals.served_version import VersionPlace
from watchdog.adapters.ssrf_guard import Reach, as_address, reach_of
from watchdog.adapters.ssrf_transport import host_of
from watchdog.domain.certificates import FIRST_SECONDS
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.severity import Severity

Ranges = tuple[tuple[int, int], ...]
"""Accepted HTTP statuses, as inclusive ranges."""

SUCCESS: Ranges = ((200, 299),)
EVERY_SECONDS_MIN = 1.0
EVERY_SECONDS_MAX = 86400.0
REDIRECTS_MAX = 10
BODY_BYTES_MAX = 64 * 1024 * 1024


def check_url(text: str) -> str:
    """Return the URL if it can be probed. Raises ValueError with the form to write."""
    url = parse_url(text)
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("not a URL that can be probed: write https://host/path (or http://)")
    if url.userinfo:
        raise ValueError("a URL with a user name or password ends up in logs: leave them out")
    # Refused while the file is read, not at the first probe: 169.254.169.254 hands out a cloud's credentials.
    literal = as_address(host_of(url))
    if literal is not None and reach_of(literal) is Reach.NEVER:
        raise ValueError("a link-local address, where we never connect: write the address of the site")
    return text


def api_url(text: str) -> str:
    """Return the base address of an API. Raises ValueError with the form to write."""
    check_url(text)
    if "?" in text or "#" in text or not text.isprintable() or " " in text or len(text) > 2000:
        raise ValueError("not the address of a server: write https://host or https://host/prefix")
    return text.rstrip("/")


def parse_statuses(value: object) -> Ranges:
    """Return ranges of `200`, `2xx` or a list of these. Raises ValueError with the form to write."""
    items = value if isinstance(value, (list, tuple)) else [value]
    if not items:
        raise ValueError("no status is accepted: write a status (200), a class (2xx) or a list of them")
    return tuple(_parse_status(item) for item in items)


def _parse_status(item: object) -> tuple[int, int]:
    text = str(item).strip().lower()
    if re.fullmatch(r"[1-5]xx", text):
        return int(text[0]) * 100, int(text[0]) * 100 + 99
    if re.fullmatch(r"[1-5]\d\d", text):
        return int(text), int(text)
    raise ValueError("not a status: write a number from 100 to 599, a class (2xx) or a list of them")


def _check_every(seconds: float) -> float:
    if not EVERY_SECONDS_MIN <= seconds <= EVERY_SECONDS_MAX:
        raise ValueError("out of range: write something from 1s to 1d")
    return seconds


def _check_timeout(seconds: float) -> float:
    if not 0.05 <= seconds <= 60.0:
        raise ValueError("out of range: write something from 50ms to 60s")
    return seconds


def _check_size(size: int) -> int:
    if not 1 <= size <= BODY_BYTES_MAX:
        raise ValueError("out of range: write something from 1B to 64MiB")
    return size


Url = Annotated[
    str,
    AfterValidator(check_url),
    written_as(r"^[hH][tT][tT][pP][sS]?://[^/?#@]+([/?#].*)?$", "https://www.example.com"),
]
"""An http or https URL without credentials."""
ApiUrl = Annotated[
    str, AfterValidator(api_url), written_as(r"^https?://[^\s/?#@]+(/[^\s?#]*)?$", "https://api.example.com")
]
"""The base address of an API, without a slash at its end."""
_STATUS = {
    "anyOf": [
        {"type": "integer", "minimum": 100, "maximum": 599},
        {"type": "string", "pattern": r"^\s*[1-5](\d\d|[xX][xX])\s*$", "examples": ["2xx"]},
    ]
}
Statuses = Annotated[
    Ranges,
    BeforeValidator(parse_statuses),
    WithJsonSchema({"anyOf": [*_STATUS["anyOf"], {"type": "array", "items": _STATUS, "minItems": 1}]}),
]
"""Accepted HTTP statuses."""
JsonExpectations = Annotated[dict[str, str | int | float | bool | None], AfterValidator(check_paths)]
"""JSON path to the value expected there."""
Every = Annotated[Duration, AfterValidator(_check_every)]
"""Seconds between two readings."""
Timeout = Annotated[Duration, AfterValidator(_check_timeout)]
"""The total deadline of one reading, in seconds."""
BodySize = Annotated[Size, AfterValidator(_check_size)]
"""The most bytes that a probe reads of an answer."""


class SignalOptions(Options):
    """Options of every signal. Without `critical` the configuration decides: the first `http` signal is critical."""

    every: Every = 10.0
    timeout: Timeout = 5.0
    severity: Severity | None = None
    critical: bool | None = None


class NeverCriticalOptions(SignalOptions):
    """Options of a kind that says too late, or too vaguely, that something fails: people read it, first as medium."""

    severity: Severity | None = Severity.MEDIUM

    @model_validator(mode="after")
    def _convicts_nothing(self) -> "NeverCriticalOptions":
        if self.critical or self.severity is Severity.CRITICAL:
            raise ValueError("this kind never rolls back by itself: remove critical, or write severity: high")
        return self


class AnswerOptions(Options):
    """The expectations of one answer."""

    status: Statuses = SUCCESS
    contains: str | None = Field(default=None, min_length=1)
    matches: Expression | None = None
    json_values: JsonExpectations = Field(default_factory=dict, alias="json")
    header: dict[str, str] = Field(default_factory=dict)
    expect: Expected = Field(default_factory=Expected)
    max_body: BodySize = 1024 * 1024


class ProbeOptions(SentOptions, WayOptions, AnswerOptions, SignalOptions):
    """The request, the way to the site, and the expectations of its answer, for every signal that probes."""

    redirects: int = Field(default=0, ge=0, le=REDIRECTS_MAX)
    certificate: Duration = FIRST_SECONDS
    version: VersionPlace | None = None

    @model_validator(mode="after")
    def _has_a_body(self) -> "ProbeOptions":
        in_body = self.contains is not None or self.matches is not None or bool(self.json_values)
        in_body = in_body or bool(self.expect.json_conditions)
        if self.method == "HEAD" and (in_body or (self.version is not None and self.version.json_path is not None)):
            raise ValueError("the answer to a HEAD has no body: write method: GET, or expect nothing of the body")
        return self


def policy(name: str, kind: str, options: SignalOptions) -> SignalPolicy:
    """Return the core's policy for any signal: the fields that all kinds share."""
    return SignalPolicy(
        name=name,
        kind=kind,
        critical=bool(options.critical),
        severity=options.severity,
        every_seconds=options.every,
        timeout_seconds=options.timeout,
    )


def probe_policy(name: str, kind: str, options: SignalOptions) -> SignalPolicy:
    """Return the core's policy for a kind whose readings are judged as those of a probe, by runs of bad ones."""
    return replace(policy(name, "http", options), source=kind)
