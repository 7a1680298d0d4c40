"""What is counted: `python -m tests.benchmarks.workloads NAME NUMBER [URL] [--burden N]` does one thing that often.

A process of its own, single-threaded, the order of its hashes fixed by PYTHONHASHSEED.
"""

import argparse
import asyncio
import contextlib
import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

EVERY_SECONDS = 10.0
PROBE_TIMEOUT = "60s"
"""The counter slows a probe down fifty times, a busy machine some times more."""


@dataclass(frozen=True, slots=True)
class _Point:
    at: float
    name: str
    runs: int = 0


def reference(number: int) -> None:
    """What decisions are made of, and nothing of ours: calls, attributes, frozen dataclasses, dicts, tuples, text."""
    points = {f"point-{n}": _Point(0.0, f"point-{n}") for n in range(8)}
    for turn in range(number):
        name = f"point-{turn % 8}"
        point = points[name]
        points = {**points, name: replace(point, at=point.at + EVERY_SECONDS, runs=point.runs + 1)}
        sum(one.runs for one in points.values() if one.at >= point.at)


def reading(number: int) -> None:
    """Healthy readings through the core's step, as `watchdog lab speed` measures it."""
    from watchdog.lab import speed

    state, begin = speed._calm(), speed.EPOCH
    speed._told(state, [speed._look(begin + EVERY_SECONDS * turn) for turn in range(number)])


def probe(number: int, url: str) -> None:
    """Probes of a page by the real prober, one after the other, over real sockets."""
    from tests.adapters.signals.sites import context_at
    from watchdog.adapters.signals import http
    from watchdog.domain.readings import Good

    async def look() -> None:
        options = http.HttpOptions.model_validate({"http": url, "timeout": PROBE_TIMEOUT})
        source = http.build("home", options, context_at())
        for _ in range(number):
            (sample,) = await source.look()
            assert isinstance(sample.reading, Good), sample.reading

    asyncio.run(look())


def site() -> None:
    """Answer every request with a small page, until the standard input ends. The address is the first line."""
    from tests.adapters.signals.sites import answering
    from tests.adapters.signals.sites import site as serving

    async def serve() -> None:
        async with serving(answering(b"x" * 2000)) as url:
            print(url, flush=True)
            await asyncio.to_thread(sys.stdin.read)

    asyncio.run(serve())


def main() -> None:
    """Do what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.workloads")
    parser.add_argument("name", choices=["reference", "reading", "probe", "site"])
    parser.add_argument("number", type=int, nargs="?", default=0)
    parser.add_argument("url", nargs="?", default="")
    parser.add_argument("--burden", type=int, default=0, help="so many turns of the reference beside each: a slow-down")
    wanted = parser.parse_args()
    named: dict[str, Callable[[], None]] = {
        "reference": lambda: reference(wanted.number),
        "reading": lambda: reading(wanted.number),
        "probe": lambda: probe(wanted.number, wanted.url),
        "site": site,
    }
    gc.disable()
    named[wanted.name]()
    if wanted.burden:
        reference(wanted.burden * wanted.number)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
