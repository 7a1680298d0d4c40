"""The decision lab: many episodes and clean years in parallel processes, ours and the rivals' side by side.

Rule: the reported seeds are a hash of the shipped defaults, of the core and of the lab, so they change with any of
these. No value can have been tuned on the seeds that judge it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from math import ceil
from pathlib import Path
from time import perf_counter

from watchdog import core, lab
from watchdog.app.commands.lab_policy import configuration, policy_for
from watchdog.app.commands.progress import no_progress, with_progress
from watchdog.app.commands.worker_processes import workers
from watchdog.lab import classes, episode
from watchdog.lab.baselines.baseline_years import judge_quiet, probers_quiet
from watchdog.lab.baselines.oracle import Oracle
from watchdog.lab.baselines.table import JUDGES, PROBERS, RIVALS
from watchdog.lab.clean_years import Clean, clean_scene, play_clean
from watchdog.lab.closed_loop import Record
from watchdog.lab.episode_judgement import Played, judge
from watchdog.lab.folding_loop import FoldingLoop
from watchdog.lab.ranking import OURS, Ranking, between_incidents, compare
from watchdog.lab.report import Report
from watchdog.lab.score import summary
from watchdog.lab.varied_worlds import USUAL, World

CLEAN_DAYS = 30.0
RIVALS_MONTHS = 12
"""Clean months that the rivals play as well."""
CHUNK = 5
ORACLE = "oracle"

Everyone = Mapping[str, Sequence[Played]]
"""The episodes of each decider, by its name: ours, the oracle, the rivals; all in the same order."""


@dataclass(frozen=True, slots=True)
class Scored:
    """All episodes played, and the real seconds that it took."""

    seed: str
    everyone: Everyone
    clean: Sequence[Clean]
    between: Mapping[str, float]
    seconds: float

    @property
    def ours(self) -> Sequence[Played]:
        """Return our own episodes."""
        return self.everyone[OURS]

    def ranking(self) -> Ranking | None:
        """Return the comparison with the rivals, if they played."""
        rivals = {name: played for name, played in self.everyone.items() if name not in (OURS, ORACLE)}
        if not rivals:
            return None
        oracle = self.everyone[ORACLE]
        theirs = {(one.name, one.seed) for one in oracle}
        # The rivals played fewer episodes: compare on those that all played.
        ours = [one for one in self.ours if (one.name, one.seed) in theirs]
        return compare(ours, rivals, oracle, self.between, self.seed)

    def json_object(self) -> dict[str, object]:
        """Return the numbers that are published."""
        ranking = self.ranking()
        compared = (
            {"cost_ratio_best_rival": ranking.ratio.json_object(), "ranking": ranking.json_object()} if ranking else {}
        )
        return {
            "seed": self.seed,
            "episodes": len(self.ours),
            **summary(self.ours, self.clean),
            **compared,
            "seconds": round(self.seconds, 1),
        }

    def report(self) -> Report:
        """Return the report."""
        oracle = self.everyone.get(ORACLE, ())
        shown = configuration(episode.EpisodeWorld("shown", 0))
        return Report(self.seed, self.json_object(), self.ours, oracle, self.clean, self.ranking(), shown)


def report_seed() -> str:
    """Return the seed of published numbers."""
    digest = blake2b(repr(policy_for(classes.CLASSES[0].scene("seed"))).encode(), digest_size=6)
    for folder in (core, lab):
        # Sorted: the digest must not depend on the order of the file system.
        for file in sorted(Path(folder.__path__[0]).rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def play_episode(name: str, seed: str) -> Played:
    """Play one episode with the shipped defaults."""
    made, record = run_episode(classes.BY_NAME[name], seed)
    return judge(made, seed, record)


def run_episode(kind: episode.FaultClass, seed: str, world: World = USUAL) -> tuple[episode.EpisodeWorld, Record]:
    """Play one episode with the shipped defaults; return its world and the record of its actions."""
    made = kind.scene(seed, world)
    return made, FoldingLoop(made, policy_for(made)).run(made.ends_at)


def score(
    seed: str,
    *,
    names: Sequence[str],
    scenarios: Sequence[episode.FaultClass] = (),
    episodes: int,
    clean_years: float,
    rival_episodes: int = 60,
    processes: int = 2,
    progress: Callable[[str], None] = no_progress,
    world: World = USUAL,
) -> Scored:
    """Play episodes of each class and clean years; the rivals play the first of the same episodes.

    A class that weighs more in the realistic mix is played as many times more, so that its interval is the narrowest.
    `progress` receives, in a few words, the work under way, its progress, and the time left.
    """
    began = perf_counter()
    kinds = [*(classes.BY_NAME[name] for name in names), *scenarios]
    jobs = [
        (kind, f"{seed}-{number}", number < rival_episodes * _times(kind))
        for kind in kinds
        for number in range(episodes * _times(kind))
    ]
    chunks = [jobs[at : at + CHUNK] for at in range(0, len(jobs), CHUNK)]
    months = [f"{seed}-{number}" for number in range(ceil(clean_years * 365.25 / CLEAN_DAYS))]
    with workers(processes) as pool:
        watched = months[:RIVALS_MONTHS] if rival_episodes else []
        everyone: dict[str, list[Played]] = defaultdict(list)
        clean = list(
            with_progress(pool.map(partial(_play_clean, world), months), "clean months", len(months), progress)
        )
        rivals = pool.map(partial(_rivals_quiet, world), watched)
        quiet = list(with_progress(rivals, "clean months of the rivals", len(watched), progress))
        episodes_played = pool.map(partial(_play_chunk, world), chunks)
        for chunk in with_progress(episodes_played, f"episodes, {CHUNK} at a time,", len(chunks), progress):
            for name, played in chunk.items():
                everyone[name] += played
    between = {name: between_incidents([month[name] for month in quiet]) for name in (quiet[0] if quiet else ())}
    if clean and rival_episodes:
        between[OURS] = between_incidents(clean)
    return Scored(seed, everyone, clean, between, perf_counter() - began)


def _times(kind: episode.FaultClass) -> int:
    return 1 if kind.file else max(1, round(kind.weight))


def _play_chunk(world: World, jobs: Sequence[tuple[episode.FaultClass, str, bool]]) -> Mapping[str, list[Played]]:
    played: dict[str, list[Played]] = defaultdict(list)
    for kind, seed, with_rivals in jobs:
        made, record = run_episode(kind, seed, world)
        played[OURS].append(judge(made, seed, record))
        for rival in (Oracle(), *RIVALS) if with_rivals else ():
            # Made anew from the same seed: every decider meets the world as it was before the first one acted in it.
            made = kind.scene(seed, world)
            played[rival.name].append(judge(made, seed, rival.play(made)))
    return played


def _play_clean(world: World, seed: str) -> Clean:
    # A scene of a tenth of a day is cheap, and gives the same policy: its length is no part of it.
    return play_clean(seed, CLEAN_DAYS, policy_for(clean_scene(seed, 0.1, world)), world)


def _rivals_quiet(world: World, seed: str) -> Mapping[str, Clean]:
    judges = {one.name: judge_quiet(one, seed, CLEAN_DAYS, world) for one in JUDGES}
    return {**probers_quiet(PROBERS, seed, CLEAN_DAYS, world), **judges}
