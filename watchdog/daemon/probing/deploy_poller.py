"""Reads each service's deploys and facts, one reader per service, as often as the core asks for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from watchdog.daemon.integrations.registry import IntegrationRegistry
from watchdog.daemon.runtime.sleep import sleep_until_set
from watchdog.domain.deploys import AUTO_DEPLOY, Deploy, ServiceFacts
from watchdog.domain.errors import Misshapen, Permanent, Temporary
from watchdog.domain.events import DeploysListed, DeploysUnread, Event
from watchdog.domain.policy import CALM_SECONDS_MIN
from watchdog.domain.urgency import Urgency, reading_for
from watchdog.ports import Clock, Platform

CROWD_SECONDS = 0.5
"""Spacing of deploy reads over all services that are not calm: with fifty of them, reads for rollbacks remain."""
SHOWN_MAX = 40
"""Longest part of an unknown value that is shown."""
PLATFORM = "Render"
"""The platform's name among the integrations."""


class DeployPoller:
    """Reads one service's deploys and facts at an interval that may change at any moment.

    `watching` returns the number of services that are not calm now.
    """

    def __init__(
        self,
        service: str,
        platform_id: str,
        platform: Platform,
        clock: Clock,
        emit: Callable[[Event], Awaitable[None]],
        integrations: IntegrationRegistry,
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
        self._unknown: Mapping[str, str] = {}

    def set_pace(self, every_seconds: float) -> None:
        """Read every so often from now on; at once, if that is faster than before."""
        faster = every_seconds < self._every_seconds
        self._every_seconds = every_seconds
        if faster:
            self._nudged.set()

    async def run(self) -> None:
        """Read for ever."""
        while True:
            # Before the read: a faster pace asked for during the read shortens the pause after it.
            self._nudged.clear()
            await self._emit(await self._read())
            crowded = 0.0 if self.is_calm else CROWD_SECONDS * self._watching()
            await sleep_until_set(self._clock, max(self._every_seconds, crowded), self._nudged)

    def forget(self) -> None:
        """Remove the service from the integrations: it is read no more."""
        self._integrations.forget("platform", PLATFORM, self._service)
        for value in self._unknown:
            self._integrations.forget("value", value, self._service)

    @property
    def is_calm(self) -> bool:
        """Return whether the service is read at its calm interval."""
        return self._every_seconds >= CALM_SECONDS_MIN

    def _urgency(self) -> Urgency:
        return Urgency.SPARE if self.is_calm else Urgency.WATCHING

    async def _read(self) -> Event:
        """Return the list as an event, dated when the read began: a deploy may go live while Render answers."""
        at = self._clock.now()
        try:
            with self._integrations.attempt("platform", PLATFORM, self._service), reading_for(self._urgency):
                # A function, not a value: the service may turn suspect while its read waits for Render's rate limit.
                facts = await self._platform.facts(self.platform_id)
                deploys = await self._platform.deploys(self.platform_id)
        except (Temporary, Permanent) as error:
            return DeploysUnread(self._clock.now(), self._service, str(error))
        self._note(unknown_values(facts, deploys))
        return DeploysListed(at, self._service, tuple(deploys), facts)

    def _note(self, unknown: Mapping[str, str]) -> None:
        """Record unknown values as failing, and vanished ones as working. The rest of the answer still counts."""
        for value, why in unknown.items():
            self._integrations.fails("value", value, self._service, error=Misshapen(why))
        for value in self._unknown.keys() - unknown.keys():
            self._integrations.works("value", value, self._service)
        self._unknown = unknown


def unknown_values(facts: ServiceFacts, deploys: Sequence[Deploy]) -> Mapping[str, str]:
    """Return the values that this version does not know, each with its consequence for rollbacks."""
    found = {}
    if facts.auto_deploy == "unknown":
        why = "a rollback is made without knowing whether auto-deploy is off"
        found["auto-deploy setting, which it does not report"] = why
    elif facts.auto_deploy not in AUTO_DEPLOY:
        why = "auto-deploy is switched off for a rollback, and a human must switch it on again"
        found[f"auto-deploy setting {facts.auto_deploy[:SHOWN_MAX]!r}"] = why
    if deploys and not deploys[0].has_known_status:
        why = "it is not known whether such a deploy serves, so its service is not rolled back meanwhile"
        found[f"deploy status {deploys[0].status[:SHOWN_MAX]!r}"] = why
    return found
