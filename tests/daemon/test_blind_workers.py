"""Two workers on one database: one is blind, and cannot page; the other brings its page, and takes no end of it.

Whole daemons in simulated time.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.support.clocks import eventually
from tests.support.failing_channel import Vendor
from tests.support.simulated_daemon import Guarded
from watchdog.adapters.stores.memory import MemoryDatabase, MemoryStore
from watchdog.daemon.engine.persistence import OTHERS_SECONDS
from watchdog.daemon.supervision.lease_manager import TTL_SECONDS
from watchdog.domain.notices import Notice
from watchdog.domain.readings import Bad, Good
from watchdog.domain.store_records import FLEET, Write

DARK = Bad("timed out")


class Held(Vendor):
    """A channel that takes nothing while its gate is shut: what was sent meanwhile arrives as it opens."""

    def __init__(self, name: str, world: Guarded) -> None:
        super().__init__(name, world.clock)
        self.gate = asyncio.Event()
        self.gate.set()

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        await self.gate.wait()
        return await super().send(notice, reference)


@asynccontextmanager
async def pair() -> AsyncIterator[tuple[Guarded, Guarded]]:
    """Run two workers; the first one holds the fleet's lease."""
    near, far = Guarded(["pager"]), Guarded(["pager"])
    near.vendors["pager"] = Held("pager", near)
    far.clock, far.vendors["pager"].clock = near.clock, near.clock
    database = MemoryDatabase(near.clock)
    for one in (near, far):
        one.store = MemoryStore(near.clock, database, sole=False)
        await one.begin()
        await near.clock.advance(5)
    assert FLEET in near.daemon.engine.held and FLEET not in far.daemon.engine.held
    yield near, far
    for one in (near, far):
        await one.daemon.supervisor.stop(5.0)
        assert one.errors == []


@pytest.mark.parametrize("end", ["sees", "dies"])
async def test_the_page_of_a_blind_worker_is_brought_by_another_and_stands_until_the_last_one_sees(end: str) -> None:
    """The other one is blind for a while as well. The end comes once: of who sees again, or is gone."""
    async with pair() as (near, far):
        far.control.reading = DARK
        far.down(10 * OTHERS_SECONDS)
        await near.clock.advance(3 * OTHERS_SECONDS)
        assert len(near.rings("pager")) == 1 and near.rings("pager")[0].startswith("watchdog is blind")
        near.control.reading = DARK
        await near.clock.advance(OTHERS_SECONDS)
        assert len(near.rings("pager")) == 1, "one page stands for both"
        near.control.reading = Good()
        await near.clock.advance(OTHERS_SECONDS)
        assert near.daemon.engine.state.blind_since is None
        assert near.kinds("pager") == ["self_alert"] and far.kinds("pager") == []
        if end == "sees":
            far.control.reading = Good()
            far.down(0)
        else:
            await far.daemon.supervisor.stop(5.0)
        await near.clock.advance(TTL_SECONDS + 2 * OTHERS_SECONDS)
        ends = [*near.kinds("pager")[1:], *far.kinds("pager")]
        assert ends == ["resolved"] and not near.daemon.engine.state.failing


async def test_a_page_that_was_on_its_way_as_the_blind_worker_saw_again_is_ended_by_the_one_that_brought_it() -> None:
    """The end of the worker that sees comes before it, and would leave it ringing."""
    async with pair() as (near, far):
        slow = near.vendors["pager"]
        assert isinstance(slow, Held)
        slow.gate.clear()
        far.control.reading = DARK
        far.down(10 * OTHERS_SECONDS)
        while not near.daemon.outbox.waiting:
            await near.clock.advance(1)
        far.control.reading = Good()
        far.down(0)
        await near.clock.advance(20)
        assert near.kinds("pager") == [] and not near.daemon.engine.state.failing
        slow.gate.set()
        await near.clock.advance(20)
        assert near.kinds("pager") == ["self_alert", "resolved"]
        await near.clock.advance(2 * OTHERS_SECONDS)
        assert near.kinds("pager") == ["self_alert", "resolved"], "once"


async def test_the_page_of_an_older_version_is_ended_by_the_one_that_follows() -> None:
    """It was blind when it was stopped, and paged; it wrote nothing of that but that it did."""
    world = Guarded(["pager"])
    await world.store.open()
    await world.store.save(
        Write(replace(world.wire().engine.state, blind_since=world.clock.now(), blind_notified=True))
    )
    await world.begin()
    await world.go_on(120)
    await eventually(lambda: world.kinds("pager") == ["resolved"])
    assert world.vendors["pager"].notices[0].incident == "blind" and not world.daemon.engine.state.failing
    assert (await world.daemon.supervisor.stop(5.0), world.errors) == ((), [])
