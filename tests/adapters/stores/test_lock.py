"""The role of the acting daemon: one holder, given back by the kernel when the holder dies."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from watchdog.adapters.stores.lock import RoleLock
from watchdog.domain.errors import Permanent

HOLD = """
import sys
from watchdog.adapters.stores.lock import RoleLock
lock = RoleLock(sys.argv[1])
print(lock.acquire(), flush=True)
sys.stdin.read()
"""


def test_one_holds_the_role_and_the_next_gets_it_afterwards(tmp_path: Path) -> None:
    """Taking it twice is harmless, a rival gets False and the holder's id, the database file is not touched."""
    one, other = RoleLock(tmp_path / "w.db"), RoleLock(str(tmp_path / "w.db"))
    assert one.acquire() and one.acquire() and not other.acquire()
    assert other.is_held and other.holder is not None and other.path.name == "w.db.lock" and not other.is_by_command
    one.release()
    one.release()
    assert other.acquire(by_command=True) and one.is_by_command and one.holder == other.holder is not None
    other.release()
    assert not (tmp_path / "w.db").exists()


def test_kill_9_gives_the_role_back(tmp_path: Path) -> None:
    """A real process takes the role; it is ours as soon as that process is dead, with no clock involved."""
    lock = RoleLock(tmp_path / "w.db")
    command = [sys.executable, "-c", HOLD, str(tmp_path / "w.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "True\n" and not lock.acquire()
        assert lock.holder == process.pid
        process.kill()
        process.wait(10)
        assert lock.acquire()
    lock.release()


def test_a_full_disk_gives_the_role_without_a_name_in_its_file(tmp_path: Path) -> None:
    """The start goes on, watches from memory and pages: it ended here, with a traceback."""
    lock, before = RoleLock(tmp_path / "w.db"), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        assert lock.acquire()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert lock.holder is None and not RoleLock(tmp_path / "w.db").acquire()
    lock.release()


def test_a_disk_that_is_read_only_by_now_gives_the_role_by_the_file_of_before(tmp_path: Path) -> None:
    """In a mount of this process's own, which a host may forbid."""
    (tmp_path / "w.db.lock").write_text("1\n", encoding="ascii")
    mount = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && exec "$2" -c "$3" "$1/w.db"'
    command = ["unshare", "-rm", "sh", "-c", mount, "sh", str(tmp_path), sys.executable, HOLD]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip("no mounts here")
    assert done.stdout == "True\n", done.stderr


def test_a_lock_that_cannot_be_opened_counts_as_held(tmp_path: Path) -> None:
    """As that of another user: a command must not take a daemon for gone. Here a link leads to itself."""
    lock = RoleLock(tmp_path / "w.db")
    assert not lock.is_held, "no file, no holder"
    lock.path.symlink_to(lock.path)
    assert lock.is_held


def test_a_folder_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    lock = RoleLock(tmp_path / "missing" / "w.db")
    with pytest.raises(Permanent, match="its folder must exist"):
        lock.acquire()
    assert lock.holder is None
