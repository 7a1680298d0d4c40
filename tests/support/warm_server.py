"""Prepares all, then forks what is asked for (see warm_processes.py).

`python -m tests.support.warm_server talk|listen N`: by the socket of that number, or those who connect to it.
"""

import atexit
import gc
import importlib
import json
import os
import random
import runpy
import select
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from tests.support.warm_processes import LISTEN, ROOT
from watchdog.adapters.stores import codec
from watchdog.adapters.stores.database import migrate
from watchdog.settings.load.load import load

IMPORTED = (
    *("watchdog.__main__", "watchdog.cli.main", "watchdog.cli.services", "watchdog.app.commands.cli_service"),
    *("watchdog.app.compose.console_mount", "watchdog.console.app", "watchdog.console.public.app"),
    *("watchdog.sandbox.__main__", "watchdog.presentation.explain", "watchdog.presentation.status_text"),
    *("watchdog.cli.tables", "watchdog.settings.load.load", "watchdog.adapters.slack.conversation"),
    *("watchdog.adapters.stores.sql", "watchdog.adapters.stores.sqlite", "watchdog.adapters.stores.postgres"),
    *("aiosqlite", "psycopg", "alembic.command", "alembic.script", "alembic.runtime.environment", "mako.template"),
    *("anyio._backends._asyncio", "uvicorn.protocols.http.auto", "uvicorn.lifespan.off", "encodings.idna"),
)


class Client:
    """A process of tests: what it asks for, and what was forked for it and lives. Its end ends all that."""

    def __init__(self, talk: socket.socket) -> None:
        self._talk = talk
        self._alive: set[int] = set()
        self._requests = b""

    def serve(self) -> bool:
        """Fork what it asks for; tell whether it is still there."""
        piece = self._talk.recv(65536)
        if not piece:
            for pid in self._alive:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            return False
        *lines, self._requests = (self._requests + piece).split(b"\n")
        for line in lines:
            pid = os.fork()
            if not pid:
                _become(json.loads(line))
            self._alive.add(pid)
            self._tell(started=pid)
        return True

    def tell_who_ended(self) -> None:
        for pid in list(self._alive):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._alive.discard(pid)
                self._tell(ended=pid, code=os.waitstatus_to_exitcode(status))

    def _tell(self, **words: int) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # it has just ended, and is read to its end next
            self._talk.sendall(f"{json.dumps(words)}\n".encode())


def main() -> None:
    """Import, then fork whatever is asked for, and tell how each ended; go when the last who asks has gone."""
    first = socket.socket(fileno=int(sys.argv[2]))
    for name in IMPORTED:
        importlib.import_module(name)
    _prepare()
    assert threading.active_count() == 1, "a thread would be lost in a fork"
    gc.collect()
    gc.freeze()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; we go when those have gone who ask
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    listens = sys.argv[1] == LISTEN
    talk = first.accept()[0] if listens else first
    clients = {talk: Client(talk)}
    while clients:
        ready, _, _ = select.select([woken, *([first] if listens else []), *clients], [], [])
        if woken in ready:
            os.read(woken, 4096)
            for client in clients.values():
                client.tell_who_ended()
        for talk in ready:
            if talk in clients:
                if not clients[talk].serve():
                    del clients[talk]
            elif talk is first:
                new, _ = first.accept()
                clients[new] = Client(new)


def _prepare() -> None:
    """Make what every start of a daemon makes the same: half of its CPU until it watches."""
    codec.prepare()
    load(ROOT / "config/watchdog.yaml", {}, ROOT, secretless=True)  # the models of the settings
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        migrate(connection)
    engine.dispose()


def _become(request: Mapping[str, Any]) -> None:
    """Be the process that was asked for: never returns."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    for number, name in enumerate(("stdin", "out", "err")):
        file, mode = request[name], os.O_WRONLY | os.O_APPEND if number else os.O_RDWR
        opened = os.open(file, mode)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    random.seed()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(write_through=True, encoding="utf-8")  # type: ignore[union-attr]
    code = 1
    try:
        _run(request["command"])
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    threading._shutdown()  # type: ignore[attr-defined]  as the interpreter does at its end
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(code)


def _run(command: list[str]) -> None:
    if command[0] == "-m":
        sys.argv = command[1:]
        sys.modules.pop(f"{command[1]}.__main__", None)  # it was imported, and is to be run
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        sys.path.insert(0, str(Path(command[0]).parent))
        runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    main()
