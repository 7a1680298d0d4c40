"""Fresh deploy lists for plans, for the command line and the console."""

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
"""How long a list is cached for plans."""
LISTING_PATIENCE_SECONDS = 8.0
LISTINGS_PER_MINUTE = 2
"""Lists read for plans, of all services together: a viewer may reload in a loop, and the platform limits requests.
Beyond that, a plan uses the list that the daemon read last.
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
    """Deploy lists for plans, read at most every LISTING_SECONDS; concurrent callers share one read."""

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
        # One lock per service: a slow read of one must not delay the plans of others.
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(self, name: str) -> DeploysListed:
        """Return the deploys of a service, at most LISTING_SECONDS old. Raises Temporary or Permanent."""
        policy = self._policy()
        # The id is part of the key: after a reload the name may belong to another service on the platform.
        key = name, policy.services[name].platform_id
        async with self._reading[name]:
            at, listed = self._kept.get(key, (0.0, None))
            if listed is None or self._clock.monotonic() - at >= LISTING_SECONDS:
                listed = await self._read(policy, name)
                self._kept[key] = self._clock.monotonic(), listed
            return listed

    async def _read(self, policy: Policy, name: str) -> DeploysListed:
        """Read the list, unless this minute's reads or the rate limit are used up: then return the last one."""
        now, last = self._clock.monotonic(), self._listed_last(name)
        # A sliding window: the oldest of the last LISTINGS_PER_MINUTE reads.
        if last is not None and len(self._read_at) == LISTINGS_PER_MINUTE and now - self._read_at[0] < 60.0:
            return last
        # Counted before the call: a failed read has used up a request of the rate limit as well.
        self._read_at.append(now)
        try:
            # Without an older list there is nothing to fall back to, so the read may take its time.
            async with asyncio.timeout(LISTING_PATIENCE_SECONDS if last is not None else None):
                # The daemon's own reads come first where the platform's rate limit is short.
                with reading_for(Urgency.SPARE):
                    return await list_deploys(self._platform, policy, name, self._clock)
        except TimeoutError:
            assert last is not None, "without it there is no deadline"
            return last

    def _listed_last(self, name: str) -> DeploysListed | None:
        """Return the list that the daemon read last."""
        known = self._known(name)
        if known is None or known.facts is None or known.deploys_at is None:
            return None
        return DeploysListed(known.deploys_at, name, known.deploys, known.facts)
