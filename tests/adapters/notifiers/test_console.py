"""The console: readable, harmless to the terminal, and honest when its stream is closed."""

import contextlib
import io
import os

import pytest

from tests.adapters.notifiers.letters import context, hostile_notice, notice
from watchdog.adapters.notifiers.console import Console, ConsoleOptions, build
from watchdog.domain.errors import Temporary


async def test_an_escape_sequence_does_not_reach_the_terminal() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    await Console(stream).send(hostile_notice(), None)
    shown = raw.getvalue().decode("ascii")
    assert all(line.isprintable() for line in shown.splitlines())


async def test_a_pipe_nobody_reads_is_temporary() -> None:
    """A broken pipe, a full disk, and a closed stream: the outbox tries again and the next channel stands in."""
    reading, writing = os.pipe()
    os.close(reading)
    closed = io.StringIO()
    closed.close()
    broken = os.fdopen(writing, "w")
    for stream in (broken, open("/dev/full", "w"), closed):  # noqa: SIM115  closed below
        with pytest.raises(Temporary):
            await Console(stream).send(notice(), None)
        with contextlib.suppress(OSError):
            stream.close()


async def test_it_writes_to_standard_error_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output belongs to the command that runs."""
    channel = build(ConsoleOptions(), context())
    assert await channel.check() == "the stream is open"
    await channel.send(notice(), None)
    await channel.close()
    assert capsys.readouterr().err.startswith("web CRITICAL")
