"""A user's regular expression, tried on a page that somebody else wrote.

Rule 1: `regex` tries one way after the other, and a page can be made on which these double with each character. So it
gets 50 ms of the processor; who asks hears `TooSlow`, which is a fault of the ruler and never evidence.
Rule 2: not on the event loop (`beside`): one thread for all of them, so that pages made to be slow make a queue and not
a crowd. `regex` lets the other threads run meanwhile (`concurrent=True`).
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, ParamSpec, TypeVar

import regex  # type: ignore[import-untyped]

from watchdog.adapters.signals.re2_syntax import for_regex

P = ParamSpec("P")
T = TypeVar("T")

SEARCH_SECONDS = 0.05
TRIES = 4
"""`regex` counts what the whole process computes. Where others had most of that, the search is begun anew."""
COMPILED_MAX = 512
_ONE = ThreadPoolExecutor(max_workers=1, thread_name_prefix="expression")


class TooSlow(Exception):
    """The expression was not decided on this page. Its text says what to do."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression that compiles. Raises ValueError, which does not repeat what was typed, for any other."""

    text: str

    def __post_init__(self) -> None:
        """Compile it once."""
        _compiled(self.text)

    def finds(self, page: str) -> bool:
        """Tell whether it is found anywhere in the page. Not on the event loop. May raise TooSlow."""
        search = _compiled(self.text).search
        for _ in range(TRIES):
            before = time.thread_time()
            try:
                return search(page, timeout=SEARCH_SECONDS, concurrent=True) is not None
            except TimeoutError:
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
    """Return what the work returns, done beside the loop; what is given up while it waits is never begun."""
    return await asyncio.get_running_loop().run_in_executor(_ONE, partial(work, *args, **kwargs))


@lru_cache(maxsize=COMPILED_MAX)
def _compiled(text: str) -> Any:
    return regex.compile(for_regex(text), regex.VERSION0)
