"""Finds the first seed in which each weakened variant of the storm is caught: `python -m tests.simulation.catch`.

Whatever changes how often something is read or how long it takes moves them. Run it then, and commit what it writes.
"""

import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from watchdog.app.commands.storm_suite import play_chunk
from watchdog.lab.storm.variants import FULL, VARIANTS

SEEDS, CHUNK = 800, 10
CAUGHT_AT = Path(__file__).with_name("caught_at.json")
WEAKENED = tuple(name for name in VARIANTS if name != FULL)


def shows(name: str, seeds: range) -> bool:
    """Tell whether a variant is caught in one of these seeds."""
    return any(getattr(one.score, VARIANTS[name].caught_by) for one in play_chunk(seeds, name))


def first_caught(name: str) -> int | None:
    """Return the first seed in which a variant is caught; None: the storm has gone blind to it."""
    for begin in range(1, SEEDS + 1, CHUNK):
        chunk = range(begin, begin + CHUNK)
        if shows(name, chunk):
            return next(seed for seed in chunk if shows(name, range(seed, seed + 1)))
    return None


def main() -> None:
    """Look for all of them, and write them down."""
    with ProcessPoolExecutor(2) as pool:
        found = dict(zip(WEAKENED, pool.map(first_caught, WEAKENED), strict=True))
    CAUGHT_AT.write_text(json.dumps(found, indent=2) + "\n")
    print(CAUGHT_AT.read_text(), end="")


if __name__ == "__main__":
    main()
