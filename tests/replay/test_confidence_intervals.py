"""Intervals against published values."""

from math import inf

import pytest

from watchdog.replay.confidence_intervals import poisson_rate, wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_a_share_has_wilson_s_interval(hits: int, n: int, low: float, high: float) -> None:
    """Values of Newcombe (1998), table I, and by hand."""
    found = wilson(hits, n)
    assert (round(found.low, 4), round(found.high, 4), found.n) == (low, high, n)
    assert found.value == hits / n


@pytest.mark.parametrize(
    ("events", "low", "high"), [(0, 0.0, 3.689), (1, 0.025, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.390)]
)
def test_a_rate_has_garwood_s_interval(events: int, low: float, high: float) -> None:
    """Values of the published tables (Garwood 1936)."""
    found = poisson_rate(events, 1.0)
    assert (round(found.low, 3), round(found.high, 3)) == (low, high)
    tenth = poisson_rate(events, 10.0)
    assert tenth.high == pytest.approx(found.high / 10.0)


def test_nothing_seen_says_nothing() -> None:
    """No trials, no exposure: the whole range. JSON has no upper end then, as strict parsers refuse `Infinity`."""
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    assert poisson_rate(0, 0.0).high == inf
    assert poisson_rate(0, 0.0).json_object() == {"value": 0.0, "low": 0.0, "high": None, "n": 0}
