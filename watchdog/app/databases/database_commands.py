"""The commands of a person on the database of a service: each step on its ground, its plan, and the record of all."""

from collections.abc import Mapping

from watchdog.app.databases.database_ground import Tell, opened
from watchdog.app.databases.dump_step import DumpStep
from watchdog.app.databases.migrate_down_step import MigrateDownStep
from watchdog.app.databases.restore_step import Ask, RestoreStep
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.remedies.database_step import DatabaseAction, DatabaseStep
from watchdog.settings import Settings

Environ = Mapping[str, str]


async def plan(
    settings: Settings, service: str, environ: Environ, tell: Tell, action: DatabaseAction, dump: str = ""
) -> list[str]:
    """Return what a step would do now. Raises Refused with what forbids it."""
    async with opened(settings, service, environ, SystemClock(), tell) as ground:
        if action is DatabaseAction.DUMP:
            return DumpStep(ground).plan()
        if action is DatabaseAction.MIGRATE_DOWN:
            return await MigrateDownStep(ground).plan()
        return (await RestoreStep(ground).question(dump)).lines


async def dump(settings: Settings, service: str, environ: Environ, tell: Tell, by: str, incident: str) -> DatabaseStep:
    """Make a dump."""
    async with opened(settings, service, environ, SystemClock(), tell) as ground:
        return await DumpStep(ground).run(by, incident)


async def migrate_down(
    settings: Settings, service: str, environ: Environ, tell: Tell, by: str, incident: str, *, again: bool
) -> DatabaseStep:
    """Migrate down."""
    async with opened(settings, service, environ, SystemClock(), tell) as ground:
        return await MigrateDownStep(ground).run(by, incident, again=again)


async def restore(
    settings: Settings, service: str, environ: Environ, tell: Tell, by: str, incident: str, dump: str, ask: Ask
) -> DatabaseStep:
    """Restore a dump, if the person at the terminal approves."""
    async with opened(settings, service, environ, SystemClock(), tell) as ground:
        return await RestoreStep(ground).run(dump, by, incident, ask)


async def settle(settings: Settings, service: str, environ: Environ, tell: Tell) -> DatabaseStep | None:
    """Look up the outcome of a step that another machine began, and that is over there; return it, or None."""
    async with opened(settings, service, environ, SystemClock(), tell) as ground:
        return await ground.settle(elsewhere=True)
