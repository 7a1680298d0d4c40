"""The deploys that a plan is made of: what the command line and the console both need."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable

from watchdog.domain.errors import Permanent
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import ServiceState
from watchdog.domain.policy import Policy
from watchdog.domain.urgency import Urgency, reading_for
from watchdog.ports import Clock, Platform

LISTING_SECONDS = 5.0
"""How long a listing is kept for plans."""
LISTING_PATIENCE_SECONDS = 8.0
LISTINGS_PER_MINUTE = 2
"""How many are read for plans, of all services together: who may look may look in a loop, and the platform counts.
Beyond, a plan is made of what the daemon listed last.
"""


async def list_deploys(platform: Platform | None, policy: Policy, name: str, clock: Clock) -> DeploysListed:
    """Return the deploys of a service as they are now. Raises Temporary or Permanent."""
    platform_id = policy.services[name].platform_id
    if platform is None:
        raise Permanent("deploys cannot be read without a key: set WATCHDOG_RENDER_API_KEY")
    if platform_id is None:
        raise Permanent(f"{name} is not on Render: add services.{name}.render")
    facts = await platform.facts(platform_id)
    return DeploysListed(clock.now(), name, tuple(await platform.deploys(platform_id)), facts)


class Listings:
    """The deploys of services for plans, read at most every LISTING_SECONDS; who asks meanwhile waits for the same."""

    def __init__(
        self,
        platform: Platform | None,
        policy: Callable[[], Policy],
        clock: Clock,
        known: Callable[[str], ServiceState | None] = lambda name: None,
    ) -> None:
        self._platform = platform
        self._policy = policy
        self._clock = clock
        self._known = known
        self._read_at = deque[float](maxlen=LISTINGS_PER_MINUTE)
        self._kept: dict[tuple[str, str | None], tuple[float, DeploysListed]] = {}
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(self, name: str) -> DeploysListed:
        """Return the deploys of a service as they were a moment ago. Raises Temporary or Permanent."""
        policy = self._policy()
        key = name, policy.services[name].platform_id
        async with self._reading[name]:
            at, listed = self._kept.get(key, (0.0, None))
            if listed is None or self._clock.monotonic() - at >= LISTING_SECONDS:
                listed = await self._read(policy, name)
                self._kept[key] = self._clock.monotonic(), listed
            return listed

    async def _read(self, policy: Policy, name: str) -> DeploysListed:
        """Read, unless this minute's reads are used up or others need the rate limit: then what was listed last."""
        now, last = self._clock.monotonic(), self._listed_last(name)
        if last is not None and len(self._read_at) == LISTINGS_PER_MINUTE and now - self._read_at[0] < 60.0:
            return last
        self._read_at.append(now)
        try:
            async with asyncio.timeout(LISTING_PATIENCE_SECONDS if last is not None else None):
                with reading_for(Urgency.SPARE):
                    return await list_deploys(self._platform, policy, name, self._clock)
        except TimeoutError:
            assert last is not None, "without it there is no deadline"
            return last

    def _listed_last(self, name: str) -> DeploysListed | None:
        """Return what the daemon listed last."""
        known = self._known(name)
        if known is None or known.facts is None or known.deploys_at is None:
            return None
        return DeploysListed(known.deploys_at, name, known.deploys, known.facts)
