"""A check of the user's own, run for real: what its end says, and that nothing of it is left."""

import asyncio
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.adapters.signals.sites import context_at
from watchdog.adapters.signals.checks.command import CommandCheck, CommandOptions, build, policy_of
from watchdog.domain.readings import Bad, Good, Reading, Unknown

SHELL = "/bin/sh"
ENVIRON = {"PATH": os.environ["PATH"], "STOCK_URL": "canary-word", "WATCHDOG_RENDER_API_KEY": "rnd_canary", "LONE": "x"}
LIMITED = {"above": 10, "below": 1}


def source(script: str, **options: Any) -> CommandCheck:
    given = {"command": (SHELL, "-c", script), **options}
    return build("stock", CommandOptions.model_validate(given), context_at(), ENVIRON)


async def read(script: str, **options: Any) -> Reading:
    (sample,) = await source(script, **options).read()
    return sample.reading


def says(line: str, code: int = 0) -> str:
    return f"echo noise; echo '{line}'; exit {code}"


@pytest.mark.parametrize(
    ("script", "options", "expected"),
    [
        ("exit 0", {}, Good("exit code 0")),
        ("echo all is well", {}, Good("all is well")),
        (says('{"status": "good", "value": 7, "detail": "seven"}'), {}, Good("7: seven")),
        (says('{"value": 7}'), LIMITED, Good("7")),
        (says('{"status": "bad", "detail": "no stock"}'), {}, Bad("no stock")),
        (says('{"status": "bad"}'), {}, Bad("it says bad")),
        (says('{"value": 0.5, "detail": "few"}'), LIMITED, Bad("0.5 is below 1: few")),
        (says('{"status": "good", "value": 11}'), LIMITED, Bad("11 is above 10")),
        ("exit 2", {"bad": (2,)}, Bad("it ended with exit code 2")),
        (says('{"status": "bad", "detail": "no stock"}', 2), {"bad": (2,)}, Bad("no stock")),
        # What breaks says nothing about the site.
        ("exit 1", {}, Unknown("the command ended with exit code 1")),
        ("exit 1", {"bad": (2,)}, Unknown("the command ended with exit code 1")),
        (says('{"status": "bad", "detail": "no stock"}', 1), {}, Unknown),
        (says('{"status": "good"}', 2), {"bad": (2,)}, Unknown("it says good, and ended with exit code 2")),
        (says('{"status": "unknown", "detail": "no table"}', 2), {"bad": (2,)}, Unknown("no table")),
        (says('{"status": "unknown"}'), {}, Unknown("it says that it does not know")),
        (says('{"status": "warn"}'), {}, Unknown),
        (says('{"status": true}'), {}, Unknown),
        (says('{"value": "7"}'), LIMITED, Unknown),
        (says('{"value": NaN}'), LIMITED, Unknown),
        (says('{"value": true}'), LIMITED, Unknown),
        (says('{"value": 1e999}'), LIMITED, Unknown),
        (says('{"value": %s}' % ("9" * 400)), LIMITED, Unknown),
        (says('{"status": "good"}'), LIMITED, Unknown),
        ("exit 0", LIMITED, Unknown),
        (says('{"status": '), {}, Unknown),
        ("yes '{\"a\":' | head -n 5000 | tr -d '\\n'", {}, Unknown),
        ("kill -9 $$", {}, Unknown("the command was ended by signal 9")),
        ("head -c 70000 /dev/zero", {}, Unknown("the command printed more than 64 KiB, and was killed")),
        ("exec head -c 999999999999 /dev/zero", {}, Unknown("the command printed more than 64 KiB, and was killed")),
        ("sleep 60", {"timeout": "200ms"}, Unknown("the command had not ended after 0.2 s, and was killed")),
        ("sleep 60 & exit 0", {"timeout": "200ms"}, Unknown("the command had not ended after 0.2 s, and was killed")),
        ("exit 0", {"env": ("MISSING",)}, Unknown("the variable MISSING is not set")),
        (
            "exit 0",
            {"command": ("/nowhere/check",)},
            Unknown("the command cannot be started: No such file or directory"),
        ),
        ("exit 0", {"command": ("/etc/passwd",)}, Unknown("the command cannot be started: Permission denied")),
    ],
)
async def test_good_bad_or_unknown(script: str, options: dict[str, Any], expected: Any) -> None:
    reading = await read(script, **options)
    if isinstance(expected, type):
        assert isinstance(reading, expected), reading
    elif isinstance(expected, Unknown):
        assert isinstance(reading, Unknown) and reading.why == expected.why
    else:
        assert reading == expected


async def test_it_gets_the_variables_that_are_named_and_no_more() -> None:
    """No secret of the daemon, no input, no shell; and what it repeats of its own is hidden, wherever it is cut."""
    listing = (sys.executable, "-c", "import os; print(sorted(set(os.environ) - {'LC_CTYPE'}), os.getcwd())")
    assert await read("", command=listing) == Good("['PATH'] /")
    assert await read("", command=listing, env=("STOCK_URL",)) == Good("['PATH', 'STOCK_URL'] /")
    assert await read("cat; echo done") == Good("done")
    plain = await read("exit 0", command=("/bin/echo", "$STOCK_URL; exit 1"), env=("STOCK_URL",))
    assert plain == Good("$STOCK_URL; exit 1")
    assert await read("echo is $STOCK_URL.", env=("STOCK_URL",)) == Good("is ***.")
    for padding in range(285, 300):
        words = await read(f"printf '%{padding}s' x | tr ' ' x; echo $STOCK_URL", env=("STOCK_URL",))
        assert isinstance(words, Good) and "can" not in words.detail


async def test_nothing_of_it_is_left(tmp_path: Path) -> None:
    """Neither after its deadline, nor after its end, nor where the daemon gives the reading up."""
    file = tmp_path / "pid"
    script = f"sleep 600 >/dev/null & echo $! > {file}"

    async def gone() -> None:
        pid = int(file.read_text())
        file.unlink()
        async with asyncio.timeout(60):
            while Path(f"/proc/{pid}").exists() and "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text():
                await asyncio.sleep(0.01)

    assert await read(script) == Good("exit code 0")
    await gone()
    assert isinstance(await read(f"{script}; wait", timeout="300ms"), Unknown)
    await gone()
    given_up = asyncio.create_task(source(f"{script}; wait", timeout="60s").read())
    while not file.exists() or not file.read_text().strip():
        await asyncio.sleep(0.01)
    given_up.cancel()
    began = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert time.monotonic() - began < 30
    await gone()


async def test_no_pipe_stays_open() -> None:
    """Neither with output that was not read, nor with a program that left the group and holds the pipe."""
    await read("exit 0")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        await read("exec head -c 999999999999 /dev/zero")
        await read("setsid sleep 20 & exit 0", timeout="100ms")
    # A transport closes its pipe some turns of the loop later, on a busy machine; the holders live longer than that.
    async with asyncio.timeout(15):
        while len(os.listdir("/proc/self/fd")) > before:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"command": ()}, "command"),
        ({"command": ("",)}, "not a command"),
        ({"command": ("a\0b",)}, "not a command"),
        ({"env": ("WATCHDOG_RENDER_API_KEY",)}, "not a variable"),
        ({"env": ("A=B",)}, "not a variable"),
        ({"bad": (0,)}, "bad"),
        ({"bad": (126,)}, "bad"),
        ({"above": 1, "below": 2}, "impossible limits"),
    ],
)
def test_what_cannot_be_run_is_a_mistake_of_the_file(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(says)):
        CommandOptions.model_validate({"command": ("check",), **options})


def test_alone_it_only_asks() -> None:
    policy = policy_of("stock", CommandOptions(command=("check",)))
    assert (policy.kind, policy.source, policy.critical) == ("http", "command", False)
