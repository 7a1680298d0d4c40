"""Mann-Whitney's test and the Hodges-Lehmann shift with its interval, by the normal approximation.

Sources: Mann and Whitney 1947; Hodges and Lehmann 1963; the interval as R's `wilcox.test(exact = FALSE, conf.int =
TRUE)` gives it (with the continuity correction), which Netflix's Kayenta uses. Ties lower the variance as they do for
an unshifted sample; R counts them anew at every shift.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist, median

CONFIDENCE = 0.98
TOLERANCE = 0.25
"""Kayenta's `NetflixACAJudge`: confLevel 0.98, tolerance 0.25."""


@dataclass(frozen=True, slots=True)
class Shift:
    """The shift of one sample above the other: the estimate and its two-sided interval."""

    estimate: float
    low: float
    high: float


def shift(after: Sequence[float], before: Sequence[float], confidence: float = CONFIDENCE) -> Shift:
    """Return the shift of `after` above `before` (Hodges-Lehmann); neither may be empty."""
    differences = sorted(one - other for one in after for other in before)
    pairs = len(differences)
    # The normal approximation of the rank, with the continuity correction of one half.
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * deviation(after, before) + 0.5
    # The rank of the interval's far end among the sorted differences, counted from either side.
    beyond = min(pairs, max(1, ceil(pairs / 2 + reach)))
    return Shift(median(differences), differences[pairs - beyond], differences[beyond - 1])


def deviation(after: Sequence[float], before: Sequence[float]) -> float:
    """Return the standard deviation of U where nothing differs: sqrt(nm/12 ((N+1) - sum(t^3-t) / (N(N-1))))."""
    n, m = len(after), len(before)
    ties = sum(tied**3 - tied for tied in Counter((*after, *before)).values())
    return sqrt(n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1))))


def high(after: Sequence[float], before: Sequence[float]) -> bool:
    """Return whether Kayenta would classify `after` as High: the interval lies above a quarter of the shift itself."""
    # With all values equal the variance is 0, and the approximation has no interval.
    if len({*after, *before}) == 1:
        return False
    found = shift(after, before)
    return found.low > TOLERANCE * abs(found.estimate)
