"""The queue of one incident's notices to one channel: oldest first, and nobody waits for ever.

Rule 1: a notice goes when no older one stands before it.
Rule 2: on a channel in trouble, older notices that wake nobody give way to the newest: it tells the newer state.
Rule 3: one the channel refuses for good ("broken") does not hold up the others; once a newer page or the all-clear
has arrived, it is overtaken too, so that it cannot ring after the all-clear.
"""

import asyncio
from dataclasses import dataclass, field

from watchdog.domain.notices import Notice


class Lane:
    """Who waits, and the lock that makes attempts one at a time (each reads the reference the last one left)."""

    def __init__(self) -> None:
        self.attempt = asyncio.Lock()
        self._parcels: list[Parcel] = []

    def join(self, channel: str, notice: Notice) -> "Parcel":
        """Put a notice at the end."""
        parcel = Parcel(self, channel, notice)
        self._parcels.append(parcel)
        self._settle()
        return parcel

    def leave(self, parcel: "Parcel") -> None:
        """Take a notice out, delivered or not."""
        if parcel in self._parcels:
            self._parcels.remove(parcel)
            self._settle()

    def failed(self, parcel: "Parcel", *, broken: bool) -> None:
        """Note that an attempt failed; `broken` when the channel refuses this notice for good."""
        parcel.troubled = True
        parcel.broken = broken
        self._settle()

    def arrived(self, parcel: "Parcel") -> None:
        """Note that a notice was delivered: older ones that lag behind are overtaken, then it leaves."""
        speaks_for_all = parcel.notice.wakes or parcel.notice.resolves
        for older in self._parcels[: self._parcels.index(parcel)]:
            if speaks_for_all or not older.notice.wakes:
                older.overtaken.set()
        self.leave(parcel)

    def _settle(self) -> None:
        if any(parcel.troubled for parcel in self._parcels):
            for older in self._parcels[:-1]:
                if not older.notice.wakes:
                    older.overtaken.set()
        blocked = False
        for parcel in self._parcels:
            if parcel.overtaken.is_set() or not blocked:
                parcel.go.set()
            else:
                parcel.go.clear()
            blocked = blocked or not parcel.broken


@dataclass(eq=False)
class Parcel:
    """One notice on its way to one channel."""

    lane: Lane
    channel: str
    notice: Notice
    troubled: bool = False
    broken: bool = False
    go: asyncio.Event = field(default_factory=asyncio.Event)
    overtaken: asyncio.Event = field(default_factory=asyncio.Event)
