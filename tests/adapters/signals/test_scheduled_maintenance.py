"""Announced maintenance: under way, ahead, or forgotten by its page."""

from typing import Any

import pytest

from watchdog.adapters.signals.scheduled_maintenance import (
    FORGOTTEN_SECONDS,
    LONGEST_SECONDS,
    NEAR_SECONDS,
    Maintenance,
    parse_maintenances,
)

NOW = 1_790_000_000.0
"""2026-09-21 14:13:20 UTC."""


def announced(status: str, begins: float | None, ends: float | None) -> Maintenance:
    moments = [None if at is None else NOW + at for at in (begins, ends)]
    return Maintenance("Moving disks", status, *moments, ())  # type: ignore[arg-type]


GOING_ON = [
    ("in_progress", True, [(-60.0, 60.0), (60.0, 90.0), (LONGEST_SECONDS, 9e8), (None, LONGEST_SECONDS)]),
    ("in_progress", False, [(None, None), (LONGEST_SECONDS + 1.0, 9e8), (None, LONGEST_SECONDS + 1.0)]),
    ("in_progress", True, [(-9e4, 1.0 - FORGOTTEN_SECONDS), (1.0 - FORGOTTEN_SECONDS, None)]),
    ("in_progress", False, [(-9e4, -FORGOTTEN_SECONDS), (-FORGOTTEN_SECONDS, None), (None, -FORGOTTEN_SECONDS)]),
    ("in_progress", True, [(1.0 - FORGOTTEN_SECONDS - LONGEST_SECONDS, 9e8)]),
    ("in_progress", False, [(-FORGOTTEN_SECONDS - LONGEST_SECONDS, 9e8)]),
    ("verifying", True, [(-60.0, 60.0)]),
    ("scheduled", True, [(1.0 - LONGEST_SECONDS, 9e8), (0.0, 60.0)]),
    ("scheduled", False, [(-LONGEST_SECONDS, 9e8), (-60.0, 0.0), (1.0, 60.0), (-60.0, None), (None, 60.0)]),
    ("completed", False, [(-60.0, 60.0)]),
]


@pytest.mark.parametrize(
    ("status", "goes_on", "begins", "ends"),
    [(status, goes_on, *hours) for status, goes_on, all_hours in GOING_ON for hours in all_hours],
)
def test_what_goes_on(status: str, goes_on: bool, begins: float | None, ends: float | None) -> None:
    """By the page's status, or by the hours it gave; six hours more where it was never closed, a day at the most."""
    assert announced(status, begins, ends).goes_on(NOW) is goes_on


@pytest.mark.parametrize(
    ("status", "begins", "near"),
    [
        ("in_progress", -60.0, True),
        ("scheduled", 0.0, True),
        ("scheduled", NEAR_SECONDS, True),
        ("scheduled", NEAR_SECONDS + 1.0, False),
        ("scheduled", None, False),
        ("completed", 60.0, False),
    ],
)
def test_what_is_near(status: str, begins: float | None, near: bool) -> None:
    """Shortly before it begins the page is read more often: it may begin between two readings."""
    assert announced(status, begins, NEAR_SECONDS * 9).is_near(NOW) is near


@pytest.mark.parametrize(
    ("begins", "ends", "until", "when"),
    [
        (60.0, 6400.0, "until 16:00 UTC", "from 2026-09-21 14:14 UTC until 16:00 UTC"),
        (60.0, 86_400.0, "until 2026-09-22 14:13 UTC", "from 2026-09-21 14:14 UTC until 2026-09-22 14:13 UTC"),
        (60.0, None, "until further notice", "from 2026-09-21 14:14 UTC until further notice"),
        (None, 6400.0, "until 16:00 UTC", "begin not announced"),
    ],
)
def test_its_hours_in_words(begins: float | None, ends: float | None, until: str, when: str) -> None:
    one = announced("scheduled", begins, ends)
    assert (one.until(NOW), one.when(NOW)) == (until, when)


def parsed(*rows: Any) -> tuple[Maintenance, ...]:
    return parse_maintenances(list(rows), lambda row: f"label of {row['name']}")


def test_real_rows_are_understood_what_is_over_is_left_out_and_fields_that_make_no_sense_are_unknown() -> None:
    (odd,) = parsed({"status": "scheduled", "scheduled_for": 3, "scheduled_until": "soon", "components": {}})
    assert odd == Maintenance("untitled", "scheduled", None, None, frozenset())
    row = {
        "name": "Moving disks\x1b[31m",
        "status": "In Progress",
        "scheduled_for": "2026-09-21T07:00:00.000-07:00",
        "scheduled_until": "2026-09-21T16:30:00",
        "components": [{"name": "Web Services"}, {"name": None}, 3],
    }
    (one,) = parsed(row, {**row, "status": "completed"}, None, {**row, "status": None})
    assert (one.name, one.status, one.labels) == (
        "Moving disks [31m",
        "in_progress",
        frozenset({"label of Web Services"}),
    )
    assert (one.begins_at, one.ends_at) == (NOW - 800.0, NOW + 8200.0)


@pytest.mark.parametrize("rows", [None, {}, "x", [None, 3]])
def test_what_has_no_such_shape_is_nothing(rows: Any) -> None:
    assert parse_maintenances(rows, lambda row: "") == ()
