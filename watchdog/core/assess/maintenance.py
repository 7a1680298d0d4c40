"""Downtime: what the platform says is meant to be down: in maintenance mode, or suspended by its owner. Pure lookups.

Rule 1: it mutes people and keeps us from acting (guards) while the platform said so within the last minute: what
is not known is no downtime. Who is suspended by anybody else (for a bill, for abuse, in a crash loop) is news.
Rule 2: it holds a minute longer than the platform says, for probes see the end of it later. What fails after that is
told like any outage; but its onset tells nothing of a deploy, so a human is asked.
Rule 3: it teaches nothing: neither how often the service fails, nor how long, nor that a deploy was bad.
"""

from dataclasses import replace

from watchdog.domain.deploys import Downtime, ServiceFacts
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import ServiceState

MAINTENANCE = "in maintenance mode"
SUSPENDED = "suspended by its owner"
OWNER = "user"
"""The suspender that is no news. A parent service's suspension is: who suspended that one may not know of this one."""
KNOWN_SECONDS = 60.0
"""So old the platform's word may be. The list is read every 5 s from the first failed probe on."""
GRACE_SECONDS = 60.0
"""So long after its end probes may still fail: as long as the platform's next word, a restart and a round of probes."""
SETTLED_SECONDS = 600.0
"""So long after its end an incident may stay open without a word, while nothing fails anew."""
LONG_SECONDS = 86400.0
"""After so long people hear that it still lasts: somebody may have forgotten it."""


def meant(facts: ServiceFacts) -> str:
    """Return as what the service is meant to be down, or nothing."""
    if facts.suspended:
        return SUSPENDED if set(facts.suspenders) == {OWNER} else ""
    return MAINTENANCE if facts.maintenance else ""


def read(service: ServiceState, event: DeploysListed) -> Downtime | None:
    """Return the service's downtime as the platform's newest word has it; the last one is kept when it is over."""
    known, what = service.downtime, meant(event.facts)
    if not what:
        return replace(known, ended_at=event.at) if known is not None and known.ended_at is None else known
    if known is None or (known.ended_at is not None and event.at >= known.ended_at + GRACE_SECONDS):
        return Downtime(what, event.at, service.deploys_at)
    return known if known.what == what and known.ended_at is None else replace(known, what=what, ended_at=None)


def in_force(service: ServiceState, now: float) -> Downtime | None:
    """Return the downtime that the service is in, or was in so lately that its probes may not know yet; else None.

    What was open then, and fails no more, is given some more time to be called well.
    """
    down, at = service.downtime, service.deploys_at
    if down is None or at is None or now - at > KNOWN_SECONDS:
        return None
    if down.ended_at is None:
        return down
    if service.facts is not None and service.facts.suspended:  # by somebody else, meanwhile
        return None
    over = down.ended_at + GRACE_SECONDS
    return down if now < over or (now < down.ended_at + SETTLED_SECONDS and _settles(service, over)) else None


def hides(service: ServiceState, now: float) -> bool:
    """Tell whether what fails now says nothing: the service is in a downtime, or was within the last minute."""
    down = in_force(service, now)
    return down is not None and (down.ended_at is None or now < down.ended_at + GRACE_SECONDS)


def _settles(service: ServiceState, over: float) -> bool:
    """Tell whether its incident failed before then, and nothing of it since."""
    incident = service.incident
    if incident is None or incident.closed_at is not None or incident.onset_at >= over:
        return False
    return _failed_at(service) < over


def overlapped(service: ServiceState, began: float) -> Downtime | None:
    """Return the downtime in which something was failing that began then, or None."""
    down = service.downtime
    if down is None or (down.ended_at is not None and began >= down.ended_at + GRACE_SECONDS):
        return None
    return down


def explains(service: ServiceState, began: float) -> bool:
    """Tell whether all that failed since then failed in a downtime.

    It began at some moment after the platform was last read as without one.
    """
    down = overlapped(service, began)
    if down is None or (down.after is not None and began < down.after):
        return False
    return down.ended_at is None or _failed_at(service) < down.ended_at + GRACE_SECONDS


def _failed_at(service: ServiceState) -> float:
    """Return when a signal of it was last bad, or slow (0: never)."""
    return max((max(check.last_bad_at or 0.0, check.last_slow_at) for check in service.checks.values()), default=0.0)
