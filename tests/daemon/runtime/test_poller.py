"""The poller: what is due is read once, a failure is told when it begins and ends, and what is gone is forgotten."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from structlog.testing import capture_logs

from tests.support.clocks import FakeClock
from watchdog.daemon.runtime.poller import AGAIN_SECONDS, NEVER, REFUSED_SECONDS, Poller
from watchdog.domain.errors import Permanent, Temporary


class Shelf:
    """Things to read; `errors` says what reading one raises."""

    def __init__(self) -> None:
        self.clock = FakeClock(auto=False)
        self.wanted = ["a"]
        self.errors: dict[str, Exception] = {}
        self.again = 30.0
        self.read: list[tuple[float, str]] = []
        self.poller = Poller("things", self.clock, lambda: self.wanted, self._read)

    async def _read(self, thing: str) -> float:
        self.read.append((self.clock.elapsed, thing))
        if thing in self.errors:
            raise self.errors[thing]
        return self.again


@asynccontextmanager
async def polled() -> AsyncIterator[Shelf]:
    shelf = Shelf()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(shelf.poller.run())
        yield shelf
        task.cancel()


async def test_each_is_read_when_it_is_due_and_what_is_new_when_it_is_woken() -> None:
    async with polled() as shelf:
        await shelf.clock.advance(40.0)
        shelf.wanted, shelf.again = ["a", "b"], NEVER
        shelf.poller.wake()
        await shelf.clock.advance(3600.0)
        assert shelf.read == [(0.0, "a"), (30.0, "a"), (40.0, "b"), (60.0, "a")]


async def test_a_failure_is_told_once_and_so_is_its_end() -> None:
    """A minute later again, or when the other side asks for it; a refusal ten minutes later."""
    async with polled() as shelf:
        with capture_logs() as told:
            shelf.errors["a"] = Temporary("away")
            await shelf.clock.advance(AGAIN_SECONDS - 1.0)
            shelf.errors["a"] = Temporary("away", retry_after_seconds=90.0)
            await shelf.clock.advance(2.0)
            shelf.errors["a"] = Permanent("no")
            await shelf.clock.advance(90.0)
            shelf.errors.clear()
            await shelf.clock.advance(REFUSED_SECONDS)
        begun, over = ("poll failed", "warning"), ("poll recovered", "info")
        assert [(one["event"], one["log_level"]) for one in told] == [begun, over]
        at = [at for at, _ in shelf.read[:4]]
        assert at == [0.0, AGAIN_SECONDS, AGAIN_SECONDS + 90.0, AGAIN_SECONDS + 90.0 + REFUSED_SECONDS]


async def test_what_is_gone_is_forgotten_once_it_is_due() -> None:
    """Wanted again, it is read at once; so is at any time what was read for good before."""
    async with polled() as shelf:
        for again, gone_seconds in ((30.0, 31.0), (NEVER, 1.0)):
            shelf.again = again
            await shelf.clock.advance(31.0)
            shelf.wanted = []
            shelf.poller.wake()
            await shelf.clock.advance(gone_seconds)
            shelf.wanted = ["a"]
            shelf.poller.wake()
            await shelf.clock.advance(0.5)
            assert shelf.read[-1] == (shelf.clock.elapsed - 0.5, "a")


async def test_a_pause_holds_though_the_thing_is_not_wanted_meanwhile() -> None:
    """Nobody is asked the more often for a service that comes and goes."""
    async with polled() as shelf:
        shelf.errors["a"] = Temporary("away")
        await shelf.clock.advance(AGAIN_SECONDS / 2)
        for wanted in ([], ["a"], [], ["a"]):
            shelf.wanted = wanted
            shelf.poller.wake()
            await shelf.clock.advance(5.0)
        assert shelf.read == [(0.0, "a")]
