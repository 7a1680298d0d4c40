"""A command line that can die by kill -9 at every commit: killable_command.py TRAIL POINT WORD…

Its store is the real one, with a thin shell around what commits (killable_daemon.py). A program that it runs may have
points of its own: they are in that program's way.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from killable_daemon import Mortal, Points

from watchdog.adapters.stores import STORES
from watchdog.cli.main import main

COMMITS: dict[str, Callable[..., str | None]] = {
    "put_action_by_hand": lambda row, expect: f"{row.step} {row.state}",
    "submit": lambda name, arguments, by, **more: name,
    "remark": lambda *given, **more: "a note",
    "answer": lambda command_id, **answer: "a command",
}


def register(trail: Path, fatal: str) -> None:
    """Put the mortal store into the table from which the command's parts are built."""
    points = Points(trail, fatal)
    real = dict(STORES)
    STORES.update({kind: _mortal(build, points) for kind, build in real.items()})


def _mortal(build: Callable[..., object], points: Points) -> Callable[..., object]:
    return lambda *given, **more: Mortal(build(*given, **more), points, COMMITS)


if __name__ == "__main__":
    register(Path(sys.argv[1]), sys.argv[2])
    sys.exit(main(sys.argv[3:]))
