"""A simulated cloud with a staging service, and a daemon that guards it: for stories of whole drills."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.daemon_processes import SHORT, Cloud, Daemon, running_cloud
from watchdog.app.drills.sandbox_drill import staging_copy
from watchdog.sandbox.world import COMMITS, STAGING

BAD, GOOD = COMMITS["bad"][0], COMMITS["40"][0]
PATH = f"/render/v1/services/srv-{STAGING}"
NO_COOLDOWN = "budget: {cooldown: 1s, per_service_per_day: 9, per_fleet_per_10m: 9}\n"


@contextmanager
def staging(folder: Path, more: str = "", **replaced: str) -> Iterator[tuple[Cloud, Daemon]]:
    """Run both; production is observed, and stands beside the staging service."""
    with running_cloud(folder, quirks=False, staging=True) as cloud:
        replace = {
            "mode: autonomous": "mode: observe",
            "dependencies:\n": f"{staging_copy(cloud.urls)}dependencies:\n",
            **replaced,
        }
        cloud.write(replace=replace, more=SHORT + NO_COOLDOWN + more)
        daemon = Daemon(cloud)
        try:
            daemon.start().until_watching()
            yield cloud, daemon
        finally:
            daemon.end()


def changes(cloud: Cloud) -> list[tuple[str, str]]:
    """Return each change that Render was asked for, with the path below its service."""
    asked = [one for one in cloud.log("request") if one["vendor"] == "render" and one["method"] != "GET"]
    assert all(one["path"].startswith(PATH) for one in asked), "production was changed"
    return [(one["method"], one["path"].removeprefix(PATH)) for one in asked]


def live(cloud: Cloud) -> list[str]:
    """Return the commits that went live on the staging service since the start, oldest first."""
    return [one["commit"] for one in cloud.log("deploy_live") if one["service"] == STAGING]


def drilled(daemon: Daemon, *words: str, code: int = 0) -> dict[str, Any]:
    """Hold a drill by the command line, and return its scoreboard."""
    done = daemon.cli("drill", STAGING, "--json", *words)
    assert done.returncode == code, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
