"""The queue of one incident's notices to one channel: oldest first, and no notice waits for ever.

Theory. Notices of one incident are a conversation: an all-clear that overtakes its page would leave the page ringing.
So each channel gets them in the order of the decisions, one attempt at a time. But a notice that can never be sent must
not hold up the next one, so an older one gives way to news that makes it obsolete.

Rule 1: a notice goes when no older one is queued before it.
Rule 2: on a failing channel, older notices that are no pages are superseded by the newest, which has the newer state.
One that has a row in the store is superseded only by one that has a row, too: without it the newest ends with this
process, and the next start would have nothing to end a page with.
Rule 3: a notice refused for good ("broken") does not hold up the others. Once a newer page or the all-clear has
arrived, the broken one is superseded too, so that it cannot ring after the all-clear. The same holds for a notice that
reached only some of the channel's people ("partly").
"""

import asyncio
from dataclasses import dataclass, field

from watchdog.domain.notices import Notice

Place = tuple[int, int]
"""The place of a notice in the order of decisions: its row in the store and 0; without a row the last one seen before
it, and a number.
"""


class ChannelQueue:
    """The waiting notices, and the lock for one attempt at a time (each reads the reference of the last one)."""

    def __init__(self) -> None:
        self.attempt = asyncio.Lock()
        self._queued: list[QueuedNotice] = []

    def join(self, channel: str, notice: Notice, place: Place) -> "QueuedNotice":
        """Queue a notice behind every older one."""
        queued = QueuedNotice(self, channel, notice, place)
        self._queued.append(queued)
        # A delivery resumed after a restart may be older than the waiting ones.
        self._queued.sort(key=lambda each: each.place)
        self._settle()
        return queued

    def leave(self, queued: "QueuedNotice") -> None:
        """Remove a notice, delivered or not."""
        if queued in self._queued:
            self._queued.remove(queued)
            self._settle()

    def failed(self, queued: "QueuedNotice", *, broken: bool) -> None:
        """Note that an attempt failed; `broken` when the channel refuses this notice for good."""
        queued.broken = broken
        # Not refused, it may have arrived, and only its answer be lost.
        if not broken and queued in self._queued:
            self.sent(queued)
        self.blocked(queued)

    def partly(self, queued: "QueuedNotice") -> None:
        """Note that only some of the channel's people have it: it stays for the others, and blocks no notice."""
        # As broken: only some addresses lack it, and the next notice must not wait for those.
        queued.partly = queued.broken = True
        self._settle()

    def blocked(self, queued: "QueuedNotice") -> None:
        """Note that a notice is delayed: it failed, or its channel's breaker is open."""
        if queued in self._queued:
            queued.troubled = True
            self._settle()

    def sent(self, queued: "QueuedNotice") -> None:
        """Note that this worker sent a notice: an all-clear behind it has to follow, also if another brought it before.

        Other news need not: they end nothing, and would only be read twice.
        """
        for newer in self._queued[self._queued.index(queued) + 1 :]:
            newer.follows = newer.notice.resolves

    def has_page_before(self, queued: "QueuedNotice") -> bool:
        """Return whether an older page waits, or is being sent."""
        older = self._queued[: self._queued.index(queued)] if queued in self._queued else []
        return any(one.notice.wakes and not one.overtaken for one in older)

    def arrived(self, queued: "QueuedNotice") -> None:
        """Note that a notice was delivered: older ones that lag behind are superseded, then it leaves."""
        # A page or an all-clear states the whole incident; an older page is superseded by nothing less.
        speaks_for_all = queued.notice.wakes or queued.notice.resolves
        for older in self._queued[: self._queued.index(queued)]:
            if speaks_for_all or not older.notice.wakes:
                older.supersede()
        self.leave(queued)

    def _settle(self) -> None:
        if any(queued.troubled for queued in self._queued):
            # The newest stays: it holds the present state. Pages stay too: each of them must ring.
            *others, newest = self._queued
            for older in others:
                if not older.notice.wakes and (newest.has_row or not older.has_row):
                    older.supersede()
        blocked = False
        for queued in self._queued:
            queued.let_go(queued.overtaken or not blocked)
            # A notice refused for good lets the next one pass (Rule 3).
            blocked = blocked or not queued.broken


@dataclass(eq=False)
class QueuedNotice:
    """One notice on its way to one channel. `stir` wakes its task whenever something about it changed.

    `follows`: it is an all-clear, and an older notice was sent while it waited. `not_before` is the earliest next
    attempt (monotonic seconds).
    """

    queue: ChannelQueue
    channel: str
    notice: Notice
    place: Place
    troubled: bool = False
    broken: bool = False
    partly: bool = False
    follows: bool = False
    goes: bool = False
    overtaken: bool = False
    not_before: float = float("-inf")
    stir: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def has_row(self) -> bool:
        """Return whether the store has the notice, so that the next start brings it."""
        return self.place[1] == 0

    def supersede(self) -> None:
        """Mark the notice as superseded: it is not sent any more."""
        # Only once: a notice that stays queued, as it must follow a page, would wake itself for ever.
        if not self.overtaken:
            self.overtaken = True
            self.stir.set()

    def let_go(self, goes: bool) -> None:
        """Set whether it is the notice's turn in the queue."""
        if goes and not self.goes:
            self.stir.set()
        self.goes = goes
