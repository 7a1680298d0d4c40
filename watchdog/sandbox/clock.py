"""The sandbox's only clock, and the only place that waits.

Rule: everything else in the sandbox takes the time from here, so that all simulated vendors share one clock.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

DAY = 86_400.0
"""Seconds in a day."""


def now() -> float:
    """Return UTC epoch seconds."""
    return time.time()


def monotonic() -> float:
    """Return seconds of a clock that never jumps."""
    return time.monotonic()


async def sleep(seconds: float) -> None:
    """Return after so many seconds."""
    await asyncio.sleep(seconds)


def iso(at: float) -> str:
    """Return epoch seconds as the vendors write them: RFC 3339, UTC, microseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_iso(text: str) -> float:
    """Return the epoch seconds of an ISO 8601 time; one without a zone is UTC. Raises ValueError."""
    parsed = datetime.fromisoformat(text)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


class Timers:
    """Callbacks planned for later; `close` cancels all that are left.

    With `speed` 20, twenty seconds of a scenario pass in one: for tests of the scenarios, not for a demo.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._handles: list[asyncio.TimerHandle] = []

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        """Run the callback once, in so many seconds of the scenario."""
        # Run handles are dropped here, so that a sandbox that runs for days does not collect them.
        loop = asyncio.get_running_loop()
        self._handles = [handle for handle in self._handles if not handle.cancelled() and handle.when() > loop.time()]
        self._handles.append(loop.call_later(max(0.0, seconds) / self.speed, do))

    def close(self) -> None:
        """Cancel all callbacks that have not run yet."""
        for handle in self._handles:
            handle.cancel()
        self._handles.clear()
