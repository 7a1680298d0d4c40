"""The criteria for autonomous mode: each with its limit and reason, and the verdict they lead to.

Rule 1: one wrong action too many is enough for NOT READY, however few there are; too few actions are no evidence.
Rule 2: an action without a judgement does not count as right; too many of them are too little evidence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

from watchdog.domain.commands.command_line import command_line
from watchdog.replay.confidence_intervals import Estimate, poisson_rate, wilson

YEAR_DAYS = 365.25
# 0.75^10 = 0.056: of policies that err once in four, one in eighteen shows ten right ones by chance.
JUDGED_MIN = 10
JUDGED_WHY = "a policy that is wrong once in four rollbacks shows it within ten in 94 of 100 cases"
SERVICE_DAYS_MIN = 30.0
SERVICE_DAYS_WHY = "covers the deploys of each weekday four times, and a month of short blips"
UNKNOWN_SHARE_MAX = 0.5
UNKNOWN_WHY = f"an unjudged rollback may be a wrong one; {command_line('label')} records your judgement"
WRONG_SHARE_MAX = 0.03
WRONG_SHARE_WHY = "the lab's threshold: 97 of 100 rollbacks right"
WRONG_PER_YEAR_MAX = 0.05
WRONG_PER_YEAR_WHY = "the lab's threshold: one false rollback in twenty service-years"
BOUND_PER_YEAR = 0.1
"""The upper bound the lab holds the shipped defaults to; no criterion here: without a single wrong one it takes 37
service-years to show, which is what `watchdog lab score` is for."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition: the found value, the limit and the reason of that limit.

    `bound` is "least" for a minimum and "most" for a maximum. If an `evidence` criterion fails, more data is needed.
    `is_share`: the value is a share (0 to 1).
    """

    name: str
    found: float
    bound: Literal["least", "most"]
    limit: float
    why: str
    evidence: bool = False
    is_share: bool = False

    @property
    def met(self) -> bool:
        """Return whether the condition holds; a value at the limit passes."""
        return self.found >= self.limit if self.bound == "least" else self.found <= self.limit

    def json_object(self) -> Mapping[str, Any]:
        """Return the JSON form of it."""
        return {name: getattr(self, name) for name in ("name", "found", "bound", "limit", "met", "why")}


@dataclass(frozen=True, slots=True)
class ActTally:
    """The counts of judged actions and the recorded service-days, with the verdict that follows from them."""

    right: int
    wrong: int
    unknown: int
    service_days: float

    @property
    def judged(self) -> int:
        """Return the number of actions with a verdict of right or wrong."""
        return self.right + self.wrong

    @property
    def service_years(self) -> float:
        """Return the recorded time of all services together, in years."""
        return self.service_days / YEAR_DAYS

    @property
    def wrong_share(self) -> Estimate:
        """Return the share of wrong actions among the judged ones, with Wilson's interval."""
        return wilson(self.wrong, self.judged)

    @property
    def wrong_per_year(self) -> Estimate:
        """Return false rollbacks per service-year, with the exact Poisson interval."""
        return poisson_rate(self.wrong, self.service_years)

    @property
    def criteria(self) -> Sequence[Criterion]:
        """Return every criterion with its found value."""
        acts = self.judged + self.unknown
        unknown = self.unknown / acts if acts else 0.0
        share, rate = self.wrong_share.value, self.wrong_per_year.value
        return (
            Criterion("judged rollbacks", self.judged, "least", JUDGED_MIN, JUDGED_WHY, evidence=True),
            Criterion("service-days", self.service_days, "least", SERVICE_DAYS_MIN, SERVICE_DAYS_WHY, evidence=True),
            Criterion("unknown share", unknown, "most", UNKNOWN_SHARE_MAX, UNKNOWN_WHY, evidence=True, is_share=True),
            Criterion("wrong share", share, "most", WRONG_SHARE_MAX, WRONG_SHARE_WHY, is_share=True),
            Criterion("wrong per service-year", rate, "most", WRONG_PER_YEAR_MAX, WRONG_PER_YEAR_WHY),
        )

    @property
    def verdict(self) -> str:
        """Return READY, NOT READY or NOT ENOUGH EVIDENCE."""
        # A broken limit outranks missing evidence: a wrong action is not excused by a short recording.
        broken = [one for one in self.criteria if not one.met]
        if any(not one.evidence for one in broken):
            return "NOT READY"
        return "NOT ENOUGH EVIDENCE" if broken else "READY"

    @property
    def needed(self) -> Mapping[str, float]:
        """Return the judged actions, service-days and labels still needed, assuming no further wrong action."""
        # Each wrong action needs 1 / WRONG_SHARE_MAX judged ones; the epsilon keeps ceil from rounding 100.0...1 up.
        judged = max(JUDGED_MIN, ceil(self.wrong / WRONG_SHARE_MAX - 1e-9))
        days = max(SERVICE_DAYS_MIN, self.wrong / WRONG_PER_YEAR_MAX * YEAR_DAYS)
        # A label turns an unknown action into a judged one: the total stays the same.
        labels = ceil(self.unknown - UNKNOWN_SHARE_MAX * (self.judged + self.unknown) - 1e-9)
        return {
            "judged_acts": max(0, judged - self.judged),
            "service_days": max(0.0, days - self.service_days),
            "labels": max(0, labels),
        }

    @property
    def years_to_bound(self) -> float:
        """Return the service-years without a further wrong action that bring the upper bound down to BOUND_PER_YEAR."""
        return max(0.0, poisson_rate(self.wrong, 1.0).high / BOUND_PER_YEAR - self.service_years)
