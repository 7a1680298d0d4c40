"""Maintenance that a status page announces, in the shape of Statuspage's `scheduled_maintenances`. Pure and lenient.

Rule: a maintenance goes on by the page's own status, or by the hours it gave. A page that its author forgot to close is
believed for some hours after the announced end, not for ever; no maintenance is believed for more than a day.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from watchdog.adapters.http_exchange import plain
from watchdog.domain.units import parse_time

GOING_ON = frozenset({"in_progress", "verifying"})
AHEAD = "scheduled"
LISTED_MAX = 50
COMPONENTS_MAX = 200
FORGOTTEN_SECONDS = 6 * 3600.0
"""Seconds after its announced end in which a maintenance may still go on: pages are edited by hand, and late."""
LONGEST_SECONDS = 86400.0
"""The longest duration, and the earliest begin ahead of time, that we believe: a wrong year is soon typed."""
NEAR_SECONDS = 900.0
"""How long before the begin the page is read more often, in seconds."""


@dataclass(frozen=True, slots=True)
class Maintenance:
    """One announced maintenance; `labels` name its components.

    Times are UTC epoch seconds, None where the page gives none.
    """

    name: str
    status: str
    begins_at: float | None
    ends_at: float | None
    labels: frozenset[str]

    def goes_on(self, now: float) -> bool:
        """Return whether the maintenance is going on; without any time its end is unknown, so the answer is False."""
        begins, ends = self.begins_at, self.ends_at
        if self.status in GOING_ON:
            known = [at for at in (begins, ends) if at is not None]
            if not known:
                return False
            # With one known time only, begin and end are the same moment, and the day's limit counts from it.
            over = min(known[-1], known[0] + LONGEST_SECONDS)
            return known[0] - LONGEST_SECONDS <= now < over + FORGOTTEN_SECONDS
        if not self.is_ahead or begins is None or ends is None:
            return False
        # The author may forget to mark the begin, so the announced hours count too.
        return begins <= now < min(ends, begins + LONGEST_SECONDS)

    @property
    def is_ahead(self) -> bool:
        """Return whether it is announced and its begin not yet reported."""
        return self.status == AHEAD

    def is_near(self, now: float) -> bool:
        """Return whether it is going on or begins soon, which is worth reading the page more often."""
        soon = self.is_ahead and self.begins_at is not None and 0.0 <= self.begins_at - now <= NEAR_SECONDS
        return soon or self.goes_on(now)

    def until(self, now: float) -> str:
        """Return the end as text."""
        return f"until {_moment(self.ends_at, now)}" if self.ends_at is not None else "until further notice"

    def when(self, now: float) -> str:
        """Return the announced hours as text."""
        if self.begins_at is None:
            return "begin not announced"
        begins = f"{_day(self.begins_at)} {_clock(self.begins_at)}"
        return f"from {begins} UTC {self.until(self.begins_at)}"


def parse_maintenances(rows: object, label: Callable[[dict[str, Any]], str]) -> tuple[Maintenance, ...]:
    """Return the announced maintenances that are not over; `label` names one of the components in it."""
    if not isinstance(rows, list):
        return ()
    # Limited: the page is foreign, and it is parsed on the event loop.
    found = [_parsed(row, label) for row in rows[:LISTED_MAX] if isinstance(row, dict)]
    return tuple(one for one in found if one.is_ahead or one.status in GOING_ON)


def _parsed(row: dict[str, Any], label: Callable[[dict[str, Any]], str]) -> Maintenance:
    parts = row.get("components")
    parts = parts[:COMPONENTS_MAX] if isinstance(parts, list) else []
    return Maintenance(
        name=plain(str(row.get("name") or "untitled"), 80),
        status=str(row.get("status")).casefold().replace(" ", "_"),
        begins_at=parse_time(row.get("scheduled_for")),
        ends_at=parse_time(row.get("scheduled_until")),
        labels=frozenset(label(part) for part in parts if isinstance(part, dict) and isinstance(part.get("name"), str)),
    )


def _moment(at: float, now: float) -> str:
    day = "" if _day(at) == _day(now) else f"{_day(at)} "
    return f"{day}{_clock(at)} UTC"


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M}"
