"""The only place of the daemon that reads the real clock; everybody else is given a `ports.Clock`."""

import asyncio
import time


class SystemClock:
    """Real time."""

    def now(self) -> float:
        """Return UTC epoch seconds; may jump when the host's clock is set."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds; at once for zero and less."""
        await asyncio.sleep(max(0.0, seconds))
