"""Quiet years are played faster than everything else, and come to the same: what was done, said, counted and known."""

import pytest

from watchdog.app.commands.lab_policy import policy_for
from watchdog.domain.units import DAY_SECONDS
from watchdog.lab import speed
from watchdog.lab.classes import BY_NAME
from watchdog.lab.clean_years import clean_scene
from watchdog.lab.closed_loop import ClosedLoop
from watchdog.lab.episode import EpisodeWorld
from watchdog.lab.folding_loop import FoldingLoop


def assert_same(scene: EpisodeWorld, again: EpisodeWorld, until: float, *, least_gathered: float) -> None:
    """Play a scene in full, and the quiet way: all is the same, and what was gathered was worth it."""
    policy = policy_for(scene)
    full, quiet = ClosedLoop(scene, policy), FoldingLoop(again, policy)
    told, gathered = full.run(until), quiet.run(until)
    assert gathered == told
    assert quiet.state == full.state
    assert repr(quiet.state) == repr(full.state)
    assert quiet.folded >= least_gathered * told.observations


@pytest.mark.long
@pytest.mark.parametrize("seed", ["quiet-1", "quiet-2", "quiet-3"])
def test_a_clean_day(seed: str) -> None:
    """Blips, single failures, deploys and the watch after them, slow minutes: to the last digit of what is known."""
    days = 0.6
    scene = clean_scene(seed, days)
    assert_same(scene, clean_scene(seed, days), scene.begins_at + days * DAY_SECONDS, least_gathered=0.8)


@pytest.mark.parametrize("days", [0.1, 0.1001, 0.10021, 0.10033])
def test_it_may_end_at_any_moment(days: float) -> None:
    """Also with answers on their way."""
    scene = clean_scene("end", 0.2)
    assert_same(scene, clean_scene("end", 0.2), scene.begins_at + days * DAY_SECONDS, least_gathered=0.5)


@pytest.mark.parametrize("what", ["control", "vendors"])
def test_what_fails_outside_is_read_though_all_is_well_inside(what: str) -> None:
    """We go blind, or a status page is red, in the middle of the deepest quiet."""
    scenes = [clean_scene("outside", 0.1) for _ in range(2)]
    at = scenes[0].begins_at + 4000.0
    for scene in scenes:
        outside, vendors = scene.outside, policy_for(scene).vendors
        outside.control_down += [(at, at + 100.0)] if what == "control" else []
        outside.vendors_down |= {name: [(at, at + 4640.0)] for name in vendors} if what == "vendors" else {}
    assert_same(scenes[0], scenes[1], scenes[0].begins_at + 0.1 * DAY_SECONDS, least_gathered=0.3)


def test_a_service_with_a_single_probe() -> None:
    """As the lab's speed is measured."""
    scene, again = clean_scene("one", 1.0), clean_scene("one", 1.0)
    full, quiet = ClosedLoop(scene, speed.POLICY), FoldingLoop(again, speed.POLICY)
    until = scene.begins_at + DAY_SECONDS
    assert quiet.run(until) == full.run(until)
    assert quiet.state == full.state


BY_DAY = frozenset(
    {"bad-deploy-with-dependant", "comes-and-goes", "feed-late", "hard-down"}
    | {"latency-creep", "quiet-night", "region-outage", "upstream"}
)
"""Classes in which the folding loop differs most from the plain one: probes, latency, other services, pauses."""


@pytest.mark.long
@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=[pytest.mark.nightly] * (one not in BY_DAY)) for one in sorted(BY_NAME)]
)
def test_an_episode_of_each_class(name: str) -> None:
    """What breaks the quiet is seen at the same moment and answered in the same way: nothing bad is ever gathered."""
    scene, again = BY_NAME[name].scene("quiet"), BY_NAME[name].scene("quiet")
    assert_same(scene, again, scene.ends_at, least_gathered=0.0)
