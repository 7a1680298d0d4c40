"""Alerts of open incidents are posted anew each minute, and silences over them noted once, also across a restart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from types import MappingProxyType

import pytest

from tests.cli import examples as x
from tests.support.alertmanagers import FakeAlertmanager, fake_alertmanagers
from tests.support.clocks import FakeClock, eventually
from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.notifiers.alertmanager import EVERY_SECONDS, HELD_SECONDS, Alertmanager
from watchdog.adapters.notifiers.alertmanager_alert import iso
from watchdog.adapters.options import Context
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.integrations.alert_keeper import NOTHING_ELSE, AlertKeeper
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.effects import Tell
from watchdog.domain.errors import Temporary
from watchdog.domain.events import DeploysUnread
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import Write


class Store(MemoryStore):
    """A store that can be away."""

    away = False

    async def reference(self, incident: str, channel: str) -> str | None:
        if self.away:
            raise Temporary("the store is away")
        return await super().reference(incident, channel)


class Desk:
    """An open incident with its alert, a store that knows of it, and who keeps it."""

    def __init__(self, fake: FakeAlertmanager, store: Store, clock: FakeClock, state: State) -> None:
        self.fake, self.store, self.clock, self.state, self.held = fake, store, clock, state, {"web"}

    def channel(self) -> Alertmanager:
        kind = NOTIFIERS["alertmanager"]
        made = kind.build(kind.options.model_validate({"urls": [self.fake.url]}), Context(self.clock, {}, {}))
        assert isinstance(made, Alertmanager)
        return made

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[Alertmanager]:
        """Keep with a memory that is empty, as after a start."""
        channel = self.channel()
        keeper = AlertKeeper(channel, self.store, self.clock, lambda: self.state, lambda: self.held)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(keeper.run())
            yield channel
            task.cancel()
        await channel.close()

    async def next_round(self) -> None:
        posts = len(self.fake.posts)
        await eventually(lambda: self.clock.sleepers > 0)
        await self.clock.advance(EVERY_SECONDS)
        await eventually(lambda: len(self.fake.posts) > posts and self.clock.sleepers > 0)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with fake_alertmanagers(1) as (fake,):
        clock = FakeClock(SystemClock().now(), auto=False)
        incident = x.incident(closed_at=None, verified_at=None, opened_at=clock.now() - 30.0)
        state = State(services=MappingProxyType({"web": ServiceState("web", incident=incident)}))
        store = Store(clock)
        await store.open()
        await store.renew_leases("w", ("", "web"), ttl_seconds=1e6)
        told = Notice(clock.now() - 30.0, "web-1", "web", Severity.CRITICAL, NoticeKind.OPENED, "down")
        (row,) = await store.save(Write(state, DeploysUnread(told.at, "web", "x"), [Tell(told, ("alertmanager",))]))
        made = Desk(fake, store, clock, state)
        channel = made.channel()
        await store.delivered(row.id, "alertmanager", "web-1", await channel.send(told, None))
        await channel.close()
        yield made


async def test_an_open_alert_never_lapses_and_a_silence_is_noted_once(desk: Desk) -> None:
    """Two hours: twice what an alert lasts; also while the store is away. The remark says what the silence does not."""
    by = {"id": "s1", "createdBy": "ann", "comment": "known", "endsAt": iso(desk.clock.now() + 7200)}
    async with desk.keeping():
        await eventually(lambda: len(desk.fake.posts) == 2)
        desk.fake.silences.append({**by, "matchers": [{"name": "incident", "value": "web-1", "isRegex": False}]})
        await desk.next_round()
        desk.store.away = True
        for _ in range(3):
            await desk.next_round()
        desk.store.away = False
        (alert,) = desk.fake.open(desk.clock.now() + HELD_SECONDS - EVERY_SECONDS)
        assert alert["labels"]["incident"] == "web-1"
    async with desk.keeping():
        await desk.next_round()
    ((who, words),) = [(one.by, one.text) for one in await desk.store.remarks("web-1")]
    assert who == "alertmanager: ann" and words.startswith("silenced in alertmanager until ") and '"known"' in words
    assert words.endswith(NOTHING_ELSE)


async def test_after_the_end_the_end_alone_is_posted_and_another_worker_s_never(desk: Desk) -> None:
    posts = len(desk.fake.posts)
    desk.held = set()
    async with desk.keeping():
        await desk.clock.advance(600.0)
        assert len(desk.fake.posts) == posts
    desk.held = {"web"}
    async with desk.keeping() as channel:
        await eventually(lambda: len(desk.fake.posts) == posts + 1)
        web = desk.state.services["web"]
        assert web.incident is not None
        over = replace(web, incident=replace(web.incident, closed_at=desk.clock.now()))
        desk.state = replace(desk.state, services=MappingProxyType({"web": over}))
        end = Notice(desk.clock.now(), "web-1", "web", Severity.CRITICAL, NoticeKind.RESOLVED, "over")
        await channel.send(end, await desk.store.reference("web-1", "alertmanager"))
        assert desk.fake.open(desk.clock.now()) == []
        await desk.next_round()
        await desk.next_round()
        assert desk.fake.open(desk.clock.now()) == [], "posted anew as ended"
        await desk.clock.advance(1200.0)
        posts = len(desk.fake.posts)
        await desk.clock.advance(1200.0)
        assert len(desk.fake.posts) == posts
