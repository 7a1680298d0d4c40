"""Lessons in a whole service: only what ended by itself teaches; what we, or a new deploy, ended does not."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.core.scenes import HISTORY, NOW, a_service, an_incident
from tests.core.world import FOREVER, Fault, World, make_policy
from tests.core.worlds import bad_world, history, web
from watchdog.core.fold import observations
from watchdog.domain.checks import Check
from watchdog.domain.deploys import Downtime
from watchdog.domain.events import Observed
from watchdog.domain.incidents import Incident, Phase, ServiceState
from watchdog.domain.readings import Bad, FailureKind, Good, Reading

DOWN = Bad("HTTP 503", FailureKind.STATUS)
OLD = (replace(HISTORY[1], status="live"), HISTORY[2])


def looked(service: ServiceState, signal: str, *readings: tuple[float, Reading, float]) -> Check:
    """Fold (seconds after NOW, reading, latency in seconds) in; return the check."""
    for at, reading, latency in readings:
        service = observations.apply_observation(
            service, Observed(NOW + at, "web", signal, reading, latency), make_policy()
        )
    return service.checks[signal]


def blip(service: ServiceState) -> float:
    """Return what twenty seconds of failures teach."""
    failures = [(float(at), DOWN, 0.1) for at in range(0, 21, 2)]
    return looked(service, "home", (-2.0, Good(), 0.1), *failures, (22.0, Good(), 0.1)).healed_seconds


def slow(service: ServiceState, *before_its_end: tuple[float, Reading, float]) -> float:
    """Return what a time over the limit teaches whose last slow answer was after half a minute."""
    answers = [(float(at), Good(), 1.2) for at in range(0, 31, 2)]
    fast = [(float(at), Good(), 0.2) for at in range(36, 60, 2)]
    return looked(service, "api", (-2.0, Good(), 0.2), *answers, *before_its_end, *fast).slow_healed_seconds


def untouched(**fields: object) -> ServiceState:
    """Return a service that was deployed days ago, at rest."""
    return a_service(
        **{"checks": {}, "phase": Phase.CALM, "deploys": OLD, "live": "dep-40", "watch_until": 0.0, **fields}
    )


def live_at(seconds: float) -> Mapping[str, object]:
    """Return fields of a service whose newest deploy went live so many seconds after NOW."""
    return {"deploys": (replace(HISTORY[0], finished_at=NOW + seconds), *OLD[1:]), "live": "dep-41"}


PLANNED = Downtime("in maintenance mode", NOW - 300.0, NOW - 315.0)
ROLLING_BACK = an_incident(requested_at=NOW + 10.0)


@pytest.mark.parametrize(
    ("fields", "blips", "slow_times"),
    [
        pytest.param({}, True, True, id="by itself"),
        pytest.param(live_at(-1.0), True, True, id="long live"),
        pytest.param(live_at(1.0), False, False, id="a new deploy"),
        pytest.param({"deploys": (replace(HISTORY[0], finished_at=None),)}, True, True, id="no date"),
        pytest.param({"deploys": ()}, True, True, id="none live"),
        pytest.param({"incident": an_incident()}, False, True, id="in an incident"),
        pytest.param({"incident": ROLLING_BACK}, False, False, id="our rollback"),
        pytest.param({"downtime": PLANNED}, False, False, id="in a downtime"),
        pytest.param({"downtime": replace(PLANNED, ended_at=NOW - 59.0)}, False, False, id="just after one"),
        pytest.param({"downtime": replace(PLANNED, ended_at=NOW - 60.0)}, True, True, id="after one"),
    ],
)
def test_only_what_ended_by_itself_teaches(fields: dict, blips: bool, slow_times: bool) -> None:
    """What a rollback or a new deploy ended might have lasted for ever; in an incident no failure is a blip."""
    assert blip(untouched(**fields)) == (20.0 if blips else 0.0)
    assert slow(untouched(**fields)) == (44.0 if slow_times else 0.0)


def test_a_failed_probe_at_its_end_does_not_hide_that_a_deploy_ended_a_slow_time() -> None:
    """The slow time began before the deploy, whenever that failure was."""
    assert slow(untouched(**live_at(32.0)), (34.0, DOWN, 0.0)) == 0.0
    assert slow(untouched(), (34.0, DOWN, 0.0)) > 0.0


def test_a_check_is_watched_from_its_first_reading() -> None:
    """Since then its failures are counted."""
    assert looked(untouched(), "home", (0.0, Good(), 0.1), (10.0, Good(), 0.1)).watched_from == NOW


# --- worlds ---


def home(world: World) -> Check:
    """Return what is known of the critical route."""
    return web(world).checks["home"]


def test_a_blip_is_learnt_and_the_next_is_borne() -> None:
    """The first is just let pass; one that lasts a little longer is no outage, either."""
    faults = [Fault(100.0, 145.0), Fault(400.0, 448.0)]
    world = World(make_policy(), history(), faults=faults).run(300.0)
    learnt = home(world).healed_seconds
    assert learnt == 44.0
    assert not world.run(600.0).incidents and home(world).healed_seconds > learnt
    unlearnt = World(make_policy(), history(), faults=faults[1:]).run(600.0)
    assert unlearnt.incidents, "without the lesson it is told of"


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_confirmed_outage_teaches_nothing(share: float) -> None:
    """Neither one that healed by itself, nor the runs of a partial one."""
    world = World(make_policy(), history(), faults=[Fault(100.0, 400.0, share)]).run(1500.0)
    assert world.incidents and web(world).phase is Phase.CALM
    assert home(world).healed_seconds <= 10.0, "what a run before its confirmation was"


def test_an_outage_that_was_rolled_back_teaches_nothing() -> None:
    """The fault ended with the deploy."""
    world = bad_world().run(700.0)
    assert world.incidents["web-1"].rollback.verified_at is not None and home(world).healed_seconds == 0.0


def test_a_slow_time_a_human_was_told_of_teaches_patience() -> None:
    """A job that makes it slow every hour wakes nobody at its second time."""
    faults = [Fault(100.0, 240.0, slow=True), Fault(1000.0, 1120.0, slow=True)]
    world = World(make_policy(), history(), faults=faults).run(700.0)
    assert [incident.id for incident in world.incidents.values()] == ["web-1"]
    assert web(world).checks["api"].slow_healed_seconds >= 130.0
    assert len(world.run(1600.0).incidents) == 1


def test_a_slow_time_that_was_rolled_back_teaches_nothing() -> None:
    """It did not pass: it was ended."""
    world = bad_world(
        faults=[Fault(64.0, FOREVER, code="bad00000", slow=True)], answer="approve", answer_after=20.0
    ).run(900.0)
    incident: Incident = world.incidents["web-1"]
    assert incident.rollback.requested_at is not None and web(world).checks["api"].slow_healed_seconds == 0.0
