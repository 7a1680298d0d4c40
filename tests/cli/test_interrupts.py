"""Ctrl-C, as a terminal sends it: to the command and all that it started, once."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

import pytest

from tests.support.child_processes import alive_in_session, children_of, is_at_work, processor_seconds
from tests.support.clocks import PATIENCE_SECONDS
from tests.support.daemon_processes import environment, together, until
from watchdog.cli.main import app

INTERRUPTED = 130
IGNORED = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh")
"""How a script starts what it puts into the background: SIGINT is ignored, and stays so across exec."""
PYTHON_STARTS_SECONDS = 0.2
PIPES = (Path("pipe"), Path("upptime", "pipe.csv"))
"""Files that never end."""
Begun = Callable[[int, Path], bool]


def listens(pid: int, folder: Path) -> bool:
    caught = Path(f"/proc/{pid}/status").read_text().partition("SigCgt:")[2].split()[0]
    return bool(int(caught, 16) & 1 << signal.SIGINT - 1)


def works(pid: int, folder: Path) -> bool:
    return is_at_work(pid)


def has_workers_at_work(pid: int, folder: Path) -> bool:
    return any(is_at_work(child) for child in children_of(pid))


def has_a_worker_that_imports(pid: int, folder: Path) -> bool:
    """A process that it started is a Python that runs, but not for long."""
    return any(processor_seconds(child) > PYTHON_STARTS_SECONDS for child in children_of(pid))


def has_started(children: int) -> Begun:
    """It has started so many processes, which still import."""
    return lambda pid, folder: len(children_of(pid)) >= children


def has_printed(pid: int, folder: Path) -> bool:
    return (folder / "out").stat().st_size > 0


def reads(pid: int, folder: Path) -> bool:
    pipes = {str(folder.resolve() / pipe) for pipe in PIPES}
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            if os.readlink(file) in pipes:
                return True
    return False


COMMANDS: Mapping[str, Begun] = {
    "lab score --clean-years 5": listens,
    "lab score --episodes 500 --clean-years 5 --processes 1": has_workers_at_work,
    "lab storm --seeds 5000 --processes 1": has_workers_at_work,
    "lab storm --seed 41": has_a_worker_that_imports,
    "lab soak --hours 24": has_workers_at_work,
    "lab speed --rounds 100000": works,
    "lab episode clean 1": works,
    "lab scenario pipe": reads,
    "lab replay pipe": reads,
    "lab readiness pipe": reads,
    "lab import csv pipe --service web --signal home --out made": reads,
    "lab traces .": reads,
    "lab robustness --worlds usual --clean-years 0 --slower 0 --seasons 0 --processes 1": has_workers_at_work,
    "lab flapping --episodes 500 --processes 1": has_workers_at_work,
    "lab live --episodes 1": has_started(2),
    "demo": has_printed,
    "demo --console": has_printed,
}
"""Every command of the lab, and the demo; how far it is when it is interrupted."""


def interrupted(command: str, folder: Path) -> None:
    """Start a command with SIGINT ignored, interrupt it and what it started, and see all of them end."""
    folder.mkdir()
    (folder / "upptime").mkdir()
    with ExitStack() as stack:
        for pipe in PIPES:
            os.mkfifo(folder / pipe)
            stack.callback(os.close, os.open(folder / pipe, os.O_RDWR))
        out, errors = (stack.enter_context((folder / name).open("wb")) for name in ("out", "errors"))
        words = [*IGNORED, sys.executable, "-m", "watchdog", *command.split()]
        process = subprocess.Popen(
            words, stdout=out, stderr=errors, cwd=folder, env=environment(), start_new_session=True
        )
        try:
            until(lambda: process.poll() is not None or COMMANDS[command](process.pid, folder))
            os.killpg(process.pid, signal.SIGINT)
            code = process.wait(PATIENCE_SECONDS)
            until(lambda: not alive_in_session(process.pid))
        finally:
            for pid in alive_in_session(process.pid):
                os.kill(pid, signal.SIGKILL)
    said = (folder / "errors").read_text()
    # A library that runs Python code as it loads lets the interpreter end by the signal itself: a shell says 130, too.
    assert code in (INTERRUPTED, -signal.SIGINT) and "Traceback" not in said, f"{command}: {code}\n{said}"


@pytest.mark.long
@pytest.mark.timeout(600)
def test_ctrl_c_ends_every_command_that_takes_long(tmp_path: Path) -> None:
    """Also where SIGINT was inherited as ignored: code 130, no traceback, no process left. All at once: most wait."""
    numbered = [(command, tmp_path / str(number)) for number, command in enumerate(COMMANDS)]
    together(*(partial(interrupted, command, folder) for command, folder in numbered))


def test_no_command_of_the_lab_is_left_out() -> None:
    listed = {words[1] for words in map(str.split, COMMANDS) if words[0] == "lab"}
    assert listed == {name for name in app["lab"] if not name.startswith("-")}
