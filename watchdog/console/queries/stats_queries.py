"""The numbers of `watchdog report stats` as views, and the data of their charts. Pure."""

from collections.abc import Sequence

from watchdog.console.views.stats_views import NumbersView, NumberView, RestoredView, StatsView, WeekView
from watchdog.domain.incidents import Incident
from watchdog.presentation.incident_facts import ended_at
from watchdog.presentation.stats import Mean, Stats
from watchdog.presentation.stats_text import NAMES, WORDS, cells
from watchdog.presentation.text import clean

WEEK_SECONDS = 7 * 86400.0
WEEKS = 13


def stats_view(
    counted: Sequence[Stats], incidents: Sequence[Incident], since: float, now: float, complete: bool
) -> StatsView:
    """Return the numbers of all services (the last of `counted`) and of each, most incidents first."""
    *services, whole = counted
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
    found = zip(NAMES, means, cells(one)[1:], strict=True)
    # The size of the sample is a field of its own, so its words are cut from the text.
    values = {name: NumberView(mean.value, mean.n, shown.partition(" (n=")[0]) for (name, _), mean, shown in found}
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
