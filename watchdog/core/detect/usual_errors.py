"""The usual errors per minute at this hour, and how far minutes swing about them: learned from complete hours.

Theory. An hour is six steps, the means of ten minutes: its median is not that of a batch job of twenty minutes, whose
level is the hour's high (see usual_by_hour). A job must have come twice, as one flood of errors may be an incident;
what then comes again is usual at its own level, however far above the rest of the hour. The over-dispersion
phi = variance / mean is an average over hours without a job, so the minutes of a job that has just ended widen nothing.
Levels are whole hundredths of (errors per minute + 1): so an hour without errors has a level above zero.
"""

from collections.abc import Sequence
from statistics import fmean, pvariance

from watchdog.core.detect import usual_by_hour
from watchdog.core.detect.usual_by_hour import HOUR_SECONDS
from watchdog.domain.checks import UsualErrors
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.readings import MinuteCount

UNIT = 0.01
STEP_SECONDS = 600.0
STEP_KNOWN_SECONDS = 300.0
SETTLED_SECONDS = 300.0
"""A tracker counts events this late at most: so long after its end an hour is complete."""
PHI_WEIGHT = 0.05
PHI_TIMES = 3.0
"""One hour counts as at most that many times the average: an incident of an hour moves it little."""


def after(usual: UsualErrors, counts: Sequence[MinuteCount]) -> UsualErrors:
    """Return the usual errors with the hour closed that has become complete with the newest of these minutes."""
    hour = int((counts[-1].start - SETTLED_SECONDS) // HOUR_SECONDS)
    if hour == usual.hour:
        return usual
    begins, ends = usual.hour * HOUR_SECONDS, (usual.hour + 1) * HOUR_SECONDS
    minutes = [one for one in counts if max(begins, usual.learns_from) <= one.start < ends]
    middle, high = usual_by_hour.closed(_steps(minutes))
    if middle and high == middle:
        usual = fast_replace(usual, phi=_swung(usual.phi, [one.count for one in minutes]))
    return usual_by_hour.in_hour(usual, hour, middle, high, once=False)


def _steps(minutes: Sequence[MinuteCount]) -> list[int]:
    """Return the levels of the hour's tens of minutes, of those that are known for the larger part."""
    tens: dict[float, list[MinuteCount]] = {}
    for one in minutes:
        tens.setdefault(one.start // STEP_SECONDS, []).append(one)
    known = [ten for ten in tens.values() if sum([one.seconds for one in ten]) >= STEP_KNOWN_SECONDS]
    return [round((fmean(one.per_minute for one in ten) + 1) / UNIT) for ten in known]


def _swung(phi: float, counts: Sequence[float]) -> float:
    mean = fmean(counts)
    # Without an error there is nothing that could swing.
    seen = min(pvariance(counts) / mean, PHI_TIMES * phi) if mean else phi
    return max(1.0, phi + PHI_WEIGHT * (seen - phi))


def forgotten_since(usual: UsualErrors, since: float, now: float) -> UsualErrors:
    """Return the usual errors without those since then, of a fault that others ended; this hour learns from now on."""
    return fast_replace(usual_by_hour.forgotten_since(usual, since), learns_from=now)


def expected(usual: UsualErrors, minute: MinuteCount) -> float:
    """Return the usual number of errors in this minute of a known hour."""
    level = usual_by_hour.level(usual, minute.start)
    if usual_by_hour.has_jobs(usual, minute.start):
        level = usual_by_hour.reached(usual, minute.start)
    return max(0.0, level * UNIT - 1) * minute.seconds / 60


def lasting(usual: UsualErrors, hours: int) -> list[float]:
    """Return the errors per minute of the last hours that are known, each by its median."""
    return [median * UNIT - 1 for median in usual.medians[-hours:] if median]
