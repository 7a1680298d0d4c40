"""A mail server that refuses some of the recipients: who has it, who is tried again, and who is not mailed twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.adapters.notifiers.letters import context
from tests.daemon.outbox.test_outbox import Telling
from tests.support.clocks import FakeClock, eventually
from tests.support.mail_server import Post
from tests.support.notification_vendors import tell
from watchdog.adapters.notifiers.email import EmailOptions, build
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.outbox.delivery_log import GAPS_SECONDS
from watchdog.daemon.outbox.outbox import BROKEN_GAP_SECONDS, PARTLY_SECONDS
from watchdog.domain.notices import NoticeKind
from watchdog.ports import Store

LEAD, OPS = "lead@acme.example", "ops@acme.example"
PAGE = tell("down", "email", wakes=True)
END = tell("up", "email", kind=NoticeKind.RESOLVED)


class Mailed(Telling):
    """The outbox of one start, a store, and a mail server that refuses `ops` as it is told."""

    def __init__(self, server: Post, clock: FakeClock, store: Store) -> None:
        self.server = server
        service_policy = {"smtp": server.smtp, "from": "watchdog@acme.example", "to": [LEAD, OPS], "tls": "none"}
        self.email = build(EmailOptions.model_validate(service_policy), context())
        super().__init__(clock, store, {"email": self.email})

    @property
    def took(self) -> list[tuple[str, list[str]]]:
        mails = zip(self.server.mails, self.server.envelopes, strict=True)
        return [(mail["Subject"], to) for mail, (_, to) in mails]

    async def tried(self, times: int) -> None:
        """Wait until so many attempts have ended, the last one to be followed by a pause."""
        await eventually(lambda: len(self.outcomes("email")) == times and self.clock.sleepers)


@asynccontextmanager
async def mailed(refusal: str, *, auto: bool = False) -> AsyncIterator[Mailed]:
    """Give a scene whose server refuses one of two recipients."""
    clock = FakeClock(auto=auto)
    server, store = Post(refuse_to={OPS: refusal}), MemoryStore(clock)
    await server.start()
    await store.open()
    scene = Mailed(server, clock, store)
    try:
        yield scene
    finally:
        await scene.email.close()
        server.stop()


async def test_who_was_refused_for_now_has_it_later_and_nobody_twice() -> None:
    """Meanwhile the channel counts as well, the page as heard, and a newer notice waits for nobody.

    The first attempt fails for all: what this worker brought to some with the second is no other worker's delivery.
    """
    async with mailed("450 greylisted") as s, asyncio.TaskGroup() as group:
        s.server.refuse_to[LEAD] = "450 greylisted"
        group.create_task(s.deliver(PAGE))
        await s.tried(1)
        del s.server.refuse_to[LEAD]
        await s.clock.advance(GAPS_SECONDS[0])
        await s.tried(2)
        assert (s.outbox.failing, s.outbox.undelivered, s.outbox.up) == ({}, 0, {"email": True})
        s.server.refuse_to.clear()
        await s.deliver(tell("still down", "email"))
        await s.clock.advance(BROKEN_GAP_SECONDS)
        await eventually(lambda: not s.outbox.waiting)
        assert s.took == [("down", [LEAD]), ("still down", [LEAD, OPS]), ("down", [OPS])]
        assert s.outcomes("email") == ["failed", "partly", "sent", "sent"]
    assert await s.store.pending() == ()


async def test_who_is_refused_for_good_is_reported_and_not_tried_again() -> None:
    """A mistyped address: said in log and metric with each notice, and the notice is done."""
    async with mailed("550 no such user", auto=True) as s:
        await s.deliver(PAGE)
        assert (s.took, s.outcomes("email")) == ([("down", [LEAD])], ["partly"]) and s.clock.elapsed == 0
        assert await s.store.pending() == ()


@pytest.mark.parametrize(
    ("then", "attempts"), [("450 greylisted", 1 + PARTLY_SECONDS / BROKEN_GAP_SECONDS), ("550", 2)]
)
async def test_trying_again_ends_after_an_hour_or_a_refusal_for_good(then: str, attempts: int) -> None:
    """A mailbox that stays full says nothing about the channel: it stays in use, and no stand-in is called."""
    async with mailed("450 greylisted") as s, asyncio.TaskGroup() as group:
        group.create_task(s.deliver(PAGE))
        await s.tried(1)
        s.server.refuse_to[OPS] = then
        for number in range(2, int(attempts) + 1):
            await s.clock.advance(BROKEN_GAP_SECONDS)
            await eventually(lambda number=number: len(s.outcomes("email")) == number)
            assert (s.outbox.failing, s.outbox.up) == ({}, {"email": True})
            await eventually(lambda: s.clock.sleepers or not s.outbox.waiting)
        await s.clock.advance(BROKEN_GAP_SECONDS)
        await eventually(lambda: not s.outbox.waiting)
        assert s.outcomes("email") == ["partly"] * int(attempts) and s.took == [("down", [LEAD])]


async def test_after_the_all_clear_an_old_page_is_mailed_to_nobody() -> None:
    """Who was refused gets the all-clear, and not the page after it."""
    async with mailed("450 greylisted") as s, asyncio.TaskGroup() as group:
        group.create_task(s.deliver(PAGE))
        await s.tried(1)
        s.server.refuse_to.clear()
        await s.deliver(END)
        await eventually(lambda: not s.outbox.waiting)
        assert s.took == [("down", [LEAD]), ("up", [LEAD, OPS])]


async def test_a_restart_meanwhile_mails_nobody_twice() -> None:
    """Who has it is remembered in the store; who was refused was reported."""
    async with mailed("450 greylisted") as s:
        async with asyncio.TaskGroup() as group:
            delivery = group.create_task(s.deliver(PAGE))
            await s.tried(1)
            delivery.cancel()
        s.server.refuse_to.clear()
        (row,) = await s.store.pending()
        await Mailed(s.server, s.clock, s.store).outbox.deliver(row.id, PAGE)
        assert s.took == [("down", [LEAD])]
    assert await s.store.pending() == ()
