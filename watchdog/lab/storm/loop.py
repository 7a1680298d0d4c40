"""A seeded event loop in virtual time: no task waits in real time, and the next task to run is drawn at random.

Rule 1: time moves only when nothing is ready, and then to the next timer. No threads, no sockets, no luck of its own.
Rule 2: of all that is ready, one handle is drawn and the rest deferred: an order that asyncio happens to keep is no
promise, and a lost update shows only when one task overtakes another.
Rule 3: every handle belongs to a process (through its context) or to the world. A killed process's handles never run
again: no `finally`, no `except`, as after kill -9. A frozen process's handles wait until it thaws, all of them at once.
Rule 4: the same seed gives the same run, with any PYTHONHASHSEED: tasks hash by their number.

It replaces private parts of asyncio's loop (`_run_once`, `_ready`); tests/lab has the test that says so when a new
Python changes them.
"""

import asyncio
import heapq
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, ContextVar, copy_context
from itertools import count
from random import Random
from typing import Any, TypeVar

RUNNING, FROZEN, DEAD = "running", "frozen", "dead"
T = TypeVar("T")


class Process:
    """One start of a worker: it runs, is frozen, or is dead.

    `fuse` counts the handles until fate looks at it; `frozen` lists from when to when it stood still, and `stopped_at`
    when it was killed or frozen (virtual seconds).
    """

    __slots__ = ("buried", "frozen", "fuse", "held", "name", "state", "stopped_at")

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = RUNNING
        self.fuse = -1
        self.frozen: list[tuple[float, float]] = []
        self.stopped_at: list[float] = []
        self.held: list[Handle] = []
        self.buried: list[object] = []


class Handle:
    """A callback with its context; a timer also has a moment. It has the part of asyncio.Handle that asyncio uses."""

    __slots__ = ("args", "callback", "context", "moment")

    def __init__(
        self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None, moment: float
    ) -> None:
        self.callback: Callable[..., object] | None = callback
        self.args = args
        # As in asyncio: a callback belongs to the process that planned it.
        self.context = context if context is not None else copy_context()
        self.moment = moment

    def cancel(self) -> None:
        """Never run it."""
        self.callback, self.args = None, ()

    def cancelled(self) -> bool:
        """Return whether the callback will never run."""
        return self.callback is None

    def when(self) -> float:
        """Return the moment it was planned for."""
        return self.moment


PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)
"""Whose handle it is; None is the world."""


class Deadlock(Exception):
    """Nothing is ready and no timer is set: all tasks wait for each other."""


class _Task(asyncio.Task[Any]):
    """A task that hashes by its number, so that sets of tasks keep one order in every run."""

    # The tasks of a killed process stay pending on purpose: asyncio would warn of each one.
    _log_destroy_pending = False

    def __init__(self, number: int, work: Any, *, loop: "StormLoop", **how: Any) -> None:
        self.number = number
        super().__init__(work, loop=loop, **how)

    def __hash__(self) -> int:
        return self.number


class StormLoop(asyncio.BaseEventLoop):
    """The loop. `at_fuse` is called when a process's fuse has burnt down, before its next handle runs."""

    def __init__(self, chance: Random, at_fuse: Callable[[Process], None] = lambda process: None) -> None:
        super().__init__()
        self.steps = 0
        self._draw = chance.random
        self._at_fuse = at_fuse
        self._now = 0.0
        self._ready: list[Handle] = []
        self._timers: list[tuple[float, int, Handle]] = []
        self._order = count()
        self._numbers = count(1)
        # Python hashes a task by its address, which gives sets of tasks another order in each run.
        self.set_task_factory(self._make_task)  # type: ignore[arg-type]
        self.set_exception_handler(self._complain)
        self.complaints: list[str] = []

    def time(self) -> float:
        """Return virtual seconds since the loop was made."""
        return self._now

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Handle:
        """Make something ready to run."""
        handle = Handle(callback, args, context, self._now)
        self._ready.append(handle)
        return handle

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Handle:
        """Make something ready at a moment of virtual time."""
        timer = Handle(callback, args, context, when)
        # The number breaks ties between timers of one moment: handles themselves cannot be compared.
        heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Handle:
        """Make something ready after so many virtual seconds."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Any, *args: Any
    ) -> Any:
        """Refuse: threads are not deterministic."""
        raise RuntimeError("no threads in a storm")

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Any = None
    ) -> Any:
        """Refuse: there is only one thread."""
        raise RuntimeError("no threads in a storm")

    def thaw(self, process: Process) -> None:
        """Let a frozen process go on: all that was held becomes ready at once."""
        if process.state is FROZEN:
            process.state = RUNNING
            self._ready += process.held
            process.held = []

    def _run_once(self) -> None:
        ready = self._ready
        if not ready:
            self._advance()
        size = len(ready)
        if size > 1:
            # This runs for every handle: `randrange` is slower, and a removal from the middle shifts the list.
            drawn = int(self._draw() * size)
            ready[drawn], ready[-1] = ready[-1], ready[drawn]
        handle = ready.pop()
        if handle.callback is None:
            return
        process = handle.context.get(PROCESS)
        if process is not None:
            # Counted before the state is read: the handle at which the fuse ends does not run any more.
            process.fuse -= 1
            if process.fuse == 0 and process.state is RUNNING:
                self._at_fuse(process)
            if process.state is not RUNNING:
                # The handles of a dead process stay referenced: a collected coroutine would run its `finally`.
                (process.held if process.state is FROZEN else process.buried).append(handle)
                return
        self.steps += 1
        try:
            handle.context.run(handle.callback, *handle.args)
        except Exception as error:  # noqa: BLE001  as in asyncio: it is told, and the loop goes on
            self.call_exception_handler({"message": f"{handle.callback} failed", "exception": error})

    def _advance(self) -> None:
        """Move time to the next timer; all timers of that moment become ready."""
        timers = self._timers
        # Time must not stop at a cancelled timer: at that moment nothing happens.
        while timers and timers[0][2].callback is None:
            heapq.heappop(timers)
        if not timers:
            raise Deadlock(f"nobody can go on at {self._now:.3f} s")
        # A timer may be set for a moment that is past (`call_at`): time never goes back.
        self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            self._ready.append(heapq.heappop(timers)[2])

    def _make_task(
        self, loop: "StormLoop", work: Coroutine[Any, Any, T] | Generator[Any, None, T], **how: Any
    ) -> _Task:
        return _Task(next(self._numbers), work, loop=self, **how)

    def _complain(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.complaints.append(f"{context['message']} ({type(error).__name__ if error else 'no error'}: {error})")
