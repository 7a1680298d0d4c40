"""The simulated cloud in a process of its own, as a user would start it, and its log.

Rule: every process started here is ended, whatever happens meanwhile.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

from watchdog.app.commands.worker_processes import interrupts_left_to_us
from watchdog.domain.errors import Permanent

Entry = Mapping[str, Any]
OWN = ("WATCHDOG_", "RENDER_", "SENTRY_", "IS_PULL_REQUEST")
"""Variables of the machine that must not reach such a process."""
STARTS_WITHIN_SECONDS = 60.0
ENDS_WITHIN_SECONDS = 10.0


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this machine's variables without those that a watchdog reads, plus `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    # Unbuffered: Python would hold back the sandbox's one line of addresses, since stdout is a pipe.
    return {**kept, "PYTHONUNBUFFERED": "1", **(more or {})}


@asynccontextmanager
async def running(
    *arguments: str, out: int | IO[bytes] | None = None, errors: IO[bytes] | None = None, folder: Path | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `python -m …` in a folder; terminate it at the end, and kill it if it does not end in time."""
    process = None
    try:
        with interrupts_left_to_us():
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *arguments, stdout=out, stderr=errors, cwd=folder, env=environment()
            )
        yield process
    finally:
        if process is not None:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    # It may have ended by itself.
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), ENDS_WITHIN_SECONDS)
    # Also after a second cancellation: no process may outlive this one.
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@asynccontextmanager
async def sandbox(
    *arguments: str, errors: IO[bytes] | None = None, folder: Path | None = None
) -> AsyncIterator[dict[str, Any]]:
    """Run `python -m watchdog.sandbox`; yield its addresses. Raises Permanent if it does not start."""
    async with running(
        "watchdog.sandbox", *arguments, out=asyncio.subprocess.PIPE, errors=errors, folder=folder
    ) as process:
        assert process.stdout is not None
        line = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STARTS_WITHIN_SECONDS):
                line = await process.stdout.readline()
        if not line:
            raise Permanent(f"the sandbox did not start; run {sys.executable} -m watchdog.sandbox to see why")
        yield json.loads(line)


def lines_of(file: Path) -> list[Entry]:
    """Return the JSON objects of a file that is still being written, one a line; none while there is no file."""
    # The last piece is a line still being written, or empty.
    whole = file.read_text(encoding="utf-8").split("\n")[:-1] if file.exists() else []
    return [json.loads(line) for line in whole if line.startswith("{")]


def first_at(story: Sequence[Entry], **wanted: str) -> float | None:
    """Return when the first matching entry was written (UTC epoch seconds)."""
    return next((entry["at"] for entry in story if wanted.items() <= entry.items()), None)


def pages(story: Sequence[Entry]) -> int:
    """Return how many incidents PagerDuty opened: a trigger with an open key is no new one."""
    open_keys: set[str] = set()
    opened = 0
    for entry in story:
        if entry["what"] == "pagerduty_trigger" and entry["dedup_key"] not in open_keys:
            open_keys.add(entry["dedup_key"])
            opened += 1
        elif entry["what"] == "pagerduty_resolve":
            open_keys.discard(entry["dedup_key"])
    return opened


def writes(story: Sequence[Entry]) -> dict[str, int]:
    """Return the number of Render's write requests, by kind."""
    counts: dict[str, int] = {}
    for entry in story:
        if entry["what"] == "request" and entry.get("vendor") == "render" and entry["method"] != "GET":
            what = "rollback" if entry["path"].endswith("/rollback") else "service"
            key = f"{entry['method']} {what}"
            counts[key] = counts.get(key, 0) + 1
    return counts


def pinned_first(story: Sequence[Entry]) -> bool:
    """Return whether auto-deploy was off before a rollback was accepted."""
    off = next((i for i, entry in enumerate(story) if entry["what"] == "auto_deploy_changed"), None)
    sent = next((i for i, entry in enumerate(story) if entry["what"] == "rollback_accepted"), None)
    return off is not None and sent is not None and off < sent
