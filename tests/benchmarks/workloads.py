"""What is counted: `python -m tests.benchmarks.workloads NAME:NUMBER … [--url URL] [--burden N]`.

One process imports everything and does each workload once; then it forks for every NAME:NUMBER, one after the other,
and the child does that workload so often. The counter counts a child from where its parent stood, so the imports,
which take minutes under it, are paid once for all. Single-threaded, the order of hashes fixed by PYTHONHASHSEED.
"""

import argparse
import asyncio
import contextlib
import gc
import os
import sys
import traceback
from collections.abc import Callable, Mapping
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
    from tests.support.clocks import FakeClock
    from watchdog.adapters.options import Context
    from watchdog.adapters.signals import http
    from watchdog.domain.readings import Good

    async def look() -> None:
        options = http.HttpOptions.model_validate({"http": url, "timeout": PROBE_TIMEOUT})
        source = http.build("home", options, Context(FakeClock(auto=False), {}, {}))
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


def do(name: str, number: int, url: str, burden: int) -> None:
    """Do one workload so often; every one but the reference is slowed down by a burden of so many turns of it."""
    named: Mapping[str, Callable[[], None]] = {
        "reference": lambda: reference(number),
        "reading": lambda: reading(number),
        "probe": lambda: probe(number, url),
    }
    named[name]()
    if burden and name != "reference":
        reference(burden * number)


def forked(name: str, number: int, url: str, burden: int) -> int:
    """Do it in a forked child that then ends; return its process number. Raises RuntimeError if it failed."""
    child = os.fork()
    if child == 0:
        try:
            do(name, number, url, burden)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(f"{name}:{number} failed")
    return child


def main() -> None:
    """Do what the command line names, and print the process number of each child."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.workloads")
    parser.add_argument("runs", nargs="+", metavar="NAME:NUMBER", help="reference, reading or probe; or: site")
    parser.add_argument("--url", default="", help="what is probed")
    parser.add_argument("--burden", type=int, default=0, help="so many turns of the reference beside each")
    wanted = parser.parse_args()
    if wanted.runs == ["site"]:
        site()
        return
    runs = [(name, int(number)) for name, _, number in (run.partition(":") for run in wanted.runs)]
    gc.disable()
    for name in dict(runs):
        do(name, 1, wanted.url, wanted.burden)
    for name, number in runs:
        print(forked(name, number, wanted.url, wanted.burden), flush=True)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
