"""Prepares all, then forks what is asked for (see warm_processes.py): `python -m tests.support.warm_server N`."""

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
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from tests.support.warm_processes import ROOT
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


def main() -> None:
    """Import, then fork whatever is asked for, and tell how each ended; at the end of our parent end them all."""
    talk = socket.socket(fileno=int(sys.argv[1]))
    for name in IMPORTED:
        importlib.import_module(name)
    _prepare()
    assert threading.active_count() == 1, "a thread would be lost in a fork"
    gc.collect()
    gc.freeze()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; our parent ends us
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    alive: set[int] = set()
    requests = b""
    while True:
        ready, _, _ = select.select([talk, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _tell_who_ended(talk, alive)
        if talk in ready:
            piece = talk.recv(65536)
            if not piece:
                break
            *lines, requests = (requests + piece).split(b"\n")
            for line in lines:
                pid = os.fork()
                if not pid:
                    _become(json.loads(line))
                alive.add(pid)
                talk.sendall(f"{json.dumps({'started': pid})}\n".encode())
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _prepare() -> None:
    """Make what every start of a daemon makes the same: half of its CPU until it watches."""
    codec.prepare()
    load(ROOT / "config/watchdog.yaml", {}, ROOT, secretless=True)  # the models of the settings
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        migrate(connection)
    engine.dispose()


def _tell_who_ended(talk: socket.socket, alive: set[int]) -> None:
    for pid in list(alive):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            alive.discard(pid)
            talk.sendall(f"{json.dumps({'ended': pid, 'code': os.waitstatus_to_exitcode(status)})}\n".encode())


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
