"""Which mode a file of ours has when it is made."""

import os
import stat
from pathlib import Path

import pytest

from watchdog.adapters.stores import RoleLock, build_store
from watchdog.daemon.runtime.clock import SystemClock


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
    """A setgid folder is shared on purpose: a second user of the group may pause. Behind a link it is the same."""
    shared = tmp_path / "shared"
    shared.mkdir()
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
    lock.release()
    await store.close()
    assert modes == dict.fromkeys(("db", "db.lock", "db-wal", "db-shm"), mode)
