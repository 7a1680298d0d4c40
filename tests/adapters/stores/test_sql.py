"""The SQL store against the world: other processes, kill -9, a full disk, damaged files; and closed for good."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.adapters.stores.conftest import Opened
from tests.adapters.stores.steps import PIN, numbered
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.adapters.stores.sql import SqlStore
from watchdog.adapters.stores.tables import CleanText
from watchdog.domain.drills.drill import Drill, DrillMethod
from watchdog.domain.effects import Note
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.events import TimePassed
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.store_records import Write

WORKER = Path(__file__).with_name("worker.py")


@pytest.fixture
def path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
async def store(url: str, opened: Opened) -> SqlStore:
    return await opened(url, call_seconds=0.1)


def worker(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(WORKER), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.long
async def test_what_save_returned_from_survives_kill_9(url: str, path: Path, opened: Opened) -> None:
    """A process saves in a loop and says so after each; killed at any moment, nothing that it said is lost."""
    for round_ in range(3):
        before = round_ * 1000
        process = worker("save", url, str(before))
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= before + 15 + 7 * round_:
                break
        process.send_signal(signal.SIGKILL)
        said = [int(rest) for rest in process.stdout.read().split("\n")[:-1]] or [int(line)]
        process.wait(10)
        process.stdout.close()
        store = await opened(url)
        state, notes, pending = await store.load(), await store.notes(limit=10_000), await store.pending()
        await store.close()
        assert state is not None and state.incidents >= said[-1]
        mine = [note.at for note in notes if note.at >= before]
        assert mine == [float(n) for n in range(before, state.incidents + 1)], "all of a step, or nothing of it"
        assert len(pending) == len(notes)
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_second_process_reads_and_queues_commands_meanwhile(url: str, store: SqlStore) -> None:
    """The daemon saves without a pause while the CLI asks, waits for the answer and reads: neither fails."""
    process = worker("ask", url)
    number = 0
    async with asyncio.timeout(PATIENCE_SECONDS):
        while process.poll() is None:
            number += 1
            await store.save(numbered(number))
            for command in await store.commands():
                await store.answer(command.id, ok=True, text=f"{command.name} done", exit_code=0)
    assert process.stdout is not None
    assert process.returncode == 0 and process.stdout.read().split() == ["pause", "done"] * 5
    process.stdout.close()
    assert len(await store.notes(limit=10_000)) == number


async def test_a_locked_store_is_temporary_and_recovers(store: SqlStore, path: Path) -> None:
    """While another process holds the write lock nothing is saved, reading goes on; then all is well."""
    await store.save(numbered(1))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Temporary, match="the store does not answer: another process is writing"):
        await store.save(numbered(2))
    assert await store.load() == State(incidents=1)
    other.execute("COMMIT")
    other.close()
    await store.save(numbered(3))
    assert [note.at for note in await store.notes()] == [1.0, 3.0]


async def test_case_24_a_full_disk_is_temporary_and_loses_nothing(store: SqlStore) -> None:
    """The step that did not fit is not there at all; earlier rows stay readable; with room it goes on."""
    await store.save(numbered(1))

    async def limit(pages: int) -> None:
        async with store._backend.engine.connect() as connection:
            await connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    await limit(1)
    with pytest.raises(Temporary, match="the disk is full: make room"):
        await store.save(numbered(2, "x" * 500_000))
    assert await store.load() == State(incidents=1) and len(await store.pending()) == len(await store.notes()) == 1
    await limit(1_000_000)
    await store.save(numbered(3, "x" * 500_000))
    assert await store.load() == State(incidents=3)


UNCOMMITTABLE = """
CREATE TABLE there (id INTEGER PRIMARY KEY);
CREATE TABLE nowhere (id INTEGER REFERENCES there (id) DEFERRABLE INITIALLY DEFERRED);
CREATE TRIGGER at_the_commit AFTER INSERT ON notes BEGIN INSERT INTO nowhere VALUES (1); END;
"""


async def test_what_a_failed_commit_left_out_is_in_the_next_save(store: SqlStore, path: Path, clock) -> None:
    """The commit itself fails, after every statement succeeded: its rows count as unsaved, and are saved next."""
    state = State(services={"api": ServiceState("api", watching_since=2.0)}, blind_since=2.0, incidents=2)
    await store.save(numbered(1))
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(UNCOMMITTABLE)
    with pytest.raises(Permanent, match="SQLITE_CONSTRAINT"):
        await store.save(Write(state, TimePassed(2.0), [Note(2.0, "api", None, "N", "2"), PIN]))
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("DROP TRIGGER at_the_commit")
    await store.save(Write(state, TimePassed(2.0), [Note(2.0, "api", None, "N", "2"), PIN]))
    assert await store.load() == state and [note.at for note in await store.notes()] == [1.0, 2.0]


async def test_a_folder_that_is_not_there_says_what_to_do(tmp_path: Path, opened: Opened) -> None:
    """The folder is not made: it may be a disk that was not mounted."""
    with pytest.raises(Temporary, match="its folder must exist"):
        await opened(f"sqlite:///{tmp_path}/missing/watchdog.db")
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("content", [b"this is no database, " * 400, b"SQLite format 3\0" + b"\xff" * 8000])
async def test_case_25_a_damaged_file_is_permanent_and_left_alone(
    path: Path, url: str, opened: Opened, content: bytes
) -> None:
    path.write_bytes(content)
    with pytest.raises(Permanent, match="move it away"):
        await opened(url)
    assert path.read_bytes() == content


async def test_case_25_a_page_damaged_later_is_permanent(url: str, path: Path, opened: Opened) -> None:
    """Damage that shows while running is reported as such, not retried."""
    store = await opened(url)
    for number in range(50):
        await store.save(numbered(number, "x" * 2000))
    await store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xee" * (len(whole) - 8192))
    with pytest.raises(Permanent, match="damaged"):
        await store.open()
        await store.notes()


async def test_case_25_tables_changed_by_somebody_else_are_permanent(store: SqlStore, path: Path) -> None:
    """The database's own message would hold the row that was to be written; ours, and its traceback, do not."""
    with sqlite3.connect(path) as raw:
        raw.execute("DROP TABLE notes")
    with pytest.raises(Permanent, match="not what this version expects"):
        await store.notes()
    with pytest.raises(Permanent) as caught:
        await store.save(numbered(1, "hunter2-secret"))
    assert caught.value.__suppress_context__ and caught.value.__cause__ is None
    assert "hunter2" not in str(caught.value)


@pytest.mark.long
async def test_many_processes_may_open_a_new_store_at_once(new_url: str) -> None:
    processes = [worker("open", new_url) for _ in range(4)]
    outputs = await asyncio.gather(
        *(asyncio.to_thread(process.communicate, timeout=PATIENCE_SECONDS) for process in processes)
    )
    assert [out for out, _ in outputs] == ["opened\n"] * 4


async def test_a_closed_store_says_so_and_may_be_opened_again(store: SqlStore) -> None:
    await store.save(Write(State(incidents=1)))
    await store.close()
    with pytest.raises(Temporary, match="it is closed"):
        await store.load()
    with pytest.raises(Temporary, match="it is closed"):
        await store.save(Write(State(incidents=2)))
    await store.open()
    assert await store.load() == State(incidents=1)


async def test_a_drill_by_a_means_of_a_newer_version_is_left_out(store: SqlStore, path: Path) -> None:
    """This version knows nothing of its steps; its daemon and commands go on with those that they know."""
    for service in ("api-staging", "web-staging"):
        assert await store.begin_drill(Drill(5.0, service, DrillMethod.BAD_COMMIT, "ann")) is not None
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE drills SET json = replace(json, 'bad-commit', 'newer') WHERE number = 2")
    assert [one.number for one in await store.drills()] == [1]


async def test_it_is_durable_by_its_settings(store: SqlStore) -> None:
    for engine in (store._backend.engine, store._backend.write_engine):
        async with engine.connect() as connection:
            pragmas = [
                (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            ]
        assert pragmas == ["wal", 2, 1, 100]


def test_text_is_cleaned_of_what_databases_refuse() -> None:
    clean = CleanText().process_bind_param
    assert clean("a\0b\ud800c", None) == "a\ufffdb?c"
    assert clean("🔥 ü \n", None) == "🔥 ü \n" and clean(None, None) is None
