"""Sums up the actions of a policy: the number of rollbacks, pages and notices, and the mean delay of a decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchdog.presentation.step_actions import StepAction


@dataclass(frozen=True, slots=True)
class Cost:
    """The totals of a policy's actions; `delay_seconds_mean` is the mean delay to an incident's first decision."""

    rollbacks: int
    pages: int
    notices: int
    incidents: int
    delay_seconds_mean: float | None

    @classmethod
    def of(cls, actions: Sequence[StepAction]) -> "Cost":
        """Return the totals of these actions."""
        first: dict[str, float] = {}
        for one in actions:
            if one.delay_seconds is not None:
                # The first decision of an incident counts; later ones only follow the outage.
                first.setdefault(one.incident, one.delay_seconds)
        count = {kind: sum(one.kind == kind for one in actions) for kind in ("rollback", "page", "tell")}
        mean = sum(first.values()) / len(first) if first else None
        return cls(count["rollback"], count["page"], count["tell"], len(first), mean)

    def json_object(self) -> Mapping[str, Any]:
        """Return the JSON form of it."""
        return {name: getattr(self, name) for name in self.__slots__}
