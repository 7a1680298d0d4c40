"""Notices for people outside engineering: to their own channels alone, and nothing else ever goes there."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from tests.daemon.outbox.test_outbox import Telling
from tests.support.clocks import FakeClock, eventually
from tests.support.failing_channel import Vendor
from tests.support.notification_vendors import tell
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.outbox.outbox import STALE_SECONDS
from watchdog.domain.effects import Tell
from watchdog.domain.errors import Permanent
from watchdog.domain.notices import NoticeKind

BOARD = "board-email"
ENGINEERS = ("pager", "chat")
FOR_EVER = 1e12


class Scene(Telling):
    """An outbox, a store, and channels of engineers and of a board; the board's comes first in the order."""

    def __init__(self, clock: FakeClock, aside: Sequence[str]) -> None:
        self.vendors = {name: Vendor(name, clock) for name in (BOARD, *ENGINEERS)}
        super().__init__(clock, MemoryStore(clock), self.vendors, aside)

    def took(self) -> dict[str, list[str]]:
        return {name: vendor.titles for name, vendor in self.vendors.items() if vendor.titles}


@asynccontextmanager
async def scene(aside: Sequence[str] = (BOARD,), clock: FakeClock | None = None) -> AsyncIterator[Scene]:
    made = Scene(clock or FakeClock(), aside)
    await made.store.open()
    yield made
    await made.store.close()


def plainly(title: str, *names: str, kind: NoticeKind = NoticeKind.OPENED) -> Tell:
    """Return an effect: tell these people in plain words."""
    return tell(title, *(names or (BOARD,)), kind=kind, incident="web-1/stakeholders", plain=True)


@pytest.mark.parametrize("aside", [(BOARD,), ()])
async def test_a_board_s_channel_never_stands_in_for_engineers(aside: Sequence[str]) -> None:
    """All others are down: the page waits, and the board reads nothing of it; nor does it get the all-clear.

    That it is set aside holds it back, nothing else does.
    """
    told = ["web CRITICAL", "web RESOLVED"]
    async with scene(aside) as s:
        await s.deliver(plainly("The shop: not available"))
        for name in ENGINEERS:
            s.vendors[name].down_until = 300.0
        await s.deliver(tell("web CRITICAL", *ENGINEERS, wakes=True))
        await s.deliver(tell("web RESOLVED", *ENGINEERS, kind=NoticeKind.RESOLVED))
        stood_in = [] if aside else told
        assert s.took() == {BOARD: ["The shop: not available", *stood_in], "pager": told, "chat": told}


@pytest.mark.parametrize("kind", [NoticeKind.OPENED, NoticeKind.UPDATED, NoticeKind.RESOLVED])
async def test_nobody_stands_in_for_the_board(kind: NoticeKind) -> None:
    """Its channel is down: engineers are not told in its place, and their health says nothing of people undelivered."""
    async with scene() as s:
        s.vendors[BOARD].down_until = 120.0
        await s.deliver(plainly("The shop", kind=kind))
        assert s.took() == {BOARD: ["The shop"]}


async def test_an_unknown_channel_of_theirs_is_nobody_s() -> None:
    """An older worker's row, say: no engineer gets it in their place; and what engineers need does not go there."""
    async with scene() as s:
        await s.deliver(plainly("The shop", "sales-email"))
        assert s.took() == {} and ("sales-email", "failed") in s.reports and await s.store.pending() == ()
        await s.deliver(tell("web CRITICAL", "gone", wakes=True))
        assert s.took() == {"pager": ["web CRITICAL"]}


async def test_the_end_goes_to_nobody_else() -> None:
    """Engineers were told of the incident; the board's all-clear is not theirs."""
    async with scene() as s:
        await s.deliver(tell("web CRITICAL", *ENGINEERS, wakes=True))
        await s.deliver(plainly("The shop: not available"))
        await s.deliver(plainly("The shop: all is well again", kind=NoticeKind.RESOLVED))
        assert s.took()["pager"] == s.took()["chat"] == ["web CRITICAL"]
        references = [reference for _, reference in s.vendors[BOARD].took]
        assert references == [None, "after The shop: not available"], "one thread of its own"


async def test_what_only_the_board_misses_is_no_silence() -> None:
    """Its channel being down means neither that nobody can be told, nor that a notice is undelivered."""
    clock = FakeClock(auto=False)
    async with scene(clock=clock) as s, asyncio.TaskGroup() as group:
        for vendor in s.vendors.values():
            vendor.down_until = FOR_EVER
        group.create_task(s.deliver(plainly("The shop")))
        for _ in range(6):
            await clock.advance(60.0)
        assert (s.outbox.waiting, s.outbox.undelivered, s.outbox.silenced) == (1, 0, False)
        assert s.outbox.up[BOARD] is False
        s.vendors[BOARD].down_until = 0.0
        await clock.advance(120.0)
        await eventually(lambda: s.outbox.waiting == 0)


async def test_a_day_later_it_is_no_news() -> None:
    """Also that it is over: a refused address is not tried for ever."""
    async with scene() as s:
        s.vendors[BOARD].refuses = lambda _: Permanent("no such mailbox")
        await s.deliver(plainly("The shop: all is well again", kind=NoticeKind.RESOLVED))
        assert s.took() == {} and s.reports[-1] == (BOARD, "gave_way")
        assert STALE_SECONDS <= s.clock.elapsed <= STALE_SECONDS + 600.0
