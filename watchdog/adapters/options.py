"""The base of every adapter's configuration: strict options, quantities with units, and the build context.

Rule: an adapter's options live beside the adapter, so that a new one is one file and one line in its dict.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidatorFunctionWrapHandler, field_validator

from watchdog.adapters.json_schema_hooks import written_as
from watchdog.adapters.ssrf_guard import AddressGuard, Reach, as_address, is_loopback, reach_of
from watchdog.domain.notices import Notice
from watchdog.domain.units import parse_duration, parse_rate, parse_size
from watchdog.ports import Clock, Platform
from watchdog.ports.chat import ChatQuestion

Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    written_as(r"^\s*(\d+(\.\d+)?\s*(ms|s|m|h|d)\s*)+$", "800ms", "45s", "5m", "1h30m", "30d"),
]
"""Seconds, written with a unit."""
Size = Annotated[
    int, BeforeValidator(parse_size), written_as(r"^\s*\d+(\.\d+)?\s*(B|KiB|MiB|GiB)\s*$", "512KiB", "1MiB")
]
"""Bytes, written with a unit."""
Rate = Annotated[
    float, BeforeValidator(parse_rate), written_as(r"^\s*\d+(\.\d+)?\s*/\s*(s|min|h)\s*$", "20/min", "2/s")
]
"""Events per minute, written as 20/min."""


PORT_MAX = 65535


def check_port(port: int) -> int:
    """Return the port if a connection can have it. Raises ValueError with the range to write."""
    if not 1 <= port <= PORT_MAX:
        raise ValueError(f"not a port: write a number from 1 to {PORT_MAX}")
    return port


def parse_url(text: str) -> httpx.URL:
    """Return a URL whose host and port can be read. Raises ValueError with the form to write."""
    try:
        url = httpx.URL(text)
        host, port = url.host, url.port
        # The other reader of URLs must take it as well: httpx takes a bracket within a name.
        urlsplit(text)
    except (httpx.InvalidURL, ValueError):  # which of its parts raises depends on the host
        raise ValueError("not a URL: write https://host/path") from None
    if host and port is not None:
        check_port(port)
    return url


def travels_in_clear(url: str, private_hosts: Sequence[str] | None = None) -> bool:
    """Return whether a key sent to that address could be read on the way: not by TLS, and not to this machine.

    With `private_hosts` the user's own network counts as well: the names in it that he lists, and private addresses.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" or is_loopback(host):
        return False
    literal = as_address(host)
    near = host in (private_hosts or ()) or (literal is not None and reach_of(literal) is Reach.PRIVATE)
    return private_hosts is None or not near


def zone_named(name: str) -> str:
    """Return the name of a time zone. Raises ValueError for an unknown one."""
    try:
        return ZoneInfo(name).key
    # OSError: a name such as `Europe` is a folder of the zone database.
    except (KeyError, ValueError, OSError):
        raise ValueError("no such time zone: write one as in Europe/Berlin, or UTC") from None


class Options(BaseModel):
    """Base of all options: unknown keys are mistakes, and no error repeats a value (it may be a secret)."""

    # Input is hidden, since pydantic's errors would quote it, and it may be a secret. The validator of a kind is built
    # when it is first used: a configuration uses few of them.
    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=False, defer_build=True
    )

    @field_validator("*", mode="wrap")
    @classmethod
    def _locate(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        """Turn any exception of a check into a mistake of its field: pydantic turns ValueError alone."""
        try:
            return handler(value)
        # pydantic turns these two into mistakes itself, and keeps their texts.
        except (ValueError, AssertionError):
            raise
        except Exception as error:
            raise ValueError("not a value we can read: write another one") from error


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that an adapter is built with.

    `endpoints` are base URLs by vendor (render, sentry, pagerduty, slack), without a trailing slash; `secrets` hold the
    `WATCHDOG_*` variables by name. `platform` is the (read) client of the service's platform, if there is a key, and
    `platform_id` the service's id there. `calm_seconds` is the least time between two reads of it while nothing is
    wrong. `live_commit` returns the commit that is live now; `question` returns the open question of a notice, if any;
    `guard` judges every address that is connected to.
    """

    clock: Clock
    endpoints: Mapping[str, str]
    secrets: Mapping[str, str]
    service: str = ""
    platform: Platform | None = None
    platform_id: str | None = None
    calm_seconds: float = 0.0
    live_commit: Callable[[], str | None] = lambda: None
    question: Callable[[Notice], ChatQuestion | None] = lambda notice: None
    guard: AddressGuard = field(default_factory=AddressGuard)
