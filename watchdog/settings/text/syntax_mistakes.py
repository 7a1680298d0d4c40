"""Text that is not YAML: the usual slips, the line of each, and the form to write instead.

Rule 1: PyYAML's own words and the line itself are not shown: the line may hold a secret.
Rule 2: a slip is recognised by the characters at the place, never by the wording of PyYAML's message.
"""

import re
from collections.abc import Iterator, Sequence

import yaml

from watchdog.domain.errors import Mistake

GENERAL = ("not valid YAML", "check indentation, colons and quotes on this line or above")
TEMPLATES = (
    "variables and templates are not filled in here",
    "write the value itself; a secret is only set as its WATCHDOG_* variable, and has no place in this file (headers, "
    'auth and body of a probe name theirs in quotes, as in "${WATCHDOG_PROBE_KEY}")',
)
NO_SPACE = (re.compile(r"^\s*[\w-]+:[^\s/:]"), "a colon without a space behind it", "write key: value")
ODD_SPACE = (
    re.compile("\u00a0|\u2007|\u202f"),
    "a space that YAML takes for a letter",
    "delete it and type a plain space",
)
COMMENT = (re.compile(r"[:,\[{] +#\w"), "what follows # is a comment", 'put it in quotes, as in channel: "#incidents"')
CUT_SHORT = (re.compile(r"[\[{](?:[^\[{\]}\"']*[:,])? +#\w"), *COMMENT[1:])
"""A comment that swallows the end of a mapping or list in one line; from the last bracket on: linear in the line."""
SLIPS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (re.compile(r"^[ ]*\t|^\t"), "a tab", "indent with spaces: YAML allows no tabs there"),
    ODD_SPACE,
    (re.compile(r"\$\{|\{\{"), *TEMPLATES),
    COMMENT,
    (
        re.compile(r"[:,\[{-] +\*(/\d+)?([ ,]|$)"),
        "a * begins an alias of YAML; a cron expression says when to begin, and not until when",
        "write hours, as in Sun 02:00-04:00 Europe/Berlin, or a duration, as in 5m",
    ),
    (re.compile(r"[:,\[{] +[@`%]\S"), "a value that begins with a sign of YAML's own", "put it in quotes"),
    NO_SPACE,
)
"""The pattern of each slip, its fault and the form to write instead; the first match counts."""
CLOSING = {'"': '"', "'": "'", "{": "}", "[": "]"}


def syntax_mistake(error: yaml.YAMLError, name: str, text: str) -> Mistake:
    """Return the mistake with its place, by the lines that PyYAML points at."""
    context: yaml.Mark | None = getattr(error, "context_mark", None)
    problem: yaml.Mark | None = getattr(error, "problem_mark", None) or context
    if problem is None:
        # A character that no YAML may hold: PyYAML gives its place without a line.
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        return Mistake(f"{name}:{line}", "not valid YAML: unreadable characters", "save the file as plain UTF-8 text")
    lines = text.splitlines() or [""]
    for number, slips in _places(problem, context, lines):
        for pattern, what, instead in slips:
            if pattern.search(lines[number]):
                return Mistake(f"{name}:{number + 1}", f"not valid YAML: {what}", instead)
    # PyYAML points at the end of the file, which is far from the quote or bracket that was never closed.
    if context is not None and text[context.index : context.index + 1] in CLOSING and not text[problem.index :].strip():
        opened = text[context.index]
        what = f"not valid YAML: the {opened} that begins here is never closed"
        return Mistake(f"{name}:{context.line + 1}", what, f"close it with {CLOSING[opened]}")
    return Mistake(f"{name}:{problem.line + 1}", *GENERAL)


def _places(
    problem: yaml.Mark, context: yaml.Mark | None, lines: Sequence[str]
) -> Iterator[tuple[int, Sequence[tuple[re.Pattern[str], str, str]]]]:
    """Yield the lines (from 0) where the slip may be, the likeliest first, with the slips that may be found there."""
    found = [problem.line] if context is None else [problem.line, context.line]
    ends = problem.line >= len(lines) or not lines[problem.line].strip()  # before something was closed
    if ends:
        # At the end of the file the line that opened the construct is the likelier one.
        found.reverse()
    yield from ((number, SLIPS) for number in dict.fromkeys(found) if number < len(lines))
    if 0 < problem.line <= len(lines):
        # PyYAML reports `key:value` only on the line below, where the mapping does not go on.
        yield problem.line - 1, (NO_SPACE, ODD_SPACE)
    if ends:
        yield from ((number, (CUT_SHORT,)) for number in reversed(range(len(lines))))
