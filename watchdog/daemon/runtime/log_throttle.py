"""Which of many equal lines are written into the log: what goes wrong goes wrong again and again."""

from math import inf

from cachetools import LRUCache

AGAIN_SECONDS = 600.0
CALM_SECONDS = 60.0
KINDS_MAX = 64


class LogThrottle:
    """Lets the first line of a kind through, and then one every ten minutes, which says how many were left out.

    Times are monotonic seconds.
    """

    def __init__(self, again_seconds: float = AGAIN_SECONDS) -> None:
        self._again_seconds = again_seconds
        self._said: LRUCache[str, tuple[float, int]] = LRUCache(KINDS_MAX)
        self._last = -inf

    def take(self, kind: str, now: float) -> int | None:
        """Return how many lines of that kind were left out before this one, or None: leave this one out, too."""
        self._last = now
        at, left_out = self._said.get(kind, (-inf, 0))
        if now - at < self._again_seconds:
            self._said[kind] = at, left_out + 1
            return None
        self._said[kind] = now, 0
        return left_out

    def end(self, now: float) -> bool:
        """Tell, once, that it goes well again: for a minute by now, as a damaged file fails every other time."""
        if not self._said or now - self._last < CALM_SECONDS:
            return False
        self._said.clear()
        return True
