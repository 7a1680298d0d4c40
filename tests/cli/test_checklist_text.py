"""Checklists and what is open, as text and for machines."""

from dataclasses import replace
from datetime import UTC

from tests.cli import examples as x
from watchdog.cli.checklist_text import checklist_lines, item_record, open_head, open_rows, open_sum
from watchdog.cli.json_output import plain
from watchdog.domain.follow_ups import FollowUp
from watchdog.presentation.checklists import checklists, follow_ups
from watchdog.presentation.follow_up_text import Open
from watchdog.presentation.incident_facts import IncidentFacts

DUE = x.BEGIN + 57 + 3600


def facts(now: float) -> IncidentFacts:
    own = FollowUp(x.BEGIN, "web-1", 1, "ann", "a \x1b[31mred\npool", "bob", x.BEGIN + 86400 * 3)
    return IncidentFacts(x.incident(), now, notes=x.NOTES, target_seconds=300.0, follow_ups=(own,))


def test_what_is_due_is_marked_when_it_is() -> None:
    for now, late in ((DUE, False), (DUE + 1, True)):
        text = "\n".join(checklist_lines(x.incident(), checklists(facts(now)), now))
        head = "                       OVERDUE: " if late else "                       "
        assert f"stakeholders     Communicate status to stakeholders\n{head}team lead, due 2026-11-25 03:15:01" in text
    assert "\x1b" not in text and "  [ ] own-1            a [31mred pool\n" in text


def test_the_list_over_incidents_says_when_whose_and_what() -> None:
    found = [Open(x.incident(), one) for one in follow_ups(facts(DUE + 1)) if not one.done]
    rows = open_rows(found, DUE + 1)
    assert all(len(row) == len(open_head(DUE, UTC)) for row in rows)
    told = ("2026-11-25 03:15 OVERDUE", "web-1", "stakeholders", "team lead", "Communicate status to stakeholders")
    assert told in rows and ("2026-11-28 02:14", "web-1", "own-1", "bob", "a [31mred pool") in rows
    late = sum("OVERDUE" in row[0] for row in rows)
    assert open_sum(found, DUE + 1).startswith(f"{len(rows)} open, {late} overdue. ") and 0 < late < len(rows)
    unknown = replace(found[0].item, due_at=None)
    assert open_rows([Open(x.incident(), unknown)], DUE)[0][0] == "-"
    item = next(one for one in follow_ups(facts(DUE + 61)) if one.id == "stakeholders")
    said = plain(item_record(x.incident(), "15-60 minutes", item, DUE + 61))
    assert said == {
        "incident": "web-1", "service": "web", "item": "stakeholders", "list": "15-60 minutes",
        "text": "Communicate status to stakeholders", "done": False, "seen": False, "evidence": "",
        "owner": "team lead", "due_at": "2026-11-25T03:15:01Z", "overdue_seconds": 61.0,
        "ticked_by": None, "ticked_at": None,
    }  # fmt: skip
