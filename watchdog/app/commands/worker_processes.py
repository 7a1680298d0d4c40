"""Worker processes: never left behind, however the one that started them ends; only that one hears of Ctrl-C."""

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
    """Yield so many worker processes; called off, they are ended in the middle of what they do."""
    others = active_children()
    pool = ProcessPoolExecutor(processes, mp_context=_Workers(), initializer=_end_with_the_parent)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in active_children():
            if child not in others:
                child.terminate()
        raise
    pool.shutdown()


@contextmanager
def interrupts_left_to_us() -> Iterator[None]:
    """Have what is started meanwhile ignore Ctrl-C, which a terminal sends to all: the one that started it ends it.

    A process inherits which signals are blocked, so that even one that is still importing says nothing. Only whoever
    blocked SIGINT unblocks it: of two that overlap, the first.
    """
    if signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}):
        yield
        return
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


class _Worker(SpawnProcess):
    def start(self) -> None:
        """Start with SIGINT blocked."""
        resource_tracker.ensure_running()  # it would unblock SIGINT as it starts
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
    parent.join()
    os._exit(1)
