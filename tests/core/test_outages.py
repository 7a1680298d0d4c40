"""Whole outages through the pure core: what is done, what is not, and what people are told."""

from dataclasses import replace

import pytest

from tests.core.world import START, Fault, World, make_policy, old_deploy
from watchdog.core.target import Search, choose_target, rolled_away_from
from watchdog.domain.events import Restarted
from watchdog.domain.incidents import Phase
from watchdog.domain.policy import Mode, SignalPolicy
from watchdog.domain.readings import Bad, FailureKind

FOREVER = 1e9


def history(live: str = "aaaaaaa1") -> list:
    """Return two old deploys, the newer one live."""
    return [old_deploy("dep-40", live, 3.0, "live"), old_deploy("dep-39", "aaaaaaa0", 9.0)]


def bad_deploy(**more: object) -> World:
    """Return a world in which commit bad00000 goes live at 60 s and fails from 64 s on."""
    world = World(make_policy(), history(), faults=[Fault(64.0, FOREVER, code="bad00000")], **more)  # type: ignore[arg-type]
    world.ship(60.0, "bad00000")
    return world


def test_a_bad_deploy_is_rolled_back_once_and_proved_to_be_cured() -> None:
    """Pin, one rollback to the older commit, verification, all-clear; then calm, and the commit is denied."""
    world = bad_deploy().run(500.0)
    assert [rollback.target for _, rollback in world.accepted] == ["dep-40"]
    assert len(world.pins) == 1
    incident = world.incidents["web-1"]
    assert incident.outcome == "rolled back and verified"
    assert incident.requested_at is not None and incident.requested_at - incident.onset_at <= 60.0
    assert world.state.denied == ("bad00000",)
    assert world.state.services["web"].phase is Phase.CALM
    kinds = [tell.notice.kind.value for tell in world.tells]
    assert kinds == ["acted", "resolved"]


def test_the_bad_commit_deployed_again_is_not_rolled_back_within_the_cooldown() -> None:
    """A colleague deploys the denied commit again: a human is paged, no second rollback so soon."""
    world = bad_deploy()
    world.ship(500.0, "bad00000")
    world.run(900.0)
    assert len(world.accepted) == 1
    assert world.incidents["web-2"].decision is not None
    assert "cooldown" in world.incidents["web-2"].decision.why or "budget" in world.incidents["web-2"].decision.why
    assert world.pages()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"platform_down": (0.0, FOREVER)}, "platform render has trouble of its own"),
        ({"unreadable": (20.0, FOREVER)}, "deploy list"),
    ],
)
def test_a_veto_leaves_it_to_a_human(change: dict, words: str) -> None:
    """A platform outage or an unreadable deploy list: page, nothing is touched."""
    world = bad_deploy(**change).run(400.0)
    assert not world.accepted and not world.pins
    decision = world.incidents["web-1"].decision
    assert decision is not None and words in decision.why
    assert world.pages()


def test_an_outage_without_a_fresh_deploy_is_paged() -> None:
    """The live deploy is three days old: it is not to blame."""
    world = World(make_policy(), history(), faults=[Fault(60.0, 400.0)], upstream_down=(50.0, FOREVER)).run(700.0)
    assert not world.accepted and not world.pins
    assert len(world.pages()) == 1
    assert world.incidents["web-1"].outcome == "recovered"


def test_an_outage_that_began_before_the_deploy_is_not_blamed_on_it() -> None:
    """A fix that is deployed into an outage is not rolled back."""
    world = World(make_policy(), history(), faults=[Fault(60.0, FOREVER)])
    world.ship(95.0, "fix00000", seconds=8.0)
    world.run(400.0)
    assert not world.accepted
    assert world.pages()


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_an_outage_that_began_before_the_deploy_is_not_blamed_on_it_after_a_takeover(share: float) -> None:
    """Another worker goes on in the middle of it, when single readings of its begin are no longer remembered."""
    world = World(make_policy(), history(), faults=[Fault(60.0, FOREVER, share)])
    world.ship(150.0, "fix00000", seconds=60.0)
    world.at(400.0, lambda: world.tell(Restarted(world.now)))
    world.run(700.0)
    assert not world.accepted and not world.pins
    assert world.pages()


def test_blind_touches_nothing_and_says_so() -> None:
    """Site and control targets stop answering together: self-alert; nothing seen meanwhile counts afterwards."""
    world = World(make_policy(), history(), blind=(64.0, 300.0))
    world.ship(60.0, "good0000")
    world.run(500.0)
    assert not world.accepted and not world.incidents
    kinds = [(tell.notice.service, tell.notice.kind.value) for tell in world.tells]
    assert kinds == [("watchdog", "self_alert"), ("watchdog", "resolved")]
    assert world.state.services["web"].phase is Phase.CALM


def test_a_rollback_that_does_not_help_is_handed_to_a_human() -> None:
    """Still failing after the rollback is live: page, and nothing more is tried."""
    world = World(make_policy(), history(), faults=[Fault(64.0, FOREVER)])
    world.ship(60.0, "bad00000")
    world.run(1500.0)
    assert len(world.accepted) == 1
    assert "did not help" in world.incidents["web-1"].human_needed
    assert world.pages()
    assert world.state.services["web"].phase is Phase.PAGED


def test_a_self_healing_blip_is_noted_and_nothing_more() -> None:
    """A restart blip of 35 s after a good deploy: looked at closely, then calm."""
    world = World(make_policy(), history(), faults=[Fault(62.0, 97.0)])
    world.ship(60.0, "good0000")
    world.run(400.0)
    assert not world.incidents and not world.tells
    assert world.labels() == ["SUSPECT", "CALM"]


def test_a_third_of_requests_failing_is_found_and_rolled_back() -> None:
    """Partial outage: the CUSUM finds it where three in a row would wait for minutes."""
    world = World(make_policy(), history(), faults=[Fault(64.0, FOREVER, 0.3, "bad00000")], seed=7)
    world.ship(60.0, "bad00000")
    world.run(700.0)
    assert [rollback.target for _, rollback in world.accepted] == ["dep-40"]
    assert "CUSUM" in world.incidents["web-1"].title


def test_slow_answers_ask_and_an_approval_rolls_back() -> None:
    """Latency over its objective is high: asked, approved, done."""
    slow = Fault(64.0, FOREVER, code="bad00000", slow=True)
    world = World(make_policy(), history(), faults=[slow], answer="approve")
    world.ship(60.0, "bad00000")
    world.run(900.0)
    assert [rollback.approved_by for _, rollback in world.accepted] == ["a human"]
    assert world.incidents["web-1"].outcome == "rolled back and verified"


@pytest.mark.parametrize("answer", ["none", "reject"])
def test_slow_answers_without_a_yes_change_nothing(answer: str) -> None:
    """No answer, or a no: nothing is touched; without an answer people are asked again at the deadline."""
    slow = Fault(64.0, FOREVER, code="bad00000", slow=True)
    world = World(make_policy(), history(), faults=[slow], answer=answer)
    world.ship(60.0, "bad00000")
    world.run(1300.0)
    assert not world.accepted and not world.pins
    assert len(world.pages()) == (2 if answer == "none" else 1)


def test_observe_only_says_what_it_would_do() -> None:
    """Mode observe: the same decision, a page, and not one effect on production."""
    world = World(make_policy(Mode.OBSERVE), history(), faults=[Fault(64.0, FOREVER, code="bad00000")])
    world.ship(60.0, "bad00000")
    world.run(400.0)
    assert not world.pins and not world.sent
    decision = world.incidents["web-1"].decision
    assert decision is not None and decision.would.startswith("would roll back to dep-40")
    assert len(world.pages()) == 1


@pytest.mark.parametrize(("answer", "rollbacks"), [("none", 1), ("stop", 0), ("approve", 1)])
def test_a_veto_window_acts_unless_stopped(answer: str, rollbacks: int) -> None:
    """Announce, wait for a stop, then act; a yes acts at once."""
    policy = make_policy(veto_seconds=60.0)
    world = World(policy, history(), faults=[Fault(64.0, FOREVER, code="bad00000")], answer=answer)
    world.ship(60.0, "bad00000")
    world.run(600.0)
    assert len(world.accepted) == rollbacks
    assert world.pages()


def test_the_previous_deploy_of_the_same_commit_is_no_target() -> None:
    """A colleague deploys the bad commit again: back to the one before both."""
    world = bad_deploy()
    world.ship(75.0, "bad00000", seconds=5.0, trigger="manual")
    world.run(500.0)
    assert [rollback.target for _, rollback in world.accepted] == ["dep-40"]
    skipped = world.incidents["web-1"].decision.target.skipped  # type: ignore[union-attr]
    assert "same code" in skipped[0].why


def test_a_bad_configuration_goes_back_to_the_same_commit() -> None:
    """Only configuration changed (same commit, long healthy before): the earlier deploy of that commit is right."""
    world = World(make_policy(), history(), faults=[Fault(64.0, 130.0)])
    world.ship(60.0, "aaaaaaa1", trigger="service_updated")
    world.run(500.0)
    assert [rollback.target for _, rollback in world.accepted] == ["dep-40"]
    decision = world.incidents["web-1"].decision
    assert decision is not None and decision.blame is not None and decision.blame.configuration
    assert world.state.denied == ()


@pytest.mark.parametrize(
    ("outcomes", "accepted", "restored"),
    [
        (["postponed"], 1, 0),
        (["refused"], 0, 1),
        (["stood_down"], 0, 1),
        (["lost"], 0, 0),
        (["accepted_and_lost"], 1, 0),
    ],
)
def test_every_outcome_of_the_send_ends_well_or_with_a_human(outcomes: list, accepted: int, restored: int) -> None:
    """Postponed is tried anew; refused and stood down give auto-deploy back; a lost one is left to a human."""
    world = bad_deploy(outcomes=list(outcomes)).run(900.0)
    assert len(world.accepted) == accepted
    assert len(world.restores) == restored
    if outcomes != ["postponed"]:
        assert world.pages()


def test_a_rollback_that_fails_to_deploy_is_handed_over() -> None:
    """update_failed: a human is paged, nothing more is tried."""
    world = bad_deploy(rollback_ends="update_failed").run(900.0)
    assert len(world.accepted) == 1
    assert "ended as update_failed" in world.incidents["web-1"].human_needed


def test_a_rollback_that_never_ends_is_paged_late_and_given_up() -> None:
    """Not live in 5 min: page; at 20 min: given up."""
    world = bad_deploy(rollback_seconds=1e6).run(2000.0)
    assert world.incidents["web-1"].late_paged
    assert "not live after" in world.incidents["web-1"].human_needed
    assert len(world.pages()) == 2


def test_an_unconfirmed_pin_does_not_stop_the_rollback_but_is_said() -> None:
    """The pin is not read back in time: the outage does not wait, the message says so."""
    world = bad_deploy(pin="unconfirmed").run(500.0)
    assert len(world.accepted) == 1
    acted = next(tell.notice for tell in world.tells if tell.notice.kind.value == "acted")
    assert any("NOT CONFIRMED" in line for line in acted.lines) and acted.wakes


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"pre_deploy_command": "migrate"}, "migration"),
        ({"maintenance": True}, "maintenance"),
        ({"suspended": True}, "suspended"),
    ],
)
def test_facts_of_the_service_ask_or_block(facts: dict, words: str) -> None:
    """A pre-deploy command asks; maintenance mode and suspension block."""
    world = bad_deploy()
    world.facts = replace(world.facts, **facts)
    world.run(400.0)
    assert not world.accepted
    decision = world.incidents["web-1"].decision
    assert decision is not None and words in decision.why


def test_an_expired_certificate_is_no_rollback() -> None:
    """A TLS failure right after a deploy: no rollback cures that."""
    world = World(make_policy(), history(), faults=[Fault(64.0, FOREVER, reading=Bad("expired", FailureKind.TLS))])
    world.ship(60.0, "good0000")
    world.run(400.0)
    assert not world.accepted
    assert "no rollback cures" in world.incidents["web-1"].decision.why  # type: ignore[union-attr]


def test_a_blueprint_sync_that_undoes_the_pin_is_told() -> None:
    """After live the pin is read again; somebody switched auto-deploy back on."""
    world = bad_deploy()

    def sync() -> None:
        world.facts = replace(world.facts, auto_deploy="commit")

    world.at(140.0, sync)
    world.run(500.0)
    assert any("again" in line for tell in world.tells for line in tell.notice.lines)


def test_a_lesser_finding_waits_for_the_critical_one_that_is_about_to_be_confirmed() -> None:
    """Home and API fail together, the API is confirmed first: one decision, no question that is void a moment later."""
    world = bad_deploy(api_fails_with_home=True).run(400.0)
    assert [rollback.target for _, rollback in world.accepted] == ["dep-40"]
    assert "asked" not in [tell.notice.kind.value for tell in world.tells]
    assert {finding.signal for finding in world.incidents["web-1"].findings} == {"home", "api"}


def with_sentry(flood: tuple[float, float]) -> World:
    """Return the bad deploy's world with a Sentry feed that floods in a span of seconds after START."""
    policy = make_policy()
    web = policy.services["web"]
    web = replace(web, signals=(*web.signals, SignalPolicy("errors", "sentry")))
    world = World(replace(policy, services={"web": web}), history(), faults=[Fault(64.0, FOREVER, code="bad00000")])
    world.ship(60.0, "bad00000")
    world.flood = flood
    return world


def test_errors_of_the_outage_do_not_disprove_the_rollback() -> None:
    """The outage floods Sentry; its minutes are told again after the rollback is live, and count no more."""
    world = with_sentry((64.0, 130.0)).run(700.0)
    assert world.incidents["web-1"].outcome == "rolled back and verified"
    assert not world.pages()


def test_a_pin_for_a_rollback_that_was_put_off_is_given_back_and_told() -> None:
    """Pinned, then 429, then the site recovers by itself: auto-deploy is restored, and people hear of it."""
    world = World(make_policy(), history(), faults=[Fault(64.0, 107.0, code="bad00000")], outcomes=["postponed"])
    world.ship(60.0, "bad00000")
    world.run(500.0)
    assert not world.accepted and len(world.restores) == 1
    assert world.facts.auto_deploy == "commit"
    assert [tell.notice.kind.value for tell in world.tells] == ["resolved"]


def test_an_action_without_any_outcome_is_not_stranded_in_silence() -> None:
    """Neither the pin nor the rollback ever answers: the outage does not wait, and a human is told."""
    world = bad_deploy(pin="silent", outcomes=["silent"]).run(900.0)
    assert len(world.sent) == 1
    assert "no outcome of the rollback came" in world.incidents["web-1"].human_needed
    assert world.pages()


def test_an_approval_after_recovery_or_in_blindness_sends_nothing() -> None:
    """A yes to a question whose world has changed is not carried out."""
    slow = Fault(64.0, 150.0, code="bad00000", slow=True)
    recovered = World(make_policy(), history(), faults=[slow], answer="approve", answer_after=60.0)
    recovered.ship(60.0, "bad00000")
    recovered.run(600.0)
    assert not recovered.accepted and recovered.facts.auto_deploy == "commit"
    blind = World(make_policy(), history(), faults=[replace(slow, end=FOREVER)], answer="approve", answer_after=40.0)
    blind.ship(60.0, "bad00000")
    blind.blind = (140.0, 400.0)
    blind.run(300.0)
    assert not blind.sent


def test_blindness_while_verifying_starts_the_proof_anew() -> None:
    """What was not seen is not proof: three good minutes are counted from when we see again."""
    world = bad_deploy()
    world.blind = (135.0, 190.0)
    world.run(900.0)
    incident = world.incidents["web-1"]
    assert incident.verified_at is not None and incident.verified_at >= START + 190.0 + 180.0


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
        Search(tuple(world.deploys), world.deploys[-4], world.deploys[-4], False, watching_since=START)
    )
    assert choice.deploy is not None and choice.deploy.id == "dep-43"
    assert rolled_away_from(deploys, deploys[1]) is deploys[0]
