"""The run limit with other signals: as short as its false rollbacks a year allow."""

from math import inf

import pytest

from watchdog.core.detect.corroboration import (
    BLIPS,
    CRASH_SHARE,
    FALSE_A_YEAR,
    REPORTS_MAX,
    RESTARTS,
    blip_share,
    false_a_year,
    limit_seconds,
    separate,
)


@pytest.mark.parametrize(
    ("crashes", "new_errors", "names_new_code", "seconds"),
    [
        (0, False, False, inf),
        (0, False, True, 57.0),
        (0, True, False, 45.0),
        (0, True, True, 39.0),
        (1, False, False, 40.0),
        (1, False, True, 36.0),
        (1, True, False, 31.0),
        (2, False, False, 18.0),
        (3, True, True, 1.0),
    ],
)
def test_the_limit_is_the_shortest_with_few_enough_false_rollbacks(
    crashes: int, new_errors: bool, names_new_code: bool, seconds: float
) -> None:
    """One in twenty years; a second less would be more than that."""
    share = blip_share(crashes, new_errors=new_errors, names_new_code=names_new_code)
    assert limit_seconds(share) == seconds
    if 1.0 < seconds < inf:
        assert false_a_year(seconds) * share <= FALSE_A_YEAR < false_a_year(seconds - 1.0) * share


def test_runs_that_outlast_a_limit_are_restarts_and_blips() -> None:
    """At four seconds all restarts and half of the blips; at forty no restart, and one blip in a hundred."""
    assert false_a_year(4.0) == pytest.approx(RESTARTS + BLIPS / 2)
    assert false_a_year(14.0) == pytest.approx(RESTARTS * 26 / 35 + BLIPS / 10, rel=0.001)
    assert false_a_year(40.0) == pytest.approx(0.0093 * BLIPS, rel=0.02)
    assert blip_share(99, new_errors=False, names_new_code=False) == CRASH_SHARE**REPORTS_MAX
    at_a_minute = FALSE_A_YEAR / false_a_year(60.0)
    assert (limit_seconds(at_a_minute), limit_seconds(1.01 * at_a_minute)) == (60.0, inf), "no limit is longer"


@pytest.mark.parametrize(
    ("crashes_at", "count"),
    [([], 0), ([100.0], 1), ([105.0, 100.0], 2), ([100.0, 104.9], 1), ([100.0, 104.0, 108.0, 112.0], 2)],
)
def test_reports_within_five_seconds_of_one_that_counts_have_its_cause(crashes_at: list[float], count: int) -> None:
    """In whatever order they came. The distance is the one to the last report that counted, not to the last of all."""
    assert separate(crashes_at) == count
