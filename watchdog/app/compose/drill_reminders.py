"""Reminds people of overdue drills, once for each overdue time and service.

Rule 1: it reads the store now and then; no reading, decision or notice waits for it.
Rule 2: the holder of a service reminds of its drill: the note is saved together with the notice, under the lease.
Rule 3: nothing is sent while a drill of the service may still run.
"""

from collections.abc import Sequence

import structlog

from watchdog.app.compose.composition import App
from watchdog.app.compose.periodic_reports import NOT_REMINDED
from watchdog.core.updates.drill_reminders import name
from watchdog.domain.drills.drill import Drill, DueDrill, due_drills
from watchdog.domain.errors import Displaced, Permanent, Temporary
from watchdog.domain.events import DrillFellDue
from watchdog.domain.severity import Severity

LOOK_SECONDS = 600.0
"""Pause between two looks whether a drill is overdue: one is due in days."""

log = structlog.get_logger("watchdog")


async def keep_drill_reminders(app: App) -> None:
    """Remind of each overdue drill, for ever."""
    while True:
        try:
            await remind(app)
        except (Temporary, Permanent) as error:
            log.warning("overdue drills not read, retrying", why=str(error))
        await app.clock.sleep(LOOK_SECONDS)


async def remind(app: App) -> None:
    """Remind of the overdue drills of this worker's services. Raises Temporary or Permanent."""
    settings, held, channels = app.settings, app.engine.held, _channels(app)
    mine = [one for one in settings.staging if one in held]
    if not mine or not channels or app.sharing.trouble:
        return
    drills, now = await app.store.drills(), app.clock.now()
    for due in due_drills(mine, drills, now, settings.drill.every):
        newest = next((one for one in drills if one.service == due.service), None)
        if newest is not None and newest.may_run(now):
            continue
        # The notes of that time are the record of the notice, also across restarts and workers.
        if not await app.store.notes(incident=name(due), limit=1):
            await _tell(app, due, newest, channels)


async def _tell(app: App, due: DueDrill, newest: Drill | None, channels: Sequence[str]) -> None:
    unclean = newest is not None and newest.unclean
    now, every = app.clock.now(), app.settings.drill.every
    try:
        # Awaited: the notice is due until this step is saved, and the next look would send it again.
        await app.engine.submit_and_wait(
            DrillFellDue(now, due.service, due.last_at, every, unclean=unclean, channels=tuple(channels))
        )
    except Displaced:
        log.info("reminder of a drill left to another worker", service=due.service)


def _channels(app: App) -> Sequence[str]:
    """Return the channels of the lowest severity that notifies any, without those that page or keep a task open."""
    matrix, channels = app.settings.policy.matrix, app.settings.channels
    tells = next((matrix[one].tell for one in (Severity.LOW, Severity.MEDIUM) if matrix[one].tell), ())
    return tuple(one for one in tells if one in channels and channels[one].kind not in NOT_REMINDED)
