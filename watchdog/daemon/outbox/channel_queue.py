"""The queue of one incident's notices to one channel: oldest first, and nobody waits for ever.

Rule 1: a notice goes when no older one stands before it.
Rule 2: on a channel in trouble, older notices that wake nobody give way to the newest: it tells the newer state.
Rule 3: one the channel refuses for good ("broken") does not hold up the others; once a newer page or the all-clear
has arrived, it is overtaken too, so that it cannot ring after the all-clear. So it is with one that only some of the
channel's people have ("partly").
"""

import asyncio
from dataclasses import dataclass, field

from watchdog.domain.notices import Notice

Place = tuple[int, int]
"""A notice's place in the order in which notices were decided."""


class ChannelQueue:
    """Who waits, and the lock that makes attempts one at a time (each reads the reference the last one left)."""

    def __init__(self) -> None:
        self.attempt = asyncio.Lock()
        self._parcels: list[QueuedNotice] = []

    def join(self, channel: str, notice: Notice, place: Place) -> "QueuedNotice":
        """Put a notice behind every older one."""
        parcel = QueuedNotice(self, channel, notice, place)
        self._parcels.append(parcel)
        self._parcels.sort(key=lambda each: each.place)
        self._settle()
        return parcel

    def leave(self, parcel: "QueuedNotice") -> None:
        """Take a notice out, delivered or not."""
        if parcel in self._parcels:
            self._parcels.remove(parcel)
            self._settle()

    def failed(self, parcel: "QueuedNotice", *, broken: bool) -> None:
        """Note that an attempt failed; `broken` when the channel refuses this notice for good."""
        parcel.broken = broken
        self.blocked(parcel)

    def partly(self, parcel: "QueuedNotice") -> None:
        """Note that only some of the channel's people have it: it stays for the others, and nobody waits for it."""
        parcel.partly = parcel.broken = True
        self._settle()

    def blocked(self, parcel: "QueuedNotice") -> None:
        """Note that a notice cannot go through soon: it failed, or its channel is known to be down."""
        if parcel in self._parcels:
            parcel.troubled = True
            self._settle()

    def arrived(self, parcel: "QueuedNotice") -> None:
        """Note that a notice was delivered: older ones that lag behind are overtaken, then it leaves."""
        speaks_for_all = parcel.notice.wakes or parcel.notice.resolves
        for older in self._parcels[: self._parcels.index(parcel)]:
            if speaks_for_all or not older.notice.wakes:
                older.supersede()
        self.leave(parcel)

    def _settle(self) -> None:
        if any(parcel.troubled for parcel in self._parcels):
            for older in self._parcels[:-1]:
                if not older.notice.wakes:
                    older.supersede()
        blocked = False
        for parcel in self._parcels:
            parcel.let_go(parcel.overtaken or not blocked)
            blocked = blocked or not parcel.broken


@dataclass(eq=False)
class QueuedNotice:
    """One notice on its way to one channel. `stir` wakes who waits with it, whenever something about it changed.

    `not_before` is when it may be tried again (monotonic seconds).
    """

    lane: ChannelQueue
    channel: str
    notice: Notice
    place: Place
    troubled: bool = False
    broken: bool = False
    partly: bool = False
    goes: bool = False
    overtaken: bool = False
    not_before: float = float("-inf")
    stir: asyncio.Event = field(default_factory=asyncio.Event)

    def supersede(self) -> None:
        """Say that it need not be brought any more."""
        self.overtaken = True
        self.stir.set()

    def let_go(self, goes: bool) -> None:
        """Say whether it is its turn in the lane."""
        if goes and not self.goes:
            self.stir.set()
        self.goes = goes
