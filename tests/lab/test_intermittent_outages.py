"""The map of outages that come and go: told whatever their period, few times, and never rolled back by mistake."""

import pytest

from watchdog.app.commands.lab_policy import policy_for
from watchdog.lab.episode import DOWN
from watchdog.lab.episode_judgement import Played
from watchdog.lab.faults import Fault
from watchdog.lab.folding_loop import FoldingLoop
from watchdog.lab.intermittent_outages import Cell, Mapped, cells, json_object, play_cell, table

SEEDS = ("test",)


@pytest.mark.parametrize("deployed", [True, False], ids=["after a deploy", "by itself"])
@pytest.mark.parametrize(
    ("period", "share"), [(5.0, 0.25), (20.0, 0.1), (60.0, 0.15), (110.0, 0.45), (240.0, 0.25), (600.0, 0.1)]
)
def test_case_43_an_outage_that_comes_and_goes_is_told(period: float, share: float, deployed: bool) -> None:
    """Within ten minutes, or four periods if that is longer; the whole map is `watchdog lab flapping`."""
    mapped = play_cell(Cell(period, share, deployed), SEEDS, policy_for)
    assert mapped.holds, json_object([mapped])
    assert not any(one.false for one in mapped.played)


@pytest.mark.long
@pytest.mark.parametrize("deployed", [True, False], ids=["after a deploy", "by itself"])
def test_it_is_one_story_for_hours(deployed: bool) -> None:
    """Fifty seconds down, a minute up: a few calls in three hours, not one a spell."""
    scene = Cell(110.0, 0.45, deployed).scene("hours")
    scene.horizon_seconds = 3 * 3600.0
    record = FoldingLoop(scene, policy_for(scene)).run(scene.ends_at)
    assert 1 <= sum(one.what in ("page", "ask") for one in record.did) <= 3
    backs = [one.commit for one in record.did if one.what == "rollback"]
    assert len(backs) <= deployed and set(backs) <= scene.truth.targets, "only once one spell outlasts every blip"


def test_what_flaps_at_first_and_then_fails_for_good_is_rolled_back() -> None:
    """A question about what comes and goes gives way to an outage that does not: the deploy did both."""
    scene = Cell(110.0, 20.0 / 110.0, True).scene("hard")
    bad = scene.truth.commit
    scene.main.faults.append(Fault(DOWN[1], bad, after_seconds=330.0))
    scene.horizon_seconds = 900.0
    record = FoldingLoop(scene, policy_for(scene)).run(scene.ends_at)
    onset = scene.truth.onset_at or 0.0
    (back,) = [one for one in record.did if one.what == "rollback"]
    assert back.commit in scene.truth.targets and back.at - onset <= 330.0 + 90.0


def heard(at: float | None) -> Played:
    """Return an episode of which a human heard then."""
    return Played("flapping", "s", "page", "page", True, heard_at=at)


def test_the_map_says_what_was_late() -> None:
    """The longest time of a cell; or how many of its episodes were not told in time."""
    cell = Cell(240.0, 0.25, True)
    late = Mapped(cell, [heard(100.0), heard(961.0), heard(None)])
    assert late.told_after == [100.0, None, None] and not late.holds
    good = Mapped(Cell(600.0, 0.1, True), [heard(2399.0), heard(12.0)])
    assert good.holds
    lines = table([late, good])
    assert lines[0] == "after a deploy" and any("2 LATE" in line and line.startswith("  240 s") for line in lines)
    assert any("2399 s" in line and line.startswith("  600 s") for line in lines)


def test_the_map_has_every_period_and_share_both_ways() -> None:
    """From 5 s to 10 min, from a tenth of the time on."""
    found = cells()
    assert len(set(found)) == len(found) == 110
    assert {min(one.period_seconds for one in found), max(one.period_seconds for one in found)} == {5.0, 600.0}
    assert min(one.share_down for one in found) == 0.1 and {one.deployed for one in found} == {True, False}
