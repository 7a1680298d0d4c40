"""The pace of reads under a vendor's rate limit: learnt from the headers of its answers, shared by urgency.

The vendor counts the reads of all workers and of every other program with our key, and reports the rest of its window
(Render: 400 GETs per clock minute). Less urgent reads leave a share of the limit untouched (`KEPT`). They spread the
part they may use evenly over the window: calm reads all of it, watches the second half. So an action always finds reads
left, and many watches do not spend a minute's reads in one second. Calm reads that waited for the next window do not
take it from watches. A vendor that reports no limit sets none.
"""

import math
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from types import MappingProxyType

from watchdog.adapters.http_exchange import Answer
from watchdog.domain.urgency import Urgency
from watchdog.ports import Clock

MAX_RESET_SECONDS = 3600.0
PREFIXES = ("ratelimit-", "x-ratelimit-", "x-sentry-rate-limit-")
ROUNDED_SECONDS = 1.0
"""Vendors report whole seconds, rounded down: a window that seems over may go on for so long."""
WINDOW_SECONDS = 60.0
KEPT: Mapping[Urgency, float] = MappingProxyType({Urgency.SPARE: 0.4, Urgency.WATCHING: 0.2, Urgency.ACTING: 0.0})
"""The share of the vendor's limit that reads of this urgency leave to the more urgent."""
AT_ONCE: Mapping[Urgency, float] = MappingProxyType({Urgency.SPARE: 0.0, Urgency.WATCHING: 0.5})
"""The share of their own part that these reads may use without a pause."""


def http_date(text: str) -> float | None:
    """Return the UTC epoch seconds of an HTTP date (RFC 9110: one without a zone is UTC), or None if it is not one."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return at.replace(tzinfo=at.tzinfo or UTC).timestamp()


def retry_after_seconds(headers: Mapping[str, str], now: float) -> float:
    """Return the seconds that the vendor asks us to wait (seconds or an HTTP date); 0 without such a header.

    `now`: epoch.
    """
    asked = headers.get("retry-after", "").strip()
    if not asked:
        return 0.0
    seconds = _number(asked)
    if seconds is None:
        until = http_date(asked)
        if until is None:
            return 0.0
        seconds = until - now
    # Limited to an hour: a wrong header must not stop our reads for days.
    return min(max(seconds, 0.0), MAX_RESET_SECONDS)


def reset_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds until the rate window ends if it is used up, else None.

    Render and PagerDuty send seconds left, Sentry and GitHub epoch seconds, LaunchDarkly epoch milliseconds:
    distinguished by size, because the documents themselves are wrong about it.
    """
    window = _window(headers, now)
    return window[2] if window is not None and window[1] <= 0 else None


def _window(headers: Mapping[str, str], now: float) -> tuple[float | None, float, float] | None:
    """Return the limit (None if the header is missing), the remaining reads, and the seconds until the window ends."""
    for prefix in PREFIXES:
        limit, remaining, reset = (_number(headers.get(prefix + key, "")) for key in ("limit", "remaining", "reset"))
        if remaining is None or reset is None:
            continue
        seconds = reset / 1000 - now if reset > 1e11 else reset - now if reset > 1e8 else reset
        return limit, remaining, min(max(seconds, 0.0), MAX_RESET_SECONDS)
    return None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


class ReadBudget:
    """Decides when a read may be sent. `shares`: less urgent reads leave a part of the limit to others."""

    def __init__(self, clock: Clock, *, shares: bool = False) -> None:
        self._clock = clock
        self._shares = shares
        self._shut_until = -math.inf
        self._ends_at = -math.inf
        self._limit = self._remaining = 0.0
        self._sent_at = dict.fromkeys(Urgency, -math.inf)

    def note(self, answer: Answer) -> float:
        """Learn from an answer's headers; return the seconds to wait that a 429 asks for (at least 1), else 0."""
        now = self._clock.now()
        seconds = reset_seconds(answer.headers, now) or 0.0
        if answer.status == 429:
            seconds = max(seconds, retry_after_seconds(answer.headers, now), 1.0)
        if seconds > 0:
            # Never shortened: an older answer may arrive after the one that closed the window.
            self._shut_until = max(self._shut_until, self._clock.monotonic() + seconds)
        if self._shares:
            self._note_window(_window(answer.headers, now))
        return seconds if answer.status == 429 else 0.0

    def _note_window(self, window: tuple[float | None, float, float] | None) -> None:
        """Learn the remaining reads. Answers overtake each other: within one window the least is true."""
        limit, remaining, seconds = window or (None, 0.0, 0.0)
        if limit is None:
            return
        ends_at = self._clock.monotonic() + seconds + ROUNDED_SECONDS
        # Ends within two seconds of each other are one window: the header has whole seconds, and answers take time.
        same = self._limit > 0 and abs(ends_at - self._ends_at) < 2.0
        self._remaining = min(self._remaining, remaining) if same else remaining
        self._limit, self._ends_at = limit, ends_at

    def sent(self, urgency: Urgency) -> None:
        """Count a read that is being sent: others may come before its answer."""
        self._remaining -= 1
        self._sent_at[urgency] = self._clock.monotonic()

    def not_sent(self) -> None:
        """Take back the count of a read that did not reach the vendor."""
        self._remaining += 1

    def seconds_shut(self) -> float:
        """Return for how many more seconds the vendor would refuse any request."""
        return max(0.0, self._shut_until - self._clock.monotonic())

    def seconds_to_wait(self, urgency: Urgency) -> float:
        """Return how long a read of this urgency leaves the remaining reads to the more urgent."""
        now = self._clock.monotonic()
        if now >= self._ends_at:  # a new window began, and no response has reported on it yet
            self._remaining, self._ends_at = self._limit, now + WINDOW_SECONDS
        if not self._limit or not KEPT[urgency]:
            return 0.0
        left_seconds = self._ends_at - now
        mine = (1 - KEPT[urgency]) * self._limit
        usable = self._remaining - KEPT[urgency] * self._limit
        # The share of the more urgent has been reached: nothing is left for this one until the window ends.
        if usable < 1:
            return left_seconds
        at_once = mine * AT_ONCE[urgency]
        # The pause is spread over the reads that are left, so that the last one comes at the window's end.
        return 0.0 if usable > mine - at_once else max(0.0, self._sent_at[urgency] + left_seconds / usable - now)
