"""Chat: the questions, requests and replies between a chat channel (adapters) and the daemon. Types only."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

REFUSED = "refused"
"""The name of a command whose author may not give it (`what` it was, and why it is `refused`): for the record.

A worker of an older version that does not know the name says so; under the command's own name it would obey.
"""

NOT_ALLOWED = "not_allowed"
"""The argument of such a command which says that its author has not the role (true): then only the audit has it.

The story of an incident has no line of it: who may do nothing must not be able to bury what happened.
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What people are asked, or may stop, as they were told of it: one rollback of one service, away from `suspect`.

    `announced`: it is sent unless somebody says stop, else only after a yes. `asked_at`, and `until` when an answer
    counts, are UTC epoch seconds; the codes are for reading.
    """

    incident: str
    service: str
    suspect: str
    target: str
    asked_at: float
    until: float
    announced: bool = False
    suspect_code: str | None = None
    target_code: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for through a channel, by a word (`name`) and further words, or by a button.

    `by` is how the record names them, `may_change` whether they are among those who may. `question` is what the button
    was shown for; `refusal` why it proves nothing (forged, too old), or nothing. `identity` is who they are, as the
    channel itself vouches for it (see domain/identities.py).
    """

    by: str
    name: str
    words: tuple[str, ...] = ()
    may_change: bool = False
    question: Question | None = None
    refusal: str = ""
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What they are answered, in private; `fixed`: columns, to be shown in letters of one width."""

    lines: tuple[str, ...]
    ok: bool = True
    fixed: bool = False


class Conversation(Protocol):
    """A channel in which people can also ask and answer; it connects outwards and listens on nothing."""

    name: str

    async def run(self, hear: Callable[[Request], Awaitable[Reply]]) -> None:
        """Hear and reply for ever, connecting again after every trouble; a request may come more than once."""

    async def close(self) -> None:
        """Close connections."""
