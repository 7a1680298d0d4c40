"""A service that comes back after its lease ran out: what this worker knew of it goes on, but for what was in doubt."""

from collections.abc import Sequence

import pytest

from tests.daemon.engine.test_read_again import begin, incident_of, see
from tests.daemon.supervision.test_lease_manager import Worker
from tests.daemon.test_renewal import fail, renew_in_vain
from tests.support.engine_scene import SHUT, Scene, ShakyStore, scene
from watchdog.daemon.supervision.lease_manager import ALONE, RENEW_SECONDS, TTL_SECONDS
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.errors import Displaced, Temporary
from watchdog.domain.incidents import Phase
from watchdog.domain.store_records import PendingEffect, Write

OUTCOMES = (e.RollbackRefused, e.RollbackPostponed)


class LeaseRunsOut(ShakyStore):
    """The save that begins a change fails, and with its refusal the worker reads that its lease ran out."""

    refusals = 0

    async def save(self, write: Write) -> Sequence[PendingEffect]:
        if any(isinstance(one, fx.PinAutoDeploy) for one in write.effects):
            raise SHUT
        if isinstance(write.event, OUTCOMES) and not self.refusals:
            self.refusals += 1
            raise Displaced(("web",))
        return await super().save(write)


async def lose(s: Scene) -> None:
    """Let an outage lead to a change that cannot be saved, until the service is lost."""
    with pytest.raises(KeyError, match="web"):
        await s.outage_after_a_deploy(until=Phase.ROLLING_BACK)
    assert "web" not in s.engine.held


async def test_a_change_whose_refusal_was_lost_with_the_lease_is_not_waited_for() -> None:
    """The worker takes the service back, and decides anew: what waits for that change would wait for minutes."""
    async with scene(LeaseRunsOut) as s:
        await lose(s)
        assert isinstance(s.store, LeaseRunsOut) and s.store.refusals == 1
        await s.engine.adopt_services({"web": 1})
        await s.quiet()
        assert s.web.phase in (Phase.CALM, Phase.SUSPECT), s.web.phase
        assert (s.sent("PATCH"), s.sent("POST")) == (0, 0)


async def lose_the_lease(worker: Worker) -> int:
    """Let a save be refused, as the lease ran out while the store was away; return the epoch of that lease."""
    worker.store.gone = False
    epoch = worker.engine.held["shop"]
    await worker.engine._record_snapshot(quietly=False)
    assert "shop" not in worker.engine.held
    return epoch


async def test_a_page_that_the_record_lacks_is_owed_when_the_service_comes_back(one: Worker, other: Worker) -> None:
    """No channel took it, and the worker dies: the next one reads that people were paged, and finds the page there."""
    one.pager.script = [Temporary("the pager does not answer")] * 1000
    await begin(one)
    one.store.gone = True
    await see(one, 120.0, bad=True)
    paged = incident_of(one)
    assert paged.paged and one.pager.took == []
    epoch = await lose_the_lease(one)
    await one.sharing.renew()
    assert one.engine.held["shop"] == epoch, "no other worker had it in between"
    await one.engine._record_snapshot(quietly=False)
    await one.clock.advance(TTL_SECONDS + RENEW_SECONDS)
    await begin(other)
    await other.clock.advance(RENEW_SECONDS)
    assert incident_of(other).id == paged.id
    assert len(other.pager.took) == 1, "the row that says so is saved with the incident"


async def watch_from_memory(worker: Worker) -> tuple[float, int]:
    """Let the shop fail while the store comes and goes, so that it is watched from memory; return when it
    began, and the lost epoch.
    """
    await begin(worker)
    began = worker.clock.now()
    worker.store.gone = True
    await see(worker, 20.0, bad=True)
    epoch = await lose_the_lease(worker)
    await renew_in_vain(worker, "load")
    assert worker.engine.held["shop"] == ALONE
    worker.store.gone = True
    await see(worker, 20.0, bad=True)
    return began, epoch


async def test_a_failure_run_goes_on_through_a_store_that_comes_and_goes(one: Worker) -> None:
    """The lease is found to have run out, and the store is away again before the state is read."""
    began, epoch = await watch_from_memory(one)
    one.store.gone = False
    await one.sharing.renew()
    assert one.engine.held["shop"] == epoch
    assert one.engine.state.services["shop"].incidents == 0, "the numbers of the record go on"
    await fail(one, "shop", 75.0 - (one.clock.now() - began))
    assert incident_of(one).onset_at == began


async def test_what_an_heir_saved_counts_more_than_what_was_seen_from_memory(one: Worker, other: Worker) -> None:
    """It had the service since, and saw it work."""
    _, epoch = await watch_from_memory(one)
    await begin(other)
    await see(other, 4.0, bad=False)
    await other.engine._record_snapshot(quietly=False)
    await other.clock.advance(TTL_SECONDS + RENEW_SECONDS)
    one.store.gone = False
    await one.take_all()
    assert one.engine.held["shop"] > epoch
    assert one.engine.state.services["shop"].phase is Phase.CALM
