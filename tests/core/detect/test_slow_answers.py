"""Too many slow answers: found by what the number of probes allows, and over when they are."""

from collections.abc import Iterator
from dataclasses import replace
from math import inf, log
from random import Random

import pytest

from tests.core.limits import LIMITS
from tests.core.scenes import given
from watchdog.core import detect
from watchdog.core.detect import slow_answers
from watchdog.domain.checks import Check, SlowAnswers, UsualLatency
from watchdog.domain.events import Observed
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Good

P95 = SignalPolicy("api", "latency", limits_seconds={"p95": 0.8})
MIDDLE = SignalPolicy("api", "latency", limits_seconds={"p50": 0.3, "p99": 2.0})
TAIL = SignalPolicy("api", "latency", times_baseline=1.5)
KNOWN = UsualLatency(average=2000.0, now=2000.0, steps=slow_answers.STEPS_MIN, tail_share=0.004)
"""200 ms are usual, four answers in a thousand are far slower."""
T0 = 10_000.0


def sums(slow: str, signal: SignalPolicy) -> tuple[SlowAnswers, ...]:
    """Return what is summed after answers ("s" is slow), ten seconds apart."""
    return [(), *after_each(slow, signal)][-1]


def after_each(slow: str, signal: SignalPolicy) -> Iterator[tuple[SlowAnswers, ...]]:
    """Yield what is summed after each of these answers."""
    known: tuple[SlowAnswers, ...] = ()
    for number, one in enumerate(slow):
        known = counted(known, signal, 2.0 if one == "s" else 0.2, T0 + 10.0 * number)
        yield known


def counted(
    known: tuple[SlowAnswers, ...],
    signal: SignalPolicy,
    seconds: float,
    at: float,
    *,
    typical: float = 0.2,
    usual: UsualLatency = KNOWN,
) -> tuple[SlowAnswers, ...]:
    """Return the sums with one answer more, where those before it took `typical` seconds each."""
    return slow_answers.counted(known, usual, signal, (*((at - 10.0, typical),) * 20, (at, seconds)))


def spread(share: float, answers: int, seed: int) -> str:
    """Return answers of which that share is slow, at random."""
    dice = Random(seed)
    return "".join("s" if dice.random() < share else "." for _ in range(answers))


@pytest.mark.parametrize(
    ("signal", "usual", "limits"),
    [
        (P95, KNOWN, [("p95", 0.8, 0.05, 0.125)]),
        (MIDDLE, KNOWN, [("p50", 0.3, 0.5, 0.75), ("p99", 2.0, 0.01, 0.025)]),
        (TAIL, KNOWN, [("tail", 1.0, 0.01, 0.04)]),
        (TAIL, replace(KNOWN, tail_share=0.15), [("tail", 1.0, 0.195, 0.4875)]),
        (TAIL, replace(KNOWN, steps=slow_answers.STEPS_MIN - 1), []),
        (TAIL, replace(KNOWN, tail_share=0.151), []),
        (TAIL, replace(KNOWN, now=0.0), []),
        (TAIL, replace(KNOWN, now=20.0), [("tail", 0.052, 0.01, 0.04)]),
        (replace(TAIL, times_baseline=8.0), KNOWN, [("tail", 1.6, 0.01, 0.04)]),
        (replace(TAIL, limits_seconds={"p95": 2.0}), KNOWN, [("p95", 2.0, 0.05, 0.125), ("tail", 1.0, 0.01, 0.04)]),
    ],
    ids=["objective", "two", "tail", "usual tail", "no day", "two latencies", "new", "milliseconds", "times", "both"],
)  # fmt: skip
def test_the_limits(signal: SignalPolicy, usual: UsualLatency, limits: list[tuple[str, float, float, float]]) -> None:
    """Each with the share that may be slower, and with the one that is to be found."""
    found = slow_answers.limits(usual, signal)
    assert [tuple(one)[:4] for one in found] == [pytest.approx(one) for one in limits]
    assert slow_answers.lowest(usual, signal) == pytest.approx(min([one[1] for one in limits], default=inf))


def test_the_sum_is_that_of_the_log_likelihood_ratios() -> None:
    """A slow answer adds log(.125 / .05), a quick one takes log(.95 / .875) away; at zero it is gone."""
    (one,) = sums("ss..s", P95)
    assert one.level == pytest.approx(3 * log(2.5) - 2 * log(0.95 / 0.875))
    assert (one.answers, one.slow, one.quick, one.recent) == (5, 3, 0, ((T0, 1), (T0 + 10.0, 2), (T0 + 40.0, 5)))
    assert sums("s" + "." * 11, P95) and not sums("s" + "." * 12, P95)
    (most,) = sums("s" * 99, P95)
    assert most.level == 1.25 * slow_answers.LIMIT
    assert (most.recent[0], most.recent[-1], len(most.recent)) == ((T0 + 670.0, 68), (T0 + 980.0, 99), 32)
    assert slow_answers.began(most, slow_answers.limits(KNOWN, P95)[0]) == T0, "further back than the kept ones"


@pytest.mark.parametrize(
    ("signal", "share", "answers"), [(P95, 0.15, 400), (P95, 0.10, 2500), (TAIL, 0.15, 150), (TAIL, 0.04, 2160)]
)
def test_a_share_is_found_by_what_the_number_of_probes_allows(signal: SignalPolicy, share: float, answers: int) -> None:
    """Twice the objective, and a tail of 15 % within 25 min of probes, of 4 % within 6 h: eleven of twelve."""
    tries = [after_each(spread(share, answers, seed), signal) for seed in range(12)]
    assert sum(any(slow_answers.confirmed(known, KNOWN, signal) for known in one) for one in tries) >= 11


@pytest.mark.parametrize(("signal", "share"), [(P95, 0.03), (TAIL, 0.01)])
def test_what_may_be_slow_is_not_found(signal: SignalPolicy, share: float) -> None:
    """Three in a hundred beside an objective of five, one beside a usual one: in ten days of probes."""
    for number, known in enumerate(after_each(spread(share, 86_400, 7), signal)):
        assert not slow_answers.confirmed(known, KNOWN, signal), number


@pytest.mark.parametrize(("signal", "quick"), [(P95, 1), (P95, 20), (P95, 23), (TAIL, 40), (TAIL, 200)])
def test_many_quick_answers_come_to_what_they_do_one_by_one(signal: SignalPolicy, quick: int) -> None:
    """Also where the sum is back at zero before the last of them; a limit that is not there any more is left out."""
    known = sums("s.s", signal)
    one_by_one = known
    for number in range(quick):
        one_by_one = counted(one_by_one, signal, 0.2, T0 + 30.0 + 10.0 * number)
    assert slow_answers.after_quick_answers(known, KNOWN, signal, quick) == one_by_one
    assert slow_answers.after_quick_answers(known, KNOWN, replace(MIDDLE, limits_seconds={"p50": 3.0}), quick) == ()


def test_a_stray_slow_answer_does_not_date_what_begins_later() -> None:
    """Less than one slow answer is left of it: the sum goes on, and its beginning is the later one."""
    (early,) = sums("s.s", P95)
    (later,) = sums("s..s", P95)
    assert (early.since, later.since) == (T0 + 20.0, T0 + 30.0)
    assert later.level == pytest.approx(2 * log(2.5) - 2 * log(0.95 / 0.875)), "nothing is lost of the sum"
    assert sums("ss.s", P95)[0].since == T0


def test_what_goes_on_and_since_when() -> None:
    """Not what is ending, and suspicious at half of the limit; of two the earlier one.

    Where not every slow answer is kept, the onset may still be.
    """
    both, (known,) = replace(TAIL, limits_seconds={"p95": 0.8}), sums("s" * 20, P95)
    tail = replace(known, limit="tail", since=known.since - 1.0)
    found = slow_answers.confirmed((known, tail), KNOWN, both)
    assert found is not None and found[0] is tail
    low, half = (replace(known, level=slow_answers.LIMIT / 2 - less) for less in (0.1, 0.0))
    new = replace(half, confirmed=False)
    assert [slow_answers.confirmed((one,), KNOWN, P95) is None for one in (low, new, half)] == [True, True, False]
    assert [slow_answers.is_suspicious(one) for one in ((low,), (new,), sums("s" * 7, P95))] == [True, True, False]
    ending = ("s..." * 36 + "ssss" + "." * quick for quick in (12, 13))
    assert [slow_answers.confirmed(sums(slow, P95), KNOWN, P95) is None for slow in ending] == [False, True]
    sparse = [(T0 + 100.0 * at, 100 * at + 1) for at in range(30)]
    dense = [(T0 + 4000.0 + at, 3300 + at) for at in range(2)]
    long = replace(known, since=T0 - 900.0, answers=3319, slow=40, recent=(*sparse, *dense))
    (late,), (limit,) = sums("ss" + "." * 9 + "s", P95), slow_answers.limits(KNOWN, P95)
    assert [slow_answers.began(one, limit) for one in (long, late)] == [T0 + 4000.0, T0 + 110.0]


def test_a_moment_in_which_everything_is_slow_is_no_tail() -> None:
    """Two in a row count, and no more; what is one says how far out it is."""
    (two,) = sums("ss", TAIL)
    (many,) = sums("s" * 60, TAIL)
    assert many.level == two.level == pytest.approx(2 * log(4.0)) and many.slow == 60
    (tail,), (limit,) = sums("ss." * 6, TAIL), slow_answers.limits(KNOWN, TAIL)
    words = "12 of 18 answers > 1000 ms (5 x usual) in 3 min (1.0% usually are; CUSUM 16.2, limit 13)"
    assert tail.confirmed and slow_answers.describe(tail, limit, KNOWN, 180.0) == words


def test_an_answer_is_far_slower_than_most_are_now() -> None:
    """A site that is twice as slow, all of it, has no longer tail; an objective holds as ever."""
    assert counted((), TAIL, 1.5, T0) and counted((), P95, 1.5, T0, typical=0.4)
    assert not counted((), TAIL, 1.5, T0, typical=0.4) and counted((), TAIL, 2.1, T0, typical=0.4)
    known = sums("s", TAIL)
    assert counted(known, TAIL, 1.0, T0 + 10.0) == counted(known, TAIL, 0.2, T0 + 10.0), "1000 ms are not beyond 1000"
    later = [counted(known, TAIL, seconds, T0 + 10.0, typical=0.4)[0].slow for seconds in (1.5, 2.1)]
    assert later == [1, 2], "a tail that is not told yet moves with what most answers take, and is not lost"
    assert [slow_answers.far_slower((0.2, 1.0, last), KNOWN, TAIL, [(T0, 0.2)]) for last in (0.9, 1.1)] == [0, 1]


def test_it_is_over_after_many_times_the_usual_distance_of_slow_answers() -> None:
    """Nine in ten slow: five quick ones end it. Every fourth: 67 do, for a dozen may be chance."""
    for slow, quick in (("s" * 40, 3), ("s" * 17 + "..s", 4), ("s..." * 38 + "ss", 66)):
        assert sums(slow + "." * quick, P95) and not sums(slow + "." * (quick + 1), P95), slow


def test_a_tail_that_is_told_does_not_end_by_getting_worse() -> None:
    """Once most answers are slow these are no longer far slower than most: it goes on all the same."""
    known = sums("ss." * 8, TAIL)
    for number in range(60):
        known = counted(known, TAIL, 2.0, T0 + 300.0 + number, typical=2.0)
    assert known[0].confirmed and known[0].quick == 0 and slow_answers.confirmed(known, KNOWN, TAIL)


def test_a_share_that_stays_is_usual_after_some_days() -> None:
    """Three in a hundred are told for more than a day, learned as usual from then on, and told no longer."""
    dice, slow_from = Random(3), 86_400.0
    check, told = Check("api", "latency"), set()
    for number in range(5 * 8640 + 4320):
        now = 10.0 * number
        is_slow = dice.random() < (0.03 if now > slow_from else 0.004)
        check = detect.observe(check, Observed(T0 + now, "web", "api", Good(), 2.0 if is_slow else 0.2), TAIL, LIMITS)
        if detect.find(check, given(TAIL, T0 + now)) is not None:
            told.add(int((now - slow_from) // 3600))
    assert 0 <= min(told) < 3 and 24 <= max(told) < 96
    assert check.usual.tail_share > 0.01 and check.over_since is None


def test_an_objective_that_was_raised_or_taken_away_is_not_broken() -> None:
    """What was slow for the lower one says nothing of the higher one; a lower one only adds."""
    known = sums("s" * 20, P95)
    assert slow_answers.confirmed(known, KNOWN, P95)
    for limits, broken in (({"p95": 1.9}, False), ({}, False), ({"p99": 0.8}, False), ({"p95": 0.7}, True)):
        assert (slow_answers.confirmed(known, KNOWN, replace(P95, limits_seconds=limits)) is not None) is broken
    (anew,) = counted(known, replace(P95, limits_seconds={"p95": 1.9}), 2.0, T0)
    assert anew.answers == 1


def test_one_answer_in_six_is_told_with_its_arithmetic() -> None:
    """No percentile of twenty answers stays over its limit; the finding says how many are slow."""
    check = Check("api", "latency", usual=replace(KNOWN, stepped_at=T0 + 1e6))
    at = T0
    for number in range(180):
        at = T0 + 10.0 * number
        event = Observed(at, "web", "api", Good(), 2.0 if number % 6 == 0 else 0.2)
        check = detect.observe(check, event, P95, LIMITS)
    found = detect.find(check, given(P95, at))
    assert found is not None and found.text == (
        "29 of 174 answers > 800 ms (p95 limit) in 29 min (5.0% may be; CUSUM 15.2, limit 13)"
    )
    assert (found.onset_at, found.share, found.method) == (T0 + 60.0, pytest.approx(1 / 6), "latency")
    assert found.symptom == "29 of 174 answers > 800 ms (p95 limit)"
    assert found.unseen_seconds == (at - T0 - 60.0) / 2
    assert detect.suspicious(check, given(P95, at)) and not detect.calm(check, given(P95, at))
