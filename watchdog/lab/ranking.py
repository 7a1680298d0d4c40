"""Ranks deciders by cost: the watchdog against the rivals and the oracle, all on the same episodes.

Rule 1: the measure is the avoidable cost, the cost beyond the oracle's: some outage time no decider can avoid.
Rule 2: a ranking that flips when mistakes weigh a third or three times as much is not a result.
Rule 3: a rival is shown at its best setting, chosen on development seeds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from random import Random

from watchdog.lab.clean_years import Clean
from watchdog.lab.episode_cost import USUAL, cost
from watchdog.lab.episode_judgement import Played
from watchdog.lab.score import INCIDENTS_PER_YEAR, by_class, mean_cost, mix
from watchdog.replay.confidence_intervals import HALF, Estimate

FACTORS = (1 / 3, 1.0, 3.0)
OURS = "ours"


@dataclass(frozen=True, slots=True)
class Ranking:
    """The result of the comparison. Costs are outage minutes an incident, by the factor of the price of mistakes.

    `ratio` is the avoidable cost of the best rival over ours, at the usual prices; `holds` is true if ours is the least
    at every factor.
    """

    oracle: Mapping[float, float]
    avoidable: Mapping[str, Mapping[float, float]]
    best: Mapping[float, str]
    ratio: Estimate
    holds: bool

    def json_object(self) -> dict[str, object]:
        """Return it as published."""
        return {
            "oracle_minutes": {f"{factor:.2f}": value for factor, value in self.oracle.items()},
            "avoidable_minutes": {
                name: {f"{factor:.2f}": value for factor, value in costs.items()}
                for name, costs in self.avoidable.items()
            },
            "best_rival": {f"{factor:.2f}": name for factor, name in self.best.items()},
            "ratio": self.ratio.json_object(),
            "ranking_holds": self.holds,
        }


def compare(
    ours: Sequence[Played],
    rivals: Mapping[str, Sequence[Played]],
    oracle: Sequence[Played],
    between: Mapping[str, float] | None = None,
    seed: object = "ranking",
    samples: int = 500,
) -> Ranking:
    """Return the ranking; `between` is each decider's cost between two incidents, at the usual prices.

    Raises ValueError if a decider did not play the same episodes as the oracle.
    """
    everyone = {OURS: ours, **rivals}
    _same_episodes(everyone, oracle)
    quiet = {name: (between or {}).get(name, 0.0) for name in everyone}
    weight = mix(oracle)
    bound = {factor: mean_cost(oracle, weight, factor) for factor in FACTORS}
    avoidable = {
        name: {f: mean_cost(played, weight, f) + f * quiet[name] - bound[f] for f in FACTORS}
        for name, played in everyone.items()
    }
    # Chosen for each price of mistakes: a rival that pages much may win only where pages are cheap.
    best = {factor: min(rivals, key=lambda name: avoidable[name][factor]) for factor in FACTORS}
    return Ranking(
        bound,
        avoidable,
        best,
        _ratio(everyone, oracle, quiet, seed, samples),
        all(avoidable[OURS][factor] < avoidable[best[factor]][factor] for factor in FACTORS),
    )


def between_incidents(clean: Sequence[Clean]) -> float:
    """Return the cost of false alarms from one incident to the next, in outage minutes at the usual prices."""
    years = sum(one.years for one in clean)
    price = sum(one.rollbacks * USUAL.false_rollback + one.pages * USUAL.false_page for one in clean)
    return price / years / INCIDENTS_PER_YEAR if years else 0.0


# --- the ratio and its interval ---


def _ratio(
    everyone: Mapping[str, Sequence[Played]],
    oracle: Sequence[Played],
    quiet: Mapping[str, float],
    seed: object,
    samples: int,
) -> Estimate:
    """Return the ratio with its bootstrap interval (Efron 1979, percentiles): episodes are resampled within each class.

    A resample takes the same episodes for all deciders (paired), and chooses the best rival again, which favours it.
    """
    extra = _extra(everyone, oracle)
    groups = _places(oracle)
    dice = Random(f"{seed}")
    drawn = []
    for _ in range(samples):
        # Stratified: the mix fixes the weight of each class, so its number of episodes must not vary by chance.
        places = [place for group in groups for place in dice.choices(group, k=len(group))]
        drawn.append(_quotient(extra, quiet, places))
    drawn.sort()
    everything = [place for group in groups for place in group]
    low, high = (drawn[min(samples - 1, int(share * samples))] for share in (HALF, 1 - HALF))
    return Estimate(_quotient(extra, quiet, everything), low, high, len(everything))


def _extra(everyone: Mapping[str, Sequence[Played]], oracle: Sequence[Played]) -> Mapping[str, list[float]]:
    """Return each decider's weighted cost beyond the oracle's, episode by episode in the oracle's order."""
    weight = mix(oracle)
    order = [(one.name, one.seed, weight(one), cost(one)) for one in oracle]
    found = {}
    for name, played in everyone.items():
        costs = {(one.name, one.seed): cost(one) for one in played}
        found[name] = [counts * (costs[kind, seed] - bound) for kind, seed, counts, bound in order]
    return found


def _places(oracle: Sequence[Played]) -> Sequence[Sequence[int]]:
    groups: dict[str, list[int]] = {name: [] for name in by_class(oracle)}
    for place, one in enumerate(oracle):
        groups[one.name].append(place)
    return list(groups.values())


def _quotient(extra: Mapping[str, list[float]], quiet: Mapping[str, float], places: Sequence[int]) -> float:
    sums = {name: quiet[name] + sum(costs[place] for place in places) for name, costs in extra.items()}
    # On a resample the watchdog may be luckier than the bound: without a positive cost there is no ratio.
    ours = sums.pop(OURS)
    return min(sums.values()) / ours if ours > 0 else inf


def _same_episodes(everyone: Mapping[str, Sequence[Played]], oracle: Sequence[Played]) -> None:
    wanted = {(one.name, one.seed) for one in oracle}
    for name, played in everyone.items():
        # The length, too: a set hides an episode that was played twice, and it would count twice.
        if {(one.name, one.seed) for one in played} != wanted or len(played) != len(oracle):
            raise ValueError(f"{name} did not play the same episodes as the oracle")
