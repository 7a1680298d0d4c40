"""The daemon's own upkeep: saves complete minutes, and sets the metrics about the daemon itself."""

import structlog

from watchdog.daemon.outbox.outbox import Outbox
from watchdog.daemon.runtime.log_throttle import LogThrottle
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.daemon.supervision.health import Health
from watchdog.daemon.supervision.lease_manager import LeaseManager
from watchdog.daemon.telemetry.aggregate import MinuteAggregator
from watchdog.daemon.telemetry.metrics import Metrics
from watchdog.domain.errors import Permanent, Temporary
from watchdog.ports import Clock, Store

MINUTES_EVERY_SECONDS = 10.0
VITALS_EVERY_SECONDS = 1.0

log = structlog.get_logger("watchdog")


async def keep_minutes(minutes: MinuteAggregator, store: Store, clock: Clock, metrics: Metrics) -> None:
    """Save complete minutes for the charts, for ever."""
    throttle = LogThrottle()
    while True:
        await clock.sleep(MINUTES_EVERY_SECONDS)
        rows = minutes.complete(clock.now())
        if rows:
            try:
                await store.put_minutes(rows)
            except (Temporary, Permanent) as error:
                # These rows are lost, a gap in the charts: kept, they would pile up while the store is away.
                metrics.store_error()
                left_out = throttle.take(str(error), clock.monotonic())
                if left_out is not None:
                    log.warning("minute summaries not saved", why=str(error), left_out=left_out)
            else:
                if throttle.end(clock.monotonic()):
                    log.info("minute summaries saved again")


async def keep_vitals(
    health: Health, supervisor: Supervisor, outbox: Outbox, sharing: LeaseManager, clock: Clock, metrics: Metrics
) -> None:
    """Set the metrics of the daemon itself every second, for ever."""
    while True:
        metrics.health(healthy=not health.reasons(), ready=not health.not_ready())
        metrics.tasks(supervisor.count())
        metrics.pages_pending(outbox.waiting, outbox.undelivered)
        metrics.channels(outbox.up)
        metrics.sharing(sharing.services_held, sharing.grant.workers, store_up=not sharing.store_trouble)
        await clock.sleep(VITALS_EVERY_SECONDS)
