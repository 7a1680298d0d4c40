"""Numbers over time as plain data: the shapes of the JSON API, and the values of the templates.

Rule: as in view_models.py, fields may be added, never changed; text is clean, on one line.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NumberView:
    """A number, the size of its sample, and its text. `value` None: not known."""

    value: float | None
    n: int
    shown: str


@dataclass(frozen=True, slots=True)
class NumbersView:
    """The numbers of `watchdog report stats` for a service, or for all. Times in seconds."""

    service: str
    mean_time_to_detect_seconds: NumberView
    mean_time_to_acknowledge_seconds: NumberView
    mean_time_to_restore_seconds: NumberView
    change_failure_rate: NumberView
    deployments_per_day: NumberView
    rollbacks_per_month: NumberView


@dataclass(frozen=True, slots=True)
class WeekView:
    """Seven days: how many incidents were opened, and how many of them were rolled back."""

    since: float
    incidents: int
    rolled_back: int


@dataclass(frozen=True, slots=True)
class RestoredView:
    """One incident that ended: its begin, its duration, and whether a rollback ended it."""

    incident: str
    at: float
    seconds: float
    rolled_back: bool


@dataclass(frozen=True, slots=True)
class StatsView:
    """The numbers of the last 90 days. `complete`: everything was read from the store."""

    at: float
    since: float
    complete: bool
    all: NumbersView
    services: tuple[NumbersView, ...]
    weeks: tuple[WeekView, ...]
    restored: tuple[RestoredView, ...]
    words: tuple[str, ...]
