"""Ctrl-C (SIGINT) while a command runs: the one place that defines its effect.

A waiting command is cancelled by asyncio: its `finally` blocks end the processes it started. A command that changes
something is cancelled as well, but never between two steps that belong together. A command of the lab computes without
yielding to the event loop, so that asyncio could cancel it only at its end: it is interrupted at once. The daemon
(`watchdog run`) replaces all this by its graceful shutdown, on SIGTERM and SIGINT alike.
"""

import asyncio
import signal
from collections.abc import Coroutine
from types import FrameType
from typing import Any


async def interruptible(command: Coroutine[Any, Any, int]) -> int:
    """Await a command within `asyncio.run`. Raises KeyboardInterrupt if Ctrl-C arrives while it computes."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    # `asyncio.run` has installed its own handler, which cancels the task: ours goes in front of it.
    cancel = signal.getsignal(signal.SIGINT)

    def interrupt(number: int, frame: FrameType | None) -> None:
        # The command itself is running, not waiting: cancelling would take effect only at its next await.
        if asyncio.current_task(loop) is task:
            raise KeyboardInterrupt
        if callable(cancel):
            cancel(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    try:
        return await command
    finally:
        # Only ours is removed: the daemon installs handlers of its own.
        if signal.getsignal(signal.SIGINT) is interrupt:
            signal.signal(signal.SIGINT, cancel)
