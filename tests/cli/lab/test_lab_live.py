"""`lab live`, typed: what is wrong with what was asked for, the table, and what the exit code says."""

import pytest

from tests.cli.conftest import answer
from watchdog.app.live.live_comparison import row
from watchdog.app.live.live_judgement import Seen
from watchdog.app.live.live_suite import Suite
from watchdog.cli import output
from watchdog.cli.lab.lab_live import shown, words
from watchdog.lab.episode_judgement import Played


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("--kinds", "hard-down,soft"), "no kind 'soft': choose from hard-down, "),
        (("--episodes", "0"), "--episodes 0: at least 1"),
        (("--parallel", "-1"), "--parallel -1: at least 1"),
        (("--simulated", "0"), "--simulated 0: at least 1"),
        (("--processes", "0"), "--processes 0: at least 1"),
        (("--episodes", "many"), "many"),
    ],
)
def test_what_cannot_be_played_is_named(typed: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert told in answer(capsys, "lab", "live", *typed, code=2)


def suite(at: float, *wrong: str) -> Suite:
    """Return what one kind with a delay and one without came to."""
    live = Seen("hard-down", "1-0", at, at - 0.1, "dep-40", 1, 1, wrong)
    idle = Seen("restart-blip", "1-0", None, None, None, 0, 0, ())
    rows = (
        row([live], [Played("hard-down", "1-0", "rollback", "rollback", True, at=60.0, mended_at=60.0)], "1"),
        row([idle], [Played("restart-blip", "1-0", "nothing", "nothing", True)], "1"),
    )
    return Suite("1", rows, 600.0, (1.0, 2.0, 3.0))


def test_the_table_shows_each_kind(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_table(shown(suite(63.0).rows))
    _, hard, blip = capsys.readouterr().out.splitlines()
    assert "63.0 s (63 to 63), 1 of 1 right" in hard and "60.0 s, 1 of 1 right" in hard
    assert "1.05 [1.05, 1.05]" in hard and hard.endswith("yes")
    assert blip.split("  ")[0] == "restart-blip" and "nothing" in blip


@pytest.mark.parametrize(("at", "wrong", "good"), [(63.0, (), True), (80.0, (), False), (63.0, ("2 pages",), False)])
def test_it_is_good_only_if_all_went_right_and_every_delay_holds(at: float, wrong: tuple[str, ...], good: bool) -> None:
    made = suite(at, *wrong)
    assert made.good is good and made.json_object()["good"] is good
    assert words(made)[-1].startswith("Every episode ended" if good else "Not all is")
    assert any("took 0.1 s (median) live" in line for line in words(made))
    assert ("WRONG hard-down 1-0: 2 pages" in words(made)) is bool(wrong)
