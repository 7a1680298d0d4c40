"""Markdown with foreign text in it: no text of others becomes markup, HTML, a link or a mention. Pure.

Rule 1: foreign text (commit messages, error texts, remarks) goes through `plain`, `code` or `fenced`.
Rule 2: a link is made of http(s) addresses only, and never closes early.
"""

import re
from collections.abc import Sequence
from urllib.parse import quote

from watchdog.presentation.text import clean

_MARKUP = frozenset("\\`*_[]<|#&~!$")
_URL_SIGNS = ":/?#[]@!$&()*+,;=%~"
_RUNS = re.compile("`+")
_CALLS = re.compile(r"((?:@|#(?=\d)|(?<![a-z0-9])gh-(?=\d)|www(?=\.))+)", re.IGNORECASE)
"""What a forge makes a mention, a reference or a link of, escaped or not: `@ann`, `#12`, `GH-12`, `www.…`."""
_LINE_MAX = 1000


def plain(text: object, limit: int = _LINE_MAX) -> str:
    """Return one line of text that is shown as it was written, in a table's cell or within a line (not at its begin).

    The begin of a mention, of a reference to an issue or of a bare address becomes code, since a forge would notify the
    person, or write on that issue; `://` is broken up, since it would become a link.
    """
    parts = _CALLS.split(clean(text, limit))
    return "".join(f"`{part}`" if at % 2 else _escaped(part) for at, part in enumerate(parts))


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in _MARKUP else char for char in text).replace("://", "\\://")


def code(text: object, limit: int = 200) -> str:
    """Return one line as a code span; bars are escaped, so that it may stand in a table's cell."""
    line = clean(text, limit)
    if not line:
        return ""
    # A code span ends at the first run of its own length (CommonMark): use a longer one.
    fence = "`" * (_longest_run(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}".replace("|", "\\|")


def fenced(lines: Sequence[str]) -> list[str]:
    """Return lines as a block of plain text that no line can end."""
    fence = "`" * max(3, 1 + max(map(_longest_run, lines), default=0))
    return [f"{fence}text", *lines, fence]


def link(text: str, address: str | None) -> str:
    """Return `[text](<address>)`, or only the text if the address is not http(s)."""
    # Encoded first: a `>` in the address would close the link early.
    href = quote(address or "", safe=_URL_SIGNS, errors="replace")
    return f"[{plain(text)}](<{href}>)" if href.startswith(("https://", "http://")) else plain(text)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table; its cells are Markdown already."""
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _longest_run(line: str) -> int:
    return max(map(len, _RUNS.findall(line)), default=0)
