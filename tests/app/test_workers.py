"""Worker processes: what becomes of them when the one that started them is ended."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.processes import until

STARTER = """
import time
from watchdog.app.workers import workers

if __name__ == "__main__":
    with workers(2) as pool:
        pool.submit(time.sleep, 0).result()
        jobs = [pool.submit(time.sleep, 0.5) for _ in range(1000)]
        print("at it", flush=True)
        jobs[-1].result()
"""
BOUND_SECONDS = 30.0


def workers_of(starter: int) -> list[int]:
    """Return the process ids of what it started."""
    return [int(pid) for pid in Path(f"/proc/{starter}/task/{starter}/children").read_text().split()]


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
def test_none_is_left_behind(tmp_path: Path, how: signal.Signals) -> None:
    """However it ends, within moments: hundreds of jobs that were still to do are not done."""
    script = tmp_path / "starter.py"
    script.write_text(STARTER)
    starter = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert starter.stdout is not None and starter.stdout.readline() == b"at it\n"
    started = workers_of(starter.pid)
    assert len(started) >= 2
    os.kill(starter.pid, how)
    starter.wait(BOUND_SECONDS)
    until(lambda: not any(map(alive, started)), BOUND_SECONDS)
