"""The rollback history in its four formats."""

import csv
from typing import Any

import pytest

from tests.cli import examples as x
from tests.core.incident_fields import amended
from watchdog.domain.deploys import Deploy
from watchdog.presentation.history_table import helped, history, records
from watchdog.presentation.text import columns

HEAD = "| Date | Time | Trigger | Method | Duration | Root Cause |"
RULE = "|------|------|---------|--------|----------|------------|"


def test_markdown_is_the_runbooks_table() -> None:
    """Two rollbacks, one of them judged, in the runbook's columns; an incident without a rollback is no row."""
    second = amended(x.incident(), id="web-2", restored_at=x.BEGIN + 10 + 61, approved_by="lead")
    third = amended(x.incident(), id="web-3", restored_at=None, decision=None)
    paged = x.undone(x.decision(), id="web-4")
    assert history([x.incident(), second, third, paged], {"web-1": "right"}, "markdown") == [
        HEAD,
        RULE,
        "| 2026-11-25 | 02:14 | web: HTTP 503 on home | Render | 1min "
        "| dep-42 9f3c2ab Refactor sessions (judged right) |",
        "| 2026-11-25 | 02:14 | web: HTTP 503 on home | Render | 2min "
        "| dep-42 9f3c2ab Refactor sessions (approved by lead) |",
        "| 2026-11-25 | 02:14 | web: HTTP 503 on home | Render | not restored | dep-42 9f3c2ab |",
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "yes, verified"),
        ({"verified_at": None, "closed_at": None}, "not known yet"),
        ({"verified_at": None, "closed_at": None, "human_needed": "it still fails"}, "not proved"),
        ({"verified_at": None}, "not proved"),
        ({"verified_at": None, "restored_at": None}, "was not seen live"),
    ],
)
def test_whether_a_rollback_helped_is_what_was_proved(changes: dict[str, Any], said: str) -> None:
    assert helped(amended(x.incident(), **changes)) == said


def test_a_commit_message_cannot_break_the_table() -> None:
    """Bars, line breaks and markup in a commit message stay text in one cell."""
    hostile = Deploy("dep-42", "live", commit="9f3c2ab", commit_message="a | b <script> [x](y) `z`\x1b[0m\nsecond")
    lines = history([x.incident(decision=x.decision(blame=x.blame(suspect=hostile, change=None)))], {}, "markdown")
    assert len(lines) == 3
    assert r"a \| b \<script\> \[x\](y) \`z\`\[0m (P 0.999) |" in lines[2]


@pytest.mark.parametrize("sign", ["=", "＝", "﹦", "＋", "－", "＠", "　＝"])
def test_case_65_csv_cannot_become_a_formula(sign: str) -> None:
    """A title that begins like a formula, in whatever width, is shown as text; commas and quotes are quoted."""
    bad = x.incident(service=f"{sign}HYPERLINK(1)", title='say "hi", all')
    lines = history([bad], {}, "csv")
    assert lines[0] == "Date,Time,Trigger,Method,Duration,Root Cause"
    assert next(csv.reader([lines[1]]))[2].lstrip() == f'\'{sign.strip()}HYPERLINK(1): say "hi", all'


def test_json_is_for_machines() -> None:
    """Times are ISO in UTC, durations seconds, absent values null."""
    (one,) = records([x.incident()], {}, {})
    assert one["onset_to_restored_seconds"] == 47.0 and one["label"] is None
    assert (one["onset_at"], one["restored_at"]) == ("2026-11-25T02:14:14Z", "2026-11-25T02:15:01Z")
    rolled_back = [one[name] for name in ("incident", "target", "rollback_deploy", "verified")]
    assert rolled_back == ["web-1", "dep-40", "dep-43", True]


@pytest.mark.parametrize(("form", "empty"), [("markdown", [HEAD, RULE]), ("table", ["No rollback yet."])])
def test_without_rollbacks_there_is_the_head_or_a_sentence(form: str, empty: list[str]) -> None:
    """Ready to be pasted; a grid without rows is its head alone."""
    assert history([], {}, form) == empty
    assert records([], {}, {}) == [] and columns(("a", "b"), []) == ["A  B"]


def test_table() -> None:
    """Columns are aligned; a rollback of a configuration says so."""
    assert history([x.incident()], {}, "table") == [
        "DATE        TIME (UTC)  TRIGGER                METHOD  DURATION  ROOT CAUSE",
        "2026-11-25  02:14       web: HTTP 503 on home  Render  1min      dep-42 9f3c2ab Refactor sessions (P 0.999)",
    ]
    decided = x.decision(blame=x.blame(configuration=True))
    assert "configuration only" in history([x.incident(decision=decided)], {}, "table")[1]
