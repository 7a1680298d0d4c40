"""Logs and reports a fault in the daemon's own code that costs people only a part of what they read.

Rule: pages and replies are made again and again: the first of a kind is logged with its traceback and reported; then
one line every ten minutes has the count.
"""

import traceback

import structlog

from watchdog.daemon.runtime.log_throttle import LogThrottle
from watchdog.daemon.telemetry import own_errors
from watchdog.ports import Clock

log = structlog.get_logger("watchdog")


class FaultLog:
    """Takes the exceptions of one thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._throttle = LogThrottle()

    def __call__(self, error: Exception) -> None:
        """Log an exception, unless one of its kind was logged in the last ten minutes."""
        kind = fault_kind(error)
        left_out = self._throttle.take(kind, self._clock.monotonic())
        if left_out is None:
            return
        first = error if left_out == 0 else None
        log.error("part of a page or reply left out, internal error", kind=kind, left_out=left_out, exc_info=first)
        own_errors.report(error)


def fault_kind(error: Exception) -> str:
    """Return type and place of an exception, not its text, which a client may choose."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} {last.filename}:{last.lineno}"
