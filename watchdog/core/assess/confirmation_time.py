"""When a failure that goes on now is confirmed, by the run timer that confirms it. Pure.

While a rollback is verified, that moment ends it: the rollback did not help, and people are paged.
"""

from watchdog.core.detect import probes
from watchdog.core.fold import observations
from watchdog.domain.incidents import ServiceState
from watchdog.domain.policy import PROBES, Policy


def next_confirmation(service: ServiceState, policy: Policy, now: float) -> tuple[str, float] | None:
    """Return the check whose failure is confirmed first if it goes on, and when; None if none fails.

    It is confirmed with its next failed probe after that; a probe that succeeds before ends the run. The limit is that
    of now: it may change with the watch window, and with what other signals show. Times are UTC epoch seconds.
    """
    service_policy, due = policy.services[service.name], list[tuple[float, str]]()
    for name, check in service.checks.items():
        if check.kind in PROBES and check.run_started_at is not None and service_policy.signal(name) is not None:
            limit = probes.run_limit_seconds(check, observations.conditions(service, name, policy, now))
            due.append((check.run_started_at + check.unseen_seconds + limit, name))
    first = min(due, default=None)
    return (first[1], first[0]) if first is not None else None
