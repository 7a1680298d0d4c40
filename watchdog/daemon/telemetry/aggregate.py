"""One row a minute for each signal, for the charts: counts and latency quantiles. Pure.

Latencies go into a log-bucket sketch (the idea of DDSketch, Masson et al., VLDB 2019): a quantile is right within 1 %,
whatever the number of probes, in a bounded number of buckets.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from watchdog.domain.readings import Bad, FailureKind, Good, Unknown
from watchdog.domain.store_records import Minute
from watchdog.ports import Sample

MINUTE_SECONDS = 60.0
GRACE_SECONDS = 5.0
"""A read that began in a minute may be handed in this much later."""
OPEN_MAX = 10_000
"""Most rows kept; beyond that the oldest minute is dropped (no rows were taken for hours)."""
WHY_MAX_CHARACTERS = 200
_GAMMA = 1.02
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.0001, 3600.0


class Sketch:
    """Quantiles of positive numbers between 0.1 ms and an hour, within 1 %."""

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self._count = 0

    def add(self, seconds: float) -> None:
        """Take one latency."""
        bounded = min(max(seconds, _SHORTEST_SECONDS), _LONGEST_SECONDS)
        # Bucket i covers (γ^(i-1), γ^i]; its middle is within 1 % of every value in it, as γ is 1.02.
        index = math.ceil(math.log(bounded) / math.log(_GAMMA))
        self._buckets[index] = self._buckets.get(index, 0) + 1
        self._count += 1

    def quantile(self, share: float) -> float | None:
        """Return the value below which that share lies (nearest rank), or None without any."""
        rank = max(1, math.ceil(share * self._count))
        seen = 0
        for index in sorted(self._buckets):
            seen += self._buckets[index]
            if seen >= rank:
                return float(2 * _GAMMA**index / (1 + _GAMMA))
        return None


@dataclass(slots=True)
class _Open:
    """An incomplete minute."""

    good: int = 0
    bad: int = 0
    unknown: int = 0
    why: str = ""
    latencies: Sketch = field(default_factory=Sketch)


class MinuteAggregator:
    """Collects samples and hands complete minutes out, each once (twice only if the host's clock was set back)."""

    def __init__(self) -> None:
        self._open: dict[tuple[float, str, str], _Open] = {}

    def add(self, service: str, signal: str, sample: Sample, at: float) -> None:
        """Count a sample in the minute of `at` (UTC epoch seconds)."""
        key = (at - at % MINUTE_SECONDS, service, signal)
        # The rows were not taken for hours, as when the store hangs: the newest are worth more than the oldest.
        if key not in self._open and len(self._open) >= OPEN_MAX:
            oldest = min(start for start, _, _ in self._open)
            self._open = {key: row for key, row in self._open.items() if key[0] != oldest}
        row = self._open.setdefault(key, _Open())
        match sample.reading:
            case Good():
                row.good += 1
            case Bad(why):
                row.bad, row.why = row.bad + 1, why[:WHY_MAX_CHARACTERS]
            case Unknown(why):
                row.unknown += 1
                # A failure's reason outranks that of an unknown reading.
                row.why = row.why if row.bad else why[:WHY_MAX_CHARACTERS]
        # An error often comes fast: in the percentiles it would make an outage look fast.
        failed = isinstance(sample.reading, Bad) and sample.reading.kind is not FailureKind.SLOW
        if sample.latency_seconds is not None and not failed:
            row.latencies.add(sample.latency_seconds)

    def complete(self, now: float) -> list[Minute]:
        """Return and forget the complete minutes, oldest first.

        A minute further in the future than the next is complete as well: the clock was set back, so it will not grow.
        """
        current = now - now % MINUTE_SECONDS
        # Within the grace, the last minute may still get reads that began in it.
        ended = current - MINUTE_SECONDS if now - current < GRACE_SECONDS else current
        return self._take(lambda start: not ended <= start <= current + MINUTE_SECONDS)

    def flush(self) -> list[Minute]:
        """Return and forget all minutes, the incomplete one too, before the daemon stops."""
        return self._take(lambda start: True)

    def _take(self, over: Callable[[float], bool]) -> list[Minute]:
        keys = sorted(key for key in self._open if over(key[0]))
        return [_minute(*key, self._open.pop(key)) for key in keys]


def _minute(start: float, service: str, signal: str, row: _Open) -> Minute:
    quantile, seen = row.latencies.quantile, row.good + row.bad
    return Minute(
        service=service,
        signal=signal,
        start=start,
        good=row.good,
        bad=row.bad,
        unknown=row.unknown,
        p50_seconds=quantile(0.50),
        p95_seconds=quantile(0.95),
        p99_seconds=quantile(0.99),
        why=row.why,
        watched_seconds=MINUTE_SECONDS if seen else 0.0,
        lost_seconds=MINUTE_SECONDS * row.bad / seen if seen else 0.0,
        timed_checks=seen,
    )
