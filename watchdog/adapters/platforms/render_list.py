"""The facts of all services that a key can see, from one paged list instead of a request for each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import inf

from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.urgency import Urgency, reading_for, urgency
from watchdog.ports import Clock

PAGE_MAX = 100
"""Render lists so many at once."""
ALONE_MAX = 10
"""So few services are read one by one."""
GAP_SECONDS = {Urgency.SPARE: 5.0, Urgency.WATCHING: 2.0, Urgency.ACTING: 0.0}
"""The least between two lists: who asks meanwhile waits for the next one."""
FAILED_SECONDS = 2.0
"""So long a failed list speaks for all who ask."""


class ServiceList:
    """Reads the list, and hands each caller one that began after they asked: facts are never older than the look.

    Waiting callers join one read. It is as urgent as the most urgent of them. Where it would take more pages than there
    are callers' services, or fails for one that watches, None: read that service alone.
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
        if len(self._asked) <= max(ALONE_MAX, len(self._facts) / PAGE_MAX):
            return None
        asked_at = self._clock.monotonic()
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
        if self._failed is not None and urgency() is Urgency.SPARE:
            raise self._failed
        return self._failed is None

    async def _try(self) -> None:
        self._running, began = asyncio.Event(), self._clock.monotonic()
        try:
            with reading_for(lambda: self._most_urgent):
                found = await self._read()
            self._facts, self._began_at, self._failed = {one.id: one for one in found}, began, None
        except (Temporary, Permanent) as error:
            self._failed, self._failed_at = error, self._clock.monotonic()
        finally:
            self._running.set()
            self._running, self._most_urgent = None, Urgency.SPARE
