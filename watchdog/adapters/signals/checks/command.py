"""The signal `command`: a check of the user's own, run without a shell, that says good, bad or unknown.

`stock: {command: [/usr/local/bin/check-stock, --all], env: [STOCK_URL]}`

Rule 1: a check that breaks is no evidence. Good is exit code 0; bad has to be said, by the line of JSON or by an exit
code that the configuration lists. Every other end (a traceback, a signal, the deadline) is `Unknown`.
Rule 2: it gets PATH and the variables that the configuration names, and none of the daemon's own.
Rule 3: its whole process group is killed at the end of the reading, however that ends.
"""

import asyncio
import json
import math
import os
import re
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from watchdog.adapters.http_exchange import plain
from watchdog.adapters.json_values import text
from watchdog.adapters.options import Context
from watchdog.adapters.signals.checks.limits import ABOVE, Limits, check_limits
from watchdog.adapters.signals.options import Every, SignalOptions, Timeout, probe_policy
from watchdog.adapters.signals.source import Source, unknown
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, Good, Reading, Unknown, Unread
from watchdog.domain.units import show_seconds
from watchdog.ports import Sample

KIND = "command"
VARIABLE = r"(?!WATCHDOG_)[A-Za-z_][A-Za-z0-9_]{0,99}"
OUTPUT_BYTES_MAX = 64 * 1024
DETAIL_MAX = 300
SECRET_MIN = 4
"""Shorter values of variables are words such as `on`: hiding them would make texts unreadable."""
_GRACE_SECONDS = 2.0
"""Seconds for killing the group after the deadline."""


def _check_words(words: tuple[str, ...]) -> tuple[str, ...]:
    if not words[0].strip() or any("\0" in word for word in words):
        raise ValueError("not a command: write its words, as in [/usr/local/bin/check-stock, --all]")
    return words


def _check_variable(name: str) -> str:
    # The daemon's own variables are its secrets.
    if not re.fullmatch(VARIABLE, name):
        raise ValueError("not a variable of the environment that a command may have: write its name, as in STOCK_URL")
    return name


class CommandOptions(SignalOptions):
    """Options of `command`; its words are the value of the key that names the kind."""

    command: Annotated[
        tuple[Annotated[str, Field(max_length=1000)], ...],
        Field(min_length=1, max_length=50),
        AfterValidator(_check_words),
    ]
    env: Annotated[tuple[Annotated[str, AfterValidator(_check_variable)], ...], Field(max_length=50)] = ()
    bad: Annotated[tuple[Annotated[int, Field(ge=1, le=125)], ...], Field(max_length=50)] = ()
    above: ABOVE = None
    below: ABOVE = None
    every: Every = 30.0
    timeout: Timeout = 10.0

    @model_validator(mode="after")
    def _fits(self) -> "CommandOptions":
        check_limits(self.above, self.below, needed=False)
        return self


@dataclass(frozen=True, slots=True)
class _Ended:
    """A command that has ended by itself."""

    code: int
    out: bytes


class CommandCheck(Source):
    """Runs the command once a reading; the next reading begins after its end."""

    timed = True  # by deadlines of its own: where this machine stands still, the command does as well

    def __init__(self, name: str, options: CommandOptions, environ: Mapping[str, str]) -> None:
        super().__init__(name, KIND, every_seconds=options.every, timeout_seconds=options.timeout + _GRACE_SECONDS)
        self._options = options
        self._limits = Limits(options.above, options.below)
        self._environ = environ

    async def look(self) -> tuple[Sample, ...]:
        """Run it once and return one sample."""
        given = {name: self._environ[name] for name in ("PATH", *self._options.env) if name in self._environ}
        missing = [name for name in self._options.env if not self._environ.get(name)]
        if missing:
            return unknown(f"the variable {missing[0]} is not set")
        try:
            ended = await self._run(given)
        except TimeoutError:
            return unknown(f"the command had not ended after {show_seconds(self._options.timeout)}, and was killed")
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            return unknown(f"the command cannot be started: {plain(why, 80)}")
        if len(ended.out) > OUTPUT_BYTES_MAX:
            return unknown(f"the command printed more than {OUTPUT_BYTES_MAX // 1024} KiB, and was killed")
        said, broken = _said(ended.out)
        detail = _without(text(said.get("detail")), [given[name] for name in self._options.env])
        return (Sample(self._judge(ended.code, said, broken, plain(detail, DETAIL_MAX))),)

    async def _run(self, environ: Mapping[str, str]) -> _Ended:
        """Run the command; at the end of this, nothing of its process group is left. Raises OSError, TimeoutError."""
        # Shielded: given up while it starts, the group would have begun, and no one would know its number.
        starting = asyncio.ensure_future(self._start(environ))
        try:
            process = await asyncio.shield(starting)
        except asyncio.CancelledError:
            with suppress(OSError, ValueError):
                await _killed(await starting)
            raise
        assert process.stdout is not None, "it was asked for"
        out = b""
        try:
            async with asyncio.timeout(self._options.timeout):
                while len(out) <= OUTPUT_BYTES_MAX and (piece := await process.stdout.read(OUTPUT_BYTES_MAX)):
                    out += piece
                code = await process.wait() if len(out) <= OUTPUT_BYTES_MAX else -1
        finally:
            await _killed(process)
        return _Ended(code, out)

    async def _start(self, environ: Mapping[str, str]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._options.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd="/",
            env=dict(environ),
            start_new_session=True,
        )

    def _judge(self, code: int, said: Mapping[str, object], broken: str, detail: str) -> Reading:
        """Return the verdict: that of the line of JSON, within what the exit code allows (rule 1)."""
        if code != 0 and code not in self._options.bad:
            how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            return Unknown(f"the command {how}" + (f": {detail}" if detail else ""))
        if broken:
            return Unknown(broken, Unread.SHAPE)
        status, value = said.get("status"), said.get("value")
        if status not in (None, "good", "bad", "unknown"):
            return Unknown("its status is not good, bad or unknown", Unread.SHAPE)
        if value is not None and not _is_number(value):
            return Unknown("its value is not a number", Unread.SHAPE)
        if status == "unknown":
            return Unknown(detail or "it says that it does not know")
        if code != 0 and status == "good":
            return Unknown(f"it says good, and ended with exit code {code}")
        if code != 0 or status == "bad":
            return Bad(detail or (f"it ended with exit code {code}" if code else "it says bad"))
        return self._limited(float(str(value)) if value is not None else None, detail)

    def _limited(self, value: float | None, detail: str) -> Reading:
        """Return the verdict on what is not called bad: by the limits, if there are any."""
        if value is None:
            limited = self._limits.above is not None or self._limits.below is not None
            return Unknown("it gives no value to compare", Unread.SHAPE) if limited else Good(detail or "exit code 0")
        found = self._limits.judge(value)
        words = f": {detail}" if detail else ""
        return Bad(found.why + words) if isinstance(found, Bad) else Good(f"{value:.6g}{words}")


async def _killed(process: asyncio.subprocess.Process) -> None:
    """Kill what is left of a process group, wait for the end of its first process, and close its pipe."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    # Output that was not read, or a program that left the group, would keep the pipe open; asyncio's process has no
    # public way to close it.
    process._transport.close()  # type: ignore[attr-defined]


def _said(out: bytes) -> tuple[Mapping[str, object], str]:
    """Return the object in the last line, or the line itself as `detail`; and what is wrong with it, if anything."""
    lines = out.decode(errors="replace").strip().splitlines()
    if not lines or not lines[-1].lstrip().startswith("{"):
        return {"detail": lines[-1]} if lines else {}, ""
    try:
        found = json.loads(lines[-1])
    except (ValueError, RecursionError):
        return {}, 'its last line is no JSON: print {"status": "bad", "detail": "…"} on one line'
    return (found, "") if isinstance(found, dict) else ({}, "its last line is no JSON object")


def _is_number(value: object) -> bool:
    try:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an integer of a thousand digits
        return False


def _without(words: str, secrets: list[str]) -> str:
    """Return a text without the values of the variables that the command was given; before it is cut anywhere."""
    for secret in sorted(secrets, key=len, reverse=True):
        words = words.replace(secret, "***") if len(secret) >= SECRET_MIN else words
    return words


def build(
    name: str, options: CommandOptions, context: Context, environ: Mapping[str, str] = os.environ
) -> CommandCheck:
    """Return the source. `environ` replaces the environment in tests."""
    return CommandCheck(name, options, environ)


def policy_of(name: str, options: CommandOptions) -> SignalPolicy:
    """Return the core's policy for this signal."""
    return probe_policy(name, KIND, options)
