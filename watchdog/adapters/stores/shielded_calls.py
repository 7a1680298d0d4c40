"""A call of the store that has begun ends by itself, whatever happens to its caller.

Why: a database connection whose statement is abandoned half-way must be thrown away, and nobody knows whether the
write happened. So a cancelled caller goes on at once, and the write in hand is finished behind its back; the store's
own timeouts bound it, and `close()` waits for it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeVar

C = TypeVar("C", bound=type)
Call = Callable[..., Coroutine[Any, Any, Any]]


class Calls:
    """The calls that have begun and not ended."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    async def shield(self, call: Coroutine[Any, Any, Any]) -> Any:
        """Await the call; if we are cancelled, it goes on without us (and its error, if any, is nobody's)."""
        task = asyncio.ensure_future(call)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def ended(self) -> None:
        """Return when every call that has begun has ended."""
        while self._running:
            await asyncio.wait(self._running)


def uninterrupted(store: C) -> C:
    """Shield every public coroutine method that the class itself defines; it must have `calls`."""
    for name, method in list(vars(store).items()):
        if iscoroutinefunction(method) and not name.startswith("_"):
            setattr(store, name, _shielded(method))
    return store


def _shielded(method: Call) -> Call:
    @wraps(method)
    async def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.calls.shield(method(self, *args, **kwargs))

    return run
