"""The prior odds that a service's change caused a failure: P(bad deploy) f(D) / lambda (facts: attribution).

Theory. f is the density of an onset D minutes after the change took traffic, lambda the rate of other incidents.
f = 0.81 Exp(48 s) + 0.13 Exp(10 min) + 0.06 Gamma(shape 2, mean 160 min): the form of the facts, except that a failure
under load comes hours later and never at once. Fitted together with lambda to the lab's classes, so that P is
calibrated: of the cases with P = 0.9 nine in ten are true.
"""

from dataclasses import dataclass
from math import exp

from watchdog.core.assess.suspect_deploy import first_traffic_at
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import History, ServiceState
from watchdog.domain.policy import BlameWeights
from watchdog.domain.texts.prose import Prose
from watchdog.domain.units import show_seconds

MINUTES_PER_MONTH = 43830.0
ASSUMED_DEPLOYS = 20.0
ASSUMED_MONTHS = 1.0
LEARNED_MONTHS_MIN = 0.1
ONSETS = ((0.81, 0.8), (0.13, 10.0))
"""(share, mean in minutes) of the exponential parts of f: failures at once, and failures soon."""
UNDER_LOAD = (0.06, 80.0)
"""(share, scale in minutes) of its part that rises before it falls: a gamma density, shape 2, highest at the scale."""


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates of a service: its share of bad deploys, and its incidents of another cause."""

    bad_share: float  # share 0-1 of bad deploys
    others_per_month: float  # incidents of another cause a month
    why: Prose  # both in words
    assumed: bool = False  # no history yet: the policy's assumptions


@dataclass(frozen=True, slots=True)
class Prior:
    """The odds before any evidence, and their parts."""

    odds: float  # that the change caused it, to one of an incident of another cause
    onset_why: Prose  # how the onset lies to the change
    rates: Rates  # of the service


def density_per_minute(minutes: float) -> float:
    """Return f(D): the density of an onset D minutes after a bad change took traffic."""
    soon = sum(share / mean * exp(-minutes / mean) for share, mean in ONSETS)
    share, scale = UNDER_LOAD
    # The gamma density of shape 2, x / scale^2 exp(-x / scale), is 0 at D = 0: load takes time to come.
    return soon + share * minutes / scale**2 * exp(-minutes / scale)


def prior_of(service: ServiceState, change: Deploy, onset_at: float, weights: BlameWeights, now: float) -> Prior:
    """Return the prior odds that a change of this service caused a failure with that onset (UTC epoch seconds)."""
    live_at = change.finished_at
    # Before it is live, some instances may serve it already: then the delay counts from its first traffic.
    began = live_at if live_at is not None and live_at <= onset_at else first_traffic_at(change, weights)
    delay = max(0.0, onset_at - began)
    rates = rates_of(service, weights, now)
    odds = rates.bad_share * density_per_minute(delay / 60) / (rates.others_per_month / MINUTES_PER_MONTH)
    what = "after live" if began == live_at else "after its first traffic"
    return Prior(odds, f"onset {show_seconds(delay)} {what}", rates)


def rates_of(service: ServiceState, weights: BlameWeights, now: float) -> Rates:
    """Return the share of bad deploys and the other incidents a month.

    The policy's assumptions weigh as much as 20 deploys and one month of this service's own history (the posterior
    means of a beta and of a gamma distribution). Deploys never count as worse than assumed: a rollback that seemed to
    help must not make the next one likelier.
    """
    seen = service.history
    months = max(0.0, now - seen.since) / (MINUTES_PER_MONTH * 60) if seen.since else 0.0
    # Nothing was counted yet: notices say that these rates are assumed.
    if months < LEARNED_MONTHS_MIN and seen == History(since=seen.since):
        bad, others = weights.bad_deploy_share, weights.other_incidents_per_month
        return Rates(bad, others, f"assumed (no history yet): {_in_words(bad, others)}", assumed=True)
    posterior = (weights.bad_deploy_share * ASSUMED_DEPLOYS + seen.bad_deploys) / (ASSUMED_DEPLOYS + seen.deploys)
    # See above: the history of bad deploys contains our own rollbacks, so it must not raise the share.
    bad = min(weights.bad_deploy_share, posterior)
    others = (weights.other_incidents_per_month * ASSUMED_MONTHS + seen.others) / (ASSUMED_MONTHS + months)
    counts = f"{seen.bad_deploys} of {seen.deploys} deploys, {seen.others} others in {months:.1f} months"
    return Rates(bad, others, f"{_in_words(bad, others)} (seen: {counts})")


def _in_words(bad_share: float, others_per_month: float) -> str:
    monthly = f"{others_per_month:.2g}"
    return f"1 bad deploy in {1 / bad_share:.0f}, {monthly} other incident{'' if monthly == '1' else 's'} a month"
