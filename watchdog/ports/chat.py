"""Chat: the questions, requests and replies between a chat channel (adapters) and the daemon. Types only."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

REFUSED = "refused"
"""The name of a command whose author may not give it; `what` names the command, and `refused` says why: for the record.

An older worker that does not know the name reports that; under the command's own name it would carry the command out.
"""

NOT_ALLOWED = "not_allowed"
"""The argument of such a command, true if its author has no sufficient role: then only the audit log records it.

The story of an incident gets no line of it: a person without a role must not be able to bury the story in refusals.
"""


DELIVERIES = "deliveries"
"""The argument of a command with the ids of the request that it came by: several workers may receive that request."""


@dataclass(frozen=True, slots=True)
class ChatQuestion:
    """The open question, as people received it: one rollback of one service, away from `suspect`.

    A button that answers nothing is about an incident alone: its `suspect` and `target` are empty, but for the rollback
    of another service, which is away from `suspect` as well.
    `announced`: the rollback is sent unless a person stops it; otherwise only after an approval. `asked_at`, and
    `until` (the end of the time to answer) are UTC epoch seconds; the codes are for display.
    """

    incident: str
    service: str
    suspect: str
    target: str
    # It tells two questions of one incident apart: a button of the first must not answer the second.
    asked_at: float
    until: float
    announced: bool = False
    suspect_code: str | None = None
    target_code: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A person's request through a channel: a word (`name`) and further words, or a button.

    `by` is their name in the record, `may_change` whether their role may change anything. `question` is the question
    that the button was shown for; `refusal` says why the button proves nothing (forged, too old), or is "". `identity`
    is the person as the channel itself vouches for them (see domain/identities.py). `deliveries` are the channel's
    own ids of the request: if it is delivered again, at least one of them is the same.
    """

    by: str
    name: str
    words: tuple[str, ...] = ()
    # An adapter that does not know the role grants nothing.
    may_change: bool = False
    question: ChatQuestion | None = None
    refusal: str = ""
    identity: str = ""
    deliveries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """The private answer to a request; `fixed`: columns, to be shown in a monospaced font."""

    lines: tuple[str, ...]
    ok: bool = True
    fixed: bool = False


class Conversation(Protocol):
    """A channel that also receives requests of people; it connects outwards and listens on no port."""

    name: str

    # Slack sends a request again if its acknowledgement came late or was lost.
    async def run(self, handle: Callable[[Request], Awaitable[Reply]]) -> None:
        """Receive requests and send replies forever, with a new connection after each failure.

        `handle` may get one request more than once, and so may another worker's.
        """

    async def close(self) -> None:
        """Close connections."""
