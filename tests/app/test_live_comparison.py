"""Live medians beside simulated ones: the ratio, its interval, the verdict; nothing that was missed is dropped."""

import asyncio
from dataclasses import replace
from random import Random

import pytest

from watchdog.app.live.episode_kinds import plans, seeds
from watchdog.app.live.live_comparison import HORIZON_SECONDS, ratio_of_medians, row
from watchdog.app.live.live_judgement import Seen
from watchdog.app.live.live_suite import simulate
from watchdog.lab.episode_judgement import Played


def seen(at: float | None, *wrong: str) -> Seen:
    """Return a live episode that was rolled back so many seconds after its onset."""
    return Seen("hard-down", "1", at, None, "dep-40", 1, 1, wrong)


def played(at: float | None, right: str = "rollback") -> Played:
    did = "nothing" if at is None else right
    mended = at if right == "rollback" else None
    return Played("hard-down", "1", right, did, did == right, at=at, mended_at=mended)


@pytest.mark.parametrize(
    ("real", "within"), [(48.1, True), (47.9, False), (60.0, True), (71.9, True), (72.1, False), (None, False)]
)
def test_within_is_a_fifth_either_way(real: float | None, within: bool) -> None:
    """Of the simulated median; a miss is far beyond."""
    made = row([seen(real)] * 3, [played(60.0)] * 5, "seed")
    assert made.within is within and made.good is within
    assert made.ratio is not None and made.ratio.value == pytest.approx((real or HORIZON_SECONDS) / 60.0)


def test_what_is_spread_and_few_cannot_be_told() -> None:
    """An interval that reaches over the bound is no verdict, and no failure; one wholly beyond it is."""
    spread = [40.0 + number for number in range(50)]
    for real, within in (([30.0, 60.0, 140.0], None), ([140.0, 150.0, 160.0], False), ([62.0, 64.0, 66.0] * 9, True)):
        made = row([seen(at) for at in real], [played(at) for at in spread], "seed")
        assert made.within is within and made.good is (within is not False)


def test_a_miss_counts_at_the_horizon_on_both_sides() -> None:
    made = row([seen(None), seen(60.0)], [played(None), played(60.0)], "seed")
    assert made.real == made.simulated == (HORIZON_SECONDS, 60.0)
    assert (made.simulated_right, made.simulated_number) == (1, 2)


def test_a_wrong_episode_is_never_good_and_one_that_was_not_played_says_nothing_of_delays() -> None:
    """However well its delay holds. A machine that is too busy does not make the watchdog slow."""
    made = row([seen(60.0), seen(60.0, "2 pages, expected 1")], [played(60.0)], "seed")
    assert made.within and not made.good and [one.wrong for one in made.wrong] == [("2 pages, expected 1",)]
    unready = replace(seen(None, "the daemon did not get ready"), played=False)
    some = row([seen(60.0), unready], [played(60.0)] * 3, "seed")
    assert some.real == (60.0,) and some.within and not some.good
    none = row([unready], [played(60.0)] * 3, "seed")
    assert none.real == () and none.ratio is None and not none.good


def test_where_there_is_nothing_to_roll_back_pages_are_compared_and_else_there_is_no_delay() -> None:
    assert row([seen(66.0)], [played(60.0, "page")], "seed").simulated == (60.0,)
    made = row([seen(None)], [Played("hard-down", "1", "nothing", "nothing", True)], "seed")
    assert made.ratio is None and made.good and made.json_object()["ratio_of_medians"] is None


def test_the_interval_holds_the_ratio_and_says_how_sure_it_is() -> None:
    """Seeded; of what is all alike it has no width, of few and spread ones a great one."""
    alike = ratio_of_medians([60.0] * 5, [60.0] * 50, Random(1))
    assert (alike.low, alike.value, alike.high) == (1.0, 1.0, 1.0)
    simulated = [40.0 + number for number in range(50)]
    few = ratio_of_medians([30.0, 60.0, 140.0], simulated, Random(1))
    many = ratio_of_medians([30.0, 60.0, 140.0] * 30, simulated, Random(1))
    assert few == ratio_of_medians([30.0, 60.0, 140.0], simulated, Random(1))
    assert few.low < many.low <= many.value <= many.high < few.high


@pytest.mark.long
def test_the_simulated_episodes_are_those_of_the_live_ones() -> None:
    """The live seeds come first among them, kind by kind."""
    found = asyncio.run(simulate(("hard-down", "restart-blip"), "seed", 2, 1))
    assert {kind: [one.seed for one in played] for kind, played in found.items()} == {
        kind: seeds(kind, "seed", 2) for kind in ("hard-down", "restart-blip")
    }
    live = plans(("hard-down", "restart-blip"), "seed", 4)
    assert {(one.kind, one.seed) for one in live} == {(kind, one.seed) for kind in found for one in found[kind]}
