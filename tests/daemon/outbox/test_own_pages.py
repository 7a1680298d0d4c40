"""A page about the watchdog itself that arrives after its end is ended again by the worker that brought it."""

import asyncio
from dataclasses import replace

import pytest

from tests.daemon.outbox.test_late_pages import PAGE, Gated, Two
from tests.support.clocks import FakeClock
from tests.support.notification_vendors import tell
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.engine.persistence import OURSELVES
from watchdog.daemon.outbox.delivery_log import DeliveryLog
from watchdog.daemon.outbox.own_pages import OwnPages
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.incidents import State
from watchdog.domain.integrations import Failing
from watchdog.domain.notices import NoticeKind
from watchdog.domain.store_records import Write

OF_ITSELF = {"incident": "blind", "service": OURSELVES, "about": None, "kind": NoticeKind.SELF_ALERT}
OVER = "watchdog: blind is over"
LOST = Temporary("the answer was lost")


async def listing(two: Two, *keys: str) -> None:
    """Let another worker write what fails."""
    store, dark = two.heir.store, Failing(1.0, "failing", "dark")
    shared = replace(await two.clock.during(store.load_shared()), failing=dict.fromkeys(keys, dark))
    await two.clock.during(store.save(Write(State().with_part(shared))))


async def renewed(two: Two) -> None:
    """Let the first worker read anew what all share, and have time to send."""
    await two.clock.advance(1.0)
    await two.clock.during(two.one.sharing.renew())
    await two.clock.advance(10.0)


async def begun(*script: Exception) -> Two:
    two = Two(pager=Gated("pager", *script))
    await two.begin()
    await listing(two, "sight/far")
    await renewed(two)
    return two


@pytest.mark.parametrize(("left", "told"), [((), [PAGE, OVER]), (("sight/other",), [PAGE])])
async def test_case_53_a_page_that_lands_after_the_end_of_its_condition_is_ended_again_and_once(
    left: tuple[str, ...], told: list[str]
) -> None:
    """This worker stood still as it brought the page. While another one is blind, that one ends it as the last."""
    two = await begun()
    two.pager.gate.clear()
    page = two.page(**OF_ITSELF)
    await listing(two, *left)
    await renewed(two)
    assert two.titles == [], "it is on its way"
    await two.lands(page)
    for _ in range(3):
        await renewed(two)
    await listing(two)
    await renewed(two)
    assert two.titles == told


@pytest.mark.parametrize(("failure", "told"), [(LOST, [OVER]), (Permanent("refused"), [])])
async def test_a_page_whose_answer_was_lost_may_have_arrived(failure: Exception, told: list[str]) -> None:
    two = await begun(failure)
    page = two.page(**OF_ITSELF)
    await two.clock.advance(0.5)
    assert two.pager.asked == 1 and two.titles == []
    await listing(two)
    page.cancel()
    await renewed(two)
    assert two.titles == told


@pytest.mark.parametrize(("resumed", "told"), [(True, [OVER]), (False, [])])
async def test_a_page_that_a_dead_process_left_is_not_sent_once_it_is_over_and_ended(
    resumed: bool, told: list[str]
) -> None:
    """It may have arrived as that process died, behind its end; one that only waited here has not."""
    two = await begun()
    await listing(two)
    await renewed(two)
    left = tell(PAGE, "pager", at=two.clock.now(), wakes=True, **OF_ITSELF)
    await two.clock.during(two.one.outbox.deliver(7, left, resumed=resumed))
    for _ in range(3):
        await renewed(two)
    assert two.titles == told


@pytest.mark.parametrize(("silent", "told"), [(frozenset(), [OVER]), (frozenset({"load_readonly"}), [PAGE, OVER])])
async def test_a_page_that_another_process_left_is_not_sent_where_the_store_has_it_as_over(
    silent: frozenset[str], told: list[str]
) -> None:
    """This worker stood still since it read what all share; killed right after the page, it could not end it again.

    A store that does not answer keeps no page back.
    """
    two = await begun()
    await listing(two)
    left = tell(PAGE, "pager", at=two.clock.now(), wakes=True, **OF_ITSELF)
    two.one.store.silent = silent
    await two.clock.during(two.one.outbox.deliver(7, left, resumed=True))
    two.one.store.silent = frozenset()
    await renewed(two)
    assert two.titles == told


async def test_a_channel_that_a_dead_process_served_last_has_its_end_too() -> None:
    """It brought the page there behind the end, wrote that down, and died; the pager's lack keeps the row open."""
    two = await begun()
    left = tell(PAGE, "chat", "pager", at=two.clock.now(), wakes=True, **OF_ITSELF)
    await two.clock.during(two.heir.store.save(Write(State(), effects=(left,))))
    (row,) = [one.id for one in await two.clock.during(two.heir.store.pending()) if one.effect == left]
    await two.clock.during(two.heir.store.delivered(row, "chat", "blind", None))
    await listing(two)
    await renewed(two)
    await two.clock.during(two.one.outbox.deliver(row, left, resumed=True))
    for _ in range(3):
        await renewed(two)
    assert [title for title, _ in two.chat.took] == [OVER]


async def test_what_this_worker_ends_itself_is_not_ended_again() -> None:
    """Not while its end is on its way, and not once that has arrived."""
    two = await begun()
    await two.rings(**OF_ITSELF)
    await listing(two)
    two.pager.gate.clear()
    end = tell("it sees", "pager", **{**OF_ITSELF, "kind": NoticeKind.RESOLVED, "at": two.clock.now()})
    ends = asyncio.create_task(two.one.outbox.deliver(None, end))
    for landed in (False, True):
        if landed:
            await two.lands(ends)
        await renewed(two)
        assert two.titles == [PAGE, "it sees"][: 1 + landed]


@pytest.mark.parametrize("of", ["record", "shop-1"])
async def test_what_no_shared_state_tells_of_is_left_alone(of: str) -> None:
    """The process that has no store ends that page itself; an incident of a service is no page about ourselves."""
    two = await begun()
    kind = NoticeKind.SELF_ALERT if of == "record" else NoticeKind.OPENED
    await two.rings(**{**OF_ITSELF, "incident": of, "kind": kind})
    await renewed(two)
    assert two.titles == [PAGE]


def test_a_page_is_judged_by_a_state_that_was_read_after_it() -> None:
    """One that was read before it, or as it came, may not know its condition yet."""
    clock = FakeClock()
    log = DeliveryLog(MemoryStore(clock), clock, lambda notice, why: None)
    pages, (at, page) = OwnPages(log, clock), (clock.monotonic(), tell(PAGE, "pager", **OF_ITSELF).notice)
    pages.tried(page, "pager", None)
    ended = [len(pages.late_ends(read_at, lambda _: True, ())) for read_at in (at - 1.0, at, at + 1.0, at + 2.0)]
    assert ended == [0, 0, 1, 0]


async def test_every_channel_that_has_it_gets_the_end() -> None:
    two = await begun()
    for channel in ("pager", "chat"):
        await two.rings(to=channel, **OF_ITSELF)
    await two.rings(**{**OF_ITSELF, "incident": "feed/web"})
    await listing(two)
    await renewed(two)
    assert sorted(two.titles) == [PAGE, PAGE, OVER, "watchdog: feed/web is over"]
    assert [title for title, _ in two.chat.took] == [PAGE, OVER]
