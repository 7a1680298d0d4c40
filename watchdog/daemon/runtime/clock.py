"""The only file of the daemon that reads the real clock; all others receive a `ports.Clock`."""

import asyncio
import time

from watchdog.ports import Clock

SLEW = 0.1
"""The share by which steady time runs fast or slow to follow a changed clock: 45 s take 40.5 to 49.5 s."""
STEP_SECONDS = 1.0
"""A larger difference is logged as a changed clock; a smaller one is drift."""
_BOOT_TIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""CLOCK_BOOTTIME where the host has it: it runs on while the host is suspended, so a suspension counts as a stall."""


class SystemClock:
    """Real time."""

    def now(self) -> float:
        """Return UTC epoch seconds; may jump when the host's clock is set."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return time.clock_gettime(_BOOT_TIME)

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds; at once for zero and less."""
        await asyncio.sleep(max(0.0, seconds))


class SteadyClock:
    """UTC that never jumps: the host's time at the start, carried on by the monotonic clock.

    The core measures durations (patience, freshness, cooldown, budgets) between the times of events. A host clock set
    forward by an hour must not look like an hour of outage. The difference of both clocks is made up slowly; a restart
    takes the host's time at once.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._now = clock.now()
        self._read_at = clock.monotonic()
        self._behind_seconds = 0.0

    def now(self) -> float:
        """Return UTC epoch seconds that go forwards only, at most `SLEW` faster or slower than real seconds."""
        read_at, wall = self._clock.monotonic(), self._clock.now()
        passed = max(0.0, read_at - self._read_at)
        behind = wall - (self._now + passed)
        # Against the last difference: one change of the host's clock is logged once, not until it is made up.
        if abs(behind - self._behind_seconds) > STEP_SECONDS:
            # Imported where it is needed: commands that read the store have a clock, too, and log nothing.
            import structlog

            log = structlog.get_logger("watchdog")
            log.warning("host clock changed, slewing", by_seconds=behind - self._behind_seconds)
        # Never backwards: the slew is bounded by the time that passed.
        made_up = max(-SLEW * passed, min(behind, SLEW * passed))
        self._now += passed + made_up
        self._read_at, self._behind_seconds = read_at, behind - made_up
        return self._now

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds; at once for zero and less."""
        await self._clock.sleep(seconds)
