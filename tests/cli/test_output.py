"""What is written to stdout and stderr, and which exit code an error has."""

import pytest

from tests.cli.conftest import Terminal
from watchdog.app.commands.progress import no_progress, with_progress
from watchdog.cli import output, tables
from watchdog.domain.errors import ConfigurationError, Mistake, OutcomeUnknown, Permanent, Refused, Temporary

LOST = (
    "the answer was lost. It may have happened: look it up (watchdog service deploys SERVICE) before you repeat it.\n"
)
MISTAKES = (Mistake("a.yaml:3", "unknown key", "write mode"), Mistake("a.yaml:9", "no unit"))


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (Temporary("Render is late", retry_after_seconds=15), 1, "Render is late. Try again in 15 s.\n"),
        (Temporary("the store is busy."), 1, "the store is busy. Try again.\n"),
        (Temporary("it did not answer. Is it healthy?"), 1, "it did not answer. Is it healthy? Try again.\n"),
        (Permanent("Render refused the key: replace it"), 1, "Render refused the key: replace it.\n"),
        (OutcomeUnknown("the answer was lost"), 1, LOST),
        (Refused("cooldown: last rollback 3 min ago"), 3, "refused: cooldown: last rollback 3 min ago\n"),
        (ConfigurationError(MISTAKES), 2, "a.yaml:3: unknown key -> write mode\na.yaml:9: no unit\n"),
        (Permanent("bad\x1b[31m news"), 1, "bad[31m news.\n"),
    ],
)
def test_expected_errors(error: Exception, code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence (or one mistake a line) and its page on stderr, nothing on stdout, and the documented code."""
    assert output.explain_error(error) == code
    out, err = capsys.readouterr()
    assert (out, err.partition("Handbook: watchdog docs ")[0]) == ("", said) and "Handbook: " in err


def test_a_pipe_gets_whole_rows(capsys: pytest.CaptureFixture[str]) -> None:
    """A long cell is not folded where nobody looks at columns, and nothing trails."""
    output.show_table(tables.table(("a", "b"), [("1", "word " * 60), ("22", "")]))
    out = capsys.readouterr().out
    assert out == "A   B\n1   " + ("word " * 60).strip() + "\n22\n"


def test_complaints_stay_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Line breaks in an error cannot forge a second complaint."""
    output.print_error("one\ntwo")
    assert capsys.readouterr().err == "one two\n"


def test_progress_is_one_line_on_a_terminal_that_is_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """And taken away in the end, so that what is printed afterwards stands alone."""
    terminal = Terminal(monkeypatch, "stderr")
    output.show_progress("months 1 of 2, about 3 min left")
    output.show_progress("months 2 of 2")
    output.end_progress()
    assert terminal.shown() == "\rmonths 1 of 2, about 3 min left\x1b[K\rmonths 2 of 2\x1b[K\r\x1b[K"


def test_without_a_terminal_no_progress_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_progress("months 1 of 2")
    output.end_progress()
    assert capsys.readouterr() == ("", "")


def test_it_says_how_far_it_is_and_how_long_the_rest_takes() -> None:
    """At the mean pace so far; not more often than once a second, and always at the end."""
    said: list[str] = []
    times = iter([0.0, 10.0, 10.5, 30.0, 30.4])
    played = list(with_progress("abcd", "months", 4, said.append, lambda: next(times)))
    assert played == list("abcd")
    assert said == ["months 1 of 4, about 30 s left", "months 3 of 4, about 10 s left", "months 4 of 4"]


def test_nobody_need_listen() -> None:
    assert list(with_progress([], "months", 0, no_progress)) == []
