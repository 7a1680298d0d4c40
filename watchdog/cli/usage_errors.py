"""What a person reads who typed a command that cannot be parsed: what is wrong, what was probably meant, which help."""

import difflib

from cyclopts import CycloptsError, UnknownCommandError

from watchdog.docs.pages import shell_place
from watchdog.docs.places import COMMANDS
from watchdog.domain.commands.command_line import PLACES, PROGRAM

NEAR = 0.6
"""How alike two words must be, from 0 to 1, for one to be suggested for the other."""


def usage_hint(error: CycloptsError) -> str:
    """Return one sentence for the mistake, with the help of the command that it was made in."""
    command = " ".join((PROGRAM, *(error.command_chain or ())))
    said = str(error).rstrip(".")
    if isinstance(error, UnknownCommandError) and error.unused_tokens:
        # The library lists the first eight commands of the level, which need not be those that are meant.
        word = error.unused_tokens[0]
        said = f'{command} has no command "{word}"{_meant(word)}'
    return f"{said} (see {command} --help, or {shell_place(COMMANDS)})"


def _meant(word: str) -> str:
    """Return a question with the commands whose last word is like this one, in any group; nothing if none is."""
    ends = {words.split()[-1]: words for words in PLACES.values()}
    near = difflib.get_close_matches(word, ends, n=2, cutoff=NEAR)
    return f": did you mean {' or '.join(f'`{PROGRAM} {ends[one]}`' for one in near)}?" if near else ""
