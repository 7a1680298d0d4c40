"""Cards whose step is about another service: its plan is made once for all of them, in the thread for long work."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.console.scene import NOW, StoryClock, as_read, fill, policy_of, service_policy, service_state, visited
from tests.presentation.outlook_cases import NEIGHBOUR, to_blame
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.console.dependencies import Dependencies
from watchdog.console.queries.open_cards import open_cards, state_around
from watchdog.domain.errors import Temporary
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.policy import DEFAULT_MATRIX, Policy
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import Command
from watchdog.presentation.outlooks.current_state import current_state
from watchdog.presentation.outlooks.other_service import OtherServices
from watchdog.presentation.table_rows import open_incidents

CALLERS = tuple(f"web{number}" for number in range(20))
STEP = "is 62 % likely to blame: roll api back to dep-40 (1b7e0d4)."
NOT_KNOWN = "is 62 % likely to blame: roll api back, unless its own incident handles it."


def callers(names: tuple[str, ...] = CALLERS) -> tuple[Policy, State]:
    """Return services that all fail because of the one deploy of api."""
    bad, *older = service_state("api").deploys
    found = {name: replace(to_blame(NEIGHBOUR), id=f"{name}-1", service=name) for name in names}
    services = {
        "api": service_state("api", deploys=(replace(bad, id="dep-7"), *older), live="dep-7"),
        **{name: service_state(name, phase=Phase.PAGED, incident=one) for name, one in found.items()},
    }
    return policy_of(*map(service_policy, services)), State(services=services)


def broken(policy: Policy) -> Policy:
    """Return a policy on which the plan of a rollback by hand fails: its severity has no rule."""
    return replace(policy, matrix={level: rule for level, rule in DEFAULT_MATRIX.items() if level is not Severity.HIGH})


class Reports:
    """Where faults are reported to: their types, and the threads that they came from."""

    def __init__(self) -> None:
        self.kinds: list[type[Exception]] = []
        self.threads: set[str] = set()

    def __call__(self, error: Exception) -> None:
        self.kinds.append(type(error))
        self.threads.add(threading.current_thread().name.rpartition("_")[0])


async def ask(name: str, arguments: Mapping[str, Any], by: str) -> Command:
    raise Temporary("no daemon runs")


async def listing(name: str) -> DeploysListed:
    raise Temporary("not read")


def read_on_the_loop(incident: Incident, service: ServiceState | None) -> tuple[str, ...]:
    """Return the authors, which may only be asked for on the loop."""
    assert threading.current_thread() is threading.main_thread()
    return ("Ann",)


@pytest.mark.parametrize(("fails", "step"), [(False, STEP), (True, NOT_KNOWN)])
async def test_many_cards_take_one_plan_and_none_of_them_is_lost_by_a_fault_in_it(fails: bool, step: str) -> None:
    """Beside the loop; the fault is reported once, and the other service counts as not known."""
    policy, state = callers()
    policy, reports = broken(policy) if fails else policy, Reports()
    told = (lambda: policy, lambda: state, lambda: CALLERS)
    clock = StoryClock(NOW)
    rest = (ask, listing, dict, "9.9")
    world = Dependencies(MemoryStore(clock), clock, *told, *rest, authors=read_on_the_loop, report=reports)
    cards = await open_cards(world, policy, policy.services, state, {}, NOW)
    assert len(cards) == len(CALLERS) and all(step in one.outlook.task for one in cards)
    assert (reports.kinds, reports.threads) == (([KeyError], {"aside"}) if fails else ([], set()))
    around = await state_around(world, cards_incident(state), state, policy, NOW)
    assert (around.other is None) is fails and len(reports.kinds) == 2 * fails
    assert await open_cards(world, policy, ["api", "gone"], state, {}, NOW) == ()


def cards_incident(state: State) -> Incident:
    """Return the first of the open incidents."""
    found = state.services[CALLERS[0]].incident
    assert found is not None
    return found


def test_one_plan_for_each_deploy_of_one_state_on_every_face() -> None:
    """Terminal and chat share it among their lines; by itself an incident makes its own, and reports to no one."""
    policy, state = callers()
    reports = Reports()
    others = OtherServices(state, broken(policy), NOW, reports)
    lines = open_incidents(state, broken(policy), NOW, others=others)
    assert len(lines) == len(CALLERS) and all(NOT_KNOWN in line for line in lines) and reports.kinds == [KeyError]
    assert current_state(cards_incident(state), state, broken(policy), NOW).other is None


async def test_no_page_goes_down_with_a_plan() -> None:
    """Overview, incident and service are shown, with what is known."""
    policy, state = callers(("web",))
    store = MemoryStore(StoryClock(NOW))
    found = state.services["web"].incident
    assert found is not None
    await fill(store, state, (found,), ())
    async with visited(broken(policy), state, store=store) as one:
        for path in ("/", "/incidents/web-1", "/services/web"):
            assert NOT_KNOWN in as_read(await one.page(path)), path
