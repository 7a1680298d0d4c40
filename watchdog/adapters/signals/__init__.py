"""Every kind of signal. A new one is one file and one line in SIGNALS.

Keys are the YAML keys: `home: {http: URL}` is a signal of kind `http` named `home`. Control targets and status pages
are read in the same way but are not signals of a service: see control.py and vendor_status.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from watchdog.adapters.options import Context
from watchdog.adapters.signals import http, latency, render_events, sentry
from watchdog.adapters.signals.checks import command, heartbeat, keyed_api, lighthouse, plausible, prometheus, tcp
from watchdog.adapters.signals.content_security import csp
from watchdog.adapters.signals.journeys import journey, steps
from watchdog.adapters.signals.options import SignalOptions
from watchdog.domain.policy import SignalPolicy
from watchdog.ports import SignalSource


@dataclass(frozen=True, slots=True)
class SignalKind:
    """One kind of signal: its options, its source, the core's policy for it, and the secrets that its options need."""

    options: type[SignalOptions]
    build: Callable[[str, Any, Context], SignalSource]
    policy: Callable[[str, Any], SignalPolicy]
    secrets: Callable[[Any], tuple[str, ...]] = lambda options: ()


SIGNALS: dict[str, SignalKind] = {
    "http": SignalKind(http.HttpOptions, http.build, http.policy_of),
    "latency": SignalKind(latency.LatencyOptions, latency.build, latency.policy_of),
    "sentry": SignalKind(sentry.SentryOptions, sentry.build, sentry.policy_of, sentry.secrets),
    "render_events": SignalKind(render_events.EventsOptions, render_events.build, render_events.policy_of),
    "prometheus": SignalKind(prometheus.PrometheusOptions, prometheus.build, prometheus.policy_of, prometheus.secrets),
    "tcp": SignalKind(tcp.TcpOptions, tcp.build, tcp.policy_of),
    "command": SignalKind(command.CommandOptions, command.build, command.policy_of),
    "journey": SignalKind(steps.JourneyOptions, journey.build, journey.policy_of),
    "csp": SignalKind(csp.CspOptions, csp.build, csp.policy_of),
    "plausible": SignalKind(plausible.PlausibleOptions, plausible.build, plausible.policy_of, keyed_api.secrets),
    "lighthouse": SignalKind(lighthouse.LighthouseOptions, lighthouse.build, lighthouse.policy_of, keyed_api.secrets),
    "heartbeat": SignalKind(heartbeat.HeartbeatOptions, heartbeat.build, heartbeat.policy_of, keyed_api.secrets),
}
