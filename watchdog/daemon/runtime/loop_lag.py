"""Lag of the event loop: a probe that spans a stall measured the daemon, not the site, and is void.

A ticker asks to be woken every 50 ms; the delay of its wake-up is the loop's lag.
"""

from collections import deque
from collections.abc import Callable

from watchdog.ports import Clock

TICK_SECONDS = 0.05
STALL_SECONDS = 0.5
"""Lag above this voids the probes that span it."""
_NOTABLE_SECONDS = 0.1
_REMEMBERED = 512


class LoopLagMonitor:
    """Measures the loop's lag and remembers the notable stalls with their times."""

    def __init__(self, clock: Clock, on_lag: Callable[[float], None] = lambda lag_seconds: None) -> None:
        self._clock = clock
        self._on_lag = on_lag
        self._due: float | None = None
        self._stalls: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED)
        self.lag_seconds = 0.0

    async def run(self) -> None:
        """Tick for ever."""
        try:
            while True:
                self._due = self._clock.monotonic() + TICK_SECONDS
                await self._clock.sleep(TICK_SECONDS)
                self._woken(self._due, self._clock.monotonic())
        finally:
            # A stopped ticker must not look late for ever.
            self._due = None

    def lag_between(self, start: float, end: float) -> float:
        """Return the longest stall (seconds) that overlaps this span of monotonic time.

        A stall that just ended counts even before the ticker was woken: the loop wakes ready tasks in any order.
        """
        overlapping = [until - since for since, until in self._stalls if since < end and until > start]
        if self._due is not None and self._due < end:
            overlapping.append(end - self._due)
        return max(overlapping, default=0.0)

    def stalled_since(self, looked_at: float) -> str:
        """Return that the loop stalled since the last look, so events of that time are not handled yet, or ""."""
        stalled = self.lag_between(looked_at, self._clock.monotonic())
        return f"the event loop stalled for {stalled:.1f} s since the last look" if stalled > STALL_SECONDS else ""

    def _woken(self, due: float, now: float) -> None:
        self.lag_seconds = max(0.0, now - due)
        self._on_lag(self.lag_seconds)
        if self.lag_seconds >= _NOTABLE_SECONDS:
            self._stalls.append((due, now))
