"""Ctrl-C, as a terminal sends it: to the command and all that it started, once."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from tests.support.child_processes import (
    alive_in_session,
    children_of,
    ended_by_abort,
    is_at_work,
    processor_seconds,
    sleeps,
)
from tests.support.daemon_processes import environment, together, until
from tests.support.drawn import of_this_commit, part
from watchdog.cli.main import app, interruptible

INTERRUPTED = 130
IGNORED = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh")
"""How a script starts what it puts into the background: SIGINT is ignored, and stays so across exec."""
TEST_SECONDS = 600
BEGINS_WITHIN_SECONDS, ENDS_WITHIN_SECONDS = 300.0, 240.0
"""Together less than the test's own limit, which would name no command."""
PYTHON_STARTS_SECONDS = 0.2
PIPES = (Path("pipe"), Path("upptime", "pipe.csv"))
"""Files that never end."""
DROPPED = """
import os, signal, sys, weakref

class Finder:
    def find_spec(name, path=None, target=None):
        if name == module:
            held = set()
            kept = weakref.ref(held, lambda _: os.kill(os.getpid(), signal.SIGINT))
            del held

module, sys.argv[1:] = sys.argv[1], ["lab", "replay", "pipe"]
sys.meta_path.insert(0, Finder)
from watchdog.__main__ import main
main()
"""
"""Interrupts itself as it begins to import a module: in a callback, as the import system has one for each module."""
Begun = Callable[[int, Path], bool]


def listens(pid: int, folder: Path) -> bool:
    return has_sigint("SigCgt", pid)


def has_sigint(mask: str, pid: int) -> bool:
    """Tell whether SIGINT is in one of the kernel's masks of a process: caught (SigCgt), blocked (SigBlk)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return bool(int(status.partition(f"{mask}:")[2].split()[0], 16) & 1 << signal.SIGINT - 1)


def workers_of(pid: int) -> list[int]:
    """Return its children without Python's resource tracker, which ignores SIGINT."""
    return [child for child in children_of(pid) if has_sigint("SigBlk", child)]


def works(pid: int, folder: Path) -> bool:
    return is_at_work(pid)


def has_workers_at_work(pid: int, folder: Path) -> bool:
    return any(map(is_at_work, workers_of(pid)))


def has_workers(pid: int, folder: Path) -> bool:
    """A worker is about to take its first job: it has begun the thread that waits for the end of its parent."""
    return any(len(list(Path(f"/proc/{worker}/task").iterdir())) > 1 for worker in workers_of(pid))


def has_a_worker_that_imports(pid: int, folder: Path) -> bool:
    """A process that it started is a Python that runs, but not for long."""
    return any(processor_seconds(worker) > PYTHON_STARTS_SECONDS for worker in workers_of(pid))


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
                # Opened, but not yet read: Python looks for signals once more before it waits, but not at the last.
                return sleeps(pid)
    return False


COMMANDS: Mapping[str, Begun] = {
    "lab score --clean-years 5": listens,
    "lab score --episodes 500 --clean-years 5 --processes 1": has_workers_at_work,
    "lab storm --seeds 5000 --processes 1": has_workers_at_work,
    "lab storm --seed 41": has_a_worker_that_imports,
    "lab soak --hours 24": has_workers,
    "lab speed --rounds 100000": works,
    "lab episode clean 1": works,
    "lab scenario pipe": reads,
    "lab replay pipe": reads,
    "lab readiness pipe": reads,
    "lab import csv pipe --service web --signal home --out made": reads,
    "lab traces .": reads,
    "lab robustness --worlds usual --clean-years 0 --slower 0 --seasons 0 --processes 1": has_workers,
    "lab flapping --episodes 500 --processes 1": has_workers,
    "lab live --episodes 1": has_started(2),
    "demo": has_printed,
    "demo --console": has_printed,
}
"""Every command of the lab, and the demo; how far it is when it is interrupted.

Where that is a guess by processor seconds, a slow machine is interrupted earlier, and has to end as well.
"""

DRAWN = part(tuple(COMMANDS), 3, of_this_commit())
UNDRAWN = tuple(command for command in COMMANDS if command not in DRAWN)


def interrupted(command: str, folder: Path) -> None:
    """Start a command with SIGINT ignored, interrupt it and what it started, and see all of them end."""
    with started(folder, ("-m", "watchdog", *command.split())) as process:
        seen = partial(what_it_did, command, process, folder)
        until(lambda: process.poll() is not None or begun(command, process.pid, folder), seen, BEGINS_WITHIN_SECONDS)
        assert process.returncode is None, seen()
        os.killpg(process.pid, signal.SIGINT)
        has_ended(process, seen)
    # A library that runs Python code as it loads lets the interpreter end by the signal itself: a shell says 130, too.
    assert process.returncode in (INTERRUPTED, -signal.SIGINT) and "Traceback" not in said(folder), seen()


@contextmanager
def started(folder: Path, words: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Start Python as a leader of its own session, with SIGINT ignored, where files are that never end."""
    (folder / "upptime").mkdir(parents=True)
    for pipe in PIPES:
        os.mkfifo(folder / pipe)
    held = [os.open(folder / pipe, os.O_RDWR) for pipe in PIPES]
    # Where it does not end, `ended_by_abort` makes it write down where it is.
    known = environment({"PYTHONFAULTHANDLER": "1"})
    with (folder / "out").open("wb") as out, (folder / "errors").open("wb") as errors:
        process = subprocess.Popen(
            [*IGNORED, sys.executable, *words], stdout=out, stderr=errors, cwd=folder, env=known, start_new_session=True
        )
    try:
        yield process
    finally:
        for pid in alive_in_session(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait()
        for pipe in held:
            os.close(pipe)


def begun(command: str, pid: int, folder: Path) -> bool:
    """Tell whether SIGINT is not ignored any more, and the command as far as we want it."""
    return listens(pid, folder) and COMMANDS[command](pid, folder)


def has_ended(process: "subprocess.Popen[bytes]", seen: Callable[[], str]) -> None:
    """Wait until a process has ended, and all that it started."""
    until(lambda: process.poll() is not None and not alive_in_session(process.pid), seen, ENDS_WITHIN_SECONDS)


def what_it_did(command: str, process: "subprocess.Popen[bytes]", folder: Path) -> str:
    """Return a command, its code, what its processes were doing, and what they wrote, their stacks at last."""
    code, doing = process.poll(), ended_by_abort(alive_in_session(process.pid))
    return f"{command}: {code}\n{doing}\n{said(folder)}"


def said(folder: Path) -> str:
    return (folder / "errors").read_text()


@pytest.mark.long
@pytest.mark.timeout(TEST_SECONDS)
@pytest.mark.parametrize("commands", [DRAWN, pytest.param(UNDRAWN, marks=pytest.mark.nightly)], ids=["day", "night"])
def test_ctrl_c_ends_every_command_that_takes_long(tmp_path: Path, commands: Sequence[str]) -> None:
    """Also where SIGINT was inherited as ignored: code 130, no traceback, no process left. All at once: most wait."""
    numbered = [(command, tmp_path / str(number)) for number, command in enumerate(commands)]
    together(*(partial(interrupted, command, folder) for command, folder in numbered))


@pytest.mark.parametrize("module", ["watchdog.cli.main", "watchdog.app.commands.replay_run"])
def test_ctrl_c_where_python_drops_an_exception(tmp_path: Path, module: str) -> None:
    """No exception escapes from a callback of a weak reference, and each import has one: it ends all the same."""
    with started(tmp_path / "run", ("-c", DROPPED, module)) as process:
        has_ended(process, partial(what_it_did, module, process, tmp_path / "run"))
    assert (process.returncode, said(tmp_path / "run")) == (INTERRUPTED, "")


def test_ctrl_c_just_before_a_command_computes() -> None:
    """Our handler is not there yet: asyncio's cancels the task, which a command that never waits would not notice."""
    computed = []

    async def command() -> int:
        computed.append("all of it")
        return 0

    async def cancelled() -> None:
        task = asyncio.current_task()
        assert task is not None and task.cancel()
        await interruptible(command)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    assert not computed


def test_no_command_of_the_lab_is_left_out() -> None:
    listed = {words[1] for words in map(str.split, COMMANDS) if words[0] == "lab"}
    assert listed == {name for name in app["lab"] if not name.startswith("-")}
