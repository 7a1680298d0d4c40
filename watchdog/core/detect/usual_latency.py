"""What latency is usual at this hour, and the sum of what lies above it: a release that is half again as slow.

A step is the median of the answers of a minute or more. Its excess is the logarithm of its ratio to what is usual; a
CUSUM adds it, less most of what is to be found. Its limit follows from how far steps usually are from what is expected:
one false alarm in ten years, were steps independent (Siegmund 1985; facts: section 1.3).

What is usual comes from the last two weeks, hour by hour, of working days or of weekend days (UTC): the median of the
days, between the middles of two hours a line. Jobs are usual, too: what ten minutes of an hour reached yesterday, a
week ago, or on two days of the two weeks, in this hour or in one beside it, up to HIGH_MAX of the hour's usual. Days of
an hour that is known make a history, four at least; before that the average is usual, or the slowest hour of the days
before, and twice is found. What lasts a day is usual from then on; what a deploy or a rollback ended is forgotten.
Memory: two numbers an hour.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import exp, log
from statistics import fmean, median

from watchdog.domain.checks import UsualLatency
from watchdog.domain.units import show_seconds

Samples = Sequence[tuple[float, float]]
"""Answers: when (UTC epoch seconds), and how long they took (seconds)."""
UNIT_SECONDS = 0.0001
STEP_SECONDS = 60.0
STEP_ANSWERS = 6
STEPS_MIN = 10
WEIGHT_MIN = 0.01
TAIL_WEIGHT_MIN = 0.001
TAIL_LEAST = 0.0001
"""After years without one, a share is a share still: it is divided by."""
SPREAD_STEPS = 500.0
HOUR_SECONDS = 3600.0
HOUR_STEPS_MIN = 4
HIGH_SHARE = 1 / 6
"""Ten minutes of an hour, in steps: a probe every few minutes makes few of them."""
HIGH_SPREADS = 1.2
"""By chance the highest ten steps of an hour are above its median by so many of their spreads."""
HIGH_TIMES = 1.3
HIGH_MAX = 3.0
DAY_HOURS = 24
DAYS = 14
DAYS_MIN = 4
KEPT = DAYS * DAY_HOURS + 1
AGAIN = (1, 7)
"""What happened so many days ago is expected again, if it ended by itself."""
TIMES_NEW = 2.0
FREE_SHARE = 2 / 3
"""Not half, as is best for a sum (Page 1954): a day that is a quarter slower than others is nothing to be told."""
MORE_MAX = 0.3
"""What one step adds at the most: three minutes, however slow, are not enough."""
LESS_MAX = log(2.0)
LIMIT_MIN = 1.0
LATE = 2 / 3
"""Of the shift, past which an answer counts as slower: half is likeliest, but an onset too early acquits a deploy."""
NOISE = 0.1
"""A sum below it says nothing of when it began."""
SPREAD_MIN = 0.2
STEPS_PER_FALSE_ALARM = 5_259_600.0
"""Ten years of minutes."""
OVERSHOOT = 1.166
"""Of a sum over its limit, in standard deviations (Siegmund 1985)."""
CAP = 1.25
"""Times the limit: what lies beyond would only make its end known later."""
EASE = 0.8
EASE_MAX = 0.4
"""It is over by a sum downwards, of how far steps are below half of what adds: six that are as usual, two far below."""
ALLOWANCE_MAX = log(2.0)
"""However much days differ, three times as slow is found."""
MORE_MS = 20.0
"""A step that is less than that above what is usual is not slow, whatever the ratio."""


def expected(usual: UsualLatency, at: float) -> float:
    """Return the usual latency at that moment; above zero after the first step."""
    if usual.days < DAYS_MIN:
        return max(usual.average, max(usual.medians[:-DAY_HOURS], default=0), usual.high)
    level = _level(usual, at)
    return min(usual.high, HIGH_MAX * level) if _reaches_high(usual, level) else level


def _level(usual: UsualLatency, at: float) -> float:
    """Return the usual latency of a known hour, on the line to that of the hour that is nearer."""
    before, now, after = [one or usual.around[1] for one in usual.around]
    middle = (at % HOUR_SECONDS) / HOUR_SECONDS - 0.5
    nearer = after if middle > 0 else before
    return now * float((nearer / now) ** abs(middle))


def _reaches_high(usual: UsualLatency, level: float) -> bool:
    """Tell whether much more than that is reached on some days."""
    return usual.high > HIGH_TIMES * level


def allowance(usual: UsualLatency, times: float) -> float:
    """Return how much slower than usual adds nothing, in logarithms: most of what is to be found, or what days do."""
    found = times if usual.days >= DAYS_MIN else max(times, TIMES_NEW)
    return max(FREE_SHARE * log(found), min(2 * usual.between_days, ALLOWANCE_MAX))


def limit(usual: UsualLatency, times: float) -> float:
    """Return the sum that confirms: h of a one-sided CUSUM with that mean time between false alarms, three steps' worth
    at least.
    """
    deviation = max(SPREAD_MIN, 1.25 * usual.spread)  # of a normal distribution: 1.25 times its mean distance
    kappa = allowance(usual, times) / deviation
    chance = deviation * (log(2 * kappa * kappa * STEPS_PER_FALSE_ALARM) / (2 * kappa) - OVERSHOOT)
    return max(LIMIT_MIN, chance)


def is_confirmed(usual: UsualLatency, times: float | None) -> bool:
    """Tell whether it has been slower than usual for long enough."""
    return times is not None and usual.confirmed


def is_suspicious(usual: UsualLatency, times: float | None) -> bool:
    """Tell whether half of that was seen: it deserves a closer look."""
    return times is not None and usual.excess > 0 and (usual.confirmed or is_high(usual, times))


def is_high(usual: UsualLatency, times: float) -> bool:
    """Tell whether its sum is not on its way down."""
    return usual.excess >= limit(usual, times) / 2


def due(usual: UsualLatency, answers: int, at: float, longest_seconds: float) -> bool:
    """Tell whether a step is to be made of so many answers since the last one."""
    since = at - usual.stepped_at
    return since >= STEP_SECONDS and (answers >= STEP_ANSWERS or since >= longest_seconds)


def stepped(usual: UsualLatency, answers: Samples, times: float | None, *, well: bool) -> UsualLatency:
    """Return it with one step more, of the answers since the last one; those before only date it.

    `well`: it is not slow, and so may teach what is usual.
    """
    at = answers[-1][0]
    level = max(1, round(median(seconds for since, seconds in answers if since > usual.stepped_at) / UNIT_SECONDS))
    if int(at // HOUR_SECONDS) != usual.hour:
        usual = _in_hour(usual, int(at // HOUR_SECONDS))
    if usual.steps >= STEPS_MIN:
        excess = _excess(usual, level, at)
        well = well and excess <= allowance(usual, times or TIMES_NEW)
        usual = _judged(usual, excess, answers, times) if times is not None else usual
    usual = replace(usual, stepped_at=at, minutes=(*usual.minutes, level))
    usual = _learnt(usual, level) if well else usual
    return replace(usual, now=expected(usual, at))


def _excess(usual: UsualLatency, level: int, at: float) -> float:
    """Return the logarithm of its ratio to what is usual; 0 at most, where that is but some milliseconds."""
    known = expected(usual, at)
    return log(level / known) if level - known >= MORE_MS / 1000 / UNIT_SECONDS else min(0.0, log(level / known))


def _judged(usual: UsualLatency, excess: float, answers: Samples, times: float) -> UsualLatency:
    """Return it with the excess of a step added, and with how far steps are from what is expected."""
    at = answers[-1][0]
    free, cap = allowance(usual, times), CAP * limit(usual, times)
    more = max(-LESS_MAX, min(excess - free, MORE_MAX))
    level = min(max(0.0, usual.excess + more), cap)
    sure = usual.confirmed or level >= limit(usual, times)
    ease = min(max(0.0, usual.ease + min(free / 2 - excess, EASE_MAX)), EASE) if sure else 0.0
    if ease >= EASE:
        level, sure, ease = 0.0, False, 0.0
    elif sure:
        level = max(level, LIMIT_MIN / 10)  # it ends by what is quick, not by what is a little less slow
    since = usual.excess_since
    if since is None or usual.excess < NOISE:
        late = [one for one in answers if one[0] > usual.stepped_at - STEP_SECONDS]
        since = _began(late, log(expected(usual, at) * UNIT_SECONDS) + LATE * max(excess, free))
    spread = usual.spread
    jobs = usual.days >= DAYS_MIN and _reaches_high(usual, _level(usual, at))
    if level < cap / 2 and not jobs:
        spread += (min(abs(excess), LESS_MAX) - spread) / min(usual.steps, SPREAD_STEPS)
    since = since if level > 0 else None
    return replace(usual, excess=level, excess_since=since, confirmed=sure, ease=ease, spread=spread)


def _began(answers: Samples, middle: float) -> float:
    """Return with which answer it became slower: the change point of a shift (Hinkley 1970) past this logarithm."""
    most, total, since = 0.0, 0.0, answers[-1][0]
    for at, seconds in reversed(answers):
        total += log(max(seconds, UNIT_SECONDS)) - middle
        if total > most:
            most, since = total, at
    return since


def _learnt(usual: UsualLatency, level: int) -> UsualLatency:
    """Return it with the average moved."""
    weight = max(1.0 / (usual.steps + 1), WEIGHT_MIN)
    average = usual.average + weight * (level - usual.average)
    return replace(usual, average=average, steps=usual.steps + 1)


def tail_learnt(usual: UsualLatency, slow: int, answers: int) -> UsualLatency:
    """Return it with the share of answers that are far slower than usual moved by those of a step."""
    weight = max(1.0 / (usual.steps + 1 / usual.tail_share), TAIL_WEIGHT_MIN)
    share = usual.tail_share + weight * (slow / answers - usual.tail_share)
    return replace(usual, tail_share=max(share, TAIL_LEAST))


def forgotten_since(usual: UsualLatency, since: float) -> UsualLatency:
    """Return it without what was seen since then, hour by hour: a deploy or a rollback may have ended it."""
    hours = min(max(0, usual.hour - int(since // HOUR_SECONDS)), len(usual.medians))
    kept, unknown = len(usual.medians) - hours, (0,) * hours
    medians, highs = (*usual.medians[:kept], *unknown), (*usual.highs[:kept], *unknown)
    return replace(usual, minutes=(), medians=medians, highs=highs)


def without_sum(usual: UsualLatency) -> UsualLatency:
    """Return it with its sum at zero: what was seen until now counts no longer, but for what is usual."""
    return replace(usual, excess=0.0, excess_since=None, confirmed=False, ease=0.0) if usual.excess else usual


def _in_hour(usual: UsualLatency, hour: int) -> UsualLatency:
    """Return it in that hour: the one before is closed, hours that were missed are not known."""
    medians, highs = (usual.medians, usual.highs) if usual.hour <= hour else ((), ())  # the clock was set back
    if 0 < usual.hour <= hour:
        middle, high = _closed(usual.minutes)
        middle = 0 if usual.confirmed else middle  # an hour that was slow says what is reached, not what is usual
        missed = (0,) * min(hour - usual.hour - 1, KEPT)
        medians, highs = (*medians, middle, *missed)[-KEPT:], (*highs, high, *missed)[-KEPT:]
    known = replace(usual, hour=hour, minutes=(), medians=medians, highs=highs)
    before, now, after = [_on_days_like(known, at) for at in (hour - 1, hour, hour + 1)]
    return replace(
        known,
        days=sum(_of(medians, hour - DAY_HOURS * ago, hour) > 0 for ago in range(1, DAYS + 1)),
        around=(_middle(before), _middle(now), _middle(after)),
        high=_high(known, hour),
        between_days=_between(now),
    )


def _closed(minutes: Sequence[int]) -> tuple[int, int]:
    """Return the median of an hour and what ten minutes of it reached; that is its median, if it is not far above."""
    if len(minutes) < HOUR_STEPS_MIN:
        return 0, 0
    middle, some = median(minutes), max(1, round(HIGH_SHARE * len(minutes)))
    tens = [minutes[first : first + some] for first in range(len(minutes) - some + 1)]
    high = max(median(ten) for ten in tens)
    chance = exp(HIGH_SPREADS * 1.25 * fmean(abs(log(one / middle)) for one in minutes))
    return round(middle), round(high if high > max(HIGH_TIMES, chance) * middle else middle)


def _of(values: Sequence[int], hour: int, now: int) -> int:
    """Return what is known of an hour before `now`; 0: nothing."""
    return values[hour - now] if 0 < now - hour <= len(values) else 0


def _days_like(usual: UsualLatency, values: Sequence[int], hour: int) -> list[int]:
    """Return how many days ago this hour is known of days like this: working days, or weekend days; if two are.

    `values` are the medians, or the highs: of an hour that was slow these alone are known.
    """
    known = [ago for ago in range(1, DAYS + 1) if _of(values, hour - DAY_HOURS * ago, usual.hour)]
    like = [ago for ago in known if _is_weekend(hour - DAY_HOURS * ago) == _is_weekend(hour)]
    return like if len(like) > 1 else known


def _is_weekend(hour: int) -> bool:
    return (hour // DAY_HOURS + 3) % 7 > 4  # 1970-01-01 was a Thursday


def _on_days_like(usual: UsualLatency, hour: int) -> list[int]:
    return [_of(usual.medians, hour - DAY_HOURS * ago, usual.hour) for ago in _days_like(usual, usual.medians, hour)]


def _middle(values: Sequence[int]) -> float:
    return median(values) if values else 0.0


def _between(values: Sequence[int]) -> float:
    """Return how far values are from their median, in logarithms: 1.25 times the mean distance."""
    middle = _middle(values)
    return 1.25 * fmean(abs(log(value / middle)) for value in values) if len(values) > 1 else 0.0


def _high(usual: UsualLatency, hour: int) -> float:
    """Return what is reached around this hour: on a day that comes again, or on two days."""
    days = {
        ago: max(_of(usual.highs, hour - DAY_HOURS * ago + near, usual.hour) for near in (-1, 0, 1))
        for ago in _days_like(usual, usual.highs, hour)
    }
    again = [high for ago, high in days.items() if ago in AGAIN]
    return max([*again, *sorted(days.values())[-2:-1]], default=0)


def describe(usual: UsualLatency, times: float, lasted: float) -> str:
    """Return the arithmetic in words."""
    hour = "at this hour" if usual.days >= DAYS_MIN else "as far as is known"
    words = f"{symptom(usual)} {hour}, for {show_seconds(lasted)}"
    return f"{words} (CUSUM {usual.excess:.2f}, limit {limit(usual, times):.2f})"


def symptom(usual: UsualLatency) -> str:
    """Return how slow it is now, and usually."""
    now = median(usual.minutes[-3:]) if usual.minutes else 0.0
    return f"p50 {_ms(now)}, {_ms(expected(usual, usual.stepped_at))} is usual"


def _ms(tenths: float) -> str:
    return f"{tenths / 10:.0f} ms" if tenths >= 100 else f"{tenths / 10:.1f} ms"
