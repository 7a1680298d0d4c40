"""Worlds that differ from the laboratory's own, while the policy stays as it is shipped.

Rule: no number here is one of the core's. The robustness of a decision shows in worlds to which its densities and
limits were not fitted (facts on decisions, section 4).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, exp, pi
from types import MappingProxyType

from watchdog.domain.units import DAY_SECONDS
from watchdog.lab.keyed_random import KeyedRandom
from watchdog.lab.profile import HOUR_SECONDS

JITTER_HOURS = 0.25
"""The start of a job varies by up to this much from day to day."""
MONDAY = 0
WEEKEND = 5


@dataclass(frozen=True, slots=True)
class World:
    """The differences of a world from the usual one. Numbers are factors; None means as usual."""

    name: str
    words: str
    # The number of blips a day.
    blips: float = 1.0
    # The length of blips, and their cap.
    blip_seconds: float = 1.0
    # The length of the failures while a good deploy restarts.
    restart_seconds: float = 1.0
    # The number of bad deploys.
    bad_deploys: float = 1.0
    # The seconds from a bad deploy to its onset, for the classes that otherwise break soon.
    onset_seconds: tuple[float, float] | None = None
    # The delay of the error tracker.
    feed_delay_seconds: tuple[float, float] | None = None
    # The share of the visitors that a bad deploy's fault meets, where it would meet half of them or more.
    felt_share: tuple[float, float] | None = None
    # The seconds from a good deploy to the outage of what the service depends on.
    upstream_after_seconds: tuple[float, float] | None = None
    # How far the platform's clock is ahead of ours, in seconds; its times of deploys say so.
    platform_clock_seconds: tuple[float, float] | None = None
    # Whether latency varies by hour of the day and day of the week, and with jobs.
    seasons: bool = False
    # The days of watching before the fault.
    history_days: float = 0.0


USUAL = World("usual", "the lab's default")
WORLDS: tuple[World, ...] = (
    USUAL,
    World("restarts-60", "restarts of good deploys fail for up to 60 s", restart_seconds=1.5),
    World("restarts-80", "restarts of good deploys fail for up to 80 s", restart_seconds=2.0),
    World("blips", "blips 1.5 times as long and 3 times as frequent", blips=3.0, blip_seconds=1.5),
    World("rare-bad", "a third of the bad deploys", bad_deploys=1 / 3),
    World("late", "early onsets come after 2 to 10 min", onset_seconds=(120.0, 600.0)),
    World("later", "early onsets come after 10 to 60 min", onset_seconds=(600.0, 3600.0)),
    World("late-feeds", "error tracker 1 to 5 min late", feed_delay_seconds=(60.0, 280.0)),
    World("lost-feeds", "error tracker's minutes come an hour late or more", feed_delay_seconds=(3600.0, 7200.0)),
    World("some-visitors", "faults of bad deploys meet 5 to 30 % of the visitors", felt_share=(0.05, 0.3)),
    World("coincidences", "upstreams fail 0.5 to 5 min after a good deploy", upstream_after_seconds=(30.0, 300.0)),
    World("clocks", "the platform's clock is up to 90 s off", platform_clock_seconds=(-90.0, 90.0)),
)
BY_NAME: Mapping[str, World] = MappingProxyType({one.name: one for one in WORLDS})


@dataclass(frozen=True, slots=True)
class Job:
    """A job that slows the service down by `times`: daily, or on one weekday (0 is Monday); hours of the day (UTC)."""

    weekday: int | None
    begins: float
    lasts: tuple[float, float]
    times: float


class Season:
    """The latency factor of a route over time: busy by day, quieter at weekends, slow while jobs run."""

    def __init__(self, chance: KeyedRandom) -> None:
        self._chance = chance
        dice = chance.generator("season")
        self._swing, self._peak = dice.uniform(0.2, 1.0), dice.uniform(9.0, 21.0)
        self._weekend, self._days_differ = dice.uniform(0.4, 1.0), dice.uniform(0.0, 0.06)
        nightly = Job(None, dice.uniform(0.5, 5.0), (1 / 3, 1.5), dice.uniform(1.5, 3.0))
        weekly = Job(dice.randrange(7), dice.uniform(0.0, 23.0), (0.5, 2.0), dice.uniform(1.5, 3.0))
        mondays = Job(MONDAY, 8.0, (1.5, 2.5), dice.uniform(1.3, 2.0))
        # Each job with a chance of one half: a service has any subset of the three.
        self._jobs = [job for job in (nightly, weekly, mondays) if dice.random() < 0.5]
        self._today: tuple[int, float, list[tuple[float, float, float]]] = (-1, 1.0, [])

    def times(self, at: float) -> float:
        """Return the factor at a moment (UTC epoch seconds)."""
        day, hour = int(at // DAY_SECONDS), at % DAY_SECONDS / HOUR_SECONDS
        # One day is cached: probes come in order of time, and a year has millions of them.
        if day != self._today[0]:
            self._today = day, *self._of_day(day)
        _, level, jobs = self._today
        busy = 1.0 + self._swing * (0.5 + 0.5 * cos(2 * pi * (hour - self._peak) / 24.0)) * level
        for begins, ends, times in jobs:
            if begins <= hour < ends:
                busy *= times
        return busy

    def _of_day(self, day: int) -> tuple[float, list[tuple[float, float, float]]]:
        """Return the load factor of a day and its jobs: begin and end (hours of the day, UTC) and latency factor."""
        # 1970-01-01 was a Thursday, the weekday 3.
        weekday = (day + 3) % 7
        # Keyed by the day and not drawn in turn: a day looks the same for every decider, in any order of reads.
        chances = [self._chance.uniform(day * 16 + number) for number in range(8)]
        level = (self._weekend if weekday >= WEEKEND else 1.0) * exp(self._days_differ * 2 * (chances[0] - 0.5))
        jobs = []
        for number, job in enumerate(self._jobs):
            # The first number is the level of the day; the jobs take the next ones in pairs.
            early, long = chances[1 + 2 * number], chances[2 + 2 * number]
            if job.weekday in (None, weekday):
                begins = job.begins + JITTER_HOURS * (2 * early - 1)
                jobs.append((begins, begins + job.lasts[0] + (job.lasts[1] - job.lasts[0]) * long, job.times))
        return level, jobs
