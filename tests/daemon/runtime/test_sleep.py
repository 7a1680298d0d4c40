"""Waiting: for time, or for a nudge, whichever comes first; nothing of it is left behind."""

import asyncio

from tests.support.clocks import FakeClock, eventually
from watchdog.daemon.runtime.sleep import sleep_until_set


async def test_time_passes_or_a_nudge_comes() -> None:
    clock, nudged = FakeClock(auto=False), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(sleep_until_set(clock, 10.0, nudged))
        await clock.advance(9.0)
        assert not waiting.done()
        await clock.advance(1.0)
        assert waiting.done()
    nudged.clear()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(sleep_until_set(clock, 10.0, nudged))
        await clock.settle()
        nudged.set()
        await eventually(waiting.done)
    assert clock.elapsed == 10.0
    await sleep_until_set(clock, 10.0, nudged)
    assert clock.elapsed == 10.0 and clock.sleepers == 0


async def test_whoever_is_cancelled_leaves_no_sleeper_behind() -> None:
    clock, nudged = FakeClock(auto=False), asyncio.Event()
    waiting = asyncio.ensure_future(sleep_until_set(clock, 10.0, nudged))
    await clock.settle()
    assert clock.sleepers == 1
    waiting.cancel()
    await clock.settle()
    assert clock.sleepers == 0 and not nudged.is_set()
