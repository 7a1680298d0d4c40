"""A service that comes back after its lease ran out: what this worker knew of it goes on, but for what was in doubt."""

from collections.abc import Sequence

import pytest

from tests.support.engine_scene import SHUT, Scene, ShakyStore, scene
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.errors import Displaced
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
