"""What a tracker of work can do: the one Protocol behind the channel `tickets`."""

from dataclasses import dataclass
from typing import Protocol

from watchdog.domain.errors import Permanent

LABEL = "watchdog"
"""On every ticket of ours: only tickets with it are looked through, and strangers cannot set it."""


class GoneError(Permanent):
    """The ticket is no longer there: people deleted or moved it."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """An open ticket; `body` as it stands in the tracker."""

    number: int
    body: str = ""


class Tracker(Protocol):
    """Where tickets are. Raises Temporary or Permanent, and OutcomeUnknown where it may have done it."""

    name: str

    async def find(self, mark: str) -> Ticket | None:
        """Return the open ticket of ours whose body holds the mark; the oldest, should there be several."""

    async def open(self, title: str, body: str, labels: tuple[str, ...]) -> Ticket:
        """Open a ticket, with one request."""

    async def comment(self, number: int, body: str) -> None:
        """Add a comment. Raises GoneError."""

    async def close_ticket(self, number: int) -> bool:
        """Close it; tell whether it can still be commented. Raises GoneError."""

    async def check(self) -> str:
        """Prove by reading that tickets could be opened; return what was proved."""

    async def close(self) -> None:
        """Close connections."""
