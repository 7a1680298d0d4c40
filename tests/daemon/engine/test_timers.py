"""The timekeeper: wakes the core at the moments asked for, in order, and saves a snapshot now and then."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.clocks import FakeClock
from watchdog.daemon.engine.timers import FIRST_SNAPSHOT_SECONDS, QUIET_SECONDS, SNAPSHOT_SECONDS, WAKES_MAX, Timers
from watchdog.domain.events import Event


@asynccontextmanager
async def keeping(
    clock: FakeClock, told: list[float], snapshots: list[float], slow: float = 0.0
) -> AsyncIterator[Timers]:
    """Run a timekeeper; `told` and `snapshots` are when it spoke, in seconds since the start (less than 0: quietly).

    A snapshot takes `slow` seconds.
    """

    async def tell(event: Event) -> None:
        told.append(round(event.at - clock.start, 3))

    async def snapshot(*, quietly: bool) -> None:
        snapshots.append(round(-clock.elapsed if quietly else clock.elapsed, 3))
        await clock.sleep(slow)

    keeper = Timers(clock, tell, snapshot)
    running = asyncio.ensure_future(keeper.run())
    await clock.settle()
    try:
        yield keeper
    finally:
        running.cancel()
        await clock.settle()


async def test_the_core_is_woken_when_it_asked_for_it() -> None:
    told: list[float] = []
    clock = FakeClock(auto=False)
    async with keeping(clock, told, []) as keeper:
        for seconds in (50.0, 5.0, 5.0, 20.0):
            keeper.wake_at(clock.start + seconds)
        await clock.advance(60.0)
        assert told == [5.0, 20.0, 50.0]
        keeper.wake_at(clock.start)
        await clock.advance(0.1)
        assert len(told) == 4


async def test_snapshots_come_soon_and_then_regularly() -> None:
    told: list[float] = []
    snapshots: list[float] = []
    clock = FakeClock(auto=False)
    async with keeping(clock, told, snapshots):
        await clock.advance(FIRST_SNAPSHOT_SECONDS + 2 * SNAPSHOT_SECONDS)
    assert snapshots == [FIRST_SNAPSHOT_SECONDS + number * SNAPSHOT_SECONDS for number in range(3)] and told == []


async def test_a_snapshot_out_of_turn_is_quiet_and_comes_at_once() -> None:
    """Asked for several times at a moment it is one; the regular ones stay where they are."""
    snapshots: list[float] = []
    clock = FakeClock(auto=False)
    async with keeping(clock, [], snapshots) as keeper:
        await clock.advance(10.0)
        keeper.save_now()
        keeper.save_now()
        await clock.advance(0.2)
        keeper.save_now()
        await clock.advance(FIRST_SNAPSHOT_SECONDS + SNAPSHOT_SECONDS - 10.2)
    quiet = [-10.0, -10.0 - QUIET_SECONDS]
    assert snapshots == [FIRST_SNAPSHOT_SECONDS, *quiet, FIRST_SNAPSHOT_SECONDS + SNAPSHOT_SECONDS]


@pytest.mark.parametrize("later", [0.2, 0.6])
async def test_after_a_slow_snapshot_out_of_turn_the_next_one_waits_ten_times_as_long(later: float) -> None:
    """Every event waits while one is saved: for a tenth of the time at most. What is asked for meanwhile counts."""
    snapshots: list[float] = []
    clock = FakeClock(auto=False)
    async with keeping(clock, [], snapshots, slow=0.5) as keeper:
        await clock.advance(5.0)
        keeper.save_now()
        await clock.advance(later)
        keeper.save_now()
        await clock.advance(6.0)
    assert snapshots == [FIRST_SNAPSHOT_SECONDS, -5.0, -10.5]


async def test_wakes_are_bounded() -> None:
    """A core gone wild cannot fill the memory."""
    clock = FakeClock(auto=False)
    async with keeping(clock, [], []) as keeper:
        for number in range(WAKES_MAX + 50):
            keeper.wake_at(clock.start + 1000.0 + number)
        assert len(keeper._wakes) == WAKES_MAX
