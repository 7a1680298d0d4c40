"""Blame: how probable is it that the live deploy caused this? Log-odds, with every term and veto named.

Prior odds (facts: attribution): P(bad deploy) f(D) / lambda, where f is the density of an onset D minutes after the
change took traffic, lambda the rate of other incidents. f = 0.81 Exp(48 s) + 0.13 Exp(10 min) + 0.06 Gamma(shape 2,
mean 160 min): the form of the facts, but what breaks under load does so hours later and never at once; fitted together
with lambda to the lab's classes, so that P comes true as often as it says. Act at P >= max(floor, P*), P* = C / (C + s
(L_human - L_rollback)), the point where acting costs less than waiting.

Rule: a veto alone acquits; a broken ruler never convicts.
"""

from dataclasses import dataclass
from math import exp

from watchdog.core.assess import connectivity
from watchdog.core.assess.evidence import STALE_VENDOR_SECONDS, BlameInput, evidence_terms
from watchdog.core.assess.suspect_deploy import change_of, first_traffic_at, live_deploy, same_code_run
from watchdog.domain.decisions import Blame, Veto
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import History, ServiceState
from watchdog.domain.policy import BlameWeights
from watchdog.domain.readings import Bad
from watchdog.domain.units import show_seconds

MINUTES_PER_MONTH = 43830.0
STALE_DEPLOYS_SECONDS = 60.0
ASSUMED_DEPLOYS = 20.0
ASSUMED_MONTHS = 1.0
LEARNED_MONTHS_MIN = 0.1
ONSETS = ((0.81, 0.8), (0.13, 10.0))
"""(share, mean in minutes) of the exponential parts of f: what is broken at once, and what breaks soon."""
UNDER_LOAD = (0.06, 80.0)
"""(share, scale in minutes) of its part that rises before it falls: a gamma density, shape 2, highest at the scale."""
NOT_CURABLE = {"dns": "name resolution fails", "tls": "the certificate or TLS fails"}


def density_per_minute(minutes: float) -> float:
    """Return f(D): the density of an onset D minutes after a bad change took traffic."""
    soon = sum(share / mean * exp(-minutes / mean) for share, mean in ONSETS)
    share, scale = UNDER_LOAD
    return soon + share * minutes / scale**2 * exp(-minutes / scale)


def cost_rule(share: float, weights: BlameWeights) -> float:
    """Return P*: act above it. Costs in outage-minutes, `share` of the requests failing."""
    waiting = share * (weights.human_minutes - weights.rollback_minutes)
    return weights.cost_false_rollback_minutes / (weights.cost_false_rollback_minutes + waiting)


def weigh(case: BlameInput) -> Blame:
    """Return the blame of the live deploy, term by term."""
    weights = case.policy.blame
    suspect = live_deploy(case.service.deploys)
    # A feed or a crash loop tells no share of requests: then only the floor holds.
    cost = cost_rule(case.share, weights) if case.share > 0 else 0.0
    need = max(weights.floor, cost)
    if suspect is None or case.service.deploys_at is None:
        why = f"no deploy can be blamed: {case.service.deploys_why or 'the platform names no live deploy'}"
        return Blame(None, None, False, 0.0, 0.0, "", (), (), None, need, weights.floor, cost, why)
    run = same_code_run(case.service.deploys, suspect)
    change = change_of(run, case.onset_at, weights)
    prior = _prior(case, change)
    found = evidence_terms(case, suspect, change)
    odds = prior.odds
    for term in found:
        odds *= term.factor
    vetoes = _vetoes(case, suspect, change)
    fired = [veto for veto in vetoes if veto.fired]
    probability = 0.0 if fired else odds / (1 + odds)
    why = f"{suspect.id}: {fired[0].why}" if fired else _verdict(suspect, change, probability, need, prior.onset_why)
    configuration = change is not run[-1]
    return Blame(
        suspect,
        change,
        configuration,
        odds,
        prior.odds,
        f"{prior.onset_why}; {prior.rates.why}",
        found,
        vetoes,
        probability,
        need,
        weights.floor,
        cost,
        why,
        weights.ask_floor,
        prior.rates.assumed,
        prior.onset_why,
    )


def _verdict(suspect: Deploy, change: Deploy, probability: float, need: float, onset: str) -> str:
    than = "" if probability >= need else ", too little to act"
    same = "" if change is suspect else f" (same code since {change.id})"
    return f"{suspect.id}{same}, P {probability:.3f} (need {need:.2f}{than}): {onset}"


@dataclass(frozen=True, slots=True)
class _Rates:
    """The share of deploys that are bad, the other incidents a month, both in words, and whether they are assumed."""

    bad_share: float
    others_per_month: float
    why: str
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class _Prior:
    """The odds before any evidence, how the onset lies to the change, and the rates they were made of."""

    odds: float
    onset_why: str
    rates: _Rates


def _prior(case: BlameInput, change: Deploy) -> _Prior:
    weights = case.policy.blame
    live_at = change.finished_at
    began = live_at if live_at is not None and live_at <= case.onset_at else first_traffic_at(change, weights)
    delay = max(0.0, case.onset_at - began)
    rates = _rates(case.service, weights, case.now)
    odds = rates.bad_share * density_per_minute(delay / 60) / (rates.others_per_month / MINUTES_PER_MONTH)
    what = "after live" if began == live_at else "after its first traffic"
    return _Prior(odds, f"onset {show_seconds(delay)} {what}", rates)


def _rates(service: ServiceState, weights: BlameWeights, now: float) -> _Rates:
    """Return the share of bad deploys and the other incidents a month.

    What is assumed counts as much as 20 deploys and one month of this service's own history (the posterior means of a
    beta and of a gamma distribution). Deploys are never taken to be worse than assumed: a rollback that seemed to help
    must not make the next one likelier.
    """
    seen = service.history
    months = max(0.0, now - seen.since) / (MINUTES_PER_MONTH * 60) if seen.since else 0.0
    if months < LEARNED_MONTHS_MIN and seen == History(since=seen.since):
        bad, others = weights.bad_deploy_share, weights.other_incidents_per_month
        return _Rates(bad, others, f"assumed (no history yet): {_in_words(bad, others)}", assumed=True)
    posterior = (weights.bad_deploy_share * ASSUMED_DEPLOYS + seen.bad_deploys) / (ASSUMED_DEPLOYS + seen.deploys)
    bad = min(weights.bad_deploy_share, posterior)
    others = (weights.other_incidents_per_month * ASSUMED_MONTHS + seen.others) / (ASSUMED_MONTHS + months)
    counts = f"{seen.bad_deploys} of {seen.deploys} deploys, {seen.others} others in {months:.1f} months"
    return _Rates(bad, others, f"{_in_words(bad, others)} (seen: {counts})")


def _in_words(bad_share: float, others_per_month: float) -> str:
    monthly = f"{others_per_month:.2g}"
    return f"1 bad deploy in {1 / bad_share:.0f}, {monthly} other incident{'' if monthly == '1' else 's'} a month"


def _vetoes(case: BlameInput, suspect: Deploy, change: Deploy) -> tuple[Veto, ...]:
    return (
        _sight_veto(case),
        _platform_veto(case),
        _onset_veto(case, change),
        _rollback_veto(suspect, change),
        _curable_veto(case),
        _stale_veto(case),
    )


def _rollback_veto(suspect: Deploy, change: Deploy) -> Veto:
    rollback = next((deploy for deploy in (suspect, change) if deploy.is_rollback), None)
    if rollback is None:
        return Veto("suspect is a rollback", False, "it is not")
    return Veto("suspect is a rollback", True, f"the live code came with {rollback.id}, itself a rollback")


def _sight_veto(case: BlameInput) -> Veto:
    sight = connectivity.assess_connectivity(case.state, case.policy, case.now)
    return Veto("control targets", not sight.seeing, f"blind: {sight.why}" if sight.blind else sight.why)


def _platform_veto(case: BlameInput) -> Veto:
    for name, vendor in case.policy.vendors.items():
        at, reading = case.state.vendors.get(name, (0.0, None))
        if vendor.role == "platform" and isinstance(reading, Bad) and case.now - at < STALE_VENDOR_SECONDS:
            return Veto("platform status", True, f"the platform {name} has trouble of its own: {reading.why}")
    return Veto("platform status", False, "no outage of the platform reported, and no maintenance going on")


def _onset_veto(case: BlameInput, change: Deploy) -> Veto:
    began = first_traffic_at(change, case.policy.blame)
    early = began - case.onset_at
    if early > case.policy.blame.onset_tolerance_seconds:
        return Veto("onset", True, f"it failed {show_seconds(early)} before {change.id} could take traffic")
    return Veto("onset", False, f"onset {show_seconds(max(0.0, -early))} after {change.id} could first take traffic")


def _curable_veto(case: BlameInput) -> Veto:
    why = NOT_CURABLE.get(case.main.failure_kind)
    if why:
        return Veto("not curable", True, f"{why}: no rollback cures that")
    return Veto("not curable", False, "the failure is one that code can cause")


def _stale_veto(case: BlameInput) -> Veto:
    assert case.service.deploys_at is not None
    age = case.now - case.service.deploys_at
    if age > STALE_DEPLOYS_SECONDS:
        return Veto("deploy list", True, f"the deploy list is {show_seconds(age)} old: {case.service.deploys_why}")
    return Veto("deploy list", False, f"read {show_seconds(max(0.0, age))} ago")
