"""The record of deliveries, with a real store that comes and goes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.core.phases.test_blocked_merges import branch
from tests.core.worlds import bad_world, hear
from tests.daemon.outbox.test_outbox import Scene, scene
from tests.support.clocks import PATIENCE_SECONDS, FakeClock, eventually
from tests.support.failing_channel import Vendor
from tests.support.notification_vendors import Channel, tell
from tests.support.stores import opened
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.outbox.delivery_log import GAPS_SECONDS, GIVE_UP_SECONDS, REMEMBERED, STORE_SECONDS, DeliveryLog
from watchdog.daemon.outbox.outbox import Outbox
from watchdog.domain import events as e
from watchdog.domain.effects import Tell
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import State
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.store_records import PendingEffect, Write
from watchdog.ports import Store

PAGE = tell("page", "slack", wakes=True)
PAGE_TO_BOTH = tell("page", "pagerduty", "slack", wakes=True)
END = tell("end", "slack", kind=NoticeKind.RESOLVED)


@asynccontextmanager
async def _broken_store(folder: Path) -> AsyncIterator[Store]:
    """A real store that was closed under us: every call fails."""
    async with opened(f"sqlite:///{folder}/gone.db", FakeClock()) as store:
        pass
    yield store


async def test_without_a_store_people_are_told_from_memory(tmp_path: Path) -> None:
    """Nothing can be read or written: the page arrives, and the next one finds its reference."""
    reports: list[str] = []
    channel, clock = Channel("slack"), FakeClock(auto=False)
    async with _broken_store(tmp_path) as store, asyncio.TaskGroup() as group:
        teller = Outbox(store, {"slack": channel}, clock, lambda name, what, _: reports.append(f"{name} {what}"))
        deliveries = [group.create_task(teller.deliver(number, one)) for number, one in ((7, PAGE), (8, END))]
        await eventually(lambda: clock.sleepers == 2)
        for delivery in deliveries:
            delivery.cancel()
    assert channel.took == [("page", None), ("end", "after page")] and "store failed" in reports
    assert reports.count("slack sent") == 2


async def test_what_the_store_missed_is_written_when_it_is_back(tmp_path: Path) -> None:
    """The store is opened a while after the page left: delivery and end of the effect are recorded."""
    clock = FakeClock(auto=False)
    async with opened(f"sqlite:///{tmp_path}/late.db", clock) as store:
        (pending,) = await store.save(Write(State(), effects=(PAGE,)))
    channel = Channel("slack")
    async with asyncio.TaskGroup() as group:
        group.create_task(Outbox(store, {"slack": channel}, clock, lambda *_: None).deliver(pending.id, PAGE))
        await eventually(lambda: channel.took and clock.sleepers)
        await store.open()
        await clock.advance(1)
    assert await store.pending() == () and await store.reference("web-1", "slack") == "after page"
    await store.close()


class Half(MemoryStore):
    """A store that closes effects and does not take deliveries, as with a lock on their table."""

    locked = True

    async def delivered(self, effect_id: int, channel: str, incident: str, reference: str | None) -> None:
        if self.locked:
            raise Temporary("locked")
        await super().delivered(effect_id, channel, incident, reference)


async def test_a_row_is_open_until_its_deliveries_are_written() -> None:
    """Else a crash in between forgets the thread, and to whom the all-clear is owed."""
    clock = FakeClock(auto=False)
    store = Half(clock)
    (row,) = await store.save(Write(State(), effects=(PAGE,)))
    log = DeliveryLog(store, clock, lambda *_: None)
    await log.record(row.id, PAGE.notice, "slack", "thread")
    async with asyncio.TaskGroup() as group:
        end = group.create_task(log.finish(row.id, PAGE.notice, {"slack": "sent"}))
        await eventually(lambda: clock.sleepers)
        assert await store.pending() == (row,)
        # The service moves, and then the table is free: the next worker finds the thread.
        log.forget(["web"])
        store.locked = False
        await clock.advance(1)
        await end
    assert await store.pending() == () and await store.reference("web-1", "slack") == "thread"


class Still(MemoryStore):
    """A store whose first answer to the question who has a notice is lost, after `seconds`."""

    seconds: float | None = None

    async def deliveries(self, effect_id: int) -> Sequence[str]:
        if self.seconds is not None:
            assert isinstance(self._clock, FakeClock)
            self._clock.freeze(self.seconds)
            self.seconds = None
            raise TimeoutError
        return await super().deliveries(effect_id)


@pytest.mark.parametrize(("seconds", "again"), [(STORE_SECONDS, True), (60.0, False)])
async def test_case_53_a_process_that_stood_still_as_it_asked_who_has_a_page_asks_again(
    seconds: float, again: bool
) -> None:
    """Its time ran out unused: to send the page once more could be its last word, after an end that came meanwhile."""
    clock = FakeClock()
    store, channel = Still(clock), Channel("slack")
    (row,) = await store.save(Write(State(), effects=(PAGE,)))
    await store.delivered(row.id, "slack", "web-1", None)
    store.seconds = seconds
    await Outbox(store, {"slack": channel}, clock, lambda *_: None).deliver(row.id, PAGE, resumed=True)
    assert [title for title, _ in channel.took] == ["page"] * again and await store.pending() == ()


@pytest.mark.parametrize("rows", [True, False])
async def test_with_the_store_away_after_a_restart_one_outage_is_one_page_closed(tmp_path: Path, *, rows: bool) -> None:
    """Nothing is known of what PagerDuty was told before: the page joins the open alert, and the end closes it."""
    clock = FakeClock(auto=False)
    async with scene(tmp_path, "pagerduty", clock=clock) as s:
        await s.deliver(tell("down", "pagerduty", wakes=True))
        await s.store.close()
        late = [tell("still down", "pagerduty", wakes=True), tell("up", "pagerduty", kind=NoticeKind.RESOLVED)]
        for number, effect in enumerate(late, 2):
            s.outbox = s.new_outbox()
            async with asyncio.TaskGroup() as group:
                delivery = group.create_task(s.outbox.deliver(number if rows else None, effect))
                await eventually(lambda number=number: s.town.asked["pagerduty"] == number)
                await eventually(lambda: not s.outbox.undelivered)
                delivery.cancel()
        (incident,) = s.town.pagers.incidents
        assert (incident.triggers, incident.status) == (2, "resolved")


async def test_who_stood_in_is_owed_the_end_though_the_store_does_not_say_so_yet(tmp_path: Path) -> None:
    """The pager stood in before a restart; the all-clear finds the store away, and reaches it later."""
    clock = FakeClock(auto=False)
    async with scene(tmp_path, clock=clock) as s, asyncio.TaskGroup() as group:
        s.town.down("slack", 1)
        began = group.create_task(s.deliver(tell("slow", "slack")))
        await eventually(lambda: s.town.pagers.incidents and clock.sleepers)
        await clock.advance(1)
        await began
        (row,) = await s.store.save(Write(State(), effects=(END,)))
        await s.store.close()
        s.outbox = s.new_outbox()
        group.create_task(s.outbox.deliver(row.id, END))
        await eventually(lambda: s.town.slack == ["slow", "end"] and clock.sleepers)
        (alert,) = s.town.pagers.incidents
        assert alert.status == "triggered"
        await s.store.open()
        await clock.advance(1)
        await eventually(lambda: alert.status == "resolved" and not s.outbox.waiting)


async def test_an_end_without_a_row_goes_to_the_named_only_while_the_store_is_away(tmp_path: Path) -> None:
    """Told from memory: who is not known to have heard of it does not hear of its end; the store is not waited for."""
    clock = FakeClock(auto=False)
    async with _broken_store(tmp_path) as store:
        named, other = Channel("slack"), Channel("pager")
        teller = Outbox(store, {"slack": named, "pager": other}, clock, lambda *_: None)
        await teller.deliver(None, END)
        assert (named.took, other.took) == ([("end", None)], [])


async def test_a_store_that_stays_away_is_asked_for_a_day(tmp_path: Path) -> None:
    """With growing gaps, then every minute, then never: the row stays pending for the next start, and an all-clear does
    not wait for ever to learn who else is owed it.
    """
    complaints: list[str] = []
    clock = FakeClock()
    async with _broken_store(tmp_path) as store:
        log = DeliveryLog(store, clock, lambda _, why: complaints.append(why))
        await log.finish(7, PAGE.notice, {"slack": "sent"})
        finishing, asked = clock.elapsed, len(complaints)
        assert not await log.was_delivered(8, replace(END.notice, at=clock.now()), "pager")
    for lasted, times in ((finishing, asked), (clock.elapsed - finishing, len(complaints) - asked)):
        assert GIVE_UP_SECONDS < lasted <= GIVE_UP_SECONDS + GAPS_SECONDS[-1]
        assert GIVE_UP_SECONDS < times * GAPS_SECONDS[-1] < 1.1 * GIVE_UP_SECONDS


async def test_what_was_sent_from_memory_is_not_sent_again_by_its_row(tmp_path: Path) -> None:
    """The save seemed to fail and did not: the row is finished, and a notice of other words is sent."""
    clock = FakeClock()
    async with opened(f"sqlite:///{tmp_path}/there.db", clock) as store:
        channel = Channel("slack")
        teller = Outbox(store, {"slack": channel}, clock, lambda *_: None)
        await teller.deliver(None, PAGE)
        other = tell("another page", "slack", wakes=True)
        for row in await store.save(Write(State(), effects=(PAGE, other))):
            assert isinstance(row.effect, Tell)
            await teller.deliver(row.id, row.effect)
        assert [title for title, _ in channel.took] == ["page", "another page"] and await store.pending() == ()


@pytest.mark.parametrize("notice", [PAGE, END, tell("page", "slack")])
@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_row_found_late_waits_for_what_is_under_way_from_memory(
    tmp_path: Path, notice: Tell, cancelled: bool
) -> None:
    """The channel is down when the store is back: one notice in the end, and the row stays until it has arrived. A
    delivery from memory that is cancelled leaves the notice to its row.
    """
    clock = FakeClock(auto=False)
    async with opened(f"sqlite:///{tmp_path}/there.db", clock) as store, asyncio.TaskGroup() as group:
        channel = Channel("slack", Temporary("down"))
        teller = Outbox(store, {"slack": channel}, clock, lambda *_: None)
        from_memory = group.create_task(teller.deliver(None, notice))
        await eventually(lambda: clock.sleepers)
        (row,) = await store.save(Write(State(), effects=(notice,)))
        delivery = group.create_task(teller.deliver(row.id, notice))
        await asyncio.sleep(0)
        assert (teller.waiting, len(await store.pending())) == (1, 1)
        if cancelled:
            from_memory.cancel()
        else:
            await clock.advance(1)
        await asyncio.wait_for(delivery, PATIENCE_SECONDS)
        assert channel.took == [(notice.notice.title, None)] and await store.pending() == ()


async def test_memory_is_bounded_and_forgets_the_oldest(tmp_path: Path) -> None:
    async with _broken_store(tmp_path) as store:
        complaints: list[str] = []
        told = DeliveryLog(store, FakeClock(), lambda _, why: complaints.append(why))
        for number in range(REMEMBERED + 1):
            await told.record(None, tell("t", incident=f"web-{number}").notice, "slack", f"thread {number}")
        assert await told.reference(tell("t", incident="web-1").notice, "slack") == "thread 1" and complaints == []
        assert await told.reference(tell("t", incident="web-0").notice, "slack") is None and len(complaints) == 1


async def test_after_the_all_clear_what_is_left_to_do_is_an_alert_of_its_own_and_is_closed(tmp_path: Path) -> None:
    """With PagerDuty alone: merges that do not ship reach somebody, ring nobody, and end when auto-deploy is on."""
    world = bad_world().run(1200.0)
    told = [effect for effect in world.tells if effect.notice.service == "web"]
    shown = branch(world, "c1"), branch(world, "c2", "c1"), e.AutoDeployRestored(world.now, "web", "web-1", "commit")
    for event in shown:
        told += [effect for effect in hear(world, event) if isinstance(effect, Tell)]
    async with scene(tmp_path, "pagerduty") as s:
        for effect in told[:-1]:
            await s.deliver(replace(effect, channels=("pagerduty",)))
        over, left = s.town.pagers.incidents
        assert (over.status, left.status, left.severity) == ("resolved", "triggered", "info")
        assert (left.triggers, left.summary) == (2, "web: 1 merge NOT shipped, auto-deploy is off")
        await s.deliver(replace(told[-1], channels=("pagerduty",)))
        assert left.status == "resolved" and len(s.town.pagers.incidents) == 2


class Mortal:
    """A store that reads, and whose process dies before anything is written."""

    def __init__(self, store: Store) -> None:
        self.reference, self.deliveries = store.reference, store.deliveries

    async def delivered(self, *_: object) -> None:
        raise Temporary("killed")

    async def finish(self, *_: object) -> None:
        raise Temporary("killed")


async def killed_after_its_sends(s: Scene, row: PendingEffect) -> None:
    """Let an outbox of a first start send to everybody, and end before any of it is recorded."""
    clock = FakeClock(auto=False)
    dying = Outbox(Mortal(s.store), s.notifiers, clock, s.report)  # type: ignore[arg-type]
    async with asyncio.TaskGroup() as group:
        delivery = group.create_task(dying.deliver(row.id, PAGE_TO_BOTH))
        await eventually(lambda: clock.sleepers)
        delivery.cancel()


async def test_case_37_killed_between_send_and_record_it_is_the_same_page_again(tmp_path: Path) -> None:
    """Three kills in a row: one incident at PagerDuty, one key; at Slack one message for each send, then no more."""
    kills = 3
    async with scene(tmp_path) as s:
        (row,) = await s.store.save(Write(State(), effects=(PAGE_TO_BOTH,)))
        for _ in range(kills):
            await killed_after_its_sends(s, row)
        for _ in range(2):
            await s.new_outbox().deliver(row.id, PAGE_TO_BOTH)
        (incident,) = s.town.pagers.incidents
        assert (incident.dedup_key, incident.triggers) == ("watchdog/web/web-1", kills + 1)
        assert s.town.slack == ["page"] * (kills + 1)
        await s.deliver(tell("over", "pagerduty", "slack", kind=NoticeKind.RESOLVED))
        assert incident.status == "resolved"


async def test_two_workers_that_wait_with_the_same_row_bring_it_once() -> None:
    """The service moved while the channel was down: who is second to find it up finds the notice told."""
    clock = FakeClock(auto=False)
    store, vendor = MemoryStore(clock), Vendor("slack", clock, down_until=100.0)
    await store.open()
    (row,) = await store.save(Write(State(), effects=(PAGE,)))
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            worker = Outbox(store, {"slack": vendor}, clock, lambda *_: None)
            group.create_task(worker.deliver(row.id, PAGE))
            await clock.advance(20)
        await clock.advance(200)
    assert vendor.titles == ["page"] and await store.pending() == ()


class Forgetful(MemoryStore):
    """A store that loses some of its answers about deliveries, those with these numbers; the second takes a second."""

    def __init__(self, clock: FakeClock, *lost: int) -> None:
        super().__init__(clock)
        self.clock, self.lost, self.asked = clock, lost, 0

    async def deliveries(self, effect_id: int) -> Sequence[str]:
        self.asked += 1
        number = self.asked
        await self.clock.sleep(number == 2)
        if number in self.lost:
            raise Temporary("the answer was lost")
        return await super().deliveries(effect_id)


class Slow(Channel):
    """A channel that takes two seconds for each notice."""

    clock: FakeClock

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        await self.clock.sleep(2.0)
        return await super().send(notice, reference)


@pytest.mark.parametrize(
    ("lost", "later", "took"),
    [
        ((), True, ["page", "end"]),
        # The channel is down as the end is due again: an answer that is lost does not make it needless.
        ((3,), True, ["page", "end"]),
        ((4,), True, ["page", "end"]),
        ((2, 3), True, ["page", "end"]),
        # Both are taken up at once: it is known in time that the channel has the end.
        ((1,), False, []),
        ((1, 2), False, ["page", "end"]),
    ],
)
async def test_a_page_is_not_the_last_word_where_the_store_loses_an_answer(
    lost: tuple[int, ...], later: bool, took: list[str]
) -> None:
    """A dead worker brought the end; its page may ring after all, and the end has to follow then."""
    clock = FakeClock(auto=False)
    store, channel = Forgetful(clock, *lost), Slow("slack", None, Temporary("down"), Temporary("down"))
    channel.clock = clock
    rows = await store.save(Write(State(), effects=(PAGE, END)))
    await store.delivered(rows[1].id, "slack", END.notice.incident, None)
    teller = Outbox(store, {"slack": channel}, clock, lambda *_: None)
    async with asyncio.TaskGroup() as group:
        for row, effect in zip(rows, (PAGE, END), strict=True):
            group.create_task(teller.deliver(row.id, effect, resumed=True))
            if later:  # the page is on its way as the end is taken up
                await clock.settle()
        await clock.advance(60)
    assert [title for title, _ in channel.took] == took and await store.pending() == ()
