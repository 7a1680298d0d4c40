"""The signal `latency`: how long does an API route take, over a rolling window?

The source only measures; the core computes the percentiles over the window and judges them. A request that fails is bad
as with `http`, and its time is kept out of the percentiles: a fast error must not look like a fast route.

`api: {latency: URL, p95: 800ms}`
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import Field, model_validator

from watchdog.adapters.options import Context, Duration
from watchdog.adapters.signals.options import ProbeOptions, Url, policy
from watchdog.adapters.signals.probe import Probe, wire_of
from watchdog.adapters.signals.probe_http import ProbeTransport
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Good
from watchdog.ports import Sample


class LatencyOptions(ProbeOptions):
    """Options of `latency`; `times_baseline: null` switches the comparison with the usual off."""

    latency: Url
    p50: Duration | None = Field(default=None, gt=0)
    p95: Duration | None = Field(default=None, gt=0)
    p99: Duration | None = Field(default=None, gt=0)
    times_baseline: float | None = Field(default=1.5, gt=1.0, le=100.0)
    window: Duration = Field(default=120.0, ge=30.0, le=3600.0)

    @model_validator(mode="after")
    def _has_a_limit(self) -> "LatencyOptions":
        if not self.limits and self.times_baseline is None:
            raise ValueError("no limit: write p95: 800ms (or p50, p99), or times_baseline: 1.5")
        ordered = [self.limits[name] for name in ("p50", "p95", "p99") if name in self.limits]
        if ordered != sorted(ordered):
            raise ValueError("impossible limits: a higher percentile cannot have a lower limit (p50 <= p95 <= p99)")
        return self

    @property
    def limits(self) -> Mapping[str, float]:
        """Return the absolute limits in seconds, by percentile."""
        given = {"p50": self.p50, "p95": self.p95, "p99": self.p99}
        return {name: seconds for name, seconds in given.items() if seconds is not None}


class LatencyProbe(Probe):
    """A probe whose time counts only when the answer was right."""

    async def look(self) -> Sequence[Sample]:
        """Probe once and return one sample."""
        return tuple(
            # A failed request has a time too, often a short one; in the percentiles it would make an outage look fast.
            sample if isinstance(sample.reading, Good) else replace(sample, latency_seconds=None)
            for sample in await super().look()
        )


def build(name: str, options: LatencyOptions, context: Context, wire: ProbeTransport | None = None) -> LatencyProbe:
    """Return the probe. `wire` replaces the trust store and the resolver in tests."""
    wire = wire or wire_of(options, context)
    return LatencyProbe(name, "latency", options.latency, options, context.clock, wire=wire, secrets=context.secrets)


def policy_of(name: str, options: LatencyOptions) -> SignalPolicy:
    """Return the core's policy for this signal, with the limits of the percentiles."""
    return replace(
        policy(name, "latency", options),
        limits_seconds=options.limits,
        times_baseline=options.times_baseline,
        window_seconds=options.window,
    )
