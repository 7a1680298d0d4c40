"""Stakeholders: who hears what of an incident, and when; and that nothing of engineering gets into it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.core.scenes import NOW, a_service, a_turn, an_incident
from tests.core.world import FOREVER, START, Fault, World, make_policy
from tests.core.worlds import bad_world, hear, history, watch, web
from tests.support.effect_readers import notices
from watchdog.core.updates import stakeholder_updates
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.checks import Check
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.incident_parts import StakeholderStatus
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import Notice
from watchdog.domain.policy import Mode, Policy, SignalPolicy, Stakeholders
from watchdog.domain.readings import Bad, FailureKind
from watchdog.domain.severity import Severity

BOARD = Stakeholders("board", ("board-email", "board-slack"))
AT_ONCE = {"home": Check("home", "http", last_at=NOW, last_bad_at=NOW - 300)}
"""What failed at the moment at which the outage began, and never after."""
SECRET = "sk-live-c4n4ry"
SAID = re.compile(
    r"(The shop: (not available|partly unavailable|slow|errors|works again) since \d\d:\d\d \(UTC\)"
    r"|The shop: all is well again"
    r"|(A part of it does not work\. )?(All|Most|About half of the|Some) visitors are affected\."
    r"|Pages take much longer than they should\.|Some visitors may see errors\."
    r"|We are working on it\. We will notify you when it works again\."
    r"|We keep watching it, and will notify you once the recovery is confirmed\."
    r"|It has worked as it should since \d\d:\d\d \(UTC\), after \d+ (s|min) of trouble\. Cause: being looked into\.)"
)


def policy(*those: Stakeholders, mode: Mode = Mode.AUTONOMOUS, **more: Any) -> Policy:
    """Return the policy with stakeholders, and a name for people."""
    base = make_policy(mode, **more)
    web = replace(base.services["web"], title="The shop")
    return replace(base, services={"web": web}, stakeholders=those or (BOARD,))


def plainly(world: World) -> list[Notice]:
    """Return what was told in plain words."""
    return [tell.notice for tell in world.tells if tell.notice.plain]


def titles(world: World) -> list[str]:
    """Return it in one line each, without the moments."""
    return [re.sub(r" since .*", "", one.title).removeprefix("The shop: ") for one in plainly(world)]


def silenced(world: World, at: float, seconds: float, **fields: Any) -> World:
    """Let ann silence web at that second, for so long."""
    event = e.Silenced(START + at, "ann", START + at + seconds, "moving", "web", **fields)
    world.at(at, lambda: world.tell(event))
    return world


def test_three_messages_of_a_rollback_in_a_thread_of_their_own() -> None:
    """It fails; it works, while that is proved; it is over. It wakes nobody, and engineers hear the same as ever.

    Each at its moment: when the incident is opened, after a minute of good checks, and when it is closed. By default
    nobody is told, and nothing of it is in the record. What comes after the end, while the incident is still
    remembered and after it is let go, says nothing more.
    """
    world = bad_world(policy()).run(600.0)
    assert titles(world) == ["not available", "works again", "all is well again"]
    assert [one.title for one in plainly(world) if not SAID.fullmatch(one.title)] == []
    told, others = ([tell for tell in world.tells if tell.notice.plain is plain] for plain in (True, False))
    assert {tell.channels for tell in told} == {("board-email", "board-slack")}
    threads = {(one.incident, one.dedup_key) for one in plainly(world)}
    assert threads == {("web-1/stakeholders", "watchdog/web/web-1/stakeholders")}
    assert not any(one.wakes or one.links for one in plainly(world)) and not world.broken
    assert notices(told) == ["opened", "updated", "resolved"]
    informed = [note for note in world.notes if note.label == "INFORMED"]
    assert informed[0].text == "board-email, board-slack: The shop: not available since 14:14 (UTC)"
    assert {note.about for note in informed} == {BOARD.channels}
    usual = bad_world().run(600.0)
    assert len(usual.accepted) == 1 and plainly(usual) == []
    assert usual.incidents["web-1"].informed == () and "INFORMED" not in usual.labels()
    assert [left_out(tell) for tell in others] == [left_out(tell) for tell in usual.tells]
    less = {line for tell in usual.tells for line in tell.notice.todo} - {
        line for tell in others for line in tell.notice.todo
    }
    assert [line.partition(":")[0] for line in less] == ["Communicate status to stakeholders"], "that is done"
    incident = world.incidents["web-1"]
    opened, works, over = (one.at for one in plainly(world))
    assert opened == incident.opened_at and over == incident.closed_at == incident.rollback.verified_at
    assert incident.rollback.restored_at is not None and 60.0 <= works - incident.rollback.restored_at <= 62.0
    (heard,) = incident.informed
    assert heard == StakeholderStatus("board", "web-1/stakeholders", incident.onset_at, incident.rollback.restored_at)
    world.state = replace(world.state, services={"web": replace(web(world), incident=an_incident(closed_at=NOW))})
    for event in (e.TimePassed(world.now), e.DeploysListed(world.now, "web", tuple(world.deploys), world.facts)):
        assert not [effect for effect in hear(world, event) if isinstance(effect, fx.Tell)]


def left_out(tell: fx.Tell) -> fx.Tell:
    """Return it without what is left to people, and without who else was told."""
    about = tell.notice.about
    uninformed = replace(about, incident=replace(about.incident, informed=()))
    return replace(tell, notice=replace(tell.notice, todo=(), about=uninformed))


def test_a_blip_is_no_news() -> None:
    """What is never confirmed, and what is over while people were not told of it."""
    world = bad_world(policy(), faults=[Fault(64.0, 80.0)]).run(600.0)
    assert "SUSPECT" in world.labels() and plainly(world) == []
    world = bad_world(policy(mode=Mode.OBSERVE), faults=[Fault(64.0, 300.0)])
    silenced(world, 10.0, 900.0).run(1200.0)
    assert world.incidents["web-1"].closed_at is not None and plainly(world) == []


@pytest.mark.parametrize(
    ("those", "told"),
    [
        ((BOARD,), ["board"]),
        ((replace(BOARD, services=("web", "shop")),), ["board"]),
        ((replace(BOARD, services=("shop",)),), []),
        ((replace(BOARD, severity=Severity.CRITICAL),), []),
        ((replace(BOARD, severity=Severity.LOW),), ["board"]),
        ((BOARD, replace(BOARD, name="sales")), ["board", "sales"]),
    ],
)
def test_who_hears_of_a_slow_site(those: tuple[Stakeholders, ...], told: list[str]) -> None:
    """Who asked for this service, and for what is so bad."""
    world = bad_world(policy(*those, mode=Mode.OBSERVE), faults=[Fault(64.0, FOREVER, slow=True)]).run(400.0)
    assert titles(world) == ["slow"] * len(told)
    assert [one.name for one in world.incidents["web-1"].informed] == told


def test_who_asked_for_less_hears_when_it_becomes_worse() -> None:
    """Not before the incident itself is that bad; who heard of it hears no second time. All hear the end."""
    sales = replace(BOARD, name="sales", channels=("sales-email",), severity=Severity.CRITICAL)
    faults = [Fault(64.0, 700.0, slow=True), Fault(700.0, 900.0)]
    world = World(policy(BOARD, sales, mode=Mode.OBSERVE), history(), faults=faults).run(690.0)
    assert titles(world) == ["slow"]
    world.run(2400.0)
    channels = [tell.channels[0] for tell in world.tells if tell.notice.plain]
    assert channels == ["board-email", "sales-email", "board-email", "sales-email"]
    assert titles(world) == ["slow", "not available", "all is well again", "all is well again"]
    page = next(tell.notice for tell in world.pages() if tell.notice.severity is Severity.CRITICAL)
    assert plainly(world)[1].at == page.at
    assert plainly(world)[1].title.endswith("since 14:25 (UTC)"), "slow before is not what they asked for"
    lasted = [re.findall(r"after \d+ min", one.lines[0]) for one in plainly(world)[2:]]
    assert lasted == [["after 14 min"], ["after 3 min"]]


def test_a_silence_keeps_news_back_and_not_the_end() -> None:
    """Also of what is rolled back; who heard that it fails hears that it is over, and not that it works."""
    assert plainly(silenced(bad_world(policy()), 10.0, 900.0).run(600.0)) == []
    world = silenced(bad_world(policy()), 115.0, 900.0).run(600.0)
    assert titles(world) == ["not available", "all is well again"]
    for signal, messages in (("api", 3), ("home", 0)):
        other = silenced(bad_world(policy()), 10.0, 900.0, signal=signal).run(600.0)
        assert len(plainly(other)) == messages, signal


def test_while_we_are_blind_nothing_is_said() -> None:
    """Neither that it fails, nor that it works; and of what nobody heard of, nothing is said at its end.

    That it works is news of a verification alone.
    """
    ctx = a_turn(a_service(incident=an_incident(), phase=Phase.PAGED), blind_since=NOW, policy=policy())
    stakeholder_updates.settle(ctx, ctx.service)
    heard = StakeholderStatus("board", "web-1/stakeholders", NOW - 60)
    proving = a_service(incident=an_incident(informed=(heard,)), phase=Phase.VERIFYING, checks={})
    blind, seeing = a_turn(proving, blind_since=NOW, policy=policy()), a_turn(proving, policy=policy())
    paged = a_turn(replace(proving, phase=Phase.PAGED), policy=policy())
    for one in (blind, seeing, paged):
        stakeholder_updates.settle(one, one.service)
    assert ctx.effects == blind.effects == paged.effects == []
    assert [type(effect) for effect in seeing.effects] == [fx.Tell, fx.Note]
    was = a_service(incident=an_incident(), phase=Phase.PAGED)
    ended = a_turn(replace(was, incident=an_incident(closed_at=NOW), phase=Phase.CALM), policy=policy())
    stakeholder_updates.settle(ended, was)
    assert ended.effects == []


@pytest.mark.parametrize(
    ("phase", "works_at", "checks", "said"),
    [
        pytest.param(Phase.PAGED, None, {}, "since 14:15 (UTC), after 5 min", id="a feed is never bad: it is now"),
        pytest.param(Phase.PAGED, None, AT_ONCE, "since 14:15 (UTC), after 5 min", id="the trouble was its begin"),
        pytest.param(Phase.VERIFYING, NOW - 120, {}, "since 14:13 (UTC), after 3 min", id="as they read before"),
        pytest.param(Phase.PAGED, NOW - 120, {}, "since 14:15 (UTC), after 5 min", id="that recovery did not hold"),
    ],
)
def test_since_when_it_works_where_no_reading_says_so(
    phase: Phase, works_at: float | None, checks: Mapping[str, Check], said: str
) -> None:
    heard = StakeholderStatus("board", "web-1/stakeholders", NOW - 300, works_at)
    was = a_service(incident=an_incident(informed=(heard,)), phase=phase, checks=checks)
    ctx = a_turn(
        replace(was, incident=an_incident(informed=(heard,), closed_at=NOW), phase=Phase.CALM), policy=policy()
    )
    stakeholder_updates.settle(ctx, was)
    (tell,) = [effect for effect in ctx.effects if isinstance(effect, fx.Tell)]
    assert said in tell.notice.lines[0]


def test_a_rollback_by_hand_of_what_is_well_is_no_outage() -> None:
    """Nothing fails; if what it brings fails, that is news, and begins then."""
    world = World(policy(), history()).run(60.0)
    world.at(61.0, lambda: world.tell(e.RollbackRequested(world.now, "web", "ann")))
    world.run(400.0)
    assert world.incidents["web-1"].outcome == "rolled back and verified" and plainly(world) == []
    bad = World(policy(), history(), faults=[Fault(120.0, FOREVER, code="aaaaaaa0")]).run(60.0)
    bad.at(61.0, lambda: bad.tell(e.RollbackRequested(bad.now, "web", "ann")))
    bad.run(400.0)
    (notice,) = plainly(bad)
    assert notice.title == "The shop: not available since 14:15 (UTC)"


def test_one_outage_that_goes_on_by_hand_is_told_once() -> None:
    """Another incident for engineers; in the same thread, since the same moment, for everybody else.

    That thread is also of those who read of it first while it goes on.
    """
    world = bad_world(policy(), faults=[Fault(64.0, 540.0)])
    world.at(360.0, lambda: world.tell(e.RollbackRequested(world.now, "web", "ann", "dep-39")))
    world.run(400.0)
    sales = replace(BOARD, name="sales", channels=("sales-email",))
    world.policy = replace(world.policy, stakeholders=(BOARD, sales))
    world.run(1200.0)
    assert set(world.incidents) == {"web-1", "web-2"}
    assert titles(world) == ["not available"] * 2 + ["all is well again"] * 2
    assert {one.incident for one in plainly(world)} == {"web-1/stakeholders"}
    assert "after 8 min of trouble" in plainly(world)[2].lines[0]


@pytest.mark.parametrize(
    ("faults", "ends"),
    [
        pytest.param(None, "", id="restarts: what they heard is part of the incident"),
        pytest.param([Fault(64.0, 150.0), Fault(210.0, 500.0)], "since 14:21 (UTC), after 7 min", id="it did not help"),
    ],
)
def test_there_are_three_at_most(faults: list[Fault] | None, ends: str) -> None:
    """Nothing is told twice; it worked for a while: no fourth message, and the end counts to the last failure."""
    world = bad_world(policy(), **({"faults": faults} if faults else {}))
    for second in (106.0, 130.0, 200.0) if faults is None else ():
        world.at(second, lambda: world.tell(e.Restarted(world.now)))
    world.run(1500.0)
    assert titles(world) == ["not available", "works again", "all is well again"]
    assert ends in plainly(world)[-1].lines[0]


def test_who_was_taken_away_by_a_reload_is_told_no_more() -> None:
    """Their channels are gone; of two that stay, each hears everything once."""
    both = policy(BOARD, replace(BOARD, name="sales"))
    told = ["not available", "works again", "all is well again"]
    assert titles(bad_world(both).run(700.0)) == [one for one in told for _ in range(2)]
    world = bad_world(both).run(110.0)
    world.policy = replace(world.policy, stakeholders=(BOARD,))
    world.run(700.0)
    assert titles(world) == ["not available"] * 2 + ["works again", "all is well again"]


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("share", [0.15, 0.5, 1.0])
def test_nothing_internal_ever_gets_in(mode: Mode, share: float) -> None:
    """Every word is one of ours: whatever a page, a commit, a person or the platform said, of whatever incident."""
    words = f"boom {SECRET} <script> from 10.0.0.7: Traceback, blame bob"
    fault = Fault(64.0, 500.0, share, reading=Bad(words, FailureKind.STATUS))
    world = bad_world(policy(mode=mode), faults=[fault], answer="approve")
    world.facts = ServiceFacts("srv-web", words, url=f"https://{SECRET}.example", repo=words, auto_deploy="commit")
    world.deploys[:] = [replace(one, commit_message=words) for one in world.deploys]
    world.run(3000.0)
    assert SECRET in repr(world.tells), "engineers read it"
    told = plainly(world)
    assert len(told) >= 2
    for one in told:
        assert [text for text in (one.title, *one.lines) if not SAID.fullmatch(text)] == []
        assert SECRET not in repr(one) and one.links == ()


def test_a_part_that_fails_is_said_to_be_a_part() -> None:
    """A route that is not critical; its finding says for whom. Without a title its name is said."""
    world = watch(bad_world(policy(mode=Mode.OBSERVE)), SignalPolicy("home", "http"), SignalPolicy("api", "latency"))
    (notice,) = plainly(world.run(300.0))
    assert notice.title.startswith("The shop: partly unavailable since")
    assert notice.lines[0] == "A part of it does not work. All visitors are affected."
    nameless = bad_world(replace(make_policy(Mode.OBSERVE), stakeholders=(BOARD,))).run(300.0)
    assert plainly(nameless)[0].title.startswith("web: not available since")
