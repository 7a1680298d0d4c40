"""Lessons: the end of a failure teaches how long blips and restarts last. Their use as limits is in detect/baseline.

Only a failure that ended by itself teaches: one that a deploy or our rollback may have cured might have lasted forever.
A short outage that ended by itself is reported, and the next one may come soon after a deploy: it teaches, but only how
long a run of failures must last in a watch window.
Failures that begin as a deploy takes traffic and go on after it is live belong to the new code, and so does their end:
they are its restart. A restart is the longest blip of a healthy service and comes again with each deploy. So it teaches
even after a page or a needless rollback, and only the limit for restarts.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from operator import itemgetter

from watchdog.core import detect
from watchdog.core.assess import maintenance, suspect_deploy
from watchdog.core.detect import Conditions, baseline, slower_than_usual, usual_by_hour, usual_errors, usual_latency
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Finding
from watchdog.domain.deploys import Deploy
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.incidents import Incident, Outcome, ServiceState
from watchdog.domain.policy import Policy

SWITCHED_SECONDS = 10.0
"""How long after a deploy is live the one before it may still answer: its last answers, and the clocks' difference."""
CRASH_LEAD_SECONDS = 60.0
"""How long, at most, before the failures that a crash causes the platform reports it."""
SLOWNESS_ENDS_SECONDS = 1200.0
"""Minimum delay until a slowness is known to be over: a deploy earlier than that did not end it."""
HEALED_SECONDS = 20.0
"""How long everything must have been good before a rollback took traffic, to be a recovery without the rollback."""

Run = tuple[float, float, float]
"""A run of failures: its first failure, its last, and the good reading after it (UTC epoch seconds)."""


def began_with(deploys: Sequence[Deploy], began: float, lead_seconds: float) -> Deploy | None:
    """Return the deploy that took traffic as the failures began, or None: they belong to its restart or its code."""
    dated = [(deploy.first_traffic_at(lead_seconds), deploy) for deploy in deploys]
    before = [(at, deploy) for at, deploy in dated if at is not None and at <= began]
    if not before:
        return None
    # By traffic, not by position: the platform's list need not be in the order in which deploys took over.
    newest = max(before, key=itemgetter(0))[1]
    live_at = newest.finished_at
    return newest if newest.in_progress or (live_at is not None and began <= live_at + SWITCHED_SECONDS) else None


def after_reading(service: ServiceState, before: Check, after: Check, policy: Policy, given: Conditions) -> Check:
    """Return the check with the lesson of an ended failure or slowness; unchanged where new code ended it, or where
    the service was meant to be down.
    """
    began = min([since for since in (before.run_started_at, before.over_since) if since is not None], default=given.now)
    rolled_back = service.incident is not None and service.incident.rollback.requested_at is not None
    planned = maintenance.overlapped(service, began) is not None
    ended = before.over_since is not None and after.over_since is None
    # The CUSUM confirms the end of a slowness late. A deploy in that delay did not end it.
    known_after = max(SLOWNESS_ENDS_SECONDS, slower_than_usual.ends_within_seconds(given.signal.every_seconds))
    earliest = max(began, given.now - known_after) if ended else began
    # Something else may have ended it, so its length says nothing about blips or jobs.
    if rolled_back or planned or _deployed_since(service, policy, earliest):
        return fast_replace(after, usual=usual_latency.forgotten_since(after.usual, began)) if ended else after
    # By the plain limit: neither other signals nor a restart may change whether the run counts as a blip.
    given = given._replace(blip_share=1.0, restarting=False, unanswered=False)
    return detect.learn(before, after, given, in_incident=service.incident is not None)


def without_usual_latency_since(service: ServiceState, since: float) -> ServiceState:
    """Return the service without its usual latency since a moment, as a rollback ended that by now."""
    checks = {
        name: fast_replace(check, usual=usual_latency.forgotten_since(check.usual, since))
        for name, check in service.checks.items()
    }
    return fast_replace(service, checks=checks)


def _without_usual_errors_of(service: ServiceState, incident: Incident, now: float) -> ServiceState:
    """Return the service without the usual errors of the incident's floods; other feeds' hours were as usual."""
    found, since = {one.signal for one in incident.findings}, incident.onset_at
    forgot = {
        name: fast_replace(check, usual_errors=usual_errors.forgotten_since(check.usual_errors, since, now))
        for name, check in service.checks.items()
        if check.counts and (name in found or check.counts_before)
    }
    return fast_replace(service, checks={**service.checks, **forgot})


def with_errors_as_usual(service: ServiceState, since: float) -> ServiceState:
    """Return the service with the level of each flood as the usual one: its hours before the flood are forgotten."""
    settled = {
        name: fast_replace(
            check, counts_before=(), usual_errors=usual_by_hour.forgotten_before(check.usual_errors, since)
        )
        for name, check in service.checks.items()
        if check.counts_before
    }
    return fast_replace(service, checks={**service.checks, **settled})


def _may_have_been_ended(service: ServiceState, incident: Incident, policy: Policy) -> bool:
    """Return whether the incident may not have ended by itself: by a rollback or another remedy, a deploy, or
    a person who had taken it up.

    People repair without a deploy as well, and only their acknowledgement or answer shows that they were at it.
    """
    # Errors that went on until it was closed were ended by no one.
    if incident.outcome is Outcome.NEW_BASELINE:
        return False
    # Errors whose end was not seen may go on: they must not become usual.
    if incident.outcome is Outcome.UNSEEN:
        return True
    people = incident.escalation.acknowledged_by is not None or incident.human_decision is not None
    tried = incident.rollback.requested_at is not None or bool(incident.remedies)
    return people or tried or _deployed_since(service, policy, incident.onset_at)


def after_suspicion(service: ServiceState, policy: Policy, now: float) -> ServiceState:
    """Return the service with the lessons of restarts that suspicion observed and no incident followed."""
    checks = dict(service.checks)
    for name, check in service.checks.items():
        for run in _whole_runs(check):
            checks[name] = _taught(service, checks[name], policy, run, now)
    return fast_replace(service, checks=checks)


def after_incident(service: ServiceState, incident: Incident, policy: Policy, now: float) -> ServiceState:
    """Return the service with the lesson of a closed incident: a restart that recovered by itself. If the incident was
    the deploy's fault after all, lessons taken from that deploy's restart are removed.

    Errors become usual only if they ended by themselves, as those of a nightly batch do. Learned from repaired faults,
    the usual level would hide the third one at the same hour.
    """
    if _may_have_been_ended(service, incident, policy):
        service = _without_usual_errors_of(service, incident, now)
    rollback, checks = incident.rollback, dict(service.checks)
    if rollback.healed_at is None and _was_rolled_back(service, incident, policy):
        return _without_lessons_of(service, incident, policy)
    # The rollback, or a remedy before it, may have cured it, so the length of the failure teaches nothing.
    if rollback.healed_at is None and (rollback.requested_at is not None or incident.remedies):
        return service
    for finding in incident.findings:
        check = checks.get(finding.signal)
        run = _run_of(incident, finding, check)
        if check is not None and run is not None:
            check = _taught(service, check, policy, run, now)
            checks[check.name] = _taught_of_outages(service, incident, check, policy, run, now)
    return fast_replace(service, checks=checks)


def _was_rolled_back(service: ServiceState, incident: Incident, policy: Policy) -> bool:
    """Return whether a rollback cured the incident, ours or a person's; an undo proves no restart wrong."""
    if not incident.findings or incident.rollback.undoes:
        return False
    traffic_at = [
        deploy.first_traffic_at(policy.blame.first_traffic_lead_seconds)
        for deploy in service.deploys
        if deploy.is_live and deploy.is_rollback
    ]
    # A person's rollback at the platform is a verdict on the deploy as well as ours.
    elsewhere = any(at is not None and at > incident.onset_at for at in traffic_at)
    return incident.rollback.verified_at is not None or (incident.rollback.requested_at is None and elsewhere)


def _run_of(incident: Incident, finding: Finding, check: Check | None) -> Run | None:
    """Return the one unbroken run of failures behind a finding, if it has ended."""
    if check is None or finding.method != "run":
        return None
    healed_at = incident.rollback.healed_at
    if healed_at is not None:
        return finding.onset_at, healed_at, healed_at
    if check.last_bad_at is None:
        return None
    good = _good_after(incident, finding, check, check.last_bad_at)
    return (finding.onset_at, check.last_bad_at, good[0]) if good else None


def healed_before(service: ServiceState, incident: Incident, rollback: Deploy, policy: Policy) -> float | None:
    """Return since when everything was good again, if that was well before the rollback could take traffic; else None.

    Only for one unbroken run of failures without a crash report and without another deploy: a good moment says little
    about a partial or intermittent failure.
    """
    lead = policy.blame.first_traffic_lead_seconds
    traffic_at = rollback.first_traffic_at(lead)
    if traffic_at is None or not incident.findings or any(one.method != "run" for one in incident.findings):
        return None
    onset, ended = min(one.onset_at for one in incident.findings), traffic_at - SWITCHED_SECONDS
    until = max([detect.calm_since(check) for check in service.checks.values()], default=0.0)
    good_at = 0.0
    for one in incident.findings:
        good = _good_after(incident, one, service.checks.get(one.signal), until)
        good = [at for at in good if at <= ended]
        # A gap without probes could hide another failure between the two good ones.
        gaps = [later - earlier for earlier, later in pairwise(good)]
        if not good or good[-1] - good[0] < HEALED_SECONDS or max(gaps) > policy.detection.fresh_seconds:
            return None
        good_at = max(good_at, good[0])
    others = [one.first_traffic_at(lead) for one in service.deploys if one.id not in (rollback.id, incident.suspect)]
    # Another deploy in between may be the one that cured it.
    deployed = any(at is not None and onset < at <= good_at for at in others)
    return None if deployed or _crashed(service, onset, ended) else good_at


def _good_after(incident: Incident, finding: Finding, check: Check | None, until: float) -> list[float]:
    """Return the good probes after the last failure; none if a probe was good between the first failure and the last.

    The run was unbroken at the decision. The probes since then must all be kept, or nothing is known.
    """
    decided_at = incident.decision.at if incident.decision is not None else finding.onset_at
    if check is None or check.last_bad_at is None or not check.recent or check.recent[0][0] > decided_at:
        return []
    if any(not failed for at, failed in check.recent if finding.onset_at <= at <= check.last_bad_at):
        return []
    return [at for at, failed in check.recent if at > until and not failed]


def _crashed(service: ServiceState, began: float, ended: float) -> bool:
    """Return whether the platform reported a crash that belongs to these failures."""
    crashes = [at for check in service.checks.values() for at, _ in check.crashes]
    return any(began - CRASH_LEAD_SECONDS <= at <= ended for at in crashes)


def _whole_runs(check: Check) -> Iterator[Run]:
    """Yield the runs of failures that were observed from begin to end: only probes have any."""
    groups = [(failed, [at for at, _ in group]) for failed, group in groupby(check.recent, key=lambda one: one[1])]
    # The oldest group is cut off by the kept window, so it is left out (`groups[1:]`).
    for (failed, run), (_, after) in pairwise(groups[1:]):
        if failed and check.interrupted_at < run[0]:
            yield run[0], run[-1], after[0]


def _taught(service: ServiceState, check: Check, policy: Policy, run: Run, now: float) -> Check:
    """Return the check with the lesson of a run of failures, if it was a restart that ended by itself."""
    began, until, _ = run
    deploy = began_with(service.deploys, began, policy.blame.first_traffic_lead_seconds)
    if deploy is None or not deploy.was_live or deploy.finished_at is None:
        return check
    too_long = until - began > policy.detection.run_seconds_restart_max
    # A run that ended with the switch may be the old instances going away, and no restart of the new code.
    switching = until <= deploy.finished_at + SWITCHED_SECONDS
    if too_long or switching or not _ended_by_itself(service, policy, run):
        return check
    return fast_replace(check, **baseline.restarted(check, until - began, now))


def _taught_of_outages(
    service: ServiceState, incident: Incident, check: Check, policy: Policy, run: Run, now: float
) -> Check:
    """Return the check with the lesson of an outage that ended by itself and had to do with no deploy."""
    blame = incident.decision.blame if incident.decision is not None else None
    # One that was over before its rollback took traffic proves the accused deploy innocent.
    accused = blame is not None and blame.likelier_than_not and incident.rollback.healed_at is None
    began_so = began_with(service.deploys, run[0], policy.blame.first_traffic_lead_seconds) is not None
    if accused or began_so or not _ended_by_itself(service, policy, run):
        return check
    return fast_replace(check, **baseline.outlasted(check, run[1] - run[0], policy.detection, now))


def _ended_by_itself(service: ServiceState, policy: Policy, run: Run) -> bool:
    """Return whether no deploy ended the run, nor a planned downtime, and no crash that is known belongs to it."""
    began, until, good_at = run
    # Only a list read after the run shows whether another deploy ended it.
    read = service.deploys_at is not None and service.deploys_at > until and not service.deploys_why
    moments = [one.first_traffic_at(policy.blame.first_traffic_lead_seconds) for one in service.deploys]
    cured = any(at is not None and began < at <= good_at for at in moments)
    planned = maintenance.overlapped(service, began) is not None
    return read and not cured and not planned and not _crashed(service, began, good_at)


def _without_lessons_of(service: ServiceState, incident: Incident, policy: Policy) -> ServiceState:
    # Once a person has rolled back at the platform, that rollback may be the suspect.
    suspect = next((one for one in service.deploys if one.id in incident.accused), None)
    began = suspect.first_traffic_at(policy.blame.first_traffic_lead_seconds) if suspect is not None else None
    if began is None:
        return service
    checks = {
        name: fast_replace(check, restart_seconds=0.0) if check.restart_at >= began else check
        for name, check in service.checks.items()
    }
    return fast_replace(service, checks=checks)


def _deployed_since(service: ServiceState, policy: Policy, began: float) -> bool:
    """Return whether a deploy took traffic, or went live, since then."""
    lead = policy.blame.first_traffic_lead_seconds
    live = suspect_deploy.live_deploy(service.deploys)
    moments = [deploy.first_traffic_at(lead) for deploy in service.deploys]
    return any(at is not None and at > began for at in (*moments, live.finished_at if live is not None else None))
