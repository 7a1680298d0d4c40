"""Whole worlds of one service: brought to a phase, changed, and told of an event."""

from dataclasses import replace
from typing import Any

from tests.core.scenes import step
from tests.core.world import FOREVER, Fault, World, as_read, make_policy, old_deploy, with_row
from watchdog.core.context import StepContext
from watchdog.domain.decisions import Decision
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Effect, Tell
from watchdog.domain.events import DeploysListed, Event, RollbackPostponed, TimePassed
from watchdog.domain.incidents import Incident, Phase, ServiceState
from watchdog.domain.notices import Notice, Topic
from watchdog.domain.policy import Mode, Policy, SignalPolicy
from watchdog.domain.remedies.remedy import Remedy
from watchdog.domain.severity import Severity


def history(live: str = "aaaaaaa1") -> list[Deploy]:
    """Return two old deploys, the newer one live."""
    return [old_deploy("dep-40", live, 3.0, "live"), old_deploy("dep-39", "aaaaaaa0", 9.0)]


def bad_world(policy: Policy | None = None, **more: Any) -> World:
    """Return a world in which commit bad00000 goes live at 60 s and fails from 64 s on."""
    more.setdefault("faults", [Fault(64.0, FOREVER, code="bad00000")])
    world = World(policy or make_policy(), history(), **more)
    world.ship(60.0, "bad00000")
    return world


def flagged(mode: Mode = Mode.AUTONOMOUS, *flags: str, **more: Any) -> Policy:
    """Return the policy with these feature flags (by default one) that are switched off before a rollback."""
    remedies = tuple(Remedy(flag, has_look=True) for flag in flags or ("new-checkout",))
    policy = make_policy(mode, **more)
    return replace(policy, services={"web": replace(policy.services["web"], remedies=remedies)})


def fixed_forward(policy: Policy | None = None, **more: Any) -> World:
    """Return a world in which people are asked about that commit, and ship a repair instead of an answer."""
    world = bad_world(policy or make_policy(Mode.ASSIST), **more)
    world.ship(200.0, "fix00000")
    return world


def reach(phase: Phase, policy: Policy | None = None, **more: Any) -> World:
    """Return a world whose machine has just come to that phase."""
    ways: dict[Phase, dict[str, Any]] = {
        Phase.ANNOUNCED: {"policy": make_policy(veto_seconds=60.0)},
        Phase.ASKING: {"policy": make_policy(Mode.ASSIST)},
        Phase.REMEDYING: {"policy": flagged(), "remedy_outcomes": ["silent"]},
        Phase.PINNING: {"pin": "silent"},
        Phase.ROLLING_BACK: {"outcomes": ["silent"]},
        Phase.DEPLOYING: {"rollback_seconds": 1e6},
        Phase.PAGED: {"policy": make_policy(Mode.OBSERVE)},
    }
    way = {**ways.get(phase, {}), **more}
    world = bad_world(policy or way.pop("policy", None), **{key: way[key] for key in way if key != "policy"})
    return until(phase, world, 30 if phase is Phase.CALM else 62)


def until(phase: Phase, world: World, second: int | None = None) -> World:
    """Let the world go on (from that second, or from where it is) until its machine comes to that phase."""
    for at in range(int(world.time) if second is None else second, 400):
        world.run(float(at))
        if web(world).phase is phase:
            return world
    raise AssertionError(f"{phase} was not reached: {world.labels()}")


def quiet(**more: Any) -> World:
    """Return a world after a verified rollback, with auto-deploy off because of us."""
    world = bad_world(**more).run(1200.0)
    assert (web(world).phase, web(world).auto_deploy_off, web(world).pinned_for) == (Phase.CALM, "commit", "web-1")
    return world


def put_off() -> World:
    """Return a world in which auto-deploy is off for a rollback that was decided and put off; nobody was told yet."""
    world = reach(Phase.ROLLING_BACK)
    hear(world, RollbackPostponed(world.now, "web", "web-1", "rate limit"))
    assert (web(world).phase, web(world).auto_deploy_off) == (Phase.SUSPECT, "commit")
    return world


def web(world: World) -> ServiceState:
    """Return the world's one service."""
    return world.state.services["web"]


def incident_of(world: World) -> Incident:
    """Return its incident."""
    incident = web(world).incident
    assert incident is not None
    return incident


def decision_of(world: World) -> Decision:
    """Return what was decided of the world's incident."""
    decision = incident_of(world).decision
    assert decision is not None
    return decision


def hear(world: World, event: Event) -> tuple[Effect, ...]:
    """Let the core of a world take an event; return the effects without performing them, each notice as it is read."""
    world.state, effects = step(world.state, event, world.policy)
    return tuple(as_read(effect, effect.notice.at) if isinstance(effect, Tell) else effect for effect in effects)


def listed(world: World, *deploys: Deploy, at: float = 0.0, **facts: Any) -> tuple[Effect, ...]:
    """Let the core of a world read its deploy list (or these deploys), so many seconds from now."""
    seen = deploys or tuple(world.deploys)
    return hear(world, DeploysListed(world.now + at, "web", seen, replace(world.facts, **facts)))


def a_turn_of(world: World) -> StepContext:
    """Return a turn of this moment about the world's service."""
    ctx = StepContext(world.state, TimePassed(world.now), world.policy)
    ctx.name = "web"
    return ctx


def topics(world: World) -> list[Topic]:
    """Return what people were told of the world's incidents, in order."""
    return [tell.notice.about.topic for tell in world.tells if tell.notice.about is not None]


def line_of(notice: Notice, begins: str) -> str:
    """Return the one line of a notice that begins so."""
    (line,) = [line for line in notice.lines if line.startswith(begins)]
    return line


def put(world: World, **fields: Any) -> World:
    """Change the service's state."""
    services = {**world.state.services, "web": replace(web(world), **fields)}
    world.state = replace(world.state, services=services)
    return world


def share(world: World, **fields: Any) -> World:
    """Change what all services share."""
    world.state = replace(world.state, **fields)
    return world


def reload(world: World, severity: Severity, **fields: Any) -> None:
    """Change a row of the world's matrix."""
    world.policy = with_row(world.policy, severity, **fields)


def wish(world: World, **fields: Any) -> World:
    """Let a reload change what is wished of the world's service."""
    service_policy = replace(world.policy.services["web"], **fields)
    world.policy = replace(world.policy, services={**world.policy.services, "web": service_policy})
    return world


def watch(world: World, *signals: SignalPolicy) -> World:
    """Let a reload leave the world's service these signals."""
    return wish(world, signals=signals)


def unwatch(world: World, name: str) -> World:
    """Let a reload take a signal away."""
    return watch(world, *(one for one in world.policy.services["web"].signals if one.name != name))
