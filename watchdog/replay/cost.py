"""What all that a policy did came to: how much was done, how many were woken, how long until it was decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchdog.presentation.step_actions import Action


@dataclass(frozen=True, slots=True)
class Cost:
    """What it all came to: how much was done, how many were woken, how long until it was decided."""

    rollbacks: int
    pages: int
    notices: int
    incidents: int
    delay_seconds_mean: float | None

    @classmethod
    def of(cls, doings: Sequence[Action]) -> "Cost":
        """Sum up."""
        first: dict[str, float] = {}
        for one in doings:
            if one.delay_seconds is not None:
                first.setdefault(one.incident, one.delay_seconds)
        count = {kind: sum(one.kind == kind for one in doings) for kind in ("rollback", "page", "tell")}
        mean = sum(first.values()) / len(first) if first else None
        return cls(count["rollback"], count["page"], count["tell"], len(first), mean)

    def json_object(self) -> Mapping[str, Any]:
        """Return the JSON form of it."""
        return {name: getattr(self, name) for name in self.__slots__}
