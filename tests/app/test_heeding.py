"""Signals reach the daemon though its event loop is flooded with wake-ups."""

import asyncio
import os
import signal

from watchdog.app.compose.daemon_run import heeding


def _fill_the_wake_up_pipe(loop: asyncio.AbstractEventLoop) -> None:
    """Do what resolver threads do to a loop that stands still: wake it until its pipe holds no more."""
    while True:
        try:
            loop._csock.send(b"\0")  # type: ignore[attr-defined]
        except BlockingIOError:
            return


async def test_case_47_a_signal_is_heard_though_the_wake_up_pipe_is_full() -> None:
    """Both events are set, and what handled the signals before does so again."""
    before = signal.getsignal(signal.SIGUSR1)
    stop, reload = asyncio.Event(), asyncio.Event()
    with heeding({signal.SIGUSR1: stop, signal.SIGUSR2: reload}):
        _fill_the_wake_up_pipe(asyncio.get_running_loop())
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            os.kill(os.getpid(), number)
        await asyncio.wait_for(asyncio.gather(stop.wait(), reload.wait()), 30)
    assert signal.getsignal(signal.SIGUSR1) is before
