"""One supervisor per task: a crash is reported and the task started again; its siblings never notice.

Rule 1: this is the only file that makes tasks. A dropped task loses its error, and a TaskGroup cancels the siblings
of a failed task, which must not stop paging.
Rule 2: a crash is never silent: it is reported each time, with a growing, bounded pause before the next start.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from watchdog.ports import Clock

BACKOFF_FIRST_SECONDS = 1.0
BACKOFF_MAX_SECONDS = 60.0
HEALTHY_AFTER_SECONDS = 60.0
"""A task that ran for this long is restarted with the shortest pause after a crash."""

OnError = Callable[[str, BaseException], None]
"""Receives the name of a task and its exception."""


class Supervisor:
    """Starts tasks, restarts the long-lived ones, reports the exceptions of all."""

    def __init__(self, clock: Clock, on_error: OnError) -> None:
        self._clock = clock
        self._on_error = on_error
        self._lasting: dict[str, asyncio.Task[None]] = {}
        self._passing: set[asyncio.Task[None]] = set()
        self._ailing: dict[str, str] = {}

    def start(self, name: str, factory: Callable[[], Coroutine[Any, Any, None]], restart: bool = True) -> None:
        """Run a long-lived task; `restart` it after a crash. A task that returns by itself is done."""
        if name in self._lasting:
            raise ValueError(f"a task named {name} runs already")
        self._ailing.pop(name, None)
        work = self._keep_running(name, factory) if restart else self._run_once(name, factory)
        task = self._make(name, work)
        self._lasting[name] = task
        task.add_done_callback(lambda done: self._forget(name, done))

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a short task once; a failure is reported, not raised. The task may be cancelled by the caller."""
        task = self._make(name, self._run_once(name, lambda: work))
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)
        # A task cancelled before its first step never enters `work`: close it, or Python warns of a lost coroutine.
        task.add_done_callback(lambda _: work.close())
        return task

    async def end(self, name: str, grace_seconds: float = 10.0) -> None:
        """Cancel one long-lived task and wait for its end; an unknown name is ignored."""
        task = self._lasting.get(name)
        if task is not None:
            task.cancel()
            await asyncio.wait([task], timeout=grace_seconds)

    async def stop(self, grace_seconds: float) -> tuple[str, ...]:
        """Cancel everything and wait; return the names of tasks that would not end in time."""
        # A task that stops the supervisor must not wait for itself.
        tasks = [task for task in (*self._lasting.values(), *self._passing) if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        if not tasks:
            return ()
        _, stuck = await asyncio.wait(tasks, timeout=grace_seconds)
        return tuple(sorted(task.get_name() for task in stuck))

    def names(self) -> tuple[str, ...]:
        """Return the long-lived tasks that are not finished, in the order of their start."""
        return tuple(self._lasting)

    def alive(self) -> tuple[str, ...]:
        """Return the names of the tasks that run now, without those waiting for a restart."""
        return tuple(name for name in self._lasting if name not in self._ailing)

    def ailing(self) -> dict[str, str]:
        """Return the long-lived tasks that do not run, each with the reason: empty when all is well."""
        return dict(self._ailing)

    def count(self) -> int:
        """Return how many tasks exist, short ones too."""
        return len(self._lasting) + len(self._passing)

    def _make(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.create_task(work, name=name)

    def _forget(self, name: str, task: asyncio.Task[None]) -> None:
        # A task of the same name may have been started since: its entry stays.
        if self._lasting.get(name) is task:
            del self._lasting[name]
        # A cancelled task was ended on purpose; a crashed one stays listed as ailing.
        if task.cancelled():
            self._ailing.pop(name, None)

    async def _run_once(self, name: str, factory: Callable[[], Coroutine[Any, Any, None]]) -> None:
        error = await _outcome(factory())
        if error is None:
            return
        # A failed short task is reported; only a missing long-lived task makes the daemon unhealthy.
        if name in self._lasting:
            self._ailing[name] = f"died of {type(error).__name__}"
        self._report(name, error)

    async def _keep_running(self, name: str, factory: Callable[[], Coroutine[Any, Any, None]]) -> None:
        pause = BACKOFF_FIRST_SECONDS
        while True:
            began = self._clock.monotonic()
            error = await _outcome(factory())
            if error is None:
                return
            # A minute of work ends the series of crashes: the next one is retried after a second again.
            if self._clock.monotonic() - began >= HEALTHY_AFTER_SECONDS:
                pause = BACKOFF_FIRST_SECONDS
            self._ailing[name] = f"died of {type(error).__name__}, starts again within {pause:.0f} s"
            self._report(name, error)
            await self._clock.sleep(pause)
            self._ailing.pop(name, None)
            pause = min(pause * 2, BACKOFF_MAX_SECONDS)

    def _report(self, name: str, error: BaseException) -> None:
        try:
            self._on_error(name, error)
        except Exception as worse:  # noqa: BLE001  a broken reporter must not kill the task it reports on
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"reporting the failure of task {name} failed", "exception": worse}
            )


async def _outcome(work: Coroutine[Any, Any, None]) -> BaseException | None:
    """Return the exception of the work, or None; a cancellation of this task is raised.

    A CancelledError without a cancellation of this task (it leaked from a library's future) is a crash like any other.
    """
    task = asyncio.current_task()
    try:
        await work
    except asyncio.CancelledError as error:
        if task is None or task.cancelling():
            raise
        return error
    except Exception as error:  # noqa: BLE001  whatever it is, it is reported and must not spread
        return error
    return None


async def raised(error: Exception) -> None:
    """Raise the error in a task of its own, so that the supervisor reports it."""
    raise error
