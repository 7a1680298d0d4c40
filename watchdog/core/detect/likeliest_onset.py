"""The likeliest onset of an outage that fails some of a route's probes: a change point of their outcomes."""

from itertools import groupby
from math import log

from watchdog.domain.checks import Check

AMBIGUOUS = 3.0
"""Onsets whose log-likelihoods differ by less are equally likely (a factor of 20)."""
BLIP_SECONDS = 14.0
"""Nine of ten blips of a healthy service last no longer."""
BLIP_PROBES = 200.0
"""A blip begins once in this many probes: some a day at one probe in ten seconds, and many more after deploys."""


def likeliest_onset(check: Check, zero_at: float, p0: float, *, forgiving: bool) -> float:
    """Return the run of failures with which the outage began: the onset that the probes make likeliest.

    For an onset that maximises n KL(p, p0), p = failed / n: the change point of the generalised likelihood ratio
    (Willsky and Jones 1976). Of onsets that fit nearly as well the earliest counts, as an unclear onset must acquit.
    Where not every probe since `zero_at` is kept, it is `zero_at`. `forgiving`: one short run before the onset that
    recovered is a blip, of which a healthy service has one in BLIP_PROBES probes. Without that, a blip minutes before
    would date the outage to before the deploy that caused it.
    """
    # Unless every probe since the sum left zero is kept, a later onset cannot be distinguished from it.
    if not check.recent or check.recent[0][0] > zero_at:
        return zero_at
    outcomes = [one for one in check.recent if one[0] >= zero_at]
    left, failed, runs = len(outcomes), sum(bad for _, bad in outcomes), 0
    found: list[tuple[float, float]] = []
    healed = 0.0
    for bad, run in groupby(outcomes, key=lambda one: one[1]):
        seen = list(run)
        if bad:
            # Only the first run is forgiven: a second one before the onset is no blip by chance any more.
            blip = healed if forgiving and runs == 1 else 0.0
            found.append((left * divergence(failed / left, p0) + blip, seen[0][0]))
            short = seen[-1][0] - seen[0][0] <= BLIP_SECONDS
            # Log-likelihood of one blip (once in BLIP_PROBES) against that many failures by chance (p0 each).
            healed = max(0.0, len(seen) * log(1 / p0) - log(BLIP_PROBES)) if short else 0.0
            failed -= len(seen)
            runs += 1
        left -= len(seen)
    best = max((evidence for evidence, _ in found), default=0.0)
    return min((at for evidence, at in found if evidence >= best - AMBIGUOUS), default=zero_at)


def divergence(p: float, q: float) -> float:
    """Return the Kullback-Leibler divergence of two coins, KL(p || q), with 0 < q < 1."""
    healthy = (1 - p) * log((1 - p) / (1 - q)) if p < 1 else 0.0
    return p * log(p / q) + healthy if p > 0 else healthy
