"""What keeps the daemon from rolling back refuses a drill: by the state that the daemon saved last."""

from dataclasses import replace

import pytest

from watchdog.app.commands.seen_daemon import SeenDaemon
from watchdog.app.drills.drill_ground import _daemon, _state
from watchdog.domain.incidents import Phase, ServiceState, State
from watchdog.domain.policy import Mode, Policy, ServicePolicy

NOW, NAME = 1_790_000_000.0, "web-staging"
READY = ServiceState(NAME, phase=Phase.CALM, deploys_at=NOW)


def policy(mode: Mode) -> Policy:
    return Policy(services={NAME: ServicePolicy(NAME, "srv-1", mode)}, matrix={})


@pytest.mark.parametrize(
    ("service", "shared", "why"),
    [
        ({}, {}, ""),
        ({"deploys_at": None}, {}, "has not read its deploys"),
        ({"phase": Phase.SUSPECT}, {}, "it is not calm (suspect)"),
        ({"forbidden": "403"}, {}, "may not change it: 403"),
        ({}, {"paused_by": "ann"}, "paused by ann"),
        ({"acted_at": (NOW - 60,)}, {}, "its cooldown lasts for another"),
        ({"acted_at": (NOW - 80_000, NOW - 70_000)}, {}, "its 2 rollbacks of a day are used up"),
        ({"acted_at": (NOW - 90_000, NOW - 70_000)}, {}, ""),
        ({}, {"acted_at": (NOW - 599,)}, "the 1 rollbacks of all services in 10 min are used up"),
        ({}, {"acted_at": (NOW - 601,)}, ""),
    ],
)
def test_each_reason_is_named(service: dict, shared: dict, why: str) -> None:
    state = State(services={NAME: replace(READY, **service)}, **shared)
    said = _state(SeenDaemon(True, policy(Mode.AUTONOMOUS)), state, NAME, NOW)
    assert why in said and bool(said) == bool(why)


@pytest.mark.parametrize(
    ("runs", "mode", "why"),
    [(True, Mode.AUTONOMOUS, ""), (True, Mode.ASSIST, ""), (True, Mode.OBSERVE, "only observes"), (False, None, "no")],
)
def test_a_daemon_that_may_roll_back_has_to_run(runs: bool, mode: Mode | None, why: str) -> None:
    said = _daemon(SeenDaemon(runs, policy(mode or Mode.AUTONOMOUS)), NAME)
    assert why in said and bool(said) == bool(why)
