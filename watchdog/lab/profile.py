"""The profile of a healthy simulated service: its traffic, latency, errors, blips and deploy rate.

The seed draws every number from a range, so that no decision can be fitted to a single profile.
"""

from dataclasses import dataclass
from math import cos, exp, log, pi
from random import Random

from watchdog.domain.units import DAY_SECONDS

HOUR_SECONDS = 3600.0
BLIPS_PER_DAY = 4.0
BLIP_MEDIAN_SECONDS = 4.0
BLIP_P90_SECONDS = 14.0
BLIP_CAP_SECONDS = 55.0
# 1.2815… is the 90 % quantile of the standard normal distribution.
BLIP_SIGMA = log(BLIP_P90_SECONDS / BLIP_MEDIAN_SECONDS) / 1.2815515594457995
"""Self-healing blips: lognormal, median 4 s, p90 14 s, capped at 55 s."""
RESTART_BLIP_SECONDS = (5.0, 40.0)
PROBE_NOISE = 0.001
"""The share of single probes that fail without a cause."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One service. Rates are per minute at the mean of the week, times in seconds, shares between 0 and 1."""

    requests_per_minute: float
    day_swing: float
    weekend: float
    peak_hour: float
    latency_median_seconds: float
    latency_sigma: float
    slow_share: float
    slow_times: float
    error_share: float
    error_phi: float
    deploys_per_day: float
    restart_blip_share: float
    build_seconds: float
    rollback_seconds: float

    def traffic(self, at: float) -> float:
        """Return the requests per minute at a moment (UTC epoch seconds)."""
        hour = at % DAY_SECONDS / HOUR_SECONDS
        # 1970-01-01 was a Thursday, the weekday 3; 5 and 6 are the weekend.
        day = int(at // DAY_SECONDS + 3) % 7
        swing = 1.0 + self.day_swing * cos(2 * pi * (hour - self.peak_hour) / 24.0)
        return self.requests_per_minute * swing * (self.weekend if day >= 5 else 1.0)


def draw_profile(chance: Random) -> Profile:
    """Return a random but realistic profile: from a few requests a minute to thousands."""
    # Log-uniform where the range spans orders of magnitude: small services are then as frequent as large ones.
    return Profile(
        # Log-uniform, here and below: services differ in traffic, latency and errors by factors.
        requests_per_minute=exp(chance.uniform(log(3.0), log(3000.0))),
        day_swing=chance.uniform(0.2, 0.9),
        weekend=chance.uniform(0.4, 1.0),
        peak_hour=chance.uniform(9.0, 21.0),
        latency_median_seconds=exp(chance.uniform(log(0.04), log(0.25))),
        latency_sigma=chance.uniform(0.2, 0.45),
        slow_share=chance.uniform(0.002, 0.02),
        slow_times=chance.uniform(3.0, 8.0),
        error_share=exp(chance.uniform(log(0.0001), log(0.003))),
        error_phi=chance.uniform(1.0, 3.0),
        deploys_per_day=exp(chance.uniform(log(0.5), log(10.0))),
        restart_blip_share=chance.uniform(0.02, 0.2),
        build_seconds=chance.uniform(60.0, 300.0),
        rollback_seconds=chance.uniform(15.0, 90.0),
    )


def draw_blip_seconds(chance: Random) -> float:
    """Return the seconds that one blip lasts."""
    return min(chance.lognormvariate(log(BLIP_MEDIAN_SECONDS), BLIP_SIGMA), BLIP_CAP_SECONDS)


def draw_restart_blip_seconds(chance: Random) -> float:
    """Return the seconds of failing requests at a good deploy's restart, if it fails at all."""
    return chance.uniform(*RESTART_BLIP_SECONDS)
