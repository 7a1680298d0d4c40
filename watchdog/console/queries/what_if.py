"""The decision that would be made now: the core's own, as if the service's most critical signal failed for good.

Pure: it decides and sends nothing. A guard that depends on readings answers for this moment.
"""

from dataclasses import dataclass, replace

from watchdog.core.guards.decision import decide
from watchdog.domain.decisions import Decision, Finding
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.policy import Policy, ServicePolicy, SignalPolicy
from watchdog.domain.readings import Bad
from watchdog.presentation.status_text import open_incident

METHODS = {"http": "run", "latency": "latency", "sentry": "feed", "render_events": "crashes"}
PROBES = ("http", "latency")


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The signal assumed to fail, and the decision; or why none can be made."""

    signal: str = ""
    decision: Decision | None = None
    why: str = ""


def imagine(state: State, policy: Policy, name: str, now: float) -> WhatIf:
    """Return the decision if the service's main signal were confirmed as failing at this moment."""
    service, service_policy = state.services.get(name), policy.services[name]
    if service is None:
        return WhatIf(why="nothing is known of this service yet")
    known = open_incident(service)
    if known is not None:
        return WhatIf(why=f"{known.id} is open: its page shows the decision")
    signal = _main(service_policy, service)
    if signal is None:
        return WhatIf(why="no signal was read yet")
    text = f"imagined: {signal.name} fails from now on"
    finding = Finding(signal.name, signal.kind, METHODS.get(signal.kind, "run"), now, 1.0, text)
    # The readings as well, not the finding alone: blame is assessed from the checks of the service.
    failing = _failing(service, signal.name, text, now)
    return WhatIf(signal.name, decide(state, policy, failing, (finding,), now=now))


def _failing(service: ServiceState, signal: str, text: str, now: float) -> ServiceState:
    """Return the service with that signal failing, and with fresh deploys, since a suspicion would make the daemon
    read them."""
    check = replace(service.checks[signal], last=Bad(text), last_at=now, last_bad_at=now, recent=((now, True),))
    # Only if the list was ever read: an unread one must stay unread for the guards.
    deploys_at = now if service.deploys_at is not None else None
    return replace(service, checks={**service.checks, signal: check}, deploys_at=deploys_at)


def _main(service_policy: ServicePolicy, service: ServiceState) -> SignalPolicy | None:
    read = [signal for signal in service_policy.signals if signal.name in service.checks]
    order = sorted(read, key=lambda one: (not one.critical, one.kind not in PROBES))
    return order[0] if order else None
