"""Ctrl-C (SIGINT) while a command runs: the one place that says what it does.

A command that waits is cancelled, as asyncio does it: its `finally` blocks end the processes it started. So is one that
changes something: never between two steps that belong together. A command of the lab computes and does not give the
event loop its turn; asyncio alone would cancel it only at its end: it is interrupted where it stands. The daemon
(`watchdog run`) replaces all this by its own orderly stop, on SIGTERM and SIGINT alike.
"""

import asyncio
import signal
from collections.abc import Coroutine
from types import FrameType
from typing import Any


async def interruptible(command: Coroutine[Any, Any, int]) -> int:
    """Await a command within `asyncio.run`. Raises KeyboardInterrupt where Ctrl-C finds it computing."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    cancel = signal.getsignal(signal.SIGINT)

    def interrupt(number: int, frame: FrameType | None) -> None:
        if asyncio.current_task(loop) is task:
            raise KeyboardInterrupt
        if callable(cancel):
            cancel(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    try:
        return await command
    finally:
        if signal.getsignal(signal.SIGINT) is interrupt:  # else the command has set its own
            signal.signal(signal.SIGINT, cancel)
