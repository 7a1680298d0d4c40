"""Remedies: a feature flag is switched off in the place of the decided rollback, and proves itself or does not."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.world import FOREVER, RESTART, START, Fault, World
from tests.core.worlds import bad_world, decision_of, flagged, hear, incident_of, put, reach, share, topics, until, web
from tests.core.worlds import wish as wished
from tests.support.effect_readers import kinds, lines, notices
from watchdog.core.phases.remedies import ANSWER_PATIENCE_SECONDS
from watchdog.domain import events as e
from watchdog.domain.incidents import HumanDecision, Outcome, Phase
from watchdog.domain.notices import Topic
from watchdog.domain.policy import Mode, SignalPolicy, Suppression
from watchdog.domain.remedies.remedy import Remedy, RemedyResult
from watchdog.presentation.situation import Situation, situation

FLAG = "new-checkout"
PLACE = ("web", "web-1", FLAG)
HOLD = Suppression("hold-1", "web", "ann", "a launch", START, START + 3600.0)


def proving(**more: Any) -> World:
    """Return a world whose flag is off since a second."""
    world = reach(Phase.REMEDYING, remedy_outcomes=["off"], **more).run(108.0)
    while incident_of(world).remedies[-1].done_at is None:
        world.run(world.time + 1.0)
    return world


def attempts(world: World) -> list[tuple[str, RemedyResult]]:
    """Return what came of each remedy of the world's incidents."""
    return [(one.name, one.result) for incident in world.incidents.values() for one in incident.remedies]


def ended(world: World) -> Outcome:
    """Return how the world's one incident ended."""
    (incident,) = world.incidents.values()
    return incident.outcome


# --- what comes of it ---


def test_a_flag_that_cures_ends_the_incident_without_a_rollback() -> None:
    """It is proved as a rollback is; nothing else is changed, and people read what is off."""
    world = bad_world(flagged(), cured_by=FLAG).run(700.0)
    assert (len(world.switches), world.pins, world.sent, world.restores) == (1, [], [], [])
    assert (ended(world), attempts(world), world.broken) == (Outcome.REMEDIED, [(FLAG, RemedyResult.HELPED)], [])
    assert web(world).acted_at == () and world.state.denied == (), "no rollback is in the books"
    assert topics(world) == [Topic.FLAG_OFF, Topic.CLOSED] and not world.pages()
    proof = next(note.text for note in world.notes if note.label == "VERIFIED")
    assert proof == "home: 90 of 90 probes good since flag new-checkout was off"
    assert world.tells[-1].notice.title == "web is back after 42 s: flag new-checkout is off"
    assert "Switch feature flag new-checkout, off since 14:15 UTC, on again" in " ".join(world.tells[-1].notice.lines)


def test_a_flag_that_does_not_cure_is_followed_by_the_rollback() -> None:
    """A minute after the switch it still fails: decided anew, and rolled back; the flag stays off."""
    world = bad_world(flagged()).run(700.0)
    assert (len(world.switches), len(world.sent), world.broken) == (1, 1, [])
    assert (ended(world), attempts(world)) == (Outcome.VERIFIED, [(FLAG, RemedyResult.NO_HELP)])
    switched, rolled = world.switches[0], world.sent[0][0]
    assert switched.incident == rolled.incident == "web-1"
    assert topics(world) == [Topic.FLAG_OFF, Topic.ROLLING_BACK, Topic.CLOSED] and not world.pages()
    off = "Feature flag new-checkout is off since 14:15 UTC and did not help; it stays off until you switch it on."
    assert any(off in line for line in world.tells[1].notice.lines)
    assert web(world).acted_at != (), "the rollback alone is in the books"


@pytest.mark.parametrize(
    ("outcome", "result", "said"),
    [
        ("refused", RemedyResult.REFUSED, "was not switched off: the flag service answered 403"),
        ("postponed", RemedyResult.HELPED, "interrupted before it was sent"),
        ("already", RemedyResult.DONE_ALREADY, "was off already"),
        ("unread", RemedyResult.UNKNOWN, "is off is not known: it cannot be read 30 s later"),
    ],
)
def test_a_flag_that_was_not_switched_off(outcome: str, result: RemedyResult, said: str) -> None:
    """Refused, or not read: the rollback follows. Not sent: the flag is tried again, once it is decided anew."""
    world = bad_world(flagged(), cured_by=FLAG, remedy_outcomes=[outcome]).run(700.0)
    assert attempts(world) == [(FLAG, result)] and world.broken == []
    assert any(said in note.text for note in world.notes if note.label == "WAIT")
    assert bool(world.sent) is (outcome != "postponed")
    assert len(world.switches) == (1 if world.sent else 2)


def test_the_flags_are_tried_in_their_order_one_after_the_other() -> None:
    """And each once; the last resort is the rollback."""
    world = bad_world(flagged(Mode.AUTONOMOUS, "one", "two")).run(900.0)
    assert [one.remedy for one in world.switches] == ["one", "two"] and len(world.sent) == 1
    assert attempts(world) == [("one", RemedyResult.NO_HELP), ("two", RemedyResult.NO_HELP)]
    second = bad_world(flagged(Mode.AUTONOMOUS, "one", "two"), cured_by="two").run(900.0)
    assert (ended(second), second.sent, second.broken) == (Outcome.REMEDIED, [], [])


@pytest.mark.parametrize("how", ["lost", "silent"])
def test_an_unknown_outcome_pages_and_nothing_more_is_done(how: str) -> None:
    """Nothing tells whether the flag is off: one page, no rollback."""
    world = bad_world(flagged(), remedy_outcomes=[how]).run(700.0)
    assert (world.sent, world.pins, len(world.switches), world.broken) == ([], [], 1, [])
    assert attempts(world) == [(FLAG, RemedyResult.UNKNOWN)] and web(world).phase is Phase.PAGED
    assert "outcome is unknown" in incident_of(world).human_needed and len(world.pages()) == 1
    told = "Whether feature flag new-checkout is off is not known: look in your flag service."
    assert any(told in line for line in world.pages()[0].notice.lines)


def test_people_hear_of_a_flag_that_may_be_off_though_the_incident_ends_by_itself() -> None:
    """The answer and every look failed, and the flag was the cure: nobody had a notice yet."""
    world = bad_world(flagged(), cured_by=FLAG, remedy_outcomes=["unread_and_off"]).run(700.0)
    assert (ended(world), world.sent, world.pages()) == (Outcome.BY_ITSELF, [], [])
    assert topics(world) == [Topic.CLOSED] and attempts(world) == [(FLAG, RemedyResult.UNKNOWN)]
    told = "Look in your flag service whether feature flag new-checkout is off, and switch it on again"
    assert any(told in line for line in world.tells[-1].notice.lines)
    assert any("whether feature flag new-checkout is off is not known" in line for line in world.tells[-1].notice.lines)


def test_a_yes_that_was_not_read_back_is_told_with_these_words() -> None:
    """In the story, and to the people who read that the flag is off."""
    world = reach(Phase.REMEDYING)
    effects = hear(world, e.RemedyDone(world.now, *PLACE, "its service answered yes, and it could not be read"))
    assert lines(effects, "ACT") == [
        "feature flag new-checkout is off: its service answered yes, and it could not be read"
    ]
    assert incident_of(world).remedies[-1].why == "its service answered yes, and it could not be read"


# --- when it is tried ---


def test_without_remedies_and_in_mode_observe_nothing_is_switched() -> None:
    """Observe mode says what it would do first."""
    world = reach(Phase.PAGED, flagged(Mode.OBSERVE))
    assert (world.switches, world.pins) == ([], [])
    would = "would first switch feature flag new-checkout off; then roll back to dep-40 (aaaaaaa)"
    assert decision_of(world).would == would and decision_of(world).first == (FLAG,)
    assert decision_of(reach(Phase.PINNING)).first == ()


def test_a_yes_switches_the_flag_off_first_and_covers_the_rollback() -> None:
    """Mode assist: the question says so; a flag that does not help needs no second yes."""
    world = bad_world(flagged(Mode.ASSIST), answer="approve").run(900.0)
    first = "First the daemon switches feature flag new-checkout off, and rolls back only if that does not help."
    assert any(first in line for line in world.tells[0].notice.lines)
    assert [one.approved_by for one in world.switches] == ["a human"] and len(world.sent) == 1
    assert topics(world).count(Topic.ASKED) == 1 and world.broken == []


def test_a_veto_window_without_a_stop_covers_both() -> None:
    """It is announced once."""
    world = bad_world(flagged(veto_seconds=60.0)).run(900.0)
    assert (len(world.switches), len(world.sent), topics(world).count(Topic.ANNOUNCED)) == (1, 1, 1)


def test_nothing_is_switched_for_a_site_that_answers_again() -> None:
    """It was announced and recovers just before the window ends: decided anew with the next failure."""
    world = reach(Phase.ANNOUNCED, flagged(veto_seconds=20.0), faults=[Fault(64.0, 115.0, code="bad00000")])
    ends = incident_of(world).announced_until
    assert ends is not None
    put(world, checks={"home": replace(web(world).checks["home"], last_bad_at=ends - 16.0)})
    effects = hear(world, e.TimePassed(ends))
    assert "TryRemedy" not in kinds(effects) and lines(effects, "WAIT")
    assert web(world).phase is Phase.SUSPECT


def test_a_rollback_by_hand_is_no_case_for_a_flag() -> None:
    """A person asked for the rollback itself; while a flag is tried, they stop that first."""
    calm = reach(Phase.CALM, flagged())
    assert "PinAutoDeploy" in kinds(hear(calm, e.RollbackRequested(calm.now, "web", "ann")))
    busy = reach(Phase.REMEDYING)
    (why,) = lines(hear(busy, e.RollbackRequested(busy.now, "web", "ann")), "REFUSED")
    assert why == "web-1 is being handled: remedying"


# --- people, and the state of all ---


@pytest.mark.parametrize("event", [e.Stopped, e.Rejected])
def test_a_person_stops_it_at_any_moment(event: type[e.Stopped | e.Rejected]) -> None:
    """Before the answer or during the proof: no rollback follows; a flag that is off after all is told of."""
    for world in (reach(Phase.REMEDYING), proving()):
        hear(world, event(world.now, "web-1", "ann"))
        assert (web(world).phase, incident_of(world).remedy) == (Phase.PAGED, None)
        assert incident_of(world).remedies[-1].result is RemedyResult.ENDED
        assert incident_of(world).human_decision is HumanDecision.STOPPED
    late = reach(Phase.REMEDYING)
    hear(late, event(late.now, "web-1", "ann"))
    effects = hear(late, e.RemedyDone(late.now, *PLACE))
    assert notices(effects) == ["updated"] and incident_of(late).remedies[-1].done_at == late.now
    assert hear(late, e.RemedyDone(late.now, *PLACE)) == (), "told once"


def test_a_flag_of_an_incident_that_is_over_is_told_of() -> None:
    """Nobody would look for it otherwise."""
    world = reach(Phase.CALM)
    (tell,) = hear(world, e.RemedyDone(world.now, *PLACE))
    assert tell.notice.title == "web: feature flag new-checkout is off"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("change", "then"),
    [
        (lambda world: share(world, paused_by="ann"), Phase.PAGED),
        (lambda world: share(world, holds=(HOLD,)), Phase.ASKING),
        (lambda world: wished(world, mode=Mode.OBSERVE), Phase.PAGED),
    ],
)
def test_after_a_flag_without_effect_every_guard_is_asked_again(change: Any, then: Phase) -> None:
    """What forbids a rollback by then, forbids it."""
    world = change(proving())
    assert web(until(then, world)).phase is then and not world.sent and not world.pins


def test_another_deploy_ends_the_wait() -> None:
    """A repair went live during the proof: no reading tells what the flag did."""
    world = proving()
    world.ship(world.time + 5.0, "fix00000", seconds=4.0)
    world.run(700.0)
    assert attempts(world) == [(FLAG, RemedyResult.ENDED)] and not world.sent
    assert ended(world) is Outcome.BY_ITSELF
    how = "it recovered before a rollback was sent; feature flag new-checkout is off"
    assert any(how in line for line in world.tells[-1].notice.lines), "the notice of that may not have arrived"


# --- the proof ---


def test_failures_in_the_first_minute_are_waited_for() -> None:
    """Programs read their flags every half a minute: it fails on for a while, and is cured all the same."""
    world = bad_world(flagged(), faults=[Fault(64.0, 150.0, code="bad00000")]).run(700.0)
    assert (ended(world), world.sent) == (Outcome.REMEDIED, [])


def test_a_site_that_fails_again_during_the_proof_is_rolled_back() -> None:
    """The minute is over, and two probes fail close together."""
    faults = [Fault(64.0, 110.0, code="bad00000"), Fault(200.0, FOREVER, code="bad00000")]
    world = bad_world(flagged(), faults=faults).run(900.0)
    assert attempts(world) == [(FLAG, RemedyResult.NO_HELP)] and len(world.sent) == 1
    assert any("home fails still" in note.text for note in world.notes if note.label == "WAIT")


def test_time_spent_blind_or_in_a_downtime_proves_nothing() -> None:
    """Neither for the flag nor against it."""
    world = share(proving(), blind_since=START)
    for later in (61.0, 400.0):
        hear(world, e.TimePassed(world.now + later))
        assert web(world).phase is Phase.REMEDYING
    down = proving()
    down.facts = replace(down.facts, maintenance=True)
    down.run(down.time + 120.0)
    assert web(down).phase is Phase.REMEDYING and web(down).checks["home"].counts_from > down.now - 10.0


def test_without_readings_the_wait_ends() -> None:
    """Nothing fails and nothing is proved: decided anew, by fresh readings alone."""
    world = proving()
    effects = hear(world, e.TimePassed(world.now + 400.0))
    assert web(world).phase is Phase.SUSPECT and incident_of(world).remedies[-1].result is RemedyResult.NO_HELP
    assert "the recovery is not proved: home: not read since" in lines(effects, "WAIT")[0]
    assert incident_of(world).rollback.blocked_since == incident_of(world).remedies[-1].ended_at, "its own patience"


def test_a_feed_that_cannot_be_read_does_not_keep_a_cure_from_being_proved() -> None:
    """Good probes prove it, once the wait for the feed is over."""
    policy = flagged()
    errors = SignalPolicy("errors", "sentry", critical=True)
    web_policy = replace(policy.services["web"], signals=(*policy.services["web"].signals, errors))
    policy = replace(policy, services={"web": web_policy})
    world = bad_world(policy, cured_by=FLAG, errors_unread=(100.0, FOREVER)).run(1500.0)
    assert (ended(world), world.sent) == (Outcome.REMEDIED, [])
    proof = next(note.text for note in world.notes if note.label == "VERIFIED")
    assert "errors still unknown" in proof


def test_a_stretch_that_is_good_now_and_then_is_no_proof() -> None:
    """The probes were interrupted shortly before the wait ended: nothing fails, and nothing is proved."""
    world = proving(cured_by=FLAG)
    done_at = incident_of(world).remedies[-1].done_at
    assert done_at is not None
    world.run(world.time + 170.0)
    checks = {name: replace(check, interrupted_at=check.last_at) for name, check in web(world).checks.items()}
    put(world, checks=checks)
    for at in range(10, 700, 10):
        hear(world, e.TimePassed(world.now + at))
    assert web(world).phase is Phase.SUSPECT


# --- restarts ---


def test_a_restart_keeps_what_was_done_and_waits_anew_for_an_answer() -> None:
    """The proof keeps its times; the outcome of a request is looked up, which takes its time."""
    world = reach(Phase.REMEDYING)
    later = world.now + ANSWER_PATIENCE_SECONDS - 1.0
    hear(world, e.Restarted(later))
    hear(world, e.TimePassed(later + 2.0))
    assert web(world).phase is Phase.REMEDYING
    hear(world, e.TimePassed(later + ANSWER_PATIENCE_SECONDS))
    assert web(world).phase is Phase.PAGED
    off = proving()
    before = incident_of(off).remedies
    effects = hear(off, e.Restarted(off.now + 1.0))
    assert incident_of(off).remedies == before and kinds(effects).count("WakeAt") == 3
    assert "TryRemedy" not in kinds(effects)


@pytest.mark.parametrize("outcome", [e.RemedyRefused, e.RemedyLost, e.RemedyDone])
def test_a_newer_workers_remedy_is_taken_over_and_not_tried_again(outcome: type) -> None:
    """Its kind is unknown here, and the policy has no such remedy: what came of it counts all the same."""
    world = reach(Phase.REMEDYING)
    attempt = replace(incident_of(world).remedies[-1], name="scale:3")
    put(world, incident=replace(incident_of(world), remedies=(attempt,)))
    hear(world, e.Restarted(world.now + 1.0))
    effects = hear(world, outcome(world.now + 2.0, "web", "web-1", "scale:3", "why"))
    assert "TryRemedy" not in kinds(effects) and incident_of(world).remedies[-1].name == "scale:3"
    assert incident_of(world).remedies[-1].result is not RemedyResult.UNDER_WAY or outcome is e.RemedyDone


@pytest.mark.parametrize("outcome", [e.RemedyRefused, e.RemedyPostponed, e.RemedyLost])
def test_an_outcome_that_is_not_awaited_changes_nothing(outcome: type) -> None:
    """Delivered again, or of another flag."""
    world = proving()
    assert hear(world, outcome(world.now, *PLACE, "no")) == ()
    waiting = reach(Phase.REMEDYING)
    assert hear(waiting, outcome(waiting.now, "web", "web-1", "other", "no")) == ()
    assert (
        hear(world, e.RemedyDone(world.now, *PLACE))
        == ()
        == hear(waiting, e.RemedyDone(waiting.now, "web", "web-1", "other"))
    )


def test_the_situation_is_told_from_the_record() -> None:
    """While it is sent and while it is proved; afterwards it is the rollback's."""
    world = reach(Phase.REMEDYING)
    assert situation(incident_of(world)) is situation(incident_of(proving())) is Situation.REMEDYING
    hear(world, e.RemedyRefused(world.now, *PLACE, "no"))
    assert situation(incident_of(world)) is Situation.SENDING


def test_a_site_that_recovers_after_the_flag_was_given_up_teaches_nothing() -> None:
    """How long it failed says nothing of its restarts: the flag may have ended it."""
    world = bad_world(flagged(), faults=[Fault(64.0, 168.0, code="bad00000")]).run(700.0)
    checks = web(world).checks["home"]
    assert not world.sent or ended(world) is not Outcome.REMEDIED
    assert checks.spells.count <= 1


def test_people_are_paged_about_a_rollback_that_is_due_a_minute_after_the_flag() -> None:
    """Not at once: until then the flag was tried."""
    world = bad_world(flagged(), outcomes=["postponed"] * 40).run(220.0)
    assert not world.pages()
    world.run(260.0)
    assert [tell.notice.about.topic for tell in world.pages() if tell.notice.about] == [Topic.OVERDUE]


@pytest.mark.parametrize(
    ("outcome", "result", "noted"),
    [
        (e.RemedyRefused, RemedyResult.REFUSED, "feature flag new-checkout was not switched off: no"),
        (e.RemedyPostponed, RemedyResult.REFUSED, "feature flag new-checkout was not switched off: no"),
        (e.RemedyLost, RemedyResult.UNKNOWN, "whether feature flag new-checkout is off is not known: no"),
    ],
)
def test_after_a_stop_only_a_flag_that_is_off_is_news(outcome: type, result: RemedyResult, noted: str) -> None:
    """Whether it is off is not known before the outcome, and people read so; every other outcome is recorded."""
    world = reach(Phase.REMEDYING)
    hear(world, e.Stopped(world.now, "web-1", "ann"))
    assert incident_of(world).remedies[-1].unknown
    effects = hear(world, outcome(world.now, *PLACE, "no"))
    assert (kinds(effects), lines(effects, "ACT")) == (["Note"], [noted])
    assert incident_of(world).remedies[-1].result is result
    assert hear(world, outcome(world.now, *PLACE, "no")) == (), "once"
    put(world, incident=replace(incident_of(world), closed_at=world.now))
    assert hear(world, outcome(world.now, *PLACE, "no")) == ()


# --- a restart, which the platform shows as a deploy of the same code ---

RESTARTED = replace(flagged(), services={"web": replace(flagged().services["web"], remedies=(Remedy(RESTART, 120.0),))})


@pytest.mark.parametrize("cures", [True, False])
def test_a_restart_is_proved_over_the_deploy_that_it_made(cures: bool) -> None:
    """That deploy is the same code by our own request: it neither ends the wait nor shields the bad commit."""
    world = bad_world(RESTARTED, cured_by=RESTART if cures else "").run(900.0)
    result = RemedyResult.HELPED if cures else RemedyResult.NO_HELP
    assert (attempts(world), len(world.sent), world.broken) == ([(RESTART, result)], 0 if cures else 1, [])
    assert ended(world) is (Outcome.CURED if cures else Outcome.VERIFIED)
    assert topics(world)[0] is Topic.REMEDY_DONE and world.deploys[-3].id != web(world).live


def test_other_code_during_a_restart_ends_the_wait() -> None:
    """A repair went live: no reading tells what the restart did."""
    world = reach(Phase.REMEDYING, RESTARTED, remedy_outcomes=["silent"])
    hear(world, e.RemedyDone(world.now, "web", "web-1", RESTART))
    world.ship(world.time + 5.0, "fix00000", seconds=4.0)
    world.run(700.0)
    assert attempts(world) == [(RESTART, RemedyResult.ENDED)] and not world.sent
