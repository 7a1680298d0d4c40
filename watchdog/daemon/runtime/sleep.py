"""Waiting for time to pass, or for somebody to say that it need not."""

import asyncio

from watchdog.ports import Clock


async def sleep_until_set(clock: Clock, seconds: float, nudged: asyncio.Event) -> None:
    """Return after so many seconds of the clock, or as soon as the event is set; it is set then in either case."""
    if nudged.is_set():
        return
    sleeping = asyncio.ensure_future(clock.sleep(seconds))
    sleeping.add_done_callback(lambda done: None if done.cancelled() else nudged.set())
    try:
        await nudged.wait()
    finally:
        sleeping.cancel()
