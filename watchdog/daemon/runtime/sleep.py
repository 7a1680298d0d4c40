"""Waits that an event cuts short."""

import asyncio

from watchdog.ports import Clock


async def sleep_until_set(clock: Clock, seconds: float, nudged: asyncio.Event) -> None:
    """Return after so many seconds of the clock, or as soon as the event is set; it is set then in either case."""
    if nudged.is_set():
        return
    sleeping = asyncio.ensure_future(clock.sleep(seconds))
    # One wait on the event covers both causes; the caller clears it before the next sleep.
    sleeping.add_done_callback(lambda done: None if done.cancelled() else nudged.set())
    try:
        await nudged.wait()
    finally:
        sleeping.cancel()


async def any_set(*events: asyncio.Event) -> None:
    """Return once one of these events is set."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
