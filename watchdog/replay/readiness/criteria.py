"""What it takes to let it act: each criterion with its limit and the reason, and the verdict they come to.

Rule 1: one wrong act too many is enough for NOT READY, however few there are; too few of anything is no evidence.
Rule 2: what nobody can judge is not right: too much of it is too little evidence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

from watchdog.domain.commands.command_line import command_line
from watchdog.replay.confidence_intervals import Estimate, poisson_rate, wilson

YEAR_DAYS = 365.25
JUDGED_MIN = 10
JUDGED_WHY = "one that is wrong every fourth time shows it in ten acts in 94 of 100 cases"
SERVICE_DAYS_MIN = 30.0
SERVICE_DAYS_WHY = "each weekday's deploys four times, and the short blips of a month, which must not count"
UNKNOWN_SHARE_MAX = 0.5
UNKNOWN_WHY = f"what nobody judged may be what went wrong; {command_line('label')} says what it was"
WRONG_SHARE_MAX = 0.03
WRONG_SHARE_WHY = "the bar of the lab: 97 of 100 rollbacks right"
WRONG_PER_YEAR_MAX = 0.05
WRONG_PER_YEAR_WHY = "the bar of the lab: one false rollback in twenty years of a service"
BOUND_PER_YEAR = 0.1
"""The upper bound the lab holds the shipped defaults to; no criterion here: without a single wrong one it takes 37
service-years to show, which is what `watchdog lab score` is for."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition: what was found, the limit it is held against, and why that one.

    `bound` tells whether the limit is the least or the most; `evidence`, that more of it would be needed to tell.
    """

    name: str
    found: float
    bound: Literal["least", "most"]
    limit: float
    why: str
    evidence: bool = False

    @property
    def met(self) -> bool:
        """Return whether it holds; at the limit it does."""
        return self.found >= self.limit if self.bound == "least" else self.found <= self.limit

    def json_object(self) -> Mapping[str, Any]:
        """Return the JSON form of it."""
        return {name: getattr(self, name) for name in ("name", "found", "bound", "limit", "met", "why")}


@dataclass(frozen=True, slots=True)
class Outlook:
    """How many acts were what, in how many service-days; and what follows from that."""

    right: int
    wrong: int
    unknown: int
    service_days: float

    @property
    def judged(self) -> int:
        """Return how many acts could be judged."""
        return self.right + self.wrong

    @property
    def service_years(self) -> float:
        """Return the time that was recorded, of all services."""
        return self.service_days / YEAR_DAYS

    @property
    def wrong_share(self) -> Estimate:
        """Return the share of judged acts that were wrong, with Wilson's interval."""
        return wilson(self.wrong, self.judged)

    @property
    def wrong_per_year(self) -> Estimate:
        """Return false rollbacks per service-year, with the exact Poisson interval."""
        return poisson_rate(self.wrong, self.service_years)

    @property
    def criteria(self) -> Sequence[Criterion]:
        """Return every criterion with what was found."""
        acts = self.judged + self.unknown
        unknown = self.unknown / acts if acts else 0.0
        share, rate = self.wrong_share.value, self.wrong_per_year.value
        return (
            Criterion("judged acts", self.judged, "least", JUDGED_MIN, JUDGED_WHY, evidence=True),
            Criterion("service-days", self.service_days, "least", SERVICE_DAYS_MIN, SERVICE_DAYS_WHY, evidence=True),
            Criterion("unknown share", unknown, "most", UNKNOWN_SHARE_MAX, UNKNOWN_WHY, evidence=True),
            Criterion("wrong share", share, "most", WRONG_SHARE_MAX, WRONG_SHARE_WHY),
            Criterion("wrong per service-year", rate, "most", WRONG_PER_YEAR_MAX, WRONG_PER_YEAR_WHY),
        )

    @property
    def verdict(self) -> str:
        """Return READY, NOT READY or NOT ENOUGH EVIDENCE."""
        broken = [one for one in self.criteria if not one.met]
        if any(not one.evidence for one in broken):
            return "NOT READY"
        return "NOT ENOUGH EVIDENCE" if broken else "READY"

    @property
    def needed(self) -> Mapping[str, float]:
        """Return how much more of what it takes to be ready, if nothing (more) is wrong: acts, service-days, labels."""
        judged = max(JUDGED_MIN, ceil(self.wrong / WRONG_SHARE_MAX - 1e-9))
        days = max(SERVICE_DAYS_MIN, self.wrong / WRONG_PER_YEAR_MAX * YEAR_DAYS)
        labels = ceil(self.unknown - UNKNOWN_SHARE_MAX * (self.judged + self.unknown) - 1e-9)
        return {
            "judged_acts": max(0, judged - self.judged),
            "service_days": max(0.0, days - self.service_days),
            "labels": max(0, labels),
        }

    @property
    def years_to_bound(self) -> float:
        """Return how many more service-years without a wrong act bring the upper bound down to BOUND_PER_YEAR."""
        return max(0.0, poisson_rate(self.wrong, 1.0).high / BOUND_PER_YEAR - self.service_years)
