"""How Python is set up for the daemon: short turns, and full collections that leave alone what lives long."""

import asyncio
import contextlib
import gc
import sys
import weakref
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.clocks import FakeClock
from watchdog.daemon.runtime.gc_tuning import ALL_OF_IT_EVERY_SECONDS, TURN_SECONDS, tune_interpreter


class Knot:
    """Refers to itself: only a collection frees it."""

    def __init__(self) -> None:
        self.self = self


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    interval, threshold, callbacks = sys.getswitchinterval(), gc.get_threshold(), list(gc.callbacks)
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)
    gc.callbacks[:] = callbacks
    gc.unfreeze()
    gc.freeze()  # as tests/conftest.py left it: else each full collection afterwards goes through the tests themselves


@contextlib.asynccontextmanager
async def kept_short(clock: FakeClock) -> AsyncIterator[None]:
    task = asyncio.create_task(tune_interpreter(clock))
    await clock.settle()
    yield
    task.cancel()


async def test_what_lives_is_gone_through_once() -> None:
    async with kept_short(FakeClock(auto=False)):
        assert sys.getswitchinterval() == pytest.approx(TURN_SECONDS)
        young = len(gc.get_objects())
        assert gc.get_freeze_count() > 10 * young
        history = [[number] for number in range(50_000)]
        gone = weakref.ref(Knot())
        gc.collect()
        assert gone() is None and gc.get_freeze_count() > len(history) > 10 * len(gc.get_objects())


async def test_a_cycle_that_lived_long_is_freed_in_the_end() -> None:
    """It was set aside and dropped later: the next collection leaves it, the one of everything does not."""
    clock = FakeClock(auto=False)
    knot = Knot()
    async with kept_short(clock):
        old = weakref.ref(knot)
        del knot
        gc.collect()
        assert old() is not None
        await clock.advance(ALL_OF_IT_EVERY_SECONDS)
        assert old() is None


async def test_begun_again_it_is_set_up_once() -> None:
    """The supervisor starts a task that failed anew."""
    before = len(gc.callbacks)
    for _ in range(2):
        async with kept_short(FakeClock(auto=False)):
            assert len(gc.callbacks) == before + 1
