"""A store call that has begun runs to its end, also when its caller is cancelled.

Why: a database connection whose statement is abandoned half-way must be thrown away, and the outcome of its write is
unknown. So a cancelled caller goes on at once while the write is finished in the background. The store's own timeouts
limit it, and `close()` waits for it.
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
        """Await the call; if the caller is cancelled, the call goes on and its error, if any, is dropped."""
        task = asyncio.ensure_future(call)
        # The event loop holds tasks weakly: without this reference a call could be collected before it ends.
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def ended(self) -> None:
        """Return when every call that has begun has ended."""
        # A loop, not one wait: a call in progress may start another one.
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
