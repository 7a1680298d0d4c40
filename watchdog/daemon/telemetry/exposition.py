"""The metrics page in one of two formats, rendered at most once a second for all scrapers.

A large page is kept for longer (50 services: some seconds): strangers who ask without a pause would else keep a thread
rendering, and one probe in a hundred would be late for it.

Rule 1: the Accept header chooses one of two formats; its other parts are ignored and never repeated.
Rule 2: a page is rendered in a thread, as a large one would delay probes (300 services: 0.2 s). Each value is one that
was; two of them may be some milliseconds apart, as wherever another thread reads metrics.
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
BYTES_A_SECOND = 15_000
"""Rendering rate, on average, for any number of scrapers: a third of a percent of the time, with what it is made of.

While a page is rendered, the loop waits for its turn again and again: 1 % of the time would be the p99 of the probes.
"""


@dataclass(frozen=True, slots=True)
class Format:
    """A content type, and its encoder."""

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
        """Return a page, rendered anew once older than its `fresh_seconds`, and its content type.

        A request during the rendering gets the same page.
        """
        form = format_of(accept)
        # A second request waits for the page in progress instead of starting another thread.
        async with self._one_at_a_time:
            good_until, body = self._kept.get(form, (float("-inf"), b""))
            if self._clock.monotonic() >= good_until:
                body = await asyncio.to_thread(written, self._metrics.collect(), form)
                # Counted from the end: a slow rendering does not shorten the time a page is kept.
                self._kept[form] = self._clock.monotonic() + fresh_seconds(len(body)), body
        return body, form.content_type


def fresh_seconds(size: int) -> float:
    """Return the seconds a page of this many bytes is kept."""
    return min(max(FRESH_SECONDS, size / BYTES_A_SECOND), FRESH_SECONDS_MAX)


def format_of(accept: str) -> Format:
    """Return OpenMetrics if the Accept header names the rendered version, or no version; else the classic text."""
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
    """A registry, as the library's encoders expect it."""

    families: Iterable[Metric]

    def collect(self) -> Iterable[Metric]:
        return self.families
