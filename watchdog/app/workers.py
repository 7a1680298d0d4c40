"""Worker processes: never left behind, however the one that started them ends."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from threading import Thread


@contextmanager
def workers(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Yield so many worker processes; called off, they are ended in the middle of what they do."""
    others = active_children()
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_belong_to_the_parent)
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
def interruptible() -> Iterator[None]:
    """Have Ctrl-C end what blocks the event loop, which alone would hear of it only afterwards."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:  # whoever started it does not want it interrupted
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _belong_to_the_parent() -> None:
    """Leave Ctrl-C to the parent, and end when it does: nobody takes our answers then."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_the_parent, name="parent", daemon=True).start()


def _end_with_the_parent() -> None:
    parent = parent_process()
    assert parent is not None, "a worker has one"
    parent.join()
    os._exit(1)
