"""Limits on one number that was read from elsewhere: bad above, bad below."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from watchdog.domain.readings import Bad, Good, Reading

ABOVE = Annotated[float | None, Field(allow_inf_nan=False)]
"""A limit as it is written in the configuration; null: none."""


def check_limits(above: float | None, below: float | None, *, needed: bool) -> None:
    """Raise ValueError for limits that no number, or each number, keeps."""
    if needed and above is None and below is None:
        raise ValueError("no limit: write above: 0.05 (bad if the value is above it), or below:")
    if above is not None and below is not None and below > above:
        raise ValueError("impossible limits: every value is above the one or below the other")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a number may be; None is no limit. A number that equals its limit keeps it."""

    above: float | None
    below: float | None

    def judge(self, value: float) -> Reading:
        """Return the verdict on a number, with the limit that it broke or keeps."""
        if self.above is not None and value > self.above:
            return Bad(f"{value:.6g} is above {self.above:.6g}")
        if self.below is not None and value < self.below:
            return Bad(f"{value:.6g} is below {self.below:.6g}")
        kept = [
            f"{word} {limit:.6g}" for word, limit in (("above", self.above), ("below", self.below)) if limit is not None
        ]
        return Good(f"{value:.6g}" + (f" (bad {' or '.join(kept)})" if kept else ""))
