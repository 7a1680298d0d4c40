"""The usual latency of a check: by hour (see usual_by_hour), or before four days are known the average.

Jobs count up to HIGH_MAX of the hour's usual. Before an hour has a history, the average is usual, or the slowest hour
of earlier days. A latency that lasts a day is usual from then on; one that a deploy or a rollback ended is forgotten.
"""

from collections.abc import Sequence

from watchdog.core.detect import usual_by_hour
from watchdog.core.detect.usual_by_hour import DAY_HOURS, has_jobs, is_known
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
HIGH_MAX = 3.0


def expected(usual: UsualLatency, at: float) -> float:
    """Return the usual latency at that moment; above zero after the first step."""
    if not is_known(usual):
        return max(usual.average, max(usual.medians[:-DAY_HOURS], default=0), usual.high)
    level = usual_by_hour.level(usual, at)
    return min(usual_by_hour.reached(usual, at), HIGH_MAX * level) if has_jobs(usual, at) else level


def in_hour(usual: UsualLatency, hour: int) -> UsualLatency:
    """Return the usual latency in a new hour: the previous one is closed, and missed hours are unknown."""
    middle, high = usual_by_hour.closed(usual.minutes)
    # The median of a slow hour is not usual; its high stays known, as a job may cause it.
    middle = 0 if usual.confirmed else middle
    return fast_replace(usual_by_hour.in_hour(usual, hour, middle, high, once=True), minutes=())


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
    return fast_replace(usual_by_hour.forgotten_since(usual, since), minutes=())
