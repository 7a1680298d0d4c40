"""A usual level by hour of the day, of working days or of weekend days (UTC), learned from the last two weeks.

Theory. It is the median of the days, hour by hour, with a line (in logarithms) between the middles of two hours. Jobs
are usual as well: their level is the highest ten minutes of an hour, of yesterday, one or two weeks ago, or of two of
the last six days; without `once`, of two of all these. It counts in this hour, half an hour before it, and after it (a
longer job) for an hour; without `once`, for half an hour. An hour with four known days has a history. Levels are whole
numbers above zero; memory: two numbers an hour.
"""

from collections.abc import Sequence
from math import exp, log
from statistics import fmean, median
from typing import Any, TypeVar

from watchdog.domain.checks import UsualByHour
from watchdog.domain.fast_replace import fast_replace

HOUR_SECONDS = 3600.0
HOUR_STEPS_MIN = 4
HIGH_SHARE = 1 / 6
"""Ten minutes of an hour, in steps: a probe every few minutes makes only a few of them."""
HIGH_SPREADS = 1.2
"""By chance the highest ten steps of an hour are above its median by this many of their spreads."""
HIGH_TIMES = 1.3
JOB_TIMES = 1.2
DAY_HOURS = 24
DAYS = 14
DAYS_MIN = 4
# One hour more than two weeks: the high of the hour before counts as well (`_high`).
KEPT = DAYS * DAY_HOURS + 1
AGAIN = (1, 7, 14)
"""After this many days a level is expected again, if it ended by itself."""
U = TypeVar("U", bound=UsualByHour)


def is_known(usual: UsualByHour) -> bool:
    """Return whether this hour has a history: a few days."""
    return usual.days >= DAYS_MIN


def has_jobs(usual: UsualByHour, at: float) -> bool:
    """Return whether some days reach a level far above the usual one at that moment."""
    return is_known(usual) and reached(usual, at) > JOB_TIMES * level(usual, at)


def reached(usual: UsualByHour, at: float) -> float:
    """Return the level that some days reach about then: that of this hour, or with the nearer hour."""
    return usual.high if _past_middle(usual, at) < 0 else usual.high_later


def level(usual: UsualByHour, at: float) -> float:
    """Return the usual level of a known hour, interpolated towards the nearer of the two neighbouring hours."""
    before, now, after = [one or usual.around[1] for one in usual.around]
    middle = _past_middle(usual, at)
    nearer = after if middle > 0 else before
    return now * float((nearer / now) ** abs(middle))


def _past_middle(usual: UsualByHour, at: float) -> float:
    """Return the hours since the middle of the present hour, within one: a feed closes its hour some minutes late, and
    its last minutes may be from before a gap.
    """
    return max(-1.0, min(at / HOUR_SECONDS - usual.hour - 0.5, 1.0))


def closed(steps: Sequence[int]) -> tuple[int, int]:
    """Return the median of an hour and the level of its highest ten minutes, or of the median if that is near."""
    if len(steps) < HOUR_STEPS_MIN:
        return 0, 0
    middle, some = median(steps), max(1, round(HIGH_SHARE * len(steps)))
    tens = [steps[first : first + some] for first in range(len(steps) - some + 1)]
    high = max(median(ten) for ten in tens)
    chance = exp(HIGH_SPREADS * 1.25 * fmean(abs(log(one / middle)) for one in steps))
    return round(middle), round(high if high > max(HIGH_TIMES, chance) * middle else middle)


def in_hour(usual: U, hour: int, middle: int, high: int, *, once: bool) -> U:
    """Return the usual level in a new hour: the previous one ends with this median and high, missed ones are unknown.

    `once`: a high of yesterday, or of one or two weeks ago, is expected again; otherwise it must have come twice.
    """
    # The clock was set back: the known hours are no longer counted from the present one, so they are dropped.
    medians, highs = (usual.medians, usual.highs) if usual.hour <= hour else ((), ())
    if 0 < usual.hour <= hour:
        missed = (0,) * min(hour - usual.hour - 1, KEPT)
        medians, highs = (*medians, middle, *missed)[-KEPT:], (*highs, high, *missed)[-KEPT:]
    known = fast_replace(usual, hour=hour, medians=medians, highs=highs)
    before, now, after = [_on_days_like(known, at) for at in (hour - 1, hour, hour + 1)]
    return fast_replace(
        known,
        days=sum(_of(medians, hour - DAY_HOURS * ago, hour) > 0 for ago in range(1, DAYS + 1)),
        around=(_middle(before), _middle(now), _middle(after)),
        high=_high(known, hour, (-1, 0), once=once),
        high_later=_high(known, hour, (-1, 0, 1) if once else (0, 1), once=once),
        between_days=_between(now),
    )


def _of(values: Sequence[int], hour: int, now: int) -> int:
    """Return the value of an hour before `now`; 0 if it is unknown."""
    return values[hour - now] if 0 < now - hour <= len(values) else 0


def _days_like(usual: UsualByHour, values: Sequence[int], hour: int) -> list[int]:
    """Return how many days ago this hour is known of days of the same kind (working days or weekend), if two are.

    `values` are the medians, or the highs: of a slow hour only the high is known.
    """
    known = _days_known(usual, values, hour)
    like = [ago for ago in known if _is_weekend(hour - DAY_HOURS * ago) == _is_weekend(hour)]
    return like if len(like) > 1 else known


def _days_known(usual: UsualByHour, values: Sequence[int], hour: int) -> list[int]:
    return [ago for ago in range(1, DAYS + 1) if _of(values, hour - DAY_HOURS * ago, usual.hour)]


def _is_weekend(hour: int) -> bool:
    # 1970-01-01 was a Thursday.
    return (hour // DAY_HOURS + 3) % 7 > 4


def _on_days_like(usual: UsualByHour, hour: int) -> list[int]:
    return [_of(usual.medians, hour - DAY_HOURS * ago, usual.hour) for ago in _days_like(usual, usual.medians, hour)]


def _middle(values: Sequence[int]) -> float:
    return median(values) if values else 0.0


def _between(values: Sequence[int]) -> float:
    """Return the distance of values from their median, in logarithms: 1.25 times the mean distance."""
    middle = _middle(values)
    return 1.25 * fmean(abs(log(value / middle)) for value in values) if len(values) > 1 else 0.0


def _high(usual: UsualByHour, hour: int, near: Sequence[int], *, once: bool) -> float:
    """Return the level reached in this hour and those near it: on a day of AGAIN (`once`), or on two such days or days
    of the last week.
    """
    # A high that must have come twice would come too seldom, were weekends apart.
    known = _days_like(usual, usual.highs, hour) if once else _days_known(usual, usual.highs, hour)
    days = {ago: max(_of(usual.highs, hour - DAY_HOURS * ago + beside, usual.hour) for beside in near) for ago in known}
    again = [high for ago, high in days.items() if once and ago in AGAIN]
    # A weekly job is usual on its own weekday only, so one day of the last week is not enough.
    lately = sorted(high for ago, high in days.items() if ago < 7 or ago in AGAIN)
    return max([*again, *lately[-2:-1]], default=0)


def forgotten_before(usual: U, since: float) -> U:
    """Return the usual level by the hours since then alone: for the others it was another, so none is known now."""
    hours = max(0, usual.hour - int(since // HOUR_SECONDS))
    kept = len(usual.medians) - min(hours, len(usual.medians))
    # What was derived of the older hours; the next hour derives it anew.
    derived: dict[str, Any] = {"days": 0, "high": 0.0, "high_later": 0.0, "between_days": 0.0}
    return fast_replace(usual, medians=usual.medians[kept:], highs=usual.highs[kept:], **derived)


def forgotten_since(usual: U, since: float) -> U:
    """Return the usual level without the hours since then: a deploy or a rollback may have ended that level."""
    hours = min(max(0, usual.hour - int(since // HOUR_SECONDS)), len(usual.medians))
    kept, unknown = len(usual.medians) - hours, (0,) * hours
    return fast_replace(usual, medians=(*usual.medians[:kept], *unknown), highs=(*usual.highs[:kept], *unknown))
