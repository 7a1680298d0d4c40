"""Building blocks for tests of the core: deploys, checks, services, states."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from tests.core.incident_fields import amended
from tests.core.limits import LIMITS
from tests.core.whole import holes
from tests.core.world import CONTROL, START, make_policy
from watchdog.core import machine
from watchdog.core.assess.blame_input import BlameInput
from watchdog.core.context import StepContext
from watchdog.core.detect import Conditions
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Blame, Course, Decision, Finding, TargetChoice
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.effects import Effect
from watchdog.domain.events import Event, TimePassed
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.policy import Action, Detection, Policy, SignalPolicy
from watchdog.domain.readings import Good
from watchdog.domain.severity import Severity

NOW = START + 100.0
"""The moment most tests decide at; the suspect went live 90 s before, and fails for 60 s."""

HISTORY = (
    Deploy("dep-41", "live", commit="bad00000", created_at=NOW - 120, finished_at=NOW - 90),
    Deploy("dep-40", "deactivated", commit="aaaaaaa1", created_at=NOW - 260_060, finished_at=NOW - 260_000),
    Deploy("dep-39", "deactivated", commit="aaaaaaa0", created_at=NOW - 800_060, finished_at=NOW - 800_000),
)
SEEN_TAKING_TRAFFIC = (replace(HISTORY[0], created_at=NOW - 150, update_seen_at=NOW - 120), *HISTORY[1:])
"""The same, and dep-41 was seen as it began to replace the instances, half a minute after its creation."""
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


def a_turn(*services: ServiceState, policy: Policy | None = None, **fields: Any) -> StepContext:
    """Return a turn of `web` at NOW about such a state."""
    ctx = StepContext(a_state(*services, **fields), TimePassed(NOW), policy or make_policy())
    ctx.name = "web"
    return ctx


def a_case(
    service: ServiceState | None = None, *findings: Finding, policy: Policy | None = None, **fields: Any
) -> BlameInput:
    """Return what blame is weighed from; keywords change the state."""
    service = service or a_service()
    policy = policy or make_policy()
    findings = findings or (found(),)
    state = a_state(service, **fields)
    main = findings[0]
    return BlameInput(state, policy, service, policy.services[service.name], findings, main, main.share, NOW)


def a_blame(suspect: Deploy = HISTORY[0], **fields: Any) -> Blame:
    """Return a blame that convicts the suspect."""
    base = Blame(suspect, suspect, False, 400.0, 400.0, "soon after", (), (), 0.998, 0.8, 0.8, 0.16, "it fits")
    return replace(base, **fields)


def a_decision(**fields: Any) -> Decision:
    """Return a decision to roll back."""
    target = TargetChoice(HISTORY[1], "healthy for 2 h by our own record")
    base = Decision(NOW, Course.ROLLBACK, Severity.CRITICAL, "it fits", Action.ROLLBACK, 1.0, "autonomous")
    return replace(replace(base, blame=a_blame(), target=target), **fields)


def an_incident(**fields: Any) -> Incident:
    """Return an open, critical incident."""
    base = Incident("web-1", "web", Severity.CRITICAL, NOW - 10, NOW - 60, "home fails", findings=(found(),))
    return amended(base, **{"channels": ("pager", "chat"), **fields})


def given(signal: SignalPolicy, now: float = NOW, limits: Detection | None = None, **more: Any) -> Conditions:
    """Return what a detector may know."""
    return Conditions(now, signal, limits or LIMITS, **more)


def step(state: State, event: Event, policy: Policy) -> tuple[State, tuple[Effect, ...]]:
    """Return what the core makes of an event, and look whether it is whole."""
    after, effects = machine.step(state, event, policy)
    unlike = holes(state, after, effects, event.at)
    assert not unlike, unlike
    return after, effects
