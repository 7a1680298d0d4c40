"""`watchdog run` on a host whose clock is set meanwhile: clock_step_daemon.py CONFIG FILE, which holds the seconds."""

import asyncio
import os
import sys
from pathlib import Path

from watchdog.app.compose.daemon_run import run
from watchdog.daemon.runtime.clock import SteadyClock, SystemClock
from watchdog.settings.load.load import load


class SetClock(SystemClock):
    """The host's clock, set by what stands in a file; what never jumps goes on as it does."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> float:
        """Return UTC epoch seconds, with so many added."""
        return super().now() + float(self._file.read_text())


def main(config: Path, file: Path) -> None:
    """Run the real daemon as `watchdog run` does."""
    asyncio.run(run(load(config, os.environ, config.parent), SteadyClock(SetClock(file))))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
