"""Weeks in virtual time: what is kept in memory is bounded by what is configured, not by how long we run."""

from dataclasses import replace

import pytest

from tests.core.world import DAY, Fault, World, make_policy
from tests.core.worlds import history
from watchdog.core.phases.bad_commit_recurrence import KNOWN_MAX
from watchdog.domain.events import Observed
from watchdog.domain.incidents import Phase, State
from watchdog.domain.policy import Pace
from watchdog.domain.readings import Bad

DAYS = 35
LISTED = 20
"""How many deploys the platform lists."""


def size(world: World) -> int:
    """Return how long the core's state is, written down; without the deny-list, which a human shortens."""
    return len(repr(replace(world.state, denied=())))


def knows_as_many_bad_deploys_as_it_may(state: State) -> State:
    """Return the state after so many bad deploys that each further one pushes the oldest out."""
    bad = tuple((f"{n:02d}old".ljust(40, "0"), f"img-{n:02d}old".ljust(41, "0")) for n in range(KNOWN_MAX))
    return replace(state, services={"web": replace(state.services["web"], bad=bad)})


@pytest.mark.long
def test_case_08_five_weeks_of_daily_incidents_leave_the_state_no_larger() -> None:
    """Each day a bad deploy, found, blamed, rolled back and proved; each day another code, another reason."""
    world = World(make_policy(pace=Pace(watch_window_seconds=300.0)), history())
    world.run(60.0)
    world.state = knows_as_many_bad_deploys_as_it_may(world.state)
    sizes = []
    for day in range(DAYS):
        bad, good = f"{day:02d}bad".ljust(40, "0"), f"{day:02d}good".ljust(40, "0")
        morning = day * DAY + 3600.0
        world.ship(morning, bad)
        world.faults = [Fault(morning + 5.0, (day + 1) * DAY, code=bad, reading=Bad(f"HTTP 503 {day}"))]
        world.run(morning + 7200.0, hurry=True)
        world.ship(morning + 36000.0, good)
        world.run((day + 1) * DAY, hurry=True)
        world.deploys = world.deploys[:LISTED]
        assert world.state.services["web"].phase is Phase.CALM, day
        sizes.append(size(world))
    assert len({incident for incident, _ in world.accepted}) == DAYS, "every day had its rollback"
    assert len(world.state.denied) == DAYS, "one code a rollback, and rollbacks have a budget"
    assert max(sizes[-7:]) <= max(sizes[21:28]) * 1.005, sizes


@pytest.mark.long
def test_case_08_what_a_signal_says_is_not_kept_for_ever() -> None:
    """Four hours of failures, each in other words, leave no more than half an hour of them does."""
    world = World(make_policy(), history())
    world.run(60.0)
    sizes = []
    for second in range(60, 4 * 3600, 2):
        reading = Bad(f"{second} errors")
        world.tell(Observed(world.now + second, "web", "api", reading, 0.2))
        if second % 1800 == 0:
            sizes.append(size(world))
    assert max(sizes[-3:]) <= max(sizes[:3]) * 1.05, sizes
