"""What a drill stands on: the staging service, its live deploy, and a daemon that will roll it back.

Rule: everything that could keep the daemon from rolling back is refused here, before anything is changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from watchdog.adapters.platforms.render_drill import DrillRender, build_drill
from watchdog.app.commands.seen_daemon import SeenDaemon, seen_daemon
from watchdog.core.assess.code_changes import reading_of
from watchdog.core.assess.suppression import active_hold
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.drills.drill import Drill
from watchdog.domain.errors import Permanent, Refused
from watchdog.domain.incidents import Phase, ServiceState, State
from watchdog.domain.policy import Mode, ServicePolicy
from watchdog.domain.units import show_seconds
from watchdog.ports import Clock, Store
from watchdog.settings import Settings
from watchdog.settings.rules.required_secrets import RENDER_KEY

FLEET_SECONDS = 600.0
"""The time of the budget of all services (`per_fleet_per_10m`)."""
SAVED_WITHIN_SECONDS, SAVED_LOOK_SECONDS = 45.0, 0.5
"""How long a daemon that has just started gets to read the deploys, and to save them."""


@dataclass(frozen=True, slots=True)
class Staging:
    """A staging service of the configuration: its name, its id at Render, its known-bad commit."""

    name: str
    id: str
    commit: str


def staging_of(settings: Settings, service: str) -> Staging:
    """Return the staging service of that name; ids have to be resolved. Raises Refused for every other service."""
    if service not in settings.staging:
        raise Refused(
            f"{service} is no staging service, and a drill breaks one on purpose: of one that no user depends on, "
            f"write services.{service}.drill: {{staging: true, bad_commit: …}}"
        )
    found = settings.policy.services[service].platform_id
    if found is None:
        raise Refused(f"{service} has no id at Render")
    return Staging(service, found, settings.staging[service])


def drill_client(settings: Settings, staging: Staging, clock: Clock) -> DrillRender:
    """Return the client of a drill on that service. Raises Permanent without a key."""
    key = settings.secrets.get(RENDER_KEY)
    if not key:
        raise Permanent(f"a drill needs a key that may deploy: set {RENDER_KEY}")
    ids = {settings.policy.services[name].platform_id or "": commit for name, commit in settings.staging.items()}
    return build_drill(
        key,
        settings.endpoints["render"],
        clock,
        service_id=staging.id,
        commit=staging.commit,
        staging=ids,
        guard=settings.guard,
    )


async def ground_of(
    settings: Settings, staging: Staging, store: Store, client: DrillRender, clock: Clock
) -> tuple[State, Deploy, str]:
    """Return the state as saved last, the live deploy, to which the daemon will roll back, and a warning or "".

    Raises Refused with the first reason why a drill would prove nothing, or do harm; Temporary or Permanent.
    """
    await client.check_staging()
    daemon = await seen_daemon(settings, store)
    why = _daemon(daemon, staging.name)
    state = None if why else await _saved(store, staging.name, clock)
    why = why or _state(daemon, state, staging.name, clock.now())
    why = why or (_denied(state, await store.drills(), staging) if state is not None else "")
    if why or state is None:
        raise Refused(f"no drill on {staging.name}: {why}")
    facts, deploys = await client.facts(staging.id), await client.deploys(staging.id)
    live = live_deploy(deploys)
    policy = daemon.policy.services[staging.name]
    why = _platform(facts, live, staging, policy)
    warning = ""
    if not why and live is not None:
        service = state.services[staging.name]
        why, warning = _migrates(service, facts, deploys, policy, live, staging.commit)
    if busy := next((one for one in deploys if one.in_progress), None):
        why = f"{busy.id} is on its way"
    if why or live is None:
        raise Refused(f"no drill on {staging.name}: {why}")
    return state, live, warning


async def _saved(store: Store, name: str, clock: Clock) -> State | None:
    """Return the saved state, once it has the deploys of the service: a calm one is saved every half a minute."""
    give_up = clock.monotonic() + SAVED_WITHIN_SECONDS
    while True:
        state = await store.load_readonly()
        service = state.services.get(name) if state is not None else None
        if (service is not None and service.deploys_at is not None) or clock.monotonic() > give_up:
            return state
        await clock.sleep(SAVED_LOOK_SECONDS)


def _daemon(daemon: SeenDaemon, name: str) -> str:
    if not daemon.runs:
        return f"no daemon runs that could roll it back: {command_line('run')}"
    policy = daemon.policy.services.get(name)
    if policy is None or policy.mode is Mode.OBSERVE:
        return "the daemon only observes it, and would leave it broken: write mode: autonomous (or assist)"
    return ""


def _state(daemon: SeenDaemon, state: State | None, name: str, now: float) -> str:
    service = state.services.get(name) if state is not None else None
    if state is None or service is None or service.deploys_at is None:
        return "the daemon has not read its deploys yet"
    if state.stop_reason:
        return f"the daemon may change nothing: {state.stop_reason} ({command_line('resume')})"
    if service.phase is not Phase.CALM:
        return f"it is not calm ({service.phase}): see {command_line('status')}"
    if service.forbidden:
        return f"the daemon may not change it: {service.forbidden}"
    if held := active_hold(state, daemon.policy, name, now):
        # A person's command ends only what a person's command made.
        how = command_line("unsilence", held.name) if held in state.holds else "wait for its end, or change it there"
        where = "" if held in state.holds else " in the configuration"
        return f"automatic rollbacks are held{where} ({held.name}): {how}"
    return _budget(daemon, state, service, now)


def _denied(state: State, drills: Iterable[Drill], staging: Staging) -> str:
    """Return why the commit has to stay on the deny-list, which is of all services: a drill takes it off at first."""
    name, commit = staging.name, staging.commit
    if commit not in state.denied:
        return ""
    left = {one.name for one in state.services.values() if any(code == commit for code, _ in one.bad)}
    left |= {act.service for act in state.acts if act.suspect_code == commit}
    blamed = {incident.rpartition("-")[0] for _, code, incident in state.blamed if code == commit}
    cure = f"write another commit as services.{name}.drill.bad_commit"
    if others := (left | blamed) - {name}:
        return f"{commit[:7]} was found bad on {', '.join(sorted(others))}, where it has to stay denied: {cure}"
    # What is known of each service has a limit; the drills are kept for years.
    if name in left or any((one.service, one.commit) == (name, commit) and one.deploy for one in drills):
        return ""
    return f"{commit[:7]} is denied, and it is not known that only {name} was rolled back from it: {cure}"


def _budget(daemon: SeenDaemon, state: State, service: ServiceState, now: float) -> str:
    """Return why the daemon would ask instead of rolling back: each drill costs a rollback of the service's budget."""
    budget = daemon.policy.budget
    today = [at for at in service.acted_at if now - at < 86_400.0]
    if len(today) >= budget.per_service_per_day:
        return f"its {budget.per_service_per_day} rollbacks of a day are used up"
    if sum(now - at < FLEET_SECONDS for at in state.acted_at) >= budget.per_fleet_per_10m:
        return f"the {budget.per_fleet_per_10m} rollbacks of all services in 10 min are used up"
    since = now - max(today, default=0.0)
    if since < budget.cooldown_seconds:
        return f"its cooldown lasts for another {show_seconds(budget.cooldown_seconds - since)}"
    return ""


def _platform(facts: ServiceFacts, live: Deploy | None, staging: Staging, policy: ServicePolicy) -> str:
    if live is None:
        return "Render names no live deploy of it"
    if live.commit is None:
        return f"Render does not say which commit {live.id} runs"
    if live.commit == staging.commit:
        return f"it runs the known-bad commit already ({live.id}): {command_line('rollback', staging.name)}"
    if facts.suspended or facts.maintenance:
        return "it is meant to be down"
    if facts.pre_deploy_command and not policy.rollback_safe:
        return "its pre-deploy command makes the daemon ask: write rollback_safe: true, if that is harmless"
    return ""


def _migrates(
    service: ServiceState, facts: ServiceFacts, deploys: Sequence[Deploy], policy: ServicePolicy, live: Deploy, bad: str
) -> tuple[str, str]:
    """Return why the daemon would ask for a migration's sake, and why it may; each or both "" (core/guards/migrations).

    The commits between the live one and the known-bad one are mostly compared only once that one is deployed.
    """
    rules = policy.migrations
    found = reading_of(service, (live.commit or "", bad), rules)
    if any(one.commit == bad and rules.mark(one.commit_message) for one in deploys) or (found and found.marked):
        return f"a commit of it says '{rules.marker}', which makes the daemon ask: write another bad_commit", ""
    if policy.rollback_safe or not rules.paths or facts.repo is None:
        return "", ""
    cure = "write rollback_safe: true, if rolling back is harmless"
    if found is not None and found.total:
        return f"{bad[:7]} changes {found.files[0]}, a migration, which makes the daemon ask: {cure}", ""
    if found is not None and found.whole and not found.why:
        return "", ""
    return "", (
        f"which files {bad[:7]} changes is not known yet: if a migration is among them, or they cannot be compared, "
        f"the daemon only asks, and this drill fails and is cleaned up; to prevent that, {cure}"
    )
