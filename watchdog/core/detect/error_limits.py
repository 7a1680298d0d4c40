"""How many errors are too many: by chance, and for the rare kinds of error that a good release brings.

Theory. Every kind of error of a service was new once, and most are rare. A busy service has RELEASES a year that bring
a kind which is not worth a word; its rate is lognormal, with the median RARE and one in ten at RARE_P90 or more a
minute. The errors of a window of ten minutes are the usual ones and these, and swing by the service's own
over-dispersion phi. A release is looked at in LOOKS such windows a day. So a limit of n errors in the window has, with
the mean over the rates,

    F(n) = RELEASES * E[min(1, LOOKS * P(X >= n))],  X / phi ~ Poisson((usual + 10 * rate) / phi)

false findings a year. The limit is the smallest n for which F(n) is at most FALSE_A_YEAR: 2.1 errors a minute where one
in ten minutes is usual, 5.2 where two a minute are (phi 1.5). RELEASES and the rates are assumed. F is the price of a
word, not of a rollback: for what is found by this limit alone nothing is ever rolled back unasked.
"""

from functools import lru_cache
from math import ceil, exp, lgamma, log

BOUND_BELOW = 1e-9
"""Below this probability Chernoff's bound is returned: 100,000 errors are not summed term by term at every probe."""
NEW = "new errors"
"""The method of a finding by the limit of the rare kinds."""
WINDOW_MINUTES = 10
RELEASES = 5 * 365 * 0.1
"""A year: five deploys a day, of which one in ten brings a kind of error that was not there before."""
RARE, RARE_P90 = 0.1, 0.3
SIGMA = log(RARE_P90 / RARE) / 1.2816
LOOKS = 24 * 60 / WINDOW_MINUTES
FALSE_A_YEAR = 1.0
STEPS = [n / 10 for n in range(-40, 46)]
"""The lognormal rates are summed in steps of a tenth of their standard deviation."""
RATES = [(RARE * exp(SIGMA * step), exp(-(step**2) / 2)) for step in STEPS]


def poisson_tail(count: float, mean: float) -> float:
    """Return P(X >= count) for a Poisson mean: the sum of the lower terms, or far out Chernoff's upper bound."""
    if count > mean:
        bound = exp(max(count - mean - count * log(count / mean), -700.0))
        if bound < BOUND_BELOW:
            return bound
    below = 0.0
    for k in range(ceil(count)):
        # In logarithms: mean^k and k! leave the range of a float at a few hundred errors a minute.
        below += exp(k * log(mean) - mean - lgamma(k + 1))
    return max(0.0, 1.0 - below)


def limit_of_rare(expected: float, phi: float) -> int:
    """Return the fewest errors in the window that are too many for a rare kind; `expected` are usual in it."""
    # Rounded up, so that few values are ever computed: this is asked for with every probe of such a service.
    return _limit(ceil(expected), ceil(phi * 10) / 10)


@lru_cache(maxsize=1024)
def _limit(expected: int, phi: float) -> int:
    low, high = expected, 2 * expected + 64
    while false_a_year(high, expected, phi) > FALSE_A_YEAR:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if false_a_year(middle, expected, phi) <= FALSE_A_YEAR else (middle, high)
    return high


def false_a_year(count: float, expected: float, phi: float) -> float:
    """Return F(count): how many good releases a year have so many errors in one of their windows."""
    found = [
        weight * min(1.0, LOOKS * poisson_tail(count / phi, (expected + rate * WINDOW_MINUTES) / phi))
        for rate, weight in RATES
    ]
    return RELEASES * sum(found) / sum(weight for _, weight in RATES)
