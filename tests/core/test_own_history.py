"""A service's own history: which deploys and incidents are counted."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.core.fold.test_deploy_lists import listed
from tests.core.scenes import HISTORY, NOW, a_service
from tests.core.world import FOREVER, SLOW, Fault, World, make_policy
from tests.core.worlds import bad_world, fixed_forward, web
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import History
from watchdog.domain.policy import DEFAULT_MATRIX, Mode
from watchdog.domain.severity import Severity

OBSERVED = make_policy(Mode.OBSERVE)
NEW = Deploy("dep-42", "live", commit="cccccccc", created_at=NOW - 100, finished_at=NOW - 3)
SEEN = History(NOW - 1000.0, 7, 1, 2)

# --- deploys ---


@pytest.mark.parametrize(
    ("live", "newest", "counted"),
    [
        ("dep-41", NEW, 1),
        ("dep-42", NEW, 0),
        (None, NEW, 0),
        ("dep-41", replace(NEW, trigger="rollback"), 0),
        ("dep-41", replace(NEW, status="update_in_progress"), 0),
    ],
    ids=["it replaced another", "known already", "the first that we see", "a rollback", "not live yet"],
)
def test_a_deploy_counts_once_it_went_live_before_our_eyes(live: str | None, newest: Deploy, counted: int) -> None:
    """No rollback, and not what served when we began to watch."""
    before = replace(HISTORY[0], status="live" if newest.status != "live" else "deactivated")
    service = a_service(live=live, history=SEEN)
    after = listed(service, newest, before, *HISTORY[1:])
    assert after.history == replace(SEEN, deploys=7 + counted)
    assert listed(after, newest, before, *HISTORY[1:], at=NOW + 15).history == after.history


# --- incidents ---


def counts(world: World) -> tuple[int, int, int]:
    """Return what was counted: deploys, bad ones, other incidents."""
    history = web(world).history
    return history.deploys, history.bad_deploys, history.others


def acquitted() -> World:
    """Return one in which people are asked, and when it gets worse a dependency is known to fail."""
    slow, down = replace(SLOW, start=500.0, end=700.0), Fault(700.0, 800.0)
    return bad_world(make_policy(Mode.ASSIST), faults=[slow, down], upstream_down=(680.0, 800.0))


@pytest.mark.parametrize(
    ("world", "counted"),
    [
        pytest.param(lambda: bad_world(), (1, 1, 0), id="suspected, and replaced"),
        pytest.param(lambda: bad_world(faults=[Fault(64.0, 600.0)]), (1, 1, 0), id="the rollback did not help"),
        pytest.param(
            lambda: bad_world(OBSERVED, faults=[Fault(64.0, 250.0, code="bad00000")]), (1, 0, 0), id="it still serves"
        ),
        pytest.param(lambda: fixed_forward(), (2, 1, 0), id="people repaired it, though asked about a rollback"),
        pytest.param(lambda: fixed_forward(faults=[Fault(64.0, 260.0)]), (2, 1, 0), id="their deploy failed at first"),
        pytest.param(lambda: acquitted(), (1, 0, 1), id="weighed again, it was not to blame"),
    ],
)
def test_a_deploy_is_a_bad_one_when_it_was_replaced(world: Callable[[], World], counted: tuple[int, ...]) -> None:
    """Also if a rollback did not help; what nobody undid and went on well is neither."""
    assert counts(world().run(1200.0)) == counted


@pytest.mark.parametrize(("answer", "counted"), [("approve", (1, 1, 0)), ("reject", (1, 0, 1))])
def test_a_deploy_that_breaks_after_two_hours_is_asked_about_and_a_rollback_that_helps_proves_it(
    answer: str, counted: tuple[int, ...]
) -> None:
    """Less likely than not by the time alone: rejected, and over by itself, it counts as another incident."""
    ends = FOREVER if answer == "approve" else 7600.0
    world = bad_world(faults=[Fault(7260.0, ends, code="bad00000")], answer=answer).run(7320.0)
    asked = world.state.services["web"].incident
    assert asked is not None and asked.escalation.called_at is not None, "it may be anything: it climbs like a page"
    incident = world.run(8200.0).incidents["web-1"]
    assert (incident.escalation.acknowledged_by is not None) is (answer == "reject"), "who says no looks after it"
    decision = incident.decision
    assert decision is not None and decision.blame is not None and 0.3 < (decision.blame.probability or 0.0) < 0.4
    assert "ASKED" in world.labels() and counts(world) == counted


@pytest.mark.parametrize("lasts", [200.0, 3900.0])
def test_an_outage_that_ended_otherwise_is_another_incident(lasts: float) -> None:
    """It failed where nothing was deployed; once an hour, as one outage that comes and goes is one, however long."""
    live = [replace(HISTORY[1], status="live")]
    faults = [Fault(64.0, 250.0), Fault(400.0, 400.0 + lasts), Fault(4300.0 + lasts, 4500.0 + lasts)]
    world = World(make_policy(Mode.OBSERVE), live, faults=faults).run(700.0 + lasts)
    assert counts(world) == (0, 0, 1) and len(world.incidents) == 2
    assert counts(world.run(4800.0 + lasts)) == (0, 0, 2)


def test_time_in_which_nothing_could_be_read_does_not_count() -> None:
    """The daemon was off for eight hours: the history is as long as before."""
    service = listed(a_service(history=History(), deploys_at=None), NEW)
    assert service.history.since == NOW
    assert listed(service, NEW, at=NOW + 3600.0).history.since == NOW
    later = listed(service, NEW, at=NOW + 8 * 3600.0)
    assert later.history.since == NOW + 8 * 3600.0


@pytest.mark.parametrize(("severity", "others"), [(Severity.HIGH, 1), (Severity.MEDIUM, 0), (Severity.LOW, 0)])
def test_only_what_is_serious_counts(severity: Severity, others: int) -> None:
    """A blip that was only noted is no incident that a deploy could be mistaken for."""
    policy = make_policy(Mode.OBSERVE)
    signals = tuple(replace(signal, severity=severity) for signal in policy.services["web"].signals)
    policy = replace(policy, services={"web": replace(policy.services["web"], signals=signals)})
    policy = replace(policy, matrix={**policy.matrix, severity: DEFAULT_MATRIX[severity]})
    world = World(policy, [replace(HISTORY[1], status="live")], faults=[Fault(64.0, 250.0)]).run(500.0)
    assert counts(world) == (0, 0, others)
