"""The notice of an overdue drill: sent once over real HTTP, also across a restart and by one of two workers."""

import asyncio
from pathlib import Path

import pytest

from tests.app.compose.test_periodic_reports_digest import running
from tests.app.scenes import FaultyStore, built, settings_of
from tests.support.clocks import FakeClock, eventually
from watchdog.adapters.stores.memory import MemoryDatabase
from watchdog.app.compose.composition import App
from watchdog.app.compose.drill_reminders import LOOK_SECONDS, keep_drill_reminders, remind
from watchdog.domain.drills.drill import Drill, DrillMethod
from watchdog.domain.errors import Temporary
from watchdog.domain.store_records import FLEET
from watchdog.domain.units import DAY_SECONDS
from watchdog.sandbox.server import Sandbox

NOW = 1_790_000_000.0
NAME = "web-staging"
SERVICE = f"""services:
  {NAME}:
    render: srv-web-staging
    drill: {{staging: true, bad_commit: {"b" * 40}}}
    signals: {{home: {{http: https://staging.acme.example}}}}
"""
NEVER = f"{NAME}: no drill yet (due every 30 days)"
LATE = f"{NAME}: last drill 31 days ago (due every 30 days)"


def made(folder: Path, sandbox: Sandbox, clock: FakeClock, database: MemoryDatabase) -> App:
    """Wire a worker that guards a staging service; nothing is started."""
    settings = settings_of(folder, urls=sandbox.urls, **{"services:\n": SERVICE})
    return built(settings, clock, FaultyStore(clock, database))


def told(sandbox: Sandbox) -> list[str]:
    return [str(body["text"]) for body in sandbox.pagers.slack_webhook]


def started(app: App) -> None:
    app.supervisor.start("leases", app.sharing.run)
    app.supervisor.start("drills", lambda: keep_drill_reminders(app))


@pytest.mark.long
async def test_each_overdue_time_is_told_once_also_across_a_restart(tmp_path: Path) -> None:
    """A store that does not answer, or does not save, puts it off; a drill that runs says nothing."""
    clock, sandbox = FakeClock(NOW, auto=False), Sandbox()
    database = MemoryDatabase(clock)
    async with sandbox:
        async with running(made(tmp_path, sandbox, clock, database)) as app:
            assert isinstance(app.store, FaultyStore)
            app.store.faults |= {"notes": Temporary("the store does not answer")}
            started(app)
            await clock.advance(1.0)
            assert told(sandbox) == []
            app.store.faults = {"save": Temporary("the disk is full")}
            await clock.advance(LOOK_SECONDS)
            assert told(sandbox) == [] and app.supervisor.ailing() == {}
            app.store.faults.clear()
            await clock.advance(2 * LOOK_SECONDS)
            await eventually(lambda: told(sandbox) == [NEVER])
            assert f"watchdog drill {NAME}" in str(sandbox.pagers.slack_webhook[0])
        async with running(made(tmp_path, sandbox, clock, database)) as app:
            started(app)
            await clock.advance(3 * LOOK_SECONDS)
            assert len(told(sandbox)) == 1
            held = Drill(clock.now(), NAME, DrillMethod.BAD_COMMIT, "ann", deploy="dep-9", within_seconds=60.0)
            begun = await app.store.begin_drill(held)
            assert begun is not None
            clock.freeze(31 * DAY_SECONDS)
            await clock.advance(2 * LOOK_SECONDS)
            await eventually(lambda: told(sandbox) == [NEVER, LATE])
            assert f"watchdog drill {NAME} --clean" in str(sandbox.pagers.slack_webhook[1])


async def test_of_two_that_look_at_once_one_tells(tmp_path: Path) -> None:
    """The second believes that it holds the service: its record is refused, and it leaves the notice to the holder."""
    clock, sandbox = FakeClock(NOW, auto=False), Sandbox()
    database = MemoryDatabase(clock)
    async with sandbox, running(made(tmp_path / "one", sandbox, clock, database)) as one:
        other = made(tmp_path / "two", sandbox, clock, database)
        await remind(other)
        other.supervisor.start("engine", other.engine.run)
        await other.store.renew_leases("a zombie", (), ttl_seconds=60.0)
        await other.engine.adopt_services({FLEET: 0, NAME: 0})
        async with asyncio.TaskGroup() as group:
            for app in (other, one):
                group.create_task(remind(app))
            await clock.settle()
            await clock.advance(5.0)
        await eventually(lambda: told(sandbox) == [NEVER])
        await clock.advance(LOOK_SECONDS)
        assert told(sandbox) == [NEVER]
        await other.supervisor.stop(5.0)
