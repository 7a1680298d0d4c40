"""Endings: an incident is left to a human, only notified, only recorded, or closed.

Theory. A closed incident leaves three things behind: auto-deploy as it was (unless a rollback was sent, which a merge
would undo), an all-clear to the people who had a notice, and what it teaches of the service: its usual failures, the
share of bad deploys, the code that was blamed. An incident that a planned downtime explains teaches nothing.
"""

from dataclasses import replace

from watchdog.core.assess import maintenance
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import StepContext
from watchdog.core.fold import lessons, observations
from watchdog.core.guards import downtime, guards
from watchdog.core.phases import escalation, restore_auto_deploy
from watchdog.domain.deploys import BY_API
from watchdog.domain.incidents import History, Incident, Outcome, Phase, State
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.units import show_seconds

# An outage that comes back within the hour is one incident of the history, or each blip would count.
AGAIN_SECONDS = 3600.0
BLAMED_KEPT = 200
"""Of all services together; a platform lists some 20 deploys of each, and only what it lists can be a target."""


def page(ctx: StepContext) -> None:
    """Leave the incident to a human: a page with everything known; critical and high ones wake."""
    ctx.enter_phase(Phase.PAGED)
    wakes = ctx.incident.severity in escalation.WAKING
    escalation.call(ctx)
    ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.LEFT_TO_HUMAN, wakes=wakes)


def tell(ctx: StepContext) -> None:
    """Notify of the incident without waking a human."""
    ctx.enter_phase(Phase.PAGED)
    ctx.notify(NoticeKind.OPENED, Topic.FOUND)


def record_only(ctx: StepContext) -> None:
    """Only record the incident; auto-deploy that is off because of it is restored, or a notice says that it is off."""
    ctx.enter_phase(Phase.PAGED)
    give_back_or_say(ctx)


def close(ctx: StepContext, outcome: Outcome, how: str) -> None:
    """Close the incident and record its outcome: the all-clear goes to the people who had a notice of it.

    Auto-deploy that was switched off for it is restored where no rollback was sent; where it stays off, or a feature
    flag may be off, people get a notice even if they had none before. An incident that a planned downtime explains
    teaches nothing.
    """
    planned = downtime.was_down(ctx.incident) and maintenance.explains(ctx.service, ctx.incident.onset_at)
    # After a rollback it stays off: auto-deploy would bring the bad commit back with the next merge.
    given = not ctx.incident.rollback.tried and give_auto_deploy_back(ctx)
    how = f"{how}; auto-deploy, switched off for it, is being given back" if given else how
    ctx.update_incident(closed_at=ctx.now, outcome=outcome, planned=planned)
    lasted = show_seconds(ctx.now - ctx.incident.onset_at)
    ctx.note("CLOSED", f"{outcome}: {how}; {lasted} since onset")
    unknown = any(one.unknown for one in ctx.incident.remedies)
    if ctx.incident.paged or given or unknown:
        ctx.notify(NoticeKind.RESOLVED, Topic.CLOSED, restored=given, why=how)
    elif ctx.incident.pin.previous is not None:
        restore_auto_deploy.left_off(ctx)
    if not planned:
        # Before the reset, which clears the run of failures that the lesson is taken from.
        ctx.set_service(lessons.after_incident(ctx.service, ctx.incident, ctx.policy, ctx.now))
    # Short outages stay counted: an intermittent one does not begin anew with each of its incidents.
    ctx.set_service(observations.reset_detectors(ctx.service, ctx.now, spells=False))
    if not planned:
        ctx.update_service(closed_at=ctx.now, failed_from=_failed_from(ctx.incident), history=_wiser(ctx))
        _remember_blamed(ctx)
    ctx.enter_phase(Phase.CALM)


def ended(before: State, after: State) -> tuple[Incident, ...]:
    """Return the incidents that ended between two states, as they ended.

    One that was continued by hand ended in the very step that began the next: the state after does not hold it.
    """
    found = []
    for name, service in after.services.items():
        old = before.services.get(name)
        was, now = old.incident if old is not None else None, service.incident
        # By identity: an incident that no step changed is the same object.
        if was is None or was is now or was.closed_at is not None or now is None:
            continue
        if now.id != was.id:
            found.append(replace(was, closed_at=now.opened_at, outcome=Outcome.CONTINUED))
        elif now.closed_at is not None:
            found.append(now)
    return tuple(found)


def unsure(incident: Incident) -> bool:
    """Return whether the blamed deploy was not convicted: the cause may be another one."""
    blame = incident.decision.blame if incident.decision is not None else None
    return blame is not None and not blame.convicts


def _wiser(ctx: StepContext) -> History:
    """Return the service's history with this incident counted, if it counts.

    It counts as a bad deploy if a deploy was likelier than not to blame, or its rollback helped, and it serves no
    more; while it still serves, nothing is known, and nothing counted. Nor is an undo, what is neither critical nor
    high, and a restart that recovered before its rollback took traffic. Every other incident counts as one of another
    cause, at most once an hour, as an intermittent outage is one incident.
    """
    history, incident, service = ctx.service.history, ctx.incident, ctx.service
    if incident.rollback.undoes or incident.severity not in escalation.WAKING:
        return history
    if incident.rollback.healed_at is not None:
        return history
    helped = incident.rollback.verified_at is not None and not incident.by_hand
    # Not by the last decision: after a person's fix-forward it acquits their deploy.
    if helped or incident.to_blame:
        replaced = service.live not in incident.accused
        return replace(history, bad_deploys=history.bad_deploys + 1) if replaced else history
    again = service.closed_at is not None and incident.opened_at - service.closed_at < AGAIN_SECONDS
    return history if again else replace(history, others=history.others + 1)


def _failed_from(incident: Incident) -> tuple[tuple[str, float], ...]:
    """Return since when each check failed in the incident: its fault may outlast a deploy in the middle of it.

    None if a deploy was to blame: what replaced that has cured it. A rollback that did not help acquits.
    """
    rollback = incident.rollback
    if rollback.verified_at is not None or (incident.to_blame and rollback.restored_at is None):
        return ()
    return tuple((finding.signal, finding.onset_at) for finding in incident.findings)


def _remember_blamed(ctx: StepContext) -> None:
    """Remember the deploys that were likely to blame and serve no more: no rollback leads back to them.

    A rollback in the incident is a verdict of its own (the deny-list, rollback_target.rolled_away_from).
    """
    incident, service = ctx.incident, ctx.service
    if (
        incident.rollback.deploy is not None
        or incident.severity not in escalation.WAKING
        or service.live in incident.to_blame
    ):
        return
    found = [one for one in service.deploys if one.id in incident.to_blame]
    new = [(one.id, one.code, incident.id) for one in found if one.code is not None]
    if new:
        ctx.state = replace(ctx.state, blamed=(*ctx.state.blamed, *new)[-BLAMED_KEPT:])


def give_back_or_say(ctx: StepContext) -> None:
    """Restore auto-deploy that this incident switched off and no longer needs off; if it must wait, notify people."""
    if not give_auto_deploy_back(ctx) and ctx.incident.pin.previous is not None:
        restore_auto_deploy.left_off(ctx)


def give_auto_deploy_back(ctx: StepContext) -> bool:
    """Begin to restore auto-deploy if it is off because of this incident and no stop forbids it; return whether."""
    value = ctx.incident.pin.previous
    # It was off before this incident, or is not off because of us: there is nothing to give back.
    if value in (None, "off") or not ctx.service.auto_deploy_off or ctx.service_policy.platform_id is None:
        return False
    if ctx.state.stop_reason or _was_rolled_away(ctx):
        return False
    ctx.update_pin(note=f"off, is being given back (was {value})")
    restore_auto_deploy.order(ctx, ctx.incident.id, ctx.service_policy.platform_id, value)
    return True


def _was_rolled_away(ctx: StepContext) -> bool:
    """Return whether another rollback than this incident's left the code it blames, or the newest, and no new code
    serves since.

    Auto-deploy that was on might bring that code back, or keep it where it came back.
    """
    new = (one for one in ctx.service.deploys if not one.is_rollback and one.trigger != BY_API)
    newest = next((deploy.code for deploy in new), None)
    bad_here = guards.denied_here(ctx.state, ctx.service)
    if ctx.incident.rollback.deploy is not None or bad_here.isdisjoint((ctx.incident.suspect_code, newest)):
        return False
    if newest in bad_here:
        return True
    live = live_deploy(ctx.service.deploys)
    # Without a live deploy in the list nothing shows that new code serves, so it stays off.
    return live is None or not restore_auto_deploy.is_new(ctx, live)
