"""The answer to a click: one sentence for each command, and never that a refused one was done."""

import pytest

from watchdog.console.views.answer_views import DONE, answer_view
from watchdog.domain.commands.command_table import commands_of
from watchdog.domain.commands.human_command import Surface
from watchdog.domain.store_records import Command


def test_each_command_of_the_console_has_its_sentence() -> None:
    """A new one fails here until it has one."""
    assert set(DONE) == {row.name for row in commands_of(Surface.CONSOLE)}
    assert all(text.endswith(".") and len(text.split()) <= 25 for text in DONE.values())


@pytest.mark.parametrize(
    ("done", "ok", "code", "state", "said"),
    [
        (True, True, 0, "done", "The rollback is stopped."),
        (True, False, 1, "failed", "Not done. Too late: it was sent."),
        (True, False, 3, "refused", "Not done. Too late: it was sent."),
        (False, False, None, "waiting", "The daemon has not answered yet."),
    ],
)
def test_the_sentence_tells_the_outcome(done: bool, ok: bool, code: int | None, state: str, said: str) -> None:
    """With the reason where nothing was done."""
    answer = "too late: it was sent" if done else ""
    command = Command(1, "stop", {"incident": "web-1"}, "ann", done=done, ok=ok, answer=answer, exit_code=code, at=5.0)
    view = answer_view(command)
    assert (view.state, view.said, view.asked, view.command) == (state, said, "stop web-1", "stop")
    assert view.help == ("/help/on-call#approvals" if said.startswith("Not done") else "")
