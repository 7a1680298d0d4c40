"""The guarded sites and the control target, as one worker sees them (ports.SignalSource)."""

import asyncio
from collections.abc import Sequence

from watchdog.domain.readings import Bad, FailureKind, Good, Reading
from watchdog.lab.storm.environment import Nature
from watchdog.lab.storm.render import Service
from watchdog.ports import Sample

READ_SECONDS = (0.05, 0.1, 0.3)
TIMEOUT_SECONDS = 3.0
DOWN = Bad("HTTP 500", FailureKind.STATUS)
UNREACHABLE = Bad("no answer", FailureKind.TIMEOUT)
UP = Good("HTTP 200")


class Sight:
    """Whether a host's network works: without it, everything seems to be down."""

    def __init__(self, nature: Nature) -> None:
        self._nature = nature
        self.blind_until = 0.0

    @property
    def is_blind(self) -> bool:
        """Return whether no site can be reached from here."""
        return self._nature.loop.time() < self.blind_until


class Probe:
    """A probe of a service, or of the control target if it is given none."""

    adaptive = True

    def __init__(self, nature: Nature, sight: Sight, name: str, service: Service | None, every_seconds: float) -> None:
        self.name = name
        self.kind = "http" if service is not None else "control"
        self.every_seconds = every_seconds
        self._nature = nature
        self._sight = sight
        self._service = service

    async def read(self) -> Sequence[Sample]:
        """Look once."""
        if self._sight.is_blind:
            # A host without a network gets no answer at all: only the time limit ends its probe.
            await asyncio.sleep(TIMEOUT_SECONDS)
            return (Sample(UNREACHABLE),)
        seconds = self._nature.chance.choice(READ_SECONDS)
        await asyncio.sleep(seconds)
        return (Sample(self._answer(), latency_seconds=seconds),)

    def _answer(self) -> Reading:
        service, now = self._service, self._nature.loop.time()
        # The control target never fails by itself: it looks down only to a host without a network.
        if service is None or not self._nature.happens(service.share(now)):
            return UP
        # For the judge: a worker can have known only of a failure that a probe saw.
        service.seen_failing.append(now)
        return DOWN

    async def close(self) -> None:
        """Nothing to close."""
