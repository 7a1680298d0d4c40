"""One notice on its way to several channels: which have it, and whether a fallback is needed."""

import asyncio
from dataclasses import dataclass, field

from watchdog.daemon.outbox.channel_queue import Place, QueuedNotice
from watchdog.domain.notices import Notice

PASSIVE_CHANNELS = frozenset({"console", "tickets"})
"""Channels that are never a fallback: a process's output or a ticket wakes no person."""


@dataclass(eq=False)
class Delivery:
    """One `Tell` on its way. `delivered_to` are the channels that have it, in order of delivery.

    `began_at`: when this worker began to deliver it (monotonic seconds).
    `resumed`: it was found in the store, as the one who decided it died, lost the service, or did not know of its row.
    """

    effect_id: int | None
    notice: Notice
    named: tuple[str, ...]
    place: Place
    began_at: float
    resumed: bool = False
    group: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup)
    queued: dict[str, QueuedNotice] = field(default_factory=dict)
    stand_ins: list[QueuedNotice] = field(default_factory=list)
    delivered_to: list[str] = field(default_factory=list)
    outcomes: dict[str, str] = field(default_factory=dict)
    compared: asyncio.Event = field(default_factory=asyncio.Event)  # the store was asked who has it
    ended: asyncio.Event = field(default_factory=asyncio.Event)  # no task brings it any more

    @property
    def needs_fallback(self) -> bool:
        """Return whether a fallback is needed: no channel has the notice; one that people read lacks it, and none of
        these has it; or a page lacks a named channel and a fallback.

        Opt-in news can wait, and notices to stakeholders go to no other channel.
        """
        if self.notice.news or self.notice.plain:
            return False
        # A page must reach each named channel; a fallback stands in for one that lacks it.
        lacking = [name for name in self.named if name not in self.delivered_to]
        unread = PASSIVE_CHANNELS.issuperset(self.delivered_to) and not PASSIVE_CHANNELS.issuperset(lacking)
        alone = bool(lacking) and all(name in self.named for name in self.delivered_to)
        return not self.delivered_to or unread or (self.notice.wakes and alone)

    def mark_delivered(self, name: str) -> None:
        """Note that a channel has the notice; fallbacks no longer needed are superseded."""
        self.delivered_to.append(name)
        self.outcomes[name] = "sent" if name in self.named else "sent as a stand-in"
        if not self.needs_fallback:
            for queued in self.stand_ins:
                queued.supersede()
