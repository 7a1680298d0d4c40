"""Errors that come again at an hour are usual there, and nowhere else."""

from collections.abc import Callable

import pytest

from tests.core.limits import LIMITS
from tests.core.scenes import given
from watchdog.core import detect
from watchdog.core.detect import error_counts, usual_errors
from watchdog.domain.checks import Check, UsualErrors
from watchdog.domain.events import Observed
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Good, MinuteCount

ERRORS = SignalPolicy("errors", "sentry")
HOUR, DAY = 3600.0, 86400.0
MONDAY = 1_798_934_400.0 + DAY
"""2027-01-04 00:00 UTC."""

Rate = Callable[[float], float]
"""The errors of a minute."""


def steady(at: float) -> float:
    """One and three in turn."""
    return 1.0 + 2.0 * (at // 60 % 2)


def nightly(at: float) -> float:
    """Forty a minute from 02:10 to 02:40, on top."""
    return steady(at) + (40.0 if 2 * HOUR + 600 <= at % DAY < 2 * HOUR + 2400 else 0.0)


def mondays(at: float) -> float:
    """Forty a minute on Mondays from eight to ten, on top."""
    return steady(at) + (40.0 if int(at // DAY + 3) % 7 == 0 and 8 * HOUR <= at % DAY < 10 * HOUR else 0.0)


def minutes(rate: Rate, begin: float, end: float) -> tuple[MinuteCount, ...]:
    """Return the buckets between two moments."""
    return tuple(MinuteCount(begin + 60.0 * n, 60.0, rate(begin + 60.0 * n)) for n in range(int((end - begin) // 60)))


def lived(hours: int, rate: Rate = steady) -> UsualErrors:
    """Return what is usual after so many hours from a Monday on."""
    usual = UsualErrors()
    for hour in range(hours):
        usual = usual_errors.after(usual, minutes(rate, MONDAY + HOUR * hour, MONDAY + HOUR * (hour + 1) + 360.0))
    return usual


def why(usual: UsualErrors, at: float, count: float, rate: Rate = steady, total: float | None = None) -> str:
    """Return why a minute at that moment is bad, after 85 minutes of that rate."""
    history = [MinuteCount(one.start, 60.0, one.count, total) for one in minutes(rate, at - 5400.0, at - 300.0)]
    return error_counts.why_bad(MinuteCount(at, 60.0, count, total), history, ERRORS, LIMITS, usual)


@pytest.mark.parametrize(
    ("rate", "day", "hour", "count", "bad"),
    [
        pytest.param(nightly, 3, 2.2, 42.0, True, id="a batch, after three nights"),
        pytest.param(nightly, 4, 2.3, 42.0, False, id="after four"),
        pytest.param(nightly, 8, 1.6, 42.0, False, id="half an hour early"),
        pytest.param(nightly, 8, 3.4, 42.0, False, id="half an hour longer"),
        pytest.param(nightly, 8, 3.6, 42.0, True, id="longer than that"),
        pytest.param(nightly, 8, 2.3, 200.0, True, id="far more than every night"),
        pytest.param(nightly, 8, 12.3, 25.0, True, id="less than the batch, at noon"),
        pytest.param(nightly, 8, 4.2, 25.0, True, id="less than the batch, and it is in the last 85 minutes"),
        pytest.param(nightly, 12, 2.3, 42.0, False, id="a Saturday, of which one is known"),
        pytest.param(mondays, 7, 9.0, 42.0, True, id="the second Monday"),
        pytest.param(mondays, 14, 9.0, 42.0, False, id="the third"),
        pytest.param(mondays, 16, 9.0, 42.0, True, id="the Wednesday after it"),
        pytest.param(steady, 8, 9.0, 5.0, False, id="a few more than usual"),
    ],
)
def test_what_comes_again_at_an_hour_is_usual_there(rate: Rate, day: int, hour: float, count: float, bad: bool) -> None:
    """From the fourth day on, and twice; what is far above the hour is found though a daily peak is higher."""
    usual = lived(24 * day + int(hour), rate)
    text = why(usual, MONDAY + DAY * day + 60.0 * round(60 * hour), count, rate)
    assert bool(text) is bad
    assert ("at this hour" in text) is (bad and day > 3)


def test_before_four_days_are_known_the_last_minutes_are_usual() -> None:
    """And a few minutes of them are too few; an hour with a history needs none."""
    at = MONDAY + 8 * DAY
    few = minutes(steady, at - 600.0, at - 300.0)
    for seconds in (60.0, 120.0):
        bucket = MinuteCount(at, seconds, seconds / 2)
        assert error_counts.why_bad(bucket, few, ERRORS, LIMITS) == ""
        known = error_counts.why_bad(bucket, few, ERRORS, LIMITS, lived(24 * 8))
        assert known.startswith("30 errors/min, 2.0 expected at this hour (phi 1.0, chance ")
        assert usual_errors.expected(lived(24 * 8), bucket) == pytest.approx(2.0 * seconds / 60.0)


def test_a_crowd_explains_more_than_the_hour_and_a_batch_more_than_its_visitors() -> None:
    """Where requests are counted, the higher of both is expected."""
    at = MONDAY + 8 * DAY + 12 * HOUR
    assert why(lived(24 * 8 + 12), at, 20.0, total=100.0)
    history = [MinuteCount(one.start, 60.0, one.count, 100.0) for one in minutes(steady, at - 5400.0, at - 300.0)]
    crowd = MinuteCount(at, 60.0, 20.0, 1000.0)
    assert error_counts.why_bad(crowd, history, ERRORS, LIMITS, lived(24 * 8 + 12)) == ""
    assert why(lived(24 * 8 + 2, nightly), MONDAY + 8 * DAY + 2.3 * HOUR, 42.0, total=100.0) == ""


def test_phi_is_that_of_hours_without_a_job() -> None:
    """Heaps widen it slowly; the minutes of a batch do not, and an hour without an error says nothing."""

    def heaps(at: float) -> float:
        return 20.0 if at // 60 % 10 == 0 else 0.0

    assert lived(96, heaps).phi == pytest.approx(17.76, abs=0.01)
    assert lived(24 * 8, nightly).phi == 1.0
    silent = lived(24, lambda at: 0.0)
    assert silent.phi == 1.0 and set(silent.medians[1:]) == {100}
    assert usual_errors.expected(lived(24 * 5, lambda at: 0.0), MinuteCount(MONDAY + 5 * DAY, 60.0, 0.0)) == 0.0
    one = lived(2, lambda at: heaps(at) * 100)
    assert one.phi == pytest.approx(1.1), "one hour counts as three times the average at most"


def test_an_hour_is_closed_late_and_once_and_one_that_was_missed_is_not_known() -> None:
    """Five minutes after its end; of ten minutes the larger part must be known, and of an hour most."""
    hour = int(MONDAY // HOUR)
    begun = usual_errors.after(UsualErrors(), minutes(steady, MONDAY, MONDAY + 600.0))
    early = usual_errors.after(begun, minutes(steady, MONDAY, MONDAY + HOUR + 300.0))
    assert (begun.hour, begun.medians) == (hour, ()) and early is begun
    flood = [minutes(lambda at: 90.0, MONDAY + a, MONDAY + b) for a, b in ((-HOUR, 0.0), (HOUR, HOUR + 360.0))]
    late = usual_errors.after(begun, (*flood[0], *minutes(steady, MONDAY, MONDAY + HOUR), *flood[1]))
    assert (late.hour, late.medians, late.highs, late.phi) == (hour + 1, (300,), (300,), 1.0), "of its own minutes"
    some = usual_errors.after(begun, minutes(steady, MONDAY + 1620.0, MONDAY + HOUR + 360.0))
    assert some.medians == (0,), "three steps of six"
    for seconds, seen, known in ((30, 240, 0), (30, 300, 300), (300, 300, 300)):
        buckets = [MinuteCount(MONDAY + at, seconds, seconds / 30) for at in range(0, 3601 + 600, seconds)]
        kept = [one for one in buckets if one.start % 600 < seen or one is buckets[-1]]
        assert usual_errors.after(begun, kept).medians == (known,), "of whatever length"
    gap = usual_errors.after(late, minutes(steady, MONDAY + 4 * HOUR, MONDAY + 4 * HOUR + 600.0))
    assert gap.medians == (300, 0, 0, 0) and usual_errors.lasting(gap, 4) == [2.0]


def test_a_check_learns_them_keeps_them_and_forgets_what_a_rollback_ended() -> None:
    """With the feed's own readings; to forget evidence is not to forget what is usual."""
    check, at = Check("errors", "sentry"), MONDAY
    while at < MONDAY + 3 * HOUR:
        at += 600.0
        told = Observed(at, "web", "errors", Good(), counts=minutes(steady, at - 3600.0, at))
        check = detect.observe(check, told, ERRORS, LIMITS)
    assert check.usual_errors.medians[-1] == 300
    assert detect.forget(check, at).usual_errors == check.usual_errors
    assert detect.observe(check, Observed(at, "web", "errors", Good()), ERRORS, LIMITS).counts == check.counts
    assert detect.find(check, given(ERRORS, at)) is None
    cured = usual_errors.forgotten_since(check.usual_errors, MONDAY + HOUR, at)
    assert set(cured.medians[-1:]) == {0}


@pytest.mark.parametrize(("lasts", "day_3"), [(60.0 * 6, 300), (60.0 * 30, 0)])
def test_a_flood_that_rollbacks_ended_is_found_again_at_the_same_hour(lasts: float, day_3: int) -> None:
    """The hour in which it was rolled back is not complete yet: its minutes from before the rollback must not teach.

    What is left of that hour may be enough to know it.
    """
    usual, noon = UsualErrors(), 12 * HOUR

    def flooded(at: float) -> float:
        return steady(at) + (40.0 if at // DAY - MONDAY // DAY in (3, 4) and 0 <= at % DAY - noon < lasts else 0.0)

    for hour in range(24 * 5 + 12):
        usual = usual_errors.after(usual, minutes(flooded, MONDAY + HOUR * hour, MONDAY + HOUR * (hour + 1) + 360.0))
        # The next hour has begun: it is closed an hour later.
        if hour in (24 * 3 + 11, 24 * 4 + 11):
            onset = MONDAY + HOUR * (hour + 1)
            usual = usual_errors.forgotten_since(usual, onset, onset + lasts)
    assert usual.medians[24 * 3 + 11] == day_3
    assert why(usual, MONDAY + 5 * DAY + noon + 120.0, 42.0)
