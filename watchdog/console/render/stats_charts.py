"""The charts of the statistics as paths of inline SVG, stretched to the width of the page. Pure: numbers in, paths
out.

Rule: every chart is described in words beside it; no information depends on colour alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from watchdog.console.views.stats_views import RestoredView, WeekView

WEEK_WIDTH, GAP = 10, 2
HEIGHT = 120
WIDTH, EDGE = 720, 8
"""The first and the last dot keep this far from the sides, or they would cross them."""
LINES = ((10.0, "10 s"), (60.0, "1 min"), (600.0, "10 min"), (3600.0, "1 h"), (86400.0, "1 d"))
"""The lines of the logarithmic scale in seconds, the lowest and the highest at its ends."""


@dataclass(frozen=True, slots=True)
class Bars:
    """A path of all incidents and one of the rolled-back ones, 10 wide a week; `top` is the number at full height."""

    incidents: str
    rolled_back: str
    width: int
    top: int


def week_bars(weeks: Sequence[WeekView]) -> Bars:
    """Return the bars of the weeks; the rolled-back incidents are drawn at the bottom of each bar."""
    # At least 1: weeks without an incident would divide by zero.
    top = max([one.incidents for one in weeks] + [1])
    return Bars(
        _bars([one.incidents for one in weeks], top),
        _bars([one.rolled_back for one in weeks], top),
        WEEK_WIDTH * max(len(weeks), 1),
        top,
    )


def _bars(values: Sequence[int], top: int) -> str:
    wide = WEEK_WIDTH - GAP
    heights = [round((HEIGHT - 4) * value / top, 1) for value in values]
    return "".join(
        f"M{WEEK_WIDTH * place + GAP // 2} {HEIGHT}v-{height:g}h{wide}v{height:g}z"
        for place, height in enumerate(heights)
        if height
    )


def week_scale(bars: Bars) -> list[tuple[str, float]]:
    """Return the lines of the bars' scale: whole numbers, and their distance from the top."""
    numbers = sorted({0, bars.top // 2, bars.top})
    return [(str(one), round(HEIGHT - 0.5 - (HEIGHT - 4.5) * one / bars.top, 1)) for one in numbers]


def dates(since: float, until: float) -> list[float]:
    """Return the moments that are written below a chart between its begin and now."""
    return [since + (until - since) * part / 3 for part in (1, 2)]


def restored_dots(found: Sequence[RestoredView], since: float, until: float, *, rolled_back: bool) -> str:
    """Return a path of points, one for each incident: across its begin, upwards its duration on a logarithmic scale."""
    # A line of no length: its round cap is a dot, which stays round when the chart is stretched.
    return "".join(
        f"M{EDGE + (WIDTH - 2 * EDGE) * (one.at - since) / (until - since):.1f} {height(one.seconds):.1f}h0"
        for one in found
        if one.rolled_back is rolled_back and since <= one.at <= until
    )


def height(seconds: float) -> float:
    """Return the distance of a duration from the top of the chart."""
    low, high = math.log(LINES[0][0]), math.log(LINES[-1][0])
    # A second at least: 0 s has no logarithm.
    share = (math.log(max(seconds, 1.0)) - low) / (high - low)
    return HEIGHT - 8 - (HEIGHT - 16) * min(max(share, 0.0), 1.0)


def scale() -> list[tuple[str, float]]:
    """Return the lines of the scale: the duration in words, and its distance from the top."""
    return [(words, round(height(seconds), 1)) for seconds, words in LINES]
