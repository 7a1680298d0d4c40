"""Reads things when they are due, and sleeps until then or until it is woken.

`wanted()` is asked in every round: nothing is registered or cancelled. A thing no longer wanted is forgotten once it is
due again, so that a thing that comes and goes is not read more often. `read(thing)` returns the seconds until the next
read, NEVER if one read is enough. An exception is logged when the failure begins and when it ends. The thing is
read again: after `Temporary` when the other side asks for it, after a refusal (`Permanent`) ten minutes later, as a
person may have changed the token.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Generic, TypeVar

import structlog

from watchdog.daemon.runtime.sleep import sleep_until_set
from watchdog.domain.errors import Permanent, Temporary
from watchdog.ports import Clock

NEVER = float("inf")
AGAIN_SECONDS, REFUSED_SECONDS = 60.0, 600.0
PAUSE_SECONDS_MIN = 1.0
Thing = TypeVar("Thing", bound=Hashable)

log = structlog.get_logger("watchdog")


class Poller(Generic[Thing]):
    """Polls one kind of thing, named `what` in the log; `again_seconds` is the least pause after an error."""

    def __init__(
        self,
        what: str,
        clock: Clock,
        wanted: Callable[[], Iterable[Thing]],
        read: Callable[[Thing], Awaitable[float]],
        again_seconds: float = AGAIN_SECONDS,
    ) -> None:
        self._what = what
        self._clock = clock
        self._wanted = wanted
        self._read = read
        self._again_seconds = again_seconds
        self._woken = asyncio.Event()
        self._due: dict[Thing, float] = {}
        self._failing: set[Thing] = set()

    def wake(self) -> None:
        """Ask `wanted` at once; a thing that is not due yet keeps its time."""
        self._woken.set()

    async def run(self) -> None:
        """Read for ever."""
        while True:
            self._woken.clear()
            due = await self._read_what_is_due()
            if due == NEVER:
                await self._woken.wait()
            else:
                await sleep_until_set(self._clock, max(due - self._clock.monotonic(), PAUSE_SECONDS_MIN), self._woken)

    async def _read_what_is_due(self) -> float:
        """Read due things one after the other; return the next due time (monotonic seconds), or NEVER."""
        # `fromkeys` keeps the order: the first thing is read first, and a thing named twice is read once.
        wanted, now = dict.fromkeys(self._wanted()), self._clock.monotonic()
        # An unwanted thing with NEVER goes at once: wanted again, it is read again.
        self._due = {thing: due for thing, due in self._due.items() if thing in wanted or now < due < NEVER}
        self._failing.intersection_update(self._due)
        for thing in wanted:
            # The clock again: earlier reads of this round may have taken long.
            if self._due.get(thing, -NEVER) <= self._clock.monotonic():
                again = await self._try(thing)
                self._due[thing] = self._clock.monotonic() + again
        return min((self._due[thing] for thing in wanted), default=NEVER)

    async def _try(self, thing: Thing) -> float:
        try:
            again = await self._read(thing)
        except (Temporary, Permanent) as error:
            if thing not in self._failing:
                write = log.error if isinstance(error, Permanent) else log.warning
                write("poll failed", what=self._what, of=str(thing), why=str(error))
            self._failing.add(thing)
            asked = error.retry_after_seconds if isinstance(error, Temporary) else REFUSED_SECONDS
            # Never sooner than this kind's own pause, whatever the other side asks for.
            return max(asked, self._again_seconds)
        if thing in self._failing:
            log.info("poll recovered", what=self._what, of=str(thing))
            self._failing.discard(thing)
        return again
