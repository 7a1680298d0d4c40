"""Limits equal log lines: a failure tends to repeat for hours."""

from math import inf

from cachetools import LRUCache

AGAIN_SECONDS = 600.0
CALM_SECONDS = 60.0
KINDS_MAX = 64


class LogThrottle:
    """Passes the first line of a kind, then one every ten minutes with the number of lines left out.

    Times are monotonic seconds.
    """

    def __init__(self, again_seconds: float = AGAIN_SECONDS) -> None:
        self._again_seconds = again_seconds
        # Bounded, since a kind may contain foreign text.
        self._said: LRUCache[str, tuple[float, int]] = LRUCache(KINDS_MAX)
        self._last = -inf

    def take(self, kind: str, now: float) -> int | None:
        """Return the number of lines of that kind left out before this one; None: leave this one out, too."""
        # Suppressed lines count too: `end` waits for a minute without any.
        self._last = now
        at, left_out = self._said.get(kind, (-inf, 0))
        if now - at < self._again_seconds:
            self._said[kind] = at, left_out + 1
            return None
        self._said[kind] = now, 0
        return left_out

    def end(self, now: float) -> bool:
        """Return True once after a minute without failures: a damaged file fails every other time."""
        if not self._said or now - self._last < CALM_SECONDS:
            return False
        self._said.clear()
        return True
