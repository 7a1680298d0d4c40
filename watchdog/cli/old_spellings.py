"""Spellings from before commands were grouped: `approve web-1` still means `watchdog incident approve web-1`.

Rule: they work, and no help lists them; at a terminal only, a hint on stderr names the new spelling, so that scripts
read no extra line.
"""

import sys
from collections.abc import Sequence

from watchdog.cli import output
from watchdog.domain.commands.command_line import OLD_SPELLINGS, PROGRAM

WITH_A_VALUE = frozenset({"--config", "-c"})
"""Options before the command that take a value."""


def renamed(tokens: Sequence[str]) -> list[str]:
    """Return the tokens, with an old spelling replaced by the present one."""
    place = _command_at(tokens)
    for old, now in OLD_SPELLINGS.items():
        words = old.split()
        if list(tokens[place : place + len(words)]) == words:
            if sys.stderr.isatty():
                output.print_error(f"({PROGRAM} {old} is now {PROGRAM} {now})")
            return [*tokens[:place], *now.split(), *tokens[place + len(words) :]]
    return list(tokens)


def _command_at(tokens: Sequence[str]) -> int:
    """Return the place of the first word that is neither an option nor an option's value."""
    place = 0
    while place < len(tokens) and tokens[place].startswith("-"):
        place += 2 if tokens[place] in WITH_A_VALUE else 1
    return place
