"""Worker processes: none outlives the process that started it, however that ends; only that one handles Ctrl-C."""

import asyncio
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, parent_process, resource_tracker
from multiprocessing.context import SpawnContext, SpawnProcess
from threading import Thread


@contextmanager
def workers(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of worker processes; after an error or Ctrl-C they are terminated in the middle of their work."""
    # Children of other pools are left alone below.
    others = active_children()
    # Spawned, not forked: a fork would inherit the locks of threads, and a running event loop.
    pool = ProcessPoolExecutor(processes, mp_context=_Workers(), initializer=_end_with_the_parent)
    try:
        yield pool
    except BaseException:
        # `shutdown` alone lets a running job finish, which may take minutes: terminate the children that this pool
        # started.
        pool.shutdown(wait=False, cancel_futures=True)
        for child in active_children():
            if child not in others:
                child.terminate()
        raise
    pool.shutdown()


@contextmanager
def interrupts_left_to_us() -> Iterator[None]:
    """Make processes started meanwhile ignore Ctrl-C, which a terminal sends to the whole group; their parent ends
    them.

    A process inherits its blocked signals, so that even one still importing prints no traceback. Only the first of two
    overlapping calls blocks SIGINT, and unblocks it.
    """
    if signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}):
        yield
        return
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def as_interrupted() -> Iterator[None]:
    """Make SIGTERM act like Ctrl-C: end all started processes, remove all written files."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None, "only within a task"
    stopped = asyncio.Event()

    def stop() -> None:
        stopped.set()
        task.cancel()

    loop.add_signal_handler(signal.SIGTERM, stop)
    try:
        yield
    # Only a cancellation of ours becomes KeyboardInterrupt: another one must stay what it is for asyncio.
    except asyncio.CancelledError:
        if stopped.is_set():
            raise KeyboardInterrupt from None
        raise
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


class _Worker(SpawnProcess):
    def start(self) -> None:
        """Start with SIGINT blocked."""
        # Started with the first worker, the tracker would unblock SIGINT in this thread.
        resource_tracker.ensure_running()
        with interrupts_left_to_us():
            super().start()


class _Workers(SpawnContext):
    Process = _Worker


def _end_with_the_parent() -> None:
    """End this worker process when its parent ends."""
    Thread(target=_await_its_end, name="parent", daemon=True).start()


def _await_its_end() -> None:
    parent = parent_process()
    assert parent is not None, "a worker has one"
    # Not sys.exit: this is a thread, and the main one may be in the middle of an episode.
    parent.join()
    os._exit(1)
