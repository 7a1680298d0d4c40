"""Intervals for what was counted: Wilson's for shares, Garwood's (exact) for Poisson rates. All at 95 %."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isfinite, sqrt

from watchdog.core.detect.error_counts import poisson_tail

Z = 1.959963984540054
HALF = 0.025


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval, and how many it was counted from (for a rate: the events)."""

    value: float
    low: float
    high: float
    n: float

    def json_object(self) -> dict[str, float | None]:
        """Return it as `{value, low, high, n}`; JSON has no infinity, so what is infinite is null."""
        found = {"value": self.value, "low": self.low, "high": self.high, "n": self.n}
        return {name: number if isfinite(number) else None for name, number in found.items()}


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
        return Estimate(0.0, 0.0, inf, events)
    low = 0.0 if events == 0 else _solve(lambda mean: poisson_tail(events, mean), HALF, events)
    high = _solve(lambda mean: poisson_tail(events + 1, mean), 1 - HALF, 10.0 + 3.0 * events)
    return Estimate(events / exposure, low / exposure, high / exposure, events)


def _solve(rising: Callable[[float], float], wanted: float, high: float) -> float:
    """Return where a rising function takes a value, between 0 and `high`."""
    low = 0.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2
