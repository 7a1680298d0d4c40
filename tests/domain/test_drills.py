"""Drills: which services the platform's facts show as staging, when a drill passed, and when the next one is due."""

from dataclasses import replace

import pytest

from watchdog.domain.drills.drill import (
    DAY_SECONDS,
    TARGETS,
    Drill,
    DrillMethod,
    DrillStep,
    due_drills,
)
from watchdog.domain.drills.staging import why_not_staging

NOW = 1_790_000_000.0
TOOK = {step.value: 10.0 for step in DrillStep}
PASSED = Drill(NOW, "web-staging", DrillMethod.BAD_COMMIT, "ann", 1, deploy="dep-9", took=TOOK, ended_at=NOW + 60)


@pytest.mark.parametrize(
    ("name", "environment", "protected", "why"),
    [
        ("web-staging", None, False, ""),
        ("web_stg", "Acme", False, ""),
        ("web", "Staging", False, ""),
        ("web-qa", "Acme QA", False, ""),
        ("web", None, False, "neither its name at Render (web) nor"),
        ("web", "Acme", False, "neither its name"),
        ("latest", "contest", False, "neither its name"),  # a word, not a part of one
        ("web-staging", "Production", False, "'production' in its environment's name"),
        ("web-prod-test", None, False, "'prod' in its name"),
        ("web-live", "Staging", False, "'live' in its name"),
        ("web-staging", "Staging", True, "protects its environment"),
    ],
)
def test_only_what_says_staging_and_nothing_of_production_is_staging(
    name: str, environment: str | None, protected: bool, why: str
) -> None:
    """The facts are the platform's own: the configuration has had its say before."""
    said = why_not_staging(name, environment, protected=protected)
    assert (why in said) and bool(said) == bool(why)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "passed"),
        ({"ended_at": None}, "unfinished"),
        ({"problems": ("interrupted",)}, "failed"),
        ({"left": ("auto-deploy is off",)}, "failed"),
        ({"took": {**TOOK, DrillStep.RESTORED: 300.1}}, "failed"),
        ({"took": {**TOOK, DrillStep.RESTORED: 300.0}}, "passed"),
        ({"took": {**TOOK, DrillStep.RESTORED: 30.0}, "targets": {DrillStep.RESTORED: 20.0}}, "failed"),
        ({"took": {step: 1.0 for step in TOOK if step != DrillStep.PAGED}}, "failed"),
    ],
)
def test_a_drill_passed_if_every_step_came_in_time_and_nothing_is_left(change: dict, verdict: str) -> None:
    assert replace(PASSED, **change).verdict == verdict


@pytest.mark.parametrize(
    ("ended_at", "age", "runs"),
    [(None, 0.0, True), (None, 2399.0, True), (None, 2400.0, False), (NOW + 60, 61.0, False)],
)
def test_a_drill_without_an_end_may_run_until_its_time_is_up(ended_at: float | None, age: float, runs: bool) -> None:
    """Its own process cleans up; another one beside it would roll back before the daemon does."""
    assert replace(PASSED, ended_at=ended_at, within_seconds=2400.0).may_run(NOW + age) is runs


def test_the_runbook_s_limits_are_the_defaults() -> None:
    """Restored: its matrix, critical, < 5 minutes. Verified: its immediate actions, 0 to 15 minutes."""
    assert (TARGETS[DrillStep.RESTORED].seconds, TARGETS[DrillStep.VERIFIED].seconds) == (300.0, 900.0)
    assert set(TARGETS) == set(DrillStep)


@pytest.mark.parametrize(
    ("drill", "words"),
    [
        (None, "no drill yet (due every 30 days)"),
        (replace(PASSED, at=NOW - 41 * DAY_SECONDS), "last drill 41 days ago (due every 30 days)"),
        (replace(PASSED, at=NOW - 29 * DAY_SECONDS), None),
        (replace(PASSED, at=NOW - DAY_SECONDS, problems=("left to people",)), None),
        (replace(PASSED, at=NOW - DAY_SECONDS, sandbox=True), "no drill yet (due every 30 days)"),
        (replace(PASSED, at=NOW - DAY_SECONDS, deploy=""), "no drill yet (due every 30 days)"),
    ],
)
def test_a_drill_is_due_so_long_after_the_last_one_that_broke_the_service(
    drill: Drill | None, words: str | None
) -> None:
    """A drill that failed has practised; one in the sandbox, or that deployed nothing, has not."""
    found = due_drills(["web-staging"], [] if drill is None else [drill], NOW, 30 * DAY_SECONDS)
    assert [one.words(NOW, 30 * DAY_SECONDS) for one in found] == ([] if words is None else [words])
