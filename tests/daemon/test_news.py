"""News in the outbox: brought at least once as all is, and nobody is bothered in place of who does not take them."""

import asyncio

import pytest

from tests.daemon.outbox.test_outbox import outbox
from tests.support.clocks import FakeClock, eventually
from tests.support.notification_vendors import Channel, tell
from watchdog.daemon.outbox.outbox import STALE_SECONDS
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.notices import NoticeKind


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize(("news", "heard"), [(True, []), (False, [("fine", None)])])
async def test_no_other_channel_stands_in_and_it_is_tried_on(news: bool, heard: list[object], gone: bool) -> None:
    """The pager hears nothing of it, nor if its channel is gone since a restart; what is no news would go there."""
    pager, chat = Channel("pager"), Channel("chat", Temporary("no"), Permanent("no"), Temporary("no"))
    channels = [pager] if gone else [pager, chat]
    await outbox(*channels).deliver(None, tell("fine", "chat", news=news))
    assert (pager.took, chat.took) == (heard, [] if gone else [("fine", None)])


async def test_news_that_wait_alarm_nobody_and_are_dropped_after_a_day() -> None:
    clock = FakeClock(auto=False)
    chat = Channel("chat", *[Temporary("no")] * 10_000)
    teller = outbox(chat, clock=clock)
    async with asyncio.TaskGroup() as group:
        group.create_task(teller.deliver(None, tell("fine", "chat", news=True, incident="dep-42/well")))
        await eventually(lambda: teller.failing)
        assert (teller.waiting, teller.undelivered) == (1, 0)
        group.create_task(teller.deliver(None, tell("page", "chat", wakes=True)))
        await eventually(lambda: teller.waiting == 2)
        assert teller.undelivered == 1
        chat.script.clear()
        chat.script += [Temporary("no")] * 20_000
        await clock.advance(STALE_SECONDS + 3600.0)
        assert teller.waiting == 1, "the page is tried on"
        chat.script.clear()
        await clock.advance(3600.0)
    assert [title for title, _ in chat.took] == ["page"]


@pytest.mark.parametrize(
    ("kind", "wakes", "kept"),
    [(NoticeKind.OPENED, True, True), (NoticeKind.RESOLVED, False, True), (NoticeKind.UPDATED, False, False)],
)
async def test_a_page_and_its_end_are_brought_after_more_than_a_day(kind: NoticeKind, wakes: bool, kept: bool) -> None:
    """Without its all-clear a page would ring for ever; an update of yesterday tells people nothing."""
    clock = FakeClock(auto=False)
    chat = Channel("chat", *[Temporary("no")] * 10_000)
    teller = outbox(chat, clock=clock)
    bringing = asyncio.create_task(teller.deliver(None, tell("web is down", "chat", kind=kind, wakes=wakes)))
    await eventually(lambda: teller.failing)
    await clock.advance(STALE_SECONDS + 3600.0)
    assert teller.waiting == kept
    chat.script.clear()
    await clock.advance(3600.0)
    assert chat.took == [("web is down", None)] * kept and bringing.done()
