"""The urgency of a read of a vendor's API: reads that can wait must never use up the rate limit that an action needs.

The caller sets it around its calls (`with reading_for(...)`). The client reads it each time before it sends
(see adapters/read_budget), as a watch of deploys may become urgent while it waits. It belongs to the current task.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum


class Urgency(IntEnum):
    """The reader: a calm poll or a person; a watch of a suspected service; an action (or a command)."""

    SPARE = 0
    WATCHING = 1
    ACTING = 2


_asked: ContextVar[Callable[[], Urgency]] = ContextVar("urgency")


@contextmanager
def reading_for(urgency: Urgency | Callable[[], Urgency]) -> Iterator[None]:
    """Give the reads of this block an urgency; a function is called anew each time."""
    token = _asked.set(urgency if callable(urgency) else lambda: urgency)
    try:
        yield
    finally:
        _asked.reset(token)


@contextmanager
def reading_for_suspects_first() -> Iterator[None]:
    """Give the reads of this block the urgency of an action, as soon as they are no longer calm ones."""
    asked = _asked.get(None) or (lambda: Urgency.ACTING)
    with reading_for(lambda: Urgency.SPARE if asked() is Urgency.SPARE else Urgency.ACTING):
        yield


def urgency() -> Urgency:
    """Return the urgency of a read of the current task."""
    # Unset means an action's: a forgotten `reading_for` may waste the rate limit, but never delays an action.
    asked = _asked.get(None)
    return Urgency.ACTING if asked is None else asked()
