"""Where more than one service takes part the innocent one is not rolled back, and the guilty one is, or asked about."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.drawn import drawn
from watchdog.app.commands.scenarios import read_scenarios
from watchdog.app.commands.score_run import run_episode
from watchdog.lab.episode_judgement import Played, judge

FOLDER = Path(__file__).parent / "several_services"
KINDS = {kind.name: kind for kind in read_scenarios(sorted(FOLDER.glob("*.yaml")), FOLDER)}
UNKNOWABLE = "upstream-late"
"""The status page tells of it after the decision: nothing that is seen tells it from a bad deploy."""


BY_DAY, AT_NIGHT = range(4), range(4, 8)


def played(name: str, numbers: Iterable[int]) -> list[Played]:
    """Play these episodes of a scenario."""
    found = []
    for number in numbers:
        scene, record = run_episode(KINDS[name], f"several-{number}")
        found.append(judge(scene, f"several-{number}", record))
    return found


def test_every_scenario_is_played() -> None:
    """Those of the folder and no others; the held-out ones can be read."""
    assert len(KINDS) == 10 and UNKNOWABLE in KINDS
    assert len(read_scenarios(sorted((FOLDER / "held_out").glob("*.yaml")), FOLDER)) == 12


@pytest.mark.long
@pytest.mark.parametrize("numbers", [BY_DAY, pytest.param(AT_NIGHT, marks=pytest.mark.nightly)], ids=["day", "night"])
@pytest.mark.parametrize("name", drawn(sorted(set(KINDS) - {UNKNOWABLE}), 3))
def test_the_innocent_is_not_rolled_back(name: str, numbers: range) -> None:
    """Nor the wrong one of two; one in so many may be told apart by nothing that was seen by then."""
    episodes = played(name, numbers)
    assert not any(one.wrong_service for one in episodes)
    assert sum(one.false for one in episodes) <= 1


@pytest.mark.long
@pytest.mark.parametrize("name", ["dep-good", "dep-visible"])
def test_the_guilty_one_is_rolled_back_or_asked_about(name: str) -> None:
    """Our own deploy beside a dependency's good one; a dependency's beside a good one of ours (later: asked about)."""
    assert all(one.good and one.did in ("rollback", "ask") for one in played(name, range(3)))


@pytest.mark.long
@pytest.mark.parametrize("name", ["dep-silent", "dep-silent-for-two"])
def test_a_page_about_what_a_dependency_broke_unseen_is_the_answer(name: str) -> None:
    """No check of the dependency shows it, so the one that fails is paged, or asked about."""
    assert {one.did for one in played(name, range(3))} <= {"page", "ask"}
