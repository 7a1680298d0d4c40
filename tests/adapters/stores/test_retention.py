"""How minutes become an hour."""

from dataclasses import replace

from watchdog.adapters.stores.retention import measured, roll_up, spans
from watchdog.domain.store_records import Minute


def minute(start: float, good: int, bad: int, *percentiles: float | None, why: str = "") -> Minute:
    return Minute("api", "home", start, good, bad, 1, *percentiles, why=why)


def test_counts_are_added_and_percentiles_are_the_largest() -> None:
    """None stands for nothing measured and hides no number; the last reason given stays."""
    rows = [minute(0, 5, 1, 0.1, 0.4, None, why="HTTP 503"), minute(60, 3, 0, None, 0.2, None), minute(3600, 1, 0)]
    assert roll_up(rows, []) == (
        Minute("api", "home", 0.0, 8, 1, 2, 0.1, 0.4, None, "HTTP 503", 120.0, 10.0, 9),
        Minute("api", "home", 3600.0, 1, 0, 1, watched_seconds=60.0, lost_seconds=0.0, timed_checks=1),
    )
    known = [minute(0, 10, 10, 0.9, why="timeout"), minute(3600, 7, 7)]
    other = Minute("api", "login", 120.0, 2, 0, 0)
    assert roll_up([minute(60, 1, 1, 0.5), other], known) == (
        Minute("api", "home", 0.0, 11, 11, 2, 0.9, None, None, "timeout", 60.0, 30.0, 2),
        Minute("api", "login", 0.0, 2, 0, 0, watched_seconds=60.0, lost_seconds=0.0, timed_checks=2),
    )


def test_a_row_that_is_its_span_already_is_not_copied() -> None:
    """A copy of each of some thousand rows holds the event loop, and so the probes, for a twentieth of a second."""
    rows = [minute(300 * number, 5, 1, 0.1) for number in range(3)]
    assert all(made is row for made, row in zip(spans(rows, 300), rows, strict=True))
    assert spans([minute(60, 5, 1, why="HTTP 503")], 60) == (minute(60, 5, 1),)
    nothing = replace(minute(0, 0, 0), watched_seconds=0.0, lost_seconds=0.0, timed_checks=0)
    assert measured(minute(0, 0, 0), 60.0) == nothing
    known = replace(minute(0, 1, 1), watched_seconds=60.0, lost_seconds=5.0, timed_checks=2)
    assert measured(known, 3600.0) is known
    added_to_by_older = replace(known, bad=3)
    assert measured(added_to_by_older, 3600.0) == replace(
        added_to_by_older, watched_seconds=3600.0, lost_seconds=2700.0, timed_checks=4
    )
