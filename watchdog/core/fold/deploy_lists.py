"""Deploy lists: folding what the platform lists of a service into the state, before any decision.

Rule 1: an empty list, or one that could not be read, changes nothing that is known: the old one stays, and grows stale.
Rule 2: a deploy is dated by the first list in which its instances are replaced, no earlier than the list before.
Rule 3: what was read before our own switch of auto-deploy, or right after it, says nothing about auto-deploy.
"""

from dataclasses import replace

from watchdog.core.assess import maintenance, suspect_deploy
from watchdog.core.fold import observations
from watchdog.domain.checks import Spells
from watchdog.domain.deploys import Deploy
from watchdog.domain.events import DeploysListed, DeploysUnread
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.incidents import History, ServiceState
from watchdog.domain.policy import Policy

HISTORY_GAP_SECONDS = 3600.0
PIN_LANDS_SECONDS = 30.0
"""How long a switch that was not read back may still take effect (its deadline, and the network): earlier reads of
auto-deploy are ignored.
"""
PIN_SHOWS_SECONDS = 5.0
"""How old an answer of Render's API may be: reads within this time of a confirmed switch are ignored as well."""
UPDATING = "update_in_progress"
SAYS_NOT_ON = ("off", "unknown")
BEFORE_UPDATE = frozenset({"created", "queued", "build_in_progress", "pre_deploy_in_progress"})


def apply_deploy_list(service: ServiceState, event: DeploysListed, policy: Policy) -> ServiceState:
    """Fold a deploy list in, with the moment each deploy was first seen taking traffic."""
    # Render would not forget all deploys of a service: an empty answer is an error of the API, not a fact.
    if service.deploys and not event.deploys:
        return replace(service, deploys_why="the platform listed no deploy at all")
    before = {deploy.id: deploy for deploy in service.deploys}
    lead = policy.blame.first_traffic_lead_seconds
    deploys = tuple([_dated(deploy, before.get(deploy.id), service, lead) for deploy in event.deploys])
    live = suspect_deploy.live_deploy(deploys)
    watch_until, healthy_at = service.watch_until, service.healthy_at
    history = _counted(service, event.at)
    # Already as instances are replaced: what they answer first tells a slow start from a bad deploy.
    for began in [deploy.update_seen_at for deploy in deploys if deploy.status == UPDATING]:
        watch_until = max(watch_until, began + policy.pace.watch_window_seconds if began is not None else 0.0)
    if live is not None and live.id != service.live:
        # The first list only shows the deploy that was live before: it is none that we saw go live.
        if service.live is not None and not live.is_rollback:
            history = replace(history, deploys=history.deploys + 1)
        began = live.finished_at if live.finished_at is not None else event.at
        watch_until = max(watch_until, began + policy.pace.watch_window_seconds)
        service = _without_spells(service)
        # The healthy record is of one deploy: the time around the switch belongs to neither.
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
        # The failures in the downtime were planned; none of them may count towards a run that goes on after it.
        seen = observations.reset_detectors(seen, event.at)
    ours = seen.auto_deploy_off or seen.pinned_at or seen.merged or seen.merges_why
    if not ours or not auto_deploy_is_on(seen):
        return seen
    return fast_replace(seen, auto_deploy_off="", pinned_at=0.0, merged=(), merges_why="")


def _without_spells(service: ServiceState) -> ServiceState:
    """Return the service without its short outages: intermittent failures of other code are another matter."""
    if not any(check.spells.count for check in service.checks.values()):
        return service
    checks = {name: fast_replace(check, spells=Spells()) for name, check in service.checks.items()}
    return fast_replace(service, checks=checks)


def _counted(service: ServiceState, at: float) -> History:
    """Return the history, dated from the first deploy list, without the time in which no list could be read."""
    history, read_at = service.history, service.deploys_at
    if history.since == 0.0:
        return replace(history, since=at)
    if read_at is not None and at - read_at > HISTORY_GAP_SECONDS:
        return replace(history, since=history.since + (at - read_at))
    return history


def auto_deploy_is_on(service: ServiceState) -> bool:
    """Return whether auto-deploy was read as on by a request that began after our last switch.

    An earlier request may answer later. Where the platform does not state the value, nothing is known.
    """
    facts, at = service.facts, service.deploys_at
    read = facts is not None and facts.auto_deploy not in SAYS_NOT_ON
    return read and at is not None and at > service.switch_visible_at


def _dated(deploy: Deploy, before: Deploy | None, service: ServiceState, lead_seconds: float) -> Deploy:
    """Return the deploy with the moment its instances were first seen being replaced.

    That moment lies between the previous list, where they were not yet, and this one. The earlier bound is kept, so
    that an onset is never taken to lie before the deploy when it did not. After a long time without lists, the
    moment the deploy went live (less the platform's lead) is nearer.
    """
    if before is not None and before.update_seen_at is not None:
        return fast_replace(deploy, update_seen_at=before.update_seen_at)
    if service.deploys_at is None or not (deploy.is_live or deploy.status == UPDATING):
        return deploy
    # The previous list showed it past that point already, so the moment itself was missed.
    if before is not None and before.status not in BEFORE_UPDATE:
        return deploy
    live_at = deploy.finished_at - lead_seconds if deploy.finished_at is not None else 0.0
    return fast_replace(deploy, update_seen_at=max(service.deploys_at, deploy.created_at, live_at))


def apply_deploy_list_error(service: ServiceState, event: DeploysUnread) -> ServiceState:
    """Record why the deploy list could not be read; the old list stays, and grows stale."""
    return replace(service, deploys_why=event.why)
