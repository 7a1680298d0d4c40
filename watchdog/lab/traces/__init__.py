"""Real traces with labelled faults, replayed through the real core with shipped defaults and without fitting.

They are data of others, and stay where they are: nothing of them is in the project. One set a file, one line here.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from watchdog.lab.traces import episodes, nab, nezha, petshop, upptime
from watchdog.lab.traces.trial import Trial

SETS: dict[str, Callable[[Path], Iterator[Trial]]] = {
    "nezha": nezha.trials,
    "petshop": petshop.trials,
    "nab": nab.trials,
    "upptime": upptime.trials,
    "episodes": episodes.trials,
}
"""By the name of the folder a set lies in."""

__all__ = ["SETS", "Trial"]
