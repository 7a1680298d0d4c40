"""The cost ladder: the avoidable cost of an incident, for the watchdog and the best setting of each rival method.

Drawn as bars: zero is the oracle's cost, the lowest that is possible on average.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from watchdog.lab.baselines.table import RIVALS
from watchdog.lab.ranking import OURS, Ranking
from watchdog.lab.report import phrases, svg

FAMILIES: Mapping[str, str] = {one.name: one.family for one in RIVALS}
WIDTH, GUTTER, SIDE = 1080.0, 380.0, 90.0
TOP, ROW, FOOT = 46.0, 28.0, 12.0


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One decider: avoidable outage minutes an incident, by the factor of the price of mistakes."""

    name: str
    family: str
    minutes: Mapping[float, float]

    @property
    def usual(self) -> float:
        """Return the minutes at the usual prices of mistakes."""
        return self.minutes[1.0]

    @property
    def is_ours(self) -> bool:
        """Return whether this decider is the watchdog."""
        return self.name == OURS

    def json_object(self) -> dict[str, object]:
        """Return the JSON form of it."""
        minutes = {f"{factor:.2f}": value for factor, value in self.minutes.items()}
        return {"name": self.name, "family": self.family, "avoidable_minutes": minutes}


def ladder(ranking: Ranking | None) -> list[LadderStep]:
    """Return the watchdog and the best setting of each family, the cheapest first; the choice favours the rivals."""
    best: dict[str, LadderStep] = {}
    for name, costs in (ranking.avoidable if ranking else {}).items():
        step = LadderStep(name, FAMILIES.get(name, name), costs)
        # The best setting on these very episodes, not on development seeds: an advantage for the rivals.
        if step.family not in best or step.usual < best[step.family].usual:
            best[step.family] = step
    return sorted(best.values(), key=lambda step: step.usual)


def plot_ladder(steps: Sequence[LadderStep], oracle_minutes: float) -> str:
    """Return the SVG; `oracle_minutes` is the lowest possible cost of an incident."""
    height = TOP + ROW * len(steps) + FOOT
    # A rival may be luckier than the bound on these episodes, so the axis may begin below zero.
    least = min(0.0, *(step.usual for step in steps)) if steps else 0.0
    most = max(least + 0.001, *(step.usual for step in steps)) if steps else 1.0

    def place(value: float) -> float:
        return GUTTER + (value - least) / (most - least) * (WIDTH - SIDE - GUTTER)

    bound = f"lowest possible: {phrases.minutes(oracle_minutes)}"
    parts = [
        svg.words(0, 16, "Method", "head"),
        svg.words(WIDTH, 16, "avoidable minutes per incident", "head", "end"),
        *(part for number, step in enumerate(steps) for part in _bar(step, TOP + number * ROW, place)),
        svg.line(place(0.0), 26, place(0.0), height - 4, "bound"),
        svg.words(place(0.0), 16, bound, "head", "start"),
    ]
    return svg.drawing(WIDTH, height, "Avoidable minutes of outage per incident, by method", parts)


def label(step: LadderStep) -> str:
    """Return the display name of a decider."""
    return "this watchdog" if step.is_ours else step.name


def _bar(step: LadderStep, top: float, place: svg.Scale) -> Iterator[str]:
    left, right = sorted((place(0.0), place(step.usual)))
    yield svg.words(0, top + 15, label(step), "label strong" if step.is_ours else "label")
    yield svg.box(left, top + 2, max(right - left, 1.0), ROW - 10, "bar ours" if step.is_ours else "bar rival")
    yield svg.words(right + 6, top + 15, phrases.minutes(step.usual), "label strong" if step.is_ours else "label")
