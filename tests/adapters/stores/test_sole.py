"""A store that only one worker can use grants every lease at once: SQLite behind its lock, and memory."""

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.adapters.stores.conftest import Opened
from tests.adapters.stores.steps import PIN, ROW, state
from watchdog.adapters.stores.memory import MemoryDatabase, MemoryStore
from watchdog.adapters.stores.sql import SqlStore
from watchdog.domain.errors import Displaced, Permanent, Temporary
from watchdog.domain.store_records import FLEET, LeaseGrant, Running, Write
from watchdog.ports import Store

NAMES = ("api", "web", FLEET)


@pytest.fixture(params=["sqlite", "memory"])
def start(request: pytest.FixtureRequest, url: str, clock, closing) -> Callable[[], Awaitable[Store]]:
    """Open the store of one more run of the daemon; it is closed at the end of the test."""
    database = MemoryDatabase(clock)

    async def run() -> Store:
        store = closing(SqlStore(url, clock) if request.param == "sqlite" else MemoryStore(clock, database))
        await store.open()
        return store

    return run


async def test_everything_is_taken_at_once_and_each_run_has_its_epoch(start: Callable[[], Awaitable[Store]]) -> None:
    """A run after a crash waits for no lease; a second grant, however late, changes nothing; a new name is taken."""
    for epoch in (1, 2):
        store = await start()
        held = await store.renew_leases(f"run-{epoch}", NAMES[:2], ttl_seconds=1.0)
        assert held == LeaseGrant(f"run-{epoch}", dict.fromkeys(NAMES[:2], epoch), 1, 0)
        assert await store.renew_leases(f"run-{epoch}", NAMES[:2], ttl_seconds=1.0) == held
        assert (await store.renew_leases(f"run-{epoch}", NAMES, ttl_seconds=1.0)).epochs == dict.fromkeys(NAMES, epoch)
        await store.save(Write(state("api")))
        assert await store.put_action(ROW, None) is (epoch == 1)
        await store.close()


async def test_the_former_run_is_refused_if_it_still_writes(start: Callable[[], Awaitable[Store]]) -> None:
    """The lock on the role should not let it; should it fail, the epoch does not."""
    old, new = await start(), await start()
    await old.renew_leases("old", NAMES, ttl_seconds=1.0)
    await new.renew_leases("new", NAMES, ttl_seconds=1.0)
    with pytest.raises(Displaced):
        await old.save(Write(state("api")))
    with pytest.raises(Displaced):
        await old.put_action(ROW, None)
    await new.save(Write(state("api")))


async def test_what_a_killed_run_alone_had_is_no_ones(start: Callable[[], Awaitable[Store]]) -> None:
    """Its configuration had a service more; a service that a reload removes is no one's, either."""
    runs = dict.fromkeys(NAMES, Running("observe", "digest", "1"))
    killed, after = await start(), await start()
    for run, store, names in (("killed", killed, NAMES), ("next", after, ("api", FLEET)), ("next", after, (FLEET,))):
        held = await store.renew_leases(run, names, ttl_seconds=1.0)
        await store.put_running({name: runs[name] for name in names})
        assert held.epochs.keys() == (await store.running()).keys() == set(names)


async def test_before_and_after_holding_nothing_is_fenced(start: Callable[[], Awaitable[Store]]) -> None:
    """The command line without a daemon writes too; so does the last word after a release; others' names are free."""
    store = await start()
    await store.release()
    await store.save(Write(state("api", blind_since=1.0), effects=[PIN]))
    assert await store.put_action(ROW, None)
    await store.renew_leases("run", NAMES, ttl_seconds=1.0)
    await store.save(Write(state("api", "gone", blind_since=2.0)))
    await store.release()
    await store.save(Write(state("web", blind_since=3.0)))
    assert await store.load() == state("api", "gone", "web", blind_since=3.0)


async def test_holding_again_does_not_touch_the_disk(url: str, clock, opened: Opened) -> None:
    """A disk that is full or locked for a while takes no lease away."""
    store = await opened(url, call_seconds=0.1)
    held = await store.renew_leases("run", NAMES, ttl_seconds=1.0)
    other = sqlite3.connect(Path(url.removeprefix("sqlite:///")), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    clock.at += 1e6
    assert await store.renew_leases("run", NAMES, ttl_seconds=1.0) == held
    other.execute("COMMIT")
    other.close()
    await store.save(Write(state("api")))


@pytest.mark.parametrize("replaced", [False, True])
async def test_case_56_a_file_that_was_moved_or_replaced_takes_no_record_until_it_is_opened_anew(
    url: str, opened: Opened, tmp_path: Path, replaced: bool
) -> None:
    """SQLite would go on in the old file: commands go to the new one, and no write here would survive.

    Putting it back does not end it: the files beside it may be another process's meanwhile.
    """
    file, aside = tmp_path / "watchdog.db", tmp_path / "aside.db"
    store = await opened(url, *NAMES, worker="run")
    file.rename(aside)
    if replaced:
        shutil.copy(aside, file)
    for call in (
        store.renew_leases("run", NAMES, ttl_seconds=1.0),
        store.save(Write(state("api"))),
        store.put_action(ROW, None),
        store.commands(),
    ):
        await refused(call)
    assert file.exists() is replaced
    aside.rename(file)
    await refused(store.renew_leases("run", NAMES, ttl_seconds=1.0))
    await refused(store.put_action(ROW, None))
    await store.close()
    await store.open()
    await store.renew_leases("run", NAMES, ttl_seconds=1.0)
    assert await store.put_action(ROW, None)


async def refused(call: Awaitable[object]) -> None:
    """Demand that a store which lost its file does nothing, and says how that ends."""
    with pytest.raises(Permanent, match=r"moved, replaced or removed while it was open; .* until the watchdog is rest"):
        await call


async def test_case_56_whoever_opens_the_path_while_the_file_is_away_empties_no_log(
    url: str, opened: Opened, tmp_path: Path
) -> None:
    """The log holds the last acknowledged writes; a new database beside it would make SQLite drop it."""
    file, aside, store = tmp_path / "watchdog.db", tmp_path / "aside.db", await opened(url, *NAMES)
    number = await store.submit("pause", {}, "ann")
    file.rename(aside)
    with pytest.raises(Permanent, match="its -wal is, which may hold what was written last: put the file back"):
        await opened(url)
    assert not file.exists()
    with suppress(Temporary):  # more readers at once than it has connections; none makes a file
        await asyncio.gather(*(store.command(number) for _ in range(4)))
    assert not file.exists()
    aside.rename(file)
    assert await (await opened(url)).command(number) is not None
