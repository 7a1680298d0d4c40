"""Many storms: seeds in parallel processes, summed up; or one seed, printed line by line.

Rule 1: a bad seed is printed with its reasons, and replays byte for byte: `watchdog lab storm --seed N`.
Rule 2: a seed that hangs is a bad one, and stops no other.
"""

import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import repeat
from time import perf_counter
from types import MappingProxyType

from watchdog.app.commands.storm_run import play, silence
from watchdog.app.commands.worker_processes import workers
from watchdog.domain.units import DAY_SECONDS
from watchdog.lab.storm.seed_verdict import Score
from watchdog.lab.storm.variants import FULL, VARIANTS
from watchdog.lab.storm.world import Result

CHUNK = 20
"""Seeds that one process plays before it returns its results."""
SEED_SECONDS = 180.0
"""Real seconds after which a seed is given up. It takes about one; a loaded machine needs a multiple."""
STOP_EVERY_SECONDS = 5.0
"""So often a seed is stopped again: an interruption inside a finalizer is only printed."""
COUNTED = tuple(one.name for one in fields(Score))
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "double_rollbacks": "double rollbacks",
        "wrong_targets": "rollbacks to a wrong target, or changes at a wrong moment",
        "missed": "missed outages",
        "stuck": "services, effects, commands or leases that got stuck",
        "lost_pages": "lost pages",
        "left_off": "auto-deploy left off without a notice",
        "left_open": "ended incidents recorded as open",
        "rung_after_end": "pages after the all-clear",
        "double_remedies": "remedies sent twice, or across another change",
        "early_rollbacks": "rollbacks before a remedy was tried, or had its time",
        "untold_remedies": "remedies done without a notice to people",
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


class _GivenUp(KeyboardInterrupt):
    """The time of a seed is over. As Ctrl-C, since asyncio and the daemon keep going after any other exception."""


def play_within(seconds: float, seed: int, play_one: Callable[[int], Result]) -> Result:
    """Return the result of a seed; a bad one, if it is not played after so many real seconds. In the main thread."""

    def stop(_signal: int, _frame: object) -> None:
        raise _GivenUp

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, STOP_EVERY_SECONDS)
    try:
        return play_one(seed)
    except _GivenUp:
        score = Score(faults=[f"it was not played to its end within {seconds:g} s"])
        return Result(seed, 0.0, score, "", trace=(), rollbacks=0, judged=0, struck=Counter())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def play_chunk(seeds: range, variant: str) -> list[Result]:
    """Play a few seeds in this process."""
    with silence():
        # Without the traces, which are long: one is printed by `replay`.
        return [
            replace(play_within(SEED_SECONDS, seed, lambda one: play(one, VARIANTS[variant])), trace=())
            for seed in seeds
        ]


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
