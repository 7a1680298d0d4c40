"""Keeps the core told of deploys: one reader per service, as often as the core asks for."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from watchdog.daemon.integrations import Integrations
from watchdog.daemon.waiting import sleep_or
from watchdog.domain.deploys import AUTO_DEPLOY, Deploy, ServiceFacts
from watchdog.domain.errors import Misshapen, Permanent, Temporary
from watchdog.domain.events import DeploysListed, DeploysUnread, Event
from watchdog.domain.policy import CALM_SECONDS_MIN
from watchdog.domain.urgency import Urgency, reading_for
from watchdog.ports import Clock, Platform

CROWD_SECONDS = 0.5
"""Services that are not calm are read no more often than this, taken together: fifty of them leave reads to act on."""
PLATFORM = "Render"
"""Its name among the integrations."""


class DeployWatch:
    """Reads one service's deploys and facts every so many seconds, which may change at any moment.

    `watching` tells how many services are not calm now.
    """

    def __init__(
        self,
        service: str,
        platform_id: str,
        platform: Platform,
        clock: Clock,
        emit: Callable[[Event], Awaitable[None]],
        integrations: Integrations,
        every_seconds: float = CALM_SECONDS_MIN,
        watching: Callable[[], int] = lambda: 1,
    ) -> None:
        self._service = service
        self.platform_id = platform_id
        self._platform = platform
        self._clock = clock
        self._emit = emit
        self._integrations = integrations
        self._every_seconds = every_seconds
        self._watching = watching
        self._nudged = asyncio.Event()

    def set_pace(self, every_seconds: float) -> None:
        """Read every so often from now on; at once, if that is faster than before."""
        faster = every_seconds < self._every_seconds
        self._every_seconds = every_seconds
        if faster:
            self._nudged.set()

    async def run(self) -> None:
        """Read for ever."""
        while True:
            self._nudged.clear()
            await self._emit(await self._read())
            crowded = 0.0 if self.is_calm else CROWD_SECONDS * self._watching()
            await sleep_or(self._clock, max(self._every_seconds, crowded), self._nudged)

    @property
    def is_calm(self) -> bool:
        """Tell whether nothing is wrong with the service."""
        return self._every_seconds >= CALM_SECONDS_MIN

    def _urgency(self) -> Urgency:
        return Urgency.SPARE if self.is_calm else Urgency.WATCHING

    async def _read(self) -> Event:
        """Return what was listed, dated when the look began: it tells of that moment."""
        listed: DeploysListed | None = None
        try:
            at = self._clock.now()
            with self._integrations.attempt("platform", PLATFORM, self._service), reading_for(self._urgency):
                facts = await self._platform.facts(self.platform_id)
                deploys = await self._platform.deploys(self.platform_id)
                listed = DeploysListed(at, self._service, tuple(deploys), facts)
                check_known(facts, deploys)
        except (Temporary, Permanent) as error:
            return listed or DeploysUnread(self._clock.now(), self._service, str(error))
        return listed


def check_known(facts: ServiceFacts, deploys: Sequence[Deploy]) -> None:
    """Raise Misshapen for a value that we do not know the meaning of; what was read beside it still counts."""
    if facts.auto_deploy == "unknown":
        raise Misshapen("the platform does not tell what auto-deploy is set to: it cannot be switched off")
    if facts.auto_deploy not in AUTO_DEPLOY:
        raise Misshapen(f"auto-deploy is set to {facts.auto_deploy[:40]!r}: this version does not know that value")
    if deploys and not deploys[0].has_known_status:
        status = f"{deploys[0].id} has the status {deploys[0].status[:40]!r}"
        raise Misshapen(f"{status}: this version does not know whether such a deploy serves")
