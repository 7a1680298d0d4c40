"""Blame: how probable is it that the live deploy caused this? Log-odds, with every term and veto named.

Prior odds (facts: attribution): P(bad deploy) f(D) / lambda, where f is the density of an onset D minutes after the
change took traffic, 0.6 Exp(2 min) + 0.3 Exp(15 min) + 0.1 Exp(600 min), and lambda the rate of other incidents.
Act at P >= max(floor, P*), P* = C / (C + s (L_human - L_rollback)), the point where acting costs less than waiting.

Rule 1: the suspect is the live deploy; the *change* is the deploy of the same code whose first traffic fits the onset.
Rule 2: a veto alone acquits; a broken ruler never convicts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp

from watchdog.core import sight
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Blame, Finding, Phase, ServiceState, State, Term, Veto
from watchdog.domain.policy import BlameWeights, Policy, ServicePolicy
from watchdog.domain.readings import Bad
from watchdog.domain.units import show_seconds

MINUTES_PER_MONTH = 43830.0
STALE_DEPLOYS_SECONDS = 60.0
STALE_VENDOR_SECONDS = 900.0
PEER_SECONDS = 180.0
EARLIER = " (when it began)"
ASSUMED_DEPLOYS = 20.0
ASSUMED_MONTHS = 1.0
LEARNED_MONTHS_MIN = 0.1
PEERS_COUNTED_MAX = 3
"""Each service that fails with this one tells against its deploy; from the third on no more is learnt."""
NOT_CURABLE = {"dns": "name resolution fails", "tls": "the certificate or TLS fails"}


@dataclass(frozen=True, slots=True)
class Case:
    """What blame is weighed from; `before` is what was found when this incident was judged last."""

    state: State
    policy: Policy
    service: ServiceState
    wishes: ServicePolicy
    findings: tuple[Finding, ...]
    main: Finding
    share: float
    now: float
    before: Blame | None = None

    @property
    def onset_at(self) -> float:
        """Return when the main finding began."""
        return self.main.onset_at


def live_deploy(deploys: Sequence[Deploy]) -> Deploy | None:
    """Return the deploy that serves the traffic, or None."""
    return next((deploy for deploy in deploys if deploy.is_live), None)


def lineage(deploys: Sequence[Deploy], suspect: Deploy) -> list[Deploy]:
    """Return the suspect and the once-live deploys right before it that ran the same code, newest first."""
    run = [suspect]
    for deploy in deploys[[item.id for item in deploys].index(suspect.id) + 1 :]:
        if not deploy.was_live:
            continue
        if deploy.code is None or deploy.code != suspect.code:
            break
        run.append(deploy)
    return run


def _change(run: Sequence[Deploy], onset_at: float, weights: BlameWeights) -> Deploy:
    """Return the deploy of the run that fits the onset; an earlier one, if that had not served long enough to tell."""
    change = _newest_by(run, onset_at, weights)
    for before in run[run.index(change) + 1 :]:
        if took_traffic_at(change, weights) - took_traffic_at(before, weights) >= weights.first_traffic_lead_seconds:
            break
        change = before
    return change


def _newest_by(run: Sequence[Deploy], onset_at: float, weights: BlameWeights) -> Deploy:
    """Return the newest deploy of the run that took traffic by the onset; with some tolerance if none did."""
    for tolerance in (0.0, weights.onset_tolerance_seconds):
        for deploy in run:
            if took_traffic_at(deploy, weights) <= onset_at + tolerance:
                return deploy
    return run[-1]


def took_traffic_at(deploy: Deploy, weights: BlameWeights) -> float:
    """Return when its instances could first take traffic; its creation when nothing better is known."""
    at = deploy.first_traffic_at(weights.first_traffic_lead_seconds)
    return at if at is not None else deploy.created_at


def density_per_minute(minutes: float) -> float:
    """Return f(D): the density of an onset D minutes after a bad change took traffic."""
    return sum(share / mean * exp(-minutes / mean) for share, mean in ((0.6, 2.0), (0.3, 15.0), (0.1, 600.0)))


def cost_rule(share: float, weights: BlameWeights) -> float:
    """Return P*: act above it. Costs in outage-minutes, `share` of the requests failing."""
    waiting = share * (weights.human_minutes - weights.rollback_minutes)
    return weights.cost_false_rollback_minutes / (weights.cost_false_rollback_minutes + waiting)


def weigh(case: Case) -> Blame:
    """Return the blame of the live deploy, term by term."""
    weights = case.policy.blame
    suspect = live_deploy(case.service.deploys)
    # A feed or a crash loop tells no share of requests: then only the floor holds.
    cost = cost_rule(case.share, weights) if case.share > 0 else 0.0
    need = max(weights.floor, cost)
    if suspect is None or case.service.deploys_at is None:
        why = f"no deploy can be blamed: {case.service.deploys_why or 'the platform names no live deploy'}"
        return Blame(None, None, False, 0.0, 0.0, "", (), (), None, need, weights.floor, cost, why)
    run = lineage(case.service.deploys, suspect)
    change = _change(run, case.onset_at, weights)
    prior, prior_why = _prior(case, change)
    terms = _with_earlier(_terms(case, change), case.before, suspect)
    odds = prior
    for term in terms:
        odds *= term.factor
    vetoes = _vetoes(case, suspect, change)
    fired = [veto for veto in vetoes if veto.fired]
    probability = 0.0 if fired else odds / (1 + odds)
    onset = prior_why.partition(";")[0]
    why = f"{suspect.id}: {fired[0].why}" if fired else _verdict(suspect, change, probability, need, onset)
    configuration = change is not run[-1]
    return Blame(
        suspect,
        change,
        configuration,
        odds,
        prior,
        prior_why,
        terms,
        vetoes,
        probability,
        need,
        weights.floor,
        cost,
        why,
    )


def _verdict(suspect: Deploy, change: Deploy, probability: float, need: float, onset: str) -> str:
    than = "" if probability >= need else ", too little to act"
    same = "" if change is suspect else f" (same code since {change.id})"
    return f"{suspect.id}{same}, P {probability:.3f} (need {need:.2f}{than}): {onset}"


def _prior(case: Case, change: Deploy) -> tuple[float, str]:
    weights = case.policy.blame
    live_at = change.finished_at
    began = live_at if live_at is not None and live_at <= case.onset_at else took_traffic_at(change, weights)
    delay = max(0.0, case.onset_at - began)
    bad_share, others_per_month, rates = _rates(case.service, weights, case.now)
    odds = bad_share * density_per_minute(delay / 60) / (others_per_month / MINUTES_PER_MONTH)
    what = "after live" if began == live_at else "after its first traffic"
    return odds, f"onset {show_seconds(delay)} {what}; {rates}"


def _rates(service: ServiceState, weights: BlameWeights, now: float) -> tuple[float, float, str]:
    """Return the share of bad deploys, the other incidents a month, and both in words.

    What is assumed counts as much as 20 deploys and one month of this service's own history (the posterior means of a
    beta and of a gamma distribution).
    """
    seen, months = service.history, max(0.0, now - service.watching_since) / (MINUTES_PER_MONTH * 60)
    bad = (weights.bad_deploy_share * ASSUMED_DEPLOYS + seen.bad_deploys) / (ASSUMED_DEPLOYS + seen.deploys)
    others = (weights.other_incidents_per_month * ASSUMED_MONTHS + seen.others) / (ASSUMED_MONTHS + months)
    monthly = f"{others:.2g} other incident"
    rates = f"1 bad deploy in {1 / bad:.0f}, {monthly}{'' if monthly.startswith('1 ') else 's'} a month"
    if months < LEARNED_MONTHS_MIN:
        return bad, others, f"assumed (no history yet): {rates}"
    counts = f"{seen.bad_deploys} of {seen.deploys} deploys, {seen.others} others in {months:.1f} months"
    return bad, others, f"{rates} (seen: {counts})"


def _with_earlier(terms: tuple[Term, ...], before: Blame | None, suspect: Deploy) -> tuple[Term, ...]:
    """Return the terms, and what acquitted this suspect when the incident began: that others recovered first does not
    tell against it.
    """
    if before is None or before.suspect is None or before.suspect.id != suspect.id:
        return terms
    names = {term.name for term in terms}
    kept = [term for term in before.terms if term.factor < 1 and term.name not in names]
    return (*terms, *(term if term.why.endswith(EARLIER) else replace(term, why=term.why + EARLIER) for term in kept))


def _terms(case: Case, change: Deploy) -> tuple[Term, ...]:
    weights = case.policy.blame
    found = [*_upstream_terms(case)]
    peers = failing_peers(case)
    if peers:
        factor = weights.peers_failing ** min(len(peers), PEERS_COUNTED_MAX)
        found.append(Term(factor, f"other services fail too: {', '.join(peers)}", "peers"))
    since = took_traffic_at(change, weights)
    crashes = [
        text
        for check in case.service.checks.values()
        for at, text in check.crashes
        if check.kind == "render_events" and at >= since
    ]
    if crashes:
        found.append(
            Term(weights.platform_reports_crash, f"the platform reports, since this deploy: {crashes[-1]}", "crashes")
        )
    flood = next((finding for finding in case.findings if finding.method == "feed"), None)
    new = case.service.checks[flood.signal].new_issues if flood else ()
    if flood and new:
        found.append(Term(weights.new_errors_in_release, f"errors new in this release: {new[0]}", "new errors"))
    if case.service.closed_at is not None and since - 3600 < case.service.closed_at <= since:
        why = "an incident of this service ended within the hour before it"
        found.append(Term(weights.same_fault_before, why, "fault before"))
    return tuple(found)


def _upstream_terms(case: Case) -> list[Term]:
    terms = []
    for name in case.wishes.depends_on:
        at, reading = case.state.vendors.get(name, (0.0, None))
        if isinstance(reading, Bad) and case.now - at < STALE_VENDOR_SECONDS:
            why = f"upstream {name} fails: {reading.why}"
            terms.append(Term(case.policy.blame.upstream_failing, why, f"upstream {name}"))
        elif _failing_before(case, name):
            why = f"{name}, which it depends on, fails as well"
            terms.append(Term(case.policy.blame.upstream_failing, why, f"upstream {name}"))
    return terms


def _failing_before(case: Case, name: str) -> bool:
    other = case.state.services.get(name)
    failing = other is not None and other.phase is not Phase.CALM and _run_started(other) is not None
    return failing or name in case.state.troubles


def _run_started(service: ServiceState) -> float | None:
    starts = [check.run_started_at for check in service.checks.values() if check.run_started_at is not None]
    return min(starts, default=None)


def failing_peers(case: Case) -> list[str]:
    """Return the other services (no dependencies, no dependants) whose failure began about the same time.

    One that runs the same suspect code is no peer: its failure tells against that code; one that was deployed itself
    at that moment has a reason of its own. Another worker's service is known by its trouble, which began to be known
    about when ours did.
    """
    live = live_deploy(case.service.deploys)
    code = live.code if live is not None else None
    peers = []
    for name, wishes in case.policy.services.items():
        if name == case.service.name or name in case.wishes.depends_on or case.service.name in wishes.depends_on:
            continue
        if _fails_with_us(case, name) and (code is None or _suspect_code(case, name) != code):
            peers.append(name)
    return peers


def _fails_with_us(case: Case, name: str) -> bool:
    other, trouble = case.state.services.get(name), case.state.troubles.get(name)
    if other is not None:
        began = _run_started(other)
        if began is None or abs(began - case.onset_at) > PEER_SECONDS or not _long(other):
            return False
        return not _deployed_itself(other, began, case.policy.blame)
    mine = case.state.troubles.get(case.service.name)
    known_at = mine.at if mine is not None else case.now
    return trouble is not None and abs(trouble.at - known_at) <= PEER_SECONDS


def _deployed_itself(service: ServiceState, began: float, weights: BlameWeights) -> bool:
    """Tell whether its failures began while a deploy of its own took over."""
    starts = [deploy.first_traffic_at(weights.first_traffic_lead_seconds) for deploy in service.deploys]
    return any(at is not None and 0.0 <= began - at <= weights.first_traffic_lead_seconds for at in starts)


def _suspect_code(case: Case, name: str) -> str | None:
    """Return the code that another service runs (or fails on, where another worker holds it)."""
    other, trouble = case.state.services.get(name), case.state.troubles.get(name)
    if other is None:
        return trouble.suspect_code if trouble is not None else None
    live = live_deploy(other.deploys)
    return live.code if live is not None else None


def _long(service: ServiceState) -> bool:
    return any(check.run_probes >= 3 for check in service.checks.values())


def _vetoes(case: Case, suspect: Deploy, change: Deploy) -> tuple[Veto, ...]:
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


def _sight_veto(case: Case) -> Veto:
    seeing, why = sight.judge(case.state, case.policy, case.now)
    return Veto("control targets", not seeing, why)


def _platform_veto(case: Case) -> Veto:
    for name, vendor in case.policy.vendors.items():
        at, reading = case.state.vendors.get(name, (0.0, None))
        if vendor.role == "platform" and isinstance(reading, Bad) and case.now - at < STALE_VENDOR_SECONDS:
            return Veto("platform status", True, f"the platform {name} reports an outage: {reading.why}")
    return Veto("platform status", False, "no outage of the platform reported")


def _onset_veto(case: Case, change: Deploy) -> Veto:
    began = took_traffic_at(change, case.policy.blame)
    early = began - case.onset_at
    if early > case.policy.blame.onset_tolerance_seconds:
        return Veto("onset", True, f"it failed {show_seconds(early)} before {change.id} could take traffic")
    return Veto("onset", False, f"onset {show_seconds(max(0.0, -early))} after {change.id} could first take traffic")


def _curable_veto(case: Case) -> Veto:
    why = NOT_CURABLE.get(case.main.failure_kind)
    if why:
        return Veto("not curable", True, f"{why}: no rollback cures that")
    return Veto("not curable", False, "the failure is one that code can cause")


def _stale_veto(case: Case) -> Veto:
    assert case.service.deploys_at is not None
    age = case.now - case.service.deploys_at
    if age > STALE_DEPLOYS_SECONDS:
        return Veto("deploy list", True, f"the deploy list is {show_seconds(age)} old: {case.service.deploys_why}")
    return Veto("deploy list", False, f"read {show_seconds(max(0.0, age))} ago")
