"""A record to run commands on: a SQLite file with the incident of the sketch."""

import asyncio
import os
import pwd
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

import pytest

from tests.cli import examples as x
from tests.support.databases import with_tables
from tests.support.stores import opened
from watchdog.cli.main import main
from watchdog.cli.services import AppServices
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.effects import Note
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.store_records import Minute, Write
from watchdog.ports import Store

T = TypeVar("T")
Typed = Callable[..., str]
ME = pwd.getpwuid(os.getuid()).pw_name
CONFIG = """\
version: 1
services:
  web:
    tags: [checkout]
    signals:
      home: {{http: "http://127.0.0.1:9/"}}
      errors: {{sentry: acme/web}}
channels:
  console: {{}}
store: "sqlite:///{folder}/watchdog.db"
"""


class Terminal:
    """A terminal of 80 columns in place of stdout or stderr."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, stream: str = "stdout") -> None:
        self._ours, theirs = os.openpty()
        self._page = os.fdopen(theirs, "w")
        monkeypatch.setattr(f"sys.{stream}", self._page)
        for name, value in (("TERM", "xterm-256color"), ("COLUMNS", "80"), ("LINES", "40")):
            monkeypatch.setenv(name, value)

    def shown(self) -> str:
        """Return what was written so far, as a terminal gets it: its lines end in CR and LF."""
        self._page.write("=END=")
        self._page.flush()
        told = ""
        while "=END=" not in told:
            told += os.read(self._ours, 4000).decode()
        self._page.close()
        os.close(self._ours)
        return told.partition("=END=")[0]


def said(name: str) -> str:
    """Return how the record names who gave a name at this terminal."""
    return f"said:{name} (terminal:{ME})"


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the path of a configuration whose record holds nothing yet."""
    monkeypatch.setenv("WATCHDOG_SENTRY_TOKEN", "a-token-for-tests-only")
    path = tmp_path / "watchdog.yaml"
    path.write_text(CONFIG.format(folder=tmp_path))
    return str(path)


def record(folder: Path) -> AbstractAsyncContextManager[Store]:
    return opened(f"sqlite:///{folder}/watchdog.db", SystemClock())


def in_record(folder: Path, do: Callable[[Store], Awaitable[T]]) -> T:
    """Return what a coroutine with the record gives back, where no loop runs: a command has one of its own."""

    async def done() -> T:
        async with record(folder) as store:
            return await do(store)

    return asyncio.run(done())


@cache
def recorded() -> bytes:
    """Return the file of a record with the sketch's incident, and a note of another one: written once a process."""

    async def write(store: Store) -> None:
        state = State(services={"web": ServiceState("web", incident=x.incident())}, incidents=1)
        other = Note(x.BEGIN + 5, "web", "web-7", "ACT", "of another incident")
        await store.save(Write(state, effects=[*x.NOTES, other]))
        await store.put_minutes([Minute("web", "home", x.BEGIN - 4, 5, 1, 0, why="HTTP 503")])

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "watchdog.db").write_bytes(with_tables())
        in_record(Path(folder), write)
        return Path(folder, "watchdog.db").read_bytes()


@pytest.fixture
def config(empty: str, tmp_path: Path) -> str:
    (tmp_path / "watchdog.db").write_bytes(recorded())
    return empty


def answer(
    capsys: pytest.CaptureFixture[str], *words: str, code: int = 0, services: Callable[[], AppServices] = AppServices
) -> str:
    """Type a command, see its exit code, and return all that it printed: on stderr, and only there, if it fails."""
    assert main(words, services) == code
    told = capsys.readouterr()
    assert (told.out if code else told.err) == ""
    return told.err if code else told.out


@pytest.fixture
def typed(config: str, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Return what types a command about the record."""
    return partial(answer, capsys, "-c", config)
