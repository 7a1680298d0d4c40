"""The end of a daemon whose store does not answer any more: what was saved stays as it was saved."""

import asyncio
from collections.abc import Sequence
from random import Random

import pytest

from tests.support.notification_vendors import Channel
from tests.support.simulated_daemon import guarding
from watchdog.adapters.stores.memory import MemoryDatabase, MemoryStore
from watchdog.app.compose.daemon_factory import WRITE_IN_HAND_SECONDS, ExternalPorts, begin, end, wire
from watchdog.domain import events as e
from watchdog.domain.store_records import PendingEffect, Write
from watchdog.lab.storm.environment import LoopClock
from watchdog.lab.storm.loop import StormLoop
from watchdog.ports import Clock


class LateAnswer(MemoryStore):
    """A store whose answer to one save, which was made, never comes; from then on it answers."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, MemoryDatabase(clock))
        self.hangs, self.hanging = False, asyncio.Event()

    async def save(self, write: Write) -> Sequence[PendingEffect]:
        saved = await super().save(write)
        if self.hangs:
            self.hangs = False
            self.hanging.set()
            await asyncio.Event().wait()
        return saved


async def stopped(loop: StormLoop, *, hangs: bool) -> tuple[str, float]:
    """Stop a daemon that was just paused; return who paused it by its store, and how long the stop took."""
    clock = LoopClock(loop)
    store = LateAnswer(clock)
    outside = ExternalPorts(clock=clock, store=store, platform=None, notifiers={"pager": Channel("pager")})
    daemon = wire(guarding("pager"), outside, worker="one", sources=lambda _: lambda _: [], on_error=lambda *_: None)
    await begin(daemon)
    store.hangs = hangs
    if hangs:
        await daemon.engine.submit(e.Paused(clock.now(), "ann"))
        await store.hanging.wait()
    else:
        await daemon.engine.submit_and_wait(e.Paused(clock.now(), "ann"))
    began = loop.time()
    await end(daemon)
    return (await store.load_shared()).paused_by, loop.time() - began


@pytest.mark.parametrize("hangs", [False, True])
def test_a_step_that_was_half_way_at_the_end_is_not_saved_over(hangs: bool) -> None:
    """In memory it did not happen, in the store it may have: the next start goes by the store. In virtual time."""
    loop = StormLoop(Random(0))
    try:
        paused_by, took = loop.run_until_complete(stopped(loop, hangs=hangs))
    finally:
        loop.close()
    assert paused_by == "ann" and (took >= WRITE_IN_HAND_SECONDS) == hangs
