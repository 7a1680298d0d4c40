"""`watchdog run` that dies by kill -9 at a marked point of an action: python tests/faults/killed.py POINT CONFIG."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from watchdog.app.run import run
from watchdog.daemon.clock import SystemClock
from watchdog.settings import load


def main(point: str, config: Path) -> None:
    """Run the real daemon until the point is reached."""

    async def die(reached: str) -> None:
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(run(load(config, os.environ, config.parent), SystemClock(), die))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
