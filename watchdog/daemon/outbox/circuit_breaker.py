"""One channel's circuit breaker: many incidents do not each hammer a vendor that is down.

Rule 1: after `TRIPS_AT` failures in a row, over all incidents, it opens. Then one probe at a time, with growing gaps.
Rule 2: a probe is a real notice, another one each time where several wait: one that only fails because of its own
words cannot keep the channel shut. What arrives closes the breaker, and everything that waits goes.
Rule 3: while closed, so many attempts run at once as failures are left: no crowd is under way when it opens.
"""

from watchdog.daemon.outbox.channel_queue import QueuedNotice
from watchdog.daemon.outbox.delivery_log import GAPS_SECONDS
from watchdog.ports import Clock

TRIPS_AT = 3
NEVER = float("inf")
ROUNDING_SECONDS = 1e-6
"""Less is no time at all: who slept until a moment may find himself so far before it."""


class CircuitBreaker:
    """Says when a parcel may be tried on its channel; `why` is what the last attempt failed of, empty if it did not."""

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
        """Return whether the channel is known to be down."""
        return self._failures >= TRIPS_AT

    @property
    def waiting(self) -> int:
        """Return how many notices the channel has not got yet."""
        return len(self._waiting)

    def join(self, parcel: QueuedNotice) -> None:
        """Let a parcel hear of changes until it leaves."""
        self._waiting.append(parcel)

    def leave(self, parcel: QueuedNotice) -> None:
        """Forget a parcel: delivered, overtaken or cancelled. Its place may be somebody else's now."""
        self._waiting.remove(parcel)
        self._stir_next()

    def take(self, parcel: QueuedNotice) -> bool:
        """Take a place for one attempt, if there is one now; it ends as `passed`, `failed` or `given_back`."""
        if self.wait_seconds(parcel) > 0:
            return False
        self._under_way.add(parcel)
        return True

    def wait_seconds(self, parcel: QueuedNotice) -> float:
        """Return how long until the parcel may be tried: `NEVER` means until it is stirred."""
        if not parcel.goes or not self._has_place():
            return NEVER
        soonest = max(parcel.not_before, self._due) if self.open else parcel.not_before
        left = soonest - self._clock.monotonic()
        return left if left > ROUNDING_SECONDS else 0.0

    def passed(self, tried: QueuedNotice) -> None:
        """Note a success. If it was down, nobody waits for a gap of its own any longer."""
        if self.open:
            for parcel in self._waiting:
                parcel.not_before = float("-inf")
        self._failures = self._probes = 0
        self.why = ""
        self.given_back(tried)

    def failed(self, tried: QueuedNotice, why: str, asked_seconds: float = 0.0, *, counts: bool = True) -> None:
        """Note a failure; the next probe comes after the next gap, or what the channel asks for, if that is longer.

        `counts` is False for a notice that was refused before: that says nothing new about the channel.
        """
        self.why = why
        if counts and not self.open:
            self._failures += 1
        if self.open:
            gap = GAPS_SECONDS[min(self._probes, len(GAPS_SECONDS) - 1)]
            self._probes += 1
            self._due = self._clock.monotonic() + max(gap, asked_seconds)
            for parcel in self._waiting:
                parcel.stir.set()
        self.given_back(tried)

    def given_back(self, tried: QueuedNotice) -> None:
        """Free the place of an attempt."""
        self._under_way.discard(tried)
        self._stir_next(but=tried)

    def _has_place(self) -> bool:
        return len(self._under_way) < max(1, TRIPS_AT - self._failures)

    def _stir_next(self, but: QueuedNotice | None = None) -> None:
        """Wake those who wait and may go now, pages first; as many as there are places.

        `but` has just been tried: it looks for itself, and a place that woke it would be lost on it.
        """
        waiting = [parcel for parcel in self._waiting if parcel is not but and parcel not in self._under_way]
        able = [parcel for parcel in waiting if self.wait_seconds(parcel) == 0]
        able.sort(key=lambda parcel: not parcel.notice.wakes)
        for parcel in able[: TRIPS_AT - len(self._under_way)]:
            parcel.stir.set()
