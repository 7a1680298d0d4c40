"""The closed loop: the real core in the simulated worlds, with the shipped defaults."""

from dataclasses import replace

import pytest

from watchdog.app.commands.lab_policy import policy_for
from watchdog.app.commands.score_run import play_episode, report_seed, score
from watchdog.domain.policy import Mode
from watchdog.lab.classes import BY_NAME
from watchdog.lab.clean_years import clean_scene, play_clean
from watchdog.lab.closed_loop import ClosedLoop
from watchdog.lab.episode_judgement import judge


def test_a_bad_deploy_is_rolled_back_and_the_world_is_well_again() -> None:
    """The rollback takes effect: the probes are good afterwards, and the core has seen it."""
    scene = BY_NAME["hard-down"].scene("loop")
    drive = ClosedLoop(scene, policy_for(scene))
    record = drive.run(scene.ends_at)
    (rollback,) = [one for one in record.did if one.what == "rollback"]
    assert (rollback.service, rollback.commit) == ("web", next(iter(scene.truth.targets)))
    assert scene.main.serving(scene.ends_at).commit == rollback.commit
    assert scene.main.auto_deploy == "off"
    played = judge(scene, "loop", record)
    assert played.good and played.rollback_at is not None and played.rollback_at < 120.0
    watching = {name: replace(one, mode=Mode.OBSERVE) for name, one in drive.policy.services.items()}
    scene = BY_NAME["hard-down"].scene("loop")
    observed = ClosedLoop(scene, replace(drive.policy, services=watching)).run(scene.ends_at)
    assert {one.what for one in observed.did} & {"rollback", "page"} == {"page"}, "the mode is the policy's"


@pytest.mark.long
def test_the_same_episode_twice_is_the_same_byte_for_byte() -> None:
    """Virtual time and numbered chance: nothing else."""
    for name in ("fifth-failing", "region-after-deploy", "surge-with-errors"):
        assert repr(play_episode(name, "twice")) == repr(play_episode(name, "twice"))


@pytest.mark.parametrize("name", ["restart-blip", "recovers", "blind", "certificate", "upstream", "database"])
def test_what_is_no_deploy_s_doing_is_not_rolled_back(name: str) -> None:
    """At most a human is asked about the deploy; two seeds of each, the lab counts many."""
    for seed in range(2):
        played = play_episode(name, f"quick-{seed}")
        assert played.did in (played.right, "ask"), played
        assert played.rollbacks == 0


def test_two_clean_days_are_clean() -> None:
    """Nothing is rolled back, and nobody is woken."""
    clean = play_clean("quick", 2.0, policy_for(clean_scene("quick", 0.1)))
    assert (clean.rollbacks, clean.pages) == (0, 0)
    assert clean.observations > 2 * 86_400 / 10


@pytest.mark.long
def test_a_score_has_every_number_that_is_published_with_its_interval() -> None:
    """On few episodes: the keys are there, the intervals are wide."""
    names = ["hard-down", "restart-blip"]
    result = score("quick", names=names, episodes=2, clean_years=0.0, rival_episodes=0, processes=1).json_object()
    assert set(result) >= {
        *("rollback_precision", "rollback_recall", "rollback_request_delay_p95_seconds", "wrong_service_rollbacks"),
        *("false_rollbacks_per_service_year", "false_pages_per_service_year", "nothing_right_share"),
        *("blame_calibration_max_error", "per_class"),
    }
    assert result["rollback_recall"] == {"value": 1.0, "low": pytest.approx(0.61, abs=0.01), "high": 1.0, "n": 6}
    per_class = result["per_class"]
    assert isinstance(per_class, dict) and set(per_class) == set(names)
    assert per_class["restart-blip"]["did"] == {"nothing": 4}


def test_the_seed_of_published_numbers_is_that_of_the_defaults() -> None:
    """Twice the same; and it is one that nobody would tune on."""
    assert report_seed() == report_seed()
    assert len(report_seed()) == 12
