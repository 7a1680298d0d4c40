"""The live suite: live episodes, many at a time, since they mostly wait; then the lab's of the same kinds; the
table."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from watchdog.app.commands.progress import no_progress, with_progress
from watchdog.app.commands.score_run import play_episode
from watchdog.app.commands.worker_processes import as_interrupted, workers
from watchdog.app.live.episode_kinds import KINDS, EpisodePlan, plans, seeds
from watchdog.app.live.live_comparison import ComparisonRow, row
from watchdog.app.live.live_episode import SHORTENED, play
from watchdog.app.live.live_judgement import Seen
from watchdog.domain.errors import WatchdogError
from watchdog.lab.closed_loop import PIN_SECONDS
from watchdog.lab.episode import Right
from watchdog.lab.episode_judgement import Played
from watchdog.ports import Clock

EPISODES, PARALLEL, SIMULATED = 32, 8, 100
CHUNK = 5


@dataclass(frozen=True, slots=True)
class Suite:
    """The episodes and their comparison; `seconds` of real time, `load` the machine's load averages during the run."""

    seed: str
    rows: tuple[ComparisonRow, ...]
    seconds: float
    load: tuple[float, ...]

    @property
    def good(self) -> bool:
        """Return whether every live episode ended right and every kind's delay holds."""
        return all(one.good for one in self.rows)

    @property
    def pinning_seconds(self) -> float | None:
        """Return the live median from the request to switch auto-deploy off to the rollback's request, if there was
        one."""
        seen = [one for kind in self.rows for one in kind.live if kind.right is Right.ROLLBACK]
        took = [one.at - one.pinned_at for one in seen if one.at is not None and one.pinned_at is not None]
        return median(took) if took else None

    def json_object(self) -> dict[str, object]:
        """Return the suite for machines."""
        return {
            "seed": self.seed,
            "episodes": sum(len(one.live) for one in self.rows),
            "good": self.good,
            "kinds": [one.json_object() for one in self.rows],
            "pinning_seconds": {"live_median": self.pinning_seconds, "simulated_range": PIN_SECONDS},
            "seconds": round(self.seconds, 1),
            "load_averages": [round(one, 2) for one in self.load],
        }


async def live(
    seed: str,
    clock: Clock,
    *,
    kinds: Sequence[str] = KINDS,
    episodes: int = EPISODES,
    parallel: int = PARALLEL,
    simulated: int = SIMULATED,
    processes: int = 2,
    shortened: str = SHORTENED,
    progress: Callable[[str], None] = no_progress,
) -> Suite:
    """Play `episodes` live episodes, the kinds in turn, and `simulated` ones of each kind, and compare.

    A kind that was not played, because of fewer episodes than kinds, is not compared.
    """
    began = clock.monotonic()
    planned = plans(kinds, seed, episodes)
    with tempfile.TemporaryDirectory(prefix="watchdog-live-") as folder, as_interrupted():
        seen = await play_all(planned, Path(folder), clock, parallel, shortened, progress)
        # Before the simulation, whose processes would raise the load by themselves.
        load = os.getloadavg()
        played = [kind for kind in kinds if any(one.kind == kind for one in seen)]
        found = await simulate(played, seed, simulated, processes, progress)
    rows = [row([one for one in seen if one.kind == kind], found[kind], seed) for kind in played]
    return Suite(seed, tuple(rows), clock.monotonic() - began, load)


async def play_all(
    planned: Sequence[EpisodePlan],
    folder: Path,
    clock: Clock,
    parallel: int,
    shortened: str = SHORTENED,
    progress: Callable[[str], None] = no_progress,
) -> list[Seen]:
    """Play episodes, `parallel` at a time; the first error of the machinery ends them all, and is raised."""
    gate = asyncio.Semaphore(parallel)
    errors: list[BaseException] = []

    async def one(plan: EpisodePlan) -> Seen:
        async with gate:
            return await play(plan, Path(tempfile.mkdtemp(dir=folder)), clock, shortened)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(plan)) for plan in planned]
            for task in with_progress(asyncio.as_completed(tasks), "live episodes", len(tasks), progress):
                await task
    # The group wraps its errors: the command prints the first one as a sentence.
    except* WatchdogError as failed:
        errors.extend(failed.exceptions)
    if errors:
        raise errors[0]
    return [task.result() for task in tasks]


async def simulate(
    kinds: Sequence[str], seed: str, number: int, processes: int, progress: Callable[[str], None] = no_progress
) -> dict[str, list[Played]]:
    """Play the lab's episodes of the same kinds, chosen by the same rule, the live ones' scenes among them.

    Cancelled, it waits only for the chunks under way.
    """
    jobs = [(kind, one) for kind in kinds for one in seeds(kind, seed, number)]
    chunks = [jobs[at : at + CHUNK] for at in range(0, len(jobs), CHUNK)]
    found: dict[str, list[Played]] = {kind: [] for kind in kinds}
    with workers(processes) as pool:
        loop = asyncio.get_running_loop()
        tasks = [loop.run_in_executor(pool, _play_chunk, chunk) for chunk in chunks]
        for task in with_progress(tasks, f"simulated episodes, {CHUNK} at a time,", len(tasks), progress):
            for one in await task:
                found[one.name].append(one)
    return found


def _play_chunk(jobs: Sequence[tuple[str, str]]) -> list[Played]:
    return [play_episode(kind, seed) for kind, seed in jobs]
