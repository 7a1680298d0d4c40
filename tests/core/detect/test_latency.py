"""Latency: percentiles against an objective; only fresh, sustained slowness counts."""

from dataclasses import replace

import pytest

from tests.core.limits import LIMITS
from tests.core.scenes import given
from watchdog.core import detect
from watchdog.core.detect import latency, slower_than_usual
from watchdog.domain.checks import Check, UsualLatency
from watchdog.domain.decisions import Finding
from watchdog.domain.events import Observed
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, Good, Unknown

API = SignalPolicy("api", "latency", limits_seconds={"p95": 0.8})
NEW = Check("api", "latency")
KNOWN = replace(NEW, usual=UsualLatency(average=2000.0, steps=slower_than_usual.STEPS_MIN))
"""Seen for long enough to know what is usual."""
T0 = 10_000.0


def fed(
    latencies: list[float], signal: SignalPolicy = API, every: float = 2.0, check: Check | None = None, at: float = T0
) -> tuple[Check, float]:
    """Fold latencies in; return the check and the time of the last."""
    check = check or KNOWN
    for seconds in latencies:
        check = detect.observe(check, Observed(at, "web", "api", Good(), seconds), signal, LIMITS)
        at += every
    return check, at - every


def finding(check: Check, now: float, signal: SignalPolicy = API) -> Finding | None:
    """Return what is confirmed."""
    return detect.find(check, given(signal, now))


def test_over_the_objective_for_a_minute_is_confirmed_with_its_arithmetic() -> None:
    """From the first slow answer on."""
    check, now = fed([0.2] * 5 + [1.2] * 31)
    result = finding(check, now)
    text = "p95 1200 ms > 800 ms (objective) for 60 s (limit 60 s), 31 samples"
    assert result == Finding("api", "latency", "latency", T0 + 10.0, 1.0, text, "slow", symptom="p95 1200 ms > 800 ms")


def test_who_cannot_tell_what_is_usual_waits_twice_as_long() -> None:
    """With no baseline yet, a percentile must be over its limit for twice the time; the finding says so."""
    check, now = fed([1.2] * 60, check=NEW)
    assert check.over_since == T0 and finding(check, now) is None
    check, now = fed([1.2], check=check, at=now + 2.0)
    words = "p95 1200 ms > 800 ms (objective) for 2 min (limit 2 min, 2 x 60 s for want of a baseline)"
    result = finding(check, now)
    assert result.text.startswith(words)


def test_the_share_is_that_of_slow_answers() -> None:
    """One in four slow: p95 is over, and the share says how many suffer."""
    check, now = fed([1.2, 0.2, 0.2, 0.2] * 9 + [1.2])
    assert finding(check, now).share == pytest.approx(10 / 37)
    check, now = fed([1.2, 0.8, 0.8, 0.8] * 9 + [1.2])
    assert finding(check, now).share == pytest.approx(10 / 37), "just in time is in time"


@pytest.mark.parametrize(
    ("later", "over"), [([0.2, 0.2, 0.2], True), ([0.2, 0.2, 0.2, 0.2], False), ([0.2, 0.2, 0.2, 0.8], False)]
)
def test_a_slow_answer_is_fresh_for_a_quarter_of_a_minute(later: list[float], over: bool) -> None:
    """To the second; and an answer that just keeps the limit is no slow one."""
    check, now = fed([1.2] * 40)
    check, _ = fed(later, check=check, every=5.0, at=now + 5.0)
    assert (check.over_since is not None) is over


def test_what_is_just_at_its_limit_is_not_over_it() -> None:
    """However long, and although one in forty is slower."""
    for answers in ([0.8] * 40, [0.8] * 39 + [1.2]):
        check, _ = fed(answers)
        assert check.over_since is None


@pytest.mark.parametrize("reading", [Unknown("void"), None])
def test_silence_is_not_slowness(reading: Unknown | None) -> None:
    """Over for 30 s, then nothing is known for a minute: not confirmed, and no longer fresh."""
    check, now = fed([1.2] * 26)
    for second in range(1, 60):
        if reading is not None:
            check = detect.observe(check, Observed(now + second, "web", "api", reading), API, LIMITS)
    assert finding(check, now + 60.0) is None
    confirmed, now = fed([1.2] * 40)
    assert finding(confirmed, now + 15.0) is not None and finding(confirmed, now + 16.0) is None
    assert detect.failing(confirmed, given(API, now + 15.0)) and not detect.failing(confirmed, given(API, now + 16.0))


def test_failures_are_judged_as_probes_and_have_no_latency() -> None:
    """A failing route is down, not slow; its samples stay as they are."""
    check, now = fed([0.2] * 5)
    for second in range(0, 48, 2):
        event = Observed(now + 2 + second, "web", "api", Bad("HTTP 503"), 9.0)
        check = detect.observe(check, event, API, LIMITS)
    assert len(check.samples) == 5
    result = finding(check, check.last_at)
    assert result.method == "run"
    assert detect.failing(check, given(API, check.last_at))
    without = detect.observe(check, Observed(now + 99, "web", "api", Good()), API, LIMITS)
    assert len(without.samples) == 5
    late = detect.observe(without, Observed(now + 90, "web", "api", Bad("HTTP 503"), 9.0), API, LIMITS)
    assert len(late.samples) == 5 and (now + 90, True) in late.recent, "it began before a good one"
    answered = detect.observe(check, Observed(now + 1, "web", "api", Good(), 8.0), API, LIMITS)
    assert len(answered.samples) == 6 and answered.run_probes == 24, "a good one that began before the failures"


def test_suspicious_and_calm() -> None:
    """Over its limit at once, calm when neither slow nor failing."""
    check, now = fed([0.2, 0.2])
    assert not detect.suspicious(check, given(API, now)) and detect.calm(check, given(API, now))
    check, now = fed([1.2], check=check, at=now + 2.0)
    assert detect.suspicious(check, given(API, now)) and not detect.calm(check, given(API, now))


def test_slowness_that_ended_is_calm_only_after_a_while() -> None:
    """A minute since it was last over its limit; who waits for no time has it at once."""
    check, slow_at = fed([1.2] * 40)
    check, now = fed([0.2] * 20, check=check, at=slow_at + 2.0)
    assert check.last_slow_at == slow_at + 14.0, "fed by a slow answer until then"
    assert detect.calm(check, given(API, now))
    assert not detect.calm(check, given(API, check.last_slow_at + 59.9), 60.0)
    assert detect.calm(check, given(API, check.last_slow_at + 60.0), 60.0)


def test_samples_are_bounded_and_a_window_of_few_reaches_back_for_twenty() -> None:
    """The p95 of a dozen is their slowest; no further than three windows, and never more than 512."""
    for every, kept in ((2.0, 60), (6.0, 20), (10.0, 20), (17.0, 20), (20.0, 18), (60.0, 6)):
        check, now = fed([0.2] * 100, every=every)
        assert len(check.samples) == kept, every
        assert check.samples[0][0] > now - latency.WINDOWS_MAX * API.window_seconds
    check, _ = fed([0.2] * 700, replace(API, window_seconds=1e6), every=0.1)
    assert len(check.samples) == latency.SAMPLES_MAX


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([3.0], 0.5, 3.0),
        ([3.0], 0.0, 3.0),
        ([2.0, 1.0], 0.5, 1.0),
        ([35.0, 15.0, 50.0, 20.0, 40.0], 0.30, 20.0),
        ([35.0, 15.0, 50.0, 20.0, 40.0], 0.40, 20.0),
        ([35.0, 15.0, 50.0, 20.0, 40.0], 1.0, 50.0),
        ([float(n) for n in range(1, 101)], 0.99, 99.0),
        ([float(n) for n in range(1, 21)], 0.99, 20.0),
    ],
)
def test_the_textbooks_nearest_ranks(values: list[float], share: float, expected: float) -> None:
    """Odd and even lists, both ends, unsorted."""
    assert latency.quantile(values, share) == expected


@pytest.mark.parametrize(
    ("answers", "every", "confirmed"), [(30, 2.0, False), (31, 2.0, True), (19, 4.0, False), (20, 4.0, True)]
)
def test_slow_must_last_a_minute_and_twenty_answers(answers: int, every: float, confirmed: bool) -> None:
    """Exactly at both limits."""
    check, now = fed([1.5] * answers, every=every)
    assert (finding(check, now) is not None) is confirmed


def test_a_limit_that_was_raised_meanwhile_is_no_longer_broken() -> None:
    """A reload of the policy is obeyed at the next look, also if it takes the limit away."""
    check, now = fed([1.5] * 40)
    assert finding(check, now) is not None
    for limits in ({"p95": 3.0}, {}):
        assert finding(check, now, replace(API, limits_seconds=limits)) is None


@pytest.mark.parametrize(
    ("name", "slow", "over"),
    [("p50", 50, False), ("p50", 51, True), ("p95", 5, False), ("p95", 6, True), ("p99", 1, False), ("p99", 2, True)],
)
def test_each_percentile_is_over_at_its_own_share_of_slow_answers(name: str, slow: int, over: bool) -> None:
    """Of a hundred answers: more than half, more than five, more than one."""
    signal = replace(API, limits_seconds={name: 0.8}, window_seconds=1e6)
    answers = [1.2 if (number + 1) * slow // 100 > number * slow // 100 else 0.2 for number in range(100)]
    check, _ = fed(answers, signal, every=0.1)
    assert answers.count(1.2) == slow
    assert (check.over_since is not None) is over


def test_slowness_does_not_begin_anew_with_a_restart() -> None:
    """The percentile is measured for a minute again; the sum of slow answers goes on, and so does the onset."""
    check, now = fed([1.2] * 31)
    check, now = fed([1.2] * 31, check=detect.interrupt(check, now), at=now + 2.0)
    result = finding(check, now)
    assert (result.method, result.onset_at, check.over_since) == ("latency", T0, T0)
