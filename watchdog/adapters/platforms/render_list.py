"""The facts of all services that a key can see, from one paged list instead of a request for each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import inf

from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.urgency import Urgency, reading_for, urgency
from watchdog.ports import Clock

PAGE_MAX = 100
"""The services that Render lists in one page."""
ALONE_MAX = 10
"""Up to so many services are read one by one."""
# All GETs of one Render user share 400 a minute, and a page of 100 services is one of them.
GAP_SECONDS = {Urgency.SPARE: 5.0, Urgency.WATCHING: 2.0, Urgency.ACTING: 0.0}
"""The least seconds between two lists: callers meanwhile wait for the next one."""
FAILED_SECONDS = 2.0
"""How long a failed list is the answer for all callers, in seconds."""


class ServiceList:
    """Reads the list, and gives each caller one that began after the call: facts are never older than the request.

    Waiting callers join one read, which is as urgent as the most urgent of them. The caller gets None, and reads its
    service alone, where the list would take more pages than there are callers' services. The same holds where the list
    fails for a caller that watches a suspect.
    """

    def __init__(self, read: Callable[[], Awaitable[Sequence[ServiceFacts]]], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._facts: Mapping[str, ServiceFacts] = {}
        self._began_at = self._failed_at = -inf
        self._failed: Temporary | Permanent | None = None
        self._running: asyncio.Event | None = None
        self._most_urgent = Urgency.SPARE
        self._asked = set[str]()

    async def facts(self, service_id: str) -> ServiceFacts | None:
        """Return facts, or None: read this service alone. Raises Temporary or Permanent for a calm caller."""
        self._asked.add(service_id)
        # The list pays only if it needs fewer requests than its callers would: pages of 100, against one request each.
        if len(self._asked) <= max(ALONE_MAX, len(self._facts) / PAGE_MAX):
            return None
        asked_at = self._clock.monotonic()
        # A loop: the read that ends a wait may have begun before this call, so its facts may be too old.
        while self._began_at < asked_at:
            self._most_urgent = max(self._most_urgent, urgency())
            if self._running is not None:
                await self._running.wait()
            elif (seconds := self._began_at + GAP_SECONDS[urgency()] - self._clock.monotonic()) > 0:
                await self._clock.sleep(min(seconds, 1.0))
            elif not await self._read_all():
                return None
        return self._facts.get(service_id)

    async def _read_all(self) -> bool:
        """Read the list; return whether that worked. Raises for a calm caller."""
        if self._failed is None or self._clock.monotonic() - self._failed_at >= FAILED_SECONDS:
            await self._try()
        # A calm caller can wait for the next round; one that watches a suspect gets its own read, over another path.
        if self._failed is not None and urgency() is Urgency.SPARE:
            raise self._failed
        return self._failed is None

    async def _try(self) -> None:
        self._running, began = asyncio.Event(), self._clock.monotonic()
        try:
            # A function, not a value: a more urgent caller that joins while the
            # read waits for the rate limit raises it.
            with reading_for(lambda: self._most_urgent):
                found = await self._read()
            self._facts, self._began_at, self._failed = {one.id: one for one in found}, began, None
        except (Temporary, Permanent) as error:
            self._failed, self._failed_at = error, self._clock.monotonic()
        finally:
            self._running.set()
            self._running, self._most_urgent = None, Urgency.SPARE
