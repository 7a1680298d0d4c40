"""`--watch`: again and again, until Ctrl-C."""

import json
import re

import pytest

from tests.cli.conftest import Terminal, Typed
from watchdog.cli import output
from watchdog.cli.main import main
from watchdog.cli.watching import shown
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.errors import Temporary


class EndingClock(SystemClock):
    """A clock whose third sleep is interrupted; no sleep lasts."""

    slept = 0

    async def sleep(self, seconds: float) -> None:
        """Return at once; the third time as Ctrl-C does."""
        assert seconds == 2.0
        self.slept += 1
        if self.slept == 3:
            raise KeyboardInterrupt


async def pictures(*, as_json: bool = False) -> None:
    """Draw until the clock is interrupted; the second time the store does not answer."""
    drawn = 0

    async def draw() -> int:
        nonlocal drawn
        drawn += 1
        if drawn == 2:
            raise Temporary("the store is busy")
        output.show_lines([f"picture {drawn}"])
        return output.DONE

    with pytest.raises(KeyboardInterrupt):
        await shown(draw, EndingClock(), watch=True, as_json=as_json)


async def test_a_pipe_gets_a_separator_between_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    await pictures()
    assert capsys.readouterr() == (
        "picture 1\n---\n---\npicture 3\n",
        "the store is busy. Try again.\nHandbook: watchdog docs reference-notices\n",
    )


async def test_json_is_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    await pictures(as_json=True)
    assert capsys.readouterr().out == "picture 1\npicture 3\n"


async def test_a_terminal_is_cleared_for_each_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch)
    await pictures()
    drawn = re.findall(r"\x1b\[2J|picture \d", terminal.shown())
    assert drawn == ["\x1b[2J", "picture 1", "\x1b[2J", "\x1b[2J", "picture 3"]


async def test_a_refusal_ends_it() -> None:
    """Waiting mends no wrong word."""

    async def refused() -> int:
        return output.REFUSED

    assert await shown(refused, EndingClock(), watch=True) == output.REFUSED


@pytest.mark.parametrize("words", ["status", "incident show web-1"])
def test_the_commands_that_can_be_watched(
    words: str, config: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = EndingClock()
    monkeypatch.setattr("watchdog.cli.command_context.Context.clock", lambda ctx: clock)
    assert main([*words.split(), "--watch", "--json", "-c", config]) == output.INTERRUPTED
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and all("at" in json.loads(line) for line in lines)


def test_without_it_there_is_one_picture(typed: Typed) -> None:
    assert "---" not in typed("status")
