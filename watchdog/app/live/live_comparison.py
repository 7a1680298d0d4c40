"""Live episodes beside the lab's: for each kind both medians, their ratio with its interval, and the verdict.

Rule 1: the verdict follows the interval, not the point estimate. With few live episodes and widely spread delays the
ratio of two medians is uncertain, and the verdict is that there are too few.
Rule 2: an action that was not taken counts as taken at the lab's horizon, on both sides. Only an episode that could not
be played is dropped, and reported as wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import median

from watchdog.app.live.live_judgement import Seen
from watchdog.lab.episode import Right
from watchdog.lab.episode_judgement import Played
from watchdog.lab.keyed_random import KeyedRandom
from watchdog.replay.confidence_intervals import Estimate

WITHIN = 0.20
HORIZON_SECONDS = 1500.0
RESAMPLES = 2000
HALF = 0.025


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One kind: seconds from onset to the right act, live and simulated (empty if the right course is to do nothing).

    `simulated_right` of `simulated_number` simulated episodes went right; `ratio` is that of the medians, live over
    simulated, with its 95 % bootstrap interval.
    """

    kind: str
    right: Right
    live: tuple[Seen, ...]
    real: tuple[float, ...]
    simulated: tuple[float, ...]
    simulated_right: int
    simulated_number: int
    ratio: Estimate | None

    @property
    def wrong(self) -> tuple[Seen, ...]:
        """Return the live episodes with a wrong outcome."""
        return tuple(one for one in self.live if one.wrong)

    @property
    def within(self) -> bool | None:
        """Return whether the lab's delay holds within 20 %: True for the whole interval, False for none of it, else
        None.

        Without an action there is no delay to hold.
        """
        if self.ratio is None or abs(self.ratio.low - 1.0) <= WITHIN >= abs(self.ratio.high - 1.0):
            return True
        return None if self.ratio.low <= 1.0 + WITHIN and self.ratio.high >= 1.0 - WITHIN else False

    @property
    def good(self) -> bool:
        """Return whether all episodes ended right and no delay contradicts the lab."""
        return self.within is not False and not self.wrong

    def json_object(self) -> dict[str, object]:
        """Return the row for machines; times in seconds."""
        return {
            "kind": self.kind,
            "right": self.right.value,
            "live": {"n": len(self.live), "wrong": len(self.wrong), **_spread(self.real)},
            "simulated": {
                "n": self.simulated_number,
                "wrong": self.simulated_number - self.simulated_right,
                **_spread(self.simulated),
            },
            "ratio_of_medians": self.ratio.json_object() if self.ratio is not None else None,
            "within": self.within,
            "episodes": [one.json_object() for one in self.live],
        }


def row(live: Sequence[Seen], simulated: Sequence[Played], seed: str) -> ComparisonRow:
    """Return the comparison of one kind; both sides must have played it."""
    kind, right = live[0].kind, Right(simulated[0].right)
    idle = right is Right.NOTHING
    real = () if idle else tuple(_at(one.at) for one in live if one.played)
    lab = () if idle else tuple(_at(one.mended_at if right is Right.ROLLBACK else _paged_at(one)) for one in simulated)
    # Drawn from a stream of the kind: its interval does not depend on which other kinds were played.
    ratio = None if not real else ratio_of_medians(real, lab, KeyedRandom("live", kind, seed).generator("bootstrap"))
    return ComparisonRow(kind, right, tuple(live), real, lab, sum(one.good for one in simulated), len(simulated), ratio)


def ratio_of_medians(real: Sequence[float], simulated: Sequence[float], dice: Random) -> Estimate:
    """Return the medians' ratio with its percentile bootstrap interval (Efron 1979), both sides resampled."""
    drawn = sorted(_median_again(real, dice) / _median_again(simulated, dice) for _ in range(RESAMPLES))
    low, high = drawn[int(HALF * RESAMPLES)], drawn[RESAMPLES - 1 - int(HALF * RESAMPLES)]
    return Estimate(median(real) / median(simulated), low, high, len(real))


def _median_again(values: Sequence[float], dice: Random) -> float:
    return median(dice.choices(values, k=len(values)))


def _paged_at(one: Played) -> float | None:
    return one.at if one.did == Right.PAGE.value else None


def _at(seconds: float | None) -> float:
    return HORIZON_SECONDS if seconds is None else seconds


def _spread(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    return {"median_seconds": median(values), "least_seconds": min(values), "most_seconds": max(values)}
