"""Building blocks for tests of the core: deploys, checks, services and whole worlds brought to a phase."""

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from tests.core.limits import LIMITS
from tests.core.whole import holes
from tests.core.world import CONTROL, START, Fault, World, make_policy, old_deploy
from watchdog.core import machine
from watchdog.core.detect import Conditions
from watchdog.core.terms import Case
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Blame, Decision, Finding
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.effects import Effect, Note, Tell, WakeAt
from watchdog.domain.events import Event
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.policy import Detection, Mode, Policy, Severity, SignalPolicy
from watchdog.domain.readings import Good

FOREVER = 1e9
NOW = START + 100.0
"""The moment most tests decide at; the suspect went live 90 s before, and fails for 60 s."""

HISTORY = (
    Deploy("dep-41", "live", commit="bad00000", created_at=NOW - 120, finished_at=NOW - 90),
    Deploy("dep-40", "deactivated", commit="aaaaaaa1", created_at=NOW - 260_060, finished_at=NOW - 260_000),
    Deploy("dep-39", "deactivated", commit="aaaaaaa0", created_at=NOW - 800_060, finished_at=NOW - 800_000),
)
FACTS = ServiceFacts("srv-web", "web", auto_deploy="commit")


def failing(name: str = "home", kind: str = "http", seconds: float = 60.0, **fields: Any) -> Check:
    """Return a check that has failed without a break for so many seconds, until NOW."""
    return replace(
        Check(
            name,
            kind,
            last_at=NOW,
            last_bad_at=NOW,
            last_why="HTTP 503",
            last_kind="status",
            run_started_at=NOW - seconds,
            run_probes=int(seconds / 2) + 1,
            recent=tuple((NOW - at, True) for at in range(int(seconds), -1, -2)),
        ),
        **fields,
    )


def found(signal: str = "home", method: str = "run", seconds: float = 60.0, share: float = 1.0, **more: Any) -> Finding:
    """Return a confirmed anomaly that began so many seconds before NOW."""
    kinds = {"feed": "sentry", "crashes": "render_events", "latency": "latency"}
    text = f"{signal} fails"
    return replace(Finding(signal, kinds.get(method, "http"), method, NOW - seconds, share, text, "status"), **more)


def a_service(**fields: Any) -> ServiceState:
    """Return `web` under suspicion: the live deploy is fresh and home fails."""
    base = ServiceState(
        "web",
        phase=Phase.SUSPECT,
        phase_since=NOW - 60,
        watching_since=NOW - 100_000,
        checks=MappingProxyType({"home": failing()}),
        deploys=HISTORY,
        deploys_at=NOW - 5,
        deploys_why="",
        facts=FACTS,
        live="dep-41",
        watch_until=NOW + 1700,
    )
    return replace(base, **fields)


def a_state(*services: ServiceState, **fields: Any) -> State:
    """Return a state of these services (by default `web` under suspicion) in which every control target answers."""
    control = {target: (NOW - 2, Good()) for target in CONTROL}
    known = {service.name: service for service in services or (a_service(),)}
    return replace(State(services=known, control=control), **fields)


def a_case(
    service: ServiceState | None = None, *findings: Finding, policy: Policy | None = None, **fields: Any
) -> Case:
    """Return what blame is weighed from; keywords change the state."""
    service = service or a_service()
    policy = policy or make_policy()
    findings = findings or (found(),)
    state = a_state(service, **fields)
    main = findings[0]
    return Case(state, policy, service, policy.services[service.name], findings, main, main.share, NOW)


def a_blame(suspect: Deploy = HISTORY[0], **fields: Any) -> Blame:
    """Return a blame that convicts the suspect."""
    base = Blame(suspect, suspect, False, 400.0, 400.0, "soon after", (), (), 0.998, 0.8, 0.8, 0.16, "it fits")
    return replace(base, **fields)


def an_incident(**fields: Any) -> Incident:
    """Return an open, critical incident."""
    base = Incident("web-1", "web", Severity.CRITICAL, NOW - 10, NOW - 60, "home fails", findings=(found(),))
    return replace(base, **{"channels": ("pager", "chat"), **fields})


def given(signal: SignalPolicy, now: float = NOW, limits: Detection | None = None, **more: Any) -> Conditions:
    """Return what a detector may know."""
    return Conditions(now, signal, limits or LIMITS, **more)


def step(state: State, event: Event, policy: Policy) -> tuple[State, tuple[Effect, ...]]:
    """Return what the core makes of an event, and look whether it is whole."""
    after, effects = machine.step(state, event, policy)
    unlike = holes(state, after, effects, event.at)
    assert not unlike, unlike
    return after, effects


# --- whole worlds ---


def history(live: str = "aaaaaaa1") -> list[Deploy]:
    """Return two old deploys, the newer one live."""
    return [old_deploy("dep-40", live, 3.0, "live"), old_deploy("dep-39", "aaaaaaa0", 9.0)]


def bad_world(policy: Policy | None = None, **more: Any) -> World:
    """Return a world in which commit bad00000 goes live at 60 s and fails from 64 s on."""
    more.setdefault("faults", [Fault(64.0, FOREVER, code="bad00000")])
    world = World(policy or make_policy(), history(), **more)
    world.ship(60.0, "bad00000")
    return world


def reach(phase: Phase, policy: Policy | None = None, **more: Any) -> World:
    """Return a world whose machine has just come to that phase."""
    ways: dict[Phase, dict[str, Any]] = {
        Phase.ANNOUNCED: {"policy": make_policy(veto_seconds=60.0)},
        Phase.ASKING: {"policy": make_policy(Mode.ASSIST)},
        Phase.PINNING: {"pin": "silent"},
        Phase.ROLLING_BACK: {"outcomes": ["silent"]},
        Phase.DEPLOYING: {"rollback_seconds": 1e6},
        Phase.PAGED: {"policy": make_policy(Mode.OBSERVE)},
    }
    way = {**ways.get(phase, {}), **more}
    world = bad_world(policy or way.pop("policy", None), **{key: way[key] for key in way if key != "policy"})
    for second in range(30 if phase is Phase.CALM else 62, 400):
        world.run(float(second))
        if world.state.services["web"].phase is phase:
            return world
    raise AssertionError(f"{phase} was not reached: {world.labels()}")


def web(world: World) -> ServiceState:
    """Return the world's one service."""
    return world.state.services["web"]


def incident_of(world: World) -> Incident:
    """Return its incident."""
    incident = web(world).incident
    assert incident is not None
    return incident


def hear(world: World, event: Event) -> tuple[Effect, ...]:
    """Let the core of a world take an event; return the effects without performing them."""
    world.state, effects = step(world.state, event, world.policy)
    return effects


def put(world: World, **fields: Any) -> World:
    """Change the service's state."""
    services = {**world.state.services, "web": replace(web(world), **fields)}
    world.state = replace(world.state, services=services)
    return world


def lines(effects: Iterable[Effect], label: str) -> list[str]:
    """Return the texts of the notes with that label."""
    return [effect.text for effect in effects if isinstance(effect, Note) and effect.label == label]


def notices(effects: Iterable[Effect]) -> list[str]:
    """Return the kinds of the notices."""
    return [effect.notice.kind.value for effect in effects if isinstance(effect, Tell)]


def tell_of(effects: Iterable[Effect]) -> Tell:
    """Return the one notice."""
    (tell,) = [effect for effect in effects if isinstance(effect, Tell)]
    return tell


def wakes(effects: Iterable[Effect]) -> list[float]:
    """Return when the core asks to be woken."""
    return [effect.at for effect in effects if isinstance(effect, WakeAt)]


def decision_of(world: World) -> Decision:
    """Return what was decided of the world's incident."""
    decision = incident_of(world).decision
    assert decision is not None
    return decision


def share(world: World, **fields: Any) -> World:
    """Change what all services share."""
    world.state = replace(world.state, **fields)
    return world


def reload(world: World, severity: Severity, **fields: Any) -> None:
    """Change a row of the world's matrix."""
    row = replace(world.policy.matrix[severity], **fields)
    world.policy = replace(world.policy, matrix={**world.policy.matrix, severity: row})


def watch(world: World, *signals: SignalPolicy) -> World:
    """Let a reload leave the world's service these signals."""
    wishes = replace(world.policy.services["web"], signals=signals)
    world.policy = replace(world.policy, services={**world.policy.services, "web": wishes})
    return world


def unwatch(world: World, name: str) -> World:
    """Let a reload take a signal away."""
    return watch(world, *(one for one in world.policy.services["web"].signals if one.name != name))


def kinds(effects: Iterable[Effect]) -> list[str]:
    """Return the names of the effects that touch the outside or the future."""
    return [type(effect).__name__ for effect in effects]
