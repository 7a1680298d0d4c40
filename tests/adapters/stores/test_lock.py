"""The role of the acting daemon: one holder, given back by the kernel when the holder dies."""

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
    assert other.holder is not None and other.path.name == "w.db.lock" and not other.is_by_command
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


def test_a_folder_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    lock = RoleLock(tmp_path / "missing" / "w.db")
    with pytest.raises(Permanent, match="its folder must exist"):
        lock.acquire()
    assert lock.holder is None
