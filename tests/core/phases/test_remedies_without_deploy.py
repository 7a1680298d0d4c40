"""Remedies without a suspected deploy: people are paged as ever, one is tried, and cures or leaves it to them."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.phases.test_remedies import attempts, ended
from tests.core.world import FOREVER, RESTART, Fault, World, make_policy
from tests.core.worlds import a_turn_of, decision_of, hear, history, incident_of, put, share, topics, until, web, wish
from tests.support.effect_readers import kinds, lines
from watchdog.core.guards import invariants, pre_send_check, without_deploy
from watchdog.core.guards.guards import GUARDS
from watchdog.core.phases.remedies import ANSWER_PATIENCE_SECONDS, try_without_deploy
from watchdog.core.phases.rollback_request import PUT_OFF_SECONDS
from watchdog.domain import events as e
from watchdog.domain.decisions import Course, Verdict
from watchdog.domain.effects import TryRemedy
from watchdog.domain.incidents import Outcome, Phase
from watchdog.domain.notices import Topic
from watchdog.domain.policy import Mode, Policy, Suppression
from watchdog.domain.remedies.remedy import FailureType, Remedy, RemedyResult
from watchdog.domain.severity import Severity

FLAG = "new-checkout"
ALONE = Remedy(FLAG, 60.0, has_look=True, without_deploy=True, cooldown_seconds=1800.0)
OTHER = replace(ALONE, name="webhook:purge")
PLACE = ("web", "web-1", FLAG)


def policy(*remedies: Remedy, mode: Mode = Mode.AUTONOMOUS, **more: Any) -> Policy:
    """Return the policy whose web has these remedies."""
    found = make_policy(mode, **more)
    return replace(found, services={"web": replace(found.services["web"], remedies=remedies or (ALONE,))})


def leaking(its: Policy | None = None, **more: Any) -> World:
    """Return a world whose deploy is three days old, and fails from 64 s on."""
    more.setdefault("faults", [Fault(64.0, FOREVER, code="aaaaaaa1")])
    return World(its or policy(), history(), **more)


def tried(its: Policy | None = None, **more: Any) -> World:
    """Return such a world whose remedy was just requested."""
    return until(Phase.REMEDYING, leaking(its, **more), 62)


def reread(world: World, second: float = 6.0) -> World:
    """Let the paged world weigh its decision again."""
    return world.run(world.time + second)


# --- what comes of it ---


def test_a_cure_ends_the_incident_and_the_page_comes_first() -> None:
    """People are paged at the same moment as without it; the notices say what is tried, and what cured."""
    world, plain = leaking(cured_by=FLAG).run(700.0), leaking(make_policy()).run(700.0)
    assert (ended(world), attempts(world)) == (Outcome.REMEDIED, [(FLAG, RemedyResult.HELPED)])
    assert (len(world.switches), world.sent, world.pins, world.broken) == (1, [], [], [])
    assert topics(world) == [Topic.LEFT_TO_HUMAN, Topic.FLAG_OFF, Topic.CLOSED]
    assert [one.notice.at for one in world.pages()] == [one.notice.at for one in plain.pages()]
    rule = (
        "The daemon switches feature flag new-checkout off: the policy says so of outages without a suspected deploy."
    )
    assert rule in world.pages()[0].notice.lines
    assert world.tells[-1].notice.title.endswith("flag new-checkout is off")
    assert web(world).acted_at == (), "no rollback is in the books"


def test_one_that_does_not_cure_is_followed_by_the_next_then_by_people_alone() -> None:
    """Each once, one after the other, and nobody is paged a second time for it."""
    world = leaking(policy(ALONE, OTHER)).run(1200.0)
    assert [one.remedy for one in world.switches] == [FLAG, "webhook:purge"] and world.broken == []
    assert {result for _, result in attempts(world)} == {RemedyResult.NO_HELP}
    assert (web(world).phase, len(world.pages()), world.sent) == (Phase.PAGED, 1, [])
    assert decision_of(world).without_deploy == ("webhook:purge",)


def test_a_restart_is_proved_over_the_deploy_that_it_made() -> None:
    """It is of the same code by our own request, and no suspect."""
    restart = Remedy(RESTART, 120.0, has_look=True, without_deploy=True)
    world = leaking(policy(restart), cured_by=RESTART).run(900.0)
    assert (ended(world), world.broken, len(world.pages())) == (Outcome.CURED, [], 1)
    late = leaking(policy(restart)).run(900.0)
    assert (attempts(late), late.sent, late.broken) == ([(RESTART, RemedyResult.NO_HELP)], [], [])


@pytest.mark.parametrize(
    ("outcome", "result", "requests"),
    [
        ("refused", RemedyResult.REFUSED, 1),
        ("already", RemedyResult.DONE_ALREADY, 1),
        ("postponed", RemedyResult.NO_HELP, 2),
        ("unread", RemedyResult.UNKNOWN, 1),
        ("lost", RemedyResult.UNKNOWN, 1),
        ("silent", RemedyResult.UNKNOWN, 1),
    ],
)
def test_every_other_outcome_leaves_it_to_those_who_were_paged(
    outcome: str, result: RemedyResult, requests: int
) -> None:
    """Not sent: tried again once it is weighed again. Not known: nothing more is done, and people read so."""
    world = leaking(policy(ALONE, OTHER) if outcome in ("lost", "silent") else None, remedy_outcomes=[outcome])
    world.run(700.0)
    assert (attempts(world), len(world.switches), len(world.pages())) == ([(FLAG, result)], requests, 1)
    assert (web(world).phase, world.broken) == (Phase.PAGED, [])
    assert bool(incident_of(world).human_needed) is (outcome in ("lost", "silent"))
    assert (Topic.STOPPED_SHORT in topics(world)) is (outcome in ("lost", "silent"))
    assert bool(web(world).remedied) is (outcome not in ("refused", "already")), "nothing was sent: no cooldown"


def test_what_cannot_be_sent_for_two_minutes_is_given_up() -> None:
    """People have it all the time."""
    world = leaking(remedy_outcomes=["postponed"] * 200).run(700.0)
    assert attempts(world) == [] and world.broken == [] and web(world).phase is Phase.PAGED
    assert world.switches and len(world.switches) <= PUT_OFF_SECONDS / 5.0 + 1


def test_the_escalation_goes_on_while_it_is_tried() -> None:
    """By the clock of the page, also over a restart in the middle; an acknowledgement ends what follows."""
    world = tried(remedy_outcomes=["silent"])
    assert "WakeAt" in kinds(hear(world, e.Restarted(world.now + 1.0))) and web(world).phase is Phase.REMEDYING
    incident = incident_of(world)
    put(world, incident=replace(incident, muted=True))
    assert "Tell" in kinds(hear(world, e.TimePassed(world.now + 2.0))), "a silence that ended"
    mine = tried(policy(ALONE, OTHER))
    hear(mine, e.Acknowledged(mine.now, "web-1", "ann"))
    mine.run(700.0)
    assert [one.remedy for one in mine.switches] == [FLAG] and mine.broken == []
    told = [line for tell in mine.tells for line in tell.notice.lines]
    assert not any("switches webhook" in line for line in told), "what an acknowledgement prevents is not promised"


def test_what_is_known_late_to_be_unsent_begins_no_cooldown() -> None:
    """People were left with an unknown outcome; the next incident may try it."""
    world = leaking(remedy_outcomes=["lost"]).run(500.0)
    assert attempts(world) == [(FLAG, RemedyResult.UNKNOWN)] and web(world).remedied
    hear(world, e.RemedyRefused(world.now, *PLACE, "it is on"))
    assert incident_of(world).remedies[-1].result is RemedyResult.REFUSED and web(world).remedied == ()


def test_a_person_stops_it() -> None:
    """And nothing more is tried."""
    world = tried(policy(ALONE, OTHER), remedy_outcomes=["silent"])
    hear(world, e.Stopped(world.now, "web-1", "ann"))
    world.run(700.0)
    assert len(world.switches) == 1 and web(world).phase is Phase.PAGED and world.broken == []


# --- one flapping outage ---


def test_no_later_incident_tries_it_again_in_its_cooldown() -> None:
    """The outage pauses, its incident ends, and the next one begins: people have that one alone."""
    faults = [Fault(64.0, 130.0, code="aaaaaaa1"), Fault(900.0, FOREVER, code="aaaaaaa1")]
    world = leaking(faults=faults).run(1500.0)
    assert len(world.incidents) == 2 and len(world.switches) == 1 and world.broken == []
    assert decision_of(world).why_no_remedy == "each was tried, is in its cooldown, or is not for what fails"
    told = " ".join(line for tell in world.tells for line in tell.notice.lines)
    assert "No remedy is tried: each was tried, is in its cooldown, or is not for what fails." in told
    short = policy(replace(ALONE, cooldown_seconds=300.0))
    assert len(leaking(short, faults=faults).run(1500.0).switches) == 2
    assert web(world).remedied[0][0] == FLAG


# --- when it is tried ---


HOLD = Suppression("hold-1", "web", "ann", "a launch", 0.0, 1e12)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda world: wish(world, mode=Mode.OBSERVE), "mode: observe"),
        (lambda world: wish(world, mode=Mode.ASSIST), "mode: assist"),
        (lambda world: share(world, paused_by="ann"), "hold: paused by ann"),
        (lambda world: share(world, holds=(HOLD,)), "action hold: "),
        (lambda world: share(world, disarmed="two"), "armed: "),
        (lambda world: put(world, forbidden="403"), "key: "),
        (lambda world: put(world, acted_at=(world.now - 60.0,)), "cooldown: "),
        (lambda world: put(world, acted_at=tuple(world.now - 5000.0 - at for at in range(9))), "budget: "),
        (lambda world: put(world, flapping_since=world.now), "flapping: "),
        (lambda world: put(world, record_lacked_at=world.now), "record: "),
        (lambda world: wish(world, remedies=(replace(ALONE, when=(FailureType.CRASHES,)),)), "each was tried"),
        (lambda world: put(world, remedied=((FLAG, world.now - 60.0),)), "each was tried"),
        (lambda world: wish(world, remedies=(replace(ALONE, without_deploy=False),)), ""),
        (lambda world: wish(world, remedies=()), ""),
    ],
)
def test_what_forbids_it(change: Any, why: str) -> None:
    """People are paged in each case, and read why nothing is tried."""
    world = change(leaking().run(62.0)).run(130.0)
    found = decision_of(world)
    assert (world.switches, found.without_deploy, world.broken) == ([], (), [])
    assert found.why_no_remedy.startswith(why) and bool(found.why_no_remedy) is bool(why)
    assert world.pages() and web(world).phase is Phase.PAGED


def test_observe_mode_says_what_it_would_do() -> None:
    """And sends nothing."""
    world = leaking(policy(mode=Mode.OBSERVE)).run(400.0)
    would = "would switch feature flag new-checkout off though no deploy is suspected; would page: "
    assert decision_of(world).would.startswith(would) and not world.switches


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"platform_down": (0.0, FOREVER)}, "platform status: "),
        ({"upstream_down": (30.0, FOREVER)}, "another cause is likelier: "),
        ({"unreadable": (0.0, FOREVER)}, "no deploy can be blamed"),
    ],
)
def test_another_cause_explains_it_better(more: dict[str, Any], why: str) -> None:
    """A restart cures neither the platform nor a vendor; without a list of deploys none is acquitted."""
    world = leaking(**more).run(200.0)
    assert not world.switches and decision_of(world).why_no_remedy.startswith(why)


def test_a_deploy_that_is_suspected_has_its_own_way() -> None:
    """Before the rollback; and what is not critical is no case for it."""
    world = World(policy(), history(), faults=[Fault(64.0, FOREVER, code="bad00000")])
    world.ship(60.0, "bad00000")
    world.run(700.0)
    assert len(world.switches) == len(world.sent) == 1
    assert not any(one.without_deploy for one in world.incidents["web-1"].remedies)
    asked = World(policy(mode=Mode.ASSIST), history(), faults=[Fault(64.0, FOREVER, code="bad00000")])
    asked.ship(60.0, "bad00000")
    asked.run(130.0)
    assert decision_of(asked).why_no_remedy == "a deploy is suspected"
    blamed = decision_of(asked)
    assert blamed.blame is not None
    assert without_deploy.suspected(blamed.blame) == "a deploy is suspected"
    high = without_deploy.weigh((ALONE,), (ALONE,), Course.PAGE, Severity.HIGH, blamed.blame, ())
    assert high.why_not == "it is high, and only what is critical is a case for a remedy"


def test_every_guard_is_either_of_a_rollback_or_holds_here_too() -> None:
    """A new guard has to be put in one of the two."""
    names = {answer.name for answer in decision_of(leaking().run(130.0)).guards}
    assert len(names) == len(GUARDS) and names <= without_deploy.ASKED | without_deploy.OF_A_ROLLBACK
    assert without_deploy.ASKED.isdisjoint(without_deploy.OF_A_ROLLBACK)


def test_it_waits_for_what_other_workers_see_and_for_a_fresh_failure() -> None:
    """Both are looked at again soon."""
    world = tried(remedy_outcomes=["silent"])
    ctx = a_turn_of(put(world, phase=Phase.PAGED, incident=replace(incident_of(world), remedies=())))
    two = replace(world.policy, services={**world.policy.services, "shop": world.policy.services["web"]})
    ctx.policy = two
    try_without_deploy(ctx)
    assert not ctx.effects
    healed = {name: replace(one, last_bad_at=None) for name, one in web(world).checks.items()}
    later = a_turn_of(put(world, checks=healed))
    try_without_deploy(later)
    assert not later.effects


# --- the last look, and the promises ---


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda world: world, ""),
        (lambda world: share(world, paused_by="ann"), "paused by ann"),
        (lambda world: share(world, holds=(HOLD,)), "action hold: "),
        (lambda world: wish(world, mode=Mode.OBSERVE), "mode: "),
        (lambda world: put(world, phase=Phase.PAGED), "flag new-checkout for web-1 is no longer wanted"),
        (lambda world: acknowledged(world), "ann acknowledged it, and may be repairing it"),
    ],
)
def test_the_last_look_before_it_is_sent(change: Any, why: str) -> None:
    """A target of a rollback is none of its business."""
    world = change(tried(remedy_outcomes=["silent"]))
    found = pre_send_check.reason_not_to_send(world.state, world.policy, TryRemedy(*PLACE), world.now)
    assert found.startswith(why) and bool(found) is bool(why)


def acknowledged(world: World) -> World:
    """Return the world after a person acknowledged its incident."""
    hear(world, e.Acknowledged(world.now, "web-1", "ann"))
    return world


def violated(change: Any, its: Policy | None = None) -> str:
    """Return what the step violates that requests it, with a changed state before or after it."""
    world = tried(remedy_outcomes=["silent"])
    paged = replace(web(world), phase=Phase.PAGED, remedied=())
    before, after = change(on_web(replace(world.state, services={"web": paged}), remedies=()), world.state)
    return invariants.violated_invariant(before, after, (TryRemedy(*PLACE),), its or world.policy).partition(": ")[2]


def on_web(state: Any, **fields: Any) -> Any:
    """Return the state with these fields of web's incident."""
    service = state.services["web"]
    return replace(state, services={"web": replace(service, incident=replace(service.incident, **fields))})


def of_rollback(state: Any) -> Any:
    """Return the state whose live deploy is itself a rollback, as after an earlier incident."""
    service = state.services["web"]
    first, *older = service.deploys
    changed = replace(service, deploys=(replace(first, trigger="rollback"), *older))
    return replace(state, services={"web": changed})


def requested(state: Any, at: float) -> Any:
    """Return the state in which it was requested then."""
    service = replace(state.services["web"], remedied=((FLAG, at),))
    return replace(state, services={"web": service})


@pytest.mark.parametrize(
    ("change", "its", "why"),
    [
        (lambda was, now: (was, now), None, ""),
        (lambda was, now: (was, of_rollback(now)), None, ""),
        (lambda was, now: (was, now), policy(replace(ALONE, without_deploy=False)), "it is tried before a rollback"),
        (lambda was, now: (was, on_web(now, severity=Severity.HIGH)), None, "it is no critical incident"),
        (lambda was, now: (was, on_web(now, decision=None)), None, "it is no critical incident"),
        (lambda was, now: (requested(was, now.services["web"].phase_since - 60.0), now), None, "it is in its cooldown"),
    ],
)
def test_what_would_break_a_promise(change: Any, its: Policy | None, why: str) -> None:
    """Each has its name."""
    found = violated(change, its)
    assert found.startswith(why) and bool(found) is bool(why), found


def test_a_decision_that_weighed_nothing_is_no_case() -> None:
    """As of a rollback by hand."""
    found = violated(lambda was, now: (was, on_web(now, decision=replace(decision_in(now), blame=None))))
    assert found == "nothing was weighed"


def decision_in(state: Any) -> Any:
    """Return what was decided of web's incident."""
    return state.services["web"].incident.decision


def test_a_mode_that_asks_is_no_yes() -> None:
    """Nobody is asked about a remedy without a suspect."""
    assert any(one.verdict is Verdict.ASK for one in decision_of(leaking(policy(mode=Mode.ASSIST)).run(130.0)).guards)
    assert lines(hear(tried(), e.TimePassed(0.0)), "ASKED") == [] and ANSWER_PATIENCE_SECONDS > 0
