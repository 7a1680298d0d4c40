"""Perception: folding what was read into what we know, before anything is decided.

Rule 1: a reading changes only the knowledge it is about.
Rule 2: "healthy by our own record" counts only while the service is calm and its critical checks answer well.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from watchdog.core import detect
from watchdog.core.assess import maintenance, suspect_deploy
from watchdog.core.detect import intermittent, probes, turned_away
from watchdog.core.fold import lessons, served_versions
from watchdog.domain.checks import Check, Spells
from watchdog.domain.decisions import Finding
from watchdog.domain.deploys import Deploy
from watchdog.domain.events import DeploysListed, DeploysUnread, Observed
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.incidents import History, Phase, ServiceState
from watchdog.domain.policy import PROBES, Policy, ServicePolicy
from watchdog.domain.readings import Good, Unknown

HEALTHY_STEP_SECONDS = 10.0
HEALTHY_GAP_SECONDS = 60.0
HEALTHY_MAX = 50
HISTORY_GAP_SECONDS = 3600.0
PIN_LANDS_SECONDS = 30.0
"""So long a switch that was not read back may still arrive (its deadline, and the way): no earlier look tells."""
PIN_SHOWS_SECONDS = 5.0
"""So old an answer of the platform's may be: an earlier look does not tell of a switch that was read back either."""
SAYS_NOT_ON = ("off", "unknown")
BEFORE_UPDATE = frozenset({"created", "queued", "build_in_progress", "pre_deploy_in_progress"})


def apply_observation(service: ServiceState, event: Observed, policy: Policy) -> ServiceState:
    """Fold one reading of a signal in; a signal the policy does not know is passed over."""
    wishes = policy.services[service.name]
    signal = wishes.signal(event.signal)
    if signal is None:
        return service
    before = service.checks.get(event.signal)
    if before is None or before.kind != signal.kind:
        before = Check(event.signal, signal.kind, watched_from=event.at)
    check = detect.observe(before, event, signal, policy.detection)
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
    return fast_replace(service, checks=checks, **_healthy(service, checks, wishes, event.at))


def _healthy(service: ServiceState, checks: Mapping[str, Check], wishes: ServicePolicy, at: float) -> Mapping[str, Any]:
    """Return what becomes of the live deploy's healthy record: the time since the last look is added to it."""
    since, live = service.healthy_at, service.live
    if service.phase is not Phase.CALM or live is None or not _all_well(checks, wishes):
        return {"healthy_at": None}
    if since is None or at - since > HEALTHY_GAP_SECONDS:
        return {"healthy_at": at}
    if at - since < HEALTHY_STEP_SECONDS:
        return {}
    record = dict(service.observed_healthy_seconds)
    record[live] = record.pop(live, 0.0) + (at - since)
    while len(record) > HEALTHY_MAX:
        del record[next(iter(record))]
    return {"healthy_at": at, "observed_healthy_seconds": record}


def _all_well(checks: Mapping[str, Check], wishes: ServicePolicy) -> bool:
    watched = [signal for signal in wishes.signals if signal.critical] or wishes.signals
    for signal in watched:
        check = checks.get(signal.name)
        if check is None or not isinstance(check.last, Good):
            return False
    return bool(watched)


def apply_deploy_list(service: ServiceState, event: DeploysListed, policy: Policy) -> ServiceState:
    """Fold a list of deploys in; remember when each was first seen taking traffic. Empty is never everything."""
    if service.deploys and not event.deploys:
        return replace(service, deploys_why="the platform listed no deploy at all")
    before = {deploy.id: deploy for deploy in service.deploys}
    lead = policy.blame.first_traffic_lead_seconds
    deploys = tuple([_dated(deploy, before.get(deploy.id), service, lead) for deploy in event.deploys])
    live = suspect_deploy.live_deploy(deploys)
    watch_until, healthy_at = service.watch_until, service.healthy_at
    history = _counted(service, event.at)
    if live is not None and live.id != service.live:
        if service.live is not None and not live.is_rollback:
            history = replace(history, deploys=history.deploys + 1)
        began = live.finished_at if live.finished_at is not None else event.at
        watch_until = max(watch_until, began + policy.pace.watch_window_seconds)
        service = _told_anew(service)
        healthy_at = None
    seen = fast_replace(
        service,
        deploys=deploys,
        deploys_at=event.at,
        deploys_why="",
        facts=event.facts,
        live=live.id if live else None,
        watch_until=watch_until,
        healthy_at=healthy_at,
        history=history,
        downtime=maintenance.read(service, event),
    )
    if seen.downtime is not None and seen.downtime.ended_at == event.at and not event.facts.suspended:
        seen = reset_detectors(seen, event.at)  # what was seen meanwhile was meant to be so
    ours = seen.auto_deploy_off or seen.pinned_at or seen.merged or seen.merges_why
    if not ours or not auto_deploy_is_on(seen):
        return seen
    return fast_replace(seen, auto_deploy_off="", pinned_at=0.0, merged=(), merges_why="")


def _told_anew(service: ServiceState) -> ServiceState:
    """Return the service with no short outage counted: what comes and goes with other code is another story."""
    if not any(check.spells.count for check in service.checks.values()):
        return service
    checks = {name: fast_replace(check, spells=Spells()) for name, check in service.checks.items()}
    return fast_replace(service, checks=checks)


def _counted(service: ServiceState, at: float) -> History:
    """Return its history. It begins with the first list of deploys; time in which none could be read does not count."""
    history, read_at = service.history, service.deploys_at
    if history.since == 0.0:
        return replace(history, since=at)
    if read_at is not None and at - read_at > HISTORY_GAP_SECONDS:
        return replace(history, since=history.since + (at - read_at))
    return history


def auto_deploy_is_on(service: ServiceState) -> bool:
    """Tell whether auto-deploy was read as on by a look that began after our last switch.

    A look that began before may arrive after it; and where the platform does not say, nothing is known.
    """
    facts, at = service.facts, service.deploys_at
    read = facts is not None and facts.auto_deploy not in SAYS_NOT_ON
    return read and at is not None and at > service.switch_visible_at


def _dated(deploy: Deploy, before: Deploy | None, service: ServiceState, lead_seconds: float) -> Deploy:
    """Return the deploy with the moment its instances were first seen being replaced.

    That moment lies between the last list, where it was not yet, and this one; the earlier bound is kept, so
    that no onset is taken to be before the deploy when it was not. Where lists were missing for long, the moment
    it went live (less the platform's lead) is nearer.
    """
    if before is not None and before.update_seen_at is not None:
        return fast_replace(deploy, update_seen_at=before.update_seen_at)
    if service.deploys_at is None or not (deploy.is_live or deploy.status == "update_in_progress"):
        return deploy
    if before is not None and before.status not in BEFORE_UPDATE:
        return deploy
    live_at = deploy.finished_at - lead_seconds if deploy.finished_at is not None else 0.0
    return fast_replace(deploy, update_seen_at=max(service.deploys_at, deploy.created_at, live_at))


def apply_deploy_list_error(service: ServiceState, event: DeploysUnread) -> ServiceState:
    """Remember why the deploy list could not be read; the old one stays, and grows stale."""
    return replace(service, deploys_why=event.why)


def conditions(service: ServiceState, signal_name: str, policy: Policy, now: float) -> detect.Conditions:
    """Return what the detector of one signal may know."""
    signal = policy.services[service.name].signal(signal_name)
    assert signal is not None, "asked for a signal of this service"
    return detect.Conditions(
        now=now,
        signal=signal,
        limits=policy.detection,
        in_watch=now < service.watch_until,
        corroborated=_corroborated(service, signal_name, now),
        restarting=_restarting(service, signal_name, policy),
    )


def _restarting(service: ServiceState, signal_name: str, policy: Policy) -> bool:
    """Tell whether its run of failures began as a deploy took traffic; not asked where no restart was ever felt."""
    check = service.checks.get(signal_name)
    if check is None or check.restart_seconds == 0.0 or check.run_started_at is None:
        return False
    lead = policy.blame.first_traffic_lead_seconds
    return lessons.began_with(service.deploys, check.run_started_at, lead) is not None


def _corroborated(service: ServiceState, signal_name: str, now: float) -> bool:
    """Tell whether the platform itself reports a crash loop since a minute before this run of failures."""
    check = service.checks.get(signal_name)
    if check is None or check.run_started_at is None:
        return False
    since = check.run_started_at - lessons.CRASH_LEAD_SECONDS
    reports = [at for other in service.checks.values() for at, _ in other.crashes if since <= at <= now]
    return len(reports) >= 2


def findings(service: ServiceState, policy: Policy, now: float) -> tuple[Finding, ...]:
    """Return every confirmed anomaly of the service."""
    found = [
        detect.find(check, conditions(service, name, policy, now))
        for name, check in service.checks.items()
        if not detect.at_rest(check) and policy.services[service.name].signal(name) is not None
    ]
    return tuple(finding for finding in found if finding is not None)


def critical_check_pending(service: ServiceState, policy: Policy, found: tuple[Finding, ...], now: float) -> bool:
    """Tell whether a critical check is failing right now and only its confirmation is missing.

    Two checks of one outage are seldom confirmed in the same second: asking about the lesser one first would wake
    a human for a question that is void a moment later. Bounded by the time the critical check needs. Where one of them
    is confirmed, nothing is waited for.
    """
    critical = [signal.name for signal in policy.services[service.name].signals if signal.critical]
    if any(finding.signal in critical for finding in found):
        return False
    pending = [
        (service.checks[name], conditions(service, name, policy, now)) for name in critical if name in service.checks
    ]
    return any(_nearly(check, given) for check, given in pending)


def _nearly(check: Check, given: detect.Conditions) -> bool:
    """Tell whether it fails, wholly or in part, and has not done so for longer than it takes to be sure."""
    began = check.run_started_at if check.run_started_at is not None else check.cusum_zero_at
    if began is None or not probes.failing(check, given):
        return False
    return given.now - began < probes.run_limit_seconds(check, given) + given.limits.fresh_seconds


def suspicion(service: ServiceState, policy: Policy, now: float) -> str:
    """Return why the service deserves a closer look, or nothing."""
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


def is_healthy(service: ServiceState, policy: Policy, now: float, for_seconds: float = 0.0) -> bool:
    """Tell whether every check is back to normal, for so many seconds."""
    return all(
        detect.calm(check, conditions(service, name, policy, now), for_seconds)
        for name, check in service.checks.items()
        if policy.services[service.name].signal(name) is not None
    )


def may_return(service: ServiceState, now: float) -> bool:
    """Tell whether a short outage of it is to be expected still."""
    return any(intermittent.may_return(check, now) for check in service.checks.values())


def healthy_since(service: ServiceState, policy: Policy) -> float:
    """Return since when nothing bad was seen of any check (UTC epoch seconds)."""
    known = policy.services[service.name]
    return max((detect.calm_since(one) for name, one in service.checks.items() if known.signal(name)), default=0.0)


def failing_now(service: ServiceState, found: tuple[Finding, ...], policy: Policy, now: float) -> bool:
    """Tell whether what was found is still seen, at a look that is fresh (invariant I2)."""
    return any(
        detect.failing(service.checks[finding.signal], conditions(service, finding.signal, policy, now))
        for finding in still_judged(service, found, policy)
    )


def still_judged(service: ServiceState, found: tuple[Finding, ...], policy: Policy) -> tuple[Finding, ...]:
    """Return the findings whose signal the policy still knows: a reload may have taken it away."""
    wishes = policy.services[service.name]
    return tuple(finding for finding in found if wishes.signal(finding.signal) is not None)


def end_failure_runs(service: ServiceState, now: float) -> ServiceState:
    """End every run: readings may be missing since the last one that was saved."""
    return replace(service, checks={name: detect.interrupt(check, now) for name, check in service.checks.items()})


def carry_on(service: ServiceState, policy: Policy, now: float) -> ServiceState:
    """Go on with each run whose last saved reading is no older than a gap within a run may be; end the others.

    Half of the shortest run that convicts is taken for more of the same, at the most: what was not seen must not be
    the larger part of it. What was not seen beyond that does not count.
    """
    wishes, limits = policy.services[service.name], policy.detection
    taken = min(limits.run_seconds, limits.run_seconds_in_watch, limits.run_seconds_corroborated) / 2

    def carried(check: Check) -> Check:
        signal, unseen = wishes.signal(check.name), now - check.last_at
        if signal is not None and unseen <= taken:
            return check
        if signal is None or check.run_started_at is None or unseen > probes.gap_seconds(signal, limits):
            return detect.interrupt(check, now)
        return detect.go_on_unseen(check, unseen - taken)

    return replace(service, checks={name: carried(check) for name, check in service.checks.items()})


def reset_detectors(service: ServiceState, now: float, *, spells: bool = True) -> ServiceState:
    """Clear the statistics of every check: what was seen until now counts no longer, nor for good news.

    Unless `spells`, the story of outages that come and go goes on.
    """
    checks = {name: detect.forget(check, now, spells=spells) for name, check in service.checks.items()}
    return replace(service, checks=checks, trial=None)
