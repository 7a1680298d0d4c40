"""Silences and action holds that people type in: made, ended, over; what people hear then, and what never is muted."""

from dataclasses import replace

import pytest

from tests.core.scenes import FACTS, HISTORY, NOW, a_decision, a_service, a_state, a_turn, an_incident, failing, step
from tests.core.world import FOREVER, SLOW, START, Fault, World, make_policy, with_row
from tests.core.worlds import bad_world, decision_of, hear, incident_of, line_of, reach, web
from tests.support.effect_readers import lines, notices, tell_of
from watchdog.core.phases import manual_silences
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.deploys import Downtime, ServiceFacts
from watchdog.domain.incidents import Phase, State
from watchdog.domain.notices import Topic
from watchdog.domain.policy import Mode, Policy, Suppression, Then
from watchdog.domain.severity import Severity


def slow_world(seconds: float, policy: Policy | None = None) -> World:
    """Return the world of a slow deploy, in which ann silences web for so long before anything happens."""
    return silenced(bad_world(policy, faults=[SLOW]).run(1.0), seconds)


def silenced(world: World, seconds: float = 3600.0, **fields: object) -> World:
    """Let ann silence web for so long."""
    world.tell(e.Silenced(world.now, "ann", world.now + seconds, "moving", "web", **fields))
    return world


def held(world: World, seconds: float = 3600.0, of: str | None = "web") -> World:
    """Let ann hold web for so long."""
    world.tell(e.Held(world.now, "ann", world.now + seconds, "launch", of))
    return world


def said(state: State, event: e.Event) -> tuple[State, tuple[fx.Effect, ...]]:
    """Return what the core makes of it."""
    return step(state, event, make_policy())


# --- making, ending, over ---


def test_they_are_numbered_noted_and_end_in_their_time() -> None:
    """Each with author, reason and end; at the end people hear of it once, and it wakes nobody.

    A restart keeps the ends, also of what ended meanwhile: at once.
    """
    state, effects = said(a_state(), e.Silenced(NOW, "ann", NOW + 60.0, "moving", "web", "api", Severity.HIGH))
    assert state.silences == (
        Suppression("silence-1", "web", "ann", "moving", NOW, NOW + 60.0, None, "api", Severity.HIGH),
    )
    assert lines(effects, "SILENCED") == ["silence-1 of web, signal api, severity high by ann (moving), for 60 s"]
    assert fx.WakeAt(NOW + 60.0) in effects
    for at, wake in ((NOW + 5.0, NOW + 60.0), (NOW + 90.0, NOW + 90.0)):
        assert fx.WakeAt(wake) in said(state, e.Restarted(at))[1]
    state, effects = said(state, e.Held(NOW, "ann", NOW + 7200.0, "launch"))
    assert lines(effects, "HELD") == ["hold-2 of all services by ann (launch), for 2 h 0 min"]
    state, _ = said(state, e.Silenced(NOW, "bob", NOW + 3600.0, "backup"))
    assert [one.name for one in (*state.silences, *state.holds)] == ["silence-1", "silence-3", "hold-2"]
    assert fx.WakeAt(NOW + 7200.0) in said(state, e.Restarted(NOW + 5.0))[1]
    same, effects = said(state, e.TimePassed(NOW + 59.0))
    assert (same.silences, same.holds) == (state.silences, state.holds) and notices(effects) == []
    _, effects = said(state, e.TimePassed(NOW + 3600.0))
    assert tell_of(effects).notice.title == "Over: silence-1, silence-3", "both at once, where no worker ran"
    state, effects = said(state, e.TimePassed(NOW + 60.0))
    assert [one.name for one in state.silences] == ["silence-3"]
    told = tell_of(effects).notice
    assert (told.incident, told.title, told.wakes) == ("silences", "Over: silence-1", False)
    assert [*told.lines] == lines(effects, "EXPIRED") == ["silence-1 of web, signal api, severity high by ann (moving)"]
    state, effects = said(state, e.TimePassed(NOW + 7200.0))
    assert state.silences == () and state.holds == () and notices(effects) == ["updated"]


def test_one_may_be_ended_before_its_time() -> None:
    """By its name; another name is refused, with those there are."""
    state, _ = said(a_state(quiets=9), e.Held(NOW, "ann", NOW + 60.0, "launch"))
    more, _ = said(state, e.Held(NOW, "ann", NOW + 60.0, "launch"))
    for known, names in ((state, "hold-10"), (more, "hold-10, hold-11")):
        same, effects = said(known, e.Unsilenced(NOW, "hold-1", "bob"))
        (why,) = lines(effects, "REFUSED")
        assert same == known and why.startswith(f"no silence or hold hold-1; there is: {names} (")
    state, effects = said(state, e.Unsilenced(NOW, "hold-10", "bob"))
    assert state.holds == ()
    assert lines(effects, "UNSILENCED") == ["hold-10 of all services by ann (launch): ended by bob"]
    _, effects = said(state, e.Unsilenced(NOW, "hold-10", "bob"))
    assert "there is: none" in lines(effects, "REFUSED")[0]


@pytest.mark.parametrize("event", [e.Silenced(NOW, "ann", NOW, "late"), e.Held(NOW, "ann", NOW - 9.0, "late")])
def test_what_would_be_over_already_is_refused(event: e.Event) -> None:
    """Nothing is made of it."""
    state, effects = said(a_state(), event)
    assert state.silences == state.holds == () and lines(effects, "REFUSED") == ["it would be over already"]


# --- what people hear ---


def test_a_silence_mutes_people_and_neither_the_record_nor_the_decision() -> None:
    """Slow: asked into the void, written down; nobody says that people were told. Then it is asked anew."""
    world = slow_world(899.0).run(300.0)
    assert web(world).phase is Phase.ASKING and not world.tells
    assert incident_of(world).muted and not incident_of(world).paged
    note = lines(world.notes, "SILENCED")[-1]
    assert note == "approval asked (kept from pager, chat by silence-1 of web by ann (moving))"
    assert incident_of(world).severity is Severity.HIGH and not world.broken
    (page,) = world.run(1000.0).pages()
    assert page.notice.kind.value == "asked" and page.notice.at - START == pytest.approx(900.0, abs=10.0)
    assert incident_of(world).question.asked_at == page.notice.at, "with all its time: nobody had heard it"


def test_what_is_rolled_back_where_it_is_critical_is_told_all_the_same() -> None:
    """Unless the silence names that severity; then people still hear that auto-deploy is off because of us."""
    for fields, told in (({}, ["acted", "resolved"]), ({"severity": Severity.CRITICAL}, ["opened"])):
        world = silenced(bad_world().run(1.0), **fields).run(600.0)
        assert len(world.accepted) == 1 and world.incidents["web-1"].rollback.verified_at is not None
        assert notices(world.tells) == told and not world.broken


def by_default(severity: Severity) -> Policy:
    """Return the policy that rolls back when nobody answers."""
    return with_row(make_policy(), severity, then=Then.ROLLBACK)


@pytest.mark.parametrize(
    ("world", "why"),
    [
        pytest.param(
            slow_world(9000.0, by_default(Severity.HIGH)), "no channel has delivered the question", id="muted"
        ),
        pytest.param(held(bad_world(by_default(Severity.CRITICAL)).run(1.0), 9000.0), "action hold", id="held"),
    ],
)
def test_silence_is_no_yes_of_who_heard_nothing_nor_to_a_guard(world: World, why: str) -> None:
    """Nothing is done by default of a question that was muted, or under a hold."""
    world.run(2000.0)
    assert not world.pins and why in lines(world.notes, "DEADLINE")[0]


def test_a_rollback_that_is_due_is_not_noted_as_muted_with_every_probe() -> None:
    """Once."""
    world = silenced(bad_world(outcomes=["silent"]).run(1.0), severity=Severity.CRITICAL).run(250.0)
    notes = [note for note in world.notes if note.label == "LATE"]
    assert len(notes) == 1 and incident_of(world).muted


def test_when_it_is_over_what_is_still_open_is_told() -> None:
    """A page that was muted rings then, and climbs; so it does when somebody ends the silence."""
    for ended in (False, True):
        world = silenced(bad_world(make_policy(Mode.OBSERVE)).run(1.0), seconds=299.0)
        if ended:
            world.at(200.0, lambda world=world: world.tell(e.Unsilenced(world.now, "silence-1", "ann")))
        world.run(400.0)
        (page,) = world.pages()
        assert page.notice.at - START == pytest.approx(200.0 if ended else 300.0, abs=10.0)
        assert page.notice.about.topic is Topic.UNMUTED
        assert page.notice.title == "web is down: HTTP 503 since 14:14 UTC"
        assert page.notice.lines[0].startswith("Critical for ")
        assert "A silence held this notice back until now." in page.notice.lines
        assert (
            incident_of(world).paged
            and not incident_of(world).muted
            and incident_of(world).escalation.called_at is not None
        )


def test_a_silence_of_one_signal_hides_no_other_that_fails_later() -> None:
    """The latency was silenced, and then the site is down for a part: people hear of both."""
    faults = [Fault(900.0, FOREVER, share=0.15, code="bad00000"), SLOW]
    world = silenced(bad_world(make_policy(Mode.OBSERVE), faults=faults).run(1.0), 9000.0, signal="api").run(890.0)
    assert not world.pages() and incident_of(world).muted
    world.run(1500.0)
    assert world.pages() and not incident_of(world).muted


@pytest.mark.parametrize(("severity", "wakes"), [(Severity.HIGH, True), (Severity.MEDIUM, False)])
def test_what_was_muted_is_told_as_loudly_as_it_is_with_what_fails_beside_it(severity: Severity, wakes: bool) -> None:
    """What is new since it was decided is said, what is known is not said twice."""
    checks = {"home": failing(), "api": failing("api", "latency", last_why="HTTP 502")}
    muted = an_incident(muted=True, severity=severity)
    ctx = a_turn(a_service(phase=Phase.PAGED, checks=checks, incident=muted))
    assert manual_silences.notify_after_silence(ctx)
    (tell,) = [effect for effect in ctx.effects if isinstance(effect, fx.Tell)]
    (beside,) = tell.notice.about.also
    assert "HTTP 502" in beside and tell.notice.wakes is wakes
    assert lines(ctx.effects, "UNMUTED")[0].startswith("the silence is over")
    assert not manual_silences.notify_after_silence(ctx), "once"
    asked = a_turn(a_service(phase=Phase.ASKING, incident=replace(muted, decision=a_decision())))
    assert manual_silences.notify_after_silence(asked) and not asked.incident.muted, "the question is asked anew"


def test_a_veto_window_that_a_silence_hid_is_announced_when_it_is_over() -> None:
    """With all its time: nobody could say stop."""
    world = silenced(bad_world(make_policy(veto_seconds=300.0)).run(1.0), seconds=119.0, severity=Severity.CRITICAL)
    world.run(110.0)
    assert web(world).phase is Phase.ANNOUNCED and not world.pages()
    world.run(200.0)
    (page,) = world.pages()
    assert page.notice.kind.value == "announced" and incident_of(world).announced_until == page.notice.at + 300.0
    world.run(page.notice.at - START + 299.0)
    assert not world.pins


@pytest.mark.parametrize("what", [e.Rejected, e.Acknowledged])
def test_who_said_what_to_do_is_not_called_when_it_is_over(what: type) -> None:
    """They knew of it all the same."""
    world = slow_world(899.0).run(300.0)
    world.tell(what(world.now, "web-1", "ann"))
    assert not incident_of(world).muted and not world.run(950.0).pages()


def test_who_acknowledged_a_page_before_the_silence_is_not_called_at_its_end() -> None:
    """That somebody looks after it is no call that was missed."""
    world = silenced(reach(Phase.PAGED), seconds=60.0)
    effects = hear(world, e.Acknowledged(world.now, "web-1", "ann"))
    assert lines(effects, "SILENCED")[0].startswith("acknowledged (kept from ") and not incident_of(world).muted
    world.run(world.time + 300.0)
    assert len(world.pages()) == 1 and incident_of(world).escalation.acknowledged_by == "ann"


def test_what_nobody_heard_of_is_not_rolled_back_unasked_hours_later() -> None:
    """It was suspended for a bill, and a silence was in force for hours after it: people are told, as of anything."""
    world = silenced(bad_world().run(1.0), seconds=9000.0)
    world.at(80.0, lambda: setattr(world, "facts", replace(FACTS, suspended=True, suspenders=("billing",))))
    world.at(3600.0, lambda: setattr(world, "facts", FACTS))
    world.run(10_000.0)
    (page,) = world.pages()
    assert page.notice.kind.value == "human_needed" and not world.pins and not world.broken


def test_what_we_changed_and_could_not_give_back_is_told_in_any_silence() -> None:
    """Auto-deploy that is off because of us: nobody else would find out."""
    service = a_service(
        phase=Phase.CALM, auto_deploy_off="commit", pinned_for="web-1", auto_deploy_notice_thread="web-1/auto-deploy"
    )
    state = a_state(service, silences=(Suppression("silence-1", "web", "ann", "moving", 0.0, NOW + 600.0),))
    event = e.AutoDeployNotRestored(NOW, "web", "web-1", "Render answered 503")
    _, effects = said(state, event)
    assert notices(effects) == ["human_needed"]
    _, effects = said(state, e.AutoDeployRestored(NOW, "web", "web-1", "commit"))
    assert notices(effects) == ["resolved"]


# --- holds ---


@pytest.mark.parametrize("of", ["web", None])
def test_under_an_action_hold_a_human_is_asked_and_may_say_yes(of: str | None) -> None:
    """Nothing by itself; the yes passes. A hold of another service is nothing to this one."""
    world = held(bad_world().run(1.0), of=of).run(200.0)
    assert web(world).phase is Phase.ASKING and not world.pins
    assert decision_of(world).why.startswith("action hold: hold-1 of")
    hear(world, e.Approved(world.now, "web-1", "ann"))
    assert web(world).phase is Phase.PINNING
    assert len(held(bad_world().run(1.0), of="shop").run(400.0).accepted) == 1


def test_when_a_hold_is_over_what_is_still_failing_is_rolled_back() -> None:
    """The question said so: nobody needs to answer any more."""
    world = held(bad_world().run(1.0), seconds=299.0).run(290.0)
    assert line_of(world.tells[-1].notice, "Once that has passed, the daemon decides again") and not world.pins
    world.run(600.0)
    assert [rollback.approved_by for _, rollback in world.accepted] == [None] and not world.broken


# --- what the platform says is meant to be down ---

DOWN = Downtime("in maintenance mode", NOW - 600.0, NOW - 615.0)
FOR_A_DAY = replace(DOWN, since=NOW - 86_400.0)
ON, BILLED = replace(FACTS, maintenance=True), replace(FACTS, suspended=True, suspenders=("user", "billing"))
BEGINS = "it is in maintenance mode, says the platform: notifications and rollbacks are off"
ENDED = "over: web was in maintenance mode for 10 min; "
OVER = ("Over: web was in maintenance mode for 10 min", "Failures that remain after 60 s are notified.")
LASTS = "web was in maintenance mode for 24 h 0 min, and still is"
FORGOTTEN = "Failures there are not notified. If it was forgotten: switch it back on at the platform."


@pytest.mark.parametrize(
    ("down", "facts", "note", "told"),
    [
        (None, ON, BEGINS, ()),
        (DOWN, ON, "", ()),
        (replace(FOR_A_DAY, since=NOW - 86_399.0), ON, "", ()),
        (FOR_A_DAY, ON, LASTS, (LASTS, FORGOTTEN)),
        (DOWN, FACTS, f"{ENDED}failures that remain after 60 s are notified", OVER),
        (DOWN, BILLED, f"{ENDED}it is suspended by user, billing now", ()),
        (DOWN, replace(BILLED, suspenders=()), f"{ENDED}it is suspended by an unknown account now", ()),
    ],
)
def test_a_downtime_is_noted_and_people_read_of_its_end_and_that_it_lasts_a_day(
    down: Downtime | None, facts: ServiceFacts, note: str, told: tuple[str, ...]
) -> None:
    """Once each, waking nobody; no end of it where another than its owner suspends the service by then."""
    service = a_service(downtime=down, checks={}, phase=Phase.CALM)
    state, effects = said(a_state(service), e.DeploysListed(NOW, "web", HISTORY, facts))
    assert lines(effects, "DOWNTIME") == [note] * bool(note)
    sent = [one.notice for one in effects if isinstance(one, fx.Tell)]
    assert [(one.incident, one.title, *one.lines) for one in sent] == [("silences", *told)] * bool(told)
    assert (fx.WakeAt(NOW + 60.0) in effects) is (told == OVER), "then what still fails is notified"
    _, effects = said(state, e.DeploysListed(NOW + 0.5, "web", HISTORY, facts))
    assert not lines(effects, "DOWNTIME") and not notices(effects)


@pytest.mark.parametrize(
    ("fields", "anew"), [({}, True), ({"onset_at": NOW - 40.0}, False), ({"human_needed": "stopped by ann"}, False)]
)
def test_what_failed_in_a_downtime_is_decided_anew_after_it(fields: dict, anew: bool) -> None:
    """Whatever was decided in it; not what began a minute after it or later, nor what a human has."""
    service = a_service(phase=Phase.PAGED, incident=an_incident(muted=True, **fields))
    policy = make_policy()
    signals = tuple(replace(one, severity=Severity.LOW) for one in policy.services["web"].signals)
    policy = replace(policy, services={"web": replace(policy.services["web"], signals=signals)})
    ctx = a_turn(replace(service, downtime=replace(DOWN, ended_at=NOW - 100.0)), policy=policy)
    assert manual_silences.notify_after_silence(ctx) and not ctx.incident.muted
    assert (ctx.incident.decision is not None) is anew


@pytest.mark.parametrize(
    ("phase", "fields", "muted"),
    [
        (Phase.PAGED, {"paged": True}, True),
        (Phase.ASKING, {"paged": True}, True),
        (Phase.VERIFYING, {"paged": True}, False),
        (Phase.PAGED, {}, False),
        (Phase.PAGED, {"paged": True, "human_needed": "stopped by ann"}, False),
    ],
)
def test_what_people_read_of_before_a_downtime_is_notified_anew(phase: Phase, fields: dict, muted: bool) -> None:
    """It counts as muted from its end on; not what a human has, nor what is being acted on."""
    service = a_service(phase=phase, downtime=DOWN, incident=an_incident(**fields))
    state, _ = said(a_state(service), e.DeploysListed(NOW, "web", HISTORY, FACTS))
    assert state.services["web"].incident.muted is muted
