"""What goes on beside a measurement."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def beside(do: Callable[[threading.Event], None]) -> Iterator[None]:
    """Do it in a thread until the end of the block: it returns once the event is set."""
    end = threading.Event()
    thread = threading.Thread(target=do, args=(end,))
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
