"""The signal `http`: does this URL answer as a visitor expects?

A bad reading means that a visitor sees an error, a wrong page, or nothing. `home: {http: URL, contains: "</html>"}`
"""

from dataclasses import replace

from pydantic import Field

from watchdog.adapters.options import Context, Duration
from watchdog.adapters.signals.options import ProbeOptions, Url, policy
from watchdog.adapters.signals.probe import Probe, wire_of
from watchdog.adapters.signals.probe_http import ProbeTransport
from watchdog.domain.policy import SignalPolicy


class HttpOptions(ProbeOptions):
    """Options of `http`; the URL is the value of the key that names the kind.

    `times_baseline: null` accepts any time.
    """

    http: Url
    max_latency: Duration | None = Field(default=None, gt=0)
    times_baseline: float | None = Field(default=3.0, gt=1.0, le=100.0)


def build(name: str, options: HttpOptions, context: Context, wire: ProbeTransport | None = None) -> Probe:
    """Return the probe. `wire` replaces the trust store and the resolver in tests."""
    wire = wire or wire_of(options, context)
    return Probe(
        name,
        "http",
        options.http,
        options,
        context.clock,
        max_latency_seconds=options.max_latency,
        wire=wire,
        secrets=context.secrets,
    )


def policy_of(name: str, options: HttpOptions) -> SignalPolicy:
    """Return the core's policy for this signal."""
    return replace(policy(name, "http", options), times_baseline=options.times_baseline)
