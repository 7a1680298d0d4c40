"""Clocks that are wrong in the ways real ones are. Monotonic time only ever goes on."""

import asyncio

from watchdog.lab.storm.environment import EPOCH, Nature


class HostClock:
    """A worker's clock: its wall clock is off by `skew_seconds`, which may change at any moment."""

    def __init__(self, nature: Nature) -> None:
        self._loop = nature.loop
        self.skew_seconds = 0.0

    def now(self) -> float:
        """Return UTC epoch seconds as this host believes."""
        return EPOCH + self._loop.time() + self.skew_seconds

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return 1000.0 + self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Return after so many virtual seconds."""
        await asyncio.sleep(max(0.0, seconds))
