"""A store in memory whose calls are overheard: whoever hears one may count it, let it fail, or let it wait."""

from collections.abc import Awaitable, Callable
from typing import Any

from watchdog.adapters.stores.memory import MemoryStore


class Overheard(MemoryStore):
    """A subclass names its calls (`calls="save finish"`) and says in `heard` what comes before each of them.

    Beside `SlowStore` (named after it) every call takes its time, too.
    """

    def __init_subclass__(cls, calls: str = "") -> None:
        super().__init_subclass__()
        for name in calls.split():
            setattr(cls, name, _overheard(name))

    async def heard(self, call: str, *given: Any) -> None:
        """Hear of a call that is about to be made."""


def _overheard(name: str) -> Callable[..., Awaitable[Any]]:
    async def call(self: Overheard, *given: Any, **more: Any) -> Any:
        await self.heard(name, *given)
        return await getattr(super(Overheard, self), name)(*given, **more)

    return call
