"""What `watchdog drill` runs: a drill of a staging service or of people, and the cleanup of one broken off."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from watchdog.app.commands.live_queries import notifiers
from watchdog.app.commands.store_reading import reading
from watchdog.app.commands.worker_processes import as_interrupted
from watchdog.app.compose.composition import build_pager, resolve
from watchdog.app.drills.bad_commit import BadCommit
from watchdog.app.drills.bad_flag import flag_of
from watchdog.app.drills.drill_fault import Fault
from watchdog.app.drills.drill_ground import DrillParts, Staging, Tell, drill_client, staging_client, staging_of
from watchdog.app.drills.outage_drill import OutageDrill
from watchdog.app.drills.page_drill import PageDrill
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.drills.drill import Drill, DrillMethod
from watchdog.domain.errors import Refused
from watchdog.ports import Clock, Store
from watchdog.settings import Settings

KILLED = "it was killed, or left work, and was cleaned up later"


@asynccontextmanager
async def _prepared(settings: Settings, service: str, method: DrillMethod | None, tell: Tell) -> AsyncIterator[Fault]:
    """Yield what breaks a staging service; without a method, its first one.

    Raises Refused for every other service, before any request, and for a method that it has no means of.
    """
    clock = SystemClock()
    # The configuration first: for production not even a client is made.
    if service not in settings.staging:
        staging_of(settings, service)
    settings = await resolve(settings, clock)
    async with reading(settings, clock) as store:
        fault = fault_of(settings, staging_of(settings, service), store, clock, tell, method)
        try:
            yield fault
        finally:
            await fault.close()


def fault_of(
    settings: Settings, staging: Staging, store: Store, clock: Clock, tell: Tell, method: DrillMethod | None
) -> Fault:
    """Return the fault of a drill by that method. Raises Refused where the service has no means of it."""
    methods = settings.staging[staging.name].methods
    if (method or methods[0]) is DrillMethod.FLAG:
        client = staging_client(settings, staging, clock)
        return flag_of(settings, DrillParts(settings, staging, store, client, clock, tell))
    if DrillMethod.BAD_COMMIT not in methods:
        raise Refused(f"{staging.name} has no known-bad commit: write services.{staging.name}.drill.bad_commit")
    deploying = drill_client(settings, staging, clock)
    return BadCommit(DrillParts(settings, staging, store, deploying, clock, tell), deploying)


async def hold(
    settings: Settings,
    service: str,
    by: str,
    tell: Tell,
    targets: Mapping[str, float],
    within_seconds: float,
    method: DrillMethod | None,
) -> Drill:
    """Hold a drill on a staging service, and return its scoreboard. SIGTERM ends it as Ctrl-C does: cleaned up."""
    async with _prepared(settings, service, method, tell) as fault:
        with as_interrupted():
            return await OutageDrill(fault, targets, within_seconds).run(by)


async def clean(settings: Settings, service: str, by: str, tell: Tell, *, force: bool) -> Drill | None:
    """Clean up after the newest drill of a service, if it was killed or left work; return it, or None.

    Raises Refused for a drill that may still run, unless `force`: its repair would come before the daemon's.
    """
    if service not in settings.staging:
        staging_of(settings, service)
    clock = SystemClock()
    async with reading(settings, clock) as store:
        found = next((one for one in await store.drills() if one.service == service and one.unclean), None)
    if found is None:
        return None
    if not force and found.may_run(clock.now()):
        raise Refused(
            f"drill {found.number} of {service}, by {found.by}, may still run, and cleans up itself; if it was "
            f"killed: {command_line('drill', service, '--clean', '--force')}"
        )
    async with _prepared(settings, service, found.method, tell) as fault:
        left = await fault.clean(found, by)
        said = () if KILLED in found.problems else (KILLED,)
        done = replace(found, problems=(*found.problems, *said), left=left, ended_at=clock.now())
        await fault.parts.store.put_drill(done)
        return done


@asynccontextmanager
async def _pages(
    settings: Settings, tell: Tell, targets: Mapping[str, float], within_seconds: float
) -> AsyncIterator[PageDrill]:
    """Yield the parts of a test page."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        channels = await stack.enter_async_context(notifiers(settings))
        pager = build_pager(settings, clock)
        if pager is not None:
            stack.push_async_callback(pager.close)
        store = await stack.enter_async_context(reading(settings, clock))
        yield PageDrill(settings, store, channels, pager, clock, tell, targets, within_seconds)


async def page(
    settings: Settings, whom: str | None, by: str, tell: Tell, targets: Mapping[str, float], within_seconds: float
) -> Drill:
    """Send a test page, wait until it is acknowledged, close it. Raises Refused before anything is sent."""
    async with _pages(settings, tell, targets, within_seconds) as pages:
        with as_interrupted():
            return await pages.run(whom, by)


async def close_pages(settings: Settings, tell: Tell, *, force: bool) -> Sequence[Drill]:
    """Close the test pages that killed drills left open; return them. Raises Refused as `clean` does."""
    async with _pages(settings, tell, {}, 0.0) as pages:
        return await pages.close_left(force=force)


async def acknowledge(settings: Settings, by: str) -> Drill:
    """Acknowledge the test page that waits for it. Raises Refused where none does."""
    async with reading(settings) as store:
        for one in await store.drills():
            if one.waits and await store.acknowledge_drill(one.number, by):
                return one
    raise Refused("no test page waits to be acknowledged")


async def keep(settings: Settings, drill: Drill) -> None:
    """Keep the scoreboard of a finished drill in the sandbox. Raises Temporary or Permanent, as where no store is."""
    async with reading(settings) as store:
        # Its own service: it must never stand in the way of a drill of the real one.
        begun = await store.begin_drill(replace(drill, number=0, service=f"sandbox {drill.service}"))
        assert begun is not None, "a finished one never stands in the way"
