"""Latency of a route: percentiles over a rolling window against an objective and against its own baseline.

A failed request is judged as a probe (see probes); only answers have a latency. The baselines are slow averages
(of 100 minutes; of all, while there are fewer) of each minute's p50 and p95, taken while nothing was over its limit:
the p95 of a dozen samples is their slowest, and only the median shows that everything became slower. Percentiles:
nearest rank.
"""

from math import ceil, inf
from typing import TYPE_CHECKING, Any

from watchdog.core.detect import baseline, probes
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Finding
from watchdog.domain.events import Observed
from watchdog.domain.policy import Detection, SignalPolicy
from watchdog.domain.units import show_seconds

if TYPE_CHECKING:
    from watchdog.core.detect import Conditions

SAMPLES_MAX = 512
SAMPLES_MIN = 20
WINDOWS_MAX = 3
BASELINE_MINUTES_MIN = 10
BASELINE_WEIGHT_MIN = 0.01
HEALED_MAX_SECONDS = 900.0
"""A slow time that lasted longer is not one of those that come and go: it does not teach patience."""
HEALED_MARGIN = 1.2
HOLD_FACTOR_MAX = 3.0
HOLD_FACTOR_NEW = 2.0
"""While too little is known of it for a baseline: who cannot tell what is usual waits longer."""
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
    samples = window((*check.samples, (event.at, event.latency_seconds)), signal)
    if _over(check, samples, signal, limits)[0]:
        since = check.over_since if check.over_since is not None else event.at
        return {**outcome, "samples": samples, "over_since": since, "last_slow_at": event.at}
    return {**outcome, "samples": samples, "over_since": None, **learn(check, samples, event.at)}


def window(samples: Samples, signal: SignalPolicy) -> Samples:
    """Return those of the window, or the last 20 if it holds fewer: the p95 of a dozen is their slowest."""
    newest = samples[-1][0]
    oldest = newest - signal.window_seconds
    kept = [item for item in samples[-SAMPLES_MAX:] if item[0] > oldest]
    if len(kept) < SAMPLES_MIN:
        oldest = newest - WINDOWS_MAX * signal.window_seconds
        kept = [item for item in samples[-SAMPLES_MIN:] if item[0] > oldest]
    return tuple(kept)


def learnt(check: Check, given: "Conditions") -> dict[str, Any]:
    """Return what its time over a limit teaches, which just ended by itself: how long such times last.

    Also if a human was told of it: a job that makes it slow every hour must not wake one every hour.
    """
    if check.over_since is None or check.troubled_since is not None:
        return {}
    lasted = check.samples[-1][0] - check.over_since
    if lasted > HEALED_MAX_SECONDS or lasted <= healed_seconds(check, given.now):
        return {}
    return {"slow_healed_seconds": lasted, "slow_healed_at": given.now}


def healed_seconds(check: Check, now: float) -> float:
    """Return the longest time over a limit that ended by itself (seconds), fading as that of failures does."""
    return check.slow_healed_seconds * baseline.fading(now - check.slow_healed_at)


def learn(check: Check, samples: Samples, at: float) -> dict[str, Any]:
    """Let the minute's percentiles move the baselines."""
    if at - check.baseline_at < LEARN_SECONDS:
        return {}
    values = [seconds for _, seconds in samples]
    minutes = check.baseline_minutes if check.baseline_p50_seconds is not None else 0  # an older version knew none
    weight = max(1.0 / (minutes + 1), BASELINE_WEIGHT_MIN)
    return {
        "baseline_p50_seconds": _moved(check.baseline_p50_seconds, quantile(values, 0.50), weight),
        "baseline_p95_seconds": _moved(check.baseline_p95_seconds, quantile(values, 0.95), weight),
        "baseline_minutes": minutes + 1,
        "baseline_at": at,
    }


def _moved(old: float | None, newest: float, weight: float) -> float:
    return newest if old is None else old + weight * (newest - old)


def bounds(check: Check, signal: SignalPolicy) -> dict[str, tuple[float, str]]:
    """Return percentile -> (limit in seconds, where it comes from); the tighter of objective and baseline."""
    found = {name: (seconds, "objective") for name, seconds in signal.limits_seconds.items()}
    for name, learned in _baselines(check).items():
        relative = learned * (signal.times_baseline or inf)
        if relative < found.get(name, (inf, ""))[0]:
            found[name] = (relative, f"{signal.times_baseline:g} x baseline {_ms(learned)}")
    return found


def lowest_bound(check: Check, signal: SignalPolicy) -> float:
    """Return the lowest of the bounds in seconds; infinite if there is none."""
    limits = [*signal.limits_seconds.values()]
    if signal.times_baseline:
        limits += [learned * signal.times_baseline for learned in _baselines(check).values()]
    return min(limits, default=inf)


def _baselines(check: Check) -> dict[str, float]:
    """Return percentile -> its usual value in seconds, once enough minutes made it."""
    p50, p95 = check.baseline_p50_seconds, check.baseline_p95_seconds
    if p50 is None or p95 is None or check.baseline_minutes < BASELINE_MINUTES_MIN:
        return {}
    return {"p50": p50, "p95": p95}


def _over(check: Check, samples: Samples, signal: SignalPolicy, limits: Detection) -> tuple[str, str]:
    """Return a percentile over its limit, still fed by a fresh slow answer, and the source of the limit, or nothing."""
    values = [seconds for _, seconds in samples]
    if max(values) <= lowest_bound(check, signal):
        return "", ""  # nothing is, so no percentile is: most readings end here, and sort nothing
    for name, (limit, source) in bounds(check, signal).items():
        measured = quantile(values, QUANTILES[name])
        fresh = any(seconds > limit for at, seconds in samples if at >= samples[-1][0] - limits.fresh_seconds)
        if measured > limit and fresh:
            return f"{name} {_ms(measured)} > {_ms(limit)}", source
    return "", ""


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def hold_seconds(check: Check, given: "Conditions") -> float:
    """Return how long it must stay over its limit: longer than slow times that pass do."""
    configured = given.limits.latency_hold_seconds
    least = configured if _baselines(check) else HOLD_FACTOR_NEW * configured
    return max(least, min(HEALED_MARGIN * healed_seconds(check, given.now), HOLD_FACTOR_MAX * configured))


def learnt_words(check: Check, given: "Conditions") -> str:
    """Return why it must stay over its limit for longer than usual, or nothing."""
    hold, configured = hold_seconds(check, given), given.limits.latency_hold_seconds
    if hold <= configured:
        return ""
    if hold == HOLD_FACTOR_NEW * configured and not _baselines(check):
        return f", {HOLD_FACTOR_NEW:g} x {show_seconds(configured)} for want of a baseline"
    return f", as its slow times last up to {show_seconds(healed_seconds(check, given.now))}"


def find(check: Check, given: "Conditions") -> Finding | None:
    """Return a percentile that stayed over its limit long enough, or a confirmed failure."""
    failing = probes.find(check, given)
    if failing is not None or check.over_since is None:
        return failing
    measured_at = check.samples[-1][0]
    lasted = measured_at - check.over_since
    hold = hold_seconds(check, given)
    if lasted < hold:
        return None
    since = [seconds for at, seconds in check.samples if at >= check.over_since]
    if len(since) < given.limits.latency_samples_min:
        return None
    if given.now - measured_at > given.limits.fresh_seconds:
        return None
    over, source = _over(check, check.samples, given.signal, given.limits)
    if not over:
        return None
    limit = lowest_bound(check, given.signal)
    slow = sum(seconds > limit for seconds in since) / len(since)
    borne = f"limit {show_seconds(hold)}{learnt_words(check, given)}"
    text = f"{over} ({source}) for {show_seconds(lasted)} ({borne}), {len(since)} samples"
    onset_at = probes.began(check.over_since, check.troubled_since)
    return Finding(check.name, check.kind, "latency", onset_at, slow, text, "slow", symptom=over)


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
