"""A user's regular expression, tried on a page that somebody else wrote.

Rule: RE2 only. Its time grows with the page and not exponentially, as that of Python's `re` does for `(a|aa)+$`, and it
lets the other threads run meanwhile. For that it knows neither lookaround nor backreferences.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import re2  # type: ignore[import-untyped]

MEMORY_BYTES_MAX = 1024 * 1024
"""Of one compiled expression: a larger one is refused, as it would be slow on every page."""
INSTEAD = r"write RE2's syntax: no lookaround (?=…), (?!…), (?<=…), no backreference \1, and \z for \Z"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression that compiles. Raises ValueError, which does not repeat what was typed, for any other."""

    text: str

    def __post_init__(self) -> None:
        """Compile it once."""
        _compiled(self.text)

    def finds(self, page: str) -> bool:
        """Tell whether it is found anywhere in the page. May take a second: not on the event loop."""
        return _compiled(self.text).search(page) is not None


@cache
def _compiled(text: str) -> Any:
    options = re2.Options()
    options.max_mem = MEMORY_BYTES_MAX
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except UnicodeEncodeError:
        raise ValueError("not a regular expression: half a character in it: write text") from None
    except re2.error as error:
        what = error.args[0].decode("ascii", "replace").partition(": ")[0]
        raise ValueError(f"not a regular expression: {what}: {INSTEAD}") from None
