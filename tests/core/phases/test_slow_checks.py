"""A check that is read each quarter of an hour beside fast probes: it holds up no proof, unless it shows something."""

from dataclasses import replace
from functools import partial

import pytest

from tests.core.world import World, make_policy
from tests.core.worlds import bad_world
from watchdog.domain import events as e
from watchdog.domain.incidents import Outcome
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, Good, Reading
from watchdog.domain.severity import Severity

SPEED = SignalPolicy(
    "speed", "http", severity=Severity.MEDIUM, every_seconds=900.0, timeout_seconds=120.0, source="lighthouse"
)
LOW = Bad("performance 60 of 100")


def _read(world: World, reading: Reading) -> None:
    world.tell(e.Observed(world.now, "web", "speed", reading))


def outage_with(*readings: tuple[float, Reading]) -> World:
    """Return the world of a bad deploy of 60 s after its rollback, in which the slow check is read so."""
    policy = make_policy()
    web = policy.services["web"]
    world = bad_world(replace(policy, services={"web": replace(web, signals=(*web.signals, SPEED))}))
    for second, reading in readings:
        world.at(second, partial(_read, world, reading))
    return world.run(800.0)


@pytest.mark.parametrize(
    "readings",
    [
        pytest.param(((30.0, Good()),), id="good before, and not read since"),
        pytest.param(((30.0, LOW),), id="bad before, and not read since"),
        pytest.param(((30.0, Good()), (200.0, Good())), id="read once since"),
    ],
)
def test_what_is_not_read_again_in_time_leaves_a_good_rollback_proved(
    readings: tuple[tuple[float, Reading], ...],
) -> None:
    """The probes prove it after three minutes, and no one is called."""
    world = outage_with(*readings)
    (incident,) = world.incidents.values()
    assert incident.outcome is Outcome.VERIFIED
    assert [tell.notice.kind.value for tell in world.tells] == ["acted", "resolved"]


def test_what_is_bad_after_the_rollback_is_in_the_way() -> None:
    """A bad reading since it was live is evidence, also of a slow check: a person is asked to look."""
    world = outage_with((30.0, Good()), (200.0, LOW))
    (incident,) = world.incidents.values()
    assert incident.outcome is not Outcome.VERIFIED and incident.human_needed
