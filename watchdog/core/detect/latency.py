"""Latency of a route: percentiles over a rolling window against an objective and against its own baseline.

A failed request is judged as a probe (see probes); only answers have a latency. The baseline is a slow average
of one-minute p95s taken while nothing was over its limit. Percentiles: nearest rank.
"""

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from watchdog.core.detect import probes
from watchdog.domain.events import Observed
from watchdog.domain.incidents import Check, Finding
from watchdog.domain.policy import Detection, SignalPolicy
from watchdog.domain.units import show_seconds

if TYPE_CHECKING:
    from watchdog.core.detect import Conditions

SAMPLES_MAX = 512
BASELINE_MINUTES_MIN = 10
BASELINE_WEIGHT = 0.1
QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


def quantile(values: list[float], share: float) -> float:
    """Return the nearest-rank percentile of a non-empty list."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def observe(check: Check, event: Observed, signal: SignalPolicy, limits: Detection) -> Check:
    """Fold one probe in: its outcome, and its latency if it answered."""
    check = probes.observe(check, event, signal, limits)
    if event.latency_seconds is None or check.run_probes > 0:
        return check
    kept = tuple(item for item in check.samples if item[0] > event.at - signal.window_seconds)[-SAMPLES_MAX + 1 :]
    check = replace(check, samples=(*kept, (event.at, event.latency_seconds)))
    over = _over(check, signal, event.at, limits)
    if not over:
        return _learn(replace(check, over_since=None), event.at)
    return replace(check, over_since=check.over_since if check.over_since is not None else event.at)


def _learn(check: Check, at: float) -> Check:
    """Let the minute's p95 move the baseline."""
    if at - check.baseline_at < 60 or not check.samples:
        return check
    newest = quantile([seconds for _, seconds in check.samples], 0.95)
    old = check.baseline_seconds
    return replace(
        check,
        baseline_seconds=newest if old is None else old + BASELINE_WEIGHT * (newest - old),
        baseline_minutes=check.baseline_minutes + 1,
        baseline_at=at,
    )


def bounds(check: Check, signal: SignalPolicy) -> dict[str, tuple[float, str]]:
    """Return percentile -> (limit in seconds, where it comes from); the tighter of objective and baseline."""
    found = {name: (seconds, "objective") for name, seconds in signal.limits_seconds.items()}
    if signal.times_baseline and check.baseline_seconds and check.baseline_minutes >= BASELINE_MINUTES_MIN:
        relative = check.baseline_seconds * signal.times_baseline
        if "p95" not in found or relative < found["p95"][0]:
            found["p95"] = (relative, f"{signal.times_baseline:g} x baseline {_ms(check.baseline_seconds)}")
    return found


def _over(check: Check, signal: SignalPolicy, now: float, limits: Detection) -> str:
    """Return the arithmetic of a percentile over its limit, still fed by a fresh slow answer; else nothing."""
    values = [seconds for _, seconds in check.samples]
    for name, (limit, source) in bounds(check, signal).items():
        measured = quantile(values, QUANTILES[name])
        fresh = any(seconds > limit for at, seconds in check.samples if at >= now - limits.fresh_seconds)
        if measured > limit and fresh:
            return f"{name} {_ms(measured)} > {_ms(limit)} ({source})"
    return ""


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def find(check: Check, given: "Conditions") -> Finding | None:
    """Return a percentile that stayed over its limit long enough, or a confirmed failure."""
    failing = probes.find(check, given)
    if failing is not None or check.over_since is None:
        return failing
    measured_at = check.samples[-1][0]
    lasted = measured_at - check.over_since
    since = [seconds for at, seconds in check.samples if at >= check.over_since]
    hold = given.limits.latency_hold_seconds
    if lasted < hold or len(since) < given.limits.latency_samples_min:
        return None
    if given.now - measured_at > given.limits.fresh_seconds:
        return None
    over = _over(check, given.signal, measured_at, given.limits)
    if not over:
        return None
    limit = min(seconds for seconds, _ in bounds(check, given.signal).values())
    slow = sum(seconds > limit for seconds in since) / len(since)
    text = f"{over} for {show_seconds(lasted)} (limit {show_seconds(hold)}), {len(since)} samples"
    onset_at = probes.began(check.over_since, check.troubled_since)
    return Finding(check.name, check.kind, "latency", onset_at, slow, text, "slow")


def suspicious(check: Check, given: "Conditions") -> bool:
    """Over its limit, or failing."""
    return check.over_since is not None or probes.suspicious(check, given)


def failing(check: Check, given: "Conditions") -> bool:
    """It was over its limit, or failed, a moment ago."""
    slow = check.over_since is not None and given.now - check.samples[-1][0] <= given.limits.fresh_seconds
    return slow or probes.failing(check, given)


def calm(check: Check, given: "Conditions") -> bool:
    """Neither over its limit nor failing."""
    return check.over_since is None and probes.calm(check, given)
