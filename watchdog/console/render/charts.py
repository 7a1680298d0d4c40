"""Charts as the paths of inline SVG, made on the server, so that a browser needs no script. Pure: numbers in, paths
out.

Rule: no colour is named here, and no information depends on colour alone: a bad span is higher as well.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from watchdog.console.views.series_views import SeriesView, SignalSeries
from watchdog.console.views.view_models import BudgetView, DayView, TermView
from watchdog.domain.units import show_seconds
from watchdog.presentation.availability import PERIOD_SECONDS
from watchdog.presentation.text import percent

STATES = ("good", "some", "bad", "unknown", "none")
HEIGHTS = {"good": 7, "some": 10, "bad": 12, "unknown": 3, "none": 1}
BAR_HEIGHT, SPARK_HEIGHT = 12, 16
CHART_WIDTH, CHART_HEIGHT = 720, 120
FAILED_HEIGHT = 24
GAP_SPANS = 5
TERM_WIDTH = 100
PLENTY_LEFT = 0.25
WHOLE_SHARE = 0.98
"""Below this share of the period, the text says how long the service was watched."""
LONGEST_LOG = 3.0
"""A factor of 1000, or of 1/1000, fills its half of the chart."""


def bar(day: DayView) -> list[tuple[str, str]]:
    """Return a path for each state that occurs: 2 wide for each span, 12 high."""
    return bar_of(day.states)


def bar_of(states: Sequence[str]) -> list[tuple[str, str]]:
    """Return the same paths for any list of states."""
    paths: dict[str, str] = {}
    at = 0
    # A path for each state, not for each span: the overview draws a bar for each of hundreds of services.
    for state, run in groupby(states):
        width, height = 2 * len(list(run)), HEIGHTS[state]
        paths[state] = paths.get(state, "") + f"M{at} {BAR_HEIGHT}v-{height}h{width}v{height}z"
        at += width
    return [(state, paths[state]) for state in STATES if state in paths]


def bar_words(day: DayView) -> str:
    """Return the bar in words: `last 24 h: 2 of 48 half-hours with failures, 1 without data`.

    Half-hours that were not read yet are not said to be without data.
    """
    failed = sum(state in ("some", "bad") for state in day.states)
    silent = sum(state in ("unknown", "none") for state in day.states)
    said = f"{failed} of {len(day.states)} half-hours with failures"
    if not day.complete:
        return f"last 24 h: {said}, still being read from the store"
    return f"last 24 h: {said}" + (f", {silent} without data" if silent else "")


def budget_state(budget: BudgetView) -> str:
    """Return the state of an error budget: good (a quarter or more left), some, or bad (none left)."""
    return "good" if budget.left >= PLENTY_LEFT else "some" if budget.left > 0 else "bad"


def budget_words(budget: BudgetView) -> str:
    """Return the budget in words: `61 % left: 16 min 50 s lost of the 43 min 12 s that 99.9 % allows; available 99.96
    %`.

    The share has one decimal more than the objective, and no number is rounded in favour of the service.
    """
    # Rounded towards bad news: the share left down, the seconds lost up, the seconds allowed down.
    objective = f"{100 * budget.objective:.6g}"
    # A positive rest below 1 % is not spent: `0 % left` would say so.
    left = "spent" if budget.left <= 0 else f"{math.floor(100 * budget.left) or 'under 1'} % left"
    # The millionth absorbs errors of binary fractions: 36.0000000001 s are no 37 s.
    lost, allowed = _minutes(math.ceil(budget.lost_seconds - 1e-6)), _minutes(int(budget.allowed_seconds + 1e-6))
    said = f"{left}: {lost} lost of the {allowed} that {objective} % allows"
    said += f"; available {percent(budget.available, len(objective.partition('.')[2]) + 1)}"
    watched = budget.watched_seconds
    return said + (f", watched for {show_seconds(watched)}" if watched < WHOLE_SHARE * PERIOD_SECONDS else "")


def _minutes(seconds: int) -> str:
    """Return a time to the second where a minute matters: `16 min 50 s`."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if 2 <= minutes < 120 else show_seconds(seconds)


def sparkline(values: Sequence[float | None]) -> str:
    """Return one path, 4 wide for each two values (their larger), 16 high; empty without any value."""
    halved = [_largest(values[place : place + 2]) for place in range(0, len(values), 2)]
    top = _largest(halved)
    room = None if top is None else 1.25 * top
    return _line([(4 * place, value) for place, value in enumerate(halved)], room, SPARK_HEIGHT)


def _largest(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _line(points: Sequence[tuple[float, float | None]], top: float | None, height: int) -> str:
    """Return a path through the points, broken where there is none."""
    if not top:
        return ""
    path, pen = "", "M"
    for x, value in points:
        if value is None:
            pen = "M"
            continue
        path += f"{pen}{x:.4g} {height - 1 - (height - 2) * min(value / top, 1.0):.3g}"
        pen = "L"
    return path


@dataclass(frozen=True, slots=True)
class Chart:
    """One signal over time for browsers without scripts: paths of 720 by 120, and deploys as places from the left."""

    p50: str
    p95: str
    failed: str
    unknown: str
    deploys: tuple[float, ...]


def chart(view: SeriesView, series: SignalSeries) -> Chart:
    """Return the chart of one signal of a service."""
    step = CHART_WIDTH * view.span_seconds / (view.until - view.since)
    # At least 2 wide: one failed minute must stay visible on six hours.
    width = max(2.0, step)
    places = [round(step * number, 1) for number in range(len(series.good))]
    failed = "".join(
        f"M{x:.4g} {CHART_HEIGHT}v-{4 + FAILED_HEIGHT * bad / (good + bad):.3g}h{width:.3g}V{CHART_HEIGHT}z"
        for x, good, bad in zip(places, series.good, series.bad, strict=True)
        if bad
    )
    counts = zip(places, series.good, series.bad, series.unknown, strict=True)
    unseen = (x for x, good, bad, unknown in counts if unknown and not good and not bad)
    top = series.top_seconds
    return Chart(
        p50=_line(_with_gaps(places, series.p50_seconds), top, CHART_HEIGHT),
        p95=_line(_with_gaps(places, series.p95_seconds), top, CHART_HEIGHT),
        failed=failed,
        unknown="".join(f"M{x:.4g} {CHART_HEIGHT}v-4h{width:.3g}v4z" for x in unseen),
        deploys=tuple(round(step * (one.at - view.since) / view.span_seconds, 1) for one in view.deploys),
    )


def _with_gaps(places: Sequence[float], values: Sequence[float | None]) -> list[tuple[float, float | None]]:
    """Return the points that are known, with a break after more than GAP_SPANS without one."""
    # Drawn through, the line would claim latencies never measured.
    found: list[tuple[float, float | None]] = []
    last = 0
    for number, (x, value) in enumerate(zip(places, values, strict=True)):
        if value is not None:
            if found and number - last > GAP_SPANS:
                found.append((x, None))
            found.append((x, value))
            last = number
    return found


def term_bar(term: TermView) -> tuple[float, float]:
    """Return begin and width of a factor on a scale of 0 to 200: left of 100 it exonerates the deploy, right of 100 it
    incriminates it."""
    # A factor of 0 has no logarithm: it fills its half, as 1/1000 does.
    log = math.log10(term.factor) if term.factor > 0 else -LONGEST_LOG
    length = TERM_WIDTH * min(abs(log) / LONGEST_LOG, 1.0)
    return round(TERM_WIDTH - length if log < 0 else TERM_WIDTH, 1), round(length, 1)
