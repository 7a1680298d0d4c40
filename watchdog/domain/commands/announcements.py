"""Announcements of people on the public status pages: a problem or a maintenance window, and its updates.

Rule: an announcement is never changed, only added to; its newest update says how it stands. A maintenance begins and
ends by the clock, unless people end it earlier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

TITLE_MAX, TEXT_MAX = 100, 1000
SERVICES_TEXT_MAX = 1000
"""Characters of the list of services, as it is typed."""
UPDATES_MAX = 20
"""Updates of one announcement: with each one its page grows for all visitors."""
OPEN_MAX = 5
"""Announcements of one page that are not over: more would hide each other."""
RECENT_MAX = 100
"""Announcements that a page looks at, the newest."""
AHEAD_MAX_SECONDS = 400 * 86400.0
LASTS_MAX_SECONDS = 30 * 86400.0
PREFIX = "announcement-"


class Stage(StrEnum):
    """How a problem stands, in the field's words; SCHEDULED is a maintenance, WITHDRAWN is shown to no visitor."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    SCHEDULED = "scheduled"
    WITHDRAWN = "withdrawn"


PROBLEM = (Stage.INVESTIGATING, Stage.IDENTIFIED, Stage.MONITORING, Stage.RESOLVED)
"""The stages of a problem, in order."""
ENDS = (Stage.RESOLVED, Stage.WITHDRAWN)
"""The stages that end an announcement of either kind."""


class ShownStage(StrEnum):
    """How an announcement stands at a moment, as visitors read it."""

    INVESTIGATING = "Investigating"
    IDENTIFIED = "Identified"
    MONITORING = "Monitoring"
    RESOLVED = "Resolved"
    SCHEDULED = "Scheduled"
    IN_PROGRESS = "In progress"
    COMPLETED = "Completed"
    CANCELLED = "Cancelled"
    WITHDRAWN = "Withdrawn"


OVER = frozenset({ShownStage.RESOLVED, ShownStage.COMPLETED, ShownStage.CANCELLED, ShownStage.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Update:
    """One text of an announcement; the first one is the announcement itself."""

    at: float  # UTC epoch seconds
    by: str  # its author; never shown to visitors
    stage: Stage  # how it stands from now on
    text: str  # in its author's words, for visitors


@dataclass(frozen=True, slots=True)
class Draft:
    """An announcement about to be posted. Times are UTC epoch seconds; both are None for a problem."""

    page: str  # name of the status page
    title: str  # its headline
    services: tuple[str, ...] = ()  # those concerned, by name in the configuration; none: the whole page
    starts_at: float | None = None  # begin of the maintenance
    ends_at: float | None = None  # its planned end


@dataclass(frozen=True, slots=True)
class Announcement:
    """An announcement with its updates, oldest first; there is at least one."""

    number: int  # 1 is the first one
    about: Draft  # what was posted
    updates: tuple[Update, ...]  # oldest first

    @property
    def id(self) -> str:
        """Return the name by which people update it."""
        return f"{PREFIX}{self.number}"

    @property
    def is_maintenance(self) -> bool:
        """Return whether it announces a maintenance window, and not a problem."""
        return self.about.starts_at is not None

    @property
    def begins_at(self) -> float:
        """Return the begin of the maintenance, or the moment at which the problem was announced."""
        return self.about.starts_at if self.about.starts_at is not None else self.updates[0].at

    @property
    def ends_at(self) -> float | None:
        """Return its end: of the maintenance (planned or earlier), or of the problem; None while a problem is open."""
        ended = self._ended_at
        planned = self.about.ends_at
        if ended is None or planned is None:
            return planned if ended is None else ended
        # Cancelled before it began, it still has the place in time that was announced.
        return planned if ended < self.begins_at else min(ended, planned)

    @property
    def _ended_at(self) -> float | None:
        """Return when people ended it: the first update of the newest stage that ends it."""
        found = None
        for one in self.updates:
            found = (one.at if found is None else found) if one.stage in ENDS else None
        return found

    def standing(self, now: float) -> ShownStage:
        """Return how it stands at that moment."""
        return self.said_by(self.updates[-1].stage, now)

    def said_by(self, stage: Stage, at: float) -> ShownStage:
        """Return what a stage means at a moment when it was the newest: a maintenance begins and ends by the clock.

        It is not resolved, but completed, or cancelled before its begin.
        """
        if stage is Stage.SCHEDULED:
            if at < self.begins_at:
                return ShownStage.SCHEDULED
            ends_at = self.about.ends_at
            return ShownStage.IN_PROGRESS if ends_at is None or at < ends_at else ShownStage.COMPLETED
        if self.is_maintenance and stage is Stage.RESOLVED:
            # What is written after its end does not change how it ended.
            ended = at if self._ended_at is None else min(at, self._ended_at)
            return ShownStage.CANCELLED if ended < self.begins_at else ShownStage.COMPLETED
        return ShownStage(stage.value.capitalize())

    def is_over(self, now: float) -> bool:
        """Return whether it is over at that moment."""
        return self.standing(now) in OVER


def number_of(name: str) -> int | None:
    """Return the number of an announcement as people write it (`announcement-3`, `3`), or None."""
    digits = name.strip().lower().removeprefix(PREFIX)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else None


def newest_first(found: Sequence[Announcement]) -> tuple[Announcement, ...]:
    """Return announcements by the moment of their begin, newest first."""
    return tuple(sorted(found, key=lambda one: (one.begins_at, one.number), reverse=True))
