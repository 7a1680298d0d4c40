"""A remedy that can be done before a rollback, and perhaps looked up."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Before:
    """What a remedy found right before its request."""

    baseline: str = ""  # what it changes, as it was: saved before the request, given to each look and to people
    done: bool = False  # it is so already, so nothing is sent
    why_not: str = ""  # why nothing may be sent


class RemedyAction(Protocol):
    """One remedy of one service.

    Rule: `apply` is called once and never repeated; `before` and `look` may be repeated.
    """

    can_look: bool  # `look` can be asked
    believed: bool  # a yes is enough, without a look
    needs_before: bool  # where `before` raises, nothing is sent

    async def before(self) -> Before:
        """Return what is there before the request. Raises Temporary or Permanent where it cannot be read."""

    async def apply(self) -> None:
        """Do it with ONE request.

        Raises Temporary when nothing was sent or done, Permanent or Refused when it is refused, OutcomeUnknown
        otherwise.
        """

    async def look(self, baseline: str) -> bool | None:
        """Return whether it is done now; None: what is read does not tell. Raises Temporary or Permanent."""

    async def close(self) -> None:
        """Close connections."""
