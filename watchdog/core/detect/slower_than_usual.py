"""All answers are somewhat slower than usual: a release that is half again as slow.

Theory. A step is the median of the answers of a minute or more. Its excess is the logarithm of its ratio to the usual
latency (see usual_latency). A CUSUM adds the excess, less most of the shift to be found: `times_baseline`, and twice
until an hour has a history. Its limit follows from the usual distance of steps from the expectation: one false alarm in
ten years, were steps independent (Siegmund 1985; facts: section 1.3).
"""

from math import log
from statistics import median

from watchdog.core.detect import usual_by_hour, usual_latency
from watchdog.core.detect.usual_by_hour import HOUR_SECONDS
from watchdog.core.detect.usual_latency import UNIT_SECONDS, Samples
from watchdog.domain.checks import UsualLatency
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.units import show_seconds

STEP_SECONDS = 60.0
STEP_ANSWERS = 6
STEPS_MIN = 10
SPREAD_STEPS = 500.0
TIMES_NEW = 2.0
FREE_SHARE = 2 / 3
"""Two thirds, and not half as is best for a sum (Page 1954): a day a quarter slower than others is no alert."""
MORE_MAX = 0.3
"""The most that one step adds: three minutes, however slow, are not enough."""
LESS_MAX = log(2.0)
LIMIT_MIN = 1.0
LATE = 2 / 3
"""Share of the shift from which an answer counts as slower. Half is likeliest, but an early onset acquits a deploy."""
NOISE = 0.1
"""A sum below this does not date its begin."""
SPREAD_MIN = 0.2
STEPS_PER_FALSE_ALARM = 5_259_600.0
"""Ten years of minutes."""
OVERSHOOT = 1.166
"""How far a sum goes over its limit, in standard deviations (Siegmund 1985)."""
CAP = 1.25
"""Times the limit: a higher sum would only delay the end."""
EASE = 0.8
EASE_MAX = 0.4
ENDS_STEPS = 10
"""It ends by a sum downwards, of how far steps are below half of the allowance: six usual steps, or two far below."""
ALLOWANCE_MAX = log(2.0)
"""However much days differ, a latency three times the usual is found."""
MORE_MS = 20.0
"""A step with less excess than this is not slow, whatever the ratio."""


def due(usual: UsualLatency, answers: int, at: float, longest_seconds: float) -> bool:
    """Return whether the answers since the last step make another one."""
    since = at - usual.stepped_at
    return since >= STEP_SECONDS and (answers >= STEP_ANSWERS or since >= longest_seconds)


def ends_within_seconds(every_seconds: float) -> float:
    """Return how long after its end a slowness is known to be over: six usual steps, and some more by chance."""
    return ENDS_STEPS * max(STEP_SECONDS, STEP_ANSWERS * every_seconds)


def stepped(usual: UsualLatency, answers: Samples, times: float | None, *, well: bool) -> UsualLatency:
    """Return the usual latency with one step more, of the answers since the last one; earlier answers only date it.

    `well`: it is not slow, so the step may teach the usual latency.
    """
    at = answers[-1][0]
    level = max(1, round(median(seconds for since, seconds in answers if since > usual.stepped_at) / UNIT_SECONDS))
    # The first step of an hour closes the previous one, which becomes history.
    if int(at // HOUR_SECONDS) != usual.hour:
        usual = usual_latency.in_hour(usual, int(at // HOUR_SECONDS))
    if usual.steps >= STEPS_MIN:
        known = usual_latency.expected(usual, at)
        excess, free = _excess(level, known), allowance(usual, times or TIMES_NEW)
        # Before that many steps one of them moves the average far, so a slow one must not be learned.
        settled = usual.steps * usual_latency.WEIGHT_MIN >= 1
        # A slower release goes on and builds up a sum; of two usual latencies one returns to zero each time.
        alone = usual.excess == 0.0
        well = well and (excess <= free or (settled and alone))
        usual = _judged(usual, excess, free, known, answers, times) if times is not None else usual
    usual = usual_latency.learned(usual, level) if well else usual
    return fast_replace(usual, stepped_at=at, minutes=(*usual.minutes, level), now=usual_latency.expected(usual, at))


def is_confirmed(usual: UsualLatency, times: float | None) -> bool:
    """Return whether it has been slower than usual for long enough."""
    return times is not None and usual.confirmed


def is_suspicious(usual: UsualLatency, times: float | None) -> bool:
    """Return whether half of that was observed: it deserves a closer look."""
    return times is not None and usual.excess > 0 and (usual.confirmed or is_high(usual, times))


def is_high(usual: UsualLatency, times: float) -> bool:
    """Return whether the sum is not on its way down."""
    return usual.excess >= limit(usual, times) / 2


def allowance(usual: UsualLatency, times: float) -> float:
    """Return the excess (a logarithm) that adds nothing: most of the shift to be found, or the difference of days."""
    found = times if usual_by_hour.is_known(usual) else max(times, TIMES_NEW)
    return max(FREE_SHARE * log(found), min(2 * usual.between_days, ALLOWANCE_MAX))


def limit(usual: UsualLatency, times: float) -> float:
    """Return the sum that confirms: h of a one-sided CUSUM with that mean time between false alarms, and at least the
    excess of three steps.
    """
    # The standard deviation of a normal distribution is 1.25 times its mean distance.
    deviation = max(SPREAD_MIN, 1.25 * usual.spread)
    kappa = allowance(usual, times) / deviation
    # The smallest h whose ARL, exp(2 kappa (h / s + 1.166)) / (2 kappa^2) by Siegmund, is that many steps.
    chance = deviation * (log(2 * kappa * kappa * STEPS_PER_FALSE_ALARM) / (2 * kappa) - OVERSHOOT)
    return max(LIMIT_MIN, chance)


def _excess(level: int, known: float) -> float:
    """Return the logarithm of the ratio to the usual latency; at most 0 where the difference is some milliseconds."""
    return log(level / known) if level - known >= MORE_MS / 1000 / UNIT_SECONDS else min(0.0, log(level / known))


def _judged(
    usual: UsualLatency, excess: float, free: float, known: float, answers: Samples, times: float
) -> UsualLatency:
    """Return the usual latency with the excess of one step added, and with the updated spread of steps."""
    confirms = limit(usual, times)
    more = max(-LESS_MAX, min(excess - free, MORE_MAX))
    level = min(max(0.0, usual.excess + more), CAP * confirms)
    sure = usual.confirmed or level >= confirms
    ease = max(0.0, usual.ease + min(free / 2 - excess, EASE_MAX)) if sure else 0.0
    if ease >= EASE:
        level, sure, ease = 0.0, False, 0.0
    elif sure:
        # A confirmed slowness ends by quick steps (`ease`), and not because it becomes a little less slow.
        level = max(level, LIMIT_MIN / 10)
    since = usual.excess_since if level > 0 else None
    if level > 0 and (since is None or usual.excess < NOISE):
        late = [one for one in answers if one[0] > usual.stepped_at - STEP_SECONDS]
        since = _began(late, log(known * UNIT_SECONDS) + LATE * max(excess, free))
    spread = usual.spread
    # Steps of a slowness, or of hours with jobs, would widen the spread and with it the limit.
    if level < CAP * confirms / 2 and not usual_by_hour.has_jobs(usual, answers[-1][0]):
        spread += (min(abs(excess), LESS_MAX) - spread) / min(usual.steps, SPREAD_STEPS)
    return fast_replace(usual, excess=level, excess_since=since, confirmed=sure, ease=ease, spread=spread)


def _began(answers: Samples, middle: float) -> float:
    """Return the first slower answer: the change point of a shift (Hinkley 1970) past this logarithm."""
    most, total, since = 0.0, 0.0, answers[-1][0]
    for at, seconds in reversed(answers):
        total += log(max(seconds, UNIT_SECONDS)) - middle
        if total > most:
            most, since = total, at
    return since


def without_sum(usual: UsualLatency) -> UsualLatency:
    """Return the usual latency with its sum at zero: earlier steps count no longer, except for the usual."""
    return fast_replace(usual, excess=0.0, excess_since=None, confirmed=False, ease=0.0) if usual.excess else usual


def describe(usual: UsualLatency, times: float, lasted: float) -> str:
    """Return the arithmetic in words."""
    hour = "at this hour" if usual_by_hour.is_known(usual) else "as far as is known"
    words = f"{symptom(usual)} {hour}, for {show_seconds(lasted)}"
    return f"{words} (CUSUM {usual.excess:.2f}, limit {limit(usual, times):.2f})"


def symptom(usual: UsualLatency) -> str:
    """Return the present latency and the usual one, in words."""
    now = median(usual.minutes[-3:]) if usual.minutes else 0.0
    return f"p50 {_ms(now)}, {_ms(usual_latency.expected(usual, usual.stepped_at))} is usual"


def _ms(tenths: float) -> str:
    return f"{tenths / 10:.0f} ms" if tenths >= 100 else f"{tenths / 10:.1f} ms"
