"""One breaker per channel, seen through the outbox: who is asked when, and who hears meanwhile. Simulated time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.clocks import FakeClock, eventually
from tests.daemon.test_tell import outbox
from tests.daemon.town import Channel, tell
from tests.daemon.vendor import Vendor
from watchdog.daemon.breaker import TRIPS_AT, Breaker
from watchdog.daemon.lane import Lane
from watchdog.daemon.tell import BROKEN_GAP_SECONDS, Teller
from watchdog.daemon.told import GAPS_SECONDS
from watchdog.domain.effects import Tell
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.notices import Notice

CROWD = 50


@asynccontextmanager
async def delivering(teller: Teller) -> AsyncIterator[asyncio.TaskGroup]:
    """Give a group for deliveries; at the end those that still wait are ended, as with the process."""
    async with asyncio.TaskGroup() as group:
        yield group
        for task in tuple(group._tasks):
            task.cancel()


def page(number: int, *names: str, wakes: bool = True) -> Tell:
    """Return a notice of an incident of its own."""
    return tell(f"page {number}", *names, wakes=wakes, incident=f"web-{number}")


async def test_fifty_incidents_do_not_each_ask_a_vendor_that_is_down() -> None:
    """Three attempts, then one probe after each gap; all fifty are with the stand-in before any time has passed."""
    clock = FakeClock(auto=False)
    dead, other = Vendor("dead", clock, down_until=1e9), Vendor("other", clock)
    teller = outbox(dead, other, clock=clock)
    async with delivering(teller) as group:
        for number in range(CROWD):
            group.create_task(teller.deliver(None, page(number, "dead")))
        await eventually(lambda: len(other.took) == CROWD)
        assert clock.elapsed == 0
        assert dead.asked_at == [0.0] * TRIPS_AT
        assert teller.up == {"dead": False, "other": True}
        await clock.advance(200)
        probes = [sum(GAPS_SECONDS[: one + 1]) for one in range(len(GAPS_SECONDS))]
        assert dead.asked_at[TRIPS_AT:] == [*probes, probes[-1] + GAPS_SECONDS[-1]]
        assert len(other.took) == CROWD


async def test_what_waits_goes_as_soon_as_a_probe_succeeds() -> None:
    """Down for 100 s: all have it with the first probe after that, and none twice."""
    clock = FakeClock(auto=False)
    dead = Vendor("dead", clock, down_until=100.0)
    teller = outbox(dead, clock=clock)
    async with delivering(teller) as group:
        for number in range(CROWD):
            group.create_task(teller.deliver(None, page(number, "dead")))
            await clock.settle()
        await clock.advance(113)
        assert teller.waiting == 0
        assert (teller.up, teller.failing) == ({"dead": True}, {})
    assert sorted(dead.titles) == sorted(f"page {number}" for number in range(CROWD))


async def test_of_those_who_wait_for_a_place_a_page_is_woken_first() -> None:
    """All places are taken and one is given back."""
    breaker = Breaker(FakeClock())
    parcels = [Lane().join("slack", page(number, wakes=number == 7).notice, (number, 0)) for number in range(9)]
    for parcel in parcels:
        breaker.join(parcel)
        parcel.stir.clear()
    assert [breaker.take(parcel) for parcel in parcels[:4]] == [True, True, True, False]
    breaker.given_back()
    assert [parcel.place for parcel in parcels if parcel.stir.is_set()] == [(7, 0)]


async def test_a_notice_that_finds_the_breaker_open_is_handed_on_without_an_attempt() -> None:
    """The vendor is not asked for it before the next probe is due; the next channel has it at once."""
    clock = FakeClock(auto=False)
    dead, other = Vendor("dead", clock, down_until=1e9), Vendor("other", clock)
    teller = outbox(dead, other, clock=clock)
    async with delivering(teller) as group:
        group.create_task(teller.deliver(None, page(1, "dead")))
        await clock.advance(3.5)
        assert teller.up == {"dead": False, "other": True}
        asked = len(dead.asked_at)
        group.create_task(teller.deliver(None, page(2, "dead")))
        await clock.settle()
        assert other.titles == ["page 1", "page 2"]
        assert len(dead.asked_at) == asked


async def test_a_probe_that_hangs_does_not_keep_the_stand_in_waiting() -> None:
    """The vendor is known to be down and a probe is due: the next channel is told before it answers."""
    clock = FakeClock(auto=False)
    dead, other = Vendor("dead", clock, down_until=1e9), Vendor("other", clock)
    teller = outbox(dead, other, clock=clock)
    async with delivering(teller) as group:
        group.create_task(teller.deliver(None, page(1, "dead")))
        await clock.advance(5)
        dead.hangs = True
        group.create_task(teller.deliver(None, page(2, "dead")))
        await clock.settle()
        assert other.titles == ["page 1", "page 2"]
        assert dead.asked_at[-1] == clock.elapsed


async def test_of_two_stand_ins_the_one_that_comes_back_first_has_it() -> None:
    """All are down; who is back first hears, and then nobody else but the one who was named."""
    clock = FakeClock()
    named, first, second = Vendor("named", clock, 3000), Vendor("first", clock, 2000), Vendor("second", clock, 1000)
    await outbox(named, first, second, clock=clock).deliver(None, page(1, "named"))
    assert (second.titles, first.titles, named.titles) == (["page 1"], [], ["page 1"])
    assert 1000 <= second.asked_at[-1] <= 1060
    assert 3000 <= named.asked_at[-1] <= 3060


async def test_the_console_stands_in_for_nobody() -> None:
    """It would take everything, and nobody would look: the page stays unheard until a real channel has it."""
    clock = FakeClock(auto=False)
    named, console, other = Vendor("named", clock, 1e9), Vendor("console", clock), Vendor("other", clock, 50)
    teller = outbox(named, console, other, clock=clock)
    async with delivering(teller) as group:
        group.create_task(teller.deliver(None, page(1, "named", "console")))
        await clock.advance(45)
        assert (teller.unheard, teller.silenced, console.titles) == (1, True, ["page 1"])
        await clock.advance(10)
        assert (teller.unheard, teller.silenced, other.titles) == (0, False, ["page 1"])
        group.create_task(teller.deliver(None, page(2, "named")))
        await clock.settle()
        assert (console.titles, other.titles) == (["page 1"], ["page 1", "page 2"])


async def test_words_that_a_channel_refuses_do_not_keep_it_shut_for_others() -> None:
    """Three notices with impossible words open the breaker; a good one is the next probe, and closes it."""

    def refuses(notice: Notice) -> Exception | None:
        return Permanent("these words") if notice.wakes else None

    clock = FakeClock(auto=False)
    picky = Vendor("picky", clock, refuses=refuses)
    teller = outbox(picky, clock=clock)
    async with delivering(teller) as group:
        for number in range(TRIPS_AT):
            group.create_task(teller.deliver(None, page(number, "picky")))
        await clock.settle()
        assert teller.up == {"picky": False}
        group.create_task(teller.deliver(None, page(9, "picky", wakes=False)))
        await clock.advance(GAPS_SECONDS[0])
        assert picky.titles == ["page 9"]
        assert teller.up == {"picky": True}


async def test_one_notice_refused_again_and_again_says_nothing_new_of_the_channel() -> None:
    """An hour of refusals leaves the breaker closed."""
    clock = FakeClock(auto=False)
    picky = Vendor("picky", clock, refuses=lambda _: Permanent("these words"))
    teller = outbox(picky, clock=clock)
    async with delivering(teller) as group:
        group.create_task(teller.deliver(None, page(1, "picky")))
        await clock.advance(3600)
        assert len(picky.asked_at) == 3600 / BROKEN_GAP_SECONDS + 1
        assert teller.up == {"picky": True}


async def test_a_channel_that_is_down_and_asks_for_time_gets_it_from_everybody() -> None:
    """Retry-After holds for the whole channel once it is known to be down."""
    clock = FakeClock(auto=False)
    busy = Vendor("busy", clock, refuses=lambda _: Temporary("busy", retry_after_seconds=90))
    teller = outbox(busy, clock=clock)
    async with delivering(teller) as group:
        for number in range(CROWD):
            group.create_task(teller.deliver(None, page(number, "busy")))
        await clock.advance(179)
        assert busy.asked_at == [0.0] * TRIPS_AT + [90.0]


@pytest.mark.parametrize("cancelled", [1, TRIPS_AT])
async def test_a_cancelled_attempt_gives_its_place_back(cancelled: int) -> None:
    """Sends that hang are cancelled with their deliveries; the next ones go."""
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
    assert ("page 9", None) in stuck.took
    assert len(stuck.took) == TRIPS_AT - cancelled + 1
