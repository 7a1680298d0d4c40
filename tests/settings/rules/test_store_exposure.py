"""Other users who can read our files, and impostors of the database."""

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
        (f"{FAR}?sslmode=verify-ca", {}, True),
        (f"{FAR}?sslmode=verify-full", {}, False),
        (FAR, {"PGSSLMODE": "verify-full"}, False),
        (f"{FAR}?sslmode=prefer", {"PGSSLMODE": "verify-full"}, True),
        ("postgresql://ann@/watchdog?host=a.acme.example:5432,b.acme.example", {}, True),
        ("postgresql://ann@10.0.0.7/watchdog", {}, True),
        ("postgresql://ann@[2001:db8::7]/watchdog", {}, True),
        ("postgresql://ann@/watchdog?host=/var/run/postgresql", {}, False),
        ("postgresql://ann@127.0.0.1/watchdog", {}, False),
        ("postgresql://ann@localhost/watchdog", {}, False),
        ("postgresql://ann@localhost./watchdog", {}, False),
        ("postgresql://ann@/watchdog?hostaddr=203.0.113.5", {}, True),
        ("postgresql://ann@localhost/watchdog?hostaddr=203.0.113.5", {}, True),
        ("postgresql://ann@a,b/watchdog?hostaddr=,203.0.113.5", {}, True),
        ("postgresql://ann@db.acme.example/watchdog?hostaddr=::1", {}, False),
        ("postgresql://ann@dpg-abc-a/watchdog", {}, False),  # Render's private network: no certificate could hold it
        ("memory://", {}, False),
    ],
)
def test_case_65_a_database_that_nobody_checks_is_warned_of(
    url: str, environ: dict[str, str], warned: bool, tmp_path: Path
) -> None:
    """Off this machine its name must be verified; the warning holds no password."""
    found = exposure_warnings(url, tmp_path, environ)
    assert [("sslmode=verify-full" in one, "secret" in one) for one in found] == [(True, False)] * warned


OTHERS, GROUP = "other users of this machine can", "users of the group can"


@pytest.mark.parametrize(
    ("mode", "folder", "words"),
    [
        (0o666, 0o755, [f"{OTHERS} change"] * 2),
        (0o644, 0o755, [f"{OTHERS} read"] * 2),
        (0o640, 0o755, [f"{GROUP} read"] * 2),
        (0o620, 0o750, [f"{GROUP} change"] * 2),
        (0o644, 0o750, [f"{GROUP} read"] * 2),
        (0o660, 0o2770, [f"{GROUP} change"]),  # the record is shared by such a folder on purpose, the secrets are not
        (0o664, 0o2775, [f"{OTHERS} change", f"{OTHERS} read"]),
        (0o666, 0o700, []),
        (0o600, 0o755, []),
    ],
)
def test_case_65_files_that_others_may_open_are_warned_of(
    mode: int, folder: int, words: list[str], tmp_path: Path
) -> None:
    """The secrets beside the configuration, and the record; not where others cannot pass the folder."""
    for name in (".env", "watchdog.db"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    tmp_path.chmod(folder)
    found = exposure_warnings(f"sqlite:///{tmp_path}/watchdog.db", tmp_path, {})
    assert [said in one for said, one in zip(words, found, strict=True)] == [True] * len(words), found
    assert all("chmod 600 " in one and f"{mode:04o}" in one for one in found)
    assert exposure_warnings(f"sqlite:///{tmp_path}/none.db", tmp_path / "none", {}) == []


def test_what_lies_beside_the_record_is_named_too(tmp_path: Path) -> None:
    """The newest records are in the log: closing the database alone leaves them open. Behind a link they lie there."""
    tmp_path.chmod(0o755)
    for end in ("", "-wal", "-shm", ".lock"):
        (tmp_path / f"watchdog.db{end}").touch(0o644)
    (tmp_path / "watchdog.db").chmod(0o600)
    (tmp_path / "link.db").symlink_to(tmp_path / "watchdog.db")
    (said,) = exposure_warnings(f"sqlite:///{tmp_path}/watchdog.db", tmp_path, {})
    assert said.endswith(": chmod 600 watchdog.db-wal watchdog.db-shm watchdog.db.lock")
    (said,) = exposure_warnings(f"sqlite:///{tmp_path}/link.db", tmp_path, {})
    assert said.endswith(": chmod 600 watchdog.db-wal watchdog.db-shm")


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
