"""The progress of a long run in a few words: pieces done, pieces in all, and the time left."""

from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import TypeVar

from watchdog.domain.units import show_seconds

T = TypeVar("T")
EVERY_SECONDS = 1.0


def no_progress(words: str) -> None:
    """Ignore the progress."""


def with_progress(
    done: Iterable[T],
    what: str,
    total: int,
    say: Callable[[str], None],
    clock: Callable[[], float] = perf_counter,
) -> Iterator[T]:
    """Yield the results as they come, and report progress, at most once a second and at the end.

    `clock` returns seconds. The time left is the number of pieces left at the mean pace since the beginning.
    """
    began, said = clock(), -EVERY_SECONDS
    for number, one in enumerate(done, start=1):
        yield one
        now = clock()
        if now - said >= EVERY_SECONDS or number == total:
            said = now
            left = (now - began) / number * (total - number)
            say(f"{what} {number} of {total}" + (f", about {show_seconds(left)} left" if number < total else ""))
