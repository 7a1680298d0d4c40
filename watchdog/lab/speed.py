"""Measures throughput: healthy readings a second through the real `step`, and seconds of a clean service-year.

The year is played as `lab score` plays it (see folding_loop), its simulated world included.

Rule: it measures the processor time of this process, because other load on the machine would distort wall time; the
result is the median of several rounds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from time import process_time

from watchdog.core.machine import step
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.events import DeploysListed, Observed, Restarted
from watchdog.domain.incidents import State
from watchdog.domain.policy import DEFAULT_MATRIX, Mode, Policy, ServicePolicy, SignalPolicy
from watchdog.domain.readings import Good
from watchdog.domain.units import DAY_SECONDS
from watchdog.lab.clean_years import YEAR_SECONDS, clean_scene
from watchdog.lab.episode import EPOCH, MAIN
from watchdog.lab.folding_loop import FoldingLoop

ROUNDS = 5
READINGS = 20_000
WARM_UP = 100
EVERY_SECONDS = 10.0
OBSERVATIONS_PER_SECOND = 100_000.0
SERVICE_YEAR_SECONDS = 90.0
"""The bars: at least so many readings a second, at most so many seconds a year, on one core."""
HOME = SignalPolicy("home", "http", critical=True, every_seconds=EVERY_SECONDS)
POLICY = Policy({MAIN: ServicePolicy(MAIN, f"srv-{MAIN}", Mode.AUTONOMOUS, signals=(HOME,))}, DEFAULT_MATRIX)
"""One service with one probe, and no control target."""
LIVE = Deploy("dep-1", "live", commit="c0ffee1", created_at=EPOCH - DAY_SECONDS, finished_at=EPOCH - DAY_SECONDS)
HEALTHY = Good("HTTP 200")


@dataclass(frozen=True, slots=True)
class Speed:
    """The results of the rounds: readings a second, and seconds a service-year (extrapolated from `days`)."""

    readings: tuple[float, ...]
    years: tuple[float, ...]
    days: float

    @property
    def fast_enough(self) -> bool:
        """Return whether both medians keep to their bars."""
        return median(self.readings) >= OBSERVATIONS_PER_SECOND and median(self.years) <= SERVICE_YEAR_SECONDS

    def json_object(self) -> Mapping[str, object]:
        """Return the medians, the rounds they are of, and the bars."""
        return {
            "observations_per_second": round(median(self.readings)),
            "observations_per_second_rounds": [round(one) for one in self.readings],
            "observations_per_second_bar": OBSERVATIONS_PER_SECOND,
            "service_year_seconds": round(median(self.years), 1),
            "service_year_seconds_rounds": [round(one, 1) for one in self.years],
            "service_year_seconds_bar": SERVICE_YEAR_SECONDS,
            "service_year_simulated_days": self.days,
            "fast_enough": self.fast_enough,
        }


def measure(rounds: int = ROUNDS, readings: int = READINGS, days: float = 2.0) -> Speed:
    """Measure both, round by round, and return the results."""
    state, at = _calm(), EPOCH
    rates = []
    for _ in range(rounds):
        # Built before the clock starts: only the steps are measured.
        looks = [_look(at + EVERY_SECONDS * number) for number in range(readings)]
        at += EVERY_SECONDS * readings
        began = process_time()
        state = _told(state, looks)
        rates.append(readings / (process_time() - began))
    return Speed(tuple(rates), tuple(_year(number, days) for number in range(rounds)), days)


def _calm() -> State:
    """Return the state of a service after WARM_UP healthy readings of its live deploy."""
    # With a live deploy, so that the measured steps also keep its record of healthy time, as in production.
    begin = EPOCH - EVERY_SECONDS * (WARM_UP + 1)
    state, _ = step(State(), Restarted(begin), POLICY)
    state, _ = step(state, DeploysListed(begin, MAIN, (LIVE,), ServiceFacts(f"srv-{MAIN}", MAIN)), POLICY)
    return _told(state, [_look(begin + EVERY_SECONDS * number) for number in range(1, WARM_UP + 1)])


def _look(at: float) -> Observed:
    return Observed(at, MAIN, HOME.name, HEALTHY, latency_seconds=0.1)


def _told(state: State, looks: list[Observed]) -> State:
    for look in looks:
        state, _ = step(state, look, POLICY)
    return state


def _year(seed: int, days: float) -> float:
    """Return the seconds that a clean service-year takes, extrapolated from some days of one."""
    began = process_time()
    # Building the world is part of the time: a clean year of `lab score` builds one per month, too.
    scene = clean_scene(f"speed-{seed}", days)
    FoldingLoop(scene, POLICY).run(scene.begins_at + days * DAY_SECONDS)
    return (process_time() - began) * YEAR_SECONDS / (days * DAY_SECONDS)
