"""The report on drills: what was missed, and which rule proposes which setting, for drills that were really slow."""

import json
from dataclasses import replace

import pytest

from watchdog.domain.drills.drill import Drill, DrillMethod, DrillStep
from watchdog.domain.units import parse_duration
from watchdog.presentation.drills.drill_proposals import BEFORE, LATE, NEVER, UNCLEAN, proposals
from watchdog.presentation.drills.drill_report import misses, report_markdown, report_record, scores
from watchdog.settings.schema.schema import Shape
from watchdog.settings.text.validation import keys_at

NOW = 1_790_000_000.0
GOOD = {"detected": 40.0, "decided": 40.0, "requested": 41.0, "paged": 62.0, "restored": 160.0, "verified": 460.0}
DRILL = Drill(NOW, "web-staging", DrillMethod.BAD_COMMIT, "ann", 3, deploy="dep-9", took=GOOD, ended_at=NOW + 500)


def took(**changed: float | None) -> dict[str, float]:
    """Return times of the steps with some changed; None: the step never came."""
    return {step: at for step, at in {**GOOD, **changed}.items() if at is not None}


@pytest.mark.parametrize(
    ("times", "proposed"),
    [
        ({}, []),
        ({"detected": 80.0, "decided": 80.0, "requested": 81.0}, [("late", "detected")]),  # those after it are in line
        ({"decided": 90.0, "requested": 91.0}, [("late", "decided")]),
        ({"detected": 80.0, "decided": 95.0, "requested": 96.0}, [("late", "detected"), ("late", "decided")]),
        ({"requested": 120.0}, [("late", "requested")]),
        ({"paged": 121.0}, [("late", "paged")]),
        ({"paged": None}, [("never", "paged")]),
        ({"requested": 200.0, "restored": 330.0}, [("late", "requested")]),  # 130 s of its own, 225 s left to it
        ({"requested": 100.0, "restored": 330.0}, [("late", "requested"), ("late", "restored")]),
        ({"restored": 310.0}, [("late", "restored")]),
        ({"verified": 901.0}, [("late", "verified")]),
        ({"requested": None, "restored": None, "verified": None}, [("never", "requested")]),
        ({"verified": None}, [("never", "verified")]),
        (dict.fromkeys(GOOD), [("never", "detected")]),
    ],
)
def test_only_what_was_slow_by_itself_is_proposed(
    times: dict[str, float | None], proposed: list[tuple[str, str]]
) -> None:
    """A late step in front explains those behind it."""
    found = proposals([replace(DRILL, took=took(**times))])
    assert [(one.rule, one.step) for one in found] == proposed


def test_the_newest_drill_counts_and_three_quick_ones_ask_for_a_tighter_target() -> None:
    """An old late drill proposes nothing once a newer one was in time; work that was left always does."""
    quick = dict.fromkeys(GOOD, 10.0)
    late = replace(DRILL, number=1, took=took(detected=80.0))
    assert proposals([DRILL, late]) == []
    found = proposals([replace(DRILL, took=quick)] * 3)
    assert {one.rule for one in found} == {"generous"} and len(found) == len(GOOD)
    assert found[4].setting == "drill.targets.restored" and found[4].target_seconds == 15.0
    assert not [one for one in proposals([replace(DRILL, took=quick)] * 2) if one.rule == "generous"]
    assert [one.rule for one in proposals([replace(DRILL, left=("auto-deploy is off",))])] == ["unclean"]


@pytest.mark.parametrize(
    ("mine", "other", "target"),
    [
        (10.0, 10.0, 15.0),
        (0.0, 0.0, 5.0),  # the least that is written
        (40.2, 40.2, 65.0),  # rounded up: 60.3 s
        (149.9, 149.9, 225.0),
        (150.0, 150.0, None),  # half of the target is not too generous
        (10.0, 100.0, 150.0),  # the slower service has to fit as well
        (10.0, 199.0, None),  # 300 s: no tighter than what is written
        (10.0, 290.0, None),
        (10.0, None, None),  # the other one never came: no one knows what fits it
    ],
)
def test_a_tighter_target_is_named_and_fits_every_service(
    mine: float, other: float | None, target: float | None
) -> None:
    """One target holds for all; written into the configuration, the next report asks for no tighter one still."""
    drills = [replace(DRILL, took=took(restored=mine))] * 3
    drills += [replace(DRILL, service="shop-staging", took=took(restored=other))]
    found = [one for one in proposals(drills) if one.rule == "generous" and one.step is DrillStep.RESTORED]
    assert [one.target_seconds for one in found] == ([target] if target is not None else [])
    for one in found:
        assert one.service == "web-staging" and f"write {target:.0f}s:" in one.change
        assert parse_duration(f"{target:.0f}s") == target
    if target is not None and mine == other != 0.0:
        written = [replace(one, targets={"restored": target}) for one in drills]
        again = [one.step for one in proposals(written) if one.rule == "generous"]
        assert DrillStep.RESTORED not in again and all(DrillStep.RESTORED not in one.missed for one in written)


def test_every_setting_that_a_rule_names_is_one_of_the_configuration() -> None:
    """A renamed setting fails here; every step that is timed has a rule for late and for never."""
    assert set(LATE) == set(NEVER) == set(DrillStep) and set(BEFORE) < set(DrillStep)
    named = [one.setting for one in (*LATE.values(), *NEVER.values(), *UNCLEAN.values())]
    named += [f"drill.targets.{step}" for step in DrillStep]
    for setting in named:
        *above, key = setting.format(service="web").split(".")
        assert key in keys_at(Shape, above), setting


def test_the_report_shows_the_scoreboard_what_was_missed_and_the_proposals() -> None:
    """Foreign text is no markup, the sandbox is counted apart, and machines get the same."""
    slow = replace(DRILL, number=2, took=took(restored=400.0), problems=("a|b",), left=("auto-deploy is off",))
    killed = replace(DRILL, number=4, ended_at=None, took={})
    drills = [killed, slow, DRILL, replace(DRILL, number=1, sandbox=True, took={})]
    lines = report_markdown(drills, NOW)
    assert lines[2] == "3 drills on staging services and test pages, 1 in the sandbox (not judged here)."
    assert "| web-staging | bad-commit | restored | 5 min | 7 min | 5 min | 7 min | 1 of 2 |" in lines
    assert [(one.number, text) for one, text in misses([killed, slow])] == [
        (4, "it has no end: it runs, or was killed"),
        (2, "restored after 7 min (target 5 min)"),
        (2, "a|b"),
        (2, "left: auto-deploy is off"),
    ]
    assert any("a\\|b" in line for line in lines)
    (row,) = [line for line in lines if "`drill.targets.restored`" in line]
    assert "restored after 7 min (target 5 min)" in row
    found = json.loads(json.dumps(report_record(drills, NOW)))
    assert (found["drills"], found["sandbox_drills"], len(found["missed"])) == (3, 1, 4)
    assert [one["rule"] for one in found["proposals"]] == ["late", "unclean"]
    assert found["scoreboard"][4]["slowest_seconds"] == 400.0


def test_a_report_without_a_drill_says_how_to_hold_one() -> None:
    """And has no empty table."""
    assert scores([]) == []
    lines = report_markdown([replace(DRILL, sandbox=True)], NOW)
    assert lines[-1] == "The first one: `watchdog drill SERVICE`, on a staging service."
    assert report_record([], NOW)["proposals"] == []
