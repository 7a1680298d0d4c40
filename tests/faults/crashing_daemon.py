"""`watchdog run` with a fault of our own that holds every secret, in words and in locals: crashing_daemon.py CONFIG.

Its minutes are short, so that heartbeats come soon.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from fast_daemon import HurriedClock

from watchdog.adapters.platforms import PLATFORMS
from watchdog.app.compose.daemon_run import run
from watchdog.settings.load.load import load


def main(config: Path) -> None:
    """Run the real daemon; reading a service on the platform dies with the secrets in hand."""
    settings = load(config, os.environ, config.parent)
    build = PLATFORMS["render"]

    def broken(*given: Any, **more: Any) -> Any:
        made = build(*given, **more)

        async def facts(service_id: str) -> Any:
            headers = {name: f"Bearer {value}" for name, value in settings.secrets.items()}
            parts = [value.rpartition("/")[2].rpartition("=")[2] for value in settings.secrets.values()]
            error = ValueError(f"of {headers} and {parts}")
            raise RuntimeError(f"no answer to GET https://bob:{given[0]}@x.example/?key={given[0]}") from error

        made.facts = facts
        return made

    PLATFORMS["render"] = broken
    asyncio.run(run(settings, HurriedClock()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
