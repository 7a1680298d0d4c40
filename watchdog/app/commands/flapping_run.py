"""`watchdog lab flapping`: intermittent outages in parallel processes, with the shipped defaults."""

from collections.abc import Callable, Sequence

from watchdog.app.commands.lab_policy import policy_for
from watchdog.app.commands.progress import no_progress, with_progress
from watchdog.app.commands.worker_processes import workers
from watchdog.lab.intermittent_outages import Cell, Mapped, cells, play_cell

Job = tuple[Cell, Sequence[str]]


def play_map(
    seed: str, episodes: int, *, processes: int = 2, progress: Callable[[str], None] = no_progress
) -> Sequence[Mapped]:
    """Play every cell `episodes` times; call `progress` with a short status text."""
    seeds = [f"{seed}-{number}" for number in range(episodes)]
    jobs: list[Job] = [(cell, seeds) for cell in cells()]
    with workers(processes) as pool:
        return list(with_progress(pool.map(_play, jobs), "cells", len(jobs), progress))


def _play(job: Job) -> Mapped:
    cell, seeds = job
    return play_cell(cell, seeds, policy_for)
