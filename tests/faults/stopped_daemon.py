"""`watchdog run` that is told to stop (SIGTERM) at a marked point of an action: stopped_daemon.py POINT CONFIG."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from watchdog.app.compose.daemon_run import run
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.settings.load.load import load


def main(point: str, config: Path) -> None:
    """Run the real daemon; at the point a stop is asked for, and the action goes on until it is ended."""

    async def stop(reached: str) -> None:
        if reached == point:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.2)

    asyncio.run(run(load(config, os.environ, config.parent), SystemClock(), stop))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
