"""`note`, `postmortem` and `stats` over a real record: a SQLite file, written and read by the real code."""

import json
from pathlib import Path

import pytest

from tests.cli import examples as x
from tests.cli.conftest import ME, Typed, in_record, said
from watchdog.domain.incidents import State
from watchdog.domain.store_records import Write


def test_what_people_add_is_shown_where_it_is_looked_for(typed: Typed) -> None:
    """A line and a root cause: in explain, history and the post-mortem, with who said it."""
    assert typed("note", "web-1", "the cache was cold", "--as", "ann") == "recorded as a note on web-1.\n"
    cause = typed("note", "web-1", "sessions lost\x1b[31m\ntheir lock", "--root-cause", "--as", "bob")
    assert cause == "recorded as the root cause of web-1.\n"
    out = typed("explain", "web-1")
    assert f"ROOT CAUSE sessions lost[31m their lock ({said('bob')}) SAID (UTC)" in " ".join(out.split())
    assert f") {said('ann')}: the cache was cold\n" in out
    named = f"| sessions lost\\[31m their lock (named by {said('bob')}); dep-42 9f3c2ab Refactor sessions (P 0.999) |"
    assert named in typed("history", "--format", "markdown")
    (row,) = json.loads(typed("history", "--format", "json"))
    assert (row["root_cause_named"], row["root_cause_named_by"]) == ("sessions lost[31m their lock", said("bob"))
    assert f"{said('ann')}: the cache was cold" in typed("postmortem", "web-1")


ACTS = (
    ("note", "the pool"),
    ("label", "right"),
    ("tick", "lessons"),
    ("tick", "lessons", "--undo"),
    ("follow-up", "a bigger pool"),
)


def test_everything_that_people_add_is_a_command_of_the_audit(typed: Typed, tmp_path: Path) -> None:
    for name, *words in ACTS:
        typed(name, "web-1", *words)

    rows = in_record(tmp_path, lambda store: store.asked())
    assert [one.name for one in reversed(rows)] == [name for name, *_ in ACTS]
    assert all(one.done and one.ok and one.answer and one.by == f"terminal:{ME}" for one in rows)
    assert all(one.arguments["incident"] == "web-1" for one in rows)


def test_case_62_a_name_that_is_given_cannot_look_proven(typed: Typed) -> None:
    """The record says first that it was only said, and who typed it."""
    forged = ("ann (oidc: approver)", "oidc:ann (approver)", "ann （oidc: approver）")
    for number, name in enumerate(forged):
        typed("note", "web-1", f"yes {number}", "--as", name)
    shown = " ".join(typed("explain", "web-1").split())
    for number, name in enumerate(forged):
        assert f"{said(name.translate(str.maketrans('(（)）', '[[]]')))}: yes {number}" in shown


def test_who_types_is_recorded_without_a_name(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user of the machine, whatever the environment says; and the longest text is taken whole."""
    monkeypatch.setenv("LOGNAME", "mallory")
    typed("note", "web-1", "y" * 1000)
    out = typed("postmortem", "web-1")
    assert "y" * 1000 in out and "mallory" not in out


def test_the_draft_is_read_from_the_record(tmp_path: Path, typed: Typed) -> None:
    """To the terminal or to a new file; another incident's lines stay out; nothing is overwritten."""
    out = typed("postmortem", "web-1")
    assert out.startswith("# Post-mortem of web-1 (2026-11-25): web, HTTP 503 on home\n")
    assert "| Onset to restored | 47 s | 5 min | met |" in out and "of another incident" not in out
    assert "1 of 6 (17%)" in out and "errors back to normal" in out
    file = tmp_path / "draft.md"
    assert typed("postmortem", "web-1", "--output", str(file)) == f"Written to {file}.\n"
    assert file.read_text(encoding="utf-8").startswith("# Post-mortem of web-1")
    assert "cannot be written (File exists)" in typed("postmortem", "web-1", "--output", str(file), code=2)
    unknown = "web-9: no such incident -> `watchdog incident list` lists them\n"
    assert typed("postmortem", "web-9", code=2) == f"{unknown}Handbook: watchdog docs reference-commands\n"


def test_the_numbers_are_read_from_the_record(typed: Typed, tmp_path: Path) -> None:
    (web, both) = json.loads(typed("stats", "--since", "36500d", "--format", "json"))
    assert web["service"] == "web"
    assert (web["mean_time_to_restore_seconds"], web["mean_time_to_restore_seconds_n"]) == (47.0, 1)
    assert both["service"] == "all" and web["mean_time_to_acknowledge_seconds"] is None
    typed("note", "web-1", "on it")
    late = json.loads(typed("stats", "--since", "36500d", "--format", "json"))[0]["mean_time_to_acknowledge_seconds_n"]
    assert late == 0, "what is written when it is over acknowledges nothing"
    assert typed("stats", "--since", "lately", code=2).startswith("--since: not a duration")
    acts = [x.note(60, "ACKNOWLEDGED", "by ann"), x.note(80, "APPROVED", "by ann")]
    in_record(tmp_path, lambda store: store.save(Write(State(), effects=acts)))
    web = json.loads(typed("stats", "--since", "36500d", "--format", "json"))[0]
    first = web["mean_time_to_acknowledge_seconds"]
    assert first == 60.0 - (x.incident().opened_at - x.BEGIN), "the first act of a person"
