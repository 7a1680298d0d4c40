"""Many storms: seeds in parallel processes, summed up; or one seed, printed line by line.

Rule: a bad seed is printed with its reasons, and replays byte for byte: `watchdog lab storm --seed N`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import repeat
from time import perf_counter
from types import MappingProxyType

from watchdog.app.commands.storm_run import play, silence
from watchdog.app.commands.worker_processes import workers
from watchdog.lab.storm.score import Score
from watchdog.lab.storm.variants import FULL, VARIANTS
from watchdog.lab.storm.world import Result

CHUNK = 20
"""Seeds that one process plays before it returns its results."""
DAY_SECONDS = 86400.0
COUNTED = tuple(one.name for one in fields(Score))
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "double_rollbacks": "double rollbacks",
        "wrong_targets": "rollbacks to a wrong target, or at a wrong moment",
        "missed": "missed outages",
        "stuck": "services, effects, commands or leases that got stuck",
        "lost_pages": "lost pages",
        "left_off": "auto-deploy left off without a notice",
        "left_open": "ended incidents recorded as open",
        "rung_after_end": "pages after the all-clear",
        "faults": "internal faults",
    }
)
"""The kinds of failure in words, by their names in Score."""


@dataclass(frozen=True, slots=True)
class Report:
    """The results of many seeds. `seconds` are real ones."""

    outcomes: Sequence[Result]
    seconds: float

    @property
    def bad(self) -> Sequence[Result]:
        """Return the seeds with any failure."""
        return [one for one in self.outcomes if one.score.bad]

    def count(self, what: str) -> int:
        """Return the number of failures of one kind."""
        return sum(len(getattr(one.score, what)) for one in self.outcomes)

    def lines(self) -> list[str]:
        """Return the totals in words: the sample, then each kind of failure."""
        days = sum(one.seconds for one in self.outcomes) / DAY_SECONDS
        rollbacks = sum(one.rollbacks for one in self.outcomes)
        judged = sum(one.judged for one in self.outcomes)
        sample = f"{len(self.outcomes)} seeds, {days:.2f} virtual days, {rollbacks} rollbacks, {judged} outages judged"
        return [f"{sample} ({self.seconds:.0f} s)", *(f"{words}: {self.count(what)}" for what, words in WORDS.items())]

    def json_object(self) -> Mapping[str, object]:
        """Return the totals, and every bad seed with its reasons."""
        return {
            "seeds": len(self.outcomes),
            "virtual_days": round(sum(one.seconds for one in self.outcomes) / DAY_SECONDS, 2),
            "rollbacks": sum(one.rollbacks for one in self.outcomes),
            "judged": sum(one.judged for one in self.outcomes),
            **{what: self.count(what) for what in COUNTED},
            "seconds": round(self.seconds, 1),
            "bad": {str(one.seed): reasons(one.score) for one in self.bad},
        }


def reasons(score: Score) -> Sequence[str]:
    """Return the failures in words."""
    return [f"{what}: {why}" for what in COUNTED for why in getattr(score, what)]


def play_chunk(seeds: range, variant: str) -> list[Result]:
    """Play a few seeds in this process."""
    with silence():
        # Without the traces, which are long: one is printed by `replay`.
        return [replace(play(seed, VARIANTS[variant]), trace=()) for seed in seeds]


def play_all(first: int, seeds: int, *, variant: str = FULL, processes: int = 2) -> Report:
    """Play `seeds` seeds from `first` on, in parallel processes."""
    began = perf_counter()
    outcomes = [one for chunk in _chunks(first, seeds, variant, processes) for one in chunk]
    return Report(outcomes, perf_counter() - began)


def _chunks(first: int, seeds: int, variant: str, processes: int) -> Iterator[list[Result]]:
    # In chunks: each begins with full collections of the garbage, too dear for every single seed.
    chunks = [range(at, min(at + CHUNK, first + seeds)) for at in range(first, first + seeds, CHUNK)]
    with workers(processes) as pool:
        yield from pool.map(play_chunk, chunks, repeat(variant))


def replay(seed: int, variant: str = FULL) -> Result:
    """Play one seed in a process of its own, and return the full result."""
    with workers(1) as pool:
        return pool.submit(_replay, seed, variant).result()


def _replay(seed: int, variant: str) -> Result:
    with silence():
        return play(seed, VARIANTS[variant])
