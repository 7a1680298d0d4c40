"""What is usual for one check, learned from itself: how long its blips and restarts last, how many of its probes fail.

Rule 1: what was confirmed was an outage, however it ended: it teaches nothing, unless it was a deploy's own restart
(core/fold/lessons.py); nor does what we saw only a part of.
Rule 2: what a fresh deploy brings is not usual: failures count only after half an hour.
Rule 3: what is learned makes us slower, never wilder, and only within bounds: patience must not teach itself patience.
"""

from typing import TYPE_CHECKING, Any

from watchdog.domain.checks import Check
from watchdog.domain.policy import Detection, SignalPolicy

if TYPE_CHECKING:
    from watchdog.core.detect import Conditions

MARGIN = 1.1
FACTOR_MAX = 1.25
"""The run limit becomes longer by a quarter at most."""
HALF_LIFE_SECONDS = 30 * 86400.0
RESTARTS_KEPT_SECONDS = 60 * 86400.0
"""A restart that is felt may come once a month: its lesson fades only after two."""
SETTLES_SECONDS = 1800.0
STRAYS_SECONDS = 7 * 86400.0
STRAYS_MAX = 64
ASSUMED_PROBES = 250.0
"""So many probes of its own weigh as much as the assumed share of failures."""
RATE_MAX = 0.05
P1_MAX = 0.5
P1_TIMES = 10.0


def learnt(check: Check, given: "Conditions") -> dict[str, Any]:
    """Return what its run of failures teaches, which just ended by itself and was never confirmed."""
    if check.run_started_at is None or check.last_bad_at is None or check.failing_since != check.run_started_at:
        return {}
    if check.unseen_seconds:
        return {}
    lasted = check.last_bad_at - check.run_started_at
    failed = min(check.run_probes, given.limits.cusum_failures_per_run)
    oldest = given.now - STRAYS_SECONDS
    strays = [item for item in check.strays if item[0] > oldest][-STRAYS_MAX + 1 :]
    found: dict[str, Any] = {"strays": (*strays, (check.run_started_at, failed))}
    if lasted > blip_seconds(check, given.now):
        found |= {"healed_seconds": lasted, "healed_at": given.now}
    return found


def blip_seconds(check: Check, now: float) -> float:
    """Return the longest run that ended by itself (seconds); what was seen long ago counts less and less."""
    return check.healed_seconds * fading(now - check.healed_at)


def fading(age_seconds: float) -> float:
    """Return what is left (0 to 1) of something learnt so long ago."""
    return float(0.5 ** (max(0.0, age_seconds) / HALF_LIFE_SECONDS))


def limit_above_blips(check: Check, now: float, seconds: float) -> float:
    """Return the limit for runs, longer if its blips are."""
    return max(seconds, min(MARGIN * blip_seconds(check, now), FACTOR_MAX * seconds))


def restarted(check: Check, lasted_seconds: float, now: float) -> dict[str, Any]:
    """Return what a restart teaches that was felt for so long: the longest counts, kept fresh by others like it."""
    known = restart_seconds(check, now)
    if MARGIN * lasted_seconds < known:
        return {}
    return {"restart_seconds": max(lasted_seconds, known), "restart_at": now}


def restart_seconds(check: Check, now: float) -> float:
    """Return the longest restart that was felt (seconds)."""
    return check.restart_seconds * fading(now - check.restart_at - RESTARTS_KEPT_SECONDS)


def limit_above_restarts(check: Check, now: float, seconds: float, longest_seconds: float) -> float:
    """Return the limit for runs that began as a deploy took traffic, longer if its restarts are."""
    return max(seconds, min(MARGIN * restart_seconds(check, now), longest_seconds))


def rates(check: Check, at: float, signal: SignalPolicy, limits: Detection) -> tuple[float, float]:
    """Return the CUSUM's p0 and p1: the share of its probes that usually fails (0 to 1), and that of an incident.

    p0 is the posterior mean of a beta distribution; p1 is ten times that, at least the limit's own (facts: section 6).
    """
    until = at - SETTLES_SECONDS
    since = max(check.watched_from, at - STRAYS_SECONDS)
    if len(check.strays) == STRAYS_MAX:
        since = max(since, check.strays[0][0])
    failed = sum([count for began, count in check.strays if since <= began <= until])
    probes = max(0.0, until - since) / signal.every_seconds
    mean = (limits.cusum_p0 * ASSUMED_PROBES + failed) / (ASSUMED_PROBES + probes)
    p0 = min(max(limits.cusum_p0, mean), RATE_MAX)
    return p0, max(limits.cusum_p1, min(P1_TIMES * p0, P1_MAX))
