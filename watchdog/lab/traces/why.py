"""Describes a fault that was not found by its visible effects in the trace alone, in a few kinds.

Rule: this file does not know how the core decides, except for the factor of its latency limit (`times_baseline`).
"""

from collections.abc import Iterable, Sequence
from statistics import median

from watchdog.domain.units import show_seconds
from watchdog.lab.traces.trial import Bucket, Label, percentile

BEFORE_SECONDS = 1800.0
"""A latency is compared with the median p95 of this time before its label."""
FEW, MANY = 0.01, 0.10
SLOWER = 1.25
SHORT_SECONDS = 120.0


def why_not(label: Label, buckets: Sequence[Bucket], times_baseline: float) -> str:
    """Return in words the worst visible effect of the fault: failures first, then latency."""
    during = [one for one in buckets if one.end > label.start and one.start < label.end]
    if not during:
        return "nothing was recorded in its time"
    failing = max(one.failing or 0.0 for one in during)
    if failing >= MANY:
        return f"10 % of requests or more failed, {_lasting(one for one in during if (one.failing or 0.0) >= MANY)}"
    usual = _usual_p95(label, buckets)
    if usual is None:
        return "no latency is known from before it: it began with the record"
    limit = usual * times_baseline
    # At the 90th percentile first: if one request in ten is slow there, more than one in twenty is as well.
    for share, words in ((0.90, "10 % of requests or more"), (0.95, "5 to 10 % of requests")):
        slow = [one for one in during if (percentile(one, share) or 0.0) >= limit]
        if slow:
            return f"{words} took {times_baseline:g} times the usual p95, {_lasting(slow)}"
    if failing >= FEW:
        return "1 to 10 % of requests failed in its worst bucket"
    if max(percentile(one) or 0.0 for one in during) >= usual * SLOWER:
        return f"latency only: p95 +{SLOWER - 1:.0%} to +{times_baseline - 1:.0%} in its worst bucket"
    if failing > 0:
        return "less than 1 % of requests failed in its worst bucket"
    return f"nothing to be seen at the front: no failure, and p95 below +{SLOWER - 1:.0%}"


def _usual_p95(label: Label, buckets: Sequence[Bucket]) -> float | None:
    before = [one for one in buckets if label.start - BEFORE_SECONDS <= one.start and one.end <= label.start]
    known = [seconds for one in before if (seconds := percentile(one)) is not None]
    return median(known) if known else None


def _lasting(buckets: Iterable[Bucket]) -> str:
    found = list(buckets)
    seconds = sum(one.end - one.start for one in found)
    if len(found) == 1:
        return f"in one bucket of {show_seconds(seconds)}"
    return "for at most 2 min" if seconds <= SHORT_SECONDS else "for longer than 2 min"
