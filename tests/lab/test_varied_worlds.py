"""Worlds that differ: each in what it says and in nothing else; the mix and the tables follow."""

from typing import Any

import pytest

from watchdog.app.commands.lab_policy import configuration, policy_for
from watchdog.app.commands.robustness_run import play_latency, play_worlds, tables
from watchdog.lab.classes import BY_NAME as CLASSES
from watchdog.lab.clean_years import clean_scene
from watchdog.lab.episode import DOWN, EpisodeWorld
from watchdog.lab.episode_judgement import Played
from watchdog.lab.keyed_random import KeyedRandom
from watchdog.lab.latency_power import SEASONS, SLOWER
from watchdog.lab.profile import BLIP_CAP_SECONDS
from watchdog.lab.score import (
    INCIDENTS_PER_YEAR,
    false_rollbacks_of_incidents,
    mix,
    recall_of_all,
    rolled_back_or_asked,
)
from watchdog.lab.varied_worlds import BY_NAME, USUAL, Season

HOUR, DAY = 3600.0, 86400.0
MONDAY = 1_798_934_400.0 + DAY
"""2027-01-04 00:00 UTC."""


def test_a_world_that_is_not_varied_is_the_laboratorys_own() -> None:
    """To the last draw."""
    for name in ("hard-down", "restart-blip", "upstream"):
        one, other = CLASSES[name].scene("a"), CLASSES[name].scene("a", USUAL)
        assert one.main.releases == other.main.releases and one.truth == other.truth
        assert one.main.blips_between(0.0, 1e12) == other.main.blips_between(0.0, 1e12)


def lasting(world: str, days: float = 60.0) -> list[float]:
    """Return how long the blips of clean days last."""
    scene = clean_scene("blips", days, BY_NAME[world])
    return [ends - begins for begins, ends in scene.main.blips_between(0.0, 1e12)]


def test_blips_are_longer_and_more_and_restarts_are_felt_for_longer() -> None:
    """Three times as many of half again the length; restarts up to 60 and 80 s."""
    usual, many = lasting("usual"), lasting("blips")
    assert 2.3 * len(usual) < len(many) < 3.2 * len(usual)
    assert max(many) > BLIP_CAP_SECONDS
    for world, most in (("usual", 40.0), ("restarts-60", 60.0), ("restarts-80", 80.0)):
        scenes = [CLASSES["restart-blip"].scene(f"{seed}", BY_NAME[world]) for seed in range(80)]
        felt = [
            max(ends - begins for begins, ends in one.main.blips_between(one.fault_at - 60.0, one.fault_at + 60.0))
            for one in scenes
        ]
        assert 0.75 * most < sorted(felt)[-5] <= most + 1.0, world


@pytest.mark.parametrize(("world", "low", "high"), [("late", 120.0, 600.0), ("later", 600.0, 3600.0)])
def test_bad_deploys_show_late(world: str, low: float, high: float) -> None:
    """Between these, whatever the class draws otherwise."""
    for seed in range(30):
        scene = CLASSES["hard-down"].scene(seed, BY_NAME[world])
        (fault,) = scene.main.faults
        assert fault.symptom in DOWN and low <= fault.after_seconds <= high


@pytest.mark.parametrize(("world", "delay"), [("late-feeds", (60.0, 280.0)), ("lost-feeds", (3600.0, 7200.0))])
def test_the_error_tracker_is_late(world: str, delay: tuple[float, float]) -> None:
    """A minute to five; or when all is over."""
    assert EpisodeWorld("x", 1, BY_NAME[world]).feed_delay_seconds == delay


def test_faults_meet_some_visitors_only() -> None:
    """Those of a bad deploy that would meet half of them or more; the rest of the world stays as it is."""
    for seed in range(20):
        scene, usual = CLASSES["hard-down"].scene(seed, BY_NAME["some-visitors"]), CLASSES["hard-down"].scene(seed)
        (fault,), (before,) = scene.main.faults, usual.main.faults
        assert 0.05 <= fault.symptom.share == scene.truth.share <= 0.3 and before.symptom.share == 1.0
        assert fault.after_seconds == before.after_seconds and scene.main.releases == usual.main.releases
    assert CLASSES["few-failing"].scene(1, BY_NAME["some-visitors"]).truth == CLASSES["few-failing"].scene(1).truth


def test_upstreams_fail_right_after_a_good_deploy() -> None:
    """Half a minute to five; other causes keep their chance."""
    for seed in range(20):
        for name in ("upstream", "database"):
            scene = CLASSES[name].scene(seed, BY_NAME["coincidences"])
            assert 30.0 <= scene.fault_at - scene.main.releases[-1].live_at <= 300.0 and scene.weight == 1.0
    one, other = CLASSES["other-incident"].scene(1, BY_NAME["coincidences"]), CLASSES["other-incident"].scene(1)
    assert one.main.releases == other.main.releases


def test_the_platforms_clock_is_off() -> None:
    """Each service's by as much for all its deploys, which serve when they would."""
    off = set()
    for seed in range(20):
        scene, usual = CLASSES["hard-down"].scene(seed, BY_NAME["clocks"]), CLASSES["hard-down"].scene(seed)
        assert scene.main.releases == usual.main.releases
        listed = zip(scene.main.listed(scene.fault_at), usual.main.listed(scene.fault_at), strict=True)
        off |= {(one.finished_at or 0.0) - (other.finished_at or 0.0) for one, other in listed}
        assert (seed + 1) == len({round(one, 3) for one in off})
    assert -90.0 <= min(off) < -50.0 and 50.0 < max(off) <= 90.0


def test_seasons_repeat_by_day_and_week() -> None:
    """Within a job's jitter: the same on two Tuesdays, never below the best, and up to several times as slow."""
    seasons = [Season(KeyedRandom("season", seed)) for seed in range(40)]
    at = [MONDAY + DAY + HOUR * number for number in range(24)]
    for season in seasons:
        first, second = [season.times(moment) for moment in at], [season.times(moment + 7 * DAY) for moment in at]
        alike = sum(one == pytest.approx(other, rel=0.2) for one, other in zip(first, second, strict=True))
        assert alike >= 20 and min(first) >= 1.0
        assert [season.times(moment) for moment in at] == first, "whoever looked before"
    assert max(season.times(MONDAY + 600.0 * number) for season in seasons for number in range(1008)) > 3.0


def test_a_season_shows_in_the_answers_and_has_no_objective_that_it_could_break() -> None:
    """The route is as much slower as the season says; the policy asks for what is usual alone."""
    seasonal, plain = clean_scene("s", 30.0, SEASONS), clean_scene("s", 30.0)
    season = seasonal.main.season
    assert season is not None and plain.main.season is None
    for number in range(200):
        at = MONDAY + 977.0 * number
        assert seasonal.main.look("api", at)[1] == pytest.approx(plain.main.look("api", at)[1] * season.times(at))
    assert "p95" not in configuration(seasonal) and "p95" in configuration(plain)
    assert all(not signal.limits_seconds for signal in policy_for(seasonal).services["web"].signals)


def played(name: str, did: str = "rollback", **fields: Any) -> Played:
    """Return an episode of a class."""
    return Played(name, "one", CLASSES[name].scene("one").truth.right.value, did, good=True, **fields)


def test_fewer_bad_deploys_leave_more_good_ones_for_each_incident() -> None:
    """A third: of incidents 18 % are of deploys, not 40; three quarters of the incidents are left, and all the rest."""
    some = [played("hard-down"), played("upstream", "page"), played("restart-blip", "nothing")]
    usual, rare = mix(some), mix(some, 1 / 3)
    assert [usual(one) for one in some] == pytest.approx([0.4, 0.6, 2.2])
    assert [rare(one) for one in some] == pytest.approx([0.4 / 3 / (0.4 / 3 + 0.6), 0.6 / (0.4 / 3 + 0.6), 3.0])
    wrong = [*some[:2], played("restart-blip", "rollback", false=True)]
    for bad in (1.0, 1 / 3):
        yearly = false_rollbacks_of_incidents(wrong, mix(wrong, bad), bad).value
        assert yearly == pytest.approx(2.2 * INCIDENTS_PER_YEAR), "restarts are as many as ever"


def test_a_bad_deploy_counts_if_it_is_rolled_back_or_asked_about() -> None:
    """Not if it was paged, and not if something else was rolled back first."""
    found = [
        played("hard-down", mended_at=60.0),
        played("hard-down", "ask", asked_at=70.0),
        played("hard-down", "page"),
    ]
    wrong = played("hard-down", mended_at=60.0, false=True)
    for share, value in ((rolled_back_or_asked, 0.5), (recall_of_all, 0.375)):
        assert share([*found, wrong]).value == value
        assert share([*found, played("upstream", "page")]).n == 3


@pytest.mark.nightly
def test_a_row_says_what_was_measured_in_its_world() -> None:
    """By the command's own path: two classes, and a few clean days."""
    names = ["hard-down", "restart-blip"]
    (row,) = play_worlds([BY_NAME["restarts-60"]], "dev-robust", episodes=1, clean_years=0.05, names=names)
    found = row.json_object()
    assert (found["world"], found["episodes"], found["wrong_service_rollbacks"]) == ("restarts-60", 5, 0)
    assert found["clean_service_years"] == pytest.approx(30 / 365.25)
    line = tables("dev-robust", [row], [])[-1]
    assert line.startswith("| restarts of good deploys fail for up to 60 s | 1.000 [") and line.count("|") == 12


@pytest.mark.nightly
def test_a_release_that_is_three_times_as_slow_is_told_within_five_minutes() -> None:
    """After two weeks of seasons, through the whole core."""
    told = play_latency("dev-robust", 2, kinds=SLOWER[3:4], processes=2)
    assert [(one.slower.name, one.in_time) for one in told] == [("three times as slow", 2)]
    line = tables("dev-robust", [], told)[-1]
    assert line.startswith("| three times as slow | 2 of 2 | 5 min |")
