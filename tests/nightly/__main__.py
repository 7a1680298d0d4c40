"""What takes too long for each commit, by one command, and how it ended when it last ran.

    python -m tests.nightly [--only NAME …] [--hours H] [--storm-seeds N] [--storm-first K]
    python -m tests.nightly --list | --when

Each part's result is written to `last.toml` beside this file when the part has ended; commit that file. Ends with 0 if
every part passed, 1 if one failed, 2 if one is unknown or missing, 130 if it was interrupted.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.nightly.night import MISSING, night
from tests.nightly.parts import parts
from tests.nightly.record import load, when

ROOT = Path(__file__).parents[2]
LAST = Path(__file__).with_name("last.toml")


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.nightly", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only these parts")
    parser.add_argument("--list", action="store_true", help="name the parts")
    parser.add_argument("--when", action="store_true", help="say when each part last ran, and how it ended")
    parser.add_argument(
        "--hours", type=float, default=4.0, help="mutation and storm begin nothing new after so many (4)"
    )
    parser.add_argument("--storm-seeds", type=int, default=100_000, metavar="N", help="at most so many (100000)")
    parser.add_argument("--storm-first", type=int, default=1, metavar="K", help="the first seed, to go on (1)")
    wanted = parser.parse_args(words)
    every = parts(storm_seeds=wanted.storm_seeds, storm_first=wanted.storm_first, hours=wanted.hours)
    names = [part.name for part in every]
    if unknown := [name for name in wanted.only if name not in names]:
        print(f"no part is called {', '.join(unknown)}: choose from {', '.join(names)}", file=sys.stderr)
        return MISSING
    chosen = [part for part in every if part.name in (wanted.only or names)]
    if wanted.list:
        print("\n".join(f"{part.name:26} {part.what}" for part in chosen))
        return 0
    if wanted.when:
        shown = [part.name for part in chosen]
        print("\n".join(when(shown, load(LAST), datetime.now(UTC), ROOT)))
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return night(chosen, ROOT, LAST)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
