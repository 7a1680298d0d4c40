"""Programs of the machine, run once each: PostgreSQL's own, and the one that migrates down.

Rule 1: no secret of the daemon (WATCHDOG_*) reaches a program, and no PG… variable of the shell changes the target.
Rule 2: each program holds the lock of its step: while one that lost its parent still works, no other step begins.
Rule 3: a program that is waited for in vain (Ctrl-C) is killed.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from watchdog.adapters.databases.connection import Connection
from watchdog.domain.errors import Permanent

OUR_OWN, POSTGRESQL = "WATCHDOG_", "PG"
SAID_MAX = 600
"""Characters of what a program wrote to standard error that an error shows: its end."""
HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that has ended."""

    code: int
    out: bytes
    said: str  # the end of what it wrote to standard error, on one line, without secrets


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs, and what they get."""

    folder: Path | None  # where PostgreSQL's are; None: on PATH
    environ: Mapping[str, str] = field(repr=False)  # of the person who types the command
    connection: Connection
    lock: int  # an open file that every program inherits

    def path(self, name: str) -> str:
        """Return the path of one of PostgreSQL's programs. Raises Permanent if there is none."""
        found = shutil.which(name, path=str(self.folder) if self.folder else self.environ.get("PATH"))
        if found is None:
            where = f"in {self.folder}" if self.folder else "on PATH"
            raise Permanent(f"there is no {name} {where}: install PostgreSQL's programs, or write database.programs")
        return found

    def found(self, word: str) -> str | None:
        """Return the path of the program that a command's first word means."""
        return shutil.which(word, path=self.environ.get("PATH"))

    def variables(self) -> dict[str, str]:
        """Return the environment of PostgreSQL's programs."""
        mine = {name: text for name, text in _without(self.environ, OUR_OWN).items() if not name.startswith(POSTGRESQL)}
        return {**mine, **self.connection.variables}

    @asynccontextmanager
    async def started(
        self, name: str, *words: str, stdin: int | None = None, stdout: "int | IO[Any] | None" = None
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """Start one of PostgreSQL's programs; at the end of the block it has ended, or is killed."""
        process = await asyncio.create_subprocess_exec(
            self.path(name),
            *words,
            stdin=stdin if stdin is not None else asyncio.subprocess.DEVNULL,
            stdout=stdout if stdout is not None else asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.variables(),
            pass_fds=(self.lock,),
        )
        try:
            yield process
        finally:
            await killed(process)

    async def ran(self, name: str, *words: str, given: bytes = b"", stdout: "IO[Any] | None" = None) -> Ended:
        """Run one of PostgreSQL's programs to its end."""
        async with self.started(name, *words, stdin=asyncio.subprocess.PIPE, stdout=stdout) as process:
            out, err = await process.communicate(given)
            return Ended(process.returncode or 0, out or b"", self.said(err))

    async def ran_command(self, words: Sequence[str], stdout: int) -> int:
        """Run a command of the user's own, without a shell and without input, and return its exit code.

        It gets the person's environment without the daemon's secrets; what it writes goes to `stdout`.
        """
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stdout,
            stderr=stdout,
            env=_without(self.environ, OUR_OWN),
            pass_fds=(self.lock,),
        )
        try:
            return await process.wait()
        finally:
            await killed(process)

    def said(self, err: bytes) -> str:
        """Return the end of an error as people may read it: one line, without secrets."""
        text = " ".join(err.decode(errors="replace").split())
        for secret in self.connection.secrets:
            text = text.replace(secret, HIDDEN)
        return text[-SAID_MAX:]


async def killed(process: asyncio.subprocess.Process) -> None:
    """End a process that may still run, and wait for its end."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _without(environ: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name: text for name, text in environ.items() if not name.startswith(prefix)}


def named(words: Iterable[str]) -> str:
    """Return a command as a person would type it."""
    import shlex

    return shlex.join(words)


def standard_error() -> int:
    """Return the file of standard error, on which a command of the user's may write."""
    return os.dup(2)
