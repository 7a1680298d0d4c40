"""The error budgets of services: the hours of 30 days, read a few days at a time and at most once a minute for each."""

import asyncio
from collections.abc import Sequence

from watchdog.background import run_in_background
from watchdog.console.views.view_models import BudgetView
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import ServicePolicy
from watchdog.domain.store_records import Minute
from watchdog.ports import Clock, StoreReader
from watchdog.presentation.availability import (
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
"""Read in one query: decoding that many rows holds the event loop for a few milliseconds."""
INCIDENTS_TOGETHER, INCIDENTS_MAX = 25, 200
FRESH_SECONDS = 60.0


class Budgets:
    """Caches the error budget of each service that a visitor opened."""

    def __init__(self, journal: StoreReader, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._kept: dict[str, tuple[float, ServicePolicy, BudgetView]] = {}
        self._lock = asyncio.Lock()

    async def of(self, service_policy: ServicePolicy) -> BudgetView:
        """Return the budget of a service, at most a minute old. Raises Temporary."""
        if (fresh := self._fresh(service_policy)) is not None:
            return fresh
        async with self._lock:
            # Checked again under the lock: the visitor before us may have read it meanwhile.
            if (fresh := self._fresh(service_policy)) is not None:
                return fresh
            view = await self._read(service_policy)
            self._kept[service_policy.name] = self._clock.monotonic(), service_policy, view
            return view

    def _fresh(self, service_policy: ServicePolicy) -> BudgetView | None:
        at, told_of, view = self._kept.get(service_policy.name, (0.0, None, None))
        # A changed objective or signal makes the cached budget wrong.
        return view if told_of == service_policy and self._clock.monotonic() - at < FRESH_SECONDS else None

    async def _read(self, service_policy: ServicePolicy) -> BudgetView:
        now = self._clock.now()
        # From the begin of an hour: after 48 h the store has sums of whole hours alone.
        since = now - now % HOUR_SECONDS - (HOURS - 1) * HOUR_SECONDS
        rows: list[Minute] = []
        begin = since
        while begin < now:
            end = min(begin + TOGETHER_SECONDS, now)
            rows += await self._journal.spans(begin, end, int(HOUR_SECONDS), [service_policy.name])
            begin = end
        return await run_in_background(
            _counted, service_policy, rows, await self._incidents(service_policy.name, since), since, now
        )

    async def _incidents(self, service: str, since: float) -> Sequence[Incident]:
        """Return the incidents that began in the period, and the last one before it; at most INCIDENTS_MAX, the
        newest."""
        found: dict[str, Incident] = {}
        until, reading = None, True
        while reading:
            some = await self._journal.incidents(INCIDENTS_TOGETHER, until=until, service=service)
            grown = [one for one in some if one.id not in found]
            found.update((one.id, one) for one in grown)
            # Paged by time: incidents opened at the same moment may come twice, and a page without news ends the loop.
            until = some[-1].opened_at if some else None
            reading = bool(grown) and until is not None and until >= since and len(found) < INCIDENTS_MAX
        return tuple(found.values())


def _counted(
    service_policy: ServicePolicy, rows: Sequence[Minute], incidents: Sequence[Incident], since: float, now: float
) -> BudgetView:
    hours = hours_of(rows, that_count(service_policy), since, HOURS)
    real = [one for one in outages(incidents) if not one.planned]
    # Planned downtime costs no budget: it counts neither as watched nor as lost.
    found = availability(since, hours, real, now, [one for one in incidents if one.planned])
    budget = ErrorBudget(service_policy.objective, found)
    return BudgetView(
        objective=budget.objective,
        available=found.share,
        watched_seconds=found.watched_seconds,
        allowed_seconds=budget.allowed_seconds,
        lost_seconds=found.lost_seconds,
        left=budget.left_share,
    )
