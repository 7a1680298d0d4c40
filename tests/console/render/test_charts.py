"""Charts: numbers in, paths out."""

import re

import pytest

from watchdog.console.render import charts
from watchdog.console.views.series_views import DeployMark, SeriesView, SignalSeries
from watchdog.console.views.view_models import DayView, TermView


def day(*states: str, complete: bool = True) -> DayView:
    return DayView(0.0, 1800.0, states, (None,) * len(states), complete)


def test_equal_neighbours_are_one_shape_and_the_bar_is_said_in_words() -> None:
    """So that a calm day of 300 services is a small page; each state has a height of its own."""
    assert charts.bar(day(*["good"] * 48)) == [("good", "M0 12v-7h96v7z")]
    assert charts.bar(day("bad", "good", "bad", "none")) == [
        ("good", "M2 12v-7h2v7z"),
        ("bad", "M0 12v-12h2v12zM4 12v-12h2v12z"),
        ("none", "M6 12v-1h2v1z"),
    ]
    assert len(set(charts.HEIGHTS.values())) == len(charts.STATES)
    assert charts.bar_words(day("good", "good")) == "last 24 h: 0 of 2 half-hours with failures"
    assert charts.bar_words(day("bad", "some", "none", "unknown")) == (
        "last 24 h: 2 of 4 half-hours with failures, 2 without data"
    )
    unread = day("bad", "none", complete=False)
    assert charts.bar_words(unread) == "last 24 h: 1 of 2 half-hours with failures, still being read from the store"


def test_a_sparkline_breaks_where_nothing_is_known() -> None:
    assert charts.sparkline([None, None]) == charts.sparkline([]) == ""
    path = charts.sparkline([0.1, 0.2, None, None, 0.4, 0.1])
    assert re.findall("[ML]", path) == ["M", "M"]
    (_, low), (_, high) = (point.split() for point in path[1:].split("M"))
    assert float(high) < float(low), "the larger value is higher up"


def curves(**known: tuple[float, float]) -> SignalSeries:
    """Return an hour of a signal: six readings each minute, all good but in the minutes that are given."""
    bad = tuple(6 if f"m{number}" in known else 0 for number in range(60))
    timed = tuple(0.1 if number in (0, 1, 2, 50, 51) else None for number in range(60))
    slow = tuple(value and 2 * value for value in timed)
    return SignalSeries("home", "http", True, tuple(6 - one for one in bad), bad, (0,) * 60, timed, slow, 360, sum(bad))


def test_a_chart_shows_latency_failures_and_deploys() -> None:
    marks = (DeployMark("dep-42", 1800.0, "9f3c2ab", "Refactor"),)
    series = curves(m52=(0, 6))
    view = SeriesView(3600.0, "web", 0.0, 3600.0, 60.0, (series,), (), marks)
    made = charts.chart(view, series)
    assert made.deploys == (360.0,) and series.top_seconds == 0.2
    assert made.p50.count("M") == 2 and made.p50.startswith("M0 ") and made.failed.startswith("M624")
    nothing = (0,) * 60
    silent = SignalSeries("errors", "sentry", False, nothing, nothing, (1, *nothing[1:]), *[(None,) * 60] * 2, 1, 0)
    made = charts.chart(view, silent)
    assert (made.p50, made.failed, silent.top_seconds) == ("", "", None) and made.unknown


@pytest.mark.parametrize(
    ("factor", "place"),
    [(1.0, (100, 0)), (1000.0, (100, 100)), (1e9, (100, 100)), (0.001, (0, 100)), (0.0, (0, 100)), (10.0, (100, 33.3))],
)
def test_a_factor_convicts_to_the_right_and_acquits_to_the_left(factor: float, place: tuple[float, float]) -> None:
    """On a logarithmic scale that ends at a thousand."""
    assert charts.term_bar(TermView("", factor, "", "")) == place
