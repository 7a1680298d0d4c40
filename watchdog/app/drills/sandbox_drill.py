"""`watchdog drill --sandbox`: the drill of a staging service, against a simulated cloud and a real daemon.

Both are processes of their own, as a user would start them; nothing leaves the machine. Production stands beside the
staging service there, and the drill fails if it was changed.
"""

import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from watchdog.app.commands.store_reading import reading
from watchdog.app.drills.drill_commands import fault_of
from watchdog.app.drills.drill_ground import Tell, staging_of
from watchdog.app.drills.outage_drill import OutageDrill
from watchdog.app.live.live_episode import LivePair
from watchdog.app.sandbox_demo import sandbox_process
from watchdog.app.sandbox_demo.demo import Pacing
from watchdog.domain.drills.drill import Drill, DrillMethod
from watchdog.domain.errors import Permanent
from watchdog.ports import Clock
from watchdog.sandbox.config_file import write_config
from watchdog.sandbox.world import BAD_FLAG, COMMITS, STAGING
from watchdog.settings.load.load import load

READY_WITHIN_SECONDS = 90.0
PRODUCTION = "web"
SERVICE = """\
  {name}:
    render: srv-{name}
    mode: autonomous
    drill:
      staging: true
      bad_commit: {commit}
      flag_on: {{flag: {flag}, request: {{method: PATCH, url: "{url}", headers: {key}, body: {{enabled: true}}}}}}
    remedies:
      - flag_off:
          flag: {flag}
          request: {{method: PATCH, url: "{url}", headers: {key}, body: {{enabled: false}}}}
          look: {{url: "{url}", json: $.state.enabled}}
          prove: 10s
          without_deploy: true
    signals:
      home:   {{http: "{site}/", contains: "</html>"}}
      api:    {{latency: "{site}/api/test", p95: 800ms}}
      events: {{render_events: default}}
"""


@dataclass(frozen=True, slots=True)
class SandboxDrill:
    """The scoreboard of a drill in the sandbox, and the configuration in whose folder its record is."""

    drill: Drill
    config: Path
    shortened: tuple[str, ...]  # shipped defaults that were not in force, in words


async def sandbox_drill(
    by: str,
    clock: Clock,
    tell: Tell,
    targets: Mapping[str, float],
    *,
    method: DrillMethod = DrillMethod.BAD_COMMIT,
    shortened: str | None = None,
    into: Path | None = None,
) -> SandboxDrill:
    """Hold a drill in the sandbox; every process is ended, also after an error.

    `shortened` are lines of configuration in place of the demo's; `into` is the folder of its files. Raises Permanent
    if a process does not start, or ends.
    """
    pacing = Pacing()
    # Never removed: the result names the configuration, by which `explain` tells the incident.
    folder = into or Path(tempfile.mkdtemp(prefix="watchdog-drill-"))
    log = folder / "sandbox.jsonl"
    async with AsyncExitStack() as stack:
        options = ("--staging", "--rollback-seconds", str(pacing.rollback_seconds), "--log-file", str(log))
        errors = stack.enter_context((folder / "sandbox.err").open("wb"))
        urls = await stack.enter_async_context(sandbox_process.sandbox(*options, errors=errors))
        config = configure(folder, urls, pacing.yaml if shortened is None else shortened)
        out = stack.enter_context((folder / "daemon.jsonl").open("wb"))
        err = stack.enter_context((folder / "daemon.err").open("wb"))
        daemon = await stack.enter_async_context(
            sandbox_process.running("watchdog", "run", "-c", str(config), out=out, errors=err, folder=folder)
        )
        pair = LivePair(folder, urls["admin"], daemon, clock)
        if not await pair.until(lambda: _ready(pair), READY_WITHIN_SECONDS):
            raise Permanent("the daemon did not get ready: is the machine too busy?")
        drill = await _held(config, by, clock, tell, targets, method)
        return SandboxDrill(_judged(drill, pair), config, pacing.shortened if shortened is None else ())


def configure(folder: Path, urls: Mapping[str, Any], more: str) -> Path:
    """Write the configuration: production is observed, its staging copy is rolled back and drilled."""
    return write_config(folder, urls, "observe", more=more, services=staging_copy(urls))


def staging_copy(urls: Mapping[str, Any]) -> str:
    """Return the staging service as lines of YAML."""
    url, key = f"{urls['flags']}/{BAD_FLAG}", '{authorization: "{token}"}'
    site, commit = urls["sites"][STAGING], COMMITS["bad"][0]
    return SERVICE.format(name=STAGING, site=site, commit=commit, flag=BAD_FLAG, url=url, key=key)


async def _held(
    config: Path, by: str, clock: Clock, tell: Tell, targets: Mapping[str, float], method: DrillMethod
) -> Drill:
    # Without the environment: a real key of the user must never reach the sandbox.
    settings = load(config, {}, config.parent)
    async with reading(settings, clock) as store:
        fault = fault_of(settings, staging_of(settings, STAGING), store, clock, tell, method)
        try:
            return await OutageDrill(fault, targets, sandbox=True).run(by)
        finally:
            await fault.close()


def _ready(pair: LivePair) -> bool:
    """Return whether the daemon watches, has read the staging service's deploys, and has saved them."""
    watching = any(line.get("event") == "watching" for line in pair.said())
    listed = any(f"srv-{STAGING}/deploys" in entry.get("path", "") for entry in pair.log())
    probed = any(entry.get("path", "").endswith(f"srv-{STAGING}/events") for entry in pair.log())
    return watching and listed and probed


def _judged(drill: Drill, pair: LivePair) -> Drill:
    """Return the drill, failed if production was changed, by the sandbox's own log."""
    changes = [one for one in pair.log() if one["what"] == "request" and one.get("vendor") == "render"]
    wrong = [one for one in changes if one["method"] != "GET" and f"srv-{STAGING}" not in one["path"]]
    flags = [one for one in pair.log() if one["what"] == "request" and one.get("vendor") == "flags"]
    wrong += [one for one in flags if one["method"] != "GET" and not one["path"].endswith(f"/{BAD_FLAG}")]
    said = tuple(f"production was changed: {one['method']} {one['path']}" for one in wrong)
    return replace(drill, problems=(*drill.problems, *said))
