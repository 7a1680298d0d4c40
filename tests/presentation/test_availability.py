"""How long a service was away in some hours, and what that leaves of its error budget."""

import pytest

from tests.cli import examples as x
from watchdog.adapters.stores.retention import measured
from watchdog.domain.store_records import Minute
from watchdog.presentation.availability import Availability, ErrorBudget, Hour, availability, hours_of, outages

HOUR = 3600.0


def hour(start: float, bad: int, good: int = 60, signal: str = "home") -> Minute:
    """Return an hour, which failed as its checks did."""
    return measured(Minute("web", signal, start, good, bad, 0, 0.1, 0.2, 0.3), HOUR)


@pytest.mark.parametrize(
    ("objective", "lost", "allowed", "left"),
    [
        (0.999, 0.0, 2592.0, 1.0),
        (0.999, 1296.0, 2592.0, 0.5),
        (0.99, 25920.0, 25920.0, 0.0),
        (0.9999, 518.4, 259.2, -1.0),
    ],
)
def test_a_budget_is_what_the_objective_allows_in_thirty_days(
    objective: float, lost: float, allowed: float, left: float
) -> None:
    """Three nines are 43 min 12 s; who lost more is below nothing."""
    budget = ErrorBudget(objective, Availability(2592000.0, lost))
    assert budget.allowed_seconds == pytest.approx(allowed) and budget.left_share == pytest.approx(left, abs=1e-9)


def test_of_an_hour_the_worst_signal_counts_and_only_those_that_count() -> None:
    """What was not looked at is not known, and what lies outside is left out."""
    rows = [
        hour(0.0, 0),
        hour(0.0, 20, 60, "api"),
        hour(0.0, 60, 0, "errors"),
        hour(2 * HOUR, 0, 0),
        hour(3 * HOUR, 1, 1),
        hour(-HOUR, 60, 0),
    ]
    assert hours_of(rows, ("home", "api"), 0.0, 3) == [Hour(0.25), None, None]
    blind = measured(Minute("web", "home", 0.0, 30, 30, 300), HOUR)
    assert hours_of([blind, hour(0.0, 12)], ("home",), 0.0, 1) == [Hour(1 / 6)], "half of a sixth is less"


def test_hours_are_lost_for_their_share_and_an_outage_for_no_more_than_it_took() -> None:
    """Without an incident a quarter of the hour; with one of two minutes, those; of the present hour what passed."""
    hours, now = [Hour(0.25), Hour(0.5), None, Hour(1.0)], 3.5 * HOUR
    assert availability(0.0, hours, (), now) == Availability(2.5 * HOUR, 0.25 * HOUR + 0.5 * HOUR + 0.5 * HOUR)
    short = x.incident(onset_at=HOUR + 60, opened_at=HOUR + 70, restored_at=HOUR + 180, closed_at=HOUR + 200)
    found = availability(0.0, hours, outages([short]), now)
    assert found.lost_seconds == 0.25 * HOUR + 120 + 0.5 * HOUR
    assert availability(0.0, [None], (), now).share is None


def test_what_nobody_could_judge_and_what_was_planned_count_neither_way() -> None:
    """Of an hour of which an eighth was seen, half of that failed: 225 s of 450; a plan excuses no outage beside it."""
    assert availability(0.0, [Hour(0.5, 0.125)], (), HOUR) == Availability(450.0, 225.0)
    planned = x.incident(onset_at=0.0, opened_at=10.0, restored_at=1800.0, closed_at=1800.0)
    assert availability(0.0, [Hour(0.5)], (), HOUR, [planned]) == Availability(1800.0, 0.0)
    outage = x.incident(onset_at=2000.0, opened_at=2010.0, restored_at=2600.0, closed_at=2600.0)
    assert availability(0.0, [Hour(0.5)], [outage], HOUR, [planned]) == Availability(1800.0, 600.0)
