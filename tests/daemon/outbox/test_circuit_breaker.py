"""One breaker per channel, seen through the outbox: who is asked when, and who hears meanwhile. Simulated time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from tests.daemon.outbox.test_outbox import outbox
from tests.support.clocks import FakeClock, eventually
from tests.support.failing_channel import Vendor
from tests.support.notification_vendors import Channel, tell
from watchdog.daemon.outbox.channel_queue import ChannelQueue
from watchdog.daemon.outbox.circuit_breaker import NEVER, TRIPS_AT, CircuitBreaker
from watchdog.daemon.outbox.delivery_log import GAPS_SECONDS
from watchdog.daemon.outbox.outbox import BROKEN_GAP_SECONDS, Outbox
from watchdog.domain.effects import Tell
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.notices import Notice

CROWD = 50


class Delivering:
    """An outbox and its vendors; what is sent waits in a group of tasks."""

    def __init__(self, clock: FakeClock, vendors: Sequence[Vendor], group: asyncio.TaskGroup) -> None:
        self.clock, self.group = clock, group
        self.outbox: Outbox = outbox(*vendors, clock=clock)

    async def send(self, *effects: Tell) -> None:
        for effect in effects:
            self.group.create_task(self.outbox.deliver(None, effect))
        await self.clock.settle()


@asynccontextmanager
async def delivering(clock: FakeClock, *vendors: Vendor) -> AsyncIterator[Delivering]:
    """Give an outbox over vendors; at the end those that still wait are ended, as with the process."""
    async with asyncio.TaskGroup() as group:
        yield Delivering(clock, vendors, group)
        for task in tuple(group._tasks):
            task.cancel()


@pytest.fixture
def dead(clock: FakeClock) -> Vendor:
    return Vendor("dead", clock, down_until=1e9)


@pytest.fixture
def other(clock: FakeClock) -> Vendor:
    return Vendor("other", clock)


def page(number: int, *names: str, wakes: bool = True) -> Tell:
    return tell(f"page {number}", *names, wakes=wakes, incident=f"web-{number}")


def crowd(name: str, number: int = CROWD) -> list[Tell]:
    return [page(each, name) for each in range(number)]


async def test_fifty_incidents_do_not_each_ask_a_vendor_that_is_down(clock, dead: Vendor, other: Vendor) -> None:
    """Three attempts, then one probe after each gap; all fifty are with the stand-in before any time has passed."""
    async with delivering(clock, dead, other) as d:
        await d.send(*crowd("dead"))
        await eventually(lambda: len(other.took) == CROWD)
        assert clock.elapsed == 0 and dead.asked_at == [0.0] * TRIPS_AT
        assert d.outbox.up == {"dead": False, "other": True}
        await clock.advance(200)
        probes = [sum(GAPS_SECONDS[: one + 1]) for one in range(len(GAPS_SECONDS))]
        assert dead.asked_at[TRIPS_AT:] == [*probes, probes[-1] + GAPS_SECONDS[-1]] and len(other.took) == CROWD


async def test_what_waits_goes_as_soon_as_a_probe_succeeds(clock: FakeClock, dead: Vendor) -> None:
    """Down for 100 s: all have it with the first probe after that, and none twice."""
    dead.down_until = 100.0
    async with delivering(clock, dead) as d:
        for effect in crowd("dead"):
            await d.send(effect)
        await clock.advance(113)
        assert (d.outbox.waiting, d.outbox.up, d.outbox.failing) == (0, {"dead": True}, {})
    assert sorted(dead.titles) == sorted(f"page {number}" for number in range(CROWD))


@pytest.mark.parametrize(("page_number", "woken"), [(7, 7), (None, 3)])
async def test_of_those_who_wait_for_a_place_a_page_is_woken_first(page_number: int | None, woken: int) -> None:
    """All places are taken and one is given back: to one that waits, never to one that has just been tried."""
    breaker = CircuitBreaker(FakeClock())
    wakes = [number == page_number for number in range(9)]
    waiting = [ChannelQueue().join("slack", page(nth, wakes=wakes[nth]).notice, (nth, 0)) for nth in range(9)]
    for queued in waiting:
        breaker.join(queued)
        queued.stir.clear()
    assert [breaker.take(queued) for queued in waiting[:4]] == [True, True, True, False]
    breaker.given_back(waiting[0])
    assert [queued.place for queued in waiting if queued.stir.is_set()] == [(woken, 0)]


async def test_a_notice_whose_gap_runs_while_every_place_is_taken_is_tried_after_it(clock: FakeClock) -> None:
    """The place is free again before its gap is over: nobody else would ever wake it."""
    breaker = CircuitBreaker(clock)
    busy, failed = (ChannelQueue().join("slack", page(nth).notice, (nth, 0)) for nth in range(2))
    for queued in (busy, failed):
        breaker.join(queued)
    for _ in range(TRIPS_AT - 1):
        assert breaker.take(failed)
        breaker.failed(failed, "down")
    failed.not_before = clock.monotonic() + 2.0
    assert breaker.take(busy) and breaker.wait_seconds(failed) == 2.0
    await clock.advance(2.0)
    assert breaker.wait_seconds(failed) == NEVER
    failed.stir.clear()
    breaker.passed(busy)
    assert failed.stir.is_set() and breaker.take(failed)


def test_the_next_outage_begins_with_the_first_gap_again(clock: FakeClock) -> None:
    """A success ends the growing of the gaps: pages of the next outage are not tried late because of the last one."""
    breaker = CircuitBreaker(clock)
    queued = ChannelQueue().join("slack", page(1).notice, (1, 0))
    breaker.join(queued)
    for _ in range(2):
        for _ in range(TRIPS_AT):
            breaker.failed(queued, "down")
        assert breaker.wait_seconds(queued) == GAPS_SECONDS[0]
        breaker.failed(queued, "down")
        assert breaker.wait_seconds(queued) == GAPS_SECONDS[1] > GAPS_SECONDS[0]
        breaker.passed(queued)
        assert breaker.wait_seconds(queued) == 0.0


@pytest.mark.parametrize("probed", [False, True])
async def test_a_notice_that_finds_the_breaker_open_is_handed_on_at_once(clock, dead, other, probed: bool) -> None:
    """No probe is due: the vendor is not asked for it. One is due, and hangs: the next channel does not wait for it."""
    async with delivering(clock, dead, other) as d:
        await d.send(page(1, "dead"))
        await clock.advance(5 if probed else 3.5)
        assert d.outbox.up == {"dead": False, "other": True}
        dead.hangs, asked = probed, len(dead.asked_at)
        await d.send(page(2, "dead"))
        assert other.titles == ["page 1", "page 2"]
        assert len(dead.asked_at) == asked + probed and (dead.asked_at[-1] == clock.elapsed) is probed


async def test_of_two_stand_ins_the_one_that_comes_back_first_has_it() -> None:
    """All are down; who is back first hears, and then nobody else but the one who was named."""
    clock = FakeClock()
    named, first, second = Vendor("named", clock, 3000), Vendor("first", clock, 2000), Vendor("second", clock, 1000)
    await outbox(named, first, second, clock=clock).deliver(None, page(1, "named"))
    assert (second.titles, first.titles, named.titles) == (["page 1"], [], ["page 1"])
    assert 1000 <= second.asked_at[-1] <= 1060 and 3000 <= named.asked_at[-1] <= 3060


async def test_the_console_stands_in_for_nobody(clock: FakeClock, dead: Vendor, other: Vendor) -> None:
    """It would take everything, and nobody would look: the page stays undelivered until a real channel has it."""
    console, other.down_until = Vendor("console", clock), 50.0
    async with delivering(clock, dead, console, other) as d:
        await d.send(page(1, "dead", "console"))
        await clock.advance(45)
        assert (d.outbox.undelivered, d.outbox.silenced, console.titles) == (1, True, ["page 1"])
        await clock.advance(10)
        assert (d.outbox.undelivered, d.outbox.silenced, other.titles) == (0, False, ["page 1"])
        await d.send(page(2, "dead"))
        assert (console.titles, other.titles) == (["page 1"], ["page 1", "page 2"])


async def test_words_that_a_channel_refuses_do_not_keep_it_shut_for_others(clock: FakeClock, other: Vendor) -> None:
    """Three notices with impossible words open the breaker; a good one is the next probe, and closes it."""
    other.refuses = lambda notice: Permanent("these words") if notice.wakes else None
    async with delivering(clock, other) as d:
        await d.send(*crowd("other", TRIPS_AT))
        assert d.outbox.up == {"other": False}
        await d.send(page(9, "other", wakes=False))
        await clock.advance(GAPS_SECONDS[0])
        assert other.titles == ["page 9"] and d.outbox.up == {"other": True}


async def test_one_notice_refused_again_and_again_says_nothing_new_of_the_channel(clock, other: Vendor) -> None:
    """An hour of refusals leaves the breaker closed."""
    other.refuses = lambda _: Permanent("these words")
    async with delivering(clock, other) as d:
        await d.send(page(1, "other"))
        await clock.advance(3600)
        assert len(other.asked_at) == 3600 / BROKEN_GAP_SECONDS + 1 and d.outbox.up == {"other": True}


async def test_a_channel_that_is_down_and_asks_for_time_gets_it_from_everybody(clock, other: Vendor) -> None:
    """Retry-After holds for the whole channel once it is known to be down."""
    other.refuses = lambda _: Temporary("busy", retry_after_seconds=90)
    async with delivering(clock, other) as d:
        await d.send(*crowd("other"))
        await clock.advance(179)
        assert other.asked_at == [0.0] * TRIPS_AT + [90.0]


@pytest.mark.parametrize("cancelled", [1, TRIPS_AT])
async def test_a_cancelled_attempt_gives_its_place_back(cancelled: int) -> None:
    hang, teller = asyncio.Event(), None

    class Stuck(Channel):
        async def send(self, notice: Notice, reference: str | None) -> str | None:
            if notice.title != "page 9":
                await hang.wait()
            return await super().send(notice, reference)

    stuck = Stuck("stuck")
    teller = outbox(stuck)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(teller.deliver(None, page(number, "stuck"))) for number in range(TRIPS_AT)]
        last = group.create_task(teller.deliver(None, page(9, "stuck")))
        await eventually(lambda: teller.waiting == TRIPS_AT + 1)
        for task in tasks[:cancelled]:
            task.cancel()
        await last
        hang.set()
    assert ("page 9", None) in stuck.took and len(stuck.took) == TRIPS_AT - cancelled + 1
