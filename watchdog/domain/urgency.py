"""How urgent a read of a vendor's API is, so that reads that can wait never use up what acting needs.

The caller sets it around its calls (`with reading_for(...)`), and the client asks for it each time it considers to send
(see adapters/read_budget): a watch of deploys may become urgent while it waits. It belongs to the current task.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum


class Urgency(IntEnum):
    """Who reads: a calm poll or a person who looks; a watch of a suspected service; an action (or a command)."""

    SPARE = 0
    WATCHING = 1
    ACTING = 2


_asked: ContextVar[Callable[[], Urgency]] = ContextVar("urgency")


@contextmanager
def reading_for(urgency: Urgency | Callable[[], Urgency]) -> Iterator[None]:
    """Let the reads of this block be so urgent; a function is called anew each time."""
    token = _asked.set(urgency if callable(urgency) else lambda: urgency)
    try:
        yield
    finally:
        _asked.reset(token)


@contextmanager
def reading_for_suspects_first() -> Iterator[None]:
    """Let the reads of this block be as urgent as acting from the moment at which they are not calm any more."""
    asked = _asked.get(None) or (lambda: Urgency.ACTING)
    with reading_for(lambda: Urgency.SPARE if asked() is Urgency.SPARE else Urgency.ACTING):
        yield


def urgency() -> Urgency:
    """Return how urgent a read of the current task is now; without a word about it, it is an action's."""
    asked = _asked.get(None)
    return Urgency.ACTING if asked is None else asked()
