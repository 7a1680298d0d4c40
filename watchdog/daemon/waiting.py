"""Waiting for time to pass, or for somebody to say that it need not."""

import asyncio

from watchdog.ports import Clock


async def sleep_or(clock: Clock, seconds: float, nudged: asyncio.Event) -> None:
    """Return after so many seconds of the clock, or as soon as the event is set."""
    if nudged.is_set():
        return
    async with asyncio.TaskGroup() as group:
        either = (group.create_task(clock.sleep(seconds)), group.create_task(nudged.wait()))
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        for task in either:
            task.cancel()
