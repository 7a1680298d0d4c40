"""Guards: the conditions for a change of production. Each one passes, asks or blocks, with its reason.

Rule 1: a block holds for the daemon and for an approving human alike; an approval answers the guards that ask.
Rule 2: one guard, one function, one line in GUARDS.
"""

from collections.abc import Callable, Sequence

from watchdog.core import note_text
from watchdog.core.assess import connectivity, failure_correlation, suppression
from watchdog.core.assess.suspect_deploy import first_traffic_at, live_deploy, same_code_run
from watchdog.core.context import StepContext
from watchdog.core.detect import failure_kinds, turned_away
from watchdog.core.guards import flapping
from watchdog.core.guards import rollback_budget as budgets
from watchdog.core.guards.downtime import availability
from watchdog.core.guards.guard_context import GuardContext, asks, blocks, passes
from watchdog.core.guards.migrations import migration
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import GuardAnswer, Verdict
from watchdog.domain.deploys import INSTANCE_COUNT, Deploy
from watchdog.domain.incidents import ActiveCritical, Incident, ServiceState, State
from watchdog.domain.policy import Mode, Policy
from watchdog.domain.remedies.kinds import RemedyKind, parts
from watchdog.domain.units import DAY_SECONDS, show_seconds

NO_ROLLBACK_TRAILER = "watchdog: no-rollback"
RECORD_SECONDS = 600.0
"""How long after a record was found to lack a change an outage may go back to before: what it knows of a deploy, of
failures and of people's answers is then too old. A deploy is blamed without a human for seven minutes at most; after
ten, all that is weighed was seen since.
"""


def mode(request: GuardContext) -> GuardAnswer:
    """The service's mode must allow a rollback."""
    if request.service_policy.mode is Mode.OBSERVE:
        return blocks("mode", "observe: reports what it would do, changes nothing")
    if request.service_policy.mode is Mode.ASSIST and not answered_by_default(request.incident):
        return asks("mode", "assist: a human decides")
    return passes("mode", request.service_policy.mode.value)


def answered_by_default(incident: Incident | None) -> bool:
    """Return whether the question went unanswered, and its announced default (a rollback) is in force."""
    return incident is not None and incident.question.defaulted_at is not None


def paused(request: GuardContext) -> GuardAnswer:
    """A human's pause blocks every change."""
    if request.state.paused_by:
        return blocks("hold", f"paused by {request.state.paused_by}", passing=True)
    return passes("hold", "none")


def action_hold(request: GuardContext) -> GuardAnswer:
    """An action hold needs a human's yes; an approval given before an upgrade covers the hold of the upgrade."""
    held = suppression.active_hold(request.state, request.policy, request.service.name, request.now)
    approved = request.incident is not None and request.incident.question.approved_by is not None
    if held is not None and not (approved and held.by == suppression.UPGRADE):
        return asks("action hold", f"{suppression.describe(held)}: a human decides", passing=True)
    return passes("action hold", "none")


def armed(request: GuardContext) -> GuardAnswer:
    """A violated invariant blocks every change, also one by hand."""
    if request.state.disarmed:
        return blocks("armed", f"disarmed: {request.state.disarmed}; {command_line('resume')}", passing=True)
    return passes("armed", "yes")


def key(request: GuardContext) -> GuardAnswer:
    """A refused API key is not used again before a `resume` or a restart."""
    if request.service.forbidden:
        why = f"our key may not change it ({request.service.forbidden}); fix the key, then {command_line('resume')}"
        return blocks("key", why, passing=True)
    return passes("key", "never refused")


def blind(request: GuardContext) -> GuardAnswer:
    """A blind daemon changes nothing."""
    if request.state.blind_since is not None:
        return blocks(
            "blind", f"{connectivity.why(request.state)}: the watchdog's network may be at fault", passing=True
        )
    return passes("blind", "no")


def budget(request: GuardContext) -> GuardAnswer:
    """Rollbacks are limited per service and day, and per fleet (in groups of services) and ten minutes."""
    limits = request.policy.budget
    day = sorted(at for at in request.service.acted_at if at > request.now - DAY_SECONDS)
    today = len(day)
    fleet = budgets.fleet_spent(request.state, request.policy, request.service.name, request.code, request.now)
    if today >= limits.per_service_per_day:
        # One more is allowed once so many of them are a day old that fewer than the limit are left.
        clears = day[today - limits.per_service_per_day] + DAY_SECONDS if limits.per_service_per_day > 0 else None
        why = f"{today} of {limits.per_service_per_day} rollbacks of this service today"
        return blocks("budget", why, clears_at=clears)
    if fleet >= limits.per_fleet_per_10m:
        why = f"{fleet} of {limits.per_fleet_per_10m} rollbacks of all services together in 10 min"
        return blocks("budget", why, passing=True)
    return passes("budget", f"{today} of {limits.per_service_per_day} used today")


def mass_failure(request: GuardContext) -> GuardAnswer:
    """Simultaneous failures of many services have another cause than one deploy; of a small fleet a human is asked."""
    name = request.service.name
    mine = request.state.troubles.get(name) or ActiveCritical(name, request.now, request.code, recent_deploy=True)
    wave = failure_correlation.mass_failure(request.policy, request.state.troubles, mine)
    if wave is None:
        return passes("correlation", "no wave of failures")
    return (blocks if wave.certain else asks)("correlation", wave.why, passing=True)


def flaps(request: GuardContext) -> GuardAnswer:
    """A flapping service is asked about: it may recover by itself before the rollback is live, which proves nothing."""
    if request.found is not None and request.found.method == "intermittent":
        return asks("flapping", f"{request.found.text}; a human decides", passing=True)
    if request.service.flapping_since is not None:
        return asks("flapping", flapping.why(request.policy.brakes))
    return passes("flapping", "no")


def let_in(request: GuardContext) -> GuardAnswer:
    """Probes that are turned away are no evidence of an outage."""
    if request.found is not None and request.found.method == turned_away.METHOD:
        return asks("let in", f"{request.found.text}; a human must check whether visitors are refused too")
    return passes("let in", "our probes are")


def one_kind(request: GuardContext) -> GuardAnswer:
    """A part of the failures that no code causes shows that something else fails as well; more of them are a veto."""
    found = request.found
    check = request.service.checks.get(found.signal) if found is not None else None
    share = failure_kinds.not_curable_share(check, found.onset_at) if found is not None and check is not None else 0.0
    if failure_kinds.MIXED <= share < failure_kinds.MAJORITY:
        return asks("kinds", f"DNS or TLS is what {share:.0%} of the failed probes failed at: a human decides")
    return passes("kinds", "not of a kind that no code causes beside others")


def cooldown(request: GuardContext) -> GuardAnswer:
    """A rollback is followed by a cooldown."""
    last = max(request.service.acted_at, default=None)
    limit = request.policy.budget.cooldown_seconds
    if last is not None and request.now - last < limit:
        when = f"{show_seconds(request.now - last)} ago" if last <= request.now else "by a clock ahead of this one"
        why = f"last rollback {when} (limit {show_seconds(limit)})"
        return blocks("cooldown", why, clears_at=last + limit)
    return passes("cooldown", "ok")


def already_attempted(request: GuardContext) -> GuardAnswer:
    """An incident has one rollback."""
    if request.incident is not None and request.incident.rollback.tried:
        return blocks("tried", "this incident already had its one rollback")
    return passes("tried", "not yet")


def denied_here(state: State, service: ServiceState) -> frozenset[str]:
    """Return the codes that were rolled back on this service and are denied still: the deny-list is of the fleet."""
    return frozenset(code for code, _ in service.bad if code in state.denied)


def recurring_commit(request: GuardContext) -> GuardAnswer:
    """Code that was rolled back here and is live again was redeployed by a person: a human decides this time."""
    code = request.code
    if code in denied_here(request.state, request.service):
        return asks("returned", f"{note_text.short(code)} was rolled back here before, and came back")
    return passes("returned", "never rolled back here")


def complete_record(request: GuardContext) -> GuardAnswer:
    """A restored copy of the store lacks more than the change that showed it: failures, rollbacks, people's answers."""
    lacked_at = request.service.record_lacked_at
    # By the begin of the incident: time that passes in it makes nothing known.
    began = request.incident.opened_at if request.incident is not None else request.now
    if lacked_at is None or began >= lacked_at + RECORD_SECONDS:
        return passes("record", "complete")
    ago = show_seconds(request.now - lacked_at)
    why = f"{ago} ago Render showed a change that the record lacked; what else it lacks is not known: a human decides"
    return asks("record", why)


def newer_deploy(request: GuardContext) -> GuardAnswer:
    """A deploy under way must not be overtaken; an unknown status may mean one."""
    coming = on_its_way(request.service)
    if coming is not None:
        return blocks("newer deploy", f"{coming.id} is on its way ({coming.status_words})", passing=True)
    return passes("newer deploy", "none")


def on_its_way(service: ServiceState) -> Deploy | None:
    """Return the newest deploy above the live one that has not ended, or None."""
    live = live_deploy(service.deploys)
    for deploy in service.deploys:
        if live is not None and deploy.id == live.id:
            return None
        # A status that we do not know has not ended either: Render adds some, and to wait is the safe mistake.
        if not deploy.has_ended:
            return deploy
    return None


def deny_list(request: GuardContext) -> GuardAnswer:
    """The target must not be deny-listed."""
    target = request.target.deploy
    if target is None:
        return blocks("target", request.target.why)
    if target.code in request.state.denied:
        return blocks("deny-list", f"{target.id} is deny-listed")
    if request.target.ask:
        return asks("target", request.target.ask)
    return passes("deny-list", "target not on it")


def on_top(request: GuardContext) -> GuardAnswer:
    """A deploy that went live on top of the blamed one may be a person's repair of it: only people know."""
    suspect, change = request.blame.suspect, request.blame.change
    # A guard of its own: a yes that answers another guard, as to a tag, was given before that deploy was there.
    if suspect is None or change is None or change in same_code_run(request.service.deploys, suspect):
        return passes("on top", "the blamed code is live")
    return asks("on top", f"{suspect.id} went live on top of {change.id}, and the rollback takes both back")


def environment(request: GuardContext) -> GuardAnswer:
    """A rollback also restores environment and instance count."""
    change, found = request.blame.change, []
    for deploy in request.between():
        # Here the changed configuration is the suspect itself, and bringing the old one back is the purpose.
        if request.blame.configuration and change is not None and deploy.id == change.id:
            continue
        changed = _changed_by_people(request, deploy)
        if changed:
            found.append((deploy, f"{', '.join(changed)} changed with {deploy.id}; a rollback brings the old back"))
    if not found:
        return passes("environment", "unchanged since the target")
    # What is known to have changed goes first: no later list takes that back.
    deploy, why = min(found, key=lambda each: each[0].changes_unread)
    return asks("environment", why, passing=deploy.changes_unread)


def _changed_by_people(request: GuardContext, deploy: Deploy) -> Sequence[str]:
    """Return what changed with a deploy, but for the number of instances that our own remedy set in this incident.

    What had changed before it was asked about before it. The number that a rollback brings is then the one before, or
    one that people chose.
    """
    # Where the variables could not be compared, the trigger is the only sign that configuration changed.
    updated = deploy.trigger == "service_updated"
    changed = deploy.changed or (("configuration",) if updated else ())
    tried = request.incident.remedies if request.incident is not None else ()
    ours = next((one.requested_at for one in tried if one.may_be_done and parts(one.name)[0] is RemedyKind.SCALE), None)
    if ours is None:
        return changed
    if updated and not deploy.changed and not deploy.changes_unread and deploy.created_at >= ours:
        return ()
    return [one for one in changed if one != INSTANCE_COUNT]


def trailer(request: GuardContext) -> GuardAnswer:
    """A commit's author may forbid a rollback, by a trailer."""
    for deploy in request.between():
        # Any deploy on the way, not only the suspect: the rollback undoes them all. Trailers are case-insensitive in
        # Git.
        if NO_ROLLBACK_TRAILER in deploy.commit_message.lower():
            return blocks("trailer", f"{deploy.id} says 'Watchdog: no-rollback'")
    return passes("trailer", "none")


def dependants(request: GuardContext) -> GuardAnswer:
    """A dependant that was deployed after the change may need what the rollback removes."""
    if request.target.deploy is None or request.blame.change is None:
        return passes("dependants", "no target")
    served = [deploy for deploy in request.between() if deploy.was_live]
    # By the oldest that served: a dependant may rely on any of the changes that the rollback removes.
    first = min(served, key=lambda one: first_traffic_at(one, request.policy.blame), default=request.blame.change)
    began = first_traffic_at(first, request.policy.blame)
    for name, service_policy in request.policy.services.items():
        if request.service.name not in service_policy.depends_on:
            continue
        other = request.state.services.get(name)
        if other is None:
            return asks("dependants", f"{name} depends on it, and another worker watches when it was deployed")
        live = live_deploy(other.deploys)
        if live is not None and first_traffic_at(live, request.policy.blame) > began:
            return asks("dependants", f"{name} depends on it and was deployed after {first.id} ({live.id})")
    return passes("dependants", "none deployed after the change")


def dependencies(request: GuardContext) -> GuardAnswer:
    """A critical dependency may explain the failure; and while it fails, a rollback here proves nothing."""
    services, code = request.policy.services, request.code
    for name in sorted(failure_correlation.relied_on(services, request.service.name)):
        trouble = request.state.troubles.get(name)
        # With the same suspect code in both, one commit broke both: then the dependency is no other cause.
        if trouble is not None and (code is None or trouble.suspect_code != code):
            return asks("dependencies", f"{name}, which it depends on, is critical: a human decides", passing=True)
        if name not in request.state.services and services[name].platform_id is not None:
            return asks("dependencies", f"it depends on {name}, whose deploys another worker watches")
    return passes("dependencies", "none of them is critical")


# The order is that of `explain`; of several blocks a decision names the first, but a downtime before all others.
GUARDS: tuple[Callable[[GuardContext], GuardAnswer], ...] = (
    mode,
    paused,
    action_hold,
    armed,
    key,
    blind,
    budget,
    mass_failure,
    flaps,
    let_in,
    one_kind,
    cooldown,
    already_attempted,
    recurring_commit,
    complete_record,
    newer_deploy,
    deny_list,
    on_top,
    availability,
    migration,
    environment,
    trailer,
    dependants,
    dependencies,
)


# A pause and a violated invariant are not in these lists: `State.stop_reason` is asked for every change, pins too.
AT_SENDING = (
    mode,
    action_hold,
    key,
    budget,
    recurring_commit,
    complete_record,
    mass_failure,
    newer_deploy,
    deny_list,
    availability,
)
"""The guards whose answer may have changed between the decision and the moment of sending."""
AT_THE_CALL = (mode, action_hold, key, blind, recurring_commit, complete_record, mass_failure, deny_list, availability)
"""The guards asked at the call itself: the budget is spent by then, and the actuator has read the newest deploys."""


def at_sending(ctx: StepContext) -> str:
    """Return the reason that forbids the decided rollback at the moment of sending, or ""."""
    return blocked(AT_SENDING, ctx.state, ctx.policy, ctx.service, ctx.now)


def blocked(
    guards: Sequence[Callable[[GuardContext], GuardAnswer]],
    state: State,
    policy: Policy,
    service: ServiceState,
    now: float,
) -> str:
    """Return the first of these guards that forbids the decided rollback of the service's incident, or ""."""
    incident = service.incident
    decision = incident.decision if incident is not None else None
    assert decision is not None and decision.blame is not None and decision.target is not None, "it was decided"
    # Without `found`: the guards that read it judge the decision, and are not asked again at sending.
    place = (state, policy, service, policy.services[service.name])
    request = GuardContext(*place, decision.blame, decision.target, incident, now)
    answered = (
        guards_that_ask(incident) if incident is not None and incident.question.approved_by is not None else frozenset()
    )
    for answer in (guard(request) for guard in guards):
        if answer.verdict is Verdict.BLOCK or (answer.verdict is Verdict.ASK and answer.name not in answered):
            return f"{answer.name}: {answer.why}"
    return ""


def guards_that_ask(incident: Incident | None) -> frozenset[str]:
    """Return the names of the guards that asked in the last decision; an approval answers exactly these."""
    if incident is None or incident.decision is None:
        return frozenset()
    return frozenset(answer.name for answer in incident.decision.guards if answer.verdict is Verdict.ASK)


def check(request: GuardContext) -> tuple[GuardAnswer, ...]:
    """Return every guard's answer, in order."""
    return tuple(guard(request) for guard in GUARDS)
