"""Reads subjects when they are due, and sleeps until then or until it is woken.

`wanted()` is asked in every round: nothing is registered or cancelled. A subject no longer wanted is forgotten once it
is due again, so that a subject that comes and goes is not read more often. `read(subject)` returns the seconds until
the next read, NEVER if one read is enough. An exception is logged when the failure begins and when it ends. The
subject is read again: after `Temporary` when the other side asks for it, after a refusal (`Permanent`) ten minutes
later, as a person may have changed the token.
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
Subject = TypeVar("Subject", bound=Hashable)

log = structlog.get_logger("watchdog")


class Poller(Generic[Subject]):
    """Polls one kind of subject, named `what` in the log; `again_seconds` is the least pause after an error."""

    def __init__(
        self,
        what: str,
        clock: Clock,
        wanted: Callable[[], Iterable[Subject]],
        read: Callable[[Subject], Awaitable[float]],
        again_seconds: float = AGAIN_SECONDS,
    ) -> None:
        self._what = what
        self._clock = clock
        self._wanted = wanted
        self._read = read
        self._again_seconds = again_seconds
        self._woken = asyncio.Event()
        self._due: dict[Subject, float] = {}
        self._failing: set[Subject] = set()

    def wake(self) -> None:
        """Ask `wanted` at once; a subject that is not due yet keeps its time."""
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
        """Read due subjects one after the other; return the next due time (monotonic seconds), or NEVER."""
        # `fromkeys` keeps the order: the first subject is read first, and a subject named twice is read once.
        wanted, now = dict.fromkeys(self._wanted()), self._clock.monotonic()
        # An unwanted subject with NEVER goes at once: wanted again, it is read again.
        self._due = {subject: due for subject, due in self._due.items() if subject in wanted or now < due < NEVER}
        self._failing.intersection_update(self._due)
        for subject in wanted:
            # The clock again: earlier reads of this round may have taken long.
            if self._due.get(subject, -NEVER) <= self._clock.monotonic():
                again = await self._try(subject)
                self._due[subject] = self._clock.monotonic() + again
        return min((self._due[subject] for subject in wanted), default=NEVER)

    async def _try(self, subject: Subject) -> float:
        try:
            again = await self._read(subject)
        except (Temporary, Permanent) as error:
            if subject not in self._failing:
                write = log.error if isinstance(error, Permanent) else log.warning
                write("poll failed", what=self._what, of=str(subject), why=str(error))
            self._failing.add(subject)
            asked = error.retry_after_seconds if isinstance(error, Temporary) else REFUSED_SECONDS
            # Never sooner than this kind's own pause, whatever the other side asks for.
            return max(asked, self._again_seconds)
        if subject in self._failing:
            log.info("poll recovered", what=self._what, of=str(subject))
            self._failing.discard(subject)
        return again
