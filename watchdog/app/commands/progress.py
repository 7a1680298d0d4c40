"""How far a long piece of work is, in a few words: what is done, how much, and how long the rest takes."""

from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import TypeVar

from watchdog.domain.units import show_seconds

T = TypeVar("T")
EVERY_SECONDS = 1.0


def nothing_said(words: str) -> None:
    """Nobody wants to know."""


def told(
    done: Iterable[T],
    what: str,
    total: int,
    say: Callable[[str], None],
    clock: Callable[[], float] = perf_counter,
) -> Iterator[T]:
    """Yield what is done as it comes, and say (at most once a second, and at the end) how far it is.

    `clock` gives seconds. The time left is that of as many pieces as are left, at the mean pace since the beginning.
    """
    began, said = clock(), -EVERY_SECONDS
    for number, one in enumerate(done, start=1):
        yield one
        now = clock()
        if now - said >= EVERY_SECONDS or number == total:
            said = now
            left = (now - began) / number * (total - number)
            say(f"{what} {number} of {total}" + (f", about {show_seconds(left)} left" if number < total else ""))
