"""Backup and restore of the watchdog's own store: whole copies, nothing overwritten, nothing lost."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.app.scenes import settings_of
from tests.support.postgres_server import PostgresServer
from tests.support.postgres_server import postgres_server as postgres_server
from watchdog.adapters.stores import build_store, database_path, role_lock
from watchdog.adapters.stores.copies import sqlite_copy
from watchdog.app.store_copies.store_copies import backup, next_steps, restore
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.errors import Gone, Permanent, Refused
from watchdog.domain.incidents import State
from watchdog.domain.store_records import Write
from watchdog.settings import Settings


async def denying(settings: Settings, *commits: str) -> None:
    """Save a state that denies these commits."""
    store = build_store(settings.store_url, SystemClock())
    await store.open()
    await store.renew_leases("a", ("",), ttl_seconds=60.0)
    await store.load()
    await store.save(Write(State(denied=commits)))
    await store.release()
    await store.close()


async def denied(settings: Settings) -> tuple[str, ...]:
    store = build_store(settings.store_url, SystemClock())
    await store.open()
    state = await store.load()
    await store.close()
    return () if state is None else tuple(state.denied)


def sqlite_path(settings: Settings) -> Path:
    path = database_path(settings.store_url)
    assert path is not None
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path)


async def test_a_copy_comes_back_and_what_was_there_is_kept(settings: Settings, tmp_path: Path) -> None:
    """Made while the store is open and written to; the file of before can be opened, too."""
    copy = tmp_path / "copy.db"
    await denying(settings, "abc")
    open_store = build_store(settings.store_url, SystemClock())
    await open_store.open()
    assert await backup(settings, {}, copy) == copy.stat().st_size > 4096
    await open_store.close()
    assert copy.stat().st_mode & 0o077 == 0
    await denying(settings, "abc", "def")
    done = await restore(settings, {}, copy)
    assert await denied(settings) == ("abc",)
    assert done.kept is not None and str(done.kept) in next_steps(done)[0]
    assert await denied(replace(settings, store_url=f"sqlite:///{done.kept}")) == ("abc", "def")
    assert sorted(path.name for path in tmp_path.glob("*.part")) == []


async def test_without_a_store_a_copy_is_put_where_it_is_looked_for(settings: Settings, tmp_path: Path) -> None:
    """A disk was lost: there is nothing to keep."""
    with pytest.raises(Gone, match="there is no store yet"):
        await backup(settings, {}, tmp_path / "copy.db")
    await denying(settings, "abc")
    await backup(settings, {}, tmp_path / "copy.db")
    for left in tmp_path.glob("watchdog.db*"):
        left.unlink()
    done = await restore(settings, {}, tmp_path / "copy.db")
    assert done.kept is None and await denied(settings) == ("abc",)


async def test_nothing_is_overwritten_and_nothing_restored_beside_a_daemon(settings: Settings, tmp_path: Path) -> None:
    """Neither a file that is there, nor a store that a daemon has open."""
    await denying(settings, "abc")
    there = tmp_path / "copy.db"
    there.write_text("mine")
    with pytest.raises(Permanent, match="is there already: name another file"):
        await backup(settings, {}, there)
    assert there.read_text() == "mine"
    await backup(settings, {}, tmp_path / "other.db")
    lock = role_lock(settings.store_url)
    assert lock is not None and lock.acquire()
    with pytest.raises(Refused, match="a watchdog runs on this store: stop it first"):
        await restore(settings, {}, tmp_path / "other.db")
    lock.release()


async def test_a_copy_named_like_an_unfinished_one_is_kept(settings: Settings, tmp_path: Path) -> None:
    """Neither command removes a file that ends in .part: it may be the copy itself."""
    await denying(settings, "abc")
    (tmp_path / "copy.db.part").write_text("mine")
    with pytest.raises(Permanent, match="part is there already"):
        await backup(settings, {}, tmp_path / "copy.db")
    assert (tmp_path / "copy.db.part").read_text() == "mine"
    named = Path(f"{sqlite_path(settings)}.part")
    await backup(settings, {}, named)
    whole = named.read_bytes()
    with pytest.raises(Permanent, match="give it another name"):
        await restore(settings, {}, named)
    assert named.read_bytes() == whole and await denied(settings) == ("abc",)


async def test_a_store_behind_a_link_is_restored_where_the_link_leads(settings: Settings, tmp_path: Path) -> None:
    """On the lasting disk; the link stays."""
    disk = tmp_path / "disk"
    disk.mkdir()
    (tmp_path / "link.db").symlink_to(disk / "real.db")
    linked = replace(settings, store_url=f"sqlite:///{tmp_path / 'link.db'}")
    await denying(linked, "abc")
    await backup(linked, {}, tmp_path / "copy.db")
    await denying(linked, "abc", "def")
    done = await restore(linked, {}, tmp_path / "copy.db")
    assert (tmp_path / "link.db").is_symlink() and await denied(linked) == ("abc",)
    assert done.kept is not None and done.kept.parent == disk


async def test_a_name_too_long_for_a_file_is_refused(settings: Settings, tmp_path: Path) -> None:
    """By a sentence, as any other name that cannot be used."""
    await denying(settings, "abc")
    with pytest.raises(Permanent, match="cannot be written"):
        await backup(settings, {}, tmp_path / ("a" * 300))
    with pytest.raises(Permanent, match="there is no file"):
        await restore(settings, {}, tmp_path / ("a" * 300))


@pytest.mark.parametrize("kind", ["another file", "an empty file", "another database", "a newer one", "a damaged one"])
async def test_a_file_that_is_no_copy_changes_nothing(kind: str, settings: Settings, tmp_path: Path) -> None:
    """Found out before anything is moved."""
    await denying(settings, "abc")
    copy = tmp_path / "copy.db"
    await backup(settings, {}, copy)
    if kind == "another file":
        copy.write_text("no database at all, but long enough to be one" * 100)
    elif kind == "an empty file":
        copy.write_bytes(b"")
    elif kind == "a damaged one":
        content = bytearray(copy.read_bytes())
        content[4096:20_480] = bytes(16_384)
        copy.write_bytes(content)
    else:
        with closing(sqlite3.connect(copy)) as database:
            newer = "UPDATE watchdog_schema SET version_num = '9999'"
            database.execute(newer if kind == "a newer one" else "DROP TABLE watchdog_schema")
            database.commit()
    with pytest.raises(Permanent, match="newer watchdog" if kind == "a newer one" else "no store of|damaged"):
        await restore(settings, {}, copy)
    assert await denied(settings) == ("abc",)
    with pytest.raises(Permanent, match="there is no file"):
        await restore(settings, {}, tmp_path / "nowhere.db")


async def test_a_damaged_store_gives_no_copy(settings: Settings, tmp_path: Path) -> None:
    """What has the name of a copy is whole: else it would be found damaged on the day on which it is needed."""
    await denying(settings, "abc")
    store, copy = tmp_path / "watchdog.db", tmp_path / "copy.db"
    content = bytearray(store.read_bytes())
    content[4096:20_480] = bytes(16_384)
    store.write_bytes(content)
    with pytest.raises(Permanent, match=r"no store of|damaged"):
        sqlite_copy.write(store, copy)
    assert list(tmp_path.glob("copy.db*")) == []


async def test_what_the_log_of_the_old_store_holds_is_kept_with_it(settings: Settings, tmp_path: Path) -> None:
    """A reader keeps the log from being emptied by itself; the file of before has all of it, without a log beside."""
    await denying(settings, "abc")
    await backup(settings, {}, tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "watchdog.db")) as reader:
        reader.execute("SELECT count(*) FROM parts").fetchone()
        await denying(settings, "abc", "def")
        assert (tmp_path / "watchdog.db-wal").stat().st_size > 0
        done = await restore(settings, {}, tmp_path / "copy.db")
    assert done.kept is not None and await denied(settings) == ("abc",)
    alone = tmp_path / "alone.db"
    alone.write_bytes(done.kept.read_bytes())
    assert await denied(replace(settings, store_url=f"sqlite:///{alone}")) == ("abc", "def")


@pytest.mark.parametrize("suffix", sqlite_copy.OWN)
async def test_a_copy_takes_no_name_of_the_stores_own_files(suffix: str, settings: Settings, tmp_path: Path) -> None:
    """SQLite would take it for the log of the store."""
    await denying(settings, "abc")
    with pytest.raises(Permanent, match="belongs to the store"):
        await backup(settings, {}, tmp_path / f"watchdog.db{suffix}")


@pytest.mark.long
async def test_postgresql_is_dumped_and_put_back(postgres_server: PostgresServer, tmp_path: Path) -> None:
    """By its own programs; refused while a worker holds a lease, and what was there is kept as a dump."""
    settings = replace(settings_of(tmp_path), store_url=postgres_server.new_database())
    programs, copy = {"PATH": f"{postgres_server.programs}"}, tmp_path / "copy.dump"
    await denying(settings, "abc")
    assert await backup(settings, programs, copy) == copy.stat().st_size > 0
    await denying(settings, "abc", "def")
    held = build_store(settings.store_url, SystemClock())
    await held.open()
    await held.renew_leases("b", ("web",), ttl_seconds=60.0)
    with pytest.raises(Refused, match="stop it first"):
        await restore(settings, programs, copy)
    await held.release()
    await held.close()
    copy.with_name("half.dump").write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])
    with pytest.raises(Permanent, match="pg_restore failed"):
        await restore(settings, programs, copy.with_name("half.dump"))
    assert await denied(settings) == ("abc", "def")
    done = await restore(settings, programs, copy)
    assert await denied(settings) == ("abc",)
    assert done.kept is not None and done.kept.stat().st_size > 0
    postgres_server.drop_database(settings.store_url)
