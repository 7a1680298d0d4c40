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
    assert limit_seconds(0.2) == inf, "the name alone, and twice as often: no limit up to a minute is long enough"
