"""`note`, `postmortem` and `stats` over a real record: a SQLite file, written and read by the real code."""

import json
from pathlib import Path

import pytest

from watchdog.cli.main import main

Capture = pytest.CaptureFixture[str]


def test_what_people_add_is_shown_where_it_is_looked_for(config: str, capsys: Capture) -> None:
    """A line and a root cause: in explain, history and the post-mortem, with who said it."""
    assert main(["note", "web-1", "the cache was cold", "--as", "ann", "-c", config]) == 0
    assert capsys.readouterr().out == "Recorded as a note on web-1, by ann.\n"
    assert (
        main(["note", "web-1", "sessions lost\x1b[31m\ntheir lock", "--root-cause", "--as", "bob", "-c", config]) == 0
    )
    assert capsys.readouterr().out == "Recorded as the root cause of web-1, by bob.\n"
    assert main(["explain", "web-1", "-c", config]) == 0
    out = capsys.readouterr().out
    assert (
        "ROOT CAUSE   sessions lost[31m their lock (bob)\nSAID (UTC)\n" in out and ") ann: the cache was cold\n" in out
    )
    assert main(["history", "--format", "markdown", "-c", config]) == 0
    named = "| sessions lost\\[31m their lock (named by bob); dep-42 9f3c2ab Refactor sessions (P 0.999) |"
    assert named in capsys.readouterr().out
    assert main(["history", "--format", "json", "-c", config]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["root_cause_named"], row["root_cause_named_by"]) == ("sessions lost[31m their lock", "bob")
    assert main(["postmortem", "web-1", "-c", config]) == 0
    assert "ann: the cache was cold" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["web-9", "hello"], "web-9: no such incident -> `watchdog incidents` lists them\n"),
        (["web-1", " \n\x07"], "TEXT: there is nothing in it to read"),
        (["web-1", "x" * 1001], "TEXT: longer than 1000 characters"),
        (["web-1", "hello", "--as", "\x07"], "--as: there is nothing in it to read"),
    ],
)
def test_a_note_that_cannot_be_taken(words: list[str], said: str, config: str, capsys: Capture) -> None:
    """It says what to write instead, and records nothing."""
    assert main(["note", *words, "-c", config]) == 2
    assert capsys.readouterr().err.startswith(said)
    assert main(["explain", "web-1", "-c", config]) == 0
    assert "SAID" not in capsys.readouterr().out


def test_who_types_is_recorded_without_a_name(config: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user of the machine, whatever the environment says; and the longest text is taken whole."""
    monkeypatch.setenv("LOGNAME", "mallory")
    assert main(["note", "web-1", "y" * 1000, "-c", config]) == 0
    capsys.readouterr()
    assert main(["postmortem", "web-1", "-c", config]) == 0
    out = capsys.readouterr().out
    assert "y" * 1000 in out and "mallory" not in out


def test_the_draft_is_read_from_the_record(config: str, tmp_path: Path, capsys: Capture) -> None:
    """To the terminal or to a new file; another incident's lines stay out; nothing is overwritten."""
    assert main(["postmortem", "web-1", "-c", config]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# Post-mortem of web-1 (2026-11-25): web, HTTP 503 on home\n")
    assert "| Onset to restored | 47 s | 5 min | met |" in out and "of another incident" not in out
    assert "1 of 6 (17%)" in out and "errors back to normal" in out
    file = tmp_path / "draft.md"
    assert main(["postmortem", "web-1", "--output", str(file), "-c", config]) == 0
    assert capsys.readouterr().out == f"Written to {file}.\n"
    assert file.read_text(encoding="utf-8").startswith("# Post-mortem of web-1")
    assert main(["postmortem", "web-1", "--output", str(file), "-c", config]) == 2
    assert "cannot be written (File exists)" in capsys.readouterr().err
    assert main(["postmortem", "web-9", "-c", config]) == 2
    assert capsys.readouterr().err == "web-9: no such incident -> `watchdog incidents` lists them\n"


def test_the_numbers_are_read_from_the_record(config: str, capsys: Capture) -> None:
    """By default the last 90 days; a wrong period says what to write."""
    assert main(["stats", "--since", "36500d", "--format", "json", "-c", config]) == 0
    (web, both) = json.loads(capsys.readouterr().out)
    assert web["service"] == "web"
    assert (web["mean_time_to_restore_seconds"], web["mean_time_to_restore_seconds_n"]) == (47.0, 1)
    assert both["service"] == "all" and web["mean_time_to_acknowledge_seconds"] is None
    assert main(["note", "web-1", "on it", "-c", config]) == 0
    capsys.readouterr()
    assert main(["stats", "--since", "36500d", "--format", "json", "-c", config]) == 0
    late = json.loads(capsys.readouterr().out)[0]["mean_time_to_acknowledge_seconds_n"]
    assert late == 0, "what is written when it is over acknowledges nothing"
    assert main(["stats", "--since", "lately", "-c", config]) == 2
    assert capsys.readouterr().err.startswith("--since: not a duration")
