"""`watchdog run` that gets a signal at a marked point of an action: signalled_daemon.py POINT CONFIG [SIGNAL] [ONCE].

SIGNAL is the name of one (SIGKILL). With ONCE, a file that must not exist yet, only the first process of several that
comes to the point gets it; the file then stands there.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from watchdog.app.compose.daemon_run import run
from watchdog.daemon.runtime.clock import SteadyClock, SystemClock
from watchdog.settings.load.load import load


def first(once: Path | None) -> bool:
    """Tell whether nobody was here before us."""
    try:
        return once is None or bool(once.touch(exist_ok=False) or True)
    except FileExistsError:
        return False


def main(point: str, config: Path, number: signal.Signals, once: Path | None) -> None:
    """Run the real daemon until the point is reached."""

    async def act(reached: str) -> None:
        if reached == point and first(once):
            os.kill(os.getpid(), number)
            if number is signal.SIGTERM:
                await asyncio.sleep(0.2)  # the stop is asked for; the action goes on until it is ended

    asyncio.run(run(load(config, os.environ, config.parent), SteadyClock(SystemClock()), act))


if __name__ == "__main__":
    more = dict(enumerate(sys.argv[3:]))
    main(sys.argv[1], Path(sys.argv[2]), signal.Signals[more.get(0, "SIGKILL")], Path(more[1]) if 1 in more else None)
