"""Published figures of the probe detectors: exact delays and false-alarm rates, simulated delays of the two together.

Source: the Bernoulli CUSUM's exact values for p0 = 1 %, h = 12; the year-long simulation of run timer and CUSUM.
"""

import random
from dataclasses import replace
from functools import cache
from math import exp
from statistics import median, quantiles

import pytest

from watchdog.core import detect
from watchdog.core.detect import Conditions
from watchdog.domain.checks import Check
from watchdog.domain.events import Observed
from watchdog.domain.policy import Detection, SignalPolicy
from watchdog.domain.readings import Bad, FailureKind, Good

pytestmark = pytest.mark.no_cover  # thousands of readings, each step of which a test of its own covers

HOME = SignalPolicy("home", "http", critical=True)
SHIPPED = Detection()
OF_THE_FACTS = replace(SHIPPED, run_seconds=45.0)
"""The figures of the facts are those of a run timer of 45 s."""


def fold(check: Check, at: float, failed: bool, limits: Detection = SHIPPED) -> Check:
    """Fold one probe in."""
    reading = Bad("HTTP 503", FailureKind.STATUS) if failed else Good()
    return detect.observe(check, Observed(at, "web", "home", reading), HOME, limits)


@cache
def after(cusum: float, run: int, failed: bool, limits: Detection) -> tuple[float, int]:
    """Return the state that one probe, 10 s after the one before, leads to; of a run only its begin matters."""
    check = Check("home", "http", cusum=cusum, run_probes=run, recent=((990.0, run > 0),))
    check = fold(check, 1000.0, failed, limits)
    return round(check.cusum, 9), min(check.run_probes, 3)


def mean_probes_to_alarm(limits: Detection, failing: float) -> float:
    """Return the exact mean number of probes to an alarm when each fails independently with that probability.

    Renewal argument: cycles begin and end at zero, so the mean is E[cycle length] / P(a cycle ends in an alarm).
    """
    weights = {(0.0, 0): 1.0}
    length = alarms = 0.0
    while sum(weights.values()) > 1e-13:
        length += sum(weights.values())
        reached: dict[tuple[float, int], float] = {}
        for state, weight in weights.items():
            for failed, chance in ((True, failing), (False, 1 - failing)):
                new = after(*state, failed, limits)
                if new[0] >= limits.cusum_limit:
                    alarms += weight * chance
                elif new[0] > 0 and chance:
                    reached[new] = reached.get(new, 0.0) + weight * chance
        weights = reached
    return length / alarms


def plain(p0: float, p1: float, limit: float) -> Detection:
    """Return limits of Page's CUSUM as in the books: every failure counts."""
    return replace(SHIPPED, cusum_p0=p0, cusum_p1=p1, cusum_limit=limit, cusum_failures_per_run=10**6)


@pytest.mark.parametrize(("p1", "expected"), [(0.2, 2.82e6), (0.5, 1.73e6)])
def test_the_mean_time_to_a_false_alarm_is_the_published_one(p1: float, expected: float) -> None:
    """ARL0 for p0 = 1 %, h = 12 (a chain on a grid of 0.01 gives 2.5e6 for the first); never under exp(h)."""
    found = mean_probes_to_alarm(plain(0.01, p1, 12.0), 0.01)
    assert found == pytest.approx(expected, rel=0.01)
    assert found >= exp(12.0)


@pytest.mark.parametrize("limit", [SHIPPED.cusum_limit, SHIPPED.cusum_limit_in_watch])
def test_the_shipped_sum_is_silent_on_independent_noise(limit: float) -> None:
    """At its own p0 it is over exp(h) probes from a false alarm: years, also within watch windows."""
    limits = replace(SHIPPED, cusum_limit=limit)
    assert mean_probes_to_alarm(limits, limits.cusum_p0) > exp(limit)


def delays(failing: float, runs: int = 300) -> list[float]:
    """Return seconds from onset to confirmation: probes every 10 s, every 2 s once suspicious (the shipped pace)."""
    luck = random.Random(2026)
    found = []
    for _ in range(runs):
        check, at = Check("home", "http"), luck.uniform(0.0, 10.0)
        while True:
            check = fold(check, at, luck.random() < failing)
            now = Conditions(at, HOME, OF_THE_FACTS)
            if detect.find(check, now) is not None:
                break
            at += 2.0 if detect.suspicious(check, now) else 10.0
        found.append(at)
    return found


@pytest.mark.parametrize(("failing", "p50", "p95"), [(1.0, 53.0, 58.0), (0.5, 35.0, 71.0), (0.2, 86.0, 224.0)])
def test_the_two_together_are_as_quick_as_measured(failing: float, p50: float, p95: float) -> None:
    """Run timer of 45 s and capped CUSUM of 18: the simulated delays of hard and partial outages, within a fifth."""
    found = delays(failing)
    assert median(found) == pytest.approx(p50, rel=0.2)
    assert quantiles(found, n=20)[-1] == pytest.approx(p95, rel=0.2)
