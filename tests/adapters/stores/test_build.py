"""From a url to a store (`stores/__init__.py`), and to its files with the mode that they should have."""

import os
import stat
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests.support.child_processes import python
from watchdog.adapters.stores import STORES, RoleLock, build_store, check_url, database_path, role_lock, shown_url
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.adapters.stores.sql import SqlStore
from watchdog.daemon.runtime.clock import SystemClock


def test_the_url_chooses_the_store(clock) -> None:
    urls = ("sqlite:///watchdog.db", "memory://", "postgresql://me@db.invalid/w", "postgres://me:x@db.invalid:5432/w")
    built = {check_url(url): type(build_store(url, clock)) for url in urls}
    assert built == {"sqlite": SqlStore, "memory": MemoryStore, "postgresql": SqlStore, "postgres": SqlStore}
    assert built.keys() == STORES.keys()


ONE_OF_OURS, ITS_PARTS = r"write sqlite:///watchdog\.db", "write postgresql://user:password@host:5432/database"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", ONE_OF_OURS),
        ("watchdog.db", ONE_OF_OURS),
        ("postgresql+psycopg://user:hunter2@db/x", ONE_OF_OURS),
        ("mysql://user:hunter2@db/x", ONE_OF_OURS),
        ("sqlite://", ONE_OF_OURS),
        ("sqlite:///", ONE_OF_OURS),
        ("sqlite:///:memory:", ONE_OF_OURS),
        ("sqlite://hunter2/x.db", ONE_OF_OURS),
        ("sqlite:///x.db?mode=ro", ONE_OF_OURS),
        ("sqlite+aiosqlite:///x.db", ONE_OF_OURS),
        ("postgresql://", ITS_PARTS),
        ("postgres://user:hunter2@db", ITS_PARTS),
        ("postgresql://db:hunter2/x", ITS_PARTS),
    ],
)
def test_what_is_no_store_says_what_to_write_and_no_secret(url: str, says: str, clock) -> None:
    """A mistake is reported before a file is opened; the url itself may hold a password."""
    with pytest.raises(ValueError, match=says) as caught:
        build_store(url, clock)
    assert "hunter2" not in str(caught.value)


def test_without_the_driver_it_says_what_to_install() -> None:
    """PostgreSQL is an extra; a real process without psycopg."""
    code = (
        "import sys; sys.modules['psycopg'] = None; "
        "from watchdog.adapters.stores import check_url; check_url(sys.argv[1])"
    )
    done = python("-c", code, "postgresql://user:hunter2@db/x")
    assert "pip install 'render-watchdog[postgres]'" in done.stderr and "hunter2" not in done.stderr
    assert python("-c", code, "sqlite:///w.db").returncode == 0


def test_what_a_url_shows_and_its_file() -> None:
    assert shown_url("postgres://me:hunter2@db.invalid:5432/w?sslkey=x") == "postgresql://db.invalid/w"
    assert shown_url("sqlite:///w.db") == "sqlite:///w.db"
    assert database_path("sqlite:///data/w.db") == Path("data/w.db")
    assert database_path("sqlite:////data/w.db") == Path("/data/w.db")
    assert database_path("memory://") is None and role_lock("memory://") is None
    assert role_lock("postgresql://me:pa[ss@db/watchdog") is None, "whatever the password is made of"


@pytest.mark.parametrize("file", ["a%20b.db", "/srv/app#1/w.db", "a+b.db", "tab\there.db"])
def test_the_lock_lies_beside_the_very_file_that_sqlalchemy_opens(file: str) -> None:
    """Two spellings of one path must not be two roles on one store."""
    assert str(database_path(f"sqlite:///{file}")) == make_url(f"sqlite:///{file}").database
    assert role_lock("postgresql://db.invalid/w") is None, "leases do that"
    lock = role_lock("sqlite:////data/w.db")
    assert lock is not None and lock.path == Path("/data/w.db.lock")


@pytest.mark.parametrize(
    ("folder", "umask", "mode"),
    [
        (0o2770, 0o002, 0o660),
        (0o2770, 0o000, 0o660),
        (0o2775, 0o022, 0o640),
        (0o2750, 0o002, 0o640),
        (0o2770, 0o077, 0o600),
        (0o0770, 0o000, 0o600),
        (0o0777, 0o002, 0o600),
    ],
)
@pytest.mark.parametrize("link", [False, True])
async def test_a_group_gets_what_its_folder_and_the_umask_give_it(
    folder: int, umask: int, mode: int, link: bool, tmp_path: Path
) -> None:
    """A setgid folder is shared on purpose: a second user of the group may pause. Behind a link it is the same.

    What root makes belongs to the folder's owner, so that a daemon of that user can write it.
    """
    shared = tmp_path / "shared"
    shared.mkdir()
    if os.geteuid() == 0:
        os.chown(shared, 65534, -1)
    shared.chmod(folder)
    path = tmp_path / "link.db" if link else shared / "watchdog.db"
    if link:
        path.symlink_to(shared / "watchdog.db")
        Path(f"{path}.lock").symlink_to(shared / "watchdog.db.lock")
    before = os.umask(umask)
    try:
        store, lock = build_store(f"sqlite:///{path}", SystemClock()), RoleLock(path)
        assert lock.acquire()
        await store.open()
        await store.submit("pause", {}, "ann")
    finally:
        os.umask(before)
    modes = {one.name.partition(".")[2]: stat.S_IMODE(one.stat().st_mode) for one in shared.iterdir()}
    owners = {one.stat().st_uid for one in shared.iterdir()}
    lock.release()
    await store.close()
    assert owners == {shared.stat().st_uid}
    assert modes == dict.fromkeys(("db", "db.lock", "db-wal", "db-shm"), mode)
