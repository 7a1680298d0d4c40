"""Overload: whether this process reads its checks when they are due.

A read is lost when it is void (the event loop stalled while it ran) or begins late (`is_late`). The state is judged
over the last WINDOW_SECONDS, and ends as soon as RECENT_SECONDS were punctual again.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watchdog.ports import Clock

WINDOW_SECONDS = 30.0
RECENT_SECONDS = 2.0
LATE_SHARE = 0.25
LATE_SECONDS = 1.0
"""A read is late if its delay exceeds this share of its interval and this number of seconds."""
LOST_SHARE = 0.1
"""Lost reads above this share of the window are an overload; below half of it, lately, it is over."""
LOST_MIN = 5
"""Fewer lost reads than this are no overload."""
LASTS_SECONDS = 10.0
"""Least span of lost reads: a single pause of the host makes many reads late, all within a moment."""


@dataclass(frozen=True, slots=True)
class Overload:
    """The share of lost reads (0 to 1), and the number of checks that this machine reads at their intervals."""

    lost: float
    carried: int
    checks: int

    def __str__(self) -> str:
        share = f"{self.lost:.0%} of the reads of the last {WINDOW_SECONDS:.0f} s were late or void"
        return f"this machine carries about {self.carried} of {self.checks} checks at their intervals: {share}"


@dataclass(slots=True)
class _Second:
    """The reads that ended within one second of the monotonic clock."""

    at: float
    ended: int = 0
    lost: int = 0
    void: int = 0


class Load:
    """Counts reads as they end."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seconds: deque[_Second] = deque()
        self._over = False

    def ended(self, interval_seconds: float, late_seconds: float, *, void: bool) -> None:
        """Count one read, which began so late after it was due."""
        now = self._clock.monotonic()
        # One bucket a second, so that memory does not grow with the rate of reads.
        if not self._seconds or now - self._seconds[-1].at >= 1.0:
            self._seconds.append(_Second(now))
        self._seconds[-1].ended += 1
        self._seconds[-1].lost += void or is_late(interval_seconds, late_seconds)
        self._seconds[-1].void += void

    def overload(self, intervals: Callable[[], Sequence[float]]) -> Overload | None:
        """Return the overload of checks with these intervals (seconds), or None while next to no read is lost."""
        now = self._clock.monotonic()
        while self._seconds and now - self._seconds[0].at > WINDOW_SECONDS:
            self._seconds.popleft()
        ended, lost = self._share(now, WINDOW_SECONDS)
        lately, lost_lately = self._share(now, RECENT_SECONDS)
        if self._over:
            # Enters at 10 % and leaves at 5 %: a load at the threshold does not flap.
            self._over = lost > 0 and not (lately and lost_lately / lately < LOST_SHARE / 2)
        else:
            lasts = self._lasted() >= LASTS_SECONDS
            self._over = lasts and lost >= LOST_MIN and lost / ended >= LOST_SHARE and lost_lately > 0
        # `intervals` goes through all checks, and the metrics ask every second: only in an overload.
        if not self._over or not ended or not (every := intervals()):
            return None
        # A late read still carries evidence; a void one does not count as carried.
        valid = ended - sum(one.void for one in self._seconds)
        # The reads that the intervals ask for; the share of them that carried evidence is the capacity.
        due, checks = WINDOW_SECONDS * sum(1 / seconds for seconds in every), len(every)
        return Overload(lost / ended, min(checks, _two_digits(checks * valid / due)), checks)

    def _lasted(self) -> float:
        """Return the seconds between the first and the last lost read of the window."""
        at = [one.at for one in self._seconds if one.lost]
        return at[-1] - at[0] if at else 0.0

    def _share(self, now: float, seconds: float) -> tuple[int, int]:
        """Return how many reads ended in the last so many seconds, and how many of them were lost."""
        some = [one for one in self._seconds if now - one.at <= seconds]
        return sum(one.ended for one in some), sum(one.lost for one in some)


def is_late(interval_seconds: float, late_seconds: float) -> bool:
    """Return whether a read that begins so many seconds after its due time is late."""
    return late_seconds > max(LATE_SECONDS, interval_seconds * LATE_SHARE)


def _two_digits(number: float) -> int:
    """Round to two significant digits: the measurement supports no more."""
    return int(float(f"{number:.2g}"))
