"""Who else may read what we keep, or stand in for the database."""

import os
import stat
from pathlib import Path

import pytest

from watchdog.adapters.stores import RoleLock, build_store
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.settings.rules.store_exposure import exposure_warnings

FAR = "postgresql://ann:secret@db.acme.example:5432/watchdog"


@pytest.mark.parametrize(
    ("url", "environ", "warned"),
    [
        (FAR, {}, True),
        (f"{FAR}?sslmode=require", {}, True),
        (f"{FAR}?sslmode=verify-full", {}, False),
        (FAR, {"PGSSLMODE": "verify-full"}, False),
        (f"{FAR}?sslmode=prefer", {"PGSSLMODE": "verify-full"}, True),
        ("postgresql://ann@/watchdog?host=a.acme.example:5432,b.acme.example", {}, True),
        ("postgresql://ann@10.0.0.7/watchdog", {}, True),
        ("postgresql://ann@[2001:db8::7]/watchdog", {}, True),
        ("postgresql://ann@/watchdog?host=/var/run/postgresql", {}, False),
        ("postgresql://ann@127.0.0.1/watchdog", {}, False),
        ("postgresql://ann@localhost/watchdog", {}, False),
        ("postgresql://ann@dpg-abc-a/watchdog", {}, False),  # Render's private network: no certificate could hold it
        ("memory://", {}, False),
    ],
)
def test_a_database_that_nobody_checks_is_warned_of(
    url: str, environ: dict[str, str], warned: bool, tmp_path: Path
) -> None:
    """Off this machine its name must be verified; the warning holds no password."""
    found = exposure_warnings(url, tmp_path, environ)
    assert [("sslmode=verify-full" in one, "secret" in one) for one in found] == [(True, False)] * warned


@pytest.mark.parametrize(
    ("mode", "words"),
    [(0o666, ["change"] * 2), (0o644, ["read"] * 2), (0o640, ["read"] * 2), (0o620, ["change"] * 2), (0o600, [])],
)
def test_files_that_others_may_open_are_warned_of(mode: int, words: list[str], tmp_path: Path) -> None:
    """The secrets beside the configuration, and the record."""
    for name in (".env", "watchdog.db"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    found = exposure_warnings(f"sqlite:///{tmp_path}/watchdog.db", tmp_path, {})
    assert [one.partition("can ")[2].partition(" ")[0] for one in found] == words
    assert all("chmod 600 " in one and f"{mode:04o}" in one for one in found)
    assert exposure_warnings(f"sqlite:///{tmp_path}/none.db", tmp_path / "none", {}) == []


async def test_what_we_make_is_ours_alone(tmp_path: Path) -> None:
    """The record with all that SQLite puts beside it, and the lock: who can open that could keep the daemon out."""
    before = os.umask(0)
    try:
        store = build_store(f"sqlite:///{tmp_path}/watchdog.db", SystemClock())
        lock = RoleLock(tmp_path / "watchdog.db")
        await store.open()
        await store.submit("pause", {}, "ann")
        assert lock.acquire()
        modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()}
        lock.release()
        await store.close()
    finally:
        os.umask(before)
    assert {"watchdog.db", "watchdog.db-wal", "watchdog.db.lock"} <= modes.keys()
    assert set(modes.values()) == {0o600}, modes
