"""A live episode is judged by the sandbox's own log, and everything that is not as it should be is said."""

from collections.abc import Sequence

import pytest

from tests.app.sandbox_demo.test_demo import ACCEPTED, ONSET, PAGE, PATCH, PINNED, POST, Entry
from watchdog.app.live.episode_kinds import EpisodePlan
from watchdog.app.live.live_judgement import Seen, judge
from watchdog.lab.episode import Right

ROLLED_BACK: tuple[Entry, ...] = (ONSET, PATCH, PINNED, PAGE, POST, ACCEPTED)


def judged(right: Right, story: Sequence[Entry], *troubles: str) -> Seen:
    return judge(EpisodePlan("hard-down", "1", right, {"kind": "error"}, 5.0), story, troubles)


def test_seconds_count_from_the_onset_in_the_log() -> None:
    """To the request, not to its acceptance; the pin is told beside it. What went wrong with the playing is wrong."""
    seen = judged(Right.ROLLBACK, ROLLED_BACK)
    assert (seen.at, seen.pinned_at, seen.target, seen.rollbacks, seen.pages) == (50.0, 49.0, "dep-40", 1, 1)
    assert seen.wrong == () and judged(Right.ROLLBACK, ROLLED_BACK, "the daemon ended").wrong == ("the daemon ended",)


@pytest.mark.parametrize(("right", "story", "at"), [(Right.PAGE, (ONSET, PAGE), 51.0), (Right.NOTHING, (ONSET,), None)])
def test_where_there_is_nothing_to_roll_back(right: Right, story: Sequence[Entry], at: float | None) -> None:
    assert (judged(right, story).at, judged(right, story).wrong) == (at, ())


@pytest.mark.parametrize(
    ("right", "story", "word"),
    [
        (Right.ROLLBACK, (ONSET, PAGE), "rolled back to nothing, expected dep-40"),
        (Right.ROLLBACK, (*ROLLED_BACK, POST, {**ACCEPTED, "deploy": "dep-44"}), "rolled back to dep-40, dep-40"),
        (Right.ROLLBACK, (*ROLLED_BACK[:5], {**ACCEPTED, "target": "dep-39"}), "rolled back to dep-39"),
        (Right.ROLLBACK, (ONSET, PAGE, POST, ACCEPTED, PATCH, PINNED), "auto-deploy was not off before"),
        (Right.ROLLBACK, (ONSET, PATCH, PINNED, POST, ACCEPTED), "0 pages, expected 1"),
        (Right.ROLLBACK, (*ROLLED_BACK, {**PAGE, "dedup_key": "web-2"}), "2 pages, expected 1"),
        (Right.ROLLBACK, (), "nothing ever failed"),
        (Right.ROLLBACK, ({**ONSET, "at": 170.0}, *ROLLED_BACK[1:]), "before anything failed"),
        (Right.PAGE, ROLLED_BACK, "rolled back to dep-40, expected nothing"),
        (Right.PAGE, (ONSET, PATCH, PAGE), "Render was written to"),
        (Right.PAGE, (ONSET,), "0 pages, expected 1"),
        (Right.NOTHING, (ONSET, PAGE), "1 pages, expected 0"),
    ],
)
def test_anything_else_is_said(right: Right, story: Sequence[Entry], word: str) -> None:
    """None, two, another target, pinned late, not paged, paged twice, too early, a write where none may be."""
    assert any(word in why for why in judged(right, story).wrong)
