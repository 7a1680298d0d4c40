"""Checklists, ticks and follow-ups over a real record: a SQLite file, written and read by the real code."""

import json
import re

import pytest

from tests.cli.conftest import Typed, said
from watchdog.domain.follow_ups import OWN_MAX, RUNBOOK

PEOPLES = [one.id for one in RUNBOOK if one.by_people]


def items(typed: Typed) -> dict[str, dict[str, object]]:
    return {one["item"]: one for one in json.loads(typed("checklist", "web-1", "--json"))}


def test_what_the_machine_did_is_ticked_and_the_rest_waits(typed: Typed) -> None:
    """Four lists, each item under the id by which it is ticked, with evidence, or with an owner and a due time."""
    out = typed("checklist", "web-1")
    assert out.startswith("web-1  web  CRITICAL, VERIFIED. HTTP 503 on home\n\nPRE-ROLLBACK (6 of 6 done)\n")
    assert "  [x] team-told        Notify team via Slack/communication channel\n" in out
    assert "                       02:14:54: slack, pagerduty (info)\n" in out
    assert "\n0-15 MINUTES AFTER THE ROLLBACK (2 of 4 done)\n" in out
    assert "  [ ] stakeholders     Communicate status to stakeholders\n" in out
    assert "                       OVERDUE: team lead, due 2026-11-25 03:15:01 UTC\n" in out
    assert "\n1-24 HOURS AFTER THE ROLLBACK (0 of 5 done)\n" in out
    how = 'To tick one: watchdog incident tick web-1 ITEM\nTo add one: watchdog incident follow-up web-1 "…"\n'
    assert out.endswith(f"\n\n11 open. {how}") and max(map(len, out.splitlines())) <= 78
    assert set(items(typed)) == {one.id for one in RUNBOOK}


def test_a_closed_incident_names_its_open_tasks_until_they_are_ticked(typed: Typed) -> None:
    """`incident show` and `explain`, with the number that the checklists end with."""
    where = "see the checklists (`watchdog incident checklist web-1`)."
    for words in (("incident", "show", "web-1"), ("explain", "web-1")):
        assert f"Nothing more for the daemon; 11 tasks are open: {where}" in " ".join(typed(*words).split())
    typed("tick", "web-1", "all")
    shown = typed("explain", "web-1")
    assert "Nothing to do.\n" in shown and "tasks are open" not in shown


def test_a_tick_stands_with_its_name_until_it_is_undone(typed: Typed) -> None:
    """In the checklist, in the list of what is open, in the post-mortem; twice changes nothing."""
    answered = typed("tick", "web-1", "stakeholders", "lessons", "--as", "ann\x1b[31m")
    assert answered == "Stakeholders of web-1 is ticked.\nLessons of web-1 is ticked.\n".lower()
    assert f"is ticked already, by {said('ann[31m')}" in typed("tick", "web-1", "lessons", "--as", "bob")
    found = items(typed)["lessons"]
    assert found["done"] and not found["seen"] and found["ticked_by"] == said("ann[31m")
    assert re.fullmatch(r"ticked by (.*), \d{4}-\d\d-\d\d \d\d:\d\d UTC", str(found["evidence"]))
    left = [one["item"] for one in json.loads(typed("follow-ups", "--json"))]
    assert sorted(left) == sorted({*PEOPLES, "response-times"} - {"stakeholders", "lessons"})
    draft = typed("postmortem", "web-1")
    assert "- [x] Document lessons learned: ticked by said:ann\\[31m (terminal:" in draft
    assert draft.count("Document lessons learned") == 1, "what is done is no action item"
    assert typed("tick", "web-1", "lessons", "--undo") == "lessons of web-1 is open again.\n"
    assert not items(typed)["lessons"]["done"] and "is not ticked" in typed("tick", "web-1", "lessons", "--undo")


def test_a_follow_up_of_one_s_own_is_listed_until_it_is_ticked(typed: Typed) -> None:
    """What is due first before; in the checklist and among the action items of the post-mortem."""
    assert typed("follow-up", "web-1", "Raise the\n pool size") == "added to web-1 as own-1.\n"
    soon = ["follow-up", "web-1", "Tell *acme*", "--owner", "team lead", "--due", "3d", "--as", "ann"]
    assert typed(*soon) == "added to web-1 as own-2.\n"
    out = typed("checklist", "web-1")
    assert "\nFOLLOW-UPS OF YOUR OWN (0 of 2 done)\n  [ ] own-1            Raise the pool size\n" in out
    own = [one for one in json.loads(typed("follow-ups", "--json")) if one["item"].startswith("own")]
    assert [(one["item"], one["owner"]) for one in own] == [("own-2", "team lead"), ("own-1", "development team")]
    assert own[0]["evidence"] == f"added by {said('ann')}"
    table = typed("follow-ups")
    assert re.search(r"(?m)^20\d\d-\d\d-\d\d \d\d:\d\d +web-1 +own-2 +team lead +Tell \*acme\*$", table)
    assert re.search(r"\n\n13 open, \d+ overdue\. ", table)
    draft = typed("postmortem", "web-1")
    assert draft.count(f"- [ ] Tell \\*acme\\* (added by {said('ann')}): ✍️ team lead, due 20") == 2
    assert typed("tick", "web-1", "own-2") == "own-2 of web-1 is ticked.\n"
    assert "- [x] Tell \\*acme\\*: ticked by " in typed("postmortem", "web-1").partition("## Action")[2]


def test_all_that_is_left_can_be_ticked_at_once(typed: Typed) -> None:
    typed("follow-up", "web-1", "Raise the pool size")
    assert len(typed("tick", "web-1", "all", "--as", "ann").splitlines()) == 12
    assert typed("follow-ups") == "Nothing is open.\n" and typed("follow-ups", "--json") == "[]\n"
    assert "Nothing to tick" in typed("tick", "web-1", "all")
    assert "\n\nNothing is open.\n" in typed("checklist", "web-1")
    assert len(typed("tick", "web-1", "all", "--undo").splitlines()) == 12
    assert len(json.loads(typed("follow-ups", "--json"))) == 12


def test_a_root_cause_that_is_named_ticks_its_item(typed: Typed) -> None:
    """The record shows it, so nobody need tick it, and nobody can take it back."""
    typed("note", "web-1", "a lock", "--root-cause", "--as", "bob")
    found = items(typed)["root-cause"]
    assert found["seen"] and str(found["evidence"]).endswith(f"by {said('bob')}: a lock")
    assert "root-cause: done by the record (" in typed("tick", "web-1", "root-cause", "--undo", code=2)


REFUSED = [
    (["tick", "web-9", "lessons"], "web-9: no such incident -> `watchdog incident list` lists them\n"),
    (["tick", "web-1"], "ITEM: none is named -> one of: documented, team-told, "),
    (["tick", "web-1", "lesson\x1b[31ms"], "lesson[31ms: no such item of web-1 -> one of: documented, "),
    (["tick", "web-1", "own-1"], "own-1: no such item of web-1"),
    (["tick", "web-1", "lessons", "log"], "log: done by the record (2026-11-25 02:14:53 UTC: it is in "),
    (["tick", "web-1", "lessons", "--as", "\x07"], "--as: there is nothing in it to read"),
    (["note", "web-9", "hello"], "web-9: no such incident -> `watchdog incident list` lists them\n"),
    (["note", "web-1", " \n\x07"], "TEXT: there is nothing in it to read"),
    (["note", "web-1", "x" * 1001], "TEXT: longer than 1000 characters"),
    (["note", "web-1", "x", "--as", "\x07"], "--as: there is nothing in it to read"),
    (["checklist", "web-9"], "web-9: no such incident"),
    (["follow-up", "web-9", "x"], "web-9: no such incident"),
    (["follow-up", "web-1", " \x07"], "TEXT: there is nothing in it to read -> write what is to be done"),
    (["follow-up", "web-1", "x" * 301], "TEXT: longer than 300 characters -> keep the details"),
    (["follow-up", "web-1", "x", "--due", "soon"], "--due: not a duration"),
    (["follow-up", "web-1", "x", "--due", "0s"], "--due: not a sensible time -> write something up to 400d"),
    (["follow-up", "web-1", "x", "--due", "401d"], "--due: not a sensible time"),
    (["follow-up", "web-1", "x", "--owner", "\x07"], "--owner: there is nothing in it to read"),
    (["follow-up", "web-1", "x", "--owner", "y" * 81], "--owner: longer than 80 characters"),
]


def test_what_cannot_be_meant(typed: Typed) -> None:
    """It says what to write instead, and records nothing, not even what of it would make sense."""
    wrong = [(words, told) for words, said in REFUSED if not (told := typed(*words, code=2)).startswith(said)]
    assert wrong == []
    assert not [name for name, one in items(typed).items() if one["ticked_by"] or name.startswith("own")]
    assert "SAID" not in typed("explain", "web-1")


@pytest.mark.long
def test_so_many_follow_ups_are_a_project(typed: Typed) -> None:
    """The record is no board: it is said where more belongs."""
    for _ in range(OWN_MAX):
        typed("follow-up", "web-1", "x" * 300)
    assert "keep more in your tracker" in typed("follow-up", "web-1", "one more", code=1)
