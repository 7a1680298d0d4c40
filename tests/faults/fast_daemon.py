"""`watchdog run` whose minutes take three seconds, so that heartbeats come soon: fast_daemon.py CONFIG."""

import asyncio
import os
import sys
from pathlib import Path

from watchdog.app.compose.daemon_run import run
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.settings.load.load import load

MINUTE_SECONDS, HURRIED_SECONDS = 60.0, 3.0


class HurriedClock(SystemClock):
    """Real time, except that who sleeps for a minute (heartbeats, the longest gap of the outbox) sleeps for less."""

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds, or three instead of sixty."""
        await super().sleep(HURRIED_SECONDS if seconds == MINUTE_SECONDS else seconds)


if __name__ == "__main__":
    config = Path(sys.argv[1])
    asyncio.run(run(load(config, os.environ, config.parent), HurriedClock()))
