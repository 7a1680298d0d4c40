"""Today's alert rules as their vendors document them: one object watches one route.

Rule 1: a rule receives every probe in order, and returns whether it fires now.
Rule 2: its settings are public, so that the lab can search for the best of them; nothing else is tuned.

Sources: Gatus `failure-threshold: 3` and Route 53 `FailureThreshold` 3; Prometheus `for:` as in Grafana's synthetic
"high" (5 % of the probes, 5 minutes); SRE workbook, chapter 5, table 5-8 and its "low traffic" remedies.
"""

from bisect import bisect_right
from collections import deque
from typing import Protocol

from watchdog.lab.profile import PROBE_NOISE

SLO = 0.999
WINDOW_SECONDS = 60.0
FAILURES_MIN = 5
"""Fewer failures than that never page, whatever their share: the workbook's remedy for low traffic."""
FAST = (3600.0, 300.0, 14.4)
SLOW = (21600.0, 1800.0, 6.0)
"""Burn rates: the long and the short window in seconds, and how many times the budget both must burn."""


class Rule(Protocol):
    """The interface of an alert rule. Calls to `see` must come in order of time; the rule keeps its own history."""

    def see(self, at: float, failed: bool) -> bool:
        """Take one probe (UTC epoch seconds of its answer), and return whether the rule fires."""
        ...


class InARow:
    """Fires while the last `failures` probes or more have failed in a row."""

    __slots__ = ("_run", "failures")

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self._run = 0

    def see(self, at: float, failed: bool) -> bool:
        """Count the unbroken run."""
        self._run = self._run + 1 if failed else 0
        return self._run >= self.failures


class Threshold:
    """More than `share` of the probes of the last minute fail, and have done so for `for_seconds` without a break."""

    __slots__ = ("_seen", "_since", "for_seconds", "share")

    def __init__(self, for_seconds: float, share: float = 0.05) -> None:
        self.for_seconds = for_seconds
        self.share = share
        self._seen: deque[tuple[float, bool]] = deque()
        self._since: float | None = None

    def see(self, at: float, failed: bool) -> bool:
        """Evaluate the threshold like Prometheus: pending from the first evaluation that holds, firing after `for`."""
        # Kept for one window only: the share is that of the last minute at each evaluation.
        self._seen.append((at, failed))
        while self._seen[0][0] <= at - WINDOW_SECONDS:
            self._seen.popleft()
        if sum(bad for _, bad in self._seen) <= self.share * len(self._seen):
            self._since = None
            return False
        if self._since is None:
            self._since = at
        return at - self._since >= self.for_seconds


class Burn:
    """The error budget burns too fast over a long and a short window, for any of the pairs of windows.

    The time before the first probe counts as healthy, with the world's own noise: an episode begins in the middle of
    the service's life.
    """

    __slots__ = ("_failures", "_seen", "every_seconds", "longest_seconds", "pairs")

    def __init__(self, every_seconds: float, pairs: tuple[tuple[float, float, float], ...] = (FAST, SLOW)) -> None:
        self.every_seconds = every_seconds
        self.pairs = pairs
        self.longest_seconds = max(long for long, _, _ in pairs)
        self._failures: list[float] = []
        self._seen = 0

    def see(self, at: float, failed: bool) -> bool:
        """Record a failure, and evaluate every pair of windows."""
        self._seen += 1
        if failed:
            self._failures.append(at)
        # Most probes of a healthy service end here, before the windows are counted.
        if len(self._failures) < FAILURES_MIN:
            return False
        del self._failures[: bisect_right(self._failures, at - self.longest_seconds)]
        return any(self._burns(at, pair) for pair in self.pairs)

    def _burns(self, at: float, pair: tuple[float, float, float]) -> bool:
        long, short, rate = pair
        budget = rate * (1 - SLO)
        enough = self._failed(at, long) >= FAILURES_MIN
        return enough and self._share(at, long) > budget and self._share(at, short) > budget

    def _failed(self, at: float, seconds: float) -> int:
        return len(self._failures) - bisect_right(self._failures, at - seconds)

    def _share(self, at: float, seconds: float) -> float:
        probes = seconds / self.every_seconds
        # The part of the window before the first probe, filled with the failures of a healthy service.
        unseen = max(0.0, probes - self._seen)
        return (self._failed(at, seconds) + unseen * PROBE_NOISE) / probes
