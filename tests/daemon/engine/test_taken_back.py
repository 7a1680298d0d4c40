"""A service that comes back after its lease ran out: what this worker knew of it goes on, but for what was in doubt."""

from collections.abc import Sequence

import pytest

from tests.daemon.engine.test_read_again import begin, incident_of, see
from tests.daemon.supervision.test_lease_manager import Worker
from tests.support.engine_scene import SHUT, Scene, ShakyStore, scene
from watchdog.daemon.supervision.lease_manager import RENEW_SECONDS, TTL_SECONDS
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


async def lose_the_lease(worker: Worker) -> None:
    """Let a save be refused, as the lease ran out while the store was away."""
    worker.store.gone = False
    epoch = worker.engine.held["shop"]
    await worker.engine._record_snapshot(quietly=False)
    assert "shop" not in worker.engine.held
    await worker.sharing.renew()
    assert worker.engine.held["shop"] == epoch, "no other worker had it in between"


async def test_a_page_that_the_record_lacks_is_owed_when_the_service_comes_back(one: Worker, other: Worker) -> None:
    """No channel took it, and the worker dies: the next one reads that people were paged, and finds the page there."""
    one.pager.script = [Temporary("the pager does not answer")] * 1000
    await begin(one)
    one.store.gone = True
    await see(one, 120.0, bad=True)
    paged = incident_of(one)
    assert paged.paged and one.pager.took == []
    await lose_the_lease(one)
    await one.engine._record_snapshot(quietly=False)
    await one.clock.advance(TTL_SECONDS + RENEW_SECONDS)
    await begin(other)
    await other.clock.advance(RENEW_SECONDS)
    assert incident_of(other).id == paged.id
    assert len(other.pager.took) == 1, "the row that says so is saved with the incident"
