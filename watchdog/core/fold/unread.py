"""Checks that are not read any more: no data is neither good nor bad, and must not look like a recovery.

Rule 1: what an incident is about is over only by evidence of now. Sentry that answers 429 ends no flood of errors.
Rule 2: it must be what failed. A check that was good when it was last read says nothing either way, and keeps no
incident open. A mere suspicion was never confirmed: it is let go, in words that claim nothing.
"""

from collections.abc import Iterator

from watchdog.core import detect
from watchdog.domain.checks import Check
from watchdog.domain.incidents import Incident, ServiceState
from watchdog.domain.policy import PROBES, Policy
from watchdog.domain.readings import Bad


def unseen(service: ServiceState, policy: Policy, now: float) -> tuple[Check, ...]:
    """Return the checks by which the open incident may still go on, as they are no longer read.

    It is about them, or they were confirmed to fail when they were last read.
    """
    incident = service.incident
    if incident is None or incident.closed_at is not None:
        return ()
    failed = {one.signal for one in incident.findings}
    return tuple(
        check
        for check, then in _not_read(service, policy, now)
        if check.name in failed or detect.find(check, then) is not None
    )


def says_nothing(service: ServiceState, given: detect.Conditions, for_seconds: float) -> bool:
    """Return whether a check that is not what failed showed nothing bad since readings count, and for `for_seconds`.

    A page that is measured each quarter of an hour would else hold up the proof of every rollback: it is read after it.
    """
    signal, incident, check = given.signal, service.incident, service.checks[given.signal.name]
    if incident is None or signal.critical or signal.kind not in PROBES:
        return False
    if check.name in {one.signal for one in incident.findings} or detect.suspicious(check, given):
        return False
    if check.turned_since is not None or _was_bad(check, incident):
        return False
    since = max(check.counts_from, check.interrupted_at)
    return detect.calm_since(check) <= since <= given.now - for_seconds


def _was_bad(check: Check, incident: Incident) -> bool:
    """Return whether it was bad when it was last read, and nothing was done about the outage since.

    A restart of ours forgets the run of failures, and ends none.
    """
    done = [one.done_at for one in incident.remedies]
    done_at = max((at for at in (incident.rollback.restored_at, *done) if at is not None), default=0.0)
    last_bad = isinstance(check.last, Bad) or (check.last_bad_at is not None and check.last_bad_at >= check.seen_at)
    return last_bad and check.seen_at >= done_at


def unread_suspects(service: ServiceState, policy: Policy, now: float) -> tuple[str, ...]:
    """Return the names of the checks that were suspicious when they were last read, and are no longer read."""
    return tuple(check.name for check, then in _not_read(service, policy, now) if detect.suspicious(check, then))


def seen(service: ServiceState, policy: Policy, now: float) -> tuple[Check, ...]:
    """Return the checks with evidence of now."""
    known = ((check, policy.services[service.name].signal(name)) for name, check in service.checks.items())
    return tuple(
        check
        for check, signal in known
        if signal is not None and detect.is_seen(check, detect.Conditions(now, signal, policy.detection))
    )


def _not_read(service: ServiceState, policy: Policy, now: float) -> Iterator[tuple[Check, detect.Conditions]]:
    """Yield each check without evidence of now, and the conditions when it had some."""
    for name, check in service.checks.items():
        signal = policy.services[service.name].signal(name)
        if signal is None or detect.is_seen(check, detect.Conditions(now, signal, policy.detection)):
            continue
        # The plain conditions: feeds and crash reports know no others, and a probe that failed last is never calm.
        yield check, detect.Conditions(detect.seen_at(check), signal, policy.detection)
