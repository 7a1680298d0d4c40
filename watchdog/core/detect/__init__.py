"""Detection: from single readings to a confirmed anomaly. One file per method, all pure.

Rule 1: a detector never sees more than its own check and the policy.
Rule 2: an Unknown reading changes no statistic: no data is neither good nor bad. So each check keeps when it was last
evidence (`seen_at`): what failed is over only by evidence of now (`is_seen`).
Rule 3: a finding carries its arithmetic in words.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from watchdog.core.detect import (
    baseline,
    crashes,
    error_counts,
    intermittent,
    latency,
    probes,
    slower_than_usual,
    turned_away,
)
from watchdog.domain.checks import Check, Spells
from watchdog.domain.decisions import Finding
from watchdog.domain.events import Observed
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.policy import Detection, SignalPolicy
from watchdog.domain.readings import OWN_ANSWER, Bad, Unknown


class Conditions(NamedTuple):
    """The conditions a detector may use beside its check: the time, the limits, and whether a deploy is fresh.

    `blip_share`: the share (0 to 1) of blips of a healthy service that come with all the signals which agree with this
    run of failures (see corroboration). `restarting`: that run began as a deploy took traffic. `unanswered`: the live
    deploy has not answered any probe since it took over, so it may still be starting.

    A tuple, and no dataclass: several are made for each reading, and a tuple takes half the time.
    """

    now: float
    signal: SignalPolicy
    limits: Detection
    in_watch: bool = False
    blip_share: float = 1.0
    restarting: bool = False
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class Method:
    """The detector of one kind of signal; `observe` returns the fields of the check that one reading changes."""

    observe: Callable[[Check, Observed, SignalPolicy, Detection], dict[str, Any]]
    find: Callable[..., Finding | None]
    suspicious: Callable[..., bool]
    calm: Callable[..., bool]
    failing: Callable[..., bool]


METHODS: dict[str, Method] = {
    "http": Method(latency.observe, latency.find, latency.suspicious, latency.calm, latency.failing),
    "latency": Method(latency.observe, latency.find, latency.suspicious, latency.calm, latency.failing),
    "sentry": Method(
        error_counts.observe, error_counts.find, error_counts.suspicious, error_counts.calm, error_counts.suspicious
    ),
    "render_events": Method(crashes.observe, crashes.find, crashes.suspicious, crashes.calm, crashes.suspicious),
}


def observe(check: Check, event: Observed, signal: SignalPolicy, limits: Detection) -> Check:
    """Return the check with this reading folded in; an Unknown one changes only the last reading (rule 2)."""
    reading = event.reading
    if isinstance(reading, Unknown):
        return fast_replace(check, last=reading, last_at=event.at)
    seen = METHODS[signal.kind].observe(check, event, signal, limits)
    # A timeout that began before the last failure is the older one, and must not set the length of a run back.
    if isinstance(reading, Bad) and event.at >= (check.last_bad_at or 0.0):
        seen |= {"last_bad_at": event.at, "last_why": reading.why, "last_kind": reading.kind.value}
    if isinstance(reading, Bad) and reading.kind in OWN_ANSWER:
        seen["own_error_at"] = max(event.at, check.own_error_at)
    return fast_replace(check, last=reading, last_at=event.at, seen_at=event.at, **seen)


def learn(before: Check, after: Check, given: Conditions, *, in_incident: bool) -> Check:
    """Return the check with the lesson of a blip or a slow time that has just ended by itself."""
    # A confirmed run, or one in an incident, was an outage. Learned as a blip, it would lengthen every later limit.
    if before.run_probes > 0 and after.run_probes == 0 and not in_incident and not probes.confirmed(before, given):
        after = fast_replace(after, **baseline.learnt(before, given))
    # Also in an incident: slow times that pass by themselves page now and then, and must not page each hour.
    if before.over_since is not None and after.over_since is None:
        after = fast_replace(after, **latency.learnt(before, given))
    return after


def find(check: Check, given: Conditions) -> Finding | None:
    """Return the confirmed anomaly of this check, or None."""
    # A real failure first: refused probes are no evidence of an outage.
    return METHODS[given.signal.kind].find(check, given) or turned_away.find(check, given)


def at_rest(check: Check) -> bool:
    """Return whether no method can be suspicious of this check, whatever the limits; a quick test for most checks."""
    nothing = check.run_probes == 0 and check.cusum == 0.0 and check.over_since is None and check.turned_since is None
    quick = not check.slow and check.usual.excess == 0.0
    return nothing and quick and not check.crashes and not check.counts and not intermittent.is_suspicious(check.spells)


def suspicious(check: Check, given: Conditions) -> bool:
    """Return whether the check deserves a closer look."""
    turned = check.turned_since is not None and turned_away.find(check, given) is not None
    return turned or METHODS[given.signal.kind].suspicious(check, given)


def calm(check: Check, given: Conditions, for_seconds: float = 0.0) -> bool:
    """Return whether the check is back to normal, and has been for `for_seconds`."""
    # While probes are turned away the check cannot recover: it is not seen at all.
    if check.turned_since is not None or given.now - calm_since(check) < for_seconds:
        return False
    return METHODS[given.signal.kind].calm(check, given)


def calm_since(check: Check) -> float:
    """Return since when the check has had no bad reading (UTC epoch seconds), within unbroken observation."""
    return max(check.last_bad_at or 0.0, check.last_slow_at, check.counts_from, check.interrupted_at)


def seen_at(check: Check) -> float:
    """Return when its last evidence is from (UTC epoch seconds; 0: none yet); a feed's is its newest counted minute."""
    return error_counts.known_until(check) if check.kind == "sentry" else check.seen_at


def is_seen(check: Check, given: Conditions) -> bool:
    """Return whether its evidence is of now: no older than its own pace, or the lateness of a feed, explains."""
    if check.kind == "sentry":
        return given.now - seen_at(check) <= error_counts.STALE_SECONDS
    return given.now - check.seen_at <= probes.gap_seconds(given.signal, given.limits)


def failing(check: Check, given: Conditions) -> bool:
    """Return whether the newest evidence is bad, and fresh enough to act on (invariant I2)."""
    turned = check.turned_since is not None and turned_away.failing(check, given)
    return turned or METHODS[given.signal.kind].failing(check, given)


def settle(check: Check, given: Conditions) -> Check:
    """Return the check; trouble that an interruption cut short ends after the calm time that ends an incident."""
    if check.troubled_since is not None and calm(check, given, given.limits.calm_seconds):
        return fast_replace(check, troubled_since=None)
    return check


def interrupt(check: Check, at: float) -> Check:
    """Return the check with its runs ended: readings may be missing, so no run and no calm is known to be unbroken.

    Sums of slow answers go on, as they need not be unbroken. The begin of the trouble is kept in `troubled_since`: an
    outage does not begin anew with this worker, after a deploy that came in between.
    """
    onsets = [since for since in (check.troubled_since, check.cusum_zero_at, check.over_since) if since is not None]
    ended = fast_replace(
        check,
        run_started_at=None,
        run_probes=0,
        unseen_seconds=0.0,
        good_run=0,
        cusum=0.0,
        cusum_zero_at=None,
        over_since=None,
        objective_since=None,
    )
    return fast_replace(ended, interrupted_at=at, troubled_since=min(onsets, default=None))


def go_on_unseen(check: Check, seconds: float) -> Check:
    """Return the check with its run of failures continued; `seconds` of it are not counted, as no probe ran.

    The CUSUM and times of slowness end as in `interrupt`: every reading counts for them.
    """
    onsets = [since for since in (check.troubled_since, check.cusum_zero_at, check.over_since) if since is not None]
    return fast_replace(
        check,
        unseen_seconds=check.unseen_seconds + seconds,
        cusum=0.0,
        cusum_zero_at=None,
        over_since=None,
        objective_since=None,
        troubled_since=min(onsets, default=None),
    )


def forget(check: Check, at: float, *, spells: bool = True) -> Check:
    """Return the check with its statistics cleared; baselines stay, and readings until now count no longer.

    With `spells=False` the short outages stay counted: an intermittent one does not begin anew with each incident.
    """
    # A new check with the kept fields named: a field that is added later is cleared unless it is named here.
    return Check(
        name=check.name,
        kind=check.kind,
        last=check.last,
        last_at=check.last_at,
        seen_at=check.seen_at,
        usual=slower_than_usual.without_sum(check.usual),
        healed_seconds=check.healed_seconds,
        healed_at=check.healed_at,
        restart_seconds=check.restart_seconds,
        restart_at=check.restart_at,
        outage_seconds=check.outage_seconds,
        outage_at=check.outage_at,
        watched_from=check.watched_from,
        strays=check.strays,
        slow_healed_seconds=check.slow_healed_seconds,
        slow_healed_at=check.slow_healed_at,
        counts=check.counts,
        counts_before=check.counts_before,
        usual_errors=check.usual_errors,
        counts_from=at,
        served=check.served,
        spells=Spells() if spells else check.spells,
    )
