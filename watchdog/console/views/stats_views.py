"""The numbers of `watchdog report stats`, and the data of their charts, as the JSON API and the templates have them.

Rule: as in view_models.py, fields may be added, never changed; text is clean, on one line.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdog.domain.incidents import Incident
from watchdog.presentation.incident_facts import ended_at
from watchdog.presentation.stats import Mean, Stats
from watchdog.presentation.stats_text import NAMES, WORDS, cells, counted
from watchdog.presentation.text import clean

WEEK_SECONDS = 7 * 86400.0
WEEKS = 13


@dataclass(frozen=True, slots=True)
class NumberView:
    """A number, the size of its sample, and its text. `value` None: not known; `counted`: from what, in words."""

    value: float | None
    n: int
    shown: str
    counted: str


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


def stats_view(
    numbers: Sequence[Stats], incidents: Sequence[Incident], since: float, now: float, complete: bool
) -> StatsView:
    """Return the numbers of all services (the last of `numbers`) and of each, most incidents first."""
    *services, whole = numbers
    # Planned incidents count in no number (presentation/stats.py).
    incidents = [one for one in incidents if not one.planned]
    services.sort(key=lambda one: (-len(one.incidents), one.service))
    return StatsView(
        at=now,
        since=since,
        complete=complete,
        all=numbers_view(whole),
        services=tuple(map(numbers_view, services)),
        weeks=tuple(_weeks(incidents, now)),
        restored=tuple(_restored(incidents)),
        words=WORDS,
    )


def numbers_view(one: Stats) -> NumbersView:
    """Return the numbers of a service, each as the command prints it."""
    means: list[Mean] = [getattr(one, attribute) for _, attribute in NAMES]
    found = zip(NAMES, means, cells(one)[1:], counted(one), strict=True)
    # The size of the sample is a field of its own, so its words are cut from the text.
    values = {
        name: NumberView(mean.value, mean.n, shown.partition(" (n=")[0], words)
        for (name, _), mean, shown, words in found
    }
    return NumbersView(service=clean(one.service), **values)


def _weeks(incidents: Sequence[Incident], now: float) -> list[WeekView]:
    """Return the last weeks, oldest first; the last one ends now."""
    found = []
    for number in range(WEEKS, 0, -1):
        since = now - number * WEEK_SECONDS
        mine = [one for one in incidents if since <= one.opened_at < since + WEEK_SECONDS]
        found.append(WeekView(since, len(mine), sum(one.rollback.requested_at is not None for one in mine)))
    return found


def _restored(incidents: Sequence[Incident]) -> list[RestoredView]:
    return [
        RestoredView(clean(one.id), one.onset_at, max(0.0, end - one.onset_at), one.rollback.requested_at is not None)
        for one in incidents
        for end in [ended_at(one)]
        if end is not None
    ]
