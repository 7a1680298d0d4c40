"""Maintenance mode while people work: on for an acknowledged critical incident, off by itself, and never a person's."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.world import FOREVER, Fault, World, make_policy
from tests.core.worlds import hear, history, incident_of, put, share, web, wish
from tests.support.effect_readers import kinds, lines
from watchdog.core.assess import maintenance, suppression
from watchdog.core.checked_step import checked_step
from watchdog.core.fold.clock_skew import clamp_future_times
from watchdog.core.guards import invariants, pre_send_check
from watchdog.core.phases.maintenance_mode import AGAIN_SECONDS, ANSWER_PATIENCE_SECONDS
from watchdog.domain import events as e
from watchdog.domain.deploys import Downtime
from watchdog.domain.effects import TryRemedy
from watchdog.domain.incident_parts import Escalation
from watchdog.domain.incidents import Outcome, Phase
from watchdog.domain.policy import Mode, Policy, Suppression
from watchdog.domain.readings import Good
from watchdog.domain.remedies.maintenance_mode import OFF_TRIES, OFFS, ON, OwnMaintenance
from watchdog.domain.remedies.remedy import FailureType, Remedy
from watchdog.domain.severity import Severity
from watchdog.presentation.outlook import outlook
from watchdog.presentation.outlooks.current_state import current_state
from watchdog.presentation.status_text import quiets

PAGE = Remedy(ON, has_look=True, when=(FailureType.DOWN,), cooldown_seconds=1800.0, at_most_seconds=600.0)
HOLD = Suppression("hold-1", "web", "ann", "a launch", 0.0, 1e12)
ACKNOWLEDGED_AT = 200.0


def policy(remedy: Remedy = PAGE, mode: Mode = Mode.AUTONOMOUS) -> Policy:
    """Return the policy whose web has this remedy."""
    found = make_policy(mode)
    return replace(found, services={"web": replace(found.services["web"], remedies=(remedy,))})


def failing(*outcomes: str, end: float = FOREVER, **more: Any) -> World:
    """Return a world whose old deploy fails from 64 s until then, and whose people were paged."""
    world = World(more.pop("its", policy()), history(), faults=[Fault(64.0, end)], **more)
    world.remedy_outcomes += outcomes
    world.run(ACKNOWLEDGED_AT)
    assert (web(world).phase, world.switches) == (Phase.PAGED, [])
    return world


def working(*outcomes: str, **more: Any) -> World:
    """Return such a world after a person acknowledged it."""
    world = failing(*outcomes, **more)
    world.tell(e.Acknowledged(world.now, "web-1", "ann"))
    return world


def sent(world: World) -> list[str]:
    """Return the switches, in order; nothing violated an invariant."""
    assert world.broken == []
    return [one.remedy for one in world.switches]


def own(world: World) -> OwnMaintenance:
    """Return the record of the service's maintenance mode."""
    found = web(world).own_maintenance
    assert found is not None
    return found


def titles(world: World, wakes: bool = False) -> list[str]:
    """Return the titles of the notices about the switch."""
    return [one.notice.title for one in world.tells if "/" in one.notice.incident and one.notice.wakes is wakes]


# --- on ---


def test_it_is_on_while_people_work_and_off_when_they_say_so() -> None:
    """The incident closes by what probes see after it."""
    world = working(end=500.0).run(520.0)
    assert sent(world) == [ON] and world.facts.maintenance
    state = current_state(incident_of(world), world.state, world.policy, world.now)
    ends = "Maintenance mode is on while people work: watchdog incident stop web-1 switches it off, the daemon at "
    assert ends in outlook(incident_of(world), world.now, state=state).besides
    for _ in range(2):
        world.tell(e.Stopped(world.now, "web-1", "ann"))
    assert incident_of(world).human_needed == "", "her work is done; that is no order to the daemon"
    world.run(570.0)
    assert sent(world) == [ON, OFFS[0]] and not world.facts.maintenance and web(world).phase is Phase.PAGED
    world.run(700.0)
    assert world.incidents["web-1"].outcome is Outcome.RECOVERED and not own(world).may_be_on
    assert titles(world) == ["web: maintenance mode is on", "web: maintenance mode is off"]
    world.run(3000.0)
    assert sent(world) == [ON, OFFS[0]]


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        (lambda world: world, replace(PAGE, when=(FailureType.ERRORS,))),
        (lambda world: wish(world, mode=Mode.OBSERVE), PAGE),
        (lambda world: wish(world, mode=Mode.ASSIST), PAGE),
        (lambda world: wish(world, remedies=()), PAGE),
        (lambda world: share(world, paused_by="ann"), PAGE),
        (lambda world: share(world, disarmed="two"), PAGE),
        (lambda world: share(world, holds=(HOLD,)), PAGE),
        (lambda world: put(world, forbidden="403"), PAGE),
        (lambda world: share(world, blind_since=world.now), PAGE),
        (lambda world: put(world, facts=replace(world.facts, maintenance=True)), PAGE),
        (lambda world: put(world, facts=replace(world.facts, suspended=True)), PAGE),
        (lambda world: of_incident(world, severity=Severity.HIGH), PAGE),
        (lambda world: of_incident(world, announced_until=world.now + 600.0), PAGE),
        (lambda world: of_incident(world, closed_at=world.now), PAGE),
        (lambda world: of_incident(world, decision=None), PAGE),
        (lambda world: put(world, phase=Phase.ASKING), PAGE),
        (lambda world: seen_good(world), PAGE),
        (lambda world: put(world, own_maintenance=OwnMaintenance("web-1", 0.0, 0.0, off_at=0.0)), PAGE),
        (lambda world: earlier(world, PAGE.cooldown_seconds - 1.0), PAGE),
    ],
)
def test_what_forbids_it(change: Any, remedy: Remedy) -> None:
    """By what holds at the acknowledgement."""
    world = change(failing(its=policy(remedy)))
    assert "TryRemedy" not in kinds(hear(world, e.Acknowledged(world.now, "web-1", "ann")))


def of_incident(world: World, **fields: Any) -> World:
    """Change the world's incident."""
    return put(world, incident=replace(incident_of(world), **fields))


def seen_good(world: World) -> World:
    """Let nothing fail by the newest readings."""
    return put(world, checks={name: replace(one, last_bad_at=None) for name, one in web(world).checks.items()})


def earlier(world: World, ago: float) -> World:
    """Let it have been on for an earlier incident."""
    at = world.now - ago
    return put(world, own_maintenance=OwnMaintenance("web-0", at, at, on_at=at, off_at=at))


def test_it_waits_for_an_acknowledgement_and_comes_again_after_its_cooldown() -> None:
    """No one works on what no one has taken."""
    assert sent(failing().run(900.0)) == []
    world = earlier(failing(), PAGE.cooldown_seconds)
    assert "TryRemedy" in kinds(hear(world, e.Acknowledged(world.now, "web-1", "ann")))


def test_a_rollback_that_may_still_come_is_waited_for() -> None:
    """A pause blocks it, and passes: maintenance mode would be in its way."""
    world = World(policy(), history(), faults=[Fault(64.0, FOREVER, code="bad00000")])
    world.ship(60.0, "bad00000")
    world.tell(e.Paused(world.now, "bob"))
    world.run(ACKNOWLEDGED_AT)
    world.tell(e.Acknowledged(world.now, "web-1", "ann"))
    world.tell(e.Resumed(world.now + 1.0, "bob"))
    world.run(700.0)
    assert sent(world) == [] and len(world.sent) == 1


# --- what comes of the request ---


def test_one_that_was_on_before_is_a_persons() -> None:
    """It stays as it is, and silences as ever."""
    world = failing()
    world.facts = replace(world.facts, maintenance=True)  # not listed yet
    world.tell(e.Acknowledged(world.now, "web-1", "ann"))
    world.run(1500.0)
    assert sent(world) == [ON] and world.facts.maintenance and not own(world).may_be_on
    assert "a person's" in " ".join(lines(world.notes, "ACT"))
    assert suppression.by_platform(web(world), world.now) and web(world).remedied == ()


@pytest.mark.parametrize(("outcome", "requests"), [("refused", 1), ("lost", 1), ("lost_and_off", 2), ("silent", 2)])
def test_what_may_be_on_is_switched_off(outcome: str, requests: int) -> None:
    """Refused: nothing is on. No answer, or a lost one: it counts as on."""
    world = working(outcome).run(1000.0)
    assert sent(world)[0] == ON and len(world.switches) == requests
    assert not world.facts.maintenance and not own(world).may_be_on


def test_what_was_not_sent_is_asked_for_again_unless_a_person_ended_it() -> None:
    """Nothing of it is in the books meanwhile."""
    world = working("postponed").run(ACKNOWLEDGED_AT + AGAIN_SECONDS + 5.0)
    assert sent(world) == [ON, ON] and world.facts.maintenance
    ended = working("silent")
    hear(ended, e.Stopped(ended.now, "web-1", "ann"))
    hear(ended, e.RemedyPostponed(ended.now, "web", "web-1", ON, "she ended it"))
    ended.run(900.0)
    assert sent(ended) == [ON]


def test_a_yes_that_comes_late_is_switched_off() -> None:
    """As of a request that was taken for refused, or of a record that a restore of the store lacks."""
    for world in (working("refused").run(260.0), failing()):
        before = len(world.switches)
        world.tell(e.RemedyDone(world.now, "web", "web-1", ON, ""))
        assert own(world).may_be_on
        world.run(world.time + 5.0)
        assert sent(world)[before:] == [OFFS[0]]


def test_a_yes_that_comes_again_switches_off_no_one_elses() -> None:
    """A restart delivers it again: not a person's, and no word of an invariant where a later one is on."""
    world = working().run(400.0)
    world.facts = replace(world.facts, maintenance=False)
    world.run(450.0)
    world.facts = replace(world.facts, maintenance=True)
    world.tell(e.RemedyDone(world.now, "web", "web-1", ON, ""))
    world.run(900.0)
    assert sent(world) == [ON] and world.facts.maintenance
    later = working().run(260.0)
    later.tell(e.RemedyDone(later.now, "web", "web-0", ON, ""))
    assert sent(later) == [ON] and own(later).incident == "web-1"


# --- off ---


def test_a_second_yes_while_it_is_on_changes_nothing() -> None:
    """As after a restart: the record knows of it already."""
    world = working().run(300.0)
    before = own(world)
    hear(world, e.RemedyDone(world.now, "web", "web-1", ON, "on already", "off"))
    assert before.on_at is not None and own(world) == before and sent(world) == [ON]
    hear(world, e.RemedyDone(world.now, "web", "web-0", OFFS[0], ""))
    assert own(world) == before, "nor does the end of an earlier one"


def test_the_end_of_an_earlier_incidents_switch_leaves_the_open_one_alone() -> None:
    """What the open incident saw fail counts: it was not behind that page."""
    world = working().run(300.0)
    put(world, own_maintenance=replace(own(world), incident="web-0", off_asked_at=world.now, tries=1))
    seen = web(world).checks
    hear(world, e.RemedyDone(world.now, "web", "web-0", OFFS[0], "", "on"))
    assert not own(world).may_be_on and web(world).checks == seen


def test_it_is_off_after_its_time_and_what_still_fails_is_paged() -> None:
    """Once an incident, though it is acknowledged again."""
    world = working().run(ACKNOWLEDGED_AT + PAGE.at_most_seconds + 5.0)
    assert sent(world) == [ON, OFFS[0]] and len(world.pages()) == 1
    world.run(world.time + maintenance.GRACE_SECONDS + 10.0)
    assert len(world.pages()) == 2
    world.tell(e.Acknowledged(world.now, "web-1", "ann"))
    world.run(world.time + 900.0)
    assert sent(world) == [ON, OFFS[0]] and web(world).phase is Phase.PAGED


@pytest.mark.parametrize("phase", [Phase.PAGED, Phase.SUSPECT, Phase.ASKING, Phase.ANNOUNCED, Phase.VERIFYING])
def test_behind_a_page_that_answers_200_nothing_closes(phase: Phase) -> None:
    """In no phase: it may be on for a while after people have the incident no more, also where no list shows it."""
    world = share(put(working().run(204.0), phase=phase), paused_by="bob")
    for second in range(900):
        hear(world, e.Observed(world.now + second, "web", "home", Good(), 0.05))
        hear(world, e.Observed(world.now + second, "web", "api", Good(), 0.05))
    assert incident_of(world).closed_at is None and own(world).may_be_on


def test_right_after_a_page_that_answers_200_nothing_closes() -> None:
    """A page of one's own may do so: the readings of before it ended count no longer."""
    world = working(end=300.0).run(310.0)
    for second in range(200):
        hear(world, e.Observed(world.now + second, "web", "home", Good(), 0.05))
    at = world.now + 200.0
    hear(world, e.Stopped(at, "web-1", "ann"))
    hear(world, e.RemedyDone(at, "web", "web-1", OFFS[0], ""))
    hear(world, e.Observed(at + 1.0, "web", "home", Good(), 0.05))
    assert web(world).phase is Phase.PAGED and not own(world).may_be_on


@pytest.mark.parametrize(
    ("how", "why"),
    [
        (lambda world: e.RollbackRequested(world.now, "web", "ann"), ""),
        (lambda world: put(world, phase=Phase.CALM) and e.TimePassed(world.now), "not left to people any more"),
        (lambda world: of_incident(world, closed_at=world.now) and e.TimePassed(world.now), "its incident is over"),
    ],
)
def test_it_ends_with_the_incident_or_once_people_have_it_no_more(how: Any, why: str) -> None:
    """A rollback by hand is refused while it is on, as behind a person's: it could not be proved."""
    world = working().run(230.0)
    effects = hear(world, how(world))
    assert bool(lines(effects, "REFUSED")) is not bool(why) and ("TryRemedy" in kinds(effects)) is bool(why)
    assert why in own(world).why_off


def test_off_is_asked_for_again_then_people_are_paged() -> None:
    """Once; and a person who switches it off ends it."""
    world = working("off", *["refused"] * 99).run(ACKNOWLEDGED_AT + PAGE.at_most_seconds + 2400.0)
    assert sent(world) == [ON, *OFFS] and len(OFFS) == OFF_TRIES
    assert titles(world, wakes=True) == ["MAINTENANCE MODE IS ON on web"]
    assert own(world).may_be_on and not suppression.by_platform(web(world), world.now)
    world.facts = replace(world.facts, maintenance=False)
    world.run(world.time + 190.0)
    assert not own(world).may_be_on and titles(world)[-1] == "web: maintenance mode is off"


def test_an_outage_of_the_platforms_api_does_not_keep_it_on() -> None:
    """People read of it soon, and it is off once the API answers, a quarter of an hour later."""
    world = working("off", *["refused"] * 9).run(ACKNOWLEDGED_AT + PAGE.at_most_seconds + 240.0)
    assert titles(world, wakes=True) == ["MAINTENANCE MODE IS ON on web"] and world.facts.maintenance
    world.run(ACKNOWLEDGED_AT + PAGE.at_most_seconds + 1000.0)
    assert not world.facts.maintenance and not own(world).may_be_on


def test_without_an_answer_it_is_asked_for_again_later() -> None:
    """The shell may still look for the first one."""
    world = working("off", "silent").run(ACKNOWLEDGED_AT + PAGE.at_most_seconds + ANSWER_PATIENCE_SECONDS - 5.0)
    assert sent(world) == [ON, OFFS[0]]
    world.run(world.time + 20.0)
    assert sent(world) == [ON, *OFFS[:2]] and not own(world).may_be_on


@pytest.mark.parametrize(
    ("change", "undo"),
    [
        (lambda world: share(world, paused_by="bob"), lambda world: share(world, paused_by="")),
        (lambda world: wish(world, mode=Mode.OBSERVE), lambda world: wish(world, mode=Mode.AUTONOMOUS)),
    ],
)
def test_where_nothing_may_be_changed_people_read_that_it_stays_on(change: Any, undo: Any) -> None:
    """And it is off as soon as that is over."""
    world = change(working().run(ACKNOWLEDGED_AT + 10.0)).run(ACKNOWLEDGED_AT + PAGE.at_most_seconds + 200.0)
    assert sent(world) == [ON] and titles(world, wakes=True) == ["MAINTENANCE MODE IS ON on web"]
    undo(world).run(world.time + 60.0)
    assert sent(world) == [ON, OFFS[0]] and not world.facts.maintenance


def test_a_person_who_switches_it_off_is_not_answered_with_another_switch() -> None:
    """And one who switches it on again has it."""
    world = working().run(400.0)
    world.facts = replace(world.facts, maintenance=False)
    world.run(450.0)
    assert not own(world).may_be_on
    world.facts = replace(world.facts, maintenance=True)
    world.run(1500.0)
    assert sent(world) == [ON] and world.facts.maintenance and suppression.by_platform(web(world), world.now)


@pytest.mark.parametrize(("after", "over"), [(59.0, False), (60.0, True)])
@pytest.mark.parametrize("switched", ["on_at", "off_asked_at"])
def test_a_list_read_soon_after_a_switch_may_be_of_before_it(switched: str, after: float, over: bool) -> None:
    """Taken for a person's, it would leave the maintenance page on for ever."""
    world = share(working().run(400.0), paused_by="bob")
    moments = {"on_at": world.now - 300.0, "off_asked_at": world.now - 300.0, switched: world.now - after}
    put(world, own_maintenance=replace(own(world), **moments))
    hear(world, e.DeploysListed(world.now, "web", tuple(world.deploys), replace(world.facts, maintenance=False)))
    assert own(world).may_be_on is not over


# --- restarts, two workers, and what others take it for ---


def test_a_worker_of_an_earlier_version_drops_the_record_and_it_is_switched_off_all_the_same() -> None:
    """It keeps among the remedies that the request was made."""
    world = put(working().run(300.0), own_maintenance=None)
    world.tell(e.Restarted(world.now, ("web",)))
    world.run(310.0)
    assert sent(world) == [ON, OFFS[0]] and not world.facts.maintenance
    over = put(world, own_maintenance=None)
    over.facts = replace(over.facts, maintenance=True)
    over.run(900.0)
    assert sent(over) == [ON, OFFS[0]], "it was off by then: the next one is a person's"


@pytest.mark.parametrize("answered", [True, False])
def test_a_worker_that_takes_over_switches_it_off(answered: bool) -> None:
    """By the saved state, at the same moment."""
    world = working(*([] if answered else ["silent"])).run(300.0)
    assert "WakeAt" in kinds(hear(world, e.Restarted(world.now, ("web",))))
    world.run(ACKNOWLEDGED_AT + PAGE.at_most_seconds + 5.0)
    assert sent(world) == [ON, OFFS[0]]


def test_a_clock_that_was_fast_keeps_it_on_no_longer() -> None:
    """For as long as it was ordered, from now on."""
    world = working().run(300.0)
    ahead = replace(own(world), asked_at=world.now + 9e5, until=world.now + 9e5 + 600.0)
    found = clamp_future_times(put(world, own_maintenance=ahead).state.services["web"], world.now).own_maintenance
    assert found is not None and found.until <= world.now + 700.0 and found.asked_at <= world.now + 60.0


def test_it_silences_no_one_and_a_persons_does() -> None:
    """Also once it is listed; a suspension by its owner silences also then."""
    world = working().run(400.0)
    down = web(world).downtime
    assert down is not None and maintenance.was_ours(web(world), down)
    assert maintenance.hides(web(world), world.now) and not suppression.by_platform(web(world), world.now)
    assert "rollbacks are off" in " ".join(lines(world.notes, "DOWNTIME"))
    assert quiets(world.state, world.policy, world.now) == []
    put(world, downtime=replace(down, what=maintenance.SUSPENDED))
    assert suppression.by_platform(web(world), world.now) and quiets(world.state, world.policy, world.now)
    earlier_one = Downtime(maintenance.MAINTENANCE, own(world).asked_at - 1.0)
    assert not maintenance.was_ours(web(world), earlier_one)


@pytest.mark.parametrize("closed", [False, True])
def test_a_service_that_the_configuration_has_no_more_is_left_to_people(closed: bool) -> None:
    """Nothing can be switched for it: a page says so, also where its incident is over."""
    world = working().run(300.0)
    if closed:
        of_incident(put(world, phase=Phase.CALM), closed_at=world.now)
    world.policy = replace(world.policy, services={"shop": replace(world.policy.services["web"], name="shop")})
    world.state, effects, broken = checked_step(world.state, e.Restarted(world.now, ("shop", "web")), world.policy)
    assert broken == "" and "TryRemedy" not in kinds(effects)
    assert any(text.startswith("MAINTENANCE MODE IS ON on web") for text in lines(effects, "HUMAN"))


# --- the last look, and the promises ---


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda world: world, ""),
        (lambda world: share(world, paused_by="ann"), "paused by ann"),
        (lambda world: share(world, holds=(HOLD,)), "action hold: "),
        (lambda world: wish(world, mode=Mode.OBSERVE), "mode: "),
        (lambda world: seen_good(world), "no failure in the last"),
        (lambda world: of_incident(world, closed_at=world.now), "web-1 needs it no longer"),
        (lambda world: put(world, phase=Phase.PINNING), "web-1 needs it no longer"),
        (lambda world: put(world, own_maintenance=replace(own(world), why_off="ann ended it")), "web-1 needs it no"),
        (lambda world: put(world, own_maintenance=replace(own(world), tries=1)), "maintenance mode on for web-1 is no"),
        (lambda world: put(world, own_maintenance=None), "maintenance mode on for web-1 is no longer wanted"),
    ],
)
def test_the_last_look_before_it_is_switched_on(change: Any, why: str) -> None:
    """And nothing of that keeps it on."""
    world = change(working("silent"))
    found = pre_send_check.reason_not_to_send(world.state, world.policy, TryRemedy("web", "web-1", ON), world.now)
    assert found.startswith(why) and bool(found) is bool(why)
    off = TryRemedy("web", "web-1", OFFS[0])
    if web(world).own_maintenance is not None and own(world).tries:
        assert pre_send_check.reason_not_to_send(world.state, world.policy, off, world.now) == ""


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda was, now: None, ""),
        (lambda was, now: put(now, incident=None), "the service has no such incident"),
        (lambda was, now: put(now, own_maintenance=None), "it is not in the books"),
        (lambda was, now: put(was, own_maintenance=OwnMaintenance("web-1", 0.0, 0.0)), "it was switched on in this"),
        (lambda was, now: of_incident(now, severity=Severity.HIGH), "no one works on it, or it is not critical"),
        (lambda was, now: of_incident(now, escalation=Escalation()), "no one works on it, or it is not critical"),
        (lambda was, now: put(now, own_maintenance=replace(own(now), until=1e12)), "it is no remedy of the service"),
        (lambda was, now: seen_good(now), "nothing was seen failing just now"),
        (lambda was, now: put(now, facts=replace(now.facts, maintenance=True)), "the service is intentionally down"),
    ],
)
def test_what_would_break_a_promise(change: Any, why: str) -> None:
    """Each has its name."""
    was, now = put(working("silent"), own_maintenance=None), working("silent")
    change(was, now)
    assert violated(was, now, ON).startswith(why) and bool(violated(was, now, ON)) is bool(why)


def violated(was: World, now: World, remedy: str) -> str:
    """Return what the step between these two violates that orders this switch."""
    found = invariants.violated_invariant(was.state, now.state, (TryRemedy("web", "web-1", remedy),), now.policy)
    return found.partition(f"TryRemedy {remedy} of web for web-1: ")[2]


def test_only_what_a_saved_state_knows_to_be_ours_is_switched_off() -> None:
    """Also for an incident that is over, or of another severity."""
    now = working("silent")
    of_incident(put(now, own_maintenance=replace(own(now), tries=1)), severity=Severity.LOW, closed_at=now.now)
    assert violated(working("silent"), now, OFFS[0]) == ""
    for fields in ({"own_maintenance": None}, {"own_maintenance": replace(own(now), incident="web-0")}):
        assert violated(put(working("silent"), **fields), now, OFFS[0]) == "it is not ours"
    assert violated(working("silent"), now, OFFS[1]) == "it is not in the books"
