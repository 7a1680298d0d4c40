"""The real clock."""

import time

from watchdog.daemon.clock import SystemClock
from watchdog.ports import Clock


async def test_it_is_a_clock_and_sleeping_moves_it() -> None:
    """Monotonic time does not go back, wall time is UTC epoch seconds, zero and less return at once."""
    clock: Clock = SystemClock()
    before, wall = clock.monotonic(), time.time()
    await clock.sleep(0.01)
    await clock.sleep(-5)
    assert clock.monotonic() - before >= 0.009
    assert clock.now() >= wall - 1
