"""Latency of a route: percentiles over a rolling window against an objective and against its own baseline.

A failed request is judged as a probe (see probes); only answers have a latency. The baseline is a slow average
of one-minute p95s taken while nothing was over its limit. Percentiles: nearest rank.
"""

from math import ceil, inf
from typing import TYPE_CHECKING, Any

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
LEARN_SECONDS = 60.0
Samples = tuple[tuple[float, float], ...]
QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


def quantile(values: list[float], share: float) -> float:
    """Return the nearest-rank percentile of a non-empty list."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def observe(check: Check, event: Observed, signal: SignalPolicy, limits: Detection) -> dict[str, Any]:
    """Return what one probe changes: by its outcome, and by its latency if it answered."""
    outcome = probes.observe(check, event, signal, limits)
    if event.latency_seconds is None or outcome["run_probes"] > 0:
        return outcome
    oldest = event.at - signal.window_seconds
    kept = [item for item in check.samples if item[0] > oldest][-SAMPLES_MAX + 1 :]
    samples = (*kept, (event.at, event.latency_seconds))
    if not _over(check, samples, signal, limits):
        return {**outcome, "samples": samples, "over_since": None, **learn(check, samples, event.at)}
    since = check.over_since if check.over_since is not None else event.at
    return {**outcome, "samples": samples, "over_since": since}


def learn(check: Check, samples: Samples, at: float) -> dict[str, Any]:
    """Let the minute's p95 move the baseline."""
    if at - check.baseline_at < LEARN_SECONDS:
        return {}
    newest = quantile([seconds for _, seconds in samples], 0.95)
    old = check.baseline_seconds
    return {
        "baseline_seconds": newest if old is None else old + BASELINE_WEIGHT * (newest - old),
        "baseline_minutes": check.baseline_minutes + 1,
        "baseline_at": at,
    }


def bounds(check: Check, signal: SignalPolicy) -> dict[str, tuple[float, str]]:
    """Return percentile -> (limit in seconds, where it comes from); the tighter of objective and baseline."""
    found = {name: (seconds, "objective") for name, seconds in signal.limits_seconds.items()}
    learnt = _learnt(check)
    if signal.times_baseline and learnt:
        relative = learnt * signal.times_baseline
        if "p95" not in found or relative < found["p95"][0]:
            found["p95"] = (relative, f"{signal.times_baseline:g} x baseline {_ms(learnt)}")
    return found


def lowest_bound(check: Check, signal: SignalPolicy) -> float:
    """Return the lowest of the bounds in seconds; infinite if there is none."""
    limits = list(signal.limits_seconds.values())
    learnt = _learnt(check)
    if signal.times_baseline and learnt:
        limits.append(learnt * signal.times_baseline)
    return min(limits, default=inf)


def _learnt(check: Check) -> float | None:
    """Return the baseline, once enough minutes made it."""
    return check.baseline_seconds if check.baseline_minutes >= BASELINE_MINUTES_MIN else None


def _over(check: Check, samples: Samples, signal: SignalPolicy, limits: Detection) -> str:
    """Return the arithmetic of a percentile over its limit, still fed by a fresh slow answer; else nothing."""
    values = [seconds for _, seconds in samples]
    if max(values) <= lowest_bound(check, signal):
        return ""  # nothing is, so no percentile is: most readings end here, and sort nothing
    for name, (limit, source) in bounds(check, signal).items():
        measured = quantile(values, QUANTILES[name])
        fresh = any(seconds > limit for at, seconds in samples if at >= samples[-1][0] - limits.fresh_seconds)
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
    hold = given.limits.latency_hold_seconds
    if lasted < hold:
        return None
    since = [seconds for at, seconds in check.samples if at >= check.over_since]
    if len(since) < given.limits.latency_samples_min:
        return None
    if given.now - measured_at > given.limits.fresh_seconds:
        return None
    over = _over(check, check.samples, given.signal, given.limits)
    if not over:
        return None
    limit = lowest_bound(check, given.signal)
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
