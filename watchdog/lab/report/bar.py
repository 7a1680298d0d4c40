"""One bar: the promised limit, the measured value, and whether the bar is reached.

Rule 1: the value decides whether it is reached; an interval that extends beyond the bar is shown as not yet certain.
Rule 2: a bar without a measurement is neither reached nor missed.
"""

from dataclasses import dataclass
from enum import StrEnum

from watchdog.lab.report import phrases
from watchdog.replay.confidence_intervals import Estimate


class Reached(StrEnum):
    """Whether a bar is reached."""

    YES = "reached"
    BARELY = "reached, not yet certain"
    NO = "missed"
    UNKNOWN = phrases.NOT_MEASURED


@dataclass(frozen=True, slots=True)
class Bar:
    """One promise. `counted` names the sample in words; `unmet` names a further condition that does not hold, if any.

    `certain_by` is the limit for the far end of the interval; `has_interval` is false for a number without one.
    """

    key: str
    what: str
    wanted: str
    found: Estimate
    show: phrases.Show
    limit: float
    counted: str
    at_least: bool = False
    certain_by: float | None = None
    unmet: str = ""
    measured: bool = True
    has_interval: bool = True

    @property
    def reached(self) -> Reached:
        """Return the verdict on the bar."""
        if not self.measured:
            return Reached.UNKNOWN
        # A condition that does not hold outranks the value.
        if self.unmet or not self._keeps(self.found.value, self.limit):
            return Reached.NO
        return Reached.YES if self._certain() else Reached.BARELY

    def _certain(self) -> bool:
        # The end of the interval that lies towards the limit: only that one can cast doubt on a reached bar.
        far = self.found.low if self.at_least else self.found.high
        return self._keeps(far, self.limit if self.certain_by is None else self.certain_by)

    def _keeps(self, value: float, limit: float) -> bool:
        return value >= limit if self.at_least else value <= limit

    def row(self) -> tuple[str, ...]:
        """Return the bar as a row of the table."""
        if not self.measured:
            return (self.what, phrases.NOT_MEASURED, "–", self.counted, self.wanted, self.reached.value)
        between = phrases.interval(self.found, self.show) if self.has_interval else "–"
        told = f"{self.reached.value}: {self.unmet}" if self.unmet else self.reached.value
        return (self.what, self.show(self.found.value), between, self.counted, self.wanted, told)

    def json_object(self) -> dict[str, object]:
        """Return the JSON form of it."""
        found = {**self.found.json_object()} if self.measured else None
        return {"key": self.key, "limit": self.limit, "at_least": self.at_least, "reached": self.reached.value} | {
            "found": found,
            "counted": self.counted,
            "unmet": self.unmet,
        }
