"""A check that is read each quarter of an hour beside fast probes: it holds up no proof, unless it shows something."""

from dataclasses import replace
from functools import partial

import pytest

from tests.core.world import CONTROL, World, make_policy
from tests.core.worlds import bad_world, hear, reach, watch, web
from watchdog.domain import events as e
from watchdog.domain.incidents import Outcome, Phase
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, Good, Reading, Unknown, Unread
from watchdog.domain.severity import Severity

SPEED = SignalPolicy(
    "speed", "http", severity=Severity.MEDIUM, every_seconds=900.0, timeout_seconds=120.0, source="lighthouse"
)
LOW = Bad("performance 60 of 100")
AWAY = Unknown("the site limits our probes: HTTP 429", Unread.TURNED_AWAY)
UNREAD, DOWN = Unknown("no IPv6 here"), Bad("HTTP 503")


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


def _go_on(world: World, probes: int, home: Reading, pay: Reading) -> Phase:
    for _ in range(probes):
        world.time += 2.0
        for target in CONTROL:
            hear(world, e.ControlChecked(world.now, target, Good()))
        hear(world, e.Observed(world.now, "web", "home", home))
        hear(world, e.Observed(world.now, "web", "pay", pay))
    return web(world).phase


def paying() -> World:
    """Return a world whose people were paged for home, and are not called for pay."""
    world = reach(Phase.PAGED)
    return watch(world, *world.policy.services["web"].signals, SignalPolicy("pay", "http"))


@pytest.mark.parametrize("restarts", [False, True])
def test_what_was_bad_when_it_was_last_read_is_in_the_way_where_nothing_was_done(restarts: bool) -> None:
    """It began to fail after the page, and cannot be read by now: a restart of ours forgets its run, and ends none."""
    world = paying()
    _go_on(world, 30, DOWN, DOWN)
    if restarts:
        hear(world, e.Restarted(world.now))
    assert _go_on(world, 40, Good(), UNREAD) is Phase.PAGED, "for more than the minute of good readings"
    assert _go_on(world, 40, Good(), Good()) is Phase.CALM


def test_what_is_turned_away_is_in_the_way() -> None:
    """It is not seen at all, until it is let in again."""
    world = paying()
    _go_on(world, 5, DOWN, Good())
    _go_on(world, 25, Good(), Good())
    assert _go_on(world, 10, Good(), AWAY) is Phase.PAGED
    assert _go_on(world, 2, Good(), Good()) is Phase.CALM
