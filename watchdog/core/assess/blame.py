"""Blame: the probability that the live deploy caused the failure. Each cause, term and veto is named in the result.

Theory. Prior odds of the change (onset_prior.py) x the evidence about it (evidence.py), against all other possible
causes (other_causes.py). Act at P >= max(floor, P*), P* = C / (C + s (L_human - L_rollback)): from there on acting
costs less than waiting. Ask from max(ask floor, the same for the cost of a wrong question and the time that a yes
saves) on: a human is called either way, and an improbable suspect costs less than a search for a bad deploy.

Rule: a single veto acquits; a stale or missing reading never convicts.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from watchdog.core.assess import connectivity
from watchdog.core.assess.blame_input import BlameInput
from watchdog.core.assess.evidence import evidence_terms, has_new_errors
from watchdog.core.assess.onset_prior import prior_of
from watchdog.core.assess.other_causes import other_causes
from watchdog.core.assess.suspect_deploy import (
    change_before,
    change_of,
    code_before,
    earliest_onset_of,
    first_traffic_at,
    live_deploy,
    same_code_run,
)
from watchdog.core.detect.error_limits import NEW
from watchdog.core.fold import served_versions
from watchdog.domain.decisions import LIKELIER_THAN_NOT, NOT_WEIGHED, Blame, Veto
from watchdog.domain.deploys import Deploy
from watchdog.domain.policy import BlameWeights
from watchdog.domain.readings import NOT_CURABLE
from watchdog.domain.units import show_seconds

# From the first failed probe on the list is read every 5 s: a minute without one means that Render does not answer.
STALE_DEPLOYS_SECONDS = 60.0
FEED_MINUTE_SECONDS = 60.0
DRAINING_SECONDS = 600.0
"""How long after a deploy could first take traffic the instances of the previous one may still serve."""
UNKNOWN_SHARE = 0.2
"""The assumed share of failing requests, for the question only, where a feed or a crash loop states none."""


def cost_rule(share: float, weights: BlameWeights) -> float:
    """Return P*, above which acting costs less. Costs are in outage-minutes; `share` (0 to 1) of the requests fails."""
    waiting = share * (weights.human_minutes - weights.rollback_minutes)
    return weights.cost_false_rollback_minutes / (weights.cost_false_rollback_minutes + waiting)


def asking_cost_rule(share: float, weights: BlameWeights) -> float:
    """Return the probability above which asking costs less than only paging, with the same terms."""
    saved = share * (weights.human_minutes - weights.answer_minutes - weights.rollback_minutes)
    # Where an answer saves no time the result is 1: such a question is never worth its cost.
    return weights.cost_false_question_minutes / (weights.cost_false_question_minutes + max(0.0, saved))


def weigh(case: BlameInput) -> Blame:
    """Return the blame of the live deploy, term by term."""
    suspect = live_deploy(case.service.deploys)
    if suspect is None or case.service.deploys_at is None:
        why = f"no deploy can be blamed: {case.service.deploys_why or 'the platform names no live deploy'}"
        need, cost = _needed(case)
        return replace(NOT_WEIGHED, need=need, floor=case.policy.blame.floor, cost_rule=cost, why=why)
    blame = _weighed(case, suspect)
    return _with_the_one_below(case, blame, suspect) or blame


def _with_the_one_below(case: BlameInput, live: Blame, suspect: Deploy) -> Blame | None:
    """Return the blame of the deploy that was live at the onset, if only the onset acquits the live one and that one is
    convicted, or worth a question. Then a human is asked about a rollback past both (guards.on_top).
    """
    if [veto.name for veto in live.vetoed] != ["onset"]:
        return None
    below = change_before(case.service.deploys, case.onset_at, case.policy.blame)
    # Live code that served before that deploy took it back, and still fails: then that deploy is not the cause.
    if below is None or _served_before(case.service.deploys, suspect, below):
        return None
    blame = _weighed(case, below)
    if not (blame.convicts or blame.likely):
        return None
    return replace(blame, suspect=suspect, why=f"{blame.why}; {suspect.id} went live on top of it since")


def _served_before(deploys: Sequence[Deploy], suspect: Deploy, below: Deploy) -> bool:
    """Return whether the suspect's code was live before the deploy below it."""
    older = deploys[[one.id for one in deploys].index(below.id) + 1 :]
    return any(one.was_live and one.code is not None and one.code == suspect.code for one in older)


def _needed(case: BlameInput) -> tuple[float, float]:
    """Return the probability from which it is acted on, and the cost rule's part in it."""
    # A feed or a crash loop states no share of requests: then only the floor holds.
    cost = cost_rule(case.share, case.policy.blame) if case.share > 0 else 0.0
    return max(case.policy.blame.floor, cost), cost


def _weighed(case: BlameInput, suspect: Deploy) -> Blame:
    """Return the blame of a deploy that was or is live."""
    weights = case.policy.blame
    need, cost = _needed(case)
    run = same_code_run(case.service.deploys, suspect)
    change = change_of(run, case.onset_at, weights)
    prior = prior_of(case.service, change, case.onset_at, weights, case.now)
    terms = evidence_terms(case, suspect, change)
    causes = other_causes(case, suspect, change, prior.rates.others_per_month)
    # P = own / (1 + own + others): the other causes enter as a divisor of the odds.
    odds = prior.odds * prod(term.factor for term in terms) / (1.0 + sum(one.odds for one in causes))
    vetoes = _vetoes(case, suspect, change)
    fired = [veto for veto in vetoes if veto.fired]
    probability = 0.0 if fired else odds / (1 + odds)
    blame = Blame(
        suspect,
        change,
        change is not run[-1],
        odds,
        prior.odds,
        f"{prior.onset_why}; {prior.rates.why}",
        terms,
        vetoes,
        probability,
        need,
        weights.floor,
        cost,
        "",
        # Capped: a suspect that is likelier than not is asked about, however dear a needless question is.
        max(weights.ask_floor, min(LIKELIER_THAN_NOT, asking_cost_rule(case.share or UNKNOWN_SHARE, weights))),
        prior.rates.assumed,
        prior.onset_why,
        causes,
    )
    return replace(blame, why=f"{suspect.id}: {fired[0].why}" if fired else _verdict(blame))


def _verdict(blame: Blame) -> str:
    """Return the verdict in words: the suspect with its probability, and a cause that is likelier or nearly so."""
    assert blame.suspect is not None and blame.change is not None and blame.probability is not None
    than = "" if blame.probability >= blame.need else ", too little to act"
    same = "" if blame.change is blame.suspect else f" (same code since {blame.change.id})"
    head = f"{blame.suspect.id}{same}, P {blame.probability:.3f} (need {blame.need:.2f}{than}): {blame.onset_why}"
    if not blame.causes or blame.convicts:
        return head
    likeliest = blame.causes[0]
    return f"{head}; P {blame.chance_of(likeliest):.3f} for another cause ({likeliest.why})"


def _vetoes(case: BlameInput, suspect: Deploy, change: Deploy) -> tuple[Veto, ...]:
    return (
        _sight_veto(case),
        _platform_veto(case),
        _onset_veto(case, change),
        _rollback_veto(suspect, change),
        _curable_veto(case),
        _version_veto(case, suspect),
        _stale_veto(case),
    )


def _rollback_veto(suspect: Deploy, change: Deploy) -> Veto:
    # A rollback away from a rollback would redeploy the code that was left for a reason.
    rollback = next((deploy for deploy in (suspect, change) if deploy.is_rollback), None)
    if rollback is None:
        return Veto("suspect is a rollback", False, "it is not")
    return Veto("suspect is a rollback", True, f"the live code came with {rollback.id}, itself a rollback")


def _sight_veto(case: BlameInput) -> Veto:
    sight = connectivity.assess_connectivity(case.state, case.policy, case.now)
    return Veto("control targets", not sight.seeing, f"blind: {sight.why}" if sight.blind else sight.why)


def _platform_veto(case: BlameInput) -> Veto:
    # Only a page of the platform acquits; other vendors are possible causes, which lower P (other_causes.py).
    for name, vendor in case.policy.vendors.items():
        trouble = case.page_trouble(name) if vendor.role == "platform" else None
        if trouble is not None:
            return Veto("platform status", True, f"the platform {name} reports trouble: {trouble.why}")
    return Veto("platform status", False, "no outage of the platform reported, and no maintenance going on")


def _onset_veto(case: BlameInput, change: Deploy) -> Veto:
    # By the change, not the suspect: a redeploy of the same code during the failure did not cause it.
    began = first_traffic_at(change, case.policy.blame)
    early = began - case.onset_at
    too_early = earliest_onset_of(change, case.policy.blame) - case.onset_at
    # A feed dates a flood to the begin of its minute; errors new in a release began with that release at the earliest.
    method = case.main.method
    by_feed = any(one.method == method and one.onset_at == case.onset_at for one in case.findings)
    slack = FEED_MINUTE_SECONDS if by_feed and method in ("feed", NEW) and has_new_errors(case) else 0.0
    if too_early > slack:
        return Veto("onset", True, f"it failed {show_seconds(early)} before {change.id} could take traffic")
    return Veto("onset", False, f"onset {show_seconds(max(0.0, -early))} after {change.id} could first take traffic")


def _curable_veto(case: BlameInput) -> Veto:
    # Other code cannot mend a certificate or name resolution.
    why = NOT_CURABLE.get(case.main.failure_kind)
    if why:
        return Veto("not curable", True, f"{why}: no rollback cures that")
    return Veto("not curable", False, "the failure is one that code can cause")


def _version_veto(case: BlameInput, suspect: Deploy) -> Veto:
    """Acquit a new deploy while the instances of the previous one still give every failing answer.

    Each finding has to show that by answers of its own check. The veto ends once the suspect's code was seen
    answering, or ten minutes after it could take traffic.
    """
    before = code_before(case.service.deploys, suspect)
    began = first_traffic_at(suspect, case.policy.blame)
    no = Veto("served version", False, "failing answers do not all name the code before it")
    if before is None or case.now - began > DRAINING_SECONDS:
        return no
    for finding in case.findings:
        check = case.service.checks.get(finding.signal)
        # Once the suspect's code answers as well, the failures may be its own.
        if check is None or served_versions.named_since(check, suspect, began):
            return no
        if served_versions.all_failures_are_of(check, before, finding.onset_at) < served_versions.SURE_ANSWERS:
            return no
    return Veto("served version", True, f"every failing answer names {before.id}, which serves still")


def _stale_veto(case: BlameInput) -> Veto:
    read_at, why = case.service.deploys_at, case.service.deploys_why
    assert read_at is not None
    # A newer deploy may have gone live since the list was read; the rollback would then leave the wrong one. A list
    # from before the failure does not show a deploy that failed at once, so it acquits none while it cannot be read.
    age = case.now - read_at
    if age > STALE_DEPLOYS_SECONDS or (why and read_at < case.onset_at):
        lasts = show_seconds(age)
        # Counted from the last list: the reads since then failed, but the first of them was later.
        because = f" ({why})" if why else ""
        return Veto("deploy list", True, f"Render's list of deploys was last read {lasts} ago{because}")
    return Veto("deploy list", False, f"read {show_seconds(max(0.0, age))} ago")
