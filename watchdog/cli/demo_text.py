"""The texts of the demo's screen as plain lines: sparklines, signals, notes, the result. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from watchdog.domain.commands.command_line import PROGRAM, command_line
from watchdog.domain.readings import Bad, Good, Reading
from watchdog.domain.reports import DemoConsole, DemoResult
from watchdog.domain.units import show_seconds
from watchdog.presentation.text import clean

CELLS, CELL_SECONDS = 20, 3.0
LEVELS = ((0.01, "▁"), (0.05, "▂"), (0.2, "▃"), (0.5, "▄"), (1.0, "▅"), (2.0, "▆"))
"""Upper limits of latency, in seconds, for the height of a good probe."""
TOP, FAILED, UNSEEN = "▇", "✗", "?"
ASCII = str.maketrans({"▁": "_", "▂": "_", "▃": "-", "▄": "-", "▅": "=", "▆": "=", "▇": "#", "✗": "x"})
"""Replacements for terminals without block characters."""

Point = tuple[float, Reading, float | None]
"""Time (UTC epoch seconds), reading, and latency in seconds."""


def sparkline(points: Sequence[Point], now: float) -> str:
    """Return the last 60 s, three seconds a cell, the worst reading of each."""
    cells = [" "] * CELLS
    for at, reading, latency in points:
        place = CELLS - 1 - int((now - at) // CELL_SECONDS)
        if 0 <= place < CELLS:
            cells[place] = max(cells[place], _cell(reading, latency), key=_badness)
    return "".join(cells).strip()


def _cell(reading: Reading, latency: float | None) -> str:
    if isinstance(reading, Bad):
        return FAILED
    if not isinstance(reading, Good):
        return UNSEEN
    if latency is None:
        return "▂"
    return next((mark for below, mark in LEVELS if latency < below), TOP)


def _badness(cell: str) -> int:
    return f" {UNSEEN}▁▂▃▄▅▆{TOP}{FAILED}".index(cell)


def signal_line(name: str, points: Sequence[Point], now: float) -> tuple[str, str, str, str]:
    """Return name, verdict, reason and sparkline of a signal whose newest point comes last."""
    _, reading, latency = points[-1]
    word = "BAD" if isinstance(reading, Bad) else "GOOD" if isinstance(reading, Good) else "UNKNOWN"
    why = (reading.detail or "ok") if isinstance(reading, Good) else reading.why
    took = f", {latency * 1000:.0f} ms" if latency is not None else ""
    seen = any(isinstance(point[1], Good | Bad) for point in points)
    return clean(name), word, clean(why, limit=44) + took, sparkline(points, now) if seen else ""


def signal_lines(rows: Sequence[tuple[str, str, str, str]]) -> list[str]:
    """Return the table of signals."""
    name_width = max([14, *(len(row[0]) + 1 for row in rows)])
    why_width = max([30, *(len(row[2]) + 2 for row in rows)])
    head = f" {'SIGNAL':<{name_width}} {'NOW':<{why_width + 9}}LAST 60 s"
    lines = (f" {name:<{name_width}} {word:<9}{why:<{why_width}}{drawn}".rstrip() for name, word, why, drawn in rows)
    return [head, *lines]


class Line(NamedTuple):
    """One line of the story: time (UTC epoch seconds), label, text."""

    at: float
    label: str
    text: str


def note_line(note: Line, began_at: float) -> str:
    """Return `00:14  SUSPECT    HTTP 503; …`, minutes and seconds since the beginning."""
    minutes, seconds = divmod(max(0, int(note.at - began_at)), 60)
    return f" {minutes:02d}:{seconds:02d}  {clean(note.label):<10} {clean(note.text)}".rstrip()


def head_lines(scenario: str, shortened: Sequence[str], console: DemoConsole | None = None) -> list[str]:
    """Return the scenario, the shipped defaults not in force, and how to open the console."""
    less = f"Shipped defaults, except: {', '.join(map(clean, shortened))}." if shortened else "Shipped defaults."
    return [
        f"{command_line('demo')}: {clean(scenario)}. The real daemon, a simulated cloud on 127.0.0.1.",
        "No account; nothing leaves this machine.",
        less,
        *(console_lines(console) if console is not None else ()),
    ]


def console_lines(console: DemoConsole) -> list[str]:
    """Return how to open the console (by a new link) and the status page; each line fits into 80 columns."""
    return [
        f"Console: {console.url}  - Ctrl-C ends it",
        f"  logs in: {console.new_link()}  (once, for 10 min)",
        f"  token:   {console.token}",
        f"Public status page: {console.status_page}",
    ]


def stay_lines(console: DemoConsole, *, enter: bool) -> list[str]:
    """Return what is left to do once the scenario is over; `enter`: the demo reads the Enter key."""
    again = ["Enter lets the same fault begin again; cooldown and budget of rollbacks count then."] if enter else []
    return ["", *(f" {line}" for line in (*console_lines(console), *again))]


def result_lines(result: DemoResult, console: DemoConsole | None = None, typed: str = "") -> list[str]:
    """Return the summary with its targets, the writes to Render, the work left, and the next commands.

    `typed` is what to type in place of `watchdog`, if its name alone will not do.
    """
    compared = "AS EXPECTED" if result.as_expected else "NOT AS EXPECTED"
    verdict = f" RESULT: {'NOT COMPARED, you took part' if result.took_part else compared}"
    counts = f"{result.rollbacks} / {result.pages}"
    expected = (result.expected_rollbacks, result.expected_pages)
    rows = [
        ("severity", result.severity or "none", ""),
        ("onset -> decision", _seconds(result.onset_to_decision_seconds), ""),
        _timed(
            "onset -> rollback requested",
            result.onset_to_rollback_request_seconds,
            result.rollback_request_target_seconds,
        ),
        _timed("onset -> restored", result.onset_to_restored_seconds, result.restored_target_seconds),
        ("rolled back to", result.rolled_back_to or "nothing", result.expected_target or "nothing"),
        ("rollbacks / pages", counts, " / ".join("any" if one is None else str(one) for one in expected)),
    ]
    lines = [f"{verdict:<46}target"]
    lines += [f"   {label:<32}{value:<11}{target}".rstrip() for label, value, target in rows if value]
    lines.append(f"   Writes to Render: {', '.join(map(clean, result.writes)) or 'none'}")
    lines += [f"   It says: {clean(result.would)}"] if result.would else []
    lines += [f"   Left for you: {clean(line)}" for line in result.left]
    lines += [f"   Not as expected: {clean(line)}" for line in result.deviations if not result.took_part]
    return [*lines, "", *_hints(result, typed, has_console=console is not None)]


def _seconds(value: float | None) -> str:
    return "" if value is None else show_seconds(value)


def _timed(label: str, value: float | None, target: float | None) -> tuple[str, str, str]:
    return (label, _seconds(value) or ("never" if target is not None else ""), _seconds(target))


def _hints(result: DemoResult, typed: str, *, has_console: bool) -> list[str]:
    quiet = result.scenario == "upstream-outage"
    hints = [
        ("When it must act:", command_line("demo"))
        if quiet
        else ("When it must NOT act:", command_line("demo", "--scenario", "upstream-outage")),
        *(() if has_console else (("In your browser:", command_line("demo", "--console")),)),
        ("Your site, read-only:", command_line("init", "--from-render")),
    ]
    if result.incident:
        hints.insert(1, ("Why this one:", result.explain_command or command_line("explain", clean(result.incident))))
    # To be copied as they are: the name alone may start nothing here, or another program.
    own = clean(typed) or PROGRAM
    return [f" {question:<22} {own}{command.removeprefix(PROGRAM)}" for question, command in hints]
