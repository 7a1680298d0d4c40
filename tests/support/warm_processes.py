"""Starts a process of ours as `python -m …` would, forked from one that has imported and prepared everything already.

An import of the product takes a second of CPU, and the stories start a thousand processes. A forked one has its own
number, environment, folder, output, signals and end, and runs the same `__main__`. What an import does is tested with
processes that are really new: tests/cli/test_loaded_modules.py, tests/cli/test_main.py, the demos of .ci/run.
"""

import atexit
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from tests.support import made_once

ROOT = Path(__file__).parents[2]
POLL_SECONDS = 0.005


TALK, LISTEN = "talk", "listen"


class Nursery:
    """The process that forks: one for all tests of a process, or of a run. What it forked for us ends when we do."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        if folder := made_once.folder_of_run():
            self._socket = self._of_run(folder / "nursery")
        else:
            self._socket, theirs = socket.socketpair()
            self._begin(TALK, theirs)
        atexit.register(self._end)
        self._lock = threading.Lock()
        self._buffer = b""
        self._started: list[int] = []
        self._ended: dict[int, int] = {}

    def _of_run(self, path: Path) -> socket.socket:
        """Return a connection to the one that another worker of this run has begun, or that begins now."""
        talk = socket.socket(socket.AF_UNIX)
        with made_once.locked(path):
            try:
                talk.connect(str(path))
            except (FileNotFoundError, ConnectionRefusedError):
                path.unlink(missing_ok=True)
                listener = socket.socket(socket.AF_UNIX)
                listener.bind(str(path))
                listener.listen()
                talk.connect(str(path))
                self._begin(LISTEN, listener)
        return talk

    def _begin(self, how: str, theirs: socket.socket) -> None:
        command = [sys.executable, "-m", "tests.support.warm_server", how, str(theirs.fileno())]
        self._process = subprocess.Popen(command, cwd=ROOT, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL)
        theirs.close()

    def _end(self) -> None:
        self._socket.close()
        if self._process is not None:
            self._process.wait()  # also for the other workers, which end about now: what it computed counts as ours

    def start(self, request: Mapping[str, Any]) -> int:
        with self._lock:
            self._socket.sendall(f"{json.dumps(request)}\n".encode())
            while not self._started:
                self._read()
            return self._started.pop()

    def how_ended(self, pid: int) -> int | None:
        """Return how a process ended, as subprocess tells it; None while it lives."""
        with self._lock, selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            while selector.select(0):
                self._read()
            return self._ended.get(pid)

    def _read(self) -> None:
        piece = self._socket.recv(65536)
        assert piece, "the process that forks has ended"
        *lines, self._buffer = (self._buffer + piece).split(b"\n")
        for told in map(json.loads, lines):
            if "started" in told:
                self._ended.pop(told["started"], None)  # an earlier process of that number
                self._started.append(told["started"])
            else:
                self._ended[told["ended"]] = told["code"]


@cache
def nursery(owner: int) -> Nursery:
    return Nursery()


class WarmProcess:
    """A forked process, with what the tests use of `subprocess.Popen`."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], cwd: Path, out: Path, err: Path, stdin: str
    ) -> None:
        self._nursery = nursery(os.getpid())
        words = {"command": list(command), "env": dict(env), "cwd": str(cwd)}
        words |= {"stdin": stdin, "out": str(out), "err": str(err)}
        self.args = list(command)
        self.pid = self._nursery.start(words)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return how it ended, None while it lives."""
        if self.returncode is None:
            self.returncode = self._nursery.how_ended(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises TimeoutExpired."""
        give_up = time.monotonic() + timeout if timeout is not None else float("inf")
        while (code := self.poll()) is None:
            if time.monotonic() > give_up:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            time.sleep(POLL_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):  # it ends in this very moment
            if self.poll() is None:
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


Process = WarmProcess | subprocess.Popen[bytes]


def start(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path, out: Path, err: Path, stdin: str = os.devnull
) -> WarmProcess:
    """Start `python -m MODULE …` or `python SCRIPT …`; its output goes to these files, which are emptied.

    `stdin` is a file that it reads, as a terminal's.
    """
    for file in (out, err):
        file.write_bytes(b"")
    assert command[0] == sys.executable, "only a Python can be forked from one"
    return WarmProcess(command[1:], env, cwd.resolve(), out.resolve(), err.resolve(), stdin)


def start_cold(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path, out: Path, err: Path
) -> subprocess.Popen[bytes]:
    """Start it as a process that imports everything itself."""
    with out.open("wb") as file, err.open("wb") as errors:
        return subprocess.Popen(command, stdout=file, stderr=errors, env=env, cwd=cwd)


def run(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path, timeout: float
) -> subprocess.CompletedProcess[str]:
    out, err = (cwd / f".{threading.get_ident()}.{name}" for name in ("out", "err"))
    process = start(command, env=env, cwd=cwd, out=out, err=err)
    try:
        code = process.wait(timeout)
    finally:
        process.kill()
    said = [file.read_text(encoding="utf-8") for file in (out, err)]
    for file in (out, err):
        file.unlink()
    return subprocess.CompletedProcess(list(command), code, *said)
