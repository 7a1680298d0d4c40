"""Latency of a route: against its objectives, and against its usual latency at this hour.

A failed request is judged as a probe (see probes); only answers have a latency. Three methods judge them: a percentile
that stays over its objective (here; percentiles: nearest rank), too many slow answers among quick ones
(slow_answers), and all answers somewhat slower than usual (slower_than_usual).
"""

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING, Any

from watchdog.core.detect import baseline, probes, slow_answers, slower_than_usual, usual_by_hour, usual_latency
from watchdog.domain.checks import Check, SlowAnswers, UsualLatency
from watchdog.domain.decisions import Finding
from watchdog.domain.events import Observed
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.policy import Detection, SignalPolicy
from watchdog.domain.readings import Bad
from watchdog.domain.units import show_seconds

if TYPE_CHECKING:
    from watchdog.core.detect import Conditions

SAMPLES_MAX = 512
# Of fewer answers a p95 is the slowest one, and a single slow answer would be over its objective.
SAMPLES_MIN = 20
WINDOWS_MAX = 3
HEALED_MAX_SECONDS = 900.0
"""A slow time longer than this is none of those that pass by themselves: it does not teach patience."""
# A latency that has lasted a day is usual from then on (usual_latency); so is its share of slow answers.
TAIL_USUAL_SECONDS = 86_400.0
HEALED_MARGIN = 1.2
HOLD_FACTOR_MAX = 3.0
HOLD_FACTOR_NEW = 2.0
"""The factor while too little is known of the usual latency."""
Samples = tuple[tuple[float, float], ...]


def quantile(values: list[float], share: float) -> float:
    """Return the nearest-rank percentile of a non-empty list."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def observe(check: Check, event: Observed, signal: SignalPolicy, limits: Detection) -> dict[str, Any]:
    """Return the fields of the check that one probe changes: by its outcome, and by its latency if it answered."""
    outcome = probes.observe(check, event, signal, limits)
    seconds = event.latency_seconds
    # A failed probe may carry a latency (the time until an error 500), which says nothing about normal answers.
    # By the probe itself: of several at once the run may be another's, which this one neither begins nor ends.
    if seconds is None or isinstance(event.reading, Bad):
        return outcome
    if not is_timed(signal):
        # Without a limit (a reload may have removed it) the sums against it are void.
        usual = slower_than_usual.without_sum(check.usual)
        return {**outcome, "over_since": None, "objective_since": None, "slow": (), "usual": usual}
    samples = window((*check.samples, (event.at, seconds)), signal)
    slow = slow_answers.counted(check.slow, check.usual, signal, samples)
    usual = after_answer(check.usual, samples, signal, check.over_since)
    objective_since = None
    if _over(samples, signal, limits):
        objective_since = check.objective_since if check.objective_since is not None else event.at
    since = _slow_since(objective_since, slow, usual, signal)
    changed = {"samples": samples, "slow": slow, "usual": usual, "objective_since": objective_since}
    if since is None:
        return {**outcome, **changed, "over_since": None}
    over_since = check.over_since if check.over_since is not None else since
    return {**outcome, **changed, "over_since": over_since, "last_slow_at": event.at}


def is_timed(signal: SignalPolicy) -> bool:
    """Return whether a limit on the time of answers is configured."""
    return signal.times_baseline is not None or bool(signal.limits_seconds)


def after_answer(usual: UsualLatency, samples: Samples, signal: SignalPolicy, over_since: float | None) -> UsualLatency:
    """Return the usual latency, with one step more if it is due.

    While answers are slow (since `over_since`) nothing is learned, except the share of far slower answers once that
    has lasted a day.
    """
    at = samples[-1][0]
    if signal.times_baseline is None:
        usual = slower_than_usual.without_sum(usual)
    if at < usual.stepped_at:
        # The clock was set back; the steps begin anew from the present time.
        return fast_replace(usual, stepped_at=at)
    if at - usual.stepped_at < slower_than_usual.STEP_SECONDS:
        return usual
    answers = [seconds for sampled_at, seconds in samples if sampled_at > usual.stepped_at]
    if not slower_than_usual.due(usual, len(answers), at, WINDOWS_MAX * signal.window_seconds):
        return usual
    after = slower_than_usual.stepped(usual, samples, signal.times_baseline, well=over_since is None)
    if after.steps == usual.steps and (over_since is None or at - over_since < TAIL_USUAL_SECONDS):
        return after
    return usual_latency.tail_learned(after, slow_answers.far_slower(answers, usual, signal, samples), len(answers))


def _slow_since(
    objective_since: float | None, slow: tuple[SlowAnswers, ...], usual: UsualLatency, signal: SignalPolicy
) -> float | None:
    """Return since when it is slow by one of the three methods, or None."""
    found = [one.since for one in slow if one.confirmed]
    if slower_than_usual.is_confirmed(usual, signal.times_baseline) and usual.excess_since is not None:
        found.append(usual.excess_since)
    if objective_since is not None:
        found.append(objective_since)
    return min(found, default=None)


def window(samples: Samples, signal: SignalPolicy) -> Samples:
    """Return the samples of the window, or the last 20 if it has fewer: a p95 of a dozen is just their slowest."""
    newest = samples[-1][0]
    oldest = newest - signal.window_seconds
    kept = [item for item in samples[-SAMPLES_MAX:] if item[0] > oldest]
    if len(kept) < SAMPLES_MIN:
        oldest = newest - WINDOWS_MAX * signal.window_seconds
        kept = [item for item in samples[-SAMPLES_MIN:] if item[0] > oldest]
    return tuple(kept)


def learnt(check: Check, given: "Conditions") -> dict[str, Any]:
    """Return the changed fields after a slow time that just ended by itself: how long such times last.

    A slow time that paged a human teaches as well: a job that slows the site every hour must not page every hour.
    """
    tail = any(one.confirmed and slow_answers.is_partial(one) for one in check.slow)
    # A tail of slow answers among quick ones does not pass as a job does, so its length is no measure of patience.
    if check.over_since is None or check.troubled_since is not None or tail:
        return {}
    lasted, longest = check.samples[-1][0] - check.over_since, healed_seconds(check, given.now)
    # A shorter one that the usual latency does not explain shows that an old lesson, which it does, still holds.
    renews = usual_by_hour.is_known(check.usual) and _is_explained(check)
    if lasted > HEALED_MAX_SECONDS or (lasted <= longest and not renews):
        return {}
    return {"slow_healed_seconds": max(lasted, longest), "slow_healed_at": given.now}


def healed_seconds(check: Check, now: float) -> float:
    """Return the longest slow time that ended by itself (seconds), faded as the one of failures."""
    return check.slow_healed_seconds * baseline.fading(now - check.slow_healed_at)


def _is_explained(check: Check) -> bool:
    """Return whether its slow times passed before any hour had a history: of a job, that has become usual since."""
    hours = usual_by_hour.DAYS_MIN * usual_by_hour.DAY_HOURS
    return check.slow_healed_at < check.watched_from + hours * usual_by_hour.HOUR_SECONDS


def _over(samples: Samples, signal: SignalPolicy, limits: Detection) -> str:
    """Return the percentile that is over its objective, with a slow answer that is fresh; else ""."""
    if not signal.limits_seconds:
        return ""
    values = [seconds for _, seconds in samples]
    # No answer is over a limit, so no percentile is. Most readings end here, without sorting.
    if max(values) <= min(signal.limits_seconds.values()):
        return ""
    for name, limit in signal.limits_seconds.items():
        measured = quantile(values, slow_answers.QUANTILES[name])
        # Without a fresh one the percentile is only held up by old samples: the slowness has ended.
        fresh = any(seconds > limit for at, seconds in samples if at >= samples[-1][0] - limits.fresh_seconds)
        if measured > limit and fresh:
            return f"{name} {_ms(measured)} > {_ms(limit)}"
    return ""


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def hold_seconds(check: Check, given: "Conditions") -> float:
    """Return how long answers must be too slow: longer than slow times that pass by themselves."""
    configured = given.limits.latency_hold_seconds
    least = configured if _is_known(check) else HOLD_FACTOR_NEW * configured
    return max(least, patience_seconds(check, given))


def patience_seconds(check: Check, given: "Conditions") -> float:
    """Return the minimum duration of a slowness: that of slow times which passed by themselves, with a margin."""
    return min(HEALED_MARGIN * healed_seconds(check, given.now), HOLD_FACTOR_MAX * given.limits.latency_hold_seconds)


def _patience_beyond_usual(check: Check, given: "Conditions") -> float:
    # With the lesson of a job's first run, a release in any other hour would be found as late as that job ends.
    return 0.0 if _is_explained(check) else patience_seconds(check, given)


def _is_known(check: Check) -> bool:
    return check.usual.steps >= slower_than_usual.STEPS_MIN


def learnt_words(check: Check, given: "Conditions") -> str:
    """Return why the slowness must last longer than configured, or ""."""
    hold, configured = hold_seconds(check, given), given.limits.latency_hold_seconds
    if hold <= configured:
        return ""
    if hold == HOLD_FACTOR_NEW * configured and not _is_known(check):
        return f", {HOLD_FACTOR_NEW:g} x {show_seconds(configured)} for want of a baseline"
    return f", as its slow times last up to {show_seconds(healed_seconds(check, given.now))}"


def find(check: Check, given: "Conditions") -> Finding | None:
    """Return a confirmed failure, or a slowness that has lasted long enough by one of the three methods."""
    # Failures first: a site that does not answer at all has an outage, and no latency.
    failing = probes.find(check, given)
    if failing is not None or check.over_since is None:
        return failing
    # Old answers confirm nothing: the route may have become quick since.
    if given.now - check.samples[-1][0] > given.limits.fresh_seconds:
        return None
    # The user's own objective first: its reason needs no statistics to be understood.
    return _find_objective(check, given) or _find_slow_answers(check, given) or _find_unusual(check, given)


def _find_objective(check: Check, given: "Conditions") -> Finding | None:
    if check.objective_since is None:
        return None
    over = _over(check.samples, given.signal, given.limits)
    since = [seconds for at, seconds in check.samples if at >= check.objective_since]
    lasted, hold = check.samples[-1][0] - check.objective_since, hold_seconds(check, given)
    if not over or lasted < hold or len(since) < given.limits.latency_samples_min:
        return None
    limit = min(given.signal.limits_seconds.values())
    slow = sum(seconds > limit for seconds in since) / len(since)
    borne = f"limit {show_seconds(hold)}{learnt_words(check, given)}"
    text = f"{over} (objective) for {show_seconds(lasted)} ({borne}), {len(since)} samples"
    return _finding(check, check.objective_since, slow, text, over)


def _find_slow_answers(check: Check, given: "Conditions") -> Finding | None:
    sums = slow_answers.confirmed(check.slow, check.usual, given.signal)
    if sums is None:
        return None
    one, limit = sums
    since = slow_answers.began(one, limit)
    lasted = check.samples[-1][0] - since
    if lasted < hold_seconds(check, given) or one.answers < given.limits.latency_samples_min:
        return None
    text = slow_answers.describe(one, limit, check.usual, check.samples[-1][0] - one.since)
    symptom = slow_answers.symptom(one, limit, check.usual)
    found = _finding(check, since, one.slow / one.answers, text, symptom)
    return replace(found, unseen_seconds=lasted / 2)


def _find_unusual(check: Check, given: "Conditions") -> Finding | None:
    usual, times = check.usual, given.signal.times_baseline
    if times is None or usual.excess_since is None or not slower_than_usual.is_confirmed(usual, times):
        return None
    lasted = check.samples[-1][0] - usual.excess_since
    # Without a history of this hour it may be a job that runs every half hour: then the longer hold applies.
    known = usual_by_hour.is_known(usual)
    hold = _patience_beyond_usual(check, given) if known else hold_seconds(check, given)
    if lasted < hold or not slower_than_usual.is_high(usual, times):
        return None
    text = slower_than_usual.describe(usual, times, lasted)
    found = _finding(check, usual.excess_since, 1.0, text, slower_than_usual.symptom(usual))
    return replace(found, unseen_seconds=lasted / 2 + slower_than_usual.STEP_SECONDS)


def _finding(check: Check, since: float, share: float, text: str, symptom: str) -> Finding:
    onset_at = probes.began(since, check.troubled_since)
    return Finding(check.name, check.kind, "latency", onset_at, share, text, "slow", symptom=symptom)


def suspicious(check: Check, given: "Conditions") -> bool:
    """Return whether the route is slow, on the way to it, or failing."""
    return _may_be_slow(check, given) or probes.suspicious(check, given)


def _may_be_slow(check: Check, given: "Conditions") -> bool:
    unusual = slower_than_usual.is_suspicious(check.usual, given.signal.times_baseline)
    return check.over_since is not None or unusual or slow_answers.is_suspicious(check.slow)


def failing(check: Check, given: "Conditions") -> bool:
    """Return whether it was slow, or failed, a moment ago."""
    slow = check.over_since is not None and given.now - check.samples[-1][0] <= given.limits.fresh_seconds
    return slow or probes.failing(check, given)


def calm(check: Check, given: "Conditions") -> bool:
    """Return whether the route is neither slow, nor on the way to it, nor failing."""
    return not _may_be_slow(check, given) and probes.calm(check, given)
