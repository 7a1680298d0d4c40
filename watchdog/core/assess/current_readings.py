"""The newest reading of each signal of a service, with the verdict that people see. Pure."""

from watchdog.core.fold import observations
from watchdog.domain.decisions import Evidence
from watchdog.domain.incidents import ServiceState
from watchdog.domain.policy import Policy
from watchdog.domain.readings import Bad, Reading, Unknown
from watchdog.domain.units import show_seconds


def current_readings(service: ServiceState, policy: Policy, now: float) -> tuple[Evidence, ...]:
    """Return the newest readings in the order of the configuration; a signal that was not read yet is left out.

    A signal with a confirmed finding is bad, even if its newest reading alone is good: a count of errors is judged by
    its history, an intermittent outage by its earlier failures.
    """
    confirmed = {one.signal: one.text for one in observations.findings(service, policy, now)}
    found = []
    for signal in policy.services[service.name].signals:
        check = service.checks.get(signal.name)
        if check is None or check.last is None:
            continue
        verdict, text = words(check.last)
        if verdict == "good" and signal.name in confirmed:
            verdict, text = "bad", confirmed[signal.name]
        found.append(Evidence(signal.name, verdict, text, f"read {show_seconds(max(0.0, now - check.last_at))} ago"))
    return tuple(found)


def words(reading: Reading) -> tuple[str, str]:
    """Return a reading as good, bad or unknown, and its reason."""
    if isinstance(reading, Bad):
        return "bad", reading.why
    if isinstance(reading, Unknown):
        return "unknown", reading.why
    return "good", reading.detail or "ok"
