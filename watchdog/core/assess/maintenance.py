"""Downtime: a service that the platform keeps down on purpose (maintenance mode, suspended by its owner). Pure lookups.

Rule 1: it silences people and blocks rollbacks (guards) while the platform said so within the last minute; an unknown
state is no downtime. A suspension by anyone but the owner (for a bill, for abuse, in a crash loop) is an outage.
Rule 2: it holds a minute longer than the platform says, as probes see its end later. A failure after that is notified
like any outage; but its onset proves nothing about a deploy, so a human is asked.
Rule 3: it teaches nothing: neither how often the service fails, nor how long, nor that a deploy was bad.
Rule 4: maintenance mode that the daemon switched on itself is part of an outage: it silences no one.
"""

from dataclasses import replace

from watchdog.domain.deploys import Downtime, ServiceFacts
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import ServiceState

MAINTENANCE = "in maintenance mode"
SUSPENDED = "suspended by its owner"
OWNER = "user"
"""The suspender that needs no notice. A parent service's suspension does: its author may not know of this service."""
KNOWN_SECONDS = 60.0
"""How old the platform's answer may be. The list is read every 5 s from the first failed probe on."""
GRACE_SECONDS = 60.0
"""How long after its end probes may still fail: until the platform's next answer, a restart and a round of probes."""
SETTLED_SECONDS = 600.0
"""How long after its end an incident may stay open without a notice, while nothing fails anew."""
LONG_SECONDS = 86400.0
"""After this long a notice says that it still lasts: its owner may have forgotten it."""


def meant(facts: ServiceFacts) -> str:
    """Return the kind of downtime that the platform states, or ""."""
    if facts.suspended:
        # Render lists every suspender: with any other beside the owner (billing, a crash loop) it is an outage.
        return SUSPENDED if set(facts.suspenders) == {OWNER} else ""
    return MAINTENANCE if facts.maintenance else ""


def read(service: ServiceState, event: DeploysListed) -> Downtime | None:
    """Return the service's downtime after this answer of the platform; an ended one is kept."""
    known, what = service.downtime, meant(event.facts)
    if not what:
        return replace(known, ended_at=event.at) if known is not None and known.ended_at is None else known
    # A downtime that begins again within the grace period is the same one: its begin stays.
    if known is None or (known.ended_at is not None and event.at >= known.ended_at + GRACE_SECONDS):
        # The last look without it bounds its begin: it may have begun at any moment since.
        return Downtime(what, event.at, service.deploys_at)
    return replace(known, what=what, ended_at=None)


def is_ours(service: ServiceState) -> bool:
    """Return whether the daemon itself has, or may have, maintenance mode on (phases/maintenance_mode.py)."""
    return service.own_maintenance is not None and service.own_maintenance.may_be_on


def was_ours(service: ServiceState, down: Downtime) -> bool:
    """Return whether that downtime is, or was, maintenance mode that the daemon switched on."""
    own = service.own_maintenance
    if own is None or down.what != MAINTENANCE:
        return False
    return down.since >= own.asked_at and (own.off_at is None or down.since < own.off_at)


def is_only_ours(service: ServiceState, down: Downtime) -> bool:
    """Return whether that downtime is maintenance mode of the daemon's own, which lasts."""
    return is_ours(service) and was_ours(service, down)


def in_force(service: ServiceState, now: float) -> Downtime | None:
    """Return the downtime that the service is in, or was in so recently that its probes may lag behind; else None.

    An incident that was open then and fails no more gets some more time to close without a notice.
    """
    down = _stated(service, now)
    return None if down is not None and is_only_ours(service, down) else down


def _stated(service: ServiceState, now: float) -> Downtime | None:
    down, at = service.downtime, service.deploys_at
    # An old answer mutes nothing: while Render does not answer, the downtime may have ended long ago.
    if down is None or at is None or now - at > KNOWN_SECONDS:
        return None
    if down.ended_at is None:
        return down
    # Suspended by someone other than its owner since: that is an outage.
    if service.facts is not None and service.facts.suspended:
        return None
    over = down.ended_at + GRACE_SECONDS
    return down if now < over or (now < down.ended_at + SETTLED_SECONDS and _settles(service, over)) else None


def hides(service: ServiceState, now: float) -> bool:
    """Return whether a failure now proves nothing: the service is in a downtime, or was within the last minute."""
    down = _stated(service, now)
    return down is not None and (down.ended_at is None or now < down.ended_at + GRACE_SECONDS)


def _settles(service: ServiceState, over: float) -> bool:
    """Return whether the incident failed before that moment, and not since."""
    incident = service.incident
    if incident is None or incident.closed_at is not None or incident.onset_at >= over:
        return False
    return not _failed_since(service, over)


def overlapped(service: ServiceState, began: float) -> Downtime | None:
    """Return the downtime that overlaps a failure which began at that moment, or None."""
    down = service.downtime
    if down is None or (down.ended_at is not None and began >= down.ended_at + GRACE_SECONDS):
        return None
    return down


def explains(service: ServiceState, began: float) -> bool:
    """Return whether every failure since then was in a downtime.

    The downtime may have begun at any moment after the platform was last read without it.
    """
    down = overlapped(service, began)
    if down is None or (down.after is not None and began < down.after):
        return False
    return down.ended_at is None or not _failed_since(service, down.ended_at + GRACE_SECONDS)


def _failed_since(service: ServiceState, since: float) -> bool:
    """Return whether a signal of the service was bad or slow at that moment or later."""
    times = (at for check in service.checks.values() for at in (check.last_bad_at, check.last_slow_at))
    return any(at is not None and at >= since for at in times)
