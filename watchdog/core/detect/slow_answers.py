"""Too many slow answers: a few of them at any time, however far apart.

A CUSUM of Bernoulli trials for each limit (facts: section 1.3): a slow answer adds log(p1 / p0), a quick one takes
log((1 - p0) / (1 - p1)) away. p0 is the share that may be slow: 1 - q for an objective of the percentile q, and what is
usual for the tail, which is all that takes TAIL_TIMES of the usual latency. p1 is the share that is to be found. A
percentile over a window of a dozen answers cannot see one in ten of them: it is the slowest one, or it is not.
"""

from collections.abc import Sequence
from math import inf, log
from typing import NamedTuple

from watchdog.core.detect import usual_latency
from watchdog.domain.checks import SlowAnswers, UsualLatency
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.units import show_seconds

LIMIT = 10.0
CAP = 1.25
"""Times the limit: what lies beyond would only make its end known later."""
TAIL = "tail"
TAIL_TIMES = 5.0
"""An answer that takes so many times the usual is far out, also where latencies spread widely (a sigma of 0.45)."""
TAIL_IN_A_ROW = 2
"""Slow answers in a row that count for the tail: a moment in which everything is slow is no tail."""
TAIL_SHARE_MIN = 0.01
TAIL_SHARE_MAX = 0.2
TAIL_MORE = 0.03
SHARE_TIMES = 2.5
SHARE_MAX = 0.75
GAPS = 3.0
"""Without a slow answer for so many times their usual distance it is over."""
QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


class Limit(NamedTuple):
    """A limit for single answers: its name, its seconds, the share that may be slower, and the share to be found."""

    name: str
    seconds: float
    usual_share: float
    found_share: float


def limits(usual: UsualLatency, signal: SignalPolicy) -> list[Limit]:
    """Return the limits of a latency: its objectives, and that of the tail once it is known what is usual."""
    found = []
    for name, seconds in signal.limits_seconds.items():
        may = 1 - QUANTILES[name]
        found.append(Limit(name, seconds, may, min(SHARE_TIMES * may, SHARE_MAX)))
    seconds = tail_seconds(usual, signal)
    if seconds < inf:
        may = min(max(usual.tail_share, TAIL_SHARE_MIN), TAIL_SHARE_MAX)
        found.append(Limit(TAIL, seconds, may, max(SHARE_TIMES * may, may + TAIL_MORE)))
    return found


def tail_seconds(usual: UsualLatency, signal: SignalPolicy) -> float:
    """Return beyond how many seconds an answer is far slower than usual; infinite where that is not known or asked."""
    if signal.times_baseline is None or usual.steps < usual_latency.STEPS_MIN:
        return inf
    return max(TAIL_TIMES, signal.times_baseline) * usual.now * usual_latency.UNIT_SECONDS


def lowest(usual: UsualLatency, signal: SignalPolicy) -> float:
    """Return the lowest of the limits in seconds; infinite if there is none."""
    return min([tail_seconds(usual, signal), *signal.limits_seconds.values()])


def counted(
    known: tuple[SlowAnswers, ...], usual: UsualLatency, signal: SignalPolicy, seconds: float, at: float
) -> tuple[SlowAnswers, ...]:
    """Return the sums with one answer more; those that are back at zero, or over, are left out."""
    if not known and seconds <= lowest(usual, signal):
        return ()  # most answers end here
    before = {one.limit: one for one in known}
    after = [_counted(_of(before.get(limit.name), limit), limit, seconds, at) for limit in limits(usual, signal)]
    return tuple([one for one in after if one is not None])


def _of(one: SlowAnswers | None, limit: Limit) -> SlowAnswers | None:
    """Return the sum if it is of this limit still: an objective that was raised since then begins anew."""
    raised = one is not None and limit.name != TAIL and limit.seconds > one.seconds
    return None if raised else one


def _counted(one: SlowAnswers | None, limit: Limit, seconds: float, at: float) -> SlowAnswers | None:
    if seconds <= limit.seconds:
        return _after_quick(one, limit) if one is not None else None
    more = log(limit.found_share / limit.usual_share)
    if one is None:
        return SlowAnswers(limit.name, more, at, limit.seconds)
    if one.level < more:  # less than one slow answer is left: what was before does not date what begins now
        return SlowAnswers(limit.name, one.level + more, at, limit.seconds)
    in_a_row = one.in_a_row + 1 if one.quick == 0 else 1
    if limit.name == TAIL and in_a_row > TAIL_IN_A_ROW:
        more = 0.0
    level = min(one.level + more, CAP * LIMIT)
    return SlowAnswers(one.limit, level, one.since, one.seconds, one.answers + 1, one.slow + 1, 0, in_a_row)


def _after_quick(one: SlowAnswers, limit: Limit) -> SlowAnswers | None:
    level = one.level + log((1 - limit.found_share) / (1 - limit.usual_share))
    answers, quick = one.answers + 1, one.quick + 1
    if level <= 0 or (is_confirmed(one) and quick > GAPS * answers / one.slow):
        return None
    return SlowAnswers(one.limit, level, one.since, one.seconds, answers, one.slow, quick, one.in_a_row)


def is_confirmed(one: SlowAnswers) -> bool:
    """Tell whether that many slow answers are more than chance."""
    return one.level >= LIMIT


def is_suspicious(known: Sequence[SlowAnswers]) -> bool:
    """Tell whether half of that was seen: it deserves a closer look."""
    return any(one.level >= LIMIT / 2 for one in known)


def confirmed(
    known: Sequence[SlowAnswers], usual: UsualLatency, signal: SignalPolicy
) -> tuple[SlowAnswers, Limit] | None:
    """Return what is confirmed of the limits that hold now, the earliest first, or None."""
    hold = {limit.name: limit for limit in limits(usual, signal)}
    found = [one for one in known if is_confirmed(one) and one.limit in hold and _of(one, hold[one.limit])]
    if not found:
        return None
    first = min(found, key=lambda one: one.since)
    return first, hold[first.limit]


def describe(one: SlowAnswers, limit: Limit, lasted: float) -> str:
    """Return the arithmetic in words."""
    may = f"{limit.usual_share:.1%} may be" if limit.name != TAIL else f"{limit.usual_share:.1%} usually are"
    return f"{symptom(one, limit)} in {show_seconds(lasted)} ({may}; CUSUM {one.level:.1f}, limit {LIMIT:g})"


def symptom(one: SlowAnswers, limit: Limit) -> str:
    """Return how many answers are too slow."""
    name = f"{limit.name} limit" if limit.name != TAIL else f"{TAIL_TIMES:g} x usual"
    return f"{one.slow} of {one.answers} answers > {limit.seconds * 1000:.0f} ms ({name})"
