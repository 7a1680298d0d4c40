"""How minutes become an hour."""

import pytest

from watchdog.adapters.stores.retention import hour_of, roll_up
from watchdog.domain.records import Minute


def minute(start: float, good: int, bad: int, *percentiles: float | None, why: str = "") -> Minute:
    return Minute("api", "home", start, good, bad, 1, *percentiles, why=why)


@pytest.mark.parametrize(("at", "hour"), [(0.0, 0.0), (3599.9, 0.0), (3600.0, 3600.0), (7261.0, 7200.0)])
def test_an_hour_begins_on_the_hour(at: float, hour: float) -> None:
    """Both ends of an hour."""
    assert hour_of(at) == hour


def test_counts_are_added_and_percentiles_are_the_largest() -> None:
    """None stands for nothing measured and hides no number; the last reason given stays."""
    rows = [minute(0, 5, 1, 0.1, 0.4, None, why="HTTP 503"), minute(60, 3, 0, None, 0.2, None), minute(3600, 1, 0)]
    assert roll_up(rows, []) == (
        Minute("api", "home", 0.0, 8, 1, 2, 0.1, 0.4, None, "HTTP 503"),
        Minute("api", "home", 3600.0, 1, 0, 1),
    )


def test_what_stood_there_is_kept_and_other_signals_are_not_mixed_in() -> None:
    """Only the hours that the minutes touch are returned."""
    known = [minute(0, 10, 10, 0.9, why="timeout"), minute(3600, 7, 7)]
    other = Minute("api", "login", 120.0, 2, 0, 0)
    assert roll_up([minute(60, 1, 1, 0.5), other], known) == (
        Minute("api", "home", 0.0, 11, 11, 2, 0.9, why="timeout"),
        Minute("api", "login", 0.0, 2, 0, 0),
    )
