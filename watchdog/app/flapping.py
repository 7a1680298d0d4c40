"""`watchdog lab flapping`: the map of outages that come and go, in parallel processes, with the shipped defaults."""

from collections.abc import Callable, Sequence

from watchdog.app.lab_policy import policy_for
from watchdog.app.progress import nothing_said, told
from watchdog.app.workers import workers
from watchdog.lab.flapping import Cell, Mapped, cells, play_cell

Job = tuple[Cell, Sequence[str]]


def play_map(
    seed: str, episodes: int, *, processes: int = 2, progress: Callable[[str], None] = nothing_said
) -> Sequence[Mapped]:
    """Play every cell so often. `progress` is told in a few words how far that is."""
    seeds = [f"{seed}-{number}" for number in range(episodes)]
    jobs: list[Job] = [(cell, seeds) for cell in cells()]
    with workers(processes) as pool:
        return list(told(pool.map(_play, jobs), "cells of the map", len(jobs), progress))


def _play(job: Job) -> Mapped:
    cell, seeds = job
    return play_cell(cell, seeds, policy_for)
