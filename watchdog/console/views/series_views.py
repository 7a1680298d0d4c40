"""The curves of a service's charts as plain data: the shape of the series in the JSON API."""

from dataclasses import dataclass

HOUR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class SignalSeries:
    """One signal over time. Value `i` of each list covers `span_seconds` from `since + i * span_seconds`.

    Counts are sums of the stored minutes; a percentile is the largest of its minutes, None without a measurement.
    `readings` and `failed` are the sums over the whole time, unknown readings included in `readings`;
    `p95_limit_seconds` is the limit that the configuration sets, None without one.
    """

    signal: str
    kind: str
    critical: bool
    good: tuple[int, ...]
    bad: tuple[int, ...]
    unknown: tuple[int, ...]
    p50_seconds: tuple[float | None, ...]
    p95_seconds: tuple[float | None, ...]
    readings: int
    failed: int
    p95_limit_seconds: float | None = None

    @property
    def top_seconds(self) -> float | None:
        """Return the highest latency in it."""
        known = (value for value in (*self.p50_seconds, *self.p95_seconds) if value is not None)
        return max(known, default=None)


@dataclass(frozen=True, slots=True)
class ErrorSeries:
    """The events that a feed (Sentry) counted, as a rate. Bucket `i` begins at `start[i]` (UTC epoch seconds) and lasts
    `seconds[i]`; the first may begin before the series.

    Buckets are minutes, as far as the daemon remembers them (90), and whole hours before. Over more than 6 h all are
    hours, or the series' spans if these are longer. `missing` has the times of 5 min and more without data: begin, end.
    """

    signal: str
    start: tuple[float, ...]
    per_minute: tuple[float, ...]
    seconds: tuple[float, ...]
    missing: tuple[tuple[float, float], ...]

    @property
    def fine_from(self) -> float | None:
        """Return where the minutes begin; None without any."""
        return next((at for at, lasts in zip(self.start, self.seconds, strict=True) if lasts < HOUR_SECONDS), None)


@dataclass(frozen=True, slots=True)
class DeployMark:
    """A deploy that went live at `at` (UTC epoch seconds)."""

    id: str
    at: float
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class SeriesView:
    """All curves of a service between two moments (UTC epoch seconds)."""

    at: float
    service: str
    since: float
    until: float
    span_seconds: float
    signals: tuple[SignalSeries, ...]
    errors: tuple[ErrorSeries, ...]
    deploys: tuple[DeployMark, ...]
