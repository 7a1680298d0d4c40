"""A commit that may go to production, and a record that shows it: each test takes one thing away."""

from dataclasses import replace
from typing import Any

from tests.cli import examples as x
from watchdog.domain.checks import Check, Served
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.incidents import Incident, ServiceState, State
from watchdog.domain.policy import (
    DEFAULT_MATRIX,
    Mode,
    Policy,
    ServicePolicy,
    SignalPolicy,
    VendorPolicy,
    Weekly,
    Window,
)
from watchdog.domain.readings import Good, MinuteCount
from watchdog.domain.store_records import Minute
from watchdog.presentation.availability import Availability
from watchdog.presentation.gate.gate_case import GateCase
from watchdog.presentation.gate.gate_rules import GateRules, Instrument

HOUR, DAY = 3600.0, 86400.0
NOW = x.BEGIN + 90000.0
"""2026-11-26 03:14:04 UTC, a Thursday."""
COMMIT, OTHER = "c0ffee1" + "0" * 33, "9f3c2ab" + "0" * 33
SINCE = NOW - 25 * HOUR
STAGED = Deploy("dep-s2", "live", "new_commit", COMMIT, "Rework the basket", finished_at=SINCE)
LIVE = Deploy("dep-p1", "live", "new_commit", OTHER, "Add a footer", finished_at=NOW - 5 * DAY)
NIGHT = Window("nights", Weekly((0, 1, 2, 3, 4, 5, 6), 120, 300, "UTC"))
NOON = Window("noon", Weekly((0, 1, 2, 3, 4), 720, 780, "UTC"))
SIGNALS = (
    SignalPolicy("home", "http", critical=True),
    SignalPolicy("errors", "sentry", every_seconds=30.0),
)
RULES = GateRules(staging="web-staging", windows=(NIGHT,), traffic_per_minute=100.0, instrumented=tuple(Instrument))


def read(*, version: str = OTHER, **changes: Any) -> dict[str, Check]:
    """Return signals that were good a moment ago, and whose answers name a version."""
    minutes = tuple(MinuteCount(NOW - 60.0 * ago, 60.0, 0, 40.0) for ago in range(5, 1, -1))
    served = (Served(version, SINCE + 5, NOW - 4),) if version else ()
    home = Check("home", "http", NOW - 4, Good("200"), seen_at=NOW - 4, served=served)
    errors = Check("errors", "sentry", NOW - 20, Good("0 errors"), seen_at=NOW - 20, counts=minutes)
    return {"home": home, "errors": errors, **changes}


def service(name: str, deploy: Deploy, **changes: Any) -> ServiceState:
    whole = ServiceState(
        name,
        checks=read(version=deploy.commit or ""),
        watching_since=NOW - 90 * DAY,
        deploys=(deploy,),
        deploys_at=NOW - 10,
        deploys_why="",
        facts=ServiceFacts(f"srv-{name}", name),
        live=deploy.id,
    )
    return replace(whole, **changes)


def policy() -> Policy:
    names = {"web": ("api", "stripe"), "web-staging": (), "api": ()}
    services = {
        name: ServicePolicy(name, f"srv-{name}", Mode.ASSIST, depends_on=upstreams, signals=SIGNALS)
        for name, upstreams in names.items()
    }
    pages = {name: VendorPolicy(name, role, "https://status.example") for name, role in ROLES.items()}
    return Policy(services, DEFAULT_MATRIX, vendors=pages)


ROLES = {"render": "platform", "stripe": "upstream", "openai": "upstream"}


def state(**changes: Any) -> State:
    services = {
        "web": service("web", LIVE),
        "web-staging": service("web-staging", STAGED),
        "api": service("api", replace(LIVE, id="dep-a1")),
    }
    return replace(State(services=services, vendors={name: (NOW - 60, Good("up")) for name in ROLES}), **changes)


def minutes(signal: str, bad: int = 0, hours: int = 25) -> tuple[Minute, ...]:
    """Return the readings of these hours: of each hour so many minutes failed."""
    return tuple(
        Minute("web-staging", signal, NOW - one * HOUR, 360 - 6 * bad, 6 * bad, 0, watched_seconds=HOUR,
               lost_seconds=60.0 * bad, timed_checks=360)
        for one in range(hours, 0, -1)
    )  # fmt: skip


def case(**changes: Any) -> GateCase:
    """Return a commit that may go to production, with these changes."""
    whole = GateCase(
        service=policy().services["web"],
        commit=COMMIT,
        rules=RULES,
        policy=policy(),
        state=state(),
        now=NOW,
        runs=True,
        minutes=minutes("home") + minutes("errors"),
        available=Availability(30 * DAY, 60.0),
    )
    return replace(whole, **changes)


def with_service(name: str, **changes: Any) -> GateCase:
    """Return the case with a changed state of one service; None removes it."""
    known = state().services
    return case(state=state(services={**known, name: replace(known[name], **changes)}))


def without(name: str) -> GateCase:
    return case(state=state(services={one: it for one, it in state().services.items() if one != name}))


def incident(name: str, onset_at: float, closed_at: float | None = None, **changes: Any) -> Incident:
    return replace(
        x.incident(),
        id=f"{name}-3",
        service=name,
        opened_at=onset_at + 40,
        onset_at=onset_at,
        closed_at=closed_at,
        planned=False,
        **changes,
    )
