"""Latency of the fakes: every call takes a drawn, seeded time of the test's clock, so a fault of order can show.

A call travels, takes effect at one instant, and its answer travels back. No real time passes.
"""

from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from inspect import getmembers, iscoroutinefunction
from random import Random
from typing import Any

from watchdog.adapters.stores.memory import MemoryDatabase, MemoryStore
from watchdog.ports import Clock

WAY_SECONDS = (0.001, 0.01, 0.05, 0.2)
"""How long one way of a store call takes, each as likely."""


class Latency:
    """Draws how long one way of a call takes, and waits for it."""

    def __init__(self, clock: Clock, seconds: tuple[float, ...] = WAY_SECONDS, seed: int = 0) -> None:
        self._clock, self._seconds, self._chance = clock, seconds, Random(seed)

    async def __call__(self) -> None:
        await self._clock.sleep(self._chance.choice(self._seconds))

    async def around(self, call: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Let a call travel, take effect, and its answer, or its error, travel back."""
        await self()
        try:
            answer = await call()
        except Exception:
            await self()
            raise
        await self()
        return answer


_THERE: ContextVar[bool] = ContextVar("there", default=False)
"""True inside a call that has arrived: what the store calls of itself does not travel again."""


class SlowStore(MemoryStore):
    """A store in memory whose every call takes its time, as a database's does."""

    def __init__(self, clock: Clock, database: MemoryDatabase | None = None, sole: bool = True) -> None:
        super().__init__(clock, database, sole)
        self.latency = Latency(clock)


def _travelling(call: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def there(self: SlowStore, *args: Any, **more: Any) -> Any:
        token = _THERE.set(True)
        try:
            return await call(self, *args, **more)
        finally:
            _THERE.reset(token)

    async def travels(self: SlowStore, *args: Any, **more: Any) -> Any:
        if _THERE.get():
            return await call(self, *args, **more)
        return await self.latency.around(lambda: there(self, *args, **more))

    return travels


for _name, _call in getmembers(MemoryStore, iscoroutinefunction):
    setattr(SlowStore, _name, _travelling(_call))
