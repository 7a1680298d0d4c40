"""Processes: one that is run to its end; those that one under test has started, and whether they are at work."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.clocks import PATIENCE_SECONDS
from watchdog.app.sandbox_demo.sandbox_process import environment

ROOT = Path(__file__).parents[2]
IMPORTS_SECONDS = 1.2
ABORTS_WITHIN_SECONDS = 10.0
WORDS_MAX = 200
TOLD = ("State", "PPid", "Threads", "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt")
"""What is told of a process that does not end, by the kernel's names."""


def python(*words: str, cwd: Path | None = None, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run Python to its end, with our package on its path, none of our variables, and more in its environment."""
    known = environment({"PYTHONPATH": str(ROOT), **environ})
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=cwd, env=known, capture_output=True, text=True, timeout=PATIENCE_SECONDS)


def watchdog(*words: str, cwd: Path | None = None, **environ: str) -> "subprocess.CompletedProcess[str]":
    return python("-m", "watchdog", *words, cwd=cwd, **environ)


def program(name: str, package: str | None = None) -> str:
    """Return where a program is; its Debian package may have another name."""
    return shutil.which(name) or missing(f"there is no {name}: apt-get install {package or name}")


def missing(why: str) -> NoReturn:
    """Skip the test; where everything must run (CI=true) it fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended and was not waited for does not."""
    try:
        return _fields(pid)[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def sleeps(pid: int) -> bool:
    """Tell whether a process waits for something."""
    return _fields(pid)[0] == "S"


def is_at_work(pid: int) -> bool:
    """Tell whether a process has begun with what it was started for: its imports take less processor time."""
    return processor_seconds(pid) > IMPORTS_SECONDS


def processor_seconds(pid: int) -> float:
    fields = _fields(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def put_first(pid: int) -> None:
    """Let a process, and what it starts from now on, compute before its neighbours, where we may say so.

    For what is promised in seconds: it is measured at the process, not at what else the machine computes. A nice value
    would not do: Linux weighs sessions first.
    """
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(PermissionError, ProcessLookupError, FileNotFoundError):  # not allowed, or it ended just now
            os.sched_setscheduler(int(thread.name), os.SCHED_RR, os.sched_param(1))
            for child in Path(f"{thread}/children").read_text().split():
                put_first(int(child))


def alive_in_session(leader: int) -> list[int]:
    """Return the processes that run in a process's session, also where that has ended: it and all that it started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, session, *_ = _fields(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(session) == leader and state != "Z":
            found.append(int(folder.name))
    return found


def ended_by_abort(pids: Sequence[int]) -> str:
    """Return what processes were doing, and end them; with PYTHONFAULTHANDLER=1 each writes its stacks to its stderr.

    For those that should have ended already: there is nothing to be lost.
    """
    doing = []
    for pid in pids:
        with suppress(ProcessLookupError, FileNotFoundError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
            told = ", ".join(f"{name} {status[name].strip()}" for name in TOLD)
            doing.append(f"{pid}, {processor_seconds(pid):.2f} s of processor, {told}: {words[:WORDS_MAX]}")
            os.kill(pid, signal.SIGABRT)
    give_up = time.monotonic() + ABORTS_WITHIN_SECONDS
    while any(map(alive, pids)) and time.monotonic() < give_up:
        time.sleep(0.05)
    return "\n".join(doing)


def _fields(pid: int) -> list[str]:
    """Return what the kernel tells of a process, from its state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
