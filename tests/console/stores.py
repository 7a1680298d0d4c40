"""A store and a clock that the console's tests look through: what is asked is counted, and takes, fails or hangs."""

import asyncio
from collections import Counter
from typing import Any

from tests.console.scene import StoryClock
from tests.support.intercepted_calls import Overheard
from watchdog.domain.errors import Temporary


class PassingClock(StoryClock):
    """The story's clock, whose both sides move together, and only when the test says so."""

    def monotonic(self) -> float:
        return self.at


class Counted(Overheard, calls="load_readonly spans incidents incident notes announcements"):
    """A store that counts what it is asked, by the call's name, and keeps with what it is asked for spans.

    While `away` is set each of these calls fails, while `goes_on` is cleared those for spans hang; each takes `takes`
    seconds of a PassingClock.
    """

    def __init__(self, clock: Any, takes: float = 0.0) -> None:
        super().__init__(clock)
        self.clock, self.takes, self.away = clock, takes, False
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.asked = Counter[str]()
        self.spans_asked = list[tuple[Any, ...]]()

    async def heard(self, call: str, *given: Any) -> None:
        self.asked[call] += 1
        if self.away:
            raise Temporary("the store does not answer")
        if call == "spans":
            self.spans_asked.append(given)
            await self.goes_on.wait()
        if self.takes:
            self.clock.at += self.takes

    def times(self) -> list[tuple[float, float]]:
        """Return the begin and end of the spans that it was asked for since the last look."""
        found, self.spans_asked = self.spans_asked, []
        return [one[:2] for one in found]


def watched(kind: Any, takes: float = 0.0, **more: float) -> tuple[PassingClock, Counted, Any]:
    """Return a clock, a store, and what reads that store by that clock."""
    clock = PassingClock()
    store = Counted(clock, takes)
    return clock, store, kind(store, clock, **more)
