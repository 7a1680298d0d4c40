"""A channel whose vendor is down until a moment of simulated time; it keeps when it was asked and what it took."""

import asyncio
from collections.abc import Callable

from tests.support.clocks import FakeClock
from tests.support.notification_vendors import Channel
from watchdog.domain.errors import Temporary
from watchdog.domain.notices import Notice

Words = Callable[[Notice], Exception | None]


def fine(notice: Notice) -> None:
    """Find nothing wrong with a notice."""


class Vendor(Channel):
    """Down until `down_until` (simulated seconds since the start); refuses what `refuses` finds a reason against."""

    def __init__(self, name: str, clock: FakeClock, down_until: float = 0.0, refuses: Words = fine) -> None:
        super().__init__(name)
        self.clock, self.down_until, self.refuses = clock, down_until, refuses
        self.hangs = False
        self.asked_at: list[float] = []
        self.notices: list[Notice] = []

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        self.asked_at.append(self.clock.elapsed)
        if self.hangs:
            await asyncio.Event().wait()
        if self.clock.elapsed < self.down_until:
            raise Temporary("down")
        why = self.refuses(notice)
        if why is not None:
            raise why
        self.notices.append(notice)
        return await super().send(notice, reference)

    @property
    def titles(self) -> list[str]:
        return [title for title, _ in self.took]
