"""Confidence intervals of counts: Wilson's for shares, Garwood's (exact) for Poisson rates. All at 95 %."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isfinite, sqrt

from watchdog.core.detect.error_limits import poisson_tail

Z = 1.959963984540054
HALF = 0.025


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval, and the number `n` it was counted from (for a rate: the events)."""

    value: float
    low: float
    high: float
    n: float

    def json_object(self) -> dict[str, float | None]:
        """Return `{value, low, high, n}`; an infinite number becomes null, since JSON has no infinity."""
        found = {"value": self.value, "low": self.low, "high": self.high, "n": self.n}
        return {name: number if isfinite(number) else None for name, number in found.items()}


def wilson(hits: float, n: float) -> Estimate:
    """Return a share with Wilson's score interval (1927); without any count 0, from 0 to 1."""
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
        return Estimate(0.0, 0.0, inf, events)
    low = 0.0 if events == 0 else _solve(lambda mean: poisson_tail(events, mean), HALF, events)
    # 10 + 3 n lies beyond the upper limit of every n: for 0 events it is 3.7, and for many about n + 2 sqrt(n).
    high = _solve(lambda mean: poisson_tail(events + 1, mean), 1 - HALF, 10.0 + 3.0 * events)
    return Estimate(events / exposure, low / exposure, high / exposure, events)


def _solve(rising: Callable[[float], float], wanted: float, high: float) -> float:
    """Return the argument between 0 and `high` at which a rising function takes the wanted value."""
    low = 0.0
    # 80 halvings reach the resolution of a float from any start.
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2
