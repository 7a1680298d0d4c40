"""What services may depend on, undeclared: from the incidents of the last 90 days, for their pages."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from watchdog.background import run_in_background
from watchdog.domain.policy import Policy, ServicePolicy
from watchdog.ports import Clock
from watchdog.presentation.proposals.proposed_dependencies import ProposedDependency, proposed_dependencies
from watchdog.presentation.stats_loader import Numbers

FRESH_SECONDS = 60.0


class DependencyProposals:
    """Caches the proposals of all services: one pass over the record makes them, for whichever page asks first."""

    def __init__(self, numbers: Numbers, clock: Clock) -> None:
        self._numbers = numbers
        self._clock = clock
        self._made_at = 0.0
        self._services: Mapping[str, ServicePolicy] | None = None
        self._kept: Mapping[str, Sequence[ProposedDependency]] = {}
        self._lock = asyncio.Lock()

    async def of(self, policy: Policy, name: str) -> tuple[ProposedDependency, ...]:
        """Return the proposals for a service, at most FRESH_SECONDS old. Raises Temporary.

        Nothing until all incidents are read: it may have failed alone in one of the others.
        """
        if not self._is_fresh(policy):
            async with self._lock:
                # Checked again under the lock: the visitor before us may have made them meanwhile.
                if not self._is_fresh(policy) and not await self._make(policy):
                    return ()
        return tuple(self._kept.get(name, ()))

    def _is_fresh(self, policy: Policy) -> bool:
        # Other dependencies may be declared since a reload.
        return self._services == policy.services and self._clock.monotonic() - self._made_at < FRESH_SECONDS

    async def _make(self, policy: Policy) -> bool:
        """Make the proposals, and return whether all incidents were read."""
        await self._numbers.refresh()
        if not self._numbers.has_all_incidents:
            return False
        # In a thread: there may be thousands.
        made = await run_in_background(proposed_dependencies, policy.services, self._numbers.incidents)
        found: dict[str, list[ProposedDependency]] = defaultdict(list)
        for one in made:
            found[one.service].append(one)
        self._made_at, self._services, self._kept = self._clock.monotonic(), policy.services, found
        return True
