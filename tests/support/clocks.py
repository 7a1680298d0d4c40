"""Simulated time for tests, and the one way to wait for a real condition.

`FakeClock()` jumps to the next sleeper as soon as the loop has nothing else to do: for code that sleeps between
attempts. `FakeClock(auto=False)` stands still until the test calls `advance`: for schedules, where the test wants to
say how long it is. `freeze` lets time pass while nobody runs, as a blocked event loop does.
"""

import asyncio
import heapq
from collections.abc import Callable, Coroutine, Mapping
from itertools import count
from types import MappingProxyType
from typing import Any, TypeVar

T = TypeVar("T")
IDLE_TURNS = 25
"""So many turns of the loop without a new sleeper count as idle; a chain of awaits in our code is shorter."""
PATIENCE_SECONDS = 600.0
"""The bound of every wait for something real: a starved machine meets it, and only a failure waits so long.

It says nothing about speed: what is promised in seconds is asserted in simulated time, or measured by the nightly set.
"""

LOOPBACK: Mapping[str, Any] = MappingProxyType({"trust_env": False, "verify": False, "timeout": PATIENCE_SECONDS})
"""How tests ask over plain HTTP on this machine: no proxy, no certificates loaded (10 ms of CPU for each client)."""


class FakeClock:
    """A ports.Clock whose time is moved by the test."""

    def __init__(self, start: float = 1_750_000_000.0, *, auto: bool = True) -> None:
        self.start = start
        self.elapsed = 0.0
        self._auto = auto
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()
        self._pumping = False

    def now(self) -> float:
        return self.start + self.elapsed

    def monotonic(self) -> float:
        """Return simulated seconds since the clock was made, plus an offset nobody should rely on."""
        return 1000.0 + self.elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.elapsed + seconds, next(self._order), future))
        if self._auto and not self._pumping:
            self._pumping = True
            self._pump(IDLE_TURNS)
        await future

    async def advance(self, seconds: float) -> None:
        """Move time, waking each sleeper at its own moment and letting everybody run in between."""
        until = self.elapsed + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            self._wake_next()
            await self.settle()
        self.elapsed = max(self.elapsed, until)
        await self.settle()

    async def during(self, work: Coroutine[Any, Any, T]) -> T:
        """Let time pass until a piece of work is done, and return what it returns."""
        task = asyncio.create_task(work)
        await self.settle()
        while not task.done():
            await self.advance(0.1)
        return await task

    def freeze(self, seconds: float) -> None:
        """Let time pass while nobody runs."""
        self.elapsed += seconds

    def compute(self, seconds: float) -> None:
        """Let time pass while the caller holds the loop; who slept long enough by then is woken in its next turn."""
        self.freeze(seconds)
        asyncio.get_running_loop().call_soon(self._wake_overdue)

    @property
    def sleepers(self) -> int:
        return sum(not future.done() for _, _, future in self._sleepers)

    async def settle(self) -> None:
        """Let everybody run until they wait: until no step is due; with a socket open, for some turns of the loop."""
        loop = asyncio.get_running_loop()
        for _ in range(IDLE_TURNS):
            await asyncio.sleep(0)
            if all_wait(loop):
                return

    def _wake_overdue(self) -> None:
        while self._sleepers and self._sleepers[0][0] <= self.elapsed:
            self._wake_next()

    def _wake_next(self) -> None:
        deadline, _, future = heapq.heappop(self._sleepers)
        self.elapsed = max(self.elapsed, deadline)
        if not future.done():
            future.set_result(None)

    def _pump(self, turns: int) -> None:
        loop = asyncio.get_running_loop()
        if turns > 0 and not (turns < IDLE_TURNS and all_wait(loop)):
            loop.call_soon(self._pump, turns - 1)
            return
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        if not self._sleepers:
            self._pumping = False
            return
        self._wake_next()
        loop.call_soon(self._pump, IDLE_TURNS)


def all_wait(loop: Any) -> bool:
    """Return whether nothing can run before time passes: no step is due, and no socket is open that may bring one."""
    return not loop._ready and len(loop._selector.get_map()) == 1  # the one is the loop's own


async def eventually(condition: Callable[[], object]) -> None:
    """Wait until a condition holds; TimeoutError after PATIENCE_SECONDS."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        for turn in count():
            if condition():
                return
            await asyncio.sleep(0 if turn < IDLE_TURNS else 0.01)
