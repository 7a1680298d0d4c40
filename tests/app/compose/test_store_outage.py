"""One page for each time the record is away, and its end; a restart of the database wakes nobody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.app.scenes import FaultyStore, settings_of, wired
from tests.support.clocks import FakeClock
from tests.support.notification_vendors import Channel
from watchdog.app.compose.composition import App
from watchdog.app.compose.store_outage import PATIENCE_SECONDS, watch_the_record
from watchdog.daemon.engine.persistence import HANGS_SECONDS
from watchdog.daemon.outbox.outbox import Outbox
from watchdog.domain.errors import Permanent
from watchdog.domain.events import Paused, RollbackRequested
from watchdog.domain.notices import Notice

DAMAGED = Permanent("the store is damaged")


class Hanging(FaultyStore):
    """A store on a disk that does not answer while `answers` is unset."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.answers = asyncio.Event()
        self.answers.set()

    async def heard(self, call: str, *given: Any) -> None:
        await super().heard(call, *given)
        if call == "save":
            await self.answers.wait()


class Distant(Channel):
    """A channel that answers as late as a vendor: what is not waited for does not arrive."""

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        for _ in range(10):
            await asyncio.sleep(0)
        return await super().send(notice, reference)


@asynccontextmanager
async def daemon(folder: Path, **faults: Exception) -> AsyncIterator[tuple[App, Hanging, FakeClock, Channel]]:
    """Start a daemon whose store has these faults, and whose only channel remembers what it took."""
    clock, pager = FakeClock(auto=False), Distant("pager")
    store = Hanging(clock)
    store.faults |= faults
    settings = settings_of(folder)
    settings = replace(settings, policy=replace(settings.policy, alerts=("pager",)))
    async with wired(settings, clock, store) as app:
        app.outbox = Outbox(store, {"pager": pager}, clock, lambda *_: None)
        await app.sharing.begin()
        app.supervisor.start("sharing", app.sharing.run)
        app.supervisor.start("record", lambda: watch_the_record(app))
        yield app, store, clock, pager


async def test_case_25_damaged_at_a_start_is_told_at_once_and_its_end_too(tmp_path: Path) -> None:
    """The page has the store's own reason; a human puts a good one in its place, and it is over."""
    async with daemon(tmp_path, renew_leases=DAMAGED) as (_, store, clock, pager):
        await clock.advance(30.0)
        assert titles(pager) == ["watchdog runs without its store: the store is damaged"]
        store.faults.clear()
        await clock.advance(10.0)
        assert titles(pager)[1:] == ["watchdog has its store again"]


async def test_a_store_that_is_soon_back_wakes_nobody(tmp_path: Path) -> None:
    """Half a minute away: no word. Away for longer than our patience: one page."""
    async with daemon(tmp_path) as (_, store, clock, pager):
        await clock.advance(10.0)
        store.faults["renew_leases"] = Permanent("the database restarts")
        await clock.advance(PATIENCE_SECONDS / 2)
        store.faults.clear()
        await clock.advance(PATIENCE_SECONDS)
        assert titles(pager) == []
        store.faults["renew_leases"] = Permanent("the database is gone")
        await clock.advance(PATIENCE_SECONDS + 10.0)
        assert titles(pager) == ["watchdog runs without its store: the database is gone"]


async def test_a_store_that_takes_no_record_and_still_grants_leases_is_told(tmp_path: Path) -> None:
    """A full disk under SQLite: whoever reads of it days later had no rollback meanwhile. One page, and its end."""
    async with daemon(tmp_path) as (app, store, clock, pager):
        app.supervisor.start("engine", app.engine.run)
        app.supervisor.start("time", app.engine.keep_time)
        store.faults["save"] = Permanent("the disk is full")
        await app.engine.submit_and_wait(RollbackRequested(clock.now(), "web", "ann"))
        await clock.advance(PATIENCE_SECONDS / 2)
        assert titles(pager) == [] and app.sharing.trouble == ""
        await clock.advance(PATIENCE_SECONDS)
        assert titles(pager) == ["watchdog runs without its store: the disk is full"]
        store.faults.clear()
        await clock.advance(PATIENCE_SECONDS)
        assert titles(pager)[1:] == ["watchdog has its store again"]


async def test_a_save_that_does_not_return_is_told_and_is_not_given_up(tmp_path: Path) -> None:
    """The engine waits for it, and so does every event. Its transaction is made after all, once."""
    async with daemon(tmp_path) as (app, store, clock, pager):
        app.supervisor.start("engine", app.engine.run)
        app.supervisor.start("time", app.engine.keep_time)
        await clock.advance(10.0)
        store.answers.clear()
        await app.engine.submit(Paused(clock.now(), "ann"))
        await clock.advance(HANGS_SECONDS)
        assert titles(pager) == [] and app.engine.state.paused_by == ""
        await clock.advance(PATIENCE_SECONDS + 10.0)
        assert titles(pager) == ["watchdog runs without its store: a save does not return"]
        store.answers.set()
        await clock.advance(10.0)
        assert titles(pager)[1:] == ["watchdog has its store again"]
        assert [note.label for note in await store.notes()].count("PAUSED") == 1


async def test_case_54_a_stop_ends_what_only_this_process_can_end(tmp_path: Path) -> None:
    """A human stops it, repairs the store and starts it: nothing would say of the old alert that it is over."""
    async with daemon(tmp_path, renew_leases=DAMAGED) as (app, _, clock, pager):
        await clock.advance(30.0)
        assert await app.supervisor.stop(5.0) == ()
        assert titles(pager)[1:] == ["watchdog stops without its store"]


def titles(pager: Channel) -> list[str]:
    return [title for title, _ in pager.took]
