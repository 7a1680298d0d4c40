"""One channel's circuit breaker: many incidents do not each hammer a vendor that is down.

Theory. Closed, the channel is used freely. After failures in a row it opens: notices wait, and single trials test the
channel (half-open). A success closes it.

Rule 1: after `TRIPS_AT` failures in a row, over all incidents, it opens. Then one trial at a time, with growing gaps.
Rule 2: a trial is a real notice, a different one each time where several wait: a notice that fails by its own text
cannot keep the channel closed to others. A delivery closes the breaker, and all waiting notices go.
Rule 3: while closed, as many attempts run at once as failures are left: no crowd is in flight when it opens.
"""

from watchdog.daemon.outbox.channel_queue import QueuedNotice
from watchdog.daemon.outbox.delivery_log import GAPS_SECONDS
from watchdog.ports import Clock

TRIPS_AT = 3
NEVER = float("inf")
ROUNDING_SECONDS = 1e-6
"""A shorter wait counts as none: a timer may fire this much early."""


class CircuitBreaker:
    """Decides when a notice may be tried on its channel; `why` is the last attempt's failure, empty after a success."""

    def __init__(self, clock: Clock) -> None:
        self.why = ""
        self._clock = clock
        self._failures = 0
        self._probes = 0
        self._due = float("-inf")
        self._under_way = set[QueuedNotice]()
        self._waiting: list[QueuedNotice] = []

    @property
    def open(self) -> bool:
        """Return whether the breaker is open: the channel is down."""
        return self._failures >= TRIPS_AT

    @property
    def waiting(self) -> int:
        """Return the number of notices that wait for the channel."""
        return len(self._waiting)

    def join(self, queued: QueuedNotice) -> None:
        """Wake this notice's task at changes, until it leaves."""
        self._waiting.append(queued)

    def leave(self, queued: QueuedNotice) -> None:
        """Forget a notice: delivered, superseded or cancelled. Another notice may take its place."""
        self._waiting.remove(queued)
        self._stir_next()

    def take(self, queued: QueuedNotice) -> bool:
        """Take a place for one attempt, if one is free; it ends as `passed`, `failed` or `given_back`."""
        if self.wait_seconds(queued) > 0:
            return False
        self._under_way.add(queued)
        return True

    def wait_seconds(self, queued: QueuedNotice) -> float:
        """Return the seconds until the notice may be tried: `NEVER` means until it is stirred."""
        if not queued.goes:
            return NEVER
        soonest = max(queued.not_before, self._due) if self.open else queued.not_before
        left = soonest - self._clock.monotonic()
        # Its own gap first: a place that is freed before that wakes only those that may go, and nothing else would.
        if left > ROUNDING_SECONDS:
            return left
        return 0.0 if self._has_place() else NEVER

    def passed(self, tried: QueuedNotice) -> None:
        """Note a success. If the breaker was open, no notice waits for its own gap any longer."""
        if self.open:
            for queued in self._waiting:
                queued.not_before = float("-inf")
        # One success is enough: a vendor that answers again must not keep pages waiting.
        self._failures = self._probes = 0
        self.why = ""
        self.given_back(tried)

    def failed(self, tried: QueuedNotice, why: str, asked_seconds: float = 0.0, *, counts: bool = True) -> None:
        """Note a failure; the next trial comes after the next gap, or the channel's Retry-After, if that is longer.

        `counts` is False for a notice that was refused before: its refusal says nothing new about the channel.
        """
        self.why = why
        # Beyond the limit a count says nothing more: one success closes it, however many trials failed.
        if counts and not self.open:
            self._failures += 1
        if self.open:
            gap = GAPS_SECONDS[min(self._probes, len(GAPS_SECONDS) - 1)]
            self._probes += 1
            self._due = self._clock.monotonic() + max(gap, asked_seconds)
            for queued in self._waiting:
                # Each waiting notice learns the new due time, and may call its fallback.
                queued.stir.set()
        self.given_back(tried)

    def given_back(self, tried: QueuedNotice) -> None:
        """Free the place of an attempt."""
        self._under_way.discard(tried)
        self._stir_next(but=tried)

    def _has_place(self) -> bool:
        # While open, one trial at a time.
        return len(self._under_way) < max(1, TRIPS_AT - self._failures)

    def _stir_next(self, but: QueuedNotice | None = None) -> None:
        """Wake the notices that may go now, pages first; as many as there are places.

        `but` has just been tried: its task looks by itself, and a place that woke it would be lost.
        """
        waiting = [queued for queued in self._waiting if queued is not but and queued not in self._under_way]
        able = [queued for queued in waiting if self.wait_seconds(queued) == 0]
        # Sorting is stable: among pages the one that waited longest goes first.
        able.sort(key=lambda queued: not queued.notice.wakes)
        for queued in able[: TRIPS_AT - len(self._under_way)]:
            queued.stir.set()
