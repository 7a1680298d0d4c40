"""News in the outbox: brought at least once as all is, and nobody is bothered in place of who does not take them."""

import asyncio

from tests.support.clocks import FakeClock, eventually
from tests.support.notification_vendors import Channel, tell
from watchdog.adapters.stores import build_store
from watchdog.daemon.outbox.outbox import STALE_SECONDS, Outbox
from watchdog.domain.errors import Permanent, Temporary


def outbox(clock: FakeClock, *channels: Channel) -> Outbox:
    """Return an outbox over these channels and a store in memory."""
    return Outbox(build_store("memory://", clock), {one.name: one for one in channels}, clock, lambda *_: None)


async def test_no_other_channel_stands_in_and_it_is_tried_on() -> None:
    """The pager hears nothing of it; what is no news would have gone there."""
    for news, heard in ((True, []), (False, [("fine", None)])):
        pager, chat = Channel("pager"), Channel("chat", Temporary("no"), Permanent("no"), Temporary("no"))
        await outbox(FakeClock(), pager, chat).deliver(None, tell("fine", "chat", news=news))
        assert (pager.took, chat.took) == (heard, [("fine", None)])


async def test_a_channel_that_is_gone_is_replaced_by_none() -> None:
    """The configuration names it no more since a restart."""
    for news, heard in ((True, []), (False, [("fine", None)])):
        pager = Channel("pager")
        await outbox(FakeClock(), pager).deliver(None, tell("fine", "chat", news=news))
        assert pager.took == heard


async def test_news_that_wait_alarm_nobody_and_are_dropped_after_a_day() -> None:
    clock = FakeClock(auto=False)
    chat = Channel("chat", *[Temporary("no")] * 10_000)
    teller = outbox(clock, chat)
    async with asyncio.TaskGroup() as group:
        group.create_task(teller.deliver(None, tell("fine", "chat", news=True, incident="dep-42/well")))
        await eventually(lambda: teller.failing)
        assert (teller.waiting, teller.unheard) == (1, 0)
        group.create_task(teller.deliver(None, tell("page", "chat", wakes=True)))
        await eventually(lambda: teller.waiting == 2)
        assert teller.unheard == 1
        chat.script.clear()
        chat.script += [Temporary("no")] * 20_000
        await clock.advance(STALE_SECONDS + 3600.0)
        assert teller.waiting == 1, "the page is tried on"
        chat.script.clear()
        await clock.advance(3600.0)
    assert [title for title, _ in chat.took] == ["page"]
