"""The delay plot: every episode a mark, ours above and the bound below, class by class, on a logarithmic axis.

Logarithmic, since a bound of 8 s and a leak of an hour share the page, and the ratio to the bound is the message.
"""

from collections.abc import Iterator, Sequence
from math import log10

from watchdog.lab.report import phrases, svg
from watchdog.lab.report.delays import Delays

WIDTH, GUTTER, SIDE = 1080.0, 330.0, 250.0
TOP, ROW, FOOT = 46.0, 34.0, 34.0
TICKS = (1.0, 3.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1500.0, 3600.0, 9000.0)
COLUMNS = (WIDTH - 145, WIDTH - 85, WIDTH)
"""The right edges of the number columns."""
SHIFTS = 7
"""The number of vertical offsets that keep marks at the same place distinguishable."""


def plot_delays(found: Sequence[Delays]) -> str:
    """Return the picture."""
    height = TOP + ROW * len(found) + FOOT
    last = max(1500.0, *(one.horizon_seconds for one in found)) if found else 1500.0
    parts = [*_axis(last, height), *(part for n, one in enumerate(found) for part in _row(one, TOP + n * ROW, last))]
    return svg.drawing(WIDTH, height, "Seconds from the onset to the first action, watchdog and bound, by class", parts)


def place(value: float, last: float) -> float:
    """Return the x coordinate of a delay in seconds; delays below 1 s lie at the left edge."""
    share = log10(max(value, 1.0)) / log10(last)
    return GUTTER + share * (WIDTH - SIDE - GUTTER)


def _axis(last: float, height: float) -> Iterator[str]:
    yield svg.words(0, 16, "Incident", "head")
    yield from _key()
    for column, name in zip(COLUMNS, ("median", "bound", "missed"), strict=True):
        yield svg.words(column, 16, name, "head", "end")
    for tick in (one for one in TICKS if one <= last):
        x = place(tick, last)
        yield svg.line(x, TOP - 8, x, height - FOOT, "grid")
        yield svg.words(x, height - FOOT + 16, _tick(tick), "soft", "middle")


def _key() -> Iterator[str]:
    yield svg.dot(GUTTER + 5, 12, 3.0, "ours key")
    yield svg.words(GUTTER + 14, 16, "this watchdog", "head")
    yield svg.line(GUTTER + 130, 7, GUTTER + 130, 17, "bound key")
    yield svg.words(GUTTER + 138, 16, "the bound", "head")
    yield svg.cross(GUTTER + 226, 12, 3.0, "miss key")
    yield svg.words(GUTTER + 236, 16, "missed", "head")


def _tick(value: float) -> str:
    if value < 60:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 3600 else f"{value / 3600:g} h"


def _row(one: Delays, top: float, last: float) -> Iterator[str]:
    yield svg.line(0, top - 3, WIDTH, top - 3, "faint")
    yield svg.words(0, top + 18, one.words, "label")
    for number, value in enumerate(one.ours):
        # Steps of 3 modulo 7 (coprime) spread neighbouring episodes over all heights.
        x, y = place(one.at(value), last), top + 4 + number * 3 % SHIFTS * 1.5
        yield svg.dot(x, y, 2.4, "ours") if value is not None else svg.cross(x, y, 3.0, "miss")
    for value in one.bound:
        x = place(one.at(value), last)
        yield svg.line(x, top + 18, x, top + 26, "bound" if value is not None else "bound never")
    bound = one.of_bound(0.5)
    shown = (phrases.seconds(one.of_ours(0.5)), "–" if bound is None else phrases.seconds(bound), _missed(one))
    for column, text in zip(COLUMNS, shown, strict=True):
        yield svg.words(column, top + 18, text, "label", "end")


def _missed(one: Delays) -> str:
    return f"{one.missed} of {len(one.ours)}"
