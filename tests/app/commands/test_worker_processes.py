"""Worker processes: what becomes of them when the one that started them is ended."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.child_processes import alive, children_of
from tests.support.clocks import PATIENCE_SECONDS
from tests.support.daemon_processes import until
from watchdog.app.commands.worker_processes import workers

STARTER = """
import signal
import time
from watchdog.app.commands.worker_processes import workers

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the tests may have been started with it ignored
    with workers(2) as pool:
        pool.submit(time.sleep, 0).result()
        jobs = [pool.submit(time.sleep, 0.5) for _ in range(1000)]
        print("at it", flush=True)
        jobs[-1].result()
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
def test_none_is_left_behind(tmp_path: Path, how: signal.Signals) -> None:
    """However it ends, within moments: hundreds of jobs that were still to do are not done."""
    script = tmp_path / "starter.py"
    script.write_text(STARTER)
    starter = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert starter.stdout is not None and starter.stdout.readline() == b"at it\n"
    started = children_of(starter.pid)
    os.kill(starter.pid, how)
    assert len(started) >= 2
    starter.wait(PATIENCE_SECONDS)
    until(lambda: not any(map(alive, started)))


def test_only_the_one_that_started_them_hears_of_ctrl_c() -> None:
    """A terminal sends it to all of them; for a worker it is blocked from its first moment on."""
    with workers(1) as pool:
        blocked = pool.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()).result(PATIENCE_SECONDS)
    assert signal.SIGINT in blocked and signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
