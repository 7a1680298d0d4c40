"""Observations: folding readings into the state, before any decision, and what they show: findings, suspicion, health.

Rule 1: a reading changes only the knowledge it is about.
Rule 2: "healthy by our own record" counts only while the service is calm and its critical checks answer well.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from watchdog.core import detect
from watchdog.core.assess import maintenance, suspect_deploy
from watchdog.core.detect import corroboration, crashes, error_counts, failure_kinds, probes, turned_away
from watchdog.core.fold import lessons, served_versions, unread
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Finding
from watchdog.domain.events import Observed
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.incidents import Phase, ServiceState
from watchdog.domain.policy import PROBES, Policy, ServicePolicy
from watchdog.domain.readings import NO_ANSWER, Good, Unknown

HEALTHY_STEP_SECONDS = 10.0
HEALTHY_GAP_SECONDS = 60.0
HEALTHY_MAX = 50


def apply_observation(service: ServiceState, event: Observed, policy: Policy) -> ServiceState:
    """Fold one reading of a signal in; a signal that the policy does not know is ignored."""
    service_policy = policy.services[service.name]
    signal = service_policy.signal(event.signal)
    if signal is None:
        return service
    before = service.checks.get(event.signal)
    # A reload may give the name to another kind of signal, whose statistics mean something else.
    if before is None or before.kind != signal.kind:
        before = Check(event.signal, signal.kind, watched_from=event.at)
    check = detect.observe(before, event, signal, policy.detection)
    # The conditions below are the unusual ones: a good reading of a healthy check skips them all.
    if check.turned_since is not None or type(event.reading) is Unknown:
        check = turned_away.observed(before, check, event.at, in_watch=event.at < service.watch_until)
    if event.version or check.served:
        check = served_versions.observed(check, event)
    if before.run_probes or before.over_since is not None:
        given = conditions(service, event.signal, policy, event.at)
        check = lessons.after_reading(service, before, check, policy, given)
    if check.troubled_since is not None:
        check = detect.settle(check, conditions(service, event.signal, policy, event.at))
    checks = {**service.checks, event.signal: check}
    return fast_replace(service, checks=checks, **_healthy(service, checks, service_policy, event.at))


def _healthy(
    service: ServiceState, checks: Mapping[str, Check], service_policy: ServicePolicy, at: float
) -> Mapping[str, Any]:
    """Return the changed fields of the live deploy's healthy record; the time since the last look is added to it."""
    since, live = service.healthy_at, service.live
    if service.phase is not Phase.CALM or live is None or not _all_well(checks, service_policy):
        return {"healthy_at": None}
    # A gap without readings proves no health, so the time in it is not added.
    if since is None or at - since > HEALTHY_GAP_SECONDS:
        return {"healthy_at": at}
    # In steps, so that most readings leave the record as it is.
    if at - since < HEALTHY_STEP_SECONDS:
        return {}
    record = dict(service.observed_healthy_seconds)
    # Re-inserted at the end: the record drops the deploy that was live longest ago.
    record[live] = record.pop(live, 0.0) + (at - since)
    while len(record) > HEALTHY_MAX:
        del record[next(iter(record))]
    return {"healthy_at": at, "observed_healthy_seconds": record}


def _all_well(checks: Mapping[str, Check], service_policy: ServicePolicy) -> bool:
    watched = [signal for signal in service_policy.signals if signal.critical] or service_policy.signals
    for signal in watched:
        check = checks.get(signal.name)
        if check is None or not isinstance(check.last, Good):
            return False
    return bool(watched)


def conditions(service: ServiceState, signal_name: str, policy: Policy, now: float) -> detect.Conditions:
    """Return the conditions under which the detector of one signal judges."""
    signal = policy.services[service.name].signal(signal_name)
    assert signal is not None, "asked for a signal of this service"
    return detect.Conditions(
        now=now,
        signal=signal,
        limits=policy.detection,
        in_watch=now < service.watch_until,
        blip_share=_blip_share(service, signal_name, policy, now),
        restarting=_restarting(service, signal_name, policy),
        unanswered=_unanswered(service, signal_name, policy),
    )


def _restarting(service: ServiceState, signal_name: str, policy: Policy) -> bool:
    """Return whether the run of failures began as a deploy took traffic; False where no restart was ever noticed."""
    check = service.checks.get(signal_name)
    # Short circuit: without a learned restart the limit is the same either way, and this runs with every reading.
    if check is None or check.restart_seconds == 0.0 or check.run_started_at is None:
        return False
    lead = policy.blame.first_traffic_lead_seconds
    return lessons.began_with(service.deploys, check.run_started_at, lead) is not None


def _unanswered(service: ServiceState, signal_name: str, policy: Policy) -> bool:
    """Return whether the check fails since the live deploy took over, and the application answered no probe until the
    last failure.

    A bad deploy may look so as well, but seldom: most answer at first, or answer with an error of their own.
    """
    check = service.checks.get(signal_name)
    if check is None or check.run_started_at is None:
        return False
    kind = failure_kinds.kind_since(check, check.run_started_at)
    # One failed name lookup among them is no answer of the application either.
    if kind and kind not in NO_ANSWER:
        return False
    live = suspect_deploy.live_deploy(service.deploys)
    live_at = live.finished_at if live is not None else None
    if live is None or live_at is None:
        return False
    # The wait spares a good deploy a needless rollback. No rollback is rolled back, so with one it would only delay the
    # page; only its id shows that a rebuild of the target is ours.
    ours = service.incident.rollback.deploy if service.incident is not None else None
    if live.is_rollback or live.id == ours:
        return False
    signal = policy.services[service.name].signal(signal_name)
    assert signal is not None, "asked for a signal of this service"
    # Failures from before it took traffic are not of its start; from long after it, the probes between are missing.
    latest = live_at + probes.gap_seconds(signal, policy.detection)
    if not suspect_deploy.first_traffic_at(live, policy.blame) <= check.run_started_at <= latest:
        return False
    # A good probe after the last failure is the end of the start, and must not confirm what it ended.
    until = check.last_bad_at or check.run_started_at
    # Not what is only judged as a probe is: a query or a command may be answered by something else.
    signals = policy.services[service.name].signals
    own = {one.name for one in signals if one.kind in PROBES and not one.source}
    probed = [one for one in service.checks.values() if one.name in own]
    # Code that has failed with an error of its own is no longer starting, also if it then crashes and a proxy answers.
    # The first errors may be of the instances that it replaces.
    if any(one.own_error_at > live_at + lessons.SWITCHED_SECONDS for one in probed):
        return False
    return not any(live_at < at < until and not failed for one in probed for at, failed in one.recent)


def _blip_share(service: ServiceState, signal_name: str, policy: Policy, now: float) -> float:
    """Return the share of a healthy service's blips that come with all the signals which agree with this failure."""
    check = service.checks.get(signal_name)
    # A signal does not corroborate itself: crash reports and floods have no runs of failures.
    if check is None or check.run_started_at is None:
        return 1.0
    since = check.run_started_at - lessons.CRASH_LEAD_SECONDS
    live = suspect_deploy.live_deploy(service.deploys) if now < service.watch_until else None
    if live is not None:
        since = max(since, suspect_deploy.first_traffic_at(live, policy.blame))
    reports = corroboration.separate(
        at for at, _ in crashes.reported_since(service.checks.values(), since) if at <= now
    )
    names_new_code = live is not None and served_versions.fails_as(check, live, check.run_started_at)
    return corroboration.blip_share(
        reports, new_errors=_new_errors(service, policy, now), names_new_code=names_new_code
    )


def _new_errors(service: ServiceState, policy: Policy, now: float) -> bool:
    """Return whether an error tracker sees more errors than usual, with some that are new in the live release."""
    for name, check in service.checks.items():
        signal = policy.services[service.name].signal(name) if check.new_issues else None
        if signal is not None and error_counts.flooding(check, detect.Conditions(now, signal, policy.detection)):
            return True
    return False


def findings(service: ServiceState, policy: Policy, now: float) -> tuple[Finding, ...]:
    """Return every confirmed anomaly of the service."""
    # A check at rest is skipped: this runs with every reading, and most checks are at rest.
    found = [
        detect.find(check, conditions(service, name, policy, now))
        for name, check in service.checks.items()
        if not detect.at_rest(check) and policy.services[service.name].signal(name) is not None
    ]
    return tuple(finding for finding in found if finding is not None)


def critical_check_pending(service: ServiceState, policy: Policy, found: tuple[Finding, ...], now: float) -> bool:
    """Return whether a critical check is failing right now and only its confirmation is missing.

    Two checks of one outage are rarely confirmed in the same second: a question about the lesser one would wake a
    human and be void a moment later. The wait ends after the time the critical check needs, or when another critical
    check is confirmed.
    """
    critical = [signal.name for signal in policy.services[service.name].signals if signal.critical]
    if any(finding.signal in critical for finding in found):
        return False
    pending = [
        (service.checks[name], conditions(service, name, policy, now)) for name in critical if name in service.checks
    ]
    return any(_nearly(check, given) for check, given in pending)


def _nearly(check: Check, given: detect.Conditions) -> bool:
    """Return whether the check fails, wholly or in part, and for no longer than its confirmation takes."""
    began = check.run_started_at if check.run_started_at is not None else check.cusum_zero_at
    if began is None:
        return False
    # After a restart the other checks may be read first: a run that is carried on fails until a reading says otherwise.
    if not probes.failing(check, given):
        return probes.run_goes_on(check, given)
    lasted = given.now - began - check.unseen_seconds
    return lasted < probes.run_limit_seconds(check, given) + given.limits.fresh_seconds


def suspicion(service: ServiceState, policy: Policy, now: float) -> str:
    """Return why the service deserves a closer look, or ""."""
    for name, check in service.checks.items():
        if detect.at_rest(check) or policy.services[service.name].signal(name) is None:
            continue
        if detect.suspicious(check, conditions(service, name, policy, now)):
            return f"{name}: {_why_suspicious(check)}"
    return ""


def _why_suspicious(check: Check) -> str:
    if check.kind == "sentry":
        return "more errors than usual"
    if check.over_since is not None:
        return "slower than it should be"
    if turned_away.is_turned_away(check.last):
        return "its probes are turned away"
    if check.run_probes == 0 and check.spells.count > 1:
        return f"it failed {check.spells.count} times lately, and may again"
    if check.kind in PROBES and check.run_probes == 0 and check.cusum == 0.0:
        return "slower than usual, or some answers are"
    return check.last_why


def is_healthy(
    service: ServiceState, policy: Policy, now: float, for_seconds: float = 0.0, *, seen: bool = True
) -> bool:
    """Return whether every check is back to normal, and has been for `for_seconds`; what failed must be `seen` so.

    Behind our own maintenance page, which may well answer 200, nothing is.
    """
    if maintenance.is_ours(service):
        return False
    return not (seen and unread.unseen(service, policy, now)) and all(
        detect.calm(check, given := conditions(service, name, policy, now), for_seconds)
        or unread.says_nothing(service, given, for_seconds)
        for name, check in service.checks.items()
        if policy.services[service.name].signal(name) is not None
    )


def healthy_since(service: ServiceState, policy: Policy) -> float:
    """Return since when no check had a bad reading (UTC epoch seconds)."""
    known = policy.services[service.name]
    return max((detect.calm_since(one) for name, one in service.checks.items() if known.signal(name)), default=0.0)


def failing_now(service: ServiceState, found: tuple[Finding, ...], policy: Policy, now: float) -> bool:
    """Return whether one of the findings is still failing, by a fresh reading (invariant I2)."""
    return any(
        detect.failing(service.checks[finding.signal], conditions(service, finding.signal, policy, now))
        for finding in still_judged(service, found, policy)
    )


def still_judged(service: ServiceState, found: tuple[Finding, ...], policy: Policy) -> tuple[Finding, ...]:
    """Return the findings whose signal the policy still has: a reload may have removed it."""
    service_policy = policy.services[service.name]
    return tuple(finding for finding in found if service_policy.signal(finding.signal) is not None)


def end_failure_runs(service: ServiceState, now: float) -> ServiceState:
    """End every run of failures: readings may be missing since the last saved one."""
    return replace(service, checks={name: detect.interrupt(check, now) for name, check in service.checks.items()})


def carry_on(service: ServiceState, policy: Policy, now: float) -> ServiceState:
    """Continue each run whose last saved reading is no older than a gap within a run may be; end the others.

    Unobserved time up to half of the shortest confirming run counts as more of the same, so that the unobserved part is
    never the larger one. Unobserved time beyond that is not counted.
    """
    service_policy, limits = policy.services[service.name], policy.detection
    taken = min(limits.run_seconds, limits.run_seconds_in_watch, limits.run_seconds_corroborated) / 2

    def carried(check: Check) -> Check:
        signal, unseen = service_policy.signal(check.name), now - check.last_at
        if signal is not None and unseen <= taken:
            return check
        # No run to continue, or a gap in which the site may have recovered and failed again.
        if signal is None or check.run_started_at is None or unseen > probes.gap_seconds(signal, limits):
            return detect.interrupt(check, now)
        return detect.go_on_unseen(check, unseen - taken)

    return replace(service, checks={name: carried(check) for name, check in service.checks.items()})


def reset_detectors(service: ServiceState, now: float, *, spells: bool = True) -> ServiceState:
    """Clear the statistics of every check: readings until now count no longer, nor does the watch of a new deploy.

    With `spells=False` the count of an intermittent outage goes on.
    """
    checks = {name: detect.forget(check, now, spells=spells) for name, check in service.checks.items()}
    return replace(service, checks=checks, trial=None)
