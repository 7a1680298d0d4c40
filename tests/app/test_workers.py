"""Worker processes: what becomes of them when the one that started them is ended."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clocks import PATIENCE_SECONDS
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
IMPORTS_SECONDS = 1.2
INTERRUPTED = 130


def workers_of(starter: int) -> list[int]:
    """Return the process ids of what it started."""
    return [int(pid) for pid in Path(f"/proc/{starter}/task/{starter}/children").read_text().split()]


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def is_at_work(pid: int) -> bool:
    """Tell whether a worker has begun with what it was started for: its imports take less processor time."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") > IMPORTS_SECONDS


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
def test_none_is_left_behind(tmp_path: Path, how: signal.Signals) -> None:
    """However it ends, within moments: hundreds of jobs that were still to do are not done."""
    script = tmp_path / "starter.py"
    script.write_text(STARTER)
    starter = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert starter.stdout is not None and starter.stdout.readline() == b"at it\n"
    started = workers_of(starter.pid)
    os.kill(starter.pid, how)
    assert len(started) >= 2
    starter.wait(PATIENCE_SECONDS)
    until(lambda: not any(map(alive, started)))


@pytest.mark.parametrize("command", ["score --episodes 500 --clean-years 5", "storm --seeds 5000", "soak --hours 24"])
def test_ctrl_c_ends_what_takes_long(command: str, tmp_path: Path) -> None:
    """The terminal sends it to all of them. Once is enough, and nobody reads a traceback."""
    words = [sys.executable, "-m", "watchdog", "lab", *command.split()]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    starter = subprocess.Popen(words, cwd=tmp_path, start_new_session=True, **pipes)
    try:
        until(lambda: any(is_at_work(pid) for pid in workers_of(starter.pid)))
        started = workers_of(starter.pid)
    finally:
        os.killpg(starter.pid, signal.SIGINT)
    _, said = starter.communicate(timeout=PATIENCE_SECONDS)
    assert starter.returncode == INTERRUPTED and b"Traceback" not in said
    until(lambda: not any(map(alive, started)))
