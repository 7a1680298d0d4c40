"""Corroboration: a run of failures confirms sooner if other signals agree that blips of a healthy service rarely have.

Theory (facts on decisions, sections 1.3 and 1.4). A false rollback needs a run that begins as a deploy has just taken
traffic, lasts longer than the limit t, and ends by itself. A busy service (five deploys a day, so it spends a tenth of
its time in watch windows) has of them, a year,

    F(t) = RESTARTS * S_r(t) + BLIPS * S_b(t),

with the share of restarts that last longer than t (uniform, 5 to 40 s) and that of blips (lognormal, median 4 s, p90
14 s). Signals that occur with a share q_i of such runs, each for a reason of its own, leave F(t) * q_1 * q_2 * ... The
limit is the shortest t with which that is at most FALSE_A_YEAR: 40 s with one crash report, 36 s if the failing answers
name the new code as well, 18 s with two reports (policy has a floor). Two routes of one service fail together in nearly
every restart (q = 1) and shorten nothing, nor does the name of the new code alone. The shares are assumed.

The product holds only for reports with a reason of their own. One cause ends several instances within seconds: their
reports count once. Soon after a deploy its own crashes count, and not those that the code before it had.
"""

from collections.abc import Iterable
from functools import cache
from math import erfc, inf, log, sqrt

RESTARTS = 5 * 365 * 0.1
"""A year: five deploys a day, of which one in ten is felt."""
RESTART_SECONDS = (5.0, 40.0)
BLIPS = 4 * 365 * 0.1
"""A year: four a day, in a tenth of the time."""
BLIP_MEDIAN_SECONDS = 4.0
BLIP_SIGMA = log(14.0 / BLIP_MEDIAN_SECONDS) / 1.2816
FALSE_A_YEAR = 0.05
CRASH_SHARE = 0.02
"""Blips of a healthy service with a crash report of the platform; each further report is one more."""
CRASHES_APART_SECONDS = 5.0
"""Of one cause the reports are closer: the platform checks each instance every few seconds. A further crash of one that
was started again comes later."""
NEW_ERRORS_SHARE = 0.05
"""With a flood of errors of which some are new in the release."""
VERSION_SHARE = 0.1
"""With failing answers that name the new code: most restarts are felt as no answer, or as one of a proxy."""
REPORTS_MAX = 3
OUTWEIGHS = CRASH_SHARE**2
"""As rare as two crash reports: then the lessons of the check's own blips and restarts count no longer."""


def separate(crashes_at: Iterable[float]) -> int:
    """Return how many of the crash reports (UTC epoch seconds) may have a reason of their own."""
    count, last = 0, -inf
    for at in sorted(crashes_at):
        if at - last >= CRASHES_APART_SECONDS:
            count, last = count + 1, at
    return count


def blip_share(crashes: int, *, new_errors: bool, names_new_code: bool) -> float:
    """Return the share (0 to 1) of blips of a healthy service that come with all these signals."""
    share = CRASH_SHARE ** min(crashes, REPORTS_MAX)
    return share * (NEW_ERRORS_SHARE if new_errors else 1.0) * (VERSION_SHARE if names_new_code else 1.0)


def false_a_year(seconds: float) -> float:
    """Return F(t): how many runs of a healthy service outlast a limit, a year, in watch windows."""
    first, last = RESTART_SECONDS
    restarts = min(max((last - seconds) / (last - first), 0.0), 1.0)
    blips = erfc(log(seconds / BLIP_MEDIAN_SECONDS) / BLIP_SIGMA / sqrt(2)) / 2
    return RESTARTS * restarts + BLIPS * blips


@cache
def limit_seconds(share: float) -> float:
    """Return the shortest limit (whole seconds) with few enough false rollbacks; infinite without corroboration."""
    # Asked for each reading of a failing service; shares are products of three numbers, so there are few.
    return next((float(t) for t in range(1, 61) if false_a_year(t) * share <= FALSE_A_YEAR), inf)
