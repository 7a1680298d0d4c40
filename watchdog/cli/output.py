"""Output of lines and tables to the terminal, and of errors to stderr. The command line writes nowhere else.

Rule 1: nothing is interpreted as markup. Rule 2: without a terminal no control character is written.
"""

import json
import re
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import MISTAKES_MAX, ConfigurationError, OutcomeUnknown, Refused, Temporary, WatchdogError
from watchdog.presentation.text import WIDTH, clean

# 130 is 128 + SIGINT, as a shell reports a command that Ctrl-C ended.
DONE, FAILED, USAGE, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130
PIPE_WIDTH = 4000
"""Without a terminal no line is wrapped: lines are for grep."""
LABEL = re.compile(r"[A-Z][A-Z-]+(?: [A-Z-]+)*(?![\w-])(?: \([A-Z][\w+:]*\))?")
"""The label at the margin: words in capitals, with a time zone after them."""


def console() -> Console:
    """Return the console for stdout."""
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(markup=False, highlight=False, emoji=False, width=width)


def show_table(made: Table) -> None:
    """Write a table."""
    out = console()
    if out.is_terminal:
        out.print(made)
        return
    # Captured first: Rich pads the cells of a table, and trailing blanks disturb grep and diff.
    with out.capture() as captured:
        out.print(made)
    show_lines([line.rstrip() for line in captured.get().splitlines()])


def show_lines(lines: Sequence[str]) -> None:
    """Write lines as they are; on a terminal the labels at the margin are bold."""
    if not sys.stdout.isatty():
        # Without Rich, which breaks lines at its width: a pipe gets each line whole.
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        return
    out = console()
    for line in lines:
        out.print(_dressed(line), soft_wrap=True)


def show_flushed(lines: Sequence[str]) -> None:
    """Write lines at once: a reader behind a pipe must see them now, not at the end of the command."""
    show_lines(lines)
    sys.stdout.flush()


def show_wrapped(lines: Sequence[str]) -> None:
    """Write running text; on a terminal it is wrapped between words, for 80 columns."""
    if not sys.stdout.isatty():
        show_lines(lines)
        return
    # Commands and addresses stay in one piece, to be copied.
    wrapper = textwrap.TextWrapper(WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    show_lines([row for line in lines for row in wrapper.wrap(line) or [""]])


def show_json(facts: Any, *, compact: bool = False) -> int:
    """Write facts as the console's API has them (see json_output.py); return the exit code of a finished command."""
    # Imported with `--json` alone.
    from watchdog.cli.json_output import json_lines

    show_lines(json_lines(facts, compact=compact))
    return DONE


def show_record(record: Any) -> None:
    """Write a record of the laboratory as JSON on one line; its times are seconds since 1970."""
    sys.stdout.write(f"{json.dumps(record)}\n")


def _dressed(line: str) -> Text:
    text = Text(line)
    label = LABEL.match(line)
    # The head of a table is all capitals.
    if line.isupper():
        text.stylize("bold")
    elif label is not None:
        text.stylize("bold", 0, label.end())
    return text


def printable(lines: Sequence[str]) -> list[str]:
    """Return lines without control characters, which a terminal would execute."""
    return ["".join(char if char.isprintable() else "?" for char in line) for line in lines]


def print_error(text: str) -> None:
    """Write one line to stderr."""
    sys.stderr.write(f"{clean(text, limit=2000)}\n")


def show_progress(text: str) -> None:
    """Show progress on stderr, over the previous progress line; nothing without a terminal."""
    if sys.stderr.isatty():
        # Shorter than 80 columns: of a wrapped line, the next one would overwrite the last row only.
        sys.stderr.write(f"\r{clean(text, limit=78)}\x1b[K")
        sys.stderr.flush()


def end_progress() -> None:
    """Clear the progress line."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def explain_error(error: WatchdogError, command: str = "") -> int:
    """Write an expected error as one sentence (or one mistake a line) with what to do next; return the exit code.

    `command` is the first word that was typed.
    """
    if isinstance(error, ConfigurationError):
        for mistake in error.mistakes:
            print_error(str(mistake))
        # The list of mistakes is bounded: the page must not exceed it.
        if len(error.mistakes) < MISTAKES_MAX:
            _name_page(error, command)
        return USAGE
    if isinstance(error, Refused):
        print_error(f"refused: {error}")
        _name_page(error, command)
        return REFUSED
    said = str(error).rstrip(".")
    end = "" if said.endswith("?") else "."
    print_error(f"{said}{end} {_next_step(error)}".strip())
    _name_page(error, command)
    return FAILED


def _name_page(error: WatchdogError, command: str) -> None:
    from watchdog.docs.places import handbook_line, place_of_error

    place = place_of_error(error, command)
    if place:
        print_error(handbook_line(place))


def _next_step(error: WatchdogError) -> str:
    if isinstance(error, Temporary):
        wait = f" in {error.retry_after_seconds:.0f} s" if error.retry_after_seconds else ""
        return f"Try again{wait}."
    if isinstance(error, OutcomeUnknown):
        return f"It may have happened: look it up ({command_line('deploys', 'SERVICE')}) before you repeat it."
    return ""
