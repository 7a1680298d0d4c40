"""The numbers of `watchdog report stats` over 30 days as metrics, counted anew every few minutes.

Rule 1: they are read in small steps (presentation/stats_loader.py); more services cost no more queries.
Rule 2: each worker reports the services that it holds, so that each series has one source; incomplete numbers are not
reported.
"""

import structlog

from watchdog.app.compose.daemon_factory import Daemon
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.store_records import FLEET
from watchdog.presentation.stats_loader import Numbers

PERIOD_SECONDS = 30 * 86400.0
EVERY_SECONDS = 300.0
READ_ON_SECONDS = 1.0
"""Pause between two steps of reading, until everything was read once."""
BUDGET_SECONDS = 0.02

log = structlog.get_logger("watchdog")


async def keep_numbers(daemon: Daemon) -> None:
    """Update the metrics of the last 30 days, for ever."""
    numbers = Numbers(daemon.store, daemon.clock, BUDGET_SECONDS, PERIOD_SECONDS)
    while True:
        try:
            await _count(daemon, numbers)
        except (Temporary, Permanent) as error:
            log.warning("30-day statistics not read", why=str(error))
        else:
            if not numbers.complete:
                await daemon.clock.sleep(READ_ON_SECONDS)
                continue
        await daemon.clock.sleep(EVERY_SECONDS)


async def _count(daemon: Daemon, numbers: Numbers) -> None:
    await numbers.refresh()
    if not numbers.complete:
        return
    labels = await daemon.store.labels()
    # Read last: a service that moved to another worker meanwhile is reported there.
    held = daemon.engine.held
    for one in numbers.count(daemon.engine.state, labels):
        if one.service in held and one.service != FLEET:
            daemon.metrics.numbers(
                one.service,
                detect_seconds=one.detect.value,
                acknowledge_seconds=one.acknowledge.value,
                restore_seconds=one.restore.value,
                change_failure_ratio=one.change_failure_rate.value,
                rollbacks=one.rollbacks,
            )
