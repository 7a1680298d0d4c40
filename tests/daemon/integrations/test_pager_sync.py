"""Who responded to a page: from the sandbox's PagerDuty into commands and remarks, once, also across a restart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from tests.cli import examples as x
from tests.support.clocks import FakeClock, eventually
from watchdog.adapters.options import Context
from watchdog.adapters.pagers.pagerduty import EVERY_SECONDS, build
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.integrations.pager_sync import PagerSync
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.daemon.runtime.poller import REFUSED_SECONDS
from watchdog.domain.effects import Tell
from watchdog.domain.events import Acknowledged, DeploysUnread, Event
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import Write
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox

KEY = "watchdog/web/web-1"


@dataclass
class Paged:
    """A page that is open at the sandbox's PagerDuty, with a reader of it that runs."""

    sandbox: Sandbox
    store: MemoryStore
    clock: FakeClock
    state: State
    held: set[str] = field(default_factory=lambda: {"web"})
    token: str = keys.PAGERDUTY_API_TOKEN
    told: list[Event] = field(default_factory=list)

    @property
    def asked(self) -> int:
        return len([one for one in self.sandbox.events.requests("pagerduty_api") if one["path"].endswith("/incidents")])

    def responders(self) -> PagerSync:
        """Return a reader that remembers nothing, as after a start."""
        given = Context(self.clock, self.sandbox.urls, {"WATCHDOG_PAGERDUTY_API_TOKEN": self.token})
        pager = build("us", given)
        assert pager is not None

        async def tell(event: Event) -> None:
            self.told.append(event)

        return PagerSync(pager, self.store, self.clock, lambda: self.state, lambda: self.held, tell)

    async def next_round(self) -> None:
        """Let the pause pass and wait for the next question to be answered."""
        asked = self.asked
        await eventually(lambda: self.clock.sleepers > 0)
        await self.clock.advance(EVERY_SECONDS)
        await eventually(lambda: self.asked > asked and self.clock.sleepers > 0)

    async def commands(self) -> list[tuple[str, dict[str, object], str]]:
        return [(one.name, dict(one.arguments), one.by) for one in await self.store.commands()]

    async def said(self) -> list[tuple[str, str]]:
        return [(one.by, one.text.partition(" at ")[0]) for one in await self.store.remarks("web-1")]


@asynccontextmanager
async def paged(reference: str | None = "woken") -> AsyncIterator[Paged]:
    """Open a sandbox with one page, and a store that knows of it."""
    async with Sandbox() as sandbox:
        real = SystemClock()
        incident = x.incident(closed_at=None, verified_at=None, paged=True, opened_at=real.now() - 30.0)
        state = State(services=MappingProxyType({"web": ServiceState("web", incident=incident)}))
        store = MemoryStore(real)
        await store.open()
        await store.renew_leases("w", ("", "web"), ttl_seconds=600.0)
        notice = Notice(real.now(), "web-1", "web", Severity.CRITICAL, NoticeKind.HUMAN_NEEDED, "down", wakes=True)
        (row,) = await store.save(Write(state, DeploysUnread(real.now(), "web", "x"), [Tell(notice, ("pagerduty",))]))
        if reference is not None:
            await store.delivered(row.id, "pagerduty", "web-1", reference)
        sandbox.pagers._trigger(KEY, {"severity": "critical", "summary": "down"}, {}, None)
        yield Paged(sandbox, store, FakeClock(real.now(), auto=False), state)


@asynccontextmanager
async def running(it: Paged) -> AsyncIterator[PagerSync]:
    made = it.responders()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(made.run())
        yield made
        task.cancel()
    await made._pager.close()


async def test_an_acknowledgement_of_a_human_becomes_a_remark_and_is_told_to_the_core_once() -> None:
    """Within a round; our own integration's does not, however often it is looked at; nor again after a restart."""
    async with paged() as it:
        async with running(it):
            await eventually(lambda: it.asked == 1)
            it.sandbox.pagers.incidents[-1].act("acknowledge")
            await it.next_round()
            assert await it.said() == []
            it.sandbox.pagers.by_human("acknowledge", "Ann Lee")
            ours = it.clock.now()  # it runs ahead of the pager's
            await it.next_round()
            await it.next_round()
        async with running(it):
            await eventually(lambda: it.clock.sleepers > 0)
            await it.next_round()
        assert await it.commands() == []
        assert await it.said() == [("pagerduty: Ann Lee", "acknowledged the page in pagerduty")]
        told, again = it.told
        assert isinstance(again, Acknowledged) and again.by == told.by, "after a restart; the core knows it"
        assert isinstance(told, Acknowledged) and (told.incident, told.by) == ("web-1", "pagerduty: Ann Lee")
        assert told.said_at is not None and told.said_at >= ours, "the core knows whether people were called since"


async def test_a_resolution_of_a_human_is_only_a_remark() -> None:
    """Whether it is over is judged by the site."""
    async with paged() as it, running(it):
        await eventually(lambda: it.asked == 1)
        it.sandbox.pagers.by_human("resolve", "Bob")
        await it.next_round()
        assert await it.commands() == []
        assert await it.said() == [("pagerduty: Bob", "resolved the page in pagerduty")] and it.told == []


async def test_every_responder_is_noted() -> None:
    """Two humans, one after the other."""
    async with paged() as it, running(it):
        for who in ("Ann Lee", "Bob"):
            it.sandbox.pagers.by_human("acknowledge", who)
        await eventually(lambda: it.asked == 1 and it.clock.sleepers > 0)
        assert [by for by, _ in await it.said()] == ["pagerduty: Ann Lee", "pagerduty: Bob"]


async def test_nobody_is_asked_without_an_open_page_of_ours() -> None:
    """Not told at all, closed, another worker's, the alert closed, or PagerDuty not among who was told."""
    async with paged() as it:
        incident = it.state.services["web"].incident
        assert incident is not None
        opened = it.state
        for changes in ({"paged": False}, {"closed_at": 9.0}):
            web = replace(opened.services["web"], incident=replace(incident, **changes))
            it.state = replace(opened, services=MappingProxyType({"web": web}))
            async with running(it):
                await it.clock.advance(600.0)
        it.state, it.held = opened, {"api"}
        async with running(it):
            await it.clock.advance(600.0)
        assert it.asked == 0
    for reference in (None, "resolved"):
        async with paged(reference) as it, running(it):
            await it.clock.advance(600.0)
            assert it.asked == 0


async def test_it_begins_when_somebody_is_told() -> None:
    async with paged() as it:
        opened, it.state = it.state, State()
        async with running(it) as responders:
            await it.clock.advance(600.0)
            assert it.asked == 0
            it.state = opened
            responders.stepped(State(), opened, DeploysUnread(0.0, "web", "x"), ())
            await eventually(lambda: it.asked == 1)


async def test_a_refusal_is_not_knocked_at() -> None:
    """Ten minutes; a passing trouble waits for the next round."""
    async with paged() as it:
        it.token = "wrong-key"
        async with running(it):
            await eventually(lambda: it.asked == 1 and it.clock.sleepers > 0)
            await it.clock.advance(REFUSED_SECONDS - 1.0)
            assert it.asked == 1
    async with paged() as it, running(it):
        await eventually(lambda: it.asked == 1 and it.clock.sleepers > 0)
        it.sandbox.set_mode("pagerduty_api", "error_500", times=1)
        it.sandbox.pagers.by_human("acknowledge", "Ann Lee")
        await it.next_round()
        assert await it.commands() == []
        await it.next_round()
        assert len(await it.said()) == 1
