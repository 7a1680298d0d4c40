"""The delays of each class, episode by episode, beside the shortest possible ones (the oracle's bound).

Rule: an episode without the right action counts as done at the horizon, in the median and the p95 too.

In the plot every episode is a mark, ours above and the bound below. Its axis is logarithmic, since a bound of 8 s and a
leak of an hour share the page, and the ratio to the bound is the message.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log10

from watchdog.lab.episode_judgement import Played
from watchdog.lab.report import phrases, svg
from watchdog.lab.score import by_class, kind_of

NO_HURRY = ("nothing", "ticket")
WIDTH, GUTTER, SIDE = 1080.0, 330.0, 250.0
TOP, ROW, FOOT = 46.0, 34.0, 34.0
TICKS = (1.0, 3.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1500.0, 3600.0, 9000.0)
COLUMNS = (WIDTH - 145, WIDTH - 85, WIDTH)
"""The right edges of the number columns."""
SHIFTS = 7
"""The number of vertical offsets that keep marks at the same place distinguishable."""


@dataclass(frozen=True, slots=True)
class Delays:
    """One class: seconds from the onset to the first action. `ours` is None if it was wrong; `bound` is the oracle."""

    name: str
    words: str
    horizon_seconds: float
    ours: tuple[float | None, ...]
    bound: tuple[float | None, ...]

    @property
    def missed(self) -> int:
        """Return the number of episodes without the right action within the horizon."""
        return sum(one is None for one in self.ours)

    def of_ours(self, share: float) -> float:
        """Return a quantile of the watchdog's delays in seconds, misses counted at the horizon."""
        return quantile([self.at(one) for one in self.ours], share)

    def of_bound(self, share: float) -> float | None:
        """Return a quantile of the bound in seconds, None if the oracle did not play."""
        return quantile([self.at(one) for one in self.bound], share) if self.bound else None

    def at(self, one: float | None) -> float:
        """Return the position of an episode on the axis, in seconds."""
        return self.horizon_seconds if one is None else min(max(one, 0.0), self.horizon_seconds)

    def json_object(self) -> dict[str, object]:
        """Return the JSON form; null marks a miss."""
        return {
            "class": self.name,
            "horizon_seconds": self.horizon_seconds,
            "median_seconds": self.of_ours(0.5),
            "p95_seconds": self.of_ours(0.95),
            "bound_median_seconds": self.of_bound(0.5),
            "missed": self.missed,
            "ours_seconds": self.ours,
            "bound_seconds": self.bound,
        }


def delays(ours: Sequence[Played], oracle: Sequence[Played]) -> list[Delays]:
    """Return the delays of every class whose right action is urgent."""
    bound = by_class(oracle)
    return [_class(name, found, bound) for name, found in by_class(ours).items() if found[0].right not in NO_HURRY]


def _class(name: str, ours: Sequence[Played], bound: Mapping[str, Sequence[Played]]) -> Delays:
    kind = kind_of(ours[0])
    # `make` sets the horizon, so one scene of any seed is built to read it.
    horizon = kind.scene("horizon").horizon_seconds
    return Delays(
        name,
        kind.words,
        horizon,
        tuple(one.at if one.good else None for one in ours),
        tuple(one.at if one.at is not None and one.at < horizon else None for one in bound.get(name, ())),
    )


def quantile(values: Sequence[float], share: float) -> float:
    """Return an order statistic: the smallest value that at least this share does not exceed."""
    found = sorted(values)
    return found[max(0, min(len(found) - 1, ceil(share * len(found)) - 1))]


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
