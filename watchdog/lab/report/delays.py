"""The delays of each class, episode by episode, beside the shortest possible ones (the oracle's bound).

Rule: an episode without the right action counts as done at the horizon, in the median and the p95 too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from watchdog.lab.episode_judgement import Played
from watchdog.lab.score import by_class, kind_of

NO_HURRY = ("nothing", "ticket")


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
