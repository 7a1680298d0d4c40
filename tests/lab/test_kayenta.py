"""Kayenta's judge: its statistics against known values, and what it does about deploys, before against after."""

from collections.abc import Callable

import pytest

from watchdog.lab.baselines.baseline_years import judge_quiet
from watchdog.lab.baselines.kayenta import AT_THE_END, EVERY_MINUTE, Kayenta, windows
from watchdog.lab.baselines.mann_whitney import deviation, high, shift
from watchdog.lab.baselines.table import JUDGES
from watchdog.lab.episode import DOWN, EpisodeWorld, FaultClass
from watchdog.lab.faults import Symptom

BEFORE = (11.0, 12.6, 10.4, 13.1, 11.9, 12.2, 14.1, 10.8, 13.6, 11.4, 12.9, 9.7)
AFTER = (12.1, 14.3, 15.2, 13.8, 16.9, 18.4, 14.9, 17.3, 15.8, 19.1, 13.2)
FEW, MORE = (0, 0, 1, 0, 2, 0, 1, 0, 0, 1, 0, 0), (0, 1, 0, 2, 3, 1, 4, 2, 2, 5)


@pytest.mark.parametrize(
    ("after", "before", "confidence", "expected"),
    [
        ((10, 20, 30, 40), (1, 2, 3, 4), 0.95, (22.5, 6.0, 39.0)),  # Kayenta's own test, from R's wilcox.test
        (AFTER, BEFORE, 0.98, (3.5, 1.3, 5.8)),  # R's method, its roots found with scipy
        (MORE, FEW, 0.98, (1.0, 0.0, 3.0)),
    ],
)
def test_the_shift_and_its_interval(
    after: tuple[float, ...], before: tuple[float, ...], confidence: float, expected: tuple[float, float, float]
) -> None:
    """Hodges-Lehmann, by the normal approximation with the continuity correction."""
    found = shift(after, before, confidence)
    assert (found.estimate, found.low, found.high) == pytest.approx(expected, abs=1e-6)
    back = shift(before, after, confidence)
    assert (-back.estimate, -back.high, -back.low) == pytest.approx(expected, abs=1e-6)


def test_the_deviation_knows_ties() -> None:
    """scipy's mannwhitneyu (asymptotic, two-sided) of these gives U = 97.5, p = 0.009703, that is z = 2.586."""
    assert deviation(MORE, FEW) == pytest.approx(14.306478416)
    assert (97.5 - 60.0 - 0.5) / deviation(MORE, FEW) == pytest.approx(2.5862409269)


@pytest.mark.parametrize(
    ("after", "before", "expected"),
    [
        (AFTER, BEFORE, True),  # 1.3 > 0.25 * 3.5
        (BEFORE, AFTER, False),  # lower is not higher
        (MORE, FEW, False),  # 0 is not above 0.25 * 1
        ((0.0,) * 10, (0.0,) * 30, False),
        ((6.0,) * 10, (0.0,) * 30, True),
        (tuple(one + 1.3 for one in BEFORE), BEFORE, False),  # a shift, but not a sure one
    ],
)
def test_kayenta_calls_it_high(after: tuple[float, ...], before: tuple[float, ...], expected: bool) -> None:
    """Where the interval lies above a quarter of the estimate."""
    assert high(after, before) is expected


def test_the_minutes_around_a_deploy_are_full_ones() -> None:
    """Thirty that ended before it, and those since that are over and known, up to thirty."""
    before, since = windows(6030.0, 6030.0 + 720.0)
    assert (before[0], before[-1], len(before)) == (4200.0, 5940.0, 30)
    assert (since[0], since[-1], len(since)) == (6060.0, 6660.0, 11)
    assert len(windows(6030.0, 1e6)[1]) == 30
    assert windows(6000.0, 6060.0)[1] == [6000.0]


def slower(scene: EpisodeWorld) -> None:
    """A deploy makes it three times slower at once."""
    scene.bad_deploy(Symptom(slow=3.0))


def flooded(scene: EpisodeWorld) -> None:
    """A deploy brings an error with every request."""
    scene.bad_deploy(Symptom(errors=1.0))


@pytest.mark.parametrize("make", [slower, flooded])
def test_before_and_after_a_deploy_are_compared_after_ten_minutes(make: Callable[[EpisodeWorld], None]) -> None:
    """Or at the end of the half hour; what no deploy brought is not looked for."""
    scene = FaultClass("latency-creep", "made", make).scene("one")
    good, bad = scene.main.releases[-2:]
    (did,) = Kayenta("", "", EVERY_MINUTE, failures=False).play(scene).did
    assert (did.what, did.commit) == ("rollback", good.commit) and 600.0 <= did.at - bad.live_at <= 840.0
    scene = FaultClass("latency-creep", "made", make).scene("one")
    (did,) = Kayenta("", "", AT_THE_END, failures=False).play(scene).did
    assert did.at - bad.live_at == 1800.0
    scene = EpisodeWorld("restart-blip", "one")
    scene.trouble(Symptom(slow=3.0), scene.fault_at)
    assert Kayenta("", "", EVERY_MINUTE, failures=False).play(scene).did == []


def test_only_its_probes_see_what_the_error_tracker_does_not_hear_of() -> None:
    """Hard down: no error is reported, and no latency measured."""
    kind = FaultClass("hard-down", "made", lambda scene: scene.bad_deploy(DOWN[0]))
    assert Kayenta("", "", EVERY_MINUTE, failures=False).play(kind.scene("one")).did == []
    (did,) = Kayenta("", "", EVERY_MINUTE, failures=True).play(kind.scene("one")).did
    assert did.what == "rollback"


@pytest.mark.long
def test_a_judge_of_deploys_has_its_false_alarms() -> None:
    """Before and after, without a control, at over-dispersed errors: some of the good deploys go, fewer at one look."""
    often, once = (judge_quiet(JUDGES[n], "dev4", 30.0) for n in (0, 2))
    assert (often.rollbacks, once.rollbacks, often.pages) == (3, 1, 0)
