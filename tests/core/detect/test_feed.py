"""Feeds: unusual for this service, with its own over-dispersion; silence and history say nothing."""

import math
import random
from dataclasses import replace

import pytest

from tests.core.scenes import given
from watchdog.core import detect
from watchdog.core.detect import feed
from watchdog.domain.events import Observed
from watchdog.domain.incidents import Check, Finding
from watchdog.domain.policy import Detection, SignalPolicy
from watchdog.domain.readings import Good, MinuteCount

ERRORS = SignalPolicy("errors", "sentry")
T0 = 60_000.0


def minutes(counts: list[float], totals: list[float] | None = None, start: float = T0) -> tuple[MinuteCount, ...]:
    """Return one bucket a minute."""
    known = totals or [None] * len(counts)  # type: ignore[list-item]
    return tuple(
        MinuteCount(start + 60 * i, 60.0, n, total) for i, (n, total) in enumerate(zip(counts, known, strict=True))
    )


def fed(counts: tuple[MinuteCount, ...], check: Check | None = None, **more: tuple[str, ...]) -> Check:
    """Fold buckets in."""
    event = Observed(counts[-1].start + 90.0, "web", "errors", Good(), counts=counts, **more)  # type: ignore[arg-type]
    return detect.observe(check or Check("errors", "sentry"), event, ERRORS, Detection())


def finding(check: Check, signal: SignalPolicy = ERRORS, now: float | None = None) -> Finding | None:
    """Return what is confirmed, a minute and a half after the newest bucket began."""
    return detect.find(check, given(signal, check.counts[-1].start + 90.0 if now is None else now))


QUIET = [1.0, 2.0, 0.0, 1.0, 1.0, 2.0, 1.0, 0.0, 1.0, 1.0, 2.0, 1.0]


@pytest.mark.parametrize(
    ("last", "confirmed"),
    [
        ([1, 1, 1, 30, 30], True),
        ([1, 30, 1, 1, 30], True),
        ([1, 1, 1, 1, 30], False),
        ([30, 30, 1, 1, 1], False),
        ([1, 1, 1, 4, 4], False),
        ([1, 1, 1, 5, 5], False),
        ([1, 1, 1, 9, 9], True),
    ],
    ids=["two", "two apart", "only one", "over", "too few", "not improbable", "just enough"],
)
def test_two_bad_minutes_of_five_with_the_newest_bad(last: list[float], confirmed: bool) -> None:
    """Enough events, three times the usual, and improbable; twice within five minutes, and still so."""
    result = finding(fed(minutes([*QUIET, *last])))
    assert (result is not None) is confirmed
    if result is not None:
        assert result.method == "feed" and "2 of 5 minutes (limit 2)" in result.text
        assert result.share == 0.0


def test_the_words_carry_the_arithmetic_and_the_onset_is_the_first_bad_minute() -> None:
    """Measured, expected, over-dispersion, chance."""
    result = finding(fed(minutes([*QUIET, 1, 1, 1, 30, 40])))
    assert result is not None and result.onset_at == T0 + 60 * (len(QUIET) + 3)
    assert result.text.startswith("40 errors/min, 1.1 expected (phi 1.0, chance ")


def test_a_service_whose_counts_swing_needs_more() -> None:
    """The same flood: unusual after a steady history, usual after a swinging one (phi = variance/mean)."""
    steady = [4.0] * 20
    swinging = [0.0, 12.0, 0.0, 0.0, 0.0, 14.0, 0.0, 2.0, 0.0, 12.0] * 2
    assert sum(swinging) == sum(steady)
    flood = [4, 4, 4, 16, 16]
    assert finding(fed(minutes([*steady, *flood]))) is not None
    assert finding(fed(minutes([*swinging, *flood]))) is None


def test_traffic_explains_errors() -> None:
    """Ten times the requests, ten times the errors: expected. The same errors without traffic are not."""
    counts = [*[3.0] * 15, 3.0, 3.0, 3.0, 30.0, 30.0]
    crowd = [*[100.0] * 15, 100.0, 100.0, 100.0, 1000.0, 1000.0]
    assert finding(fed(minutes(counts, crowd))) is None
    assert finding(fed(minutes(counts, [100.0] * 20))) is not None


def test_little_history_judges_nothing() -> None:
    """Fewer than ten minutes of history: no baseline, no verdict; an objective needs none."""
    check = fed(minutes([1.0] * 9 + [1, 1, 1, 50, 50]))
    assert finding(check) is None
    limited = replace(ERRORS, limit_per_minute=20.0)
    result = finding(check, limited)
    assert result is not None and result.text.startswith("50 errors/min > 20 (objective)")
    assert finding(fed(minutes([1.0] * 9 + [1, 1, 1, 20, 20])), limited) is None


def test_a_bucket_told_again_is_replaced_and_old_ones_are_dropped() -> None:
    """The newest word counts; ninety minutes are kept, in order."""
    check = fed(minutes([1.0, 2.0]))
    check = fed(minutes([3.0, 4.0], start=T0 + 60), check)
    assert [bucket.count for bucket in check.counts] == [1.0, 3.0, 4.0]
    check = fed(minutes([0.0] * 200), check)
    assert len(check.counts) == feed.COUNTS_MAX and check.counts[-1].start == T0 + 60 * 199


def test_new_issues_are_kept_until_others_are_told() -> None:
    """An empty answer does not take them back."""
    check = fed(minutes([1.0]), new_issues=("KeyError",))
    assert fed(minutes([1.0]), check).new_issues == ("KeyError",)
    assert fed(minutes([1.0]), check, new_issues=("TypeError",)).new_issues == ("TypeError",)


def test_a_feed_that_fell_silent_says_nothing() -> None:
    """A flood minutes ago with nothing after it is no longer a flood, nor does it keep an incident open."""
    check = fed(minutes([*QUIET, 1, 1, 1, 30, 30]))
    ended = check.counts[-1].start + 60.0
    assert finding(check, now=ended + feed.STALE_SECONDS) is not None
    late = given(ERRORS, ended + feed.STALE_SECONDS + 1)
    assert detect.find(check, late) is None
    assert not detect.suspicious(check, late) and detect.calm(check, late) and not detect.failing(check, late)


def test_what_was_before_a_rollback_is_history_and_no_evidence() -> None:
    """Told again or not, minutes that begin before the moment of forgetting are not judged."""
    flood = minutes([*QUIET, 1, 1, 1, 30, 30])
    after = detect.forget(fed(flood), flood[-1].start + 70.0)
    assert finding(after) is None and finding(fed(flood, after)) is None
    assert len(after.counts) == len(flood)
    new = minutes([30, 30], start=flood[-1].start + 120.0)
    assert finding(fed(new, after)) is not None


def test_suspicious_and_calm_look_at_the_newest_minute() -> None:
    """One bad minute is enough to look closer."""
    bad, good = fed(minutes([*QUIET, 1, 1, 1, 1, 30])), fed(minutes([*QUIET, 1, 1, 1, 30, 1]))
    for check, suspicious in ((bad, True), (good, False), (Check("errors", "sentry"), False)):
        now = given(ERRORS, T0 + 60 * 17 + 30)
        assert detect.suspicious(check, now) is suspicious
        assert detect.calm(check, now) is not suspicious
        assert detect.failing(check, now) is suspicious


@pytest.mark.parametrize(
    ("count", "mean", "tail"),
    [(0, 1.0, 1.0), (1, 1.0, 0.6321), (3, 1.0, 0.0803), (2.5, 1.0, 0.0803), (10, 4.0, 0.00813), (4, 10.0, 0.98966)],
)
def test_the_poisson_tail(count: float, mean: float, tail: float) -> None:
    """P(X >= count), from tables."""
    assert feed.poisson_tail(count, mean) == pytest.approx(tail, rel=0.002)


def test_far_out_the_tail_is_bounded_and_never_zero() -> None:
    """A hundred thousand errors are judged at once, and the bound is not below the truth."""
    assert 0.0 < feed.poisson_tail(100_000.0, 1.0) < 1e-200
    exact = 1.0 - sum(math.exp(k * math.log(5.0) - 5.0 - math.lgamma(k + 1)) for k in range(28))
    assert exact <= feed.poisson_tail(28, 5.0) < 1e-9


def test_false_alarms_are_rare_even_when_counts_swing() -> None:
    """A day of gamma-mixed counts (over-dispersion 1): no flood is seen, where plain Poisson would cry."""
    luck = random.Random(6)
    counts = []
    for _ in range(24 * 60):
        mean = luck.gammavariate(1.0, 5.0)
        level, number = math.exp(-mean), 0
        product = luck.random()
        while product > level:
            product *= luck.random()
            number += 1
        counts.append(float(number))
    alarms = 0
    for end in range(65, len(counts), 5):
        alarms += finding(fed(minutes(counts[end - 65 : end]))) is not None
    assert alarms <= 2
