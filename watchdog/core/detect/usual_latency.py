"""The usual latency at this hour, of working days or of weekend days (UTC), learned from the last two weeks.

Theory. It is the median of the days, hour by hour, with a line between the middles of two hours. Jobs are usual as
well: their level is the highest ten minutes of an hour, of yesterday, one or two weeks ago, or of two of the last six
days. It counts in this hour, half an hour before it and an hour after it (a longer job), up to HIGH_MAX of the hour's
usual. An hour with four known days has a history. Before that, the average is usual, or the slowest hour of earlier
days. A latency that lasts a day is usual from then on; one that a deploy or a rollback ended is forgotten. Memory: two
numbers an hour.
"""

from collections.abc import Sequence
from math import exp, log
from statistics import fmean, median

from watchdog.domain.checks import UsualLatency
from watchdog.domain.fast_replace import fast_replace

Samples = Sequence[tuple[float, float]]
"""Answers: their time (UTC epoch seconds), and their duration (seconds)."""
# Whole tenths of a millisecond: 700 numbers of each check are saved with the state, and integers are short.
UNIT_SECONDS = 0.0001
WEIGHT_MIN = 0.01
AVERAGE_TIMES = 2.0
"""A few slow minutes before an alert move the average little; one slow minute in three moves it far."""
TAIL_WEIGHT_MIN = 0.0003
"""Weight of a step, over the last days: only many answers show a rare share."""
TAIL_LEAST = 0.0001
"""After years without one, the share stays above zero: it is a divisor."""
HOUR_SECONDS = 3600.0
HOUR_STEPS_MIN = 4
HIGH_SHARE = 1 / 6
"""Ten minutes of an hour, in steps: a probe every few minutes makes only a few of them."""
HIGH_SPREADS = 1.2
"""By chance the highest ten steps of an hour are above its median by this many of their spreads."""
HIGH_TIMES = 1.3
JOB_TIMES = 1.2
HIGH_MAX = 3.0
DAY_HOURS = 24
DAYS = 14
DAYS_MIN = 4
# One hour more than two weeks: the high of the hour before counts as well (`_high`).
KEPT = DAYS * DAY_HOURS + 1
AGAIN = (1, 7, 14)
"""After this many days a latency is expected again, if it ended by itself."""


def expected(usual: UsualLatency, at: float) -> float:
    """Return the usual latency at that moment; above zero after the first step."""
    if not is_known(usual):
        return max(usual.average, max(usual.medians[:-DAY_HOURS], default=0), usual.high)
    level = _level(usual, at)
    return min(_reached(usual, at), HIGH_MAX * level) if has_jobs(usual, at) else level


def is_known(usual: UsualLatency) -> bool:
    """Return whether this hour has a history: a few days."""
    return usual.days >= DAYS_MIN


def has_jobs(usual: UsualLatency, at: float) -> bool:
    """Return whether some days reach a latency far above the usual one at that moment."""
    return is_known(usual) and _reached(usual, at) > JOB_TIMES * _level(usual, at)


def _reached(usual: UsualLatency, at: float) -> float:
    """Return the level that some days reach about then: that of this hour, or with the nearer hour."""
    return usual.high if at % HOUR_SECONDS < HOUR_SECONDS / 2 else usual.high_later


def _level(usual: UsualLatency, at: float) -> float:
    """Return the usual latency of a known hour, interpolated towards the nearer of the two neighbouring hours."""
    before, now, after = [one or usual.around[1] for one in usual.around]
    middle = (at % HOUR_SECONDS) / HOUR_SECONDS - 0.5
    nearer = after if middle > 0 else before
    return now * float((nearer / now) ** abs(middle))


def in_hour(usual: UsualLatency, hour: int) -> UsualLatency:
    """Return the usual latency in a new hour: the previous one is closed, and missed hours are unknown."""
    # The clock was set back: the known hours are no longer counted from the present one, so they are dropped.
    medians, highs = (usual.medians, usual.highs) if usual.hour <= hour else ((), ())
    if 0 < usual.hour <= hour:
        middle, high = _closed(usual.minutes)
        # The median of a slow hour is not usual; its high stays known, as a job may cause it.
        middle = 0 if usual.confirmed else middle
        missed = (0,) * min(hour - usual.hour - 1, KEPT)
        medians, highs = (*medians, middle, *missed)[-KEPT:], (*highs, high, *missed)[-KEPT:]
    known = fast_replace(usual, hour=hour, minutes=(), medians=medians, highs=highs)
    before, now, after = [_on_days_like(known, at) for at in (hour - 1, hour, hour + 1)]
    return fast_replace(
        known,
        days=sum(_of(medians, hour - DAY_HOURS * ago, hour) > 0 for ago in range(1, DAYS + 1)),
        around=(_middle(before), _middle(now), _middle(after)),
        high=_high(known, hour, (-1, 0)),
        high_later=_high(known, hour, (-1, 0, 1)),
        between_days=_between(now),
    )


def _closed(minutes: Sequence[int]) -> tuple[int, int]:
    """Return the median of an hour and the level of its highest ten minutes, or of the median if that is near."""
    if len(minutes) < HOUR_STEPS_MIN:
        return 0, 0
    middle, some = median(minutes), max(1, round(HIGH_SHARE * len(minutes)))
    tens = [minutes[first : first + some] for first in range(len(minutes) - some + 1)]
    high = max(median(ten) for ten in tens)
    chance = exp(HIGH_SPREADS * 1.25 * fmean(abs(log(one / middle)) for one in minutes))
    return round(middle), round(high if high > max(HIGH_TIMES, chance) * middle else middle)


def _of(values: Sequence[int], hour: int, now: int) -> int:
    """Return the value of an hour before `now`; 0 if it is unknown."""
    return values[hour - now] if 0 < now - hour <= len(values) else 0


def _days_like(usual: UsualLatency, values: Sequence[int], hour: int) -> list[int]:
    """Return how many days ago this hour is known of days of the same kind (working days or weekend), if two are.

    `values` are the medians, or the highs: of a slow hour only the high is known.
    """
    known = [ago for ago in range(1, DAYS + 1) if _of(values, hour - DAY_HOURS * ago, usual.hour)]
    like = [ago for ago in known if _is_weekend(hour - DAY_HOURS * ago) == _is_weekend(hour)]
    return like if len(like) > 1 else known


def _is_weekend(hour: int) -> bool:
    # 1970-01-01 was a Thursday.
    return (hour // DAY_HOURS + 3) % 7 > 4


def _on_days_like(usual: UsualLatency, hour: int) -> list[int]:
    return [_of(usual.medians, hour - DAY_HOURS * ago, usual.hour) for ago in _days_like(usual, usual.medians, hour)]


def _middle(values: Sequence[int]) -> float:
    return median(values) if values else 0.0


def _between(values: Sequence[int]) -> float:
    """Return the distance of values from their median, in logarithms: 1.25 times the mean distance."""
    middle = _middle(values)
    return 1.25 * fmean(abs(log(value / middle)) for value in values) if len(values) > 1 else 0.0


def _high(usual: UsualLatency, hour: int, near: Sequence[int]) -> float:
    """Return the level reached in this hour and those near it: on a day of AGAIN, or on two days of the last week."""
    days = {
        ago: max(_of(usual.highs, hour - DAY_HOURS * ago + beside, usual.hour) for beside in near)
        for ago in _days_like(usual, usual.highs, hour)
    }
    again = [high for ago, high in days.items() if ago in AGAIN]
    # A weekly job is usual on its own weekday only, so one day of the last week is not enough.
    lately = sorted(high for ago, high in days.items() if ago < 7)
    return max([*again, *lately[-2:-1]], default=0)


def learned(usual: UsualLatency, level: int) -> UsualLatency:
    """Return the usual latency with its average moved, by at most AVERAGE_TIMES of it."""
    # A plain mean at first, and from a hundred steps on an average that forgets slowly.
    weight = max(1.0 / (usual.steps + 1), WEIGHT_MIN)
    seen = min(level, AVERAGE_TIMES * usual.average) if usual.steps else level
    average = usual.average + weight * (seen - usual.average)
    return fast_replace(usual, average=average, steps=usual.steps + 1)


def tail_learned(usual: UsualLatency, slow: int, answers: int) -> UsualLatency:
    """Return the usual latency with the share of far slower answers moved by those of a step."""
    # The assumed share weighs as much as 1 / share steps, so the first slow answers do not define it.
    weight = max(1.0 / (usual.steps + 1 / usual.tail_share), TAIL_WEIGHT_MIN)
    share = usual.tail_share + weight * (slow / answers - usual.tail_share)
    return fast_replace(usual, tail_share=max(share, TAIL_LEAST))


def forgotten_since(usual: UsualLatency, since: float) -> UsualLatency:
    """Return the usual latency without the hours since then: a deploy or a rollback may have ended that latency."""
    hours = min(max(0, usual.hour - int(since // HOUR_SECONDS)), len(usual.medians))
    kept, unknown = len(usual.medians) - hours, (0,) * hours
    medians, highs = (*usual.medians[:kept], *unknown), (*usual.highs[:kept], *unknown)
    return fast_replace(usual, minutes=(), medians=medians, highs=highs)
