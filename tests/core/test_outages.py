"""Whole outages through the pure core that no story of tests/stories tells: what is done, what is not, what is told."""

from dataclasses import replace

import pytest

from tests.core.world import FOREVER, START, Fault, World, make_policy
from tests.core.worlds import bad_world, decision_of, history, web
from watchdog.domain.events import Restarted
from watchdog.domain.policy import Mode
from watchdog.domain.readings import Bad, FailureKind


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
    unharmed = bad_world(faults=[fault]).run(400.0).incidents["web-1"].rollback.requested_at
    world = bad_world(faults=[fault])
    for kill in range(70, 400, 20):
        world.at(float(kill), lambda: killed(world, down_seconds))
    world.run(400.0)
    requested_at = world.incidents["web-1"].rollback.requested_at
    assert requested_at is not None and unharmed is not None and requested_at - unharmed <= 30.0


@pytest.mark.parametrize("blip", [Fault(220.0, 232.0), Fault(240.0, 241.0), Fault(300.0, 301.0)])
@pytest.mark.parametrize("seed", range(3))
def test_a_blip_minutes_before_a_deploy_does_not_acquit_it_of_a_partial_outage(blip: Fault, seed: int) -> None:
    """Suspicion lasts until the sum of the blip has run down, so the outage is dated to its own begin."""
    partial = Fault(402.0, FOREVER, 0.3, code="bad00000")
    world = World(make_policy(), history(), faults=[blip, partial], seed=seed, steady=True)
    world.ship(400.0, "bad00000", seconds=10.0)
    world.run(800.0)
    assert [effect.target for _, effect in world.accepted] == ["dep-40"]
    assert not world.broken


@pytest.mark.parametrize(("mode", "live_at"), [(Mode.AUTONOMOUS, 90.0), (Mode.ASSIST, 130.0)])
def test_a_deploy_on_top_of_the_bad_one_does_not_end_the_matter(mode: Mode, live_at: float) -> None:
    """Before the decision, or while a human is asked about the bad one alone: a human is asked about both."""
    faults = [Fault(64.0, FOREVER, code=code) for code in ("bad00000", "merge000")]
    world = bad_world(make_policy(mode), faults=faults, answer="approve", answer_after=40.0)
    world.ship(live_at, "merge000", seconds=10.0)
    world.run(600.0)
    asked = [note.text for note in world.notes if note.label == "DECIDED" and note.text.startswith("ask")]
    assert "went live on top of dep-900, and the rollback takes both back" in asked[-1]
    assert [effect.target for _, effect in world.accepted] == ["dep-40"] and not world.broken
    assert world.state.denied == ("bad00000",)


@pytest.mark.parametrize(("down_seconds", "goes_on"), [(8.0, True), (12.0, True), (20.0, True), (40.0, False)])
def test_across_a_gap_a_run_is_as_long_as_what_was_seen_of_it(down_seconds: float, goes_on: bool) -> None:
    """Of what was not seen ten seconds count: half of the shortest run that convicts. Too long a gap ends the run."""
    world = bad_world()
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


LOOKUP = Bad("DNS: the resolver has no answer for now", FailureKind.DNS)
CONFIRMS = (103.5, 104.5)
"""The second of the probe that confirms the outage."""


@pytest.mark.parametrize(
    ("faults", "why"),
    [
        pytest.param((Fault(*CONFIRMS, reading=LOOKUP),), "onset 5 s after live", id="its last probe"),
        pytest.param((Fault(64.0, 66.5, reading=LOOKUP),), "onset 5 s after live", id="its first probes"),
        pytest.param(
            (Fault(*CONFIRMS, reading=Bad("timed out", FailureKind.TIMEOUT)), Fault(64.0, FOREVER, reading=LOOKUP)),
            "name resolution fails: no rollback cures that",
            id="all but its last probe",
        ),
        pytest.param((Fault(64.0, 75.0, reading=LOOKUP),), "DNS or TLS is what 27% of the", id="a quarter of them"),
    ],
)
def test_one_probe_does_not_say_what_an_outage_is_of(faults: tuple[Fault, ...], why: str) -> None:
    """Of most probes the name lookup fails, or of one: by the kind of the last one alone the wrong deploy goes free."""
    world = bad_world(faults=[*faults, Fault(64.0, FOREVER, code="bad00000")]).run(200.0)
    assert bool(world.accepted) is (why.startswith("onset")) and why in decision_of(world).why


def test_an_approval_after_recovery_or_in_blindness_sends_nothing() -> None:
    """A yes to a question whose world has changed is not carried out."""
    slow = Fault(64.0, 150.0, code="bad00000", slow=True)
    recovered = bad_world(faults=[slow], answer="approve", answer_after=60.0).run(600.0)
    assert not recovered.accepted and recovered.facts.auto_deploy == "commit"
    blind = bad_world(faults=[replace(slow, end=FOREVER)], answer="approve", answer_after=40.0, blind=(140.0, 400.0))
    assert not blind.run(300.0).sent
