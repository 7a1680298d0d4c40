"""Intervals for what was counted: Wilson's for shares, Garwood's (exact) for Poisson rates. All at 95 %."""

from dataclasses import dataclass
from math import exp, lgamma, log, sqrt

Z = 1.959963984540054
HALF = 0.025


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval, and how many it was counted from (for a rate: the events)."""

    value: float
    low: float
    high: float
    n: float

    def json_object(self) -> dict[str, float]:
        """Return it as `{value, low, high, n}`."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n}


def wilson(hits: float, n: float) -> Estimate:
    """Return a share with Wilson's score interval (1927); of nothing: 0, from 0 to 1."""
    if n <= 0:
        return Estimate(0.0, 0.0, 1.0, 0)
    share = hits / n
    centre = share + Z * Z / (2 * n)
    spread = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    scale = 1 + Z * Z / n
    return Estimate(share, max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale), n)


def poisson_rate(events: int, exposure: float) -> Estimate:
    """Return events per unit of exposure with Garwood's exact interval (1936)."""
    if exposure <= 0:
        return Estimate(0.0, 0.0, float("inf"), events)
    low = 0.0 if events == 0 else _solve(lambda mean: 1.0 - _below(events - 1, mean), HALF, events)
    high = _solve(lambda mean: -_below(events, mean), -HALF, 10.0 + 3.0 * events)
    return Estimate(events / exposure, low / exposure, high / exposure, events)


def _below(count: int, mean: float) -> float:
    """Return P(X <= count) for a Poisson mean."""
    if mean <= 0:
        return 1.0
    return sum(exp(k * log(mean) - mean - lgamma(k + 1)) for k in range(count + 1))


def _solve(rising, wanted: float, high: float) -> float:  # type: ignore[no-untyped-def]
    low = 0.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2
