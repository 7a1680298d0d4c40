"""Whole outages through the pure core that no story of tests/stories tells: what is done, what is not, what is told."""

from dataclasses import replace

import pytest

from tests.core.world import FOREVER, START, Fault, World, make_policy, old_deploy
from tests.core.worlds import bad_world, decision_of, history, web
from tests.support.effect_readers import notices
from watchdog.core.assess.rollback_target import TargetQuery, choose_target, rolled_away_from
from watchdog.domain.events import Restarted
from watchdog.domain.policy import Policy
from watchdog.domain.readings import Bad, FailureKind


def bad_deploy(*faults: Fault, policy: Policy | None = None, **more: object) -> World:
    """Return a world in which commit bad00000 goes live at 60 s, and fails from 64 s on or as these faults say."""
    return bad_world(policy, faults=list(faults) or [Fault(64.0, FOREVER, code="bad00000")], **more)


def killed(world: World, down_seconds: float) -> None:
    """Kill the worker now; it comes back after so many seconds."""
    world._due["_probe"] = world.time + down_seconds
    world.at(world.time + down_seconds, lambda: world.tell(Restarted(world.now)))


@pytest.mark.parametrize(
    ("share", "live_at", "seconds", "taken_over_at"),
    [(1.0, 95.0, 8.0, FOREVER), (1.0, 150.0, 60.0, 400.0), (0.5, 150.0, 60.0, 400.0)],
)
def test_an_outage_that_began_before_the_deploy_is_not_blamed_on_it(
    share: float, live_at: float, seconds: float, taken_over_at: float
) -> None:
    """Nor when another worker goes on in the middle of it, and single readings of its begin are not remembered."""
    world = World(make_policy(), history(), faults=[Fault(60.0, FOREVER, share)])
    world.ship(live_at, "fix00000", seconds=seconds)
    world.at(taken_over_at, lambda: world.tell(Restarted(world.now)))
    world.run(700.0)
    assert world.pages() and not world.accepted and not world.pins


@pytest.mark.parametrize(
    ("share", "down_seconds"), [(1.0, 2.0), (1.0, 5.0), (1.0, 8.0), (1.0, 12.0), (0.6, 2.0), (0.6, 5.0), (0.6, 8.0)]
)
def test_case_50_a_worker_that_is_killed_every_twenty_seconds_rolls_back_all_the_same(
    share: float, down_seconds: float
) -> None:
    """What was seen to fail before counts on, across the seconds without a look; half a minute later at most."""
    fault = Fault(64.0, FOREVER, share, code="bad00000")
    unharmed = bad_deploy(fault).run(400.0).incidents["web-1"].rollback.requested_at
    world = bad_deploy(fault)
    for kill in range(70, 400, 20):
        world.at(float(kill), lambda: killed(world, down_seconds))
    world.run(400.0)
    requested_at = world.incidents["web-1"].rollback.requested_at
    assert requested_at is not None and unharmed is not None and requested_at - unharmed <= 30.0


@pytest.mark.parametrize(("down_seconds", "goes_on"), [(8.0, True), (12.0, True), (20.0, True), (40.0, False)])
def test_across_a_gap_a_run_is_as_long_as_what_was_seen_of_it(down_seconds: float, goes_on: bool) -> None:
    """Of what was not seen ten seconds count: half of the shortest run that convicts. Too long a gap ends the run."""
    world = bad_deploy()
    world.run(80.0)
    before = web(world).checks["home"]
    world.at(80.0, lambda: killed(world, down_seconds))
    world.run(80.0 + down_seconds + 2.0)
    after = web(world).checks["home"]
    assert before.run_started_at is not None and after.run_started_at is not None
    unseen = START + 80.0 + down_seconds - before.last_at
    begins, left_out = (before.run_started_at, unseen - 10.0) if goes_on else (START + 80.0 + down_seconds, 0.0)
    assert after.run_started_at == begins and after.unseen_seconds == pytest.approx(max(0.0, left_out))
    assert after.failing_since == before.failing_since


@pytest.mark.parametrize(
    ("outcome", "accepted", "restored"),
    [("postponed", 1, 0), ("refused", 0, 1), ("stood_down", 0, 1), ("lost", 0, 0), ("accepted_and_lost", 1, 0)],
)
def test_every_outcome_of_the_send_ends_well_or_with_a_human(outcome: str, accepted: int, restored: int) -> None:
    """Postponed is tried anew; refused and stood down give auto-deploy back; a lost one is left to a human."""
    world = bad_deploy(outcomes=[outcome]).run(900.0)
    assert (len(world.accepted), len(world.restores)) == (accepted, restored)
    assert world.pages() or outcome == "postponed"


def test_an_unconfirmed_pin_does_not_stop_the_rollback_but_is_said() -> None:
    """The pin is not read back in time: the outage does not wait, the message says so."""
    world = bad_deploy(pin="unconfirmed").run(500.0)
    assert len(world.accepted) == 1
    acted = next(tell.notice for tell in world.tells if tell.notice.kind.value == "acted")
    assert any("NOT CONFIRMED" in line for line in acted.lines) and acted.wakes


def test_an_expired_certificate_is_no_rollback() -> None:
    """A TLS failure right after a deploy: no rollback cures that."""
    world = bad_deploy(Fault(64.0, FOREVER, reading=Bad("expired", FailureKind.TLS))).run(400.0)
    assert not world.accepted and "no rollback cures" in decision_of(world).why


def test_a_pin_for_a_rollback_that_was_put_off_is_given_back_and_told() -> None:
    """Pinned, then 429, then the site recovers by itself: auto-deploy is restored, and people hear of it."""
    world = bad_deploy(Fault(64.0, 107.0, code="bad00000"), outcomes=["postponed"]).run(500.0)
    assert not world.accepted and len(world.restores) == 1 and world.facts.auto_deploy == "commit"
    assert notices(world.tells) == ["resolved"]


def test_an_action_without_any_outcome_is_not_stranded_in_silence() -> None:
    """Neither the pin nor the rollback ever answers: the outage does not wait, and a human is told."""
    world = bad_deploy(pin="silent", outcomes=["silent"]).run(900.0)
    assert len(world.sent) == 1 and world.pages()
    assert "no outcome of the rollback came" in world.incidents["web-1"].human_needed


def test_an_approval_after_recovery_or_in_blindness_sends_nothing() -> None:
    """A yes to a question whose world has changed is not carried out."""
    slow = Fault(64.0, 150.0, code="bad00000", slow=True)
    recovered = bad_deploy(slow, answer="approve", answer_after=60.0).run(600.0)
    assert not recovered.accepted and recovered.facts.auto_deploy == "commit"
    blind = bad_deploy(replace(slow, end=FOREVER), answer="approve", answer_after=40.0, blind=(140.0, 400.0))
    assert not blind.run(300.0).sent


def test_blindness_while_verifying_starts_the_proof_anew() -> None:
    """What was not seen is not proof: three good minutes are counted from when we see again."""
    incident = bad_deploy(blind=(135.0, 190.0)).run(900.0).incidents["web-1"]
    assert incident.rollback.verified_at >= START + 190.0 + 180.0


def test_code_that_somebody_rolled_away_from_is_no_target() -> None:
    """A deploy with green probes that a colleague rolled back had its reasons."""
    deploys = [
        replace(old_deploy("dep-43", "aaaaaaa1", 2.9, "live"), trigger="rollback"),
        old_deploy("dep-42", "aaaaaaa2", 3.0),
        old_deploy("dep-41", "aaaaaaa1", 5.0),
    ]
    world = World(make_policy(), deploys, faults=[Fault(64.0, FOREVER, code="bad00000")])
    world.ship(60.0, "bad00000")
    world.run(500.0)
    assert [rollback.target for _, rollback in world.accepted] == ["dep-43"]
    choice = choose_target(
        TargetQuery(tuple(world.deploys), world.deploys[-4], world.deploys[-4], False, watching_since=START)
    )
    assert choice.deploy is not None and choice.deploy.id == "dep-43"
    assert rolled_away_from(deploys, deploys[1]) is deploys[0]
