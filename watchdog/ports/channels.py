"""Channels to people: chat, pager, mail, tickets."""

from typing import Protocol

from watchdog.domain.notices import Notice


class Notifier(Protocol):
    """One channel to people.

    Raises Temporary (try again), Permanent (this channel is broken), and from a send also Partly.
    """

    name: str

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Deliver the notice; `reference` is the return value of the last send for this incident (a thread, a state).

        None means that no earlier send is known; one may have happened all the same. A channel that returns None is
        taken not to have delivered: it gets no all-clear where only a fallback has the notice.
        """

    async def check(self) -> str:
        """Prove, without a message to people, that the channel would work; return the proof in words."""

    async def close(self) -> None:
        """Close connections."""
