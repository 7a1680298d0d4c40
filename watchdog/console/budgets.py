"""The error budgets of services: the hours of 30 days, read a few days at a time and at most once a minute for each."""

from collections.abc import Sequence

from watchdog.console.views import BudgetView
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import ServicePolicy
from watchdog.domain.records import Minute
from watchdog.ports import Clock, Journal
from watchdog.words.availability import (
    HOUR_SECONDS,
    PERIOD_SECONDS,
    ErrorBudget,
    availability,
    hours_of,
    outages,
    that_count,
)

HOURS = int(PERIOD_SECONDS // HOUR_SECONDS)
TOGETHER_SECONDS = 5 * 86400.0
"""Read at once: what is decoded then holds the loop for a few milliseconds."""
FRESH_SECONDS = 60.0


class Budgets:
    """Knows the budget of each service that somebody looked at."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._kept: dict[str, tuple[float, ServicePolicy, BudgetView]] = {}

    async def of(self, wishes: ServicePolicy, newest: Sequence[Incident]) -> BudgetView:
        """Return the budget of a service as it was a minute ago at most. Raises Temporary.

        An hour with one of its `newest` incidents lost no more than the incident took.
        """
        at, told_of, view = self._kept.get(wishes.name, (0.0, None, None))
        if view is None or told_of != wishes or self._clock.monotonic() - at >= FRESH_SECONDS:
            view = await self._read(wishes, newest)
            self._kept[wishes.name] = self._clock.monotonic(), wishes, view
        return view

    async def _read(self, wishes: ServicePolicy, newest: Sequence[Incident]) -> BudgetView:
        now = self._clock.now()
        since = now - now % HOUR_SECONDS - (HOURS - 1) * HOUR_SECONDS
        rows: list[Minute] = []
        begin = since
        while begin < now:
            end = min(begin + TOGETHER_SECONDS, now)
            rows += await self._journal.spans(begin, end, int(HOUR_SECONDS), [wishes.name])
            begin = end
        hours = hours_of(rows, that_count(wishes), since, HOURS)
        return budget_view(ErrorBudget(wishes.objective, availability(since, hours, outages(newest), now)))


def budget_view(budget: ErrorBudget) -> BudgetView:
    """Return the budget as it is shown."""
    found = budget.found
    return BudgetView(
        objective=budget.objective,
        available=found.share,
        watched_seconds=found.watched_seconds,
        allowed_seconds=budget.allowed_seconds,
        lost_seconds=found.lost_seconds,
        left=budget.left_share,
    )
