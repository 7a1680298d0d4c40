"""The Protocol of a tracker of work, behind the channel `tickets`."""

from dataclasses import dataclass
from typing import Protocol

from watchdog.domain.errors import Permanent

LABEL = "watchdog"
"""The label of all our tickets: only tickets with it are searched, and strangers cannot set it."""


class GoneError(Permanent):
    """The ticket does not exist any more: people deleted or moved it."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """An open ticket; `body` as it stands in the tracker."""

    number: int
    body: str = ""


class Tracker(Protocol):
    """A tracker of tickets. Raises Temporary or Permanent, and OutcomeUnknown where the change may have happened."""

    name: str

    async def find(self, mark: str) -> Ticket | None:
        """Return the open ticket of ours whose body holds the mark; the oldest, should there be several."""

    async def open(self, title: str, body: str, labels: tuple[str, ...]) -> Ticket:
        """Open a ticket, with one request."""

    async def comment(self, number: int, body: str) -> None:
        """Add a comment. Raises GoneError."""

    async def close_ticket(self, number: int) -> bool:
        """Close it; return whether it still takes comments. Raises GoneError."""

    async def check(self) -> str:
        """Prove by reading that tickets could be opened; return the proof as text."""

    async def close(self) -> None:
        """Close connections."""
