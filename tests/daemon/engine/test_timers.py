"""The timekeeper: wakes the core at the moments asked for, in order, and saves a snapshot now and then."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.clocks import FakeClock
from watchdog.daemon.engine.timers import FIRST_SNAPSHOT_SECONDS, QUIET_SECONDS, SNAPSHOT_SECONDS, WAKES_MAX, Timers
from watchdog.domain.events import Event


class Keeping:
    """A timekeeper that runs, on a clock that stands still; a snapshot takes `slow` seconds.

    `told` and `snapshots` are when it spoke, in seconds since the start (less than 0: quietly).
    """

    def __init__(self, slow: float) -> None:
        self.clock, self.slow = FakeClock(auto=False), slow
        self.told, self.snapshots = list[float](), list[float]()
        self.keeper = Timers(self.clock, self.tell, self.snapshot)

    async def tell(self, event: Event) -> None:
        self.told.append(round(event.at - self.clock.start, 3))

    async def snapshot(self, *, quietly: bool) -> None:
        self.snapshots.append(round(-self.clock.elapsed if quietly else self.clock.elapsed, 3))
        await self.clock.sleep(self.slow)


@asynccontextmanager
async def keeping(slow: float = 0.0) -> AsyncIterator[Keeping]:
    it = Keeping(slow)
    running = asyncio.ensure_future(it.keeper.run())
    await it.clock.settle()
    try:
        yield it
    finally:
        running.cancel()
        await it.clock.settle()


async def test_the_core_is_woken_when_it_asked_for_it() -> None:
    async with keeping() as it:
        for seconds in (50.0, 5.0, 5.0, 20.0):
            it.keeper.wake_at(it.clock.start + seconds)
        await it.clock.advance(60.0)
        assert it.told == [5.0, 20.0, 50.0]
        it.keeper.wake_at(it.clock.start)
        await it.clock.advance(0.1)
        assert len(it.told) == 4


async def test_snapshots_come_soon_and_then_regularly() -> None:
    async with keeping() as it:
        await it.clock.advance(FIRST_SNAPSHOT_SECONDS + 2 * SNAPSHOT_SECONDS)
    assert it.snapshots == [FIRST_SNAPSHOT_SECONDS + number * SNAPSHOT_SECONDS for number in range(3)] and it.told == []


async def test_a_snapshot_out_of_turn_is_quiet_and_comes_at_once() -> None:
    """Asked for several times at a moment it is one; the regular ones stay where they are."""
    async with keeping() as it:
        await it.clock.advance(10.0)
        it.keeper.save_now()
        it.keeper.save_now()
        await it.clock.advance(0.2)
        it.keeper.save_now()
        await it.clock.advance(FIRST_SNAPSHOT_SECONDS + SNAPSHOT_SECONDS - 10.2)
    quiet = [-10.0, -10.0 - QUIET_SECONDS]
    assert it.snapshots == [FIRST_SNAPSHOT_SECONDS, *quiet, FIRST_SNAPSHOT_SECONDS + SNAPSHOT_SECONDS]


@pytest.mark.parametrize("later", [0.2, 0.6])
async def test_after_a_slow_snapshot_out_of_turn_the_next_one_waits_ten_times_as_long(later: float) -> None:
    """Every event waits while one is saved: for a tenth of the time at most. What is asked for meanwhile counts.

    The regular ones are as slow, and come every 30 s all the same.
    """
    async with keeping(slow=0.5) as it:
        await it.clock.advance(5.0)
        it.keeper.save_now()
        await it.clock.advance(later)
        it.keeper.save_now()
        await it.clock.advance(FIRST_SNAPSHOT_SECONDS + SNAPSHOT_SECONDS - 5.0 - later)
    assert it.snapshots == [FIRST_SNAPSHOT_SECONDS, -5.0, -10.5, FIRST_SNAPSHOT_SECONDS + SNAPSHOT_SECONDS]


async def test_wakes_are_bounded() -> None:
    """A core gone wild cannot fill the memory; what it asks for beyond the bound comes with the next snapshot."""
    async with keeping() as it:
        for number in range(WAKES_MAX + 50):
            it.keeper.wake_at(it.clock.start + 1000.0 + number)
        assert len(it.keeper._wakes) == WAKES_MAX
        it.keeper.wake_at(it.clock.start + FIRST_SNAPSHOT_SECONDS + 1.0)
        await it.clock.advance(FIRST_SNAPSHOT_SECONDS + SNAPSHOT_SECONDS)
    assert it.told == it.snapshots == [FIRST_SNAPSHOT_SECONDS, FIRST_SNAPSHOT_SECONDS + SNAPSHOT_SECONDS]
