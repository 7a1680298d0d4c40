"""Too many slow answers: a few of them at any time, however far apart.

Theory. A CUSUM of Bernoulli trials for each limit (facts: section 1.3): a slow answer adds log(p1 / p0), a quick one
subtracts log((1 - p0) / (1 - p1)). p0 is the share that may be slow: 1 - q for an objective of the percentile q, and
the usual share for the tail. p1 is the share to be found. The tail consists of the answers that take TAIL_TIMES as long
as usual, and as most answers take now: where all answers become slower, the share beyond a fixed limit grows without
any tail. A percentile over a window of a dozen answers cannot show one slow answer in ten: either it is the slowest
one, or it is not.
"""

from collections.abc import Sequence
from math import inf, log
from statistics import median
from typing import NamedTuple

from watchdog.core.detect import likeliest_onset
from watchdog.core.detect.usual_latency import UNIT_SECONDS, Samples
from watchdog.domain.checks import SlowAnswers, UsualLatency
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.units import show_seconds

# As for any CUSUM the mean time to a false alarm is at least e^13 answers: 51 days at one in ten seconds.
LIMIT = 13.0
CAP = 1.25
"""Times the limit: a higher sum would only delay the end of the slowness."""
TAIL = "tail"
TAIL_TIMES = 5.0
"""An answer this many times slower than usual is far out, also where latencies spread widely (a sigma of 0.45)."""
TAIL_IN_A_ROW = 2
"""Slow answers in a row that count for the tail: a moment in which all answers are slow is no tail."""
TAIL_SHARE_MIN = 0.01
TAIL_SHARE_TIMES = 1.3
"""A day of answers gives the share to within a third; underestimated, it would alert again and again."""
TAIL_MORE = 0.03
SHARE_TIMES = 2.5
SHARE_MAX = 0.75
GAPS = 12.0
"""Over after this many times the usual distance without a slow answer: one in 160,000 of their gaps is as long."""
NEARLY_ALL = 0.9
GAPS_OF_ALL = 3.0
"""The same where nearly all answers were slow: then a few quick ones in a row are enough."""
RECENT_MAX = 32
STEPS_MIN = 1440
"""Minutes (a day of steps) before a tail is judged: at first the usual share of answers in it is unknown."""
TAIL_SHARE_USUAL = 0.15
"""A larger usual share means two usual latencies, as with a cache that misses, and no tail."""
MORE_SECONDS = 0.05
"""The least excess over the usual latency for an answer of the tail."""
QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


class Limit(NamedTuple):
    """A limit for single answers: its name, its seconds, the share that may be slower, and the share to be found."""

    name: str
    seconds: float
    usual_share: float
    found_share: float


def limits(usual: UsualLatency, signal: SignalPolicy, typical: float = 0.0) -> list[Limit]:
    """Return the limits of a latency: its objectives, and the tail once the usual latency is known.

    `typical` is the median of the last answers (seconds).
    """
    found = []
    for name, seconds in signal.limits_seconds.items():
        may = 1 - QUANTILES[name]
        found.append(Limit(name, seconds, may, min(SHARE_TIMES * may, SHARE_MAX)))
    seconds = tail_seconds(usual, signal, typical)
    if seconds < inf:
        may = max(TAIL_SHARE_TIMES * usual.tail_share, TAIL_SHARE_MIN)
        found.append(Limit(TAIL, seconds, may, max(SHARE_TIMES * may, may + TAIL_MORE)))
    return found


def tail_seconds(usual: UsualLatency, signal: SignalPolicy, typical: float = 0.0) -> float:
    """Return the seconds beyond which an answer is far slower than usual; infinite where that is unknown or unset."""
    if usual.steps < STEPS_MIN or usual.tail_share > TAIL_SHARE_USUAL:
        return inf
    return far_seconds(usual, signal, typical)


def far_seconds(usual: UsualLatency, signal: SignalPolicy, typical: float) -> float:
    """Return the seconds beyond which an answer counts for the tail, whether or not the tail is judged."""
    if signal.times_baseline is None or usual.now == 0.0:
        return inf
    now = max(usual.now * UNIT_SECONDS, typical)
    return max(max(TAIL_TIMES, signal.times_baseline) * now, now + MORE_SECONDS)


def lowest(usual: UsualLatency, signal: SignalPolicy) -> float:
    """Return the lowest of the limits in seconds; infinite if there is none."""
    return min([tail_seconds(usual, signal), *signal.limits_seconds.values()])


def counted(
    known: tuple[SlowAnswers, ...], usual: UsualLatency, signal: SignalPolicy, samples: Samples
) -> tuple[SlowAnswers, ...]:
    """Return the sums with the last of these answers added, without those that are back at zero or over."""
    at, seconds = samples[-1]
    quick = seconds <= lowest(usual, signal)
    # Most answers end here: no sum is above zero, and no limit is exceeded.
    if not known and quick:
        return ()
    before = {one.limit: one for one in known}
    # A confirmed tail keeps its limit: it does not end because most answers become as slow as it.
    confirmed_tail = TAIL in before and before[TAIL].confirmed
    hold = limits(usual, signal, 0.0 if quick or confirmed_tail else typical_seconds(samples))
    after = [_counted(_of(before.get(limit.name), limit), limit, seconds, at) for limit in hold]
    return tuple([one for one in after if one is not None])


def after_quick_answers(
    known: tuple[SlowAnswers, ...], usual: UsualLatency, signal: SignalPolicy, number: int
) -> tuple[SlowAnswers, ...]:
    """Return sums, none of them confirmed, with `number` more answers that are below all limits."""
    hold = {limit.name: limit for limit in limits(usual, signal)}
    after = [_after_quick(one, hold[one.limit], number) for one in known if one.limit in hold]
    return tuple([one for one in after if one is not None])


def far_slower(answers: Sequence[float], usual: UsualLatency, signal: SignalPolicy, samples: Samples) -> int:
    """Return how many of these answers (seconds) count for the tail."""
    # The common case: none is far out, so the median need not be sorted out.
    if max(answers) <= far_seconds(usual, signal, 0.0):
        return 0
    far = far_seconds(usual, signal, typical_seconds(samples))
    return sum(seconds > far for seconds in answers)


def typical_seconds(samples: Samples) -> float:
    """Return the median of these answers (seconds)."""
    return median([seconds for _, seconds in samples])


def _of(one: SlowAnswers | None, limit: Limit) -> SlowAnswers | None:
    """Return the sum if it is still of this limit: an objective that was raised begins a new sum."""
    raised = one is not None and limit.name != TAIL and limit.seconds > one.seconds
    return None if raised else one


def _counted(one: SlowAnswers | None, limit: Limit, seconds: float, at: float) -> SlowAnswers | None:
    if seconds <= limit.seconds:
        return _after_quick(one, limit) if one is not None else None
    more = log(limit.found_share / limit.usual_share)
    # A remainder below one slow answer must not date a slowness that begins only now.
    if one is None or (one.level < more and not one.confirmed):
        level = more + (one.level if one is not None else 0.0)
        return SlowAnswers(limit.name, level, at, limit.seconds, recent=((at, 1),))
    in_a_row = one.in_a_row + 1 if one.quick == 0 else 1
    # It stays in the count of slow answers, but adds no evidence.
    if limit.name == TAIL and in_a_row > TAIL_IN_A_ROW:
        more = 0.0
    level, answers = min(one.level + more, CAP * LIMIT), one.answers + 1
    return fast_replace(
        one,
        level=level,
        answers=answers,
        slow=one.slow + 1,
        quick=0,
        in_a_row=in_a_row,
        confirmed=one.confirmed or level >= LIMIT,
        recent=(*one.recent[-RECENT_MAX + 1 :], (at, answers)),
    )


def _after_quick(one: SlowAnswers, limit: Limit, number: int = 1) -> SlowAnswers | None:
    level, less = one.level, log((1 - limit.found_share) / (1 - limit.usual_share))
    # One by one: a sum that reaches zero on the way is over, and a later slow answer begins another.
    for _ in range(number):
        level += less
        if level <= 0:
            return None
    answers, quick = one.answers + number, one.quick + number
    gaps = GAPS if is_partial(one) else GAPS_OF_ALL
    if one.confirmed and quick > gaps * answers / one.slow:
        return None
    return fast_replace(one, level=level, answers=answers, quick=quick)


def is_partial(one: SlowAnswers) -> bool:
    """Return whether there were quick answers between the slow ones."""
    return one.slow < NEARLY_ALL * (one.answers - one.quick)


def began(one: SlowAnswers, limit: Limit) -> float:
    """Return the slow answer with which it began: the one that makes a higher share since then likeliest.

    It maximises n KL(p, p0), p = slow / n (see likeliest_onset). Where the kept answers do not reach back to the first
    one, it is the first.
    """
    best, since = 0.0, one.since
    kept = len(one.recent)
    for number, (at, place) in enumerate(one.recent):
        answers, slow = one.answers - place + 1, kept - number
        evidence = answers * likeliest_onset.divergence(slow / answers, limit.usual_share)
        if slow / answers > limit.usual_share and evidence > best:
            best, since = evidence, at
    # The list is cut at RECENT_MAX: an estimate at its very edge may lie further back.
    return one.since if since == one.recent[0][0] else since


def is_suspicious(known: Sequence[SlowAnswers]) -> bool:
    """Return whether a sum has reached half of its limit: it deserves a closer look."""
    return any(one.confirmed or one.level >= LIMIT / 2 for one in known)


def confirmed(
    known: Sequence[SlowAnswers], usual: UsualLatency, signal: SignalPolicy
) -> tuple[SlowAnswers, Limit] | None:
    """Return the confirmed sum that goes on, with its limit of the present policy, the earliest first; or None."""
    hold = {limit.name: limit for limit in limits(usual, signal)}
    found = [one for one in known if _goes_on(one) and one.limit in hold and _of(one, hold[one.limit])]
    if not found:
        return None
    first = min(found, key=lambda one: one.since)
    return first, hold[first.limit]


def _goes_on(one: SlowAnswers) -> bool:
    """Return whether it is confirmed and not ending: the last slow answer is at most a few of their distances ago."""
    return one.confirmed and one.level >= LIMIT / 2 and one.quick <= GAPS_OF_ALL * one.answers / one.slow


def describe(one: SlowAnswers, limit: Limit, usual: UsualLatency, lasted: float) -> str:
    """Return the arithmetic in words."""
    may = f"{limit.usual_share:.1%} may be" if limit.name != TAIL else f"{limit.usual_share:.1%} usually are"
    words = symptom(one, limit, usual)
    return f"{words} in {show_seconds(lasted)} ({may}; CUSUM {one.level:.1f}, limit {LIMIT:g})"


def symptom(one: SlowAnswers, limit: Limit, usual: UsualLatency) -> str:
    """Return how many answers are too slow, in words."""
    is_tail = limit.name == TAIL
    which = f"{limit.seconds / (usual.now * UNIT_SECONDS):.0f} x usual" if is_tail else f"{limit.name} limit"
    return f"{one.slow} of {one.answers} answers > {limit.seconds * 1000:.0f} ms ({which})"
