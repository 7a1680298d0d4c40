"""A service that moves from a worker whose clock was an hour fast: nothing of it may wait for that hour."""

from dataclasses import replace

import pytest

from tests.core.phases.test_approval import after, asked
from tests.core.scenes import NOW, a_service, an_incident
from tests.core.world import START, Fault, World, make_policy, old_deploy
from watchdog.core.fold.clock_skew import clamp_future_times
from watchdog.domain import events as e
from watchdog.domain.checks import Check, UsualErrors, UsualLatency
from watchdog.domain.decisions import Course, Decision
from watchdog.domain.deploys import Deploy, Downtime
from watchdog.domain.incident_parts import Escalation, Question
from watchdog.domain.incidents import Incident, Phase
from watchdog.domain.policy import Then
from watchdog.domain.readings import Good
from watchdog.domain.severity import Severity

HOUR = 3600.0


def test_what_is_past_is_left_alone() -> None:
    """Nothing ahead: the very same knowledge."""
    service = a_service(name="web", phase_since=NOW - 5.0, checks={"home": Check("home", "http", last_at=NOW)})
    assert clamp_future_times(service, NOW) == service


def test_moments_ahead_become_now_and_deadlines_stay() -> None:
    """The incident's and the service's own; a veto window that still runs is meant to lie ahead."""
    incident = Incident("web-1", "web", Severity.HIGH, NOW + HOUR, NOW - 1.0, "x", announced_until=NOW + 60.0)
    incident = replace(incident, severity_since=NOW + HOUR)
    deploy = Deploy("dep-1", "live", "api", commit="a" * 40, created_at=NOW - 9.0, update_seen_at=NOW + HOUR)
    service = a_service(
        name="web",
        phase_since=NOW + HOUR,
        opened_at=(NOW + HOUR,),
        failed_from=(("home", NOW + HOUR), ("api", NOW - 9.0)),
        record_gap_notices=(("dep-1", NOW + HOUR),),
        record_lacked_at=NOW + HOUR,
        watch_until=NOW + HOUR,
        switch_visible_at=NOW + HOUR,
        incident=incident,
        deploys=(deploy,),
        downtime=Downtime("in maintenance mode", NOW + HOUR, NOW - 9.0, NOW + HOUR),
    )
    seen = clamp_future_times(service, NOW)
    assert seen.downtime == Downtime("in maintenance mode", NOW, NOW - 9.0, NOW)
    assert (seen.phase_since, seen.opened_at) == (NOW, (NOW,))
    assert (seen.record_lacked_at, seen.failed_from) == (NOW, (("home", NOW), ("api", NOW - 9.0)))
    assert (seen.switch_visible_at, seen.record_gap_notices) == (NOW + 30.0, (("dep-1", NOW),))
    assert seen.incident is not None and seen.deploys[0].update_seen_at == NOW
    assert (seen.incident.opened_at, seen.incident.onset_at, seen.incident.severity_since) == (NOW, NOW - 1.0, NOW)
    assert (seen.incident.announced_until, seen.watch_until) == (NOW + 60.0, NOW + HOUR)
    # By a clock an hour ahead the time of a switch that may still land is over: it is waited for anew.
    switched = a_service(auto_deploy_off="commit", switch_visible_at=NOW - HOUR)
    assert clamp_future_times(switched, NOW).switch_visible_at == NOW + 30.0


def test_what_was_done_by_a_right_clock_is_as_recent_after_a_slow_one_took_over() -> None:
    """Storm seed 3315306: a slow clock dated a restart an hour back, and a right one then restarted again."""
    ahead = (NOW - 9.0, NOW + HOUR)
    service = a_service(name="web", acted_at=ahead, remedied=(("restart", NOW + HOUR), ("scale", NOW + 48 * HOUR)))
    by_slow_clock = clamp_future_times(service, NOW)
    assert by_slow_clock.acted_at == ahead
    assert by_slow_clock.remedied == (("restart", NOW + HOUR), ("scale", NOW + 24 * HOUR)), "no clock is days off"


def test_a_decision_and_what_keeps_it_from_being_done_are_no_younger_than_now() -> None:
    """An order by hand has an age, and so has what was put off."""
    decision = Decision(NOW + HOUR, Course.ROLLBACK, Severity.HIGH, "asked", None, 0.0, "assist")
    ahead = dict.fromkeys(("blocked_since", "healed_at", "refused_at"), NOW + HOUR)
    incident = an_incident(decision=decision, **ahead)
    seen = clamp_future_times(a_service(name="web", incident=incident), NOW).incident
    assert (seen.decision.at, seen.decision.why) == (NOW, "asked")
    assert (seen.rollback.blocked_since, seen.rollback.healed_at, seen.rollback.refused_at) == (NOW, NOW, NOW)
    old = replace(incident, decision=replace(decision, at=NOW - 5.0))
    kept = clamp_future_times(a_service(name="web", incident=old), NOW).incident
    assert kept.decision is not None and kept.decision.at == NOW - 5.0


def test_what_people_were_asked_and_who_was_called_is_no_younger_than_now() -> None:
    """An acknowledgement of an hour ahead would keep the others asleep for an hour longer; a default is no moment."""
    ahead = dict.fromkeys(("asked_at", "asked_anew_at", "approved_at"), NOW + HOUR)
    asked = Question(approved_by="ann", defaulted_at=NOW + HOUR, **ahead)
    called = Escalation(notified_at=NOW + HOUR, called_at=NOW + HOUR, acknowledged_by="bob", acknowledged_at=NOW + HOUR)
    made = an_incident(question=asked, escalation=called)
    seen = clamp_future_times(a_service(incident=made), NOW).incident
    assert seen is not None
    assert seen.question == replace(asked, **dict.fromkeys(ahead, NOW))
    assert seen.escalation == replace(called, notified_at=NOW, called_at=NOW, acknowledged_at=NOW)


@pytest.mark.parametrize("field", ["last_at", "counts_from", "stepped_at", "interrupted_at"])
def test_a_check_read_in_the_future_begins_anew(field: str) -> None:
    """Its run and its sums cannot be placed; its baseline is kept."""
    learnt = dict.fromkeys(("healed_at", "restart_at", "outage_at", "slow_healed_at"), NOW + 2.0)
    check = Check("home", "http", run_probes=4, last=Good(), usual=UsualLatency(average=2000.0), **learnt)
    ahead = {field: NOW + 1.0}
    check = replace(check, usual=replace(check.usual, **ahead)) if field == "stepped_at" else replace(check, **ahead)
    check = replace(check, usual_errors=UsualErrors(learns_from=NOW + 2.0))
    seen = clamp_future_times(a_service(name="web", checks={"home": check}), NOW).checks["home"]
    assert seen.usual_errors.learns_from == NOW
    assert (seen.run_probes, seen.usual.average, seen.counts_from) == (0, 2000.0, NOW)
    assert max(seen.last_at, seen.usual.stepped_at, seen.interrupted_at) <= NOW
    assert {getattr(seen, name) for name in learnt} == {NOW}


@pytest.mark.parametrize(("ahead", "probes"), [(2.0, 21), (5.0, 21), (5.1, 0)])
def test_a_run_that_a_slightly_fast_clock_dated_goes_on(ahead: float, probes: int) -> None:
    """Of two workers no clock is exactly right; a take-over in an outage must not count it from the start again."""
    began, last = NOW - 40.0 + ahead, NOW + ahead
    check = Check("home", "http", last_at=last, run_started_at=began, run_probes=21, failing_since=began)
    check = replace(check, last_bad_at=last, counts_from=began, recent=((began, True), (last, True)))
    seen = clamp_future_times(a_service(name="web", checks={"home": check}), NOW).checks["home"]
    assert seen.run_probes == probes
    if probes:
        assert {seen.run_started_at, seen.failing_since, seen.counts_from} == {began} and seen.last_bad_at == NOW
        assert seen.recent == ((began, True), (NOW, True))


def test_a_default_that_a_fast_clock_took_is_carried_out_by_a_right_one() -> None:
    """Nobody answered in time by the clock that asked: the other worker, a minute behind, breaks no promise by it."""
    world = asked(Severity.CRITICAL, then=Then.ROLLBACK)
    world.pin = "silent"
    after(world, 301.0)
    assert world.state.services["web"].phase is Phase.PINNING
    world.time -= 60.0
    world._due = dict.fromkeys(world._due, world.time)
    world.tell(e.Restarted(world.now, ("web",)))
    world.tell(e.PinConfirmed(world.now, "web", "web-1", "commit"))
    world.pin = "confirmed"
    world.run(world.time + 120.0)
    assert not world.broken and [rollback.target for rollback, *_ in world.sent] == ["dep-40"]


def test_an_incident_goes_on_at_once_on_a_worker_whose_clock_is_right() -> None:
    """The first worker was an hour ahead when it paged; the second closes the incident when the site is good again."""
    world = World(make_policy(), [old_deploy("dep-40", "c" * 40, 9.0, "live")], faults=[Fault(60.0, 200.0)])
    world.run(150.0)
    assert world.state.services["web"].phase is Phase.PAGED
    ahead = replace(world.state.services["web"].incident, reconsidered_at=START + HOUR, onset_at=START + HOUR)
    web = replace(world.state.services["web"], incident=ahead, phase_since=START + HOUR)
    checks = {name: replace(check, last_at=check.last_at + HOUR) for name, check in web.checks.items()}
    world.state = replace(world.state, services={"web": replace(web, checks=checks)})
    world.tell(e.Restarted(world.now, ("web",)))
    assert world.state.services["web"].phase_since <= world.now, "it is when a service changes hands"
    world.run(400.0)
    assert world.state.services["web"].phase is Phase.CALM
