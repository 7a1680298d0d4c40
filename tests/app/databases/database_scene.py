"""The database of a shop on a real PostgreSQL, with the commands that dump, migrate down and restore it.

A step is killed where a program of PostgreSQL is called: the scene puts a script in its place, which kills the process
that called it (kill -9 $PPID), before, in the middle of, or after the work of the real program.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.cli.conftest import in_record, recorded
from tests.support import warm_processes
from tests.support.clocks import PATIENCE_SECONDS
from tests.support.daemon_processes import until
from tests.support.postgres_server import PostgresServer
from watchdog.domain.remedies.database_step import DatabaseStep

VARIABLE = "SHOP_DATABASE_URL"
CONFIG = """\
version: 1
services:
  web:
    signals: {{home: {{http: "http://127.0.0.1:9/"}}}}
    database: {{url_env: {variable}, folder: {folder}/dumps, programs: {folder}/programs, migrate_down: {down}{more}}}
  api:
    signals: {{home: {{http: "http://127.0.0.1:9/"}}}}
channels: {{console: {{}}}}
store: "sqlite:///{folder}/watchdog.db"
"""
SHOP = """
CREATE TABLE orders (id int PRIMARY KEY, what text);
INSERT INTO orders SELECT n, 'a' || n || E'\\n\\tb' FROM generate_series(1, 500) n;
CREATE SCHEMA "Odd";
CREATE TABLE "Odd"."my Table" (id int, price numeric);
INSERT INTO "Odd"."my Table" VALUES (1, 2.5), (2, NULL);
"""
DOWN = 'ALTER TABLE "Odd"."my Table" DROP COLUMN price'
PROGRAMS = ("pg_dump", "pg_restore", "psql")
WHOLE = """
SELECT (SELECT string_agg(one::text, ',' ORDER BY id) FROM orders one),
       (SELECT string_agg(one::text, ',' ORDER BY id) FROM "Odd"."my Table" one)
"""


class Shop:
    """A service whose database is there, and a person at the command line."""

    def __init__(self, server: PostgresServer, folder: Path, url: str, more: str = "") -> None:
        self.server, self.folder, self.url = server, folder, url
        self.dumps, self.programs = folder / "dumps", folder / "programs"
        self.programs.mkdir()
        for name in PROGRAMS:
            self.replace(name, f'exec {server.programs / name} "$@"')
        self.down = folder / "down"
        self.down_line = self.psql(DOWN)
        self.script(self.down, self.down_line)
        text = CONFIG.format(variable=VARIABLE, folder=folder, down=self.down, more=more)
        (folder / "watchdog.yaml").write_text(text, encoding="utf-8")
        (folder / "watchdog.db").write_bytes(recorded())
        server.execute(SHOP, url)

    def psql(self, statement: str) -> str:
        """Return the line of a shell that runs a statement in the database, as a migration does."""
        return f"{self.server.programs / 'psql'} -qX -d '{self.url}' -c '{statement}'"

    def script(self, path: Path, text: str) -> None:
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    def replace(self, name: str, text: str) -> None:
        """Put a script in the place of one of PostgreSQL's programs."""
        self.script(self.programs / name, text)

    @contextmanager
    def killing(self, name: str, text: str) -> Iterator[None]:
        """Put a script in its place that kills who calls it; REAL stands for the real program with its words."""
        real = f'{self.server.programs / name} "$@"'
        self.replace(name, text.replace("REAL", real).replace("KILL", "kill -9 $PPID"))
        yield
        self.replace(name, f"exec {real}")

    def typed(self, *words: str, code: int | None = None, answer: str | None = None, **variables: str) -> str:
        """Type a command in a shell of one's own; return what it says. `answer` is typed to its question."""
        command = [sys.executable, "-m", "watchdog", "-c", str(self.folder / "watchdog.yaml"), "database", *words]
        environ = {"PATH": os.environ["PATH"], VARIABLE: self.url, "WATCHDOG_HTTP_TOKEN": "t" * 30, **variables}
        out = self.folder / "said"
        ours, theirs = os.openpty()
        try:
            stdin = os.ttyname(theirs) if answer is not None else os.devnull
            process = warm_processes.start(command, env=environ, cwd=self.folder, out=out, err=out, stdin=stdin)
            if answer is not None:
                os.write(ours, f"{answer}\n".encode())
            ended = process.wait(PATIENCE_SECONDS)
        finally:
            os.close(ours)
            os.close(theirs)
        said = out.read_text(encoding="utf-8")
        assert code is None or ended == code, said
        return said

    def killed(self, *words: str, **more: Any) -> None:
        """Type a command that a script kills."""
        self.typed(*words, code=-signal.SIGKILL, **more)

    def dumped(self) -> str:
        """Make a dump, and return its name."""
        self.typed("dump", "web", code=0)
        return self.newest()

    def settled(self) -> DatabaseStep:
        """Look up what a killed process left, once the programs that it started have ended; return the last step."""
        until(lambda: "under way on this machine" not in self.typed("status", "web", "--settle"))
        return self.steps()[-1]

    def newest(self) -> str:
        return sorted(path.name for path in self.dumps.glob("*.dump"))[-1]

    def elsewhere(self) -> None:
        """Let the last step be one that another machine began."""
        step = replace(self.steps()[-1], host="another-machine")
        in_record(self.folder, lambda store: store.put_database_step(step))

    def steps(self) -> list[DatabaseStep]:
        """Return the record of the steps, oldest first."""
        return list(reversed(in_record(self.folder, lambda store: store.database_steps("web"))))

    def timeline(self) -> list[str]:
        """Return what the timeline of the incident has about them, oldest first."""
        return [one.text for one in in_record(self.folder, lambda store: store.remarks("web-1"))]

    def data(self) -> Any:
        """Return all rows of the database."""
        return self.server.execute(WHOLE, self.url)
