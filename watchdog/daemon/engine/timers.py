"""Wakes the core at the moments it asked for, and saves the state now and then.

Rule: nothing polls; the task sleeps until the next moment that matters, or until an earlier one is asked for.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from typing import Protocol

from watchdog.daemon.runtime.sleep import sleep_until_set
from watchdog.domain.events import Event, TimePassed
from watchdog.ports import Clock

SNAPSHOT_SECONDS = 30.0
FIRST_SNAPSHOT_SECONDS = 3.0
"""The first snapshot comes soon, for `status`."""
# Ten times the last save: a slow store then takes a tenth of the time at most, while events wait.
QUIET_SECONDS, QUIET_SHARE = 1.0, 10.0
"""Least pause between two saves out of turn: a second, and ten times the duration of the last one."""
WAKES_MAX = 10_000
"""Moments kept. One beyond them is up to SNAPSHOT_SECONDS late: from then on each snapshot wakes the core."""
SOONEST_SECONDS = 0.01


class Snapshot(Protocol):
    """Saves the state. `quietly`: out of turn; if that fails, the next save in turn reports it."""

    async def __call__(self, *, quietly: bool) -> None:
        """Save it."""


class Timers:
    """Keeps the moments asked for. `tell` queues an event, `snapshot` saves the state."""

    def __init__(self, clock: Clock, tell: Callable[[Event], Awaitable[None]], snapshot: Snapshot) -> None:
        self._clock = clock
        self._tell = tell
        self._snapshot = snapshot
        self._wakes: list[float] = []
        self._left_out = False
        self._nudged = asyncio.Event()
        self._save_now = False
        self._quiet_at = 0.0

    def wake_at(self, at: float) -> None:
        """Ask for `TimePassed` at that moment (UTC epoch seconds)."""
        # Most repeats ask for the next moment again; a deeper duplicate is popped together with its twin.
        if at in self._wakes[:1]:
            return
        if len(self._wakes) >= WAKES_MAX:
            self._left_out = True
            return
        sooner = not self._wakes or at < self._wakes[0]
        heapq.heappush(self._wakes, at)
        # A later moment needs no wake-up: the present sleep ends before it.
        if sooner:
            self._nudged.set()

    def save_now(self) -> None:
        """Ask for a snapshot out of turn, quietly."""
        self._save_now = True
        self._nudged.set()

    async def run(self) -> None:
        """Keep time for ever."""
        snapshot_at = self._clock.monotonic() + FIRST_SNAPSHOT_SECONDS
        while True:
            # First: a moment asked for while the core works must cut the next sleep short.
            self._nudged.clear()
            await self._wake()
            quietly = self._save_now and self._clock.monotonic() >= self._quiet_at
            if self._clock.monotonic() >= snapshot_at:
                # Before the save: a slow store must not stretch the interval.
                snapshot_at = self._clock.monotonic() + SNAPSHOT_SECONDS
                self._save_now = False
                await self._snapshot(quietly=False)
                if self._left_out:
                    await self._tell(TimePassed(self._clock.now()))
            elif quietly:
                await self._save_quietly()
            await sleep_until_set(self._clock, self._until_next(snapshot_at), self._nudged)

    async def _save_quietly(self) -> None:
        """Save out of turn, then pause in proportion to the save: events wait while it runs."""
        self._save_now = False
        began = self._clock.monotonic()
        await self._snapshot(quietly=True)
        took = self._clock.monotonic() - began
        self._quiet_at = self._clock.monotonic() + max(QUIET_SECONDS, QUIET_SHARE * took)

    async def _wake(self) -> None:
        now = self._clock.now()
        if self._wakes and self._wakes[0] <= now:
            # One event for all moments that passed: the core looks at every service at each `TimePassed`.
            while self._wakes and self._wakes[0] <= now:
                heapq.heappop(self._wakes)
            await self._tell(TimePassed(now))

    def _until_next(self, snapshot_at: float) -> float:
        """Return the seconds to sleep; never more than to the next snapshot, so a stepped clock is noticed."""
        seconds = snapshot_at - self._clock.monotonic()
        if self._wakes:
            seconds = min(seconds, self._wakes[0] - self._clock.now())
        if self._save_now:
            seconds = min(seconds, self._quiet_at - self._clock.monotonic())
        return max(SOONEST_SECONDS, seconds)
