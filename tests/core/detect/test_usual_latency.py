"""What latency is usual at this hour: learned from two weeks, and what lies above it is found in minutes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from math import exp, log
from random import Random
from typing import Any

import pytest

from tests.core.limits import LIMITS
from tests.core.scenes import given
from watchdog.core import detect
from watchdog.core.detect import slower_than_usual, usual_by_hour, usual_latency
from watchdog.core.detect.slower_than_usual import STEPS_MIN, stepped
from watchdog.core.detect.usual_by_hour import DAYS_MIN, KEPT
from watchdog.core.detect.usual_latency import expected
from watchdog.domain.checks import Check, UsualLatency
from watchdog.domain.events import Observed
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Good

API = SignalPolicy("api", "latency", times_baseline=1.5)
MONDAY = 1_798_934_400.0 + 86400.0
"""2027-01-04 00:00 UTC."""
HOUR = 3600.0
DAY = 86400.0


Answers = Callable[[float], float]
"""How many times the usual latency answers take at a moment."""


def minute(at: float, seconds: float) -> list[tuple[float, float]]:
    """Return the first and the last answer of a minute, which took as long as those between."""
    return [(at - 50.0, seconds), (at, seconds)]


def steady(at: float) -> float:
    """As ever."""
    return 1.0


def times(factor: float) -> Answers:
    """Return what makes it that many times as slow."""
    return lambda at: factor


def until(hour: int, factor: float) -> Answers:
    """Return what makes it that many times as slow until that hour."""
    return lambda at: factor if at % DAY < hour * HOUR else 1.0


def followed(hours: float, factor: Answers, usual: UsualLatency, at: float) -> Iterator[tuple[float, UsualLatency]]:
    """Yield the moment and what is usual after each step of so many hours of 200 ms, times a factor."""
    for number in range(int(hours * 60)):
        now = at + 60.0 * number
        well = not slower_than_usual.is_confirmed(usual, 1.5)
        usual = stepped(usual, minute(now, 0.2 * factor(now)), 1.5, well=well)
        yield now, usual


def lived(hours: float, factor: Answers = steady, usual: UsualLatency | None = None, at: float = MONDAY) -> Any:
    """Return what is usual after so many hours; whole days from nothing on are lived once."""
    if usual is None:
        days = int(hours // 24)
        hours, usual, at = hours - 24 * days, whole_days(days, factor), at + DAY * days
    return [usual, *(after for _, after in followed(hours, factor, usual, at))][-1]


@cache
def whole_days(days: int, factor: Answers) -> UsualLatency:
    """Return what is usual after so many days."""
    before = MONDAY + DAY * (days - 1)
    return lived(24, factor, whole_days(days - 1, factor), before) if days else UsualLatency()


def alarms(hours: float, factor: Answers, usual: UsualLatency, at: float) -> list[float]:
    """Return the hours after `at` in which it became slower than usual."""
    found, was = [], slower_than_usual.is_confirmed(usual, 1.5)
    for now, usual in followed(hours, factor, usual, at):  # noqa: B020
        is_now = slower_than_usual.is_confirmed(usual, 1.5)
        if is_now and not was:
            found.append((now - at) / HOUR)
        was = is_now
    return found


def nightly(at: float) -> float:
    """A job from 02:10 to 02:50 that makes it two and a half times as slow."""
    return 2.5 if 2 * HOUR + 600 <= at % DAY < 2 * HOUR + 3000 else 1.0


def mondays(at: float) -> float:
    """Twice as slow on Mondays from eight to ten."""
    return 2.0 if int(at // DAY + 3) % 7 == 0 and 8 * HOUR <= at % DAY < 10 * HOUR else 1.0


def by_day(at: float) -> float:
    """Busy by day: up to twice as slow in the afternoon, in steps of an hour."""
    return 1.0 + max(0.0, 1.0 - abs(at % DAY / HOUR - 14.0) / 6.0)


def test_nothing_is_judged_before_ten_steps() -> None:
    """Then the average is usual, and twice of it is found: what is half again as slow is not, for want of days."""
    young = lived(STEPS_MIN / 60)
    assert (young.steps, young.now, young.days) == (STEPS_MIN, 2000.0, 0)
    assert alarms(1.0, times(9.0), UsualLatency(), MONDAY) == []
    for steps, excess, moves in ((9, 0.0, True), (10, 0.3, False), (99, 0.3, False), (100, 0.3, True)):
        once = stepped(lived(steps / 60), minute(MONDAY + 2 * HOUR, 2.0), 1.5, well=True)
        assert (once.excess, once.average > 2000.0) == (excess, moves), "one slow step moves a settled average"


DAYS = 24 * 8


@pytest.mark.parametrize(
    ("hours", "season", "now", "minutes"),
    [
        pytest.param(DAYS + 11, by_day, lambda at: 1.25 * by_day(at), None, id="a quarter slower"),
        pytest.param(DAYS + 11, by_day, lambda at: 1.5 * by_day(at), (7, 10), id="half again as slow"),
        pytest.param(DAYS + 11, by_day, lambda at: 2.0 * by_day(at), (3, 4), id="twice"),
        pytest.param(DAYS + 11, by_day, lambda at: 10.0 * by_day(at), (3, 4), id="ten times"),
        pytest.param(3.0, times(0.05), times(0.1495), None, id="29.9 ms where ten are usual"),
        pytest.param(3.0, times(0.05), times(0.155), (0, 120), id="31 ms"),
        pytest.param(DAYS + 12, nightly, times(1.5), (0, 10), id="at noon, where there is a job at night"),
        pytest.param(DAYS + 1.5, nightly, until(2, 2.4), None, id="the job is early"),
        pytest.param(DAYS + 1.5, nightly, times(4.5), (0, 30), id="far slower than the job"),
        pytest.param(24 * 16 + 9, mondays, times(1.5), (0, 30), id="a Wednesday, where Mondays have a job"),
        pytest.param(24 * 21 + 7.5, mondays, until(10, 2.0), None, id="a Monday's job"),
    ],
)
def test_a_slower_release_is_found_in_minutes(
    hours: float, season: Answers, now: Answers, minutes: tuple[int, int] | None
) -> None:
    """Half again as slow within ten, twice within four; never within three, and less than 20 ms not at all.

    A job hides nothing but from half an hour before its hour to an hour after it, on the days that it has.
    """
    found = alarms(6.0, now, lived(hours, season), MONDAY + HOUR * hours)
    assert (minutes is None) is (not found)
    if minutes is not None:
        assert minutes[0] <= found[0] * 60 <= minutes[1]


@pytest.mark.parametrize(
    ("season", "first"),
    [(nightly, 1), (mondays, 1), (by_day, 0), (lambda at: nightly(at) * mondays(at) * by_day(at), 2)],
    ids=["a nightly job", "Monday mornings", "busy by day", "all of it"],
)
def test_what_comes_again_is_told_once_and_not_again(season: Answers, first: int) -> None:
    """In three weeks and a Monday: a job on its first night, a Monday morning on the first Monday."""
    found = alarms(22 * 24 - 6.0, season, lived(6.0, season), MONDAY + 6 * HOUR)
    early = [hour for hour in found if hour < 7 * 24]
    assert len(early) <= first and found == early


def test_the_hours_are_bounded_and_what_was_missed_is_not_known() -> None:
    """Two weeks and an hour; a day without readings is a day that is not known."""
    usual = lived(24 * 20)
    assert len(usual.medians) == len(usual.highs) == KEPT and usual.days == 14
    later = lived(2.0, usual=usual, at=MONDAY + 21 * DAY)
    assert len(later.medians) == KEPT and later.medians[-26:] == (2000, *[0] * 24, 2000)
    assert (later.days, later.minutes) == (13, (2000,) * 60)
    back = lived(1.0, usual=replace(usual, stepped_at=0.0), at=MONDAY + 19 * DAY)
    assert (back.medians, back.days) == ((), 0), "the clock was set back: no hour can be placed"


def test_of_an_hour_the_median_is_known_and_the_highest_ten_minutes() -> None:
    """Those are a job's if they are a third above the median, and further than the hour swings."""
    even, wide = [100] * 5, [30, 30, 100, 100, 100]
    hours = ([100] * 3, [100] * 4, [*even, 130], [*even, 131], [*wide, 220], [*wide, 250], [*[100] * 11, 900])
    found = [usual_by_hour.closed(hour) for hour in hours]
    assert found == [(0, 0), (100, 100), (100, 100), (100, 131), (100, 100), (100, 250), (100, 500)]


def test_working_days_and_weekends_are_apart() -> None:
    """On Saturdays half as slow: what is usual on Fridays is slow there, as soon as two weekend days are known."""

    def weekends(at: float) -> float:
        return 0.5 if int(at // DAY + 3) % 7 > 4 else 1.0

    assert lived(24 * 6 + 12, weekends).now == 2000.0, "one Saturday is no weekend yet"
    friday = lived(24 * 11 + 12, weekends)
    saturday = lived(24, weekends, friday, MONDAY + 11 * DAY + 12 * HOUR)
    assert (friday.now, saturday.now) == (2000.0, 1000.0)
    assert alarms(1.0, times(1.0), saturday, MONDAY + 12 * DAY + 12 * HOUR)


def test_between_the_middles_of_two_hours_the_usual_is_a_line() -> None:
    """In logarithms."""
    usual = UsualLatency(int(MONDAY // HOUR), steps=500, days=DAYS_MIN, around=(1000.0, 2000.0, 4000.0), average=1.0)
    for minute, ms in ((30, 2000.0), (0, 2000.0 * 0.5**0.5), (15, 2000.0 * 0.5**0.25), (45, 2000.0 * 2.0**0.25)):
        assert expected(usual, MONDAY + 60.0 * minute) == pytest.approx(ms)
    alone = replace(usual, around=(0.0, 2000.0, 0.0))
    assert expected(alone, MONDAY) == expected(alone, MONDAY + 3599.0) == 2000.0
    for job, usually in ((2400.0, 2000.0), (5000.0, 5000.0), (20_000.0, 3 * 2000.0)):
        assert expected(replace(alone, high=job, high_later=job), MONDAY) == usually, "a job, but not of any height"
    young = UsualLatency(average=1000.0, medians=(1500, *[1900] * 24))
    found = [expected(few, MONDAY) for few in (young, replace(young, high=1800.0), replace(young, average=2e3))]
    assert found == [1500.0, 1800.0, 2000.0], "before four days: the slowest hour before this day, a job, the average"
    assert expected(UsualLatency(average=0.5), MONDAY) == 0.5, "on the first day the average alone"


def test_days_that_differ_widen_what_is_usual() -> None:
    """A route that is up to a half slower on one day than on another is not told for being so."""
    dice = Random(3)
    noise = [exp(dice.gauss(0.0, 0.3)) for _ in range(15)]
    known = lived(24 * 14 + 12, lambda at: noise[int((at - MONDAY) // DAY)])
    even = lived(24 * 14 + 12)
    assert slower_than_usual.allowance(known, 1.5) > 1.5 * slower_than_usual.allowance(even, 1.5)
    some = [UsualLatency(days=days, between_days=apart) for days, apart in ((4, 0.0), (4, 0.2), (4, 0.5), (3, 0.0))]
    free = [slower_than_usual.allowance(usual, 1.5) for usual in some]
    assert free == pytest.approx([2 / 3 * log(1.5), 0.4, log(2.0), 2 / 3 * log(2.0)])
    assert slower_than_usual.allowance(even, 3.0) == pytest.approx(2 / 3 * log(3.0))


def test_the_limit_follows_from_the_spread_of_the_steps() -> None:
    """Siegmund's formula, once in ten years of minutes; never less than four steps can add."""
    usual = UsualLatency(steps=500, days=DAYS_MIN, around=(2000.0, 2000.0, 2000.0))
    assert slower_than_usual.limit(usual, 1.5) == pytest.approx(1.0, abs=0.01)
    half = replace(usual, excess=slower_than_usual.limit(usual, 1.5) / 2)
    assert slower_than_usual.is_suspicious(half, 1.5) and not slower_than_usual.is_suspicious(half, None)
    wide = replace(usual, spread=0.4)
    deviation, free = 0.5, 2 / 3 * log(1.5)
    kappa = free / deviation
    limit = slower_than_usual.limit(wide, 1.5) / deviation + 1.166
    assert exp(2 * kappa * limit) / (2 * kappa**2) == pytest.approx(5_259_600.0)


def test_noise_alone_is_not_told() -> None:
    """Medians of six answers of a wide distribution (a sigma of 0.45), for three weeks."""
    dice = Random(11)
    usual, told = UsualLatency(), 0
    for number in range(21 * 1440):
        now = MONDAY + 60.0 * number
        answers = [(now - 10.0 * ago, 0.2 * exp(dice.gauss(0.0, 0.45))) for ago in (5, 4, 3, 2, 1, 0)]
        was = slower_than_usual.is_confirmed(usual, 1.5)
        usual = stepped(usual, answers, 1.5, well=not was)
        told += slower_than_usual.is_confirmed(usual, 1.5) and not was
    assert told == 0
    assert 0.15 < usual.spread < 0.25 and usual.average == pytest.approx(2000.0, rel=0.05)


def test_a_slow_minute_moves_the_average_little_and_those_after_it_not_at_all() -> None:
    """Fifty times as slow counts as twice; while the sum is above zero nothing that slow is learned."""
    settled = lived(3.0)
    once = stepped(settled, minute(MONDAY + 3 * HOUR, 10.0), 1.5, well=True)
    again = stepped(once, minute(MONDAY + 3 * HOUR + 60.0, 10.0), 1.5, well=True)
    assert once.average == pytest.approx(1.01 * settled.average) and again.average == once.average
    assert usual_latency.learned(usual_latency.learned(UsualLatency(), 1000), 2000).average == 1500.0, "a mean at first"


def test_a_site_with_two_usual_latencies_is_seldom_told_in_its_first_days() -> None:
    """A cache that misses two times of five: what is usual lies between, once it was seen for a while.

    Of four such sites, two days each; were only quick steps learned, they would be told of 74 times.
    """
    told = 0
    for seed in range(4):
        dice, usual = Random(seed), UsualLatency()
        for number in range(2 * 1440):
            now = MONDAY + 60.0 * number
            answers = [(now - 10.0 * ago, 0.2 if dice.random() < 0.4 else 0.02) for ago in (5, 4, 3, 2, 1, 0)]
            was = slower_than_usual.is_confirmed(usual, 3.0)
            usual = stepped(usual, answers, 3.0, well=not was)
            told += slower_than_usual.is_confirmed(usual, 3.0) and not was
        assert usual.average > 400.0
    assert told <= 16


def test_what_a_deploy_ended_teaches_nothing() -> None:
    """The hours since it began are not known; those before are."""
    usual = lived(24 * 8)
    slow = lived(3.0, times(4.0), usual, MONDAY + 8 * DAY)
    assert (slow.medians[-2:], slow.highs[-2:]) == ((0, 0), (8000, 8000)), "its hours are not usual, but a job may be"
    after = usual_latency.forgotten_since(slow, MONDAY + 8 * DAY + 1200.0)
    assert after.medians[-3:] == (2000, 0, 0) and after.highs[-2:] == (0, 0) and after.minutes == ()
    assert usual_latency.forgotten_since(slow, MONDAY - 99 * DAY).medians == (0,) * len(slow.medians)
    assert usual_latency.forgotten_since(usual, MONDAY + 9 * DAY).medians == usual.medians


def test_a_sum_ends_after_six_steps_that_are_as_usual() -> None:
    """And not after five, nor after any number that are a little less slow; then nothing is left of it."""
    known = lived(24 * 8)
    slow = lived(0.5, times(3.0), known, MONDAY + 8 * DAY)
    assert slower_than_usual.is_confirmed(slow, 1.5) and slow.excess_since == MONDAY + 8 * DAY - 50.0
    five = lived(5 / 60, steady, slow, MONDAY + 8 * DAY + 1800.0)
    assert slower_than_usual.is_confirmed(five, 1.5)
    six = lived(1 / 60, steady, five, MONDAY + 8 * DAY + 2100.0)
    assert (six.excess, six.excess_since, six.confirmed, six.ease) == (0.0, None, False, 0.0)
    less = lived(0.8, times(1.2), slow, MONDAY + 8 * DAY + 1800.0)
    assert slower_than_usual.is_suspicious(less, 1.5) and (less.confirmed, less.excess) == (True, pytest.approx(0.1))
    assert not lived(2 / 60, times(0.5), slow, MONDAY + 8 * DAY + 1800.0).confirmed, "two far below do as well"


def test_it_begins_with_its_first_slow_answer() -> None:
    """Also of the minute before, which was slow in its last seconds alone; what is barely slow dates nothing."""
    known, at = lived(24 * 8), MONDAY + 8 * DAY
    before = [(at - 10.0 * ago, 0.6 if ago < 2 else 0.2) for ago in range(20, -1, -1)]
    first = stepped(known, before, 1.5, well=True)
    second = stepped(first, [*before, *((at + 10.0 * later, 0.6) for later in range(1, 7))], 1.5, well=True)
    assert (first.minutes[-1], second.minutes[-1]) == (2000, 6000), "a step is of its own answers"
    assert (first.excess, second.excess_since) == (0.0, at - 10.0)
    barely = lived(1 / 60, times(1.377), known, at)
    assert 0.0 < barely.excess < slower_than_usual.NOISE
    assert lived(1 / 60, times(3.0), barely, at + 60.0).excess_since == at + 10.0


def test_neither_a_slowness_nor_a_job_widens_how_far_steps_swing() -> None:
    """The limit would rise with it, and the next one be found later."""
    assert lived(0.5, times(3.0), lived(24 * 8), MONDAY + 8 * DAY).spread < 0.005
    assert lived(24 * 8, nightly).spread < 0.001


def test_years_without_a_slow_answer_do_not_end_in_a_share_of_nothing() -> None:
    """Two million minutes: the share stays above zero, and one slow answer moves it."""
    usual = UsualLatency(steps=2_000_000, tail_share=1e-4)
    for _ in range(3000):
        usual = usual_latency.tail_learned(usual, 0, 6)
    assert usual.tail_share == 1e-4
    assert usual_latency.tail_learned(usual, 1, 6).tail_share == pytest.approx(1e-4 + 3e-4 * (1 / 6 - 1e-4))
    few = usual_latency.tail_learned(UsualLatency(steps=50), 1, 6)
    assert few.tail_share == pytest.approx(0.02 + (1 / 6 - 0.02) / 100), "nor does the first one define it"


def test_a_step_is_a_minute_and_six_answers_or_what_there_is_after_three_windows() -> None:
    """A probe every 30 s makes one of six answers; one every five minutes of one."""
    for every, answers in ((10.0, 6), (30.0, 6), (300.0, 2)):
        check, at = Check("api", "latency"), MONDAY
        steps = []
        for _ in range(61):
            before = check.usual
            check = detect.observe(check, Observed(at, "web", "api", Good(), 0.2), API, LIMITS)
            if check.usual != before:
                steps.append(at)
            at += every
        assert steps[5] - steps[4] == max(60.0, answers * every), every
    assert [slower_than_usual.ends_within_seconds(every) for every in (10.0, 60.0)] == [600.0, 3600.0]


def test_a_slow_release_is_told_with_its_arithmetic() -> None:
    """What is usual at this hour, and how long it lasts; and it ends with the first quick minutes."""
    usual = lived(24 * 8 + 12)
    check, at = Check("api", "latency", usual=usual), MONDAY + 8 * DAY + 12 * HOUR
    for _ in range(90):
        check = detect.observe(check, Observed(at, "web", "api", Good(), 0.36), API, LIMITS)
        at += 10.0
    found = detect.find(check, given(API, at - 10.0))
    assert found is not None and (found.method, found.share, found.failure_kind) == ("latency", 1.0, "slow")
    assert found.text.startswith("p50 360 ms, 200 ms is usual at this hour, for 15 min (CUSUM 1.26, limit 1.01)")
    assert found.symptom == "p50 360 ms, 200 ms is usual"
    assert found.unseen_seconds == (at - 10.0 - found.onset_at) / 2 + 60.0
    assert detect.failing(check, given(API, at - 10.0)) and not detect.calm(check, given(API, at - 10.0))
    silent = replace(API, times_baseline=None, limits_seconds={"p95": 9.0})
    assert detect.find(check, given(silent, at - 10.0)) is None, "a reload took the comparison away"
    for _ in range(43):
        check = detect.observe(check, Observed(at, "web", "api", Good(), 0.2), API, LIMITS)
        at += 10.0
    assert check.over_since is None and detect.find(check, given(API, at - 10.0)) is None


@pytest.mark.parametrize(("day", "low", "high"), [(8.5, 720.0, 780.0), (4.0, 640.0, 710.0), (3.9, 200.0, 250.0)])
def test_slow_times_that_pass_by_themselves_make_it_wait(day: float, low: float, high: float) -> None:
    """Its slow times last up to ten minutes: what lasts a fifth longer is told, and nothing before. Those that passed
    before any hour had a history are usual by now.
    """
    limits = replace(LIMITS, latency_hold_seconds=300.0)
    usual = lived(24 * 8 + 12)
    start = MONDAY + 8 * DAY + 12 * HOUR
    lesson = {"slow_healed_seconds": 600.0, "slow_healed_at": MONDAY + day * DAY}
    check, at = Check("api", "latency", usual=usual, watched_from=MONDAY, **lesson), start
    told = None
    while told is None and at < start + 1200.0:
        check = detect.observe(check, Observed(at, "web", "api", Good(), 0.6), API, LIMITS)
        told = detect.find(check, given(API, at, limits)) and at
        at += 10.0
    assert check.over_since is not None and told is not None
    assert low <= told - check.usual.excess_since <= high
