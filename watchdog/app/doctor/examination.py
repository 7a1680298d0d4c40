"""`watchdog doctor`: a live installation examined: its store, its daemon, and all that it relies on. It only reads."""

import asyncio
import shutil
from collections.abc import Sequence

from watchdog import __version__
from watchdog.adapters.stores import database_path
from watchdog.app.commands.live_queries import check
from watchdog.app.commands.seen_daemon import seen_daemon
from watchdog.app.commands.store_reading import reading
from watchdog.app.compose.daemon_run import HEARTBEATS
from watchdog.app.doctor.installation import Installation, findings
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import WatchdogError
from watchdog.domain.incidents import State
from watchdog.settings import Settings
from watchdog.settings.check.check_result import CheckOutcome, CheckResult


async def examine(settings: Settings) -> Sequence[CheckResult]:
    """Return what the installation's own record says, then what trying each service says, each with its cure."""
    try:
        own = list(findings(await _installation(settings)))
    except WatchdogError as error:
        # Nothing is known of the daemon then, and what it relies on is tried all the same.
        fix = f"the reason says how; the daemon's first start makes it: {command_line('run')}"
        own = [CheckResult("store", CheckOutcome.FAIL, str(error), fix)]
    return [*own, *(one for one in await check(settings) if one.name != "store")]


async def _installation(settings: Settings) -> Installation:
    """Return the installation as its store and this machine show it. Raises Gone, Outdated, Temporary or Permanent."""
    async with reading(settings) as store:
        daemon = await seen_daemon(settings, store)
        running = await store.running()
        return Installation(
            at=SystemClock().now(),
            version=__version__,
            daemon=daemon,
            versions=frozenset(one.version for one in running.values()) if daemon.runs else frozenset(),
            state=await store.load() or State(),
            survey=await store.survey(),
            channels=tuple(settings.channels),
            heartbeats=tuple(name for name in HEARTBEATS if settings.secrets.get(name)),
            heartbeat_variables=tuple(HEARTBEATS),
            free_bytes=await _free(settings),
        )


async def _free(settings: Settings) -> int | None:
    """Return the free bytes beside the store's file; None for a database elsewhere."""
    file = database_path(settings.store_url)
    return None if file is None else (await asyncio.to_thread(shutil.disk_usage, file.absolute().parent)).free
