"""The baseline of one check, learned from itself: how long its blips and restarts last, how many of its probes fail.

Rule 1: a confirmed run was an outage, however it ended: it teaches nothing, unless it was a deploy's own restart, or
ended by itself within the longest limit (core/fold/lessons.py). A run that was observed only in part teaches nothing.
Rule 2: failures after a fresh deploy are not usual: they count only after half an hour.
Rule 3: learning makes detection slower, never quicker, and only within bounds: patience must not teach more patience.
"""

from typing import TYPE_CHECKING, Any

from watchdog.domain.checks import Check
from watchdog.domain.policy import Detection, SignalPolicy

if TYPE_CHECKING:
    from watchdog.core.detect import Conditions

# Above the longest blip so far: the next one may last a little longer, and must not confirm either.
MARGIN = 1.1
FACTOR_MAX = 1.25
"""The learned limit is at most a quarter longer than the configured one."""
FACTOR_MAX_IN_WATCH = 1.6
"""In the watch window of a deploy, above short outages that ended by themselves: with one a year, a service that
spends a tenth of its time in watch windows would have a needless rollback in ten years, twice what is allowed."""
HALF_LIFE_SECONDS = 30 * 86400.0
RARE_KEPT_SECONDS = 60 * 86400.0
"""A restart that is noticed, or a short outage, may come once a month: its lesson fades only after two."""
SETTLES_SECONDS = 1800.0
STRAYS_SECONDS = 7 * 86400.0
STRAYS_MAX = 64
ASSUMED_PROBES = 250.0
"""The assumed share of failures weighs as much as this many probes of the check."""
RATE_MAX = 0.05
P1_MAX = 0.5
P1_TIMES = 10.0


def learnt(check: Check, given: "Conditions") -> dict[str, Any]:
    """Return the changed fields after a run of failures that ended by itself and was never confirmed."""
    # `failing_since` differs where readings were missing within the failures: their true length is unknown.
    if check.run_started_at is None or check.last_bad_at is None or check.failing_since != check.run_started_at:
        return {}
    if check.unseen_seconds:
        return {}
    lasted = check.last_bad_at - check.run_started_at
    # Capped as the CUSUM caps it: one long blip must not pass for a high share of failing probes.
    failed = min(check.run_probes, given.limits.cusum_failures_per_run)
    oldest = given.now - STRAYS_SECONDS
    strays = [item for item in check.strays if item[0] > oldest][-STRAYS_MAX + 1 :]
    found: dict[str, Any] = {"strays": (*strays, (check.run_started_at, failed))}
    if lasted > blip_seconds(check, given.now):
        found |= {"healed_seconds": lasted, "healed_at": given.now}
    return found


def blip_seconds(check: Check, now: float) -> float:
    """Return the longest run that ended by itself (seconds), halved with each HALF_LIFE_SECONDS of its age."""
    return check.healed_seconds * fading(now - check.healed_at)


def fading(age_seconds: float) -> float:
    """Return the weight (0 to 1) of a lesson of this age."""
    return float(0.5 ** (max(0.0, age_seconds) / HALF_LIFE_SECONDS))


def limit_above_blips(check: Check, now: float, seconds: float, plain_seconds: float) -> float:
    """Return the limit for runs of failures, raised above the check's own blips; the bound is of the plain limit."""
    return max(seconds, min(MARGIN * blip_seconds(check, now), FACTOR_MAX * plain_seconds))


def longest_in_watch_seconds(limits: Detection) -> float:
    """Return the longest limit in a watch window that short outages may teach."""
    return FACTOR_MAX_IN_WATCH * limits.run_seconds_in_watch


def outlasted(check: Check, lasted_seconds: float, limits: Detection, now: float) -> dict[str, Any]:
    """Return the changed fields after a short outage that ended by itself: the next one, soon after a deploy, would be
    rolled back for nothing. One that outlasts the longest limit teaches nothing, as no patience would spare it.
    """
    known = outage_seconds(check, now)
    if MARGIN * lasted_seconds < known or lasted_seconds > longest_in_watch_seconds(limits):
        return {}
    return {"outage_seconds": max(lasted_seconds, known), "outage_at": now}


def outage_seconds(check: Check, now: float) -> float:
    """Return the longest short outage that ended by itself (seconds), faded by its age."""
    return check.outage_seconds * fading(now - check.outage_at - RARE_KEPT_SECONDS)


def limit_above_outages(check: Check, now: float, seconds: float, limits: Detection) -> float:
    """Return the limit in a watch window, raised above the check's own short outages."""
    return max(seconds, min(MARGIN * outage_seconds(check, now), longest_in_watch_seconds(limits)))


def restarted(check: Check, lasted_seconds: float, now: float) -> dict[str, Any]:
    """Return the changed fields after a restart that was noticed for so long: the longest counts, kept fresh by
    others of about its length.
    """
    known = restart_seconds(check, now)
    # A much shorter restart neither raises the lesson nor keeps it fresh.
    if MARGIN * lasted_seconds < known:
        return {}
    return {"restart_seconds": max(lasted_seconds, known), "restart_at": now}


def restart_seconds(check: Check, now: float) -> float:
    """Return the longest noticed restart (seconds), faded by its age."""
    return check.restart_seconds * fading(now - check.restart_at - RARE_KEPT_SECONDS)


def limit_above_restarts(check: Check, now: float, seconds: float, longest_seconds: float) -> float:
    """Return the limit for runs that began as a deploy took traffic, raised above the check's own restarts."""
    return max(seconds, min(MARGIN * restart_seconds(check, now), longest_seconds))


def rates(check: Check, at: float, signal: SignalPolicy, limits: Detection) -> tuple[float, float]:
    """Return the CUSUM's p0 and p1: the share (0 to 1) of the probes that usually fails, and that of an incident.

    p0 is the posterior mean of a beta distribution; p1 is ten times that, at least the limit's own (facts: section 6).
    """
    # Recent failures may belong to an outage that begins now; they must not raise p0 and hide it.
    until = at - SETTLES_SECONDS
    since = max(check.watched_from, at - STRAYS_SECONDS)
    # The list is full, so it reaches back only to its oldest entry; the probes before that must not count either.
    if len(check.strays) == STRAYS_MAX:
        since = max(since, check.strays[0][0])
    failed = sum([count for began, count in check.strays if since <= began <= until])
    probes = max(0.0, until - since) / signal.every_seconds
    mean = (limits.cusum_p0 * ASSUMED_PROBES + failed) / (ASSUMED_PROBES + probes)
    p0 = min(max(limits.cusum_p0, mean), RATE_MAX)
    return p0, max(limits.cusum_p1, min(P1_TIMES * p0, P1_MAX))
