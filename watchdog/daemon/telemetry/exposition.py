"""What a scraper is given: our metrics in one of two formats, rendered at most once a second, however many ask.

A large page is kept for longer (50 services: some seconds): strangers who ask without a pause would else keep a thread
writing, and one probe in a hundred would be late for it.

Rule 1: a stranger's Accept header chooses one of the two; what else it says is neither understood nor repeated.
Rule 2: a page is made beside the loop, or a large one would make our own probes late (300 services: 0.2 s). Each value
is one that was; two of them may be some milliseconds apart, as everywhere where metrics are read by another thread.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import exposition as openmetrics

from watchdog.daemon.telemetry.metrics import Metrics
from watchdog.ports import Clock

FRESH_SECONDS, FRESH_SECONDS_MAX = 1.0, 10.0
BYTES_A_SECOND = 60_000
"""What is written of pages, on average, however many ask: half a percent of the time."""


@dataclass(frozen=True, slots=True)
class Format:
    """A content type, and what writes it."""

    content_type: str
    encode: Callable[[Any], bytes]


CLASSIC = Format("text/plain; version=0.0.4; charset=utf-8", generate_latest)
OPENMETRICS = Format("application/openmetrics-text; version=1.0.0; charset=utf-8", openmetrics.generate_latest)


class Exposition:
    """The pages of one daemon, kept for a second."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._kept: dict[Format, tuple[float, bytes]] = {}

    async def page(self, accept: str) -> tuple[bytes, str]:
        """Return a page at most a second old, and its content type. Who asks while it is made gets the same one."""
        form = format_of(accept)
        async with self._one_at_a_time:
            good_until, body = self._kept.get(form, (float("-inf"), b""))
            if self._clock.monotonic() >= good_until:
                body = await asyncio.to_thread(written, self._metrics.collect(), form)
                self._kept[form] = self._clock.monotonic() + fresh_seconds(len(body)), body
        return body, form.content_type


def fresh_seconds(size: int) -> float:
    """Return how long a page of so many bytes is kept."""
    return min(max(FRESH_SECONDS, size / BYTES_A_SECOND), FRESH_SECONDS_MAX)


def format_of(accept: str) -> Format:
    """Return OpenMetrics if this Accept header names the version that we write, or none; else the classic text."""
    for accepted in accept.lower().split(","):
        kind, *more = (part.strip() for part in accepted.split(";"))
        versions = {part for part in more if part.startswith("version=")}
        if kind == "application/openmetrics-text" and versions <= {"version=1.0.0"}:
            return OPENMETRICS
    return CLASSIC


def written(families: Iterable[Metric], form: Format = CLASSIC) -> bytes:
    """Return the families as a page."""
    return form.encode(_Taken(families))


@dataclass(frozen=True, slots=True)
class _Taken:
    """Looks like a registry to the library's encoders."""

    families: Iterable[Metric]

    def collect(self) -> Iterable[Metric]:
        return self.families
