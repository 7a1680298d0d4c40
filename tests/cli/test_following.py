"""Checklists, ticks and follow-ups over a real record: a SQLite file, written and read by the real code."""

import json
import re

import pytest

from watchdog.cli.main import main
from watchdog.domain.follow_ups import OWN_MAX, RUNBOOK

Capture = pytest.CaptureFixture[str]
PEOPLES = [one.id for one in RUNBOOK if one.by_people]


def done(words: list[str], config: str, capsys: Capture) -> str:
    """Run a command that is done, and return what it prints."""
    code = main([*words, "-c", config])
    said = capsys.readouterr()
    assert (code, said.err) == (0, "")
    return said.out


def refused(words: list[str], config: str, capsys: Capture) -> str:
    """Run a command that makes no sense, and return what it says."""
    assert main([*words, "-c", config]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


def items(config: str, capsys: Capture, incident: str = "web-1") -> dict[str, dict[str, object]]:
    """Return the items of an incident by their ids."""
    return {one["item"]: one for one in json.loads(done(["checklist", incident, "--json"], config, capsys))}


def test_what_the_machine_did_is_ticked_and_the_rest_waits(config: str, capsys: Capture) -> None:
    """Four lists, each item under the id by which it is ticked, with evidence, or with an owner and a due time."""
    out = done(["checklist", "web-1"], config, capsys)
    assert out.startswith("web-1  web  CRITICAL, VERIFIED. HTTP 503 on home\n\nPRE-ROLLBACK (6 of 6 done)\n")
    assert "  [x] team-told        Notify team via Slack/communication channel\n" in out
    assert "                       02:14:54: slack, pagerduty (info)\n" in out
    assert "\n0-15 MINUTES AFTER THE ROLLBACK (2 of 4 done)\n" in out
    assert "  [ ] stakeholders     Communicate status to stakeholders\n" in out
    assert "                       OVERDUE: team lead, due 2026-11-25 03:15:01 UTC\n" in out
    assert "\n1-24 HOURS AFTER THE ROLLBACK (0 of 5 done)\n" in out
    assert out.endswith(
        '\n\n11 open. To tick one: watchdog tick web-1 ITEM\nTo add one: watchdog follow-up web-1 "…"\n'
    )
    assert max(map(len, out.splitlines())) <= 78
    assert set(items(config, capsys)) == {one.id for one in RUNBOOK}


def test_a_tick_stands_with_its_name_until_it_is_undone(config: str, capsys: Capture) -> None:
    """In the checklist, in the list of what is open, in the post-mortem; twice changes nothing."""
    said = done(["tick", "web-1", "stakeholders", "lessons", "--as", "ann\x1b[31m"], config, capsys)
    assert said == "Stakeholders of web-1 is ticked.\nLessons of web-1 is ticked.\n".lower()
    assert "is ticked already, by ann[31m" in done(["tick", "web-1", "lessons", "--as", "bob"], config, capsys)
    found = items(config, capsys)["lessons"]
    assert found["done"] and not found["seen"] and found["ticked_by"] == "ann[31m"
    assert re.fullmatch(r"ticked by ann\[31m, \d{4}-\d\d-\d\d \d\d:\d\d UTC", str(found["evidence"]))
    left = [one["item"] for one in json.loads(done(["follow-ups", "--json"], config, capsys))]
    assert sorted(left) == sorted({*PEOPLES, "response-times"} - {"stakeholders", "lessons"})
    draft = done(["postmortem", "web-1"], config, capsys)
    assert "- [x] Document lessons learned: ticked by ann\\[31m, 20" in draft
    assert draft.count("Document lessons learned") == 1, "what is done is no action item"
    assert done(["tick", "web-1", "lessons", "--undo"], config, capsys) == "lessons of web-1 is open again.\n"
    assert not items(config, capsys)["lessons"]["done"]
    assert "not ticked by anybody" in done(["tick", "web-1", "lessons", "--undo"], config, capsys)


def test_a_follow_up_of_one_s_own_is_listed_until_it_is_ticked(config: str, capsys: Capture) -> None:
    """What is due first before; in the checklist and among the action items of the post-mortem."""
    assert done(["follow-up", "web-1", "Raise the\n pool size"], config, capsys) == "added to web-1 as own-1.\n"
    soon = ["follow-up", "web-1", "Tell *acme*", "--owner", "team lead", "--due", "3d", "--as", "ann"]
    assert done(soon, config, capsys) == "added to web-1 as own-2.\n"
    out = done(["checklist", "web-1"], config, capsys)
    assert "\nFOLLOW-UPS OF YOUR OWN (0 of 2 done)\n  [ ] own-1            Raise the pool size\n" in out
    own = [one for one in json.loads(done(["follow-ups", "--json"], config, capsys)) if one["item"].startswith("own")]
    assert [(one["item"], one["owner"]) for one in own] == [("own-2", "team lead"), ("own-1", "development team")]
    assert own[0]["evidence"] == "added by ann"
    table = done(["follow-ups"], config, capsys)
    assert re.search(r"(?m)^20\d\d-\d\d-\d\d \d\d:\d\d +web-1 +own-2 +team lead +Tell \*acme\*$", table)
    assert re.search(r"\n\n13 open, \d+ overdue\. ", table)
    draft = done(["postmortem", "web-1"], config, capsys)
    assert draft.count("- [ ] Tell \\*acme\\* (added by ann): ✍️ team lead, due 20") == 2
    assert done(["tick", "web-1", "own-2"], config, capsys) == "own-2 of web-1 is ticked.\n"
    assert (
        "- [x] Tell \\*acme\\*: ticked by " in done(["postmortem", "web-1"], config, capsys).partition("## Action")[2]
    )


def test_all_that_is_left_can_be_ticked_at_once(config: str, capsys: Capture) -> None:
    """And taken back at once; where nothing is open, it is said."""
    done(["follow-up", "web-1", "Raise the pool size"], config, capsys)
    assert len(done(["tick", "web-1", "all", "--as", "ann"], config, capsys).splitlines()) == 12
    assert done(["follow-ups"], config, capsys) == "Nothing is open.\n"
    assert done(["follow-ups", "--json"], config, capsys) == "[]\n"
    assert "Nothing to tick" in done(["tick", "web-1", "all"], config, capsys)
    assert "\n\nNothing is open.\n" in done(["checklist", "web-1"], config, capsys)
    assert len(done(["tick", "web-1", "all", "--undo"], config, capsys).splitlines()) == 12
    assert len(json.loads(done(["follow-ups", "--json"], config, capsys))) == 12


def test_a_root_cause_that_is_named_ticks_its_item(config: str, capsys: Capture) -> None:
    """The record shows it, so nobody need tick it, and nobody can take it back."""
    done(["note", "web-1", "a lock", "--root-cause", "--as", "bob"], config, capsys)
    found = items(config, capsys)["root-cause"]
    assert found["seen"] and str(found["evidence"]).endswith("by bob: a lock")
    assert "root-cause: done by the record (" in refused(["tick", "web-1", "root-cause", "--undo"], config, capsys)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tick", "web-9", "lessons"], "web-9: no such incident -> `watchdog incidents` lists them\n"),
        (["tick", "web-1"], "ITEM: none is named -> one of: documented, team-told, "),
        (["tick", "web-1", "lesson\x1b[31ms"], "lesson[31ms: no such item of web-1 -> one of: documented, "),
        (["tick", "web-1", "own-1"], "own-1: no such item of web-1"),
        (["tick", "web-1", "lessons", "log"], "log: done by the record (2026-11-25 02:14:53 UTC: it is in "),
        (["tick", "web-1", "lessons", "--as", "\x07"], "--as: there is nothing in it to read"),
        (["checklist", "web-9"], "web-9: no such incident"),
        (["follow-up", "web-9", "x"], "web-9: no such incident"),
        (["follow-up", "web-1", " \x07"], "TEXT: there is nothing in it to read -> write what is to be done"),
        (["follow-up", "web-1", "x" * 301], "TEXT: longer than 300 characters -> put the details into your tracker"),
        (["follow-up", "web-1", "x", "--due", "soon"], "--due: not a duration"),
        (["follow-up", "web-1", "x", "--due", "0s"], "--due: not a sensible time -> write something up to 400d"),
        (["follow-up", "web-1", "x", "--due", "401d"], "--due: not a sensible time"),
        (["follow-up", "web-1", "x", "--owner", "\x07"], "--owner: not a name"),
        (["follow-up", "web-1", "x", "--owner", "y" * 81], "--owner: not a name"),
    ],
)
def test_what_cannot_be_meant(words: list[str], said: str, config: str, capsys: Capture) -> None:
    """It says what to write instead, and records nothing, not even what of it would make sense."""
    assert refused(words, config, capsys).startswith(said)
    assert not any(one["ticked_by"] for one in items(config, capsys).values())
    assert not [name for name in items(config, capsys) if name.startswith("own")]


def test_so_many_follow_ups_are_a_project(config: str, capsys: Capture) -> None:
    """The record is no board: it is said where more belongs."""
    for _ in range(OWN_MAX):
        done(["follow-up", "web-1", "x" * 300], config, capsys)
    assert main(["follow-up", "web-1", "one more", "-c", config]) == 1
    assert "keep more in your tracker" in capsys.readouterr().err
