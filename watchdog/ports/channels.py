"""Channels to people: chat, pager, mail, tickets."""

from typing import Protocol

from watchdog.domain.notices import Notice


class Notifier(Protocol):
    """One channel to people. Raises Temporary (try again), Permanent (this channel is broken) or Partly (of a send)."""

    name: str

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Deliver; `reference` is what the last send for this incident returned (a thread, a state).

        None means that nothing is known of an earlier one: it may have happened all the same.
        """

    async def check(self) -> str:
        """Prove without disturbing anybody that the channel would work; return what was proved."""

    async def close(self) -> None:
        """Close connections."""
