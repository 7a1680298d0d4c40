"""What a drill stands on: the staging service, its live deploy, and a daemon that will repair it.

Rule: everything that could keep the daemon from the repair is refused here, before anything is changed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from watchdog.adapters.platforms.render_drill import DrillRender, StagingRender, build_drill, build_staging
from watchdog.adapters.remedies.flag_off import FlagOffOptions
from watchdog.adapters.remedies.flag_on import FlagOnOptions
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
from watchdog.settings.rules.drills import flag_off_of
from watchdog.settings.rules.required_secrets import RENDER_KEY

FLEET_SECONDS = 600.0
"""The time of the budget of all services (`per_fleet_per_10m`)."""
SAVED_WITHIN_SECONDS, SAVED_LOOK_SECONDS = 45.0, 0.5
"""How long a daemon that has just started gets to read the deploys, and to save them."""


Tell = Callable[[str], None]
"""Shows a line of progress."""


@dataclass(frozen=True, slots=True)
class Staging:
    """A staging service of the configuration: its name, its id at Render, and what breaks it."""

    name: str
    id: str
    commit: str  # its known-bad commit; empty: it has none
    flag_on: FlagOnOptions | None = None  # its known-bad feature flag; None: it has none
    flag_off: FlagOffOptions | None = None  # the remedy that switches it off again


@dataclass(frozen=True, slots=True)
class DrillParts:
    """What every drill on a staging service works with."""

    settings: Settings
    staging: Staging
    store: Store
    client: StagingRender
    clock: Clock
    tell: Tell


def staging_of(settings: Settings, service: str) -> Staging:
    """Return the staging service of that name; ids have to be resolved. Raises Refused for every other service."""
    if service not in settings.staging:
        raise Refused(
            f"{service} is no staging service, and a drill breaks one on purpose: of one that no user depends on, "
            f"write services.{service}.drill: {{staging: true, …}}"
        )
    found = settings.policy.services[service].platform_id
    if found is None:
        raise Refused(f"{service} has no id at Render")
    drill = settings.staging[service]
    on = drill.flag_on
    off = flag_off_of(settings.services[service].remedies, on) if on is not None else None
    return Staging(service, found, drill.bad_commit or "", on, off)


def drill_client(settings: Settings, staging: Staging, clock: Clock) -> DrillRender:
    """Return the client of a drill by commit on that service. Raises Permanent without a key."""
    ids = {settings.policy.services[name].platform_id or "": one.bad_commit for name, one in settings.staging.items()}
    return build_drill(
        _key(settings),
        settings.endpoints["render"],
        clock,
        service_id=staging.id,
        commit=staging.commit,
        staging={id_: commit for id_, commit in ids.items() if commit is not None},
        guard=settings.guard,
    )


def staging_client(settings: Settings, staging: Staging, clock: Clock) -> StagingRender:
    """Return the client of a drill that deploys nothing: it only reads. Raises Permanent without a key."""
    ids = {settings.policy.services[name].platform_id or "" for name in settings.staging}
    base = settings.endpoints["render"]
    return build_staging(_key(settings), base, clock, service_id=staging.id, staging=ids, guard=settings.guard)


def _key(settings: Settings) -> str:
    key = settings.secrets.get(RENDER_KEY)
    if not key:
        raise Permanent(f"a drill needs Render's key, to see that the service is staging: set {RENDER_KEY}")
    return key


@dataclass(frozen=True, slots=True)
class Ground:
    """What a drill begins with: a calm staging service, and a daemon that may change it."""

    daemon: SeenDaemon
    state: State  # as saved last
    facts: ServiceFacts
    deploys: Sequence[Deploy]
    live: Deploy

    def service(self, name: str) -> ServiceState:
        """Return the state of that service."""
        return self.state.services[name]


async def ground_of(parts: DrillParts) -> Ground:
    """Return the ground of a drill of any method.

    Raises Refused with the first reason why a drill would prove nothing, or do harm; Temporary or Permanent.
    """
    staging, client = parts.staging, parts.client
    await client.check_staging()
    daemon = await seen_daemon(parts.settings, parts.store)
    why = _daemon(daemon, staging.name)
    state = None if why else await _saved(parts.store, staging.name, parts.clock)
    why = why or _state(daemon, state, staging.name, parts.clock.now())
    if why or state is None:
        raise no_drill(staging, why)
    facts, deploys = await client.facts(staging.id), await client.deploys(staging.id)
    live = live_deploy(deploys)
    why = _platform(facts, live)
    if busy := next((one for one in deploys if one.in_progress), None):
        why = f"{busy.id} is on its way"
    if why or live is None:
        raise no_drill(staging, why)
    return Ground(daemon, state, facts, deploys, live)


def no_drill(staging: Staging, why: str) -> Refused:
    """Return the refusal of a drill on that service."""
    return Refused(f"no drill on {staging.name}: {why}")


async def commit_ground_of(parts: DrillParts) -> tuple[Ground, str]:
    """Return the ground of a drill by commit, to whose live deploy the daemon will roll back, and a warning or "".

    Raises as `ground_of`.
    """
    ground, staging = await ground_of(parts), parts.staging
    policy = ground.daemon.policy.services[staging.name]
    warning = ""
    why = _denied(ground.state, await parts.store.drills(), staging)
    why = why or _returnable(ground.facts, ground.live, staging, policy)
    if not why:
        service = ground.service(staging.name)
        why, warning = _migrates(service, ground.facts, ground.deploys, policy, ground.live, staging.commit)
    if why:
        raise no_drill(staging, why)
    return ground, warning


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
        return f"no daemon runs that could repair it: {command_line('run')}"
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
    """Return why the daemon would ask people: its limits hold for remedies too, and a drill by commit spends them."""
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


def _platform(facts: ServiceFacts, live: Deploy | None) -> str:
    if live is None:
        return "Render names no live deploy of it"
    return "it is meant to be down" if facts.suspended or facts.maintenance else ""


def _returnable(facts: ServiceFacts, live: Deploy, staging: Staging, policy: ServicePolicy) -> str:
    """Return why the daemon would not roll back to the live deploy."""
    if live.commit is None:
        return f"Render does not say which commit {live.id} runs"
    if live.commit == staging.commit:
        return f"it runs the known-bad commit already ({live.id}): {command_line('rollback', staging.name)}"
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
