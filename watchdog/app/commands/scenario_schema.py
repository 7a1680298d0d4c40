"""The shape of a scenario file of the lab: its keys, their types and their bounds.

Rule: in place of a number or a duration a range may stand: `[low, high]`, drawn from once an episode.
"""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from watchdog.domain.units import DAY_SECONDS, parse_duration
from watchdog.settings.schema.tuning import BoundedDuration, Section

BEFORE_SECONDS = 5400.0
"""The earliest moment of an event, in seconds before the begin: earlier events belong to the history."""
Pair = tuple[float, float]


def _pair(value: object, one: Callable[[object], float]) -> Pair:
    if not isinstance(value, list):
        # One value is a range of one point, so that the lab draws from every field alike.
        return one(value), one(value)
    if len(value) != 2:
        raise ValueError("not a range: write [low, high]")
    low, high = one(value[0]), one(value[1])
    if low > high:
        raise ValueError("the range is upside down: write its lower end first")
    return low, high


def _within(low: float, high: float, unit: str = "") -> Callable[[float], float]:
    def checked(number: float) -> float:
        if not low <= number <= high:
            raise ValueError(f"out of bounds: write something from {low:g}{unit} to {high:g}{unit}")
        return number

    return checked


def _number(value: object) -> float:
    # `true` is an int to Python; in a scenario it is a slip.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("not a number: write a number, or a range as in [0.2, 0.4]")
    return float(value)


def _moment(value: object) -> float:
    # A moment may lie before the begin of the episode; a span may not.
    text = str(value).strip()
    return -parse_duration(text[1:].strip()) if text.startswith("-") else parse_duration(value)


def numbers(low: float, high: float) -> BeforeValidator:
    """Return the validator of a number within bounds, or a range of them."""
    bound = _within(low, high)
    return BeforeValidator(lambda value: _pair(value, lambda one: bound(_number(one))))


def durations(low: float, high: float = DAY_SECONDS) -> BeforeValidator:
    """Return the validator of a duration within bounds (seconds), or a range of them."""
    bound = _within(low, high, "s")
    return BeforeValidator(lambda value: _pair(value, lambda one: bound(_moment(one))))


Moments = Annotated[Pair, durations(-BEFORE_SECONDS)]
Spans = Annotated[Pair, durations(0.001)]
Share = Annotated[Pair, numbers(0.0, 1.0)]
Word = Annotated[str, Field(min_length=1, max_length=40)]
RightName = Literal["rollback", "ask", "page", "self-alert", "ticket", "nothing"]


class ServiceShape(Section):
    """The profile of a service where it differs from the drawn one; as in `lab/profile.py`."""

    requests_per_minute: Annotated[Pair, numbers(0.1, 1e6)] | None = None
    day_swing: Share | None = None
    weekend: Annotated[Pair, numbers(0.0, 2.0)] | None = None
    peak_hour: Annotated[Pair, numbers(0.0, 24.0)] | None = None
    latency_median: Annotated[Pair, durations(0.001, 5.0)] | None = None
    latency_sigma: Annotated[Pair, numbers(0.01, 2.0)] | None = None
    slow_share: Share | None = None
    slow_times: Annotated[Pair, numbers(1.0, 100.0)] | None = None
    error_share: Share | None = None
    error_phi: Annotated[Pair, numbers(1.0, 100.0)] | None = None
    deploys_per_day: Annotated[Pair, numbers(0.001, 1000.0)] | None = None
    restart_blip_share: Share | None = None
    build: Spans | None = None
    rollback: Spans | None = None


class DeployShape(Section):
    """A deploy: its go-live time, and its side effects."""

    service: Word = "web"
    name: Word | None = None
    at: Moments = (0.0, 0.0)
    blip: Spans | None = None
    no_rollback: bool = False


class FaultShape(Section):
    """A fault: its place, time and size."""

    services: list[Word] = Field(default=["web"], min_length=1, max_length=20)
    deploy: Word | None = None
    begins: Moments = (0.0, 0.0)
    lasts: Spans | None = None
    grows: Spans | None = None
    every: Spans | None = None
    each_lasts: Spans | None = None
    routes: list[Literal["home", "api"]] = Field(default=[], max_length=2)
    share: Share = (0.0, 0.0)
    kind: Literal["dns", "connect", "tls", "timeout", "status", "gateway", "body", "redirect", "protocol", "other"] = (
        "status"
    )
    why: Annotated[str, Field(min_length=1, max_length=100)] = "HTTP 500"
    slow: Annotated[Pair, numbers(0.1, 100.0)] = (1.0, 1.0)
    errors: Annotated[Pair, numbers(0.0, 10.0)] = (0.0, 0.0)
    traffic: Annotated[Pair, numbers(0.0, 1000.0)] = (1.0, 1.0)
    crash_every: Spans | None = None
    new_error: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    silent: bool = False


class OutageShape(Section):
    """An outage of a site that is not ours."""

    begins: Moments = (0.0, 0.0)
    lasts: Spans | None = None


class TruthShape(Section):
    """The right reaction, and the deploy to blame."""

    right: RightName
    also: list[RightName] = Field(default=[], max_length=6)
    deploy: Word | None = None
    target: Word = "previous"
    service: Word | None = None
    share: Annotated[float, Field(ge=0, le=1)] | None = None


class ScenarioShape(Section):
    """The whole file."""

    words: Annotated[str, Field(min_length=1, max_length=100)]
    truth: TruthShape
    weight: Annotated[float, Field(gt=0, le=1000)] = 1.0
    horizon: BoundedDuration = 1500.0
    services: dict[str, ServiceShape] = Field(default_factory=dict, max_length=20)
    depends_on: dict[str, list[Word]] = Field(default_factory=dict, max_length=20)
    deploys: list[DeployShape] = Field(default_factory=list, max_length=50)
    faults: list[FaultShape] = Field(default_factory=list, max_length=50)
    vendors_down: dict[str, OutageShape] = Field(default_factory=dict, max_length=20)
    control_down: OutageShape | None = None
    pre_deploy_command: Word | None = None
    feed_delay: Annotated[Pair, durations(0.0, 3600.0)] | None = None
