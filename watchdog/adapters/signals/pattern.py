"""A user's regular expression, tried on a page that another party wrote.

Rule 1: `regex` backtracks, and a page can be made on which the work doubles with each character. So a search gets 50 ms
of the processor. Beyond that it raises `TooSlow`, which is a fault of the ruler and never evidence.
Rule 2: never on the event loop (`beside`). One thread serves all expressions, so slow pages form a queue instead of
many busy threads. `regex` lets the other threads run meanwhile (`concurrent=True`).
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Annotated, Any, ParamSpec, TypeVar

from pydantic import AfterValidator

P = ParamSpec("P")
T = TypeVar("T")

SEARCHED_CHARACTERS = 64 * 1024
"""How many characters of a text a regular expression is tried on."""
SEARCH_SECONDS = 0.05
TRIES = 4
"""Searches begun before giving up.

`regex` counts the processor time of the whole process: where other threads used most of it, the search is repeated.
"""
COMPILED_MAX = 512
_ONE = ThreadPoolExecutor(max_workers=1, thread_name_prefix="expression")


class TooSlow(Exception):
    """The expression was not decided on this page. Its text is the advice for the user."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression that compiles. For any other, raises ValueError, which does not repeat the expression."""

    text: str

    def __post_init__(self) -> None:
        """Compile the expression once, to reject it while reading the configuration."""
        _compiled(self.text)

    def finds(self, page: str) -> bool:
        """Return whether the expression is found anywhere in the page. Not on the event loop. May raise TooSlow."""
        return self.first(page) is not None

    def first(self, page: str) -> str | None:
        """Return what its first group (without one: all of it) holds where it is first found. As `finds`."""
        search = _compiled(self.text).search
        for _ in range(TRIES):
            before = time.thread_time()
            try:
                found = search(page, timeout=SEARCH_SECONDS, concurrent=True)
                return None if found is None else found[1 if found.re.groups else 0] or ""
            except TimeoutError:
                # Only this thread's own time convicts the expression; less than half of the
                # limit means that other threads took the rest.
                if time.thread_time() - before > SEARCH_SECONDS / 2:
                    break
            except MemoryError:
                break
        else:
            raise TooSlow("we were too busy to search the page: give watchdog more of a processor")
        raise TooSlow(
            f"the expression needs more than {SEARCH_SECONDS * 1000:.0f} ms on this page: repeat nothing that repeats "
            "something itself, and write [^<]* for .* (or contains: for a plain text)"
        )


async def beside(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return the result of the work, done on the thread for expressions; work cancelled while queued never begins."""
    return await asyncio.get_running_loop().run_in_executor(_ONE, partial(work, *args, **kwargs))


@lru_cache(maxsize=COMPILED_MAX)
def _compiled(text: str) -> Any:
    # Imported where it is needed: most configurations have no expression.
    import regex  # type: ignore[import-untyped]

    from watchdog.adapters.signals.re2_syntax import for_regex

    return regex.compile(for_regex(text), regex.VERSION0)


def check_pattern(text: str) -> str:
    """Return the regular expression if it compiles. Raises ValueError with the fault."""
    return Pattern(text).text


Expression = Annotated[str, AfterValidator(check_pattern)]
"""A regular expression of an option, in RE2's syntax."""
