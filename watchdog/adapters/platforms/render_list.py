"""The facts of all services that a key can see, from one paged list instead of a request for each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import inf

from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.errors import Permanent, Temporary
from watchdog.ports import Clock

PAGE_MAX = 100
"""Render lists so many at once."""
FAILED_SECONDS = 2.0
"""So long a failed list speaks for all who ask."""


class ServiceList:
    """The facts of all services, from one list that whoever asks meanwhile waits for.

    A key that sees more pages of services than are asked for reads each one alone.
    """

    def __init__(self, read: Callable[[], Awaitable[Sequence[ServiceFacts]]], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._reading = asyncio.Lock()
        self._facts: Mapping[str, ServiceFacts] = {}
        self._read_at = self._failed_at = -inf
        self._failed: Temporary | Permanent | None = None
        self._asked = set[str]()

    async def facts(self, service_id: str, age_seconds: float) -> ServiceFacts | None:
        """Return facts of at most that age; None: read this service alone. Raises Temporary or Permanent."""
        self._asked.add(service_id)
        if len(self._asked) * PAGE_MAX < len(self._facts):
            return None
        async with self._reading:
            if self._clock.monotonic() - self._read_at > age_seconds:
                await self._read_all()
        return self._facts.get(service_id)

    async def _read_all(self) -> None:
        began = self._clock.monotonic()
        if self._failed is not None and began - self._failed_at < FAILED_SECONDS:
            raise self._failed
        try:
            found = await self._read()
        except (Temporary, Permanent) as error:
            self._failed, self._failed_at = error, self._clock.monotonic()
            raise
        self._facts, self._read_at, self._failed = {one.id: one for one in found}, began, None
