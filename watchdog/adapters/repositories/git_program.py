"""Runs the program `git` in a folder of its own: without a shell, without a prompt, limited in time and output.

Rule 1: no secret of ours reaches it (`WATCHDOG_*`), and no variable that would point it at another repository.
Rule 2: its words are shown, never judged: what happened is read from its exit code and from the branch.
"""

import asyncio
import os
import re
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from watchdog.adapters.http_exchange import plain
from watchdog.domain.errors import Permanent, Temporary

SECONDS = 120.0
OUTPUT_MAX = 4 * 1024 * 1024
SAID_MAX = 300
PROTOCOLS = "https:ssh:file"
"""The transports that git may use: `ext::` would run a program that an address names."""
# Up to the last @ of the host's part: a password may have one.
_KEY = re.compile(r"(\w+://)[^/\s]+@")
_LEFT_OUT = re.compile(r"WATCHDOG_|GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|COMMON_DIR|NAMESPACE)")


class GitAnswer(NamedTuple):
    """What one call came to."""

    code: int
    out: str
    said: str
    """Its complaint, on one line, without a key."""


class GitTimeoutError(Temporary):
    """It did not end in time, and was killed."""


class GitProgram:
    """The program, in the bare repository `folder`."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        kept = {name: value for name, value in environ.items() if not _LEFT_OUT.match(name)}
        # A prompt that no one answers would hang for ever; ssh has no terminal to ask at, in a session of its own.
        ours = {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": PROTOCOLS, "LC_ALL": "C"}
        self._environ = {**kept, **ours}

    async def ok(self, *words: str, text: str = "", environ: Mapping[str, str] | None = None) -> str:
        """Return the output of a call that only reads, or that changes this folder alone. Raises Temporary."""
        came = await self.run(*words, text=text, environ=environ)
        if came.code != 0:
            raise Temporary(f"git {words[0]}: {came.said or f'exit code {came.code}'}")
        return came.out.strip()

    async def run(self, *words: str, text: str = "", environ: Mapping[str, str] | None = None) -> GitAnswer:
        """Run it to its end. Raises GitTimeoutError, or Permanent where there is no git."""
        # Hooks of the user are for their own work trees; here one could only stand in the way. No maintenance goes on
        # in the folder after the call: it is removed.
        command = ("git", "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "maintenance.auto=false", *words)
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=self._folder,
                env={**self._environ, **(environ or {})},
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                # A group of its own: its helper of the transport must end with it.
                start_new_session=True,
            )
        except FileNotFoundError:
            raise Permanent("there is no program git on this machine: install it") from None
        try:
            async with asyncio.timeout(SECONDS):
                out, complaint = await process.communicate(text.encode())
        except TimeoutError:
            raise GitTimeoutError(f"git {words[0]} did not end in {SECONDS:.0f} s") from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        said = plain(without_key(complaint[:OUTPUT_MAX].decode(errors="replace")), SAID_MAX)
        return GitAnswer(process.returncode or 0, out[:OUTPUT_MAX].decode(errors="replace"), said)


def without_key(address: str) -> str:
    """Return a text whose addresses hold no name and no password."""
    return _KEY.sub(r"\1", address)
