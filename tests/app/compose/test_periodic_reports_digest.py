"""The weekly digest of a daemon: made once, told over real HTTP, late or not at all, and by one of two that try."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.app.scenes import FaultyStore, built, settings_of
from tests.cli import examples as x
from tests.console.scene import service_state
from tests.core.incident_fields import amended
from tests.core.updates.test_weekly_digest import MONDAY, WEEK
from tests.support.clocks import FakeClock, eventually
from watchdog.adapters.stores.memory import MemoryDatabase, MemoryStore
from watchdog.app.compose.composition import App
from watchdog.app.compose.periodic_reports import LOOK_SECONDS, keep_digests, make_digest
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import Incident, State
from watchdog.domain.store_records import FLEET, Minute, Write
from watchdog.sandbox.server import Sandbox

WANTED = "digest: {every: Mon 00:30 Europe/Berlin, tell: [slack]}\n"
ELSEWHERE = "services:\n  shop: {signals: {home: {http: https://shop.acme.example}}}\n"


UNREAD = {"incidents": Temporary("the store does not answer")}


def made(
    folder: Path, sandbox: Sandbox, clock: FakeClock, store: MemoryStore, more: str = WANTED, **change: str
) -> App:
    """Wire a worker; nothing is started."""
    return built(settings_of(folder, more=more, urls=sandbox.urls, **change), clock, store)


async def remember(store: MemoryStore, last: float = MONDAY - WEEK, *incidents: Incident) -> None:
    """Write down when the last digest was, and incidents of web, as a worker of last week."""
    await store.renew_leases("earlier", (FLEET, "web"), ttl_seconds=60.0)
    for one in incidents:
        await store.save(Write(State(services={"web": service_state("web", incident=one)}, digested_at=last)))
    web = service_state("web", watching_since=MONDAY - 9 * WEEK)
    await store.save(Write(State(services={"web": web}, digested_at=last)))
    await store.put_minutes([Minute("web", "home", MONDAY - 600.0, 59, 1, 0)])
    await store.release()


@asynccontextmanager
async def running(app: App) -> AsyncIterator[App]:
    """Let a worker take up what is its own, and its engine run; at the end it stops and gives its leases back."""
    await app.sharing.renew()
    app.supervisor.start("engine", app.engine.run)
    try:
        yield app
    finally:
        await app.supervisor.stop(5.0)
        await app.store.release()


@asynccontextmanager
async def alone(folder: Path, late: float, more: str = WANTED) -> AsyncIterator[tuple[App, FakeClock, Sandbox]]:
    """Let one worker run so many seconds after the moment; it knows of last week's digest; its store can be faulty."""
    clock = FakeClock(MONDAY + late, auto=False)
    store = FaultyStore(clock)
    async with Sandbox() as sandbox:
        await remember(store)
        async with running(made(folder, sandbox, clock, store, more)) as app:
            yield app, clock, sandbox


def told(sandbox: Sandbox) -> list[str]:
    return [str(body["text"]) for body in sandbox.pagers.slack_webhook]


async def test_it_is_made_at_its_moment_once_also_across_a_restart(tmp_path: Path) -> None:
    """With what happened in the week; the next worker finds it made, and makes that of the next week."""
    clock = FakeClock(MONDAY - 60.0, auto=False)
    database = MemoryDatabase(clock)
    async with Sandbox() as sandbox:
        store = FaultyStore(clock, database)
        down = replace(x.incident(), id="web-7", opened_at=MONDAY - 3600, onset_at=MONDAY - 3638)
        await remember(store, MONDAY - WEEK, amended(down, restored_at=MONDAY - 3591, closed_at=MONDAY - 3500))
        async with running(made(tmp_path, sandbox, clock, store)) as app:
            app.supervisor.start("digest", lambda: keep_digests(app))
            await clock.advance(59.0)
            assert told(sandbox) == []
            await clock.advance(LOOK_SECONDS + 5.0)
            await eventually(lambda: told(sandbox))
            await clock.advance(3600.0)
        (title,) = told(sandbox)
        assert title == "watchdog, the week until 2027-01-11: 1 incident, 1 rollback"
        body = str(sandbox.pagers.slack_webhook[0])
        assert "60 probes, 98.33 % good" in body and "watchdog incident label web-7 right|wrong" in body
        async with running(made(tmp_path, sandbox, clock, FaultyStore(clock, database))) as app:
            app.supervisor.start("digest", lambda: keep_digests(app))
            await clock.advance(600.0)
            assert len(told(sandbox)) == 1
            clock.freeze(WEEK)
            await app.store.put_minutes([Minute("web", "home", MONDAY + WEEK - 600.0, 60, 0, 0)])
            await clock.advance(60.0)
            await eventually(lambda: len(told(sandbox)) == 2)
        assert told(sandbox)[1] == "watchdog, the week until 2027-01-18: nothing happened"


@pytest.mark.parametrize(("late", "sent"), [(23.9 * 3600.0, True), (24.1 * 3600.0, False)])
async def test_what_was_missed_comes_late_within_a_day(tmp_path: Path, late: float, sent: bool) -> None:
    """The watchdog was down at nine."""
    async with alone(tmp_path, late) as (app, clock, sandbox):
        app.supervisor.start("digest", lambda: keep_digests(app))
        await clock.advance(1.0)
        await clock.settle()
        assert app.engine.state.digested_at == (MONDAY if sent else MONDAY - WEEK)
        await eventually(lambda: bool(told(sandbox)) is sent)


async def test_a_record_that_cannot_be_read_is_tried_again(tmp_path: Path) -> None:
    async with alone(tmp_path, 5.0) as (app, clock, sandbox):
        assert isinstance(app.store, FaultyStore)
        app.store.faults |= UNREAD
        app.supervisor.start("digest", lambda: keep_digests(app))
        await clock.advance(120.0)
        assert app.engine.state.digested_at < MONDAY and app.supervisor.ailing() == {}
        app.store.faults.clear()
        await clock.advance(60.0)
        await eventually(lambda: told(sandbox))


async def test_without_one_asked_for_none_is_made(tmp_path: Path) -> None:
    async with alone(tmp_path, 5.0, more="") as (app, _, sandbox):
        assert isinstance(app.store, FaultyStore)
        app.store.faults |= UNREAD
        await make_digest(app)
        assert told(sandbox) == [] and app.engine.state.digested_at == MONDAY - WEEK


async def test_of_two_that_make_it_at_once_one_is_told(tmp_path: Path) -> None:
    """The second believes that the fleet is its own: its record is refused, it looks again, and finds it made."""
    clock = FakeClock(MONDAY + 5.0, auto=False)
    database = MemoryDatabase(clock)
    async with Sandbox() as sandbox:
        await remember(FaultyStore(clock, database))
        async with running(made(tmp_path / "one", sandbox, clock, FaultyStore(clock, database))) as one:
            other = made(tmp_path / "two", sandbox, clock, FaultyStore(clock, database))
            other.supervisor.start("engine", other.engine.run)
            await other.store.renew_leases("a zombie", (), ttl_seconds=60.0)
            await other.engine.adopt_services({FLEET: 0})
            other.engine.held["web"] = 0
            async with asyncio.TaskGroup() as group:
                for app in (one, other):
                    group.create_task(make_digest(app))
                await clock.settle()
                await clock.advance(5.0)
            await eventually(lambda: told(sandbox))
            assert one.engine.state.digested_at == other.engine.state.digested_at == MONDAY
            await clock.advance(600.0)
            assert len(told(sandbox)) == 1 and database.shared.digested_at == MONDAY
            await other.supervisor.stop(5.0)


async def test_what_other_workers_watch_stands_in_it_and_who_has_not_the_fleet_makes_none(tmp_path: Path) -> None:
    clock = FakeClock(MONDAY + 5.0, auto=False)
    database = MemoryDatabase(clock)
    async with Sandbox() as sandbox:
        mine = FaultyStore(clock, database)
        app = made(tmp_path, sandbox, clock, mine, **{"services:\n": ELSEWHERE})
        await remember(mine)
        theirs = FaultyStore(clock, database)
        await theirs.renew_leases("another", ("shop",), ttl_seconds=1e6)
        shop = service_state("shop", auto_deploy_off="commit", watching_since=MONDAY - 9 * WEEK)
        await theirs.save(Write(State(services={"shop": shop})))
        async with running(app):
            await app.engine.drop([FLEET])
            await make_digest(app)
            assert told(sandbox) == []
            await app.engine.adopt_services({FLEET: 2})
            async with asyncio.TaskGroup() as group:
                group.create_task(make_digest(app))
                await clock.settle()
                await clock.advance(5.0)
            await eventually(lambda: told(sandbox))
        body = str(sandbox.pagers.slack_webhook[0])
        assert "2 services (shop, web)" in body and "AUTO-DEPLOY IS OFF on shop" in body
