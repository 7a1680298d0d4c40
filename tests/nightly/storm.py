"""Storms until the seeds are played or the hours are over: `python -m tests.nightly.storm --seeds N --hours H`.

`watchdog lab storm` plays a fixed number; a night has a fixed time. Seeds are played in batches. The sum so far is
printed after each batch, so that an interrupted run shows how far it came. `--first` goes on where another run ended.
A seed that hangs is given up after minutes, and is a bad one.
"""

import argparse
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from watchdog.app.commands.storm_suite import COUNTED, Report, play_all, reasons

BATCH = 200
"""A batch takes about 40 s of CPU time; the worker processes begin anew for each one, which takes a second or two."""
SHOWN = 20
"""So many bad seeds are named in the sum."""
Play = Callable[[int, int], Report]


def batches(first: int, seeds: int, *, size: int = BATCH) -> Iterator[tuple[int, int]]:
    """Yield the first seed of each batch and how many it has."""
    for at in range(first, first + seeds, size):
        yield at, min(size, first + seeds - at)


def storm(first: int, seeds: int, hours: float, play: Play, *, now: Callable[[], float], size: int = BATCH) -> int:
    """Play until all seeds are played or the time is over, at least one batch; return the exit code."""
    began = now()
    played, wrong, bad_seeds = 0, Counter[str](), list[int]()
    for at, count in batches(first, seeds, size=size):
        if played and now() - began >= hours * 3600:
            break
        report = play(at, count)
        played += len(report.outcomes)
        for bad in report.bad:
            print(f"BAD seed {bad.seed}: {'; '.join(reasons(bad.score))}")
            bad_seeds.append(bad.seed)
        wrong.update({what: report.count(what) for what in COUNTED})
        print(told(first, seeds, played, now() - began, wrong, bad_seeds), flush=True)
    return 1 if bad_seeds else 0


def told(
    first: int, seeds: int, played: int, seconds: float, wrong: Counter[str], bad_seeds: Sequence[int] = ()
) -> str:
    """Return how many seeds were played of how many, what went wrong, and in which ones: of a night this is kept."""
    kinds = [f"{what} {count}" for what, count in wrong.items() if count]
    bad = [f"bad seeds {' '.join(map(str, bad_seeds[:SHOWN]))}{' …' * (len(bad_seeds) > SHOWN)}"] if bad_seeds else []
    found = ", ".join([*kinds, *bad]) or "nothing wrong"
    rest = "all that were asked for" if played == seeds else f"{seeds - played} not played"
    pace = played / seconds * 3600 if seconds else 0.0
    return f"seeds {first} to {first + played - 1}: {played} played, {rest}; {found}; {pace:.0f} an hour"


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.nightly.storm", description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=100_000, help="at most so many (100000)")
    parser.add_argument("--first", type=int, default=1, help="the first of them (1)")
    parser.add_argument("--hours", type=float, default=6.0, help="no new batch is begun after so many hours (6)")
    parser.add_argument("--processes", type=int, default=2, help="so many at a time (2)")
    wanted = parser.parse_args(words)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where it was inherited as ignored
    return storm(
        wanted.first,
        wanted.seeds,
        wanted.hours,
        lambda first, seeds: play_all(first, seeds, processes=wanted.processes),
        now=time.monotonic,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
