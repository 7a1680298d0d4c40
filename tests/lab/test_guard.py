"""A regression guard: a sample of what `watchdog lab score` measures, small enough for every commit.

The bars are those of the issue's full measurement; on so few episodes (always the same ones) they only tell that
something broke. The numbers that are published come from thousands of episodes on seeds nobody has seen.
"""

import pytest

from tests.support.drawn import drawn
from watchdog.app.commands.lab_policy import policy_for
from watchdog.app.commands.score_run import play_episode
from watchdog.lab.clean_years import clean_scene, play_clean
from watchdog.lab.episode_judgement import Played

EPISODES = 5
CURED = ("hard-down", "wrong-body")
"""Classes in which each rollback of the sample is the cure."""
NOTHING = ("restart-blip", "recovers", "long-blip", "surge-quiet", "cron-spikes", "flaky", "feed-late", "quiet-night")
INCURABLE = ("region-outage", "region-after-deploy", "database", "certificate", "under-load")


def episodes(name: str) -> list[Played]:
    """Play the sample of a class."""
    return [play_episode(name, f"guard-{number}") for number in range(EPISODES)]


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("hard-down", 72.0),
        ("hard-down-reported", 40.0),
        ("hard-down-new-errors", 72.0),
        ("half-failing", 90.0),
        ("fifth-failing", 240.0),
        ("wrong-body", 72.0),
    ],
)
def test_a_bad_deploy_is_rolled_back_in_time(name: str, seconds: float) -> None:
    """All but one of the sample at least, each that is in time, none of them wrongly.

    One that cures wakes nobody: it is proved, and told without a call; a stray probe in the proof is none.
    """
    played = episodes(name)
    mended = [one.mended_at for one in played if one.mended_at is not None]
    assert len(mended) >= EPISODES - 1 and max(mended) <= seconds
    assert not any(one.false for one in played)
    assert name not in CURED or not any(one.needless for one in played)


@pytest.mark.long
@pytest.mark.parametrize("name", drawn(NOTHING, 2))
def test_what_is_nothing_is_left_alone(name: str) -> None:
    """Nobody is woken and nothing is changed."""
    assert [one.did for one in episodes(name)] == ["nothing"] * EPISODES


@pytest.mark.long
@pytest.mark.parametrize("name", drawn(INCURABLE, 2))
def test_what_no_rollback_cures_is_paged(name: str) -> None:
    """A human hears of it, and nothing is rolled back."""
    assert all(one.did in ("page", "ask") and one.rollbacks == 0 for one in episodes(name))


@pytest.mark.long
def test_a_clean_week_is_clean() -> None:
    """No rollback, no call."""
    clean = play_clean("guard", 7.0, policy_for(clean_scene("guard", 0.1)))
    assert (clean.rollbacks, clean.pages) == (0, 0)
