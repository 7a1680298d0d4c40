"""Errors that come again by the hour: how often they lead to a notice, and how soon a flood beside them does.

A service has a nightly batch, busy Monday mornings, or both, each with errors of its own. A flood comes at a quiet
hour, soon after the batch, or in the batch itself; in the first two it stays below what the batch brings every night.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from watchdog.domain.units import DAY_SECONDS
from watchdog.lab.clean_years import clean_scene
from watchdog.lab.closed_loop import Record
from watchdog.lab.episode import EpisodeWorld, FaultClass
from watchdog.lab.faults import Symptom
from watchdog.lab.keyed_random import KeyedRandom
from watchdog.lab.profile import HOUR_SECONDS
from watchdog.lab.varied_worlds import JITTER_HOURS, MONDAY, Job, World

HISTORY = World("error seasons", "errors by hour and weekday, watched for 15 days", history_days=15.0)
QUIET_DAYS = 60.0
FLOOD_WITHIN_SECONDS = 600.0
NOTICES = ("page", "ask", "info")


class ErrorJobs:
    """The errors per minute that the jobs of a service bring, over time."""

    def __init__(self, chance: KeyedRandom, jobs: Sequence[Job]) -> None:
        self._chance = chance
        self._jobs = jobs

    def at(self, at: float) -> float:
        """Return the errors per minute of the jobs that run at a moment (UTC epoch seconds)."""
        found = 0.0
        for number, job in enumerate(self._jobs):
            # Days are counted from the job's earliest begin, as it may go on after midnight.
            day, hour = divmod(at / HOUR_SECONDS - (job.begins - JITTER_HOURS), 24.0)
            # 1970-01-01 was a Thursday, the weekday 3. Keyed by the day: any read of it gives the same job.
            if job.weekday in (None, (int(day) + 3) % 7):
                early, long = (self._chance.uniform(int(day) * 16 + 2 * number + one) for one in (0, 1))
                begins = 2 * JITTER_HOURS * early
                ends = begins + job.lasts[0] + (job.lasts[1] - job.lasts[0]) * long
                found += job.times if begins <= hour < ends else 0.0
        return found


def batch(scene: EpisodeWorld, begins: float) -> Job:
    """Return a nightly batch at that hour of the day; its `times` are errors per minute."""
    return Job(None, begins, (1 / 3, 1.5), scene.draw(20.0, 100.0))


def _alone(scene: EpisodeWorld, *jobs: Job) -> None:
    scene.leave_alone()
    scene.main.error_jobs = ErrorJobs(scene.chance.apart("error jobs"), jobs)
    # With requests counted, known errors are a flood (high: a human is asked); without them a notice is enough.
    scene.main.counts_requests = scene.dice.random() < 0.5


def quiet_scene(seed: str) -> EpisodeWorld:
    """Return a service with jobs that bring errors, without any fault."""
    scene = clean_scene(seed, QUIET_DAYS)
    night = batch(scene, scene.draw(0.5, 5.0))
    mondays = Job(MONDAY, 8.0, (1.5, 2.5), scene.draw(20.0, 100.0))
    _alone(scene, *scene.dice.choice(((night,), (mondays,), (night, mondays))))
    return scene


@dataclass(frozen=True, slots=True)
class Flood:
    """A flood of errors: hours from the begin of the last batch to it, and its errors per minute, times the batch's."""

    name: str
    after_hours: tuple[float, float]
    times: tuple[float, float]

    @property
    def kind(self) -> FaultClass:
        """Return the fault class of this flood."""
        return FaultClass(self.name, self.name, partial(_flooded, self))


FLOODS: tuple[Flood, ...] = (
    Flood("flood at a quiet hour, below the batch of every night", (6.0, 18.0), (0.5, 0.9)),
    Flood("flood soon after the batch, below it", (2.6, 3.2), (0.5, 0.9)),
    Flood("flood in the batch's hour, far above it", (0.3, 0.5), (5.0, 8.0)),
)


def _flooded(flood: Flood, scene: EpisodeWorld) -> None:
    hour = scene.fault_at % DAY_SECONDS / HOUR_SECONDS
    job = batch(scene, (hour - scene.draw(*flood.after_hours)) % 24.0)
    _alone(scene, job)
    per_minute = job.times * scene.draw(*flood.times)
    share = per_minute / scene.main.profile.traffic(scene.fault_at)
    scene.trouble(Symptom(errors=share), scene.fault_at)
    scene.horizon_seconds = FLOOD_WITHIN_SECONDS


def noticed_after(scene: EpisodeWorld, record: Record) -> float | None:
    """Return the seconds from the flood to the first notice, or None."""
    times = [one.at - scene.fault_at for one in record.did if one.what in NOTICES and one.at >= scene.fault_at]
    return times[0] if times else None
