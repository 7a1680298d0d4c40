"""The shape of `drill:`, of the whole file (how often, how fast) and of one staging service (what breaks it)."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

from watchdog.adapters.json_schema_hooks import written_as
from watchdog.adapters.remedies.flag_on import FlagOnOptions
from watchdog.domain.drills.drill import TARGETS, DrillMethod, DrillStep
from watchdog.domain.units import DAY_SECONDS
from watchdog.settings.schema.tuning import BoundedDuration, Section

COMMIT = re.compile(r"[0-9a-f]{40}")


def _commit(text: str) -> str:
    # Render deploys what a short id means at that moment, and the record compares whole ones.
    if not COMMIT.fullmatch(text):
        raise ValueError("not a commit: write all 40 characters of it, as `git rev-parse` prints them")
    return text


class ServiceDrillShape(Section):
    """A staging service, on which drills may be held."""

    staging: bool = False
    bad_commit: Annotated[str, AfterValidator(_commit), written_as(f"^{COMMIT.pattern}$", "0" * 40)] | None = None
    flag_on: FlagOnOptions | None = None

    @property
    def methods(self) -> tuple[DrillMethod, ...]:
        """Return the methods that it has the means of; the first one is the default."""
        means = {DrillMethod.BAD_COMMIT: self.bad_commit, DrillMethod.FLAG: self.flag_on}
        return tuple(method for method, one in means.items() if one is not None)


class DrillTargetsShape(Section):
    """The limit of each step, since the outage began."""

    detected: BoundedDuration = TARGETS[DrillStep.DETECTED].seconds
    decided: BoundedDuration = TARGETS[DrillStep.DECIDED].seconds
    requested: BoundedDuration = TARGETS[DrillStep.REQUESTED].seconds
    paged: BoundedDuration = TARGETS[DrillStep.PAGED].seconds
    restored: BoundedDuration = TARGETS[DrillStep.RESTORED].seconds
    verified: BoundedDuration = TARGETS[DrillStep.VERIFIED].seconds
    acknowledged: BoundedDuration = TARGETS[DrillStep.ACKNOWLEDGED].seconds

    @property
    def limits(self) -> Mapping[str, float]:
        """Return the limits in seconds, by step."""
        return {step.value: float(getattr(self, step.value)) for step in DrillStep}


class DrillShape(Section):
    """How often a drill is due, and how fast each step has to be."""

    every: BoundedDuration = 30 * DAY_SECONDS
    targets: DrillTargetsShape = DrillTargetsShape()
