"""Terms: the evidence for and against the live deploy, each a factor of the odds with its reason in words.

Rule: a term that is missing is no term; only what was read speaks.
"""

from dataclasses import dataclass, replace

from watchdog.core.assess import maintenance
from watchdog.core.assess.suspect_deploy import first_traffic_at, live_deploy
from watchdog.domain.decisions import Blame, Finding, Term
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Phase, ServiceState, State
from watchdog.domain.policy import BlameWeights, Policy, ServicePolicy
from watchdog.domain.readings import Bad

STALE_VENDOR_SECONDS = 900.0
PEER_SECONDS = 180.0
PEERS_COUNTED_MAX = 3
"""Each service that fails with this one tells against its deploy; from the third on no more is learnt."""


@dataclass(frozen=True, slots=True)
class BlameInput:
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


def evidence_terms(case: BlameInput, suspect: Deploy, change: Deploy) -> tuple[Term, ...]:
    """Return the factors of the odds that the suspect caused it by what `change` brought."""
    return _with_earlier(_found(case, change), case.before, suspect)


def _with_earlier(terms: tuple[Term, ...], before: Blame | None, suspect: Deploy) -> tuple[Term, ...]:
    """Return the terms, and what acquitted this suspect when the incident began: that others recovered first does not
    tell against it.
    """
    if before is None or before.suspect is None or before.suspect.id != suspect.id:
        return terms
    now = {term.name: term.factor for term in terms}
    kept = [term for term in before.terms if term.name and term.factor < min(1.0, now.get(term.name, 1.0))]
    weaker = {term.name for term in kept}
    earlier = [term if term.earlier else _as_earlier(term) for term in kept]
    return (*(term for term in terms if term.name not in weaker), *earlier)


def _as_earlier(term: Term) -> Term:
    return replace(term, why=f"{term.why} (seen before, in this incident)", earlier=True)


def _found(case: BlameInput, change: Deploy) -> tuple[Term, ...]:
    weights = case.policy.blame
    found = [*_upstream_terms(case)]
    peers = failing_peers(case)
    if peers:
        factor = weights.peers_failing ** min(len(peers), PEERS_COUNTED_MAX)
        found.append(Term(factor, f"other services fail too: {', '.join(peers)}", "peers"))
    since = first_traffic_at(change, weights)
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


def _upstream_terms(case: BlameInput) -> list[Term]:
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


def _failing_before(case: BlameInput, name: str) -> bool:
    other = case.state.services.get(name)
    failing = other is not None and other.phase is not Phase.CALM and _run_started(other) is not None
    return failing or name in case.state.troubles


def _run_started(service: ServiceState) -> float | None:
    starts = [check.run_started_at for check in service.checks.values() if check.run_started_at is not None]
    return min(starts, default=None)


def failing_peers(case: BlameInput) -> list[str]:
    """Return the other services (no dependencies, no dependants) whose failure began about the same time.

    One that runs the same suspect code is no peer: its failure tells against that code; one that was deployed itself
    at that moment, or is meant to be down, has a reason of its own. Another worker's service is known by its trouble,
    which began to be known about when ours did.
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


def _fails_with_us(case: BlameInput, name: str) -> bool:
    other, trouble = case.state.services.get(name), case.state.troubles.get(name)
    if other is not None:
        began = _run_started(other)
        if began is None or abs(began - case.onset_at) > PEER_SECONDS or not _long(other):
            return False
        return not _deployed_itself(other, began, case.policy.blame) and maintenance.overlapped(other, began) is None
    mine = case.state.troubles.get(case.service.name)
    known_at = mine.at if mine is not None else case.now
    return trouble is not None and not trouble.planned and abs(trouble.at - known_at) <= PEER_SECONDS


def _deployed_itself(service: ServiceState, began: float, weights: BlameWeights) -> bool:
    """Tell whether its failures began while a deploy of its own took over."""
    starts = [deploy.first_traffic_at(weights.first_traffic_lead_seconds) for deploy in service.deploys]
    return any(at is not None and 0.0 <= began - at <= weights.first_traffic_lead_seconds for at in starts)


def _suspect_code(case: BlameInput, name: str) -> str | None:
    """Return the code that another service runs (or fails on, where another worker holds it)."""
    other, trouble = case.state.services.get(name), case.state.troubles.get(name)
    if other is None:
        return trouble.suspect_code if trouble is not None else None
    live = live_deploy(other.deploys)
    return live.code if live is not None else None


def _long(service: ServiceState) -> bool:
    return any(check.run_probes >= 3 for check in service.checks.values())
