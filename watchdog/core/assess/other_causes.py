"""The other possible causes of the failure than the service's own change, each with its odds.

All odds are against an unobserved cause, as the prior odds of the own change are (onset_prior.py). Hence:

    P(own change) = own odds / (1 + own odds + the sum of the other causes' odds).

1. A dependency fails: FELT_SHARE of such failures affect this service, soon after they begin. The odds are the density
   of our onset this long after theirs, divided by the rate of incidents of another cause. A run of two probes is a blip
   as likely as not: for that, and for an old failure, the policy's own weight counts (`upstream_failing`).
2. A dependency was changed, and fails itself or not: the prior odds of that change for our onset, less the share that
   the dependency's own checks would have shown. Other dependants of it that fail with us make it likelier.
   So does the change of a caller, which may send more than this service bears: OVERLOAD_SHARE of such faults do.
3. Other services fail at the same moment without a reason of their own (peers.py): one cause for all.
4. A lesser failure of this service is older than the change: it may have grown into this one. The odds are as in 1, by
   the lead of its onset before ours. One of hours or days says nothing: it had its time to grow, and did not.
   So is the failure itself, if for longer than old instances drain all failing answers named the code before, and the
   suspect's had not answered yet. It may still have broken what both use, so this is no veto: a human weighs it.
"""

from math import exp

from watchdog.core.assess.blame_input import BlameInput
from watchdog.core.assess.evidence import as_earlier
from watchdog.core.assess.failure_correlation import relied_on
from watchdog.core.assess.onset_prior import MINUTES_PER_MONTH, prior_of
from watchdog.core.assess.peers import FEED_SECONDS, failing_peers, fails_with_us
from watchdog.core.assess.suspect_deploy import change_before, code_before, earliest_onset_of, first_traffic_at
from watchdog.core.fold import served_versions
from watchdog.domain.decisions import Blame, Cause, Finding
from watchdog.domain.deploys import Deploy
from watchdog.domain.units import show_seconds

FELT_SHARE = 0.5
"""The share (0 to 1) of a dependency's failures that take this service down."""
SERVICE_MEAN_MINUTES, PAGE_MEAN_MINUTES = 2.0, 5.0
"""Mean lead of their onset before ours: by the service's own probes, and by a status page (which is early or late)."""
AFTERWARDS_MEAN_MINUTES = 0.5
"""A failure that appears this long after ours was detected late, or is caused by this service."""
UNSEEN_SHARE = 0.5
"""The share (0 to 1) of a dependency's faults that take this service down and do not show in its own checks."""
OVERLOAD_SHARE = 0.05
"""The share (0 to 1) of a caller's bad deploys that overload what it calls. Assumed: no source states one."""
EARLIER = "earlier failure"
"""The name of a lesser failure of this service as the cause."""
EARLIER_MEAN_MINUTES = 10.0
"""Mean lead of its onset before ours: queues and memory fill in minutes; a lost dependency is felt sooner."""
DRAIN_SECONDS = 30.0
"""For this long the platform lets an old instance end by default, which may fail meanwhile."""
PEERS_COUNTED_MAX = 3.0
"""From the third peer on, further peers add no evidence."""


def other_causes(case: BlameInput, suspect: Deploy, change: Deploy, others_per_month: float) -> tuple[Cause, ...]:
    """Return every other cause seen now or earlier in this incident, the likeliest first."""
    found = [
        *_failing_upstreams(case, suspect, others_per_month),
        *_changed_dependencies(case, suspect),
        *_changed_callers(case, suspect),
        *_common_cause(case, suspect),
        *(_in_older_code(case, suspect, others_per_month) or _earlier_failure(case, change, others_per_month)),
    ]
    return tuple(sorted(_with_earlier(found, case.before, suspect), key=lambda one: -one.odds))


def _with_earlier(found: list[Cause], before: Blame | None, suspect: Deploy) -> list[Cause]:
    """Return the causes, with those that were likelier when this suspect was last weighed.

    That the other services recovered first is no evidence against this service's change.
    """
    if before is None or before.suspect is None or before.suspect.id != suspect.id:
        return found
    now = {one.name: one.odds for one in found}
    kept = [one for one in before.causes if one.odds > now.get(one.name, 0.0)]
    names = {one.name for one in kept}
    return [*(one for one in found if one.name not in names), *map(as_earlier, kept)]


def _failing_upstreams(case: BlameInput, suspect: Deploy, others_per_month: float) -> list[Cause]:
    """Return the failing services among its dependencies, directly or through other guarded services."""
    services = case.policy.services
    through = [case.service_policy, *(services[name] for name in sorted(relied_on(services, case.service.name)))]
    found = []
    for name in dict.fromkeys(upstream for one in through for upstream in one.depends_on):
        trouble, page = case.page_trouble(name), ""
        if trouble is not None:
            why, vendor = f"upstream {name} fails: {trouble.why}", case.policy.vendors.get(name)
            page = vendor.page if vendor is not None else ""
            began = case.state.vendors_bad_since.get(name, case.onset_at)
            odds = _felt_odds(case.onset_at - began, PAGE_MEAN_MINUTES, PAGE_MEAN_MINUTES, others_per_month)
        elif name in services and (case.failing_since(name) or case.failed_once_at(name)) is not None:
            why = f"{name}, which it depends on, fails as well"
            odds = _service_odds(case, name, suspect, others_per_month)
        else:
            continue
        # The policy's weight is the minimum: a blip or an old failure still counts that much.
        odds = max(odds, 1.0 / case.policy.blame.upstream_failing - 1.0)
        found.append(Cause(f"upstream {name}", odds, why, page=page))
    return found


def _service_odds(case: BlameInput, name: str, suspect: Deploy, others_per_month: float) -> float:
    """Return the odds of a failing service as the cause; 0 for a blip so far, or if it fails by the same commit."""
    since = case.failing_since(name)
    if since is None or not case.fails_for_sure(name) or case.same_code(name, suspect):
        return 0.0
    # Another worker watches it: both services are known only by when they were found to be critical.
    if name not in case.state.services:
        return _felt_odds(case.known_at - since, SERVICE_MEAN_MINUTES, SERVICE_MEAN_MINUTES, others_per_month)
    return _felt_odds(case.onset_at - since, SERVICE_MEAN_MINUTES, AFTERWARDS_MEAN_MINUTES, others_per_month)


def _felt_odds(seconds: float, before: float, after: float, others_per_month: float) -> float:
    """Return the odds by the lead of its onset (seconds); `before` and `after` are mean leads and lags in minutes."""
    mean = before if seconds >= 0 else after
    # An exponential on each side with its own mean; divided by their sum, the whole integrates to 1.
    density = exp(-abs(seconds) / 60 / mean) / (before + after)
    return FELT_SHARE * density / (others_per_month / MINUTES_PER_MONTH)


def _changed_dependencies(case: BlameInput, suspect: Deploy) -> list[Cause]:
    """Return the changes of its guarded dependencies, direct or not, that took traffic before our onset."""
    found = []
    for name in sorted(relied_on(case.policy.services, case.service.name)):
        changed = _other_change(case, name, suspect)
        if changed is None:
            continue
        change, odds = changed
        odds *= UNSEEN_SHARE
        with_us = _failing_dependants(case, name)
        # Other dependants that fail as well are evidence for the dependency they share.
        # The weight is below 1 (1/50), so that dividing by it makes the dependency likelier.
        odds /= case.policy.blame.peers_failing ** min(len(with_us), PEERS_COUNTED_MAX)
        ago = show_seconds(max(0.0, case.onset_at - first_traffic_at(change, case.policy.blame)))
        why = f"{name}, which it depends on, was deployed {ago} before ({change.id})"
        why += f"; what else depends on it and fails: {', '.join(with_us)}" if with_us else ""
        found.append(Cause(f"deploy of {name}", odds, why, name, change.id))
    return found


def _changed_callers(case: BlameInput, suspect: Deploy) -> list[Cause]:
    """Return the changes of its guarded dependants, direct or not, that took traffic before our onset."""
    services = case.policy.services
    found = []
    for name in sorted(name for name in services if case.service.name in relied_on(services, name)):
        changed = _other_change(case, name, suspect)
        # A rollback brings back code that this service bore: people roll a caller back as it is the first to fail.
        if changed is None or changed[0].is_rollback:
            continue
        change, odds = changed
        ago = show_seconds(max(0.0, case.onset_at - first_traffic_at(change, case.policy.blame)))
        why = f"{name}, which depends on it and may overload it, was deployed {ago} before ({change.id})"
        found.append(Cause(f"deploy of {name}", OVERLOAD_SHARE * odds, why, name, change.id))
    return found


def _other_change(case: BlameInput, name: str, suspect: Deploy) -> tuple[Deploy, float] | None:
    """Return the change of another service that took traffic within the day before our onset, with its prior odds."""
    other = case.state.services.get(name)
    change = change_before(other.deploys, case.onset_at, case.policy.blame) if other is not None else None
    # One commit in both services is one change, and is weighed as the own change.
    if other is None or change is None or (suspect.code is not None and change.code == suspect.code):
        return None
    return change, prior_of(other, change, case.onset_at, case.policy.blame, case.now).odds


def _failing_dependants(case: BlameInput, changed: str) -> list[str]:
    """Return the other dependants of a changed service that fail with us."""
    return [
        name
        for name, service_policy in case.policy.services.items()
        if name != case.service.name and changed in service_policy.depends_on and fails_with_us(case, name)
    ]


def _common_cause(case: BlameInput, suspect: Deploy) -> list[Cause]:
    peers = failing_peers(case, suspect)
    # Each peer divides the own odds by 50 (1/50): odds of n peers against an unobserved cause are 50^n - 1.
    odds = case.policy.blame.peers_failing ** -min(sum(peers.values()), PEERS_COUNTED_MAX) - 1.0
    return [Cause("peers", odds, f"other services fail too: {', '.join(peers)}")] if odds > 0 else []


def _earlier_failure(case: BlameInput, change: Deploy, others_per_month: float) -> list[Cause]:
    """Return the lesser failure of this service that began before the change could take traffic: the latest of them."""
    weights, incident = case.policy.blame, case.service.incident
    served = first_traffic_at(change, weights)
    # As severe, or of the same signal, it is the failure itself (severity.as_severe_since): then its onset acquits.
    if case.onset_at < earliest_onset_of(change, weights):
        return []
    found = [*(incident.findings if incident is not None else ()), *case.findings]
    # By signal, the earliest that is recorded: feeds and crash reports of days are found anew in each of their windows.
    recorded = [(one.signal, one.onset_at) for one in found]
    recorded += [(check.name, at) for check in case.service.checks.values() for at, _ in check.crashes]
    since = {one.signal: min(at for name, at in recorded if name == one.signal) for one in found}
    # Of what is dated roughly, an onset right before the change may be later in truth, and the change's own fault.
    onsets = [
        (since[one.signal], f"the trouble of {one.signal}")
        for one in found
        if since[one.signal] < (earliest_onset_of(change, weights) if _is_exact(one) else served - FEED_SECONDS)
    ]
    if incident is not None and incident.onset_at < served - FEED_SECONDS:
        onsets.append((incident.onset_at, f"incident {incident.id}"))
    if not onsets:
        return []
    at, what = max(onsets)
    odds = _felt_odds(max(0.0, case.onset_at - at), EARLIER_MEAN_MINUTES, 0.0, others_per_month)
    return [Cause(EARLIER, odds, f"{what} began {show_seconds(served - at)} before {change.id} could take traffic")]


def _in_older_code(case: BlameInput, suspect: Deploy, others_per_month: float) -> list[Cause]:
    """Return the failure itself, if the answers of its own check show that the code before the suspect's had it."""
    before, check = code_before(case.service.deploys, suspect), case.service.checks.get(case.main.signal)
    if before is None or check is None:
        return []
    seconds = served_versions.failed_before(check, before, suspect, case.onset_at, case.now)
    if seconds < DRAIN_SECONDS:
        return []
    why = f"for {show_seconds(seconds)} all failing answers named {before.id}, before {suspect.id} answered"
    return [Cause(EARLIER, _felt_odds(0.0, EARLIER_MEAN_MINUTES, 0.0, others_per_month), why)]


def _is_exact(one: Finding) -> bool:
    """Return whether single failures date the finding, as those of probes and crash reports do; no sums or minutes."""
    return one.fails or one.method == "crashes"
