"""A service's own history: which deploys and incidents are counted, and how much they move what is assumed."""

from dataclasses import replace

import pytest

from tests.core.limits import WEIGHTS
from tests.core.scenes import FACTS, HISTORY, NOW, a_case, a_service
from tests.core.world import FOREVER, Fault, World, make_policy
from tests.core.worlds import bad_world, web
from watchdog.core import blame, perceive
from watchdog.domain.decisions import Blame
from watchdog.domain.deploys import Deploy
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import History, ServiceState
from watchdog.domain.policy import DEFAULT_MATRIX, BlameWeights, Mode, Severity

MONTH_SECONDS = blame.MINUTES_PER_MONTH * 60
NEW = Deploy("dep-42", "live", commit="cccccccc", created_at=NOW - 100, finished_at=NOW - 3)


def seen(deploys: int, bad_deploys: int, others: int, since: float = NOW - 1000.0) -> History:
    """Return a history."""
    return History(since, deploys, bad_deploys, others)


def weighed(history: History, months: float) -> Blame:
    """Return the blame of a service whose history is so long."""
    return blame.weigh(a_case(a_service(history=replace(history, since=NOW - months * MONTH_SECONDS))))


@pytest.mark.parametrize(
    ("history", "months", "bad", "others", "words"),
    [
        (History(), 0.0, 1 / 20, 1.0, "assumed (no history yet): 1 bad deploy in 20, 1 other incident a month"),
        (History(), 0.0999, 1 / 20, 1.0, "assumed (no history yet): 1 bad deploy in 20, 1 other incident a month"),
        (
            History(),
            0.1,
            1 / 20,
            1 / 1.1,
            "1 bad deploy in 20, 0.91 other incidents a month (seen: 0 of 0 deploys, 0 others in 0.1 months)",
        ),
        (
            seen(20, 1, 2),
            0.0,
            2 / 40,
            3.0,
            "1 bad deploy in 20, 3 other incidents a month (seen: 1 of 20 deploys, 2 others in 0.0 months)",
        ),
        (
            seen(180, 0, 0),
            11.0,
            1 / 200,
            1 / 12,
            "1 bad deploy in 200, 0.083 other incidents a month (seen: 0 of 180 deploys, 0 others in 11.0 months)",
        ),
        (
            seen(20, 9, 19),
            3.0,
            1 / 20,
            5.0,
            "1 bad deploy in 20, 5 other incidents a month (seen: 9 of 20 deploys, 19 others in 3.0 months)",
        ),
        (
            seen(0, 0, 11),
            11.0,
            1 / 20,
            1.0,
            "1 bad deploy in 20, 1 other incident a month (seen: 0 of 0 deploys, 11 others in 11.0 months)",
        ),
    ],
    ids=["new", "for three days", "for longer", "much at once", "a good team", "a bad one", "as assumed"],
)
def test_what_is_assumed_counts_as_much_as_twenty_deploys_and_a_month(
    history: History, months: float, bad: float, others: float, words: str
) -> None:
    """Posterior means; the decision says what was seen."""
    verdict = weighed(history, months)
    odds = bad * blame.density_per_minute(0.5) / (others / blame.MINUTES_PER_MONTH)
    assert verdict.prior_odds == pytest.approx(odds, rel=1e-9)
    assert verdict.prior_why == f"onset 30 s after live; {words}"


def test_a_clock_that_went_back_makes_no_negative_month() -> None:
    """Counted since a moment ahead: for no time at all."""
    assert weighed(seen(20, 1, 2), -5.0).prior_odds == weighed(seen(20, 1, 2), 0.0).prior_odds


def test_the_shipped_assumption_makes_no_old_deploy_a_suspect_by_its_age() -> None:
    """As many other incidents as public monitors see, about: a deploy of an hour ago is no suspect by its age alone."""
    policy = replace(make_policy(), blame=replace(WEIGHTS, other_incidents_per_month=3.6))
    at = NOW - 60 - 3600
    deploys = (replace(HISTORY[0], created_at=at - 300, finished_at=at), *HISTORY[1:])
    verdict = blame.weigh(a_case(a_service(deploys=deploys), policy=policy))
    expected = 0.05 * blame.density_per_minute(60.0) * blame.MINUTES_PER_MONTH / 3.6
    assert verdict.prior_odds == pytest.approx(expected) and not verdict.convicts
    assert BlameWeights().other_incidents_per_month == 3.6


# --- deploys ---


def listed(service: ServiceState, *deploys: Deploy, at: float = NOW) -> ServiceState:
    """Fold a list in."""
    return perceive.listed(service, DeploysListed(at, "web", deploys, FACTS), make_policy())


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
    service = a_service(live=live, history=seen(7, 1, 2))
    after = listed(service, newest, before, *HISTORY[1:])
    assert after.history == seen(7 + counted, 1, 2)
    assert listed(after, newest, before, *HISTORY[1:], at=NOW + 15).history == after.history


# --- incidents ---


def counts(world: World) -> tuple[int, int, int]:
    """Return what was counted: deploys, bad ones, other incidents."""
    history = web(world).history
    return history.deploys, history.bad_deploys, history.others


def test_a_rollback_that_helped_makes_its_deploy_a_bad_one() -> None:
    """Suspected, and replaced."""
    assert counts(bad_world().run(700.0)) == (1, 1, 0)


def test_an_outage_that_ended_otherwise_is_another_incident() -> None:
    """It failed where nothing was deployed; once an hour, as one outage that comes and goes is one."""
    live = [replace(HISTORY[1], status="live")]
    faults = [Fault(64.0, 250.0), Fault(400.0, 600.0), Fault(4300.0, 4500.0)]
    world = World(make_policy(Mode.OBSERVE), live, faults=faults).run(900.0)
    assert counts(world) == (0, 0, 1) and len(world.incidents) == 2
    assert counts(world.run(4800.0)) == (0, 0, 2)


def test_what_was_suspected_and_still_serves_is_neither() -> None:
    """Nobody undid it, and it went on well: nothing is known of it."""
    world = bad_world(make_policy(Mode.OBSERVE), faults=[Fault(64.0, 250.0, code="bad00000")]).run(500.0)
    assert counts(world) == (1, 0, 0)


def test_time_in_which_nothing_could_be_read_does_not_count() -> None:
    """The daemon was off for eight hours: the history is as long as before."""
    service = listed(a_service(history=History(), deploys_at=None), NEW)
    assert service.history.since == NOW
    assert listed(service, NEW, at=NOW + 3600.0).history.since == NOW
    later = listed(service, NEW, at=NOW + 8 * 3600.0)
    assert later.history.since == NOW + 8 * 3600.0


def test_a_rollback_that_did_not_help_proves_nothing() -> None:
    """The old code failed as well; it counts all the same, but makes no deploy worse than assumed."""
    world = bad_world(faults=[Fault(64.0, 600.0)]).run(900.0)
    assert world.sent and counts(world) == (1, 1, 0)


@pytest.mark.parametrize(("severity", "others"), [(Severity.HIGH, 1), (Severity.MEDIUM, 0), (Severity.LOW, 0)])
def test_only_what_is_serious_counts(severity: Severity, others: int) -> None:
    """A blip that was only noted is no incident that a deploy could be mistaken for."""
    policy = make_policy(Mode.OBSERVE)
    signals = tuple(replace(signal, severity=severity) for signal in policy.services["web"].signals)
    policy = replace(policy, services={"web": replace(policy.services["web"], signals=signals)})
    policy = replace(policy, matrix={**policy.matrix, severity: DEFAULT_MATRIX[severity]})
    world = World(policy, [replace(HISTORY[1], status="live")], faults=[Fault(64.0, 250.0)]).run(500.0)
    assert counts(world) == (0, 0, others)


def test_a_suspicion_that_passes_is_no_incident() -> None:
    """Nothing was confirmed."""
    world = World(make_policy(), [replace(HISTORY[1], status="live")], faults=[Fault(64.0, 80.0)]).run(
        FOREVER, hurry=True
    )
    assert counts(world) == (0, 0, 0) and not world.incidents
