"""Text about drills: what the reminders say, and that a missed limit is seen in the history."""

from dataclasses import replace

import pytest

from watchdog.domain.drills.drill import Drill, DrillMethod, DrillStep
from watchdog.domain.units import DAY_SECONDS
from watchdog.presentation.drills.drill_text import HISTORY, history_markdown, history_rows, reminders

NOW = 1_790_000_000.0
MONTH = 30 * DAY_SECONDS
TOOK = {step.value: 10.0 for step in DrillStep}
DONE = Drill(NOW, "web-staging", DrillMethod.BAD_COMMIT, "ann", 3, deploy="dep-9", took=TOOK, ended_at=NOW + 60)
CLEAN = "clean up: watchdog drill web-staging --clean"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({}, None),
        ({"at": NOW - 41 * DAY_SECONDS}, "last drill 41 days ago (due every 30 days): watchdog drill web-staging"),
        ({"ended_at": None}, f"drill 3 runs, or was killed before it cleaned up; {CLEAN}"),
        ({"left": ("auto-deploy is off",)}, f"auto-deploy is off; {CLEAN}"),
        ({"at": NOW - 41 * DAY_SECONDS, "left": ("auto-deploy is off",)}, f"auto-deploy is off; {CLEAN}"),
    ],
)
def test_what_is_left_comes_before_what_is_due(change: dict, line: str | None) -> None:
    """One line a service, with the command to type."""
    found = reminders(["web-staging"], [replace(DONE, **change)], NOW, MONTH)
    assert found == ([] if line is None else [f"DRILL        web-staging: {line}"])


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({}, None),
        ({"at": NOW - 41 * DAY_SECONDS}, "last test page 41 days ago (due every 30 days): watchdog drill --page"),
        ({"at": NOW - 41 * DAY_SECONDS, "took": {}}, None),  # no channel had it: no page was practised
        (
            {"ended_at": None},
            "test page 4 is open, or its drill was killed; close it: watchdog drill --page --clean",
        ),
        ({"left": ("open in slack",)}, "open in slack; close it: watchdog drill --page --clean"),
    ],
)
def test_of_test_pages_it_reminds_who_sent_one(change: dict, line: str | None) -> None:
    """An open one comes before an overdue one."""
    page = Drill(NOW, "page lead", DrillMethod.PAGE, "ann", 4, took={"paged": 1.0}, ended_at=NOW + 60)
    assert reminders([], [replace(page, **change)], NOW, MONTH) == ([] if line is None else [f"DRILL        {line}"])


def test_a_time_after_its_limit_is_marked_in_the_history() -> None:
    """A step that never came is named; foreign text is no markup."""
    late = replace(DONE, took={**TOOK, "restored": 301.0}, service="a|b")
    never = replace(DONE, took={"detected": 10.0}, left=("x",))
    rows = [dict(zip(HISTORY, row, strict=True)) for row in history_rows([late, never])]
    assert [row["restored"] for row in rows] == ["5 min!", "never"]
    assert [row["result"] for row in rows] == ["failed", "failed, work left"]
    assert set(rows[0]) == {"no", "date", "service", "method", *TOOK, "result"}, "no column that nothing fills"
    assert "a\\|b" in history_markdown([late])[2]
