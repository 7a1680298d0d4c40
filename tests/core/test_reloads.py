"""People change the configuration in the middle of an incident: it goes on by the new one, and breaks no promise."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.core.properties import broken_promises
from tests.core.world import make_policy
from tests.core.worlds import reach, web
from watchdog.domain.incidents import Phase
from watchdog.domain.policy import Action, Mode, Policy, ServicePolicy, Step

DEPENDANT = ServicePolicy("shop", "srv-shop", depends_on=("web",))


def of_web(was: Policy, **fields: object) -> Policy:
    return replace(was, services={**was.services, "web": replace(was.services["web"], **fields)})


def rows(was: Policy, **fields: object) -> Policy:
    """Return the policy with these wishes in each row that asks or acts."""
    loud = {name: row for name, row in was.matrix.items() if row.do in (Action.ROLLBACK, Action.ASK)}
    return replace(was, matrix={**was.matrix, **{name: replace(row, **fields) for name, row in loud.items()}})


def signals(was: Policy, *kinds: str) -> Policy:
    both = zip(was.services["web"].signals, kinds, strict=True)
    return of_web(was, signals=tuple(replace(one, kind=kind) for one, kind in both))


RELOADS: dict[str, Callable[[Policy], Policy]] = {
    "another control site": lambda was: replace(was, control=("other",)),
    "fewer rollbacks": lambda was: replace(was, budget=replace(was.budget, per_service_per_day=1)),
    "longer verification": lambda was: replace(was, verification=replace(was.verification, seconds=900.0)),
    "more channels": lambda was: rows(was, tell=("pager", "chat", "mail")),
    "no automatic rollback": lambda was: rows(was, do=Action.ASK),
    "no one to call": lambda was: replace(was, escalation=()),
    "no status pages": lambda was: replace(of_web(was, depends_on=()), vendors={}),
    "nothing unasked": lambda was: of_web(was, mode=Mode.ASSIST),
    "one that depends on it": lambda was: replace(was, services={**was.services, "shop": DEPENDANT}),
    "other kinds of signals": lambda was: signals(was, "latency", "http"),
    "other people": lambda was: replace(was, escalation=(Step("lead", ("mail",), 30.0),)),
    "short deadlines": lambda was: rows(was, within_seconds=5.0),
    "slow pace": lambda was: replace(was, pace=replace(was.pace, watch_seconds=5.0, suspect_seconds=5.0)),
    "veto": lambda was: of_web(was, veto_seconds=90.0),
}
WAYS: dict[Phase, dict[str, object]] = {
    Phase.SUSPECT: {},
    Phase.ASKING: {"answer": "approve"},
    Phase.ANNOUNCED: {},
    Phase.PINNING: {"pin": "confirmed"},
    Phase.ROLLING_BACK: {"outcomes": []},
    Phase.DEPLOYING: {"rollback_seconds": 20.0},
    Phase.VERIFYING: {},
    Phase.PAGED: {},
    Phase.CALM: {},
}


@pytest.mark.long
@pytest.mark.parametrize("phase", WAYS)
def test_a_reload_in_any_phase_breaks_no_promise(phase: Phase) -> None:
    """Its incident comes to an end, or people have it; nothing is sent that the newer configuration forbids."""
    for what, change in RELOADS.items():
        world = reach(phase, make_policy(Mode.ASSIST) if phase is Phase.ASKING else None, **WAYS[phase])
        world.policy = change(world.policy)
        world.run(world.time + 2000.0, hurry=True)
        assert broken_promises(world) == [], what
        assert web(world).phase in (Phase.CALM, Phase.PAGED, Phase.ASKING), what
