"""The demo's screen: live on a terminal, plain lines otherwise (without a single control character).

It only receives: the composition root calls `begin`, `signal`, `note` and `result`.
"""

import asyncio
import os
import sys
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from watchdog.cli import demo_text
from watchdog.cli.namesake import own_name
from watchdog.cli.output import PIPE_WIDTH
from watchdog.domain.effects import Note
from watchdog.domain.readings import Reading
from watchdog.domain.reports import DemoConsole, DemoResult
from watchdog.presentation.timeline import shown_label

POINTS_KEPT = 240
LINES_KEPT = 400
LINE_MAX = 4096
STYLES = {"GOOD": "green", "BAD": "bold red", "UNKNOWN": "yellow"}
DECIDED = frozenset({"CRITICAL", "HIGH", "MEDIUM", "LOW", "BLIND"})
"""A plain screen shows the signals before the first note with one of these labels."""


class DemoScreen:
    """One run of the demo on one console."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(markup=False, highlight=False, emoji=False)
        self._plain = not self._console.is_terminal
        if self._plain:
            # Without a terminal Rich takes 80 columns, and would break lines.
            self._console.width = PIPE_WIDTH
        # A terminal without UTF-8 cannot encode block characters: Python would raise.
        self._ascii = not (self._console.encoding or "").lower().startswith("utf")
        self._live: Live | None = None
        self._head: list[str] = []
        self._address: DemoConsole | None = None
        self._over = False
        self._began_at = 0.0
        self._now = 0.0
        self._points: dict[str, deque[demo_text.Point]] = {}
        self._lines: deque[demo_text.Line] = deque(maxlen=LINES_KEPT)
        self._shown_signals = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def begin(self, scenario: str, shortened: Sequence[str], at: float, console: DemoConsole | None = None) -> None:
        """Show the header; `shortened` names the defaults not in force, `at` (UTC epoch seconds) is 00:00."""
        self._head, self._address = demo_text.head_lines(scenario, shortened, console), console
        self._began_at = self._now = at
        if self._plain:
            self._write([*self._head, ""])
            return
        # Transient: the live picture is cleared at the end, and `result` prints the whole story instead.
        # Drawn at events alone: a refreshing thread of Rich would take turns from the loop that probes.
        self._live = Live(console=self._console, auto_refresh=False, transient=True, get_renderable=self._picture)
        self._live.start(refresh=True)

    def signal(self, service: str, signal: str, reading: Reading, latency_seconds: float | None, at: float) -> None:
        """Take one reading of a signal (`service` is empty for control targets and status pages)."""
        name = f"{service}/{signal}" if service else signal
        self._points.setdefault(name, deque(maxlen=POINTS_KEPT)).append((at, reading, latency_seconds))
        self._now = max(self._now, at)
        self._refresh()

    def note(self, note: Note) -> None:
        """Take one line of the story."""
        if self._plain and note.label in DECIDED:
            self._show_signals()
        self._take(demo_text.Line(note.at, shown_label(note.label), note.text))

    def world(self, at: float, label: str, text: str) -> None:
        """Take one event of the simulated cloud; `at` is UTC epoch seconds."""
        self._take(demo_text.Line(at, label, text))

    def _take(self, line: demo_text.Line) -> None:
        self._now = max(self._now, line.at)
        self._lines.append(line)
        # Without a live picture each line is printed as it comes: on a pipe, and after the result.
        if self._plain or self._over:
            self._write([demo_text.note_line(line, self._began_at)])
        self._refresh()

    def result(self, result: DemoResult) -> None:
        """Stop the live display, and print the whole story with its result."""
        self._stop()
        self._over = True
        if self._plain:
            self._show_signals()
            self._write(["", *demo_text.result_lines(result, self._address, own_name())])
        else:
            self._console.print(self._picture(whole=True), soft_wrap=True)
            self._console.print(_result_text(result, self._address), soft_wrap=True)
        if self._address is not None:
            self._write(demo_text.stay_lines(self._address, enter=sys.stdin.isatty()))

    async def again(self) -> None:
        """Return once Enter is pressed; never where standard input is no terminal."""
        pressed = asyncio.Event()
        if not sys.stdin.isatty():
            await pressed.wait()
        loop, keys = asyncio.get_running_loop(), sys.stdin.fileno()
        # Not a thread that reads: Ctrl-C could not end it.
        loop.add_reader(keys, pressed.set)
        try:
            await pressed.wait()
            os.read(keys, LINE_MAX)
        finally:
            loop.remove_reader(keys)

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _refresh(self) -> None:
        if self._live is not None:
            self._live.refresh()

    def _signal_rows(self) -> list[tuple[str, str, str, str]]:
        return [demo_text.signal_line(name, points, self._now) for name, points in self._points.items()]

    def _show_signals(self) -> None:
        if not self._shown_signals and self._points:
            self._shown_signals = True
            self._write(["", *demo_text.signal_lines(self._signal_rows()), ""])

    def _write(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._console.print(Text(self._drawable(line)), soft_wrap=True)

    def _drawable(self, line: str) -> str:
        return line.translate(demo_text.ASCII).encode("ascii", "replace").decode() if self._ascii else line

    def _picture(self, *, whole: bool = False) -> Group:
        """Return header, signals and notes; only the newest notes that fit, or all with `whole`."""
        signals = self._signal_rows()
        # Four more lines: a blank one below the header, head and end of the table, and the cursor.
        room = len(self._lines) if whole else max(1, self._console.height - len(self._head) - len(signals) - 4)
        lines = [Text(line) for line in [*self._head, ""]]
        for text, (_, word, _, _) in zip(demo_text.signal_lines(signals), [("", "", "", ""), *signals], strict=True):
            lines.append(Text(self._drawable(text)))
            if word:
                lines[-1].highlight_words([word], STYLES[word])
        lines.append(Text(""))
        for note in list(self._lines)[-room:]:
            lines.append(Text(self._drawable(demo_text.note_line(note, self._began_at))))
            lines[-1].stylize("bold", 8, 8 + len(note.label))
        for line in lines:
            # Live, a wrapped line would push the newest notes off the screen.
            line.no_wrap, line.overflow = not whole, "ellipsis"
        return Group(*lines)


def _result_text(result: DemoResult, console: DemoConsole | None) -> Text:
    text = Text("\n".join(["", *demo_text.result_lines(result, console, own_name())]))
    text.highlight_words([" AS EXPECTED"], "bold green")
    text.highlight_words(["NOT AS EXPECTED"], "bold red")
    return text
