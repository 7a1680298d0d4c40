"""The cost ladder: the avoidable cost of an incident, for the watchdog and the best setting of each rival method."""

from collections.abc import Mapping
from dataclasses import dataclass

from watchdog.lab.baselines.table import RIVALS
from watchdog.lab.ranking import OURS, Ranking

FAMILIES: Mapping[str, str] = {one.name: one.family for one in RIVALS}


@dataclass(frozen=True, slots=True)
class Step:
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


def ladder(ranking: Ranking | None) -> list[Step]:
    """Return the watchdog and the best setting of each family, the cheapest first; the choice favours the rivals."""
    best: dict[str, Step] = {}
    for name, costs in (ranking.avoidable if ranking else {}).items():
        step = Step(name, FAMILIES.get(name, name), costs)
        # The best setting on these very episodes, not on development seeds: an advantage for the rivals.
        if step.family not in best or step.usual < best[step.family].usual:
            best[step.family] = step
    return sorted(best.values(), key=lambda step: step.usual)
