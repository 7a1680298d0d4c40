"""The criteria of readiness at their edges, as a table."""

import pytest

from watchdog.replay.readiness import ActTally
from watchdog.replay.readiness.criteria import BOUND_PER_YEAR

TWENTY_YEARS = 20 * 365.25


@pytest.mark.parametrize(
    ("right", "wrong", "unknown", "days", "verdict", "broken"),
    [
        (10, 0, 0, 30.0, "READY", []),
        (9, 0, 0, 30.0, "NOT ENOUGH EVIDENCE", ["judged rollbacks"]),
        (10, 0, 0, 29.99, "NOT ENOUGH EVIDENCE", ["service-days"]),
        (10, 0, 10, 30.0, "READY", []),
        (10, 0, 11, 30.0, "NOT ENOUGH EVIDENCE", ["unknown share"]),
        (0, 0, 0, 0.0, "NOT ENOUGH EVIDENCE", ["judged rollbacks", "service-days"]),
        (0, 0, 3, 400.0, "NOT ENOUGH EVIDENCE", ["judged rollbacks", "unknown share"]),
        (0, 1, 0, 1.0, "NOT READY", ["judged rollbacks", "service-days", "wrong share", "wrong per service-year"]),
        (33, 1, 0, 400.0, "NOT READY", ["wrong per service-year"]),
        (33, 1, 0, TWENTY_YEARS, "READY", []),
        (33, 1, 0, TWENTY_YEARS - 1, "NOT READY", ["wrong per service-year"]),
        (32, 1, 0, TWENTY_YEARS, "NOT READY", ["wrong share"]),
    ],
)
def test_a_verdict(right: int, wrong: int, unknown: int, days: float, verdict: str, broken: list[str]) -> None:
    """At a limit it is met; one wrong act too many is no matter of evidence."""
    outlook = ActTally(right, wrong, unknown, days)
    assert outlook.verdict == verdict
    assert [one.name for one in outlook.criteria if not one.met] == broken
    assert all(one.why for one in outlook.criteria)


@pytest.mark.parametrize(
    ("outlook", "acts", "days", "labels"),
    [
        (ActTally(10, 0, 0, 30.0), 0, 0.0, 0),
        (ActTally(4, 0, 0, 12.5), 6, 17.5, 0),
        (ActTally(10, 0, 11, 30.0), 0, 0.0, 1),
        (ActTally(0, 0, 5, 30.0), 10, 0.0, 3),
        (ActTally(20, 1, 0, 365.25), 13, 19 * 365.25, 0),
    ],
)
def test_how_much_more_is_needed(outlook: ActTally, acts: int, days: float, labels: int) -> None:
    """With that much more, and nothing else wrong, it is ready."""
    assert outlook.needed == {"judged_acts": acts, "service_days": pytest.approx(days), "labels": labels}
    more = ActTally(outlook.right + acts + labels, outlook.wrong, outlook.unknown - labels, outlook.service_days + days)
    assert more.verdict == "READY"


def test_the_upper_bounds_are_shown_however_little_there_is() -> None:
    """Of nothing, nothing is known; without a single wrong one it takes 37 service-years to show the lab's bound."""
    nothing = ActTally(0, 0, 0, 0.0)
    assert (nothing.wrong_share.low, nothing.wrong_share.high) == (0.0, 1.0)
    assert nothing.wrong_per_year.high == float("inf")
    assert nothing.years_to_bound == pytest.approx(36.9, abs=0.1)
    month = ActTally(10, 0, 0, 30.0)
    assert month.wrong_share.high == pytest.approx(0.2775, abs=1e-4)
    assert month.wrong_per_year.high == pytest.approx(44.9, abs=0.1)
    shown = ActTally(10, 0, 0, 365.25 * (month.years_to_bound + month.service_years))
    assert shown.wrong_per_year.high == pytest.approx(BOUND_PER_YEAR)
