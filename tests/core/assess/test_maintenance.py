"""Downtime: what the platform says is meant to be down; how long that mutes people, and that it teaches nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.core.scenes import FACTS, HISTORY, NOW, a_service, an_incident, failing
from tests.core.world import FOREVER, START, Fault, World, make_policy
from tests.core.worlds import bad_world, decision_of, hear, history, incident_of, line_of, reach, watch, web
from tests.support.effect_readers import lines, notices
from watchdog.core.assess import maintenance
from watchdog.domain import events as e
from watchdog.domain.decisions import Verdict
from watchdog.domain.deploys import Downtime, ServiceFacts
from watchdog.domain.incidents import History, Phase, ServiceState
from watchdog.domain.notices import Topic
from watchdog.domain.policy import Mode, SignalPolicy
from watchdog.domain.readings import Unknown

ON = replace(FACTS, maintenance=True)
OWNED = replace(FACTS, suspended=True, suspenders=("user",))
SINCE = Downtime(maintenance.MAINTENANCE, NOW - 300.0, NOW - 310.0)
OVER = replace(SINCE, ended_at=NOW)


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        (FACTS, ""),
        (ON, "in maintenance mode"),
        (OWNED, "suspended by its owner"),
        (replace(OWNED, maintenance=True), "suspended by its owner"),
        (replace(OWNED, suspenders=()), ""),
        (replace(OWNED, suspenders=("user", "billing")), ""),
        (replace(OWNED, suspenders=("stuck_crashlooping",)), ""),
        (replace(ON, suspended=True, suspenders=("admin",)), ""),
        (replace(FACTS, suspenders=("user",)), ""),
    ],
)
def test_what_is_meant_to_be_down(facts: ServiceFacts, what: str) -> None:
    """Its owner's doing alone; who else suspends it, or who is not named, is news, maintenance mode or not."""
    assert maintenance.meant(facts) == what


def told(service: ServiceState, *facts: ServiceFacts, every: float = 10.0) -> Downtime | None:
    """Return the downtime after the platform was read so often, from NOW on."""
    for number, one in enumerate(facts):
        event = e.DeploysListed(NOW + number * every, "web", HISTORY, one)
        service = replace(service, downtime=maintenance.read(service, event), deploys_at=event.at)
    return service.downtime


def test_it_begins_between_two_looks_and_ends_with_one() -> None:
    """What it was before is not known at the first look of all."""
    service = a_service(deploys_at=NOW - 15.0)
    assert told(service, FACTS) is None
    assert told(service, FACTS, ON) == Downtime(maintenance.MAINTENANCE, NOW + 10.0, NOW)
    assert told(service, ON, ON, FACTS, FACTS) == Downtime(maintenance.MAINTENANCE, NOW, NOW - 15.0, NOW + 20.0)
    assert told(a_service(deploys_at=None), ON) == Downtime(maintenance.MAINTENANCE, NOW, None)


def test_one_that_is_switched_on_again_at_once_goes_on() -> None:
    """Within the minute in which its end is not trusted yet; later it is another one. It may change its kind."""
    service = a_service(deploys_at=NOW - 15.0)
    went_on = Downtime(maintenance.MAINTENANCE, NOW, NOW - 15.0)
    assert told(service, ON, FACTS, ON) == went_on
    assert told(service, ON, OWNED) == replace(went_on, what=maintenance.SUSPENDED)
    assert told(service, ON, FACTS, ON, every=59.9) == went_on
    assert told(service, ON, FACTS, ON, every=60.0) == Downtime(maintenance.MAINTENANCE, NOW + 120.0, NOW + 60.0)


@pytest.mark.parametrize(
    ("fields", "since_end", "holds"),
    [
        ({"downtime": None}, 0.0, False),
        ({"downtime": SINCE}, 0.0, True),
        ({"downtime": SINCE, "deploys_at": None}, 0.0, False),
        ({"downtime": SINCE, "deploys_at": NOW - 60.0}, 0.0, True),
        ({"downtime": SINCE, "deploys_at": NOW - 60.1}, 0.0, False),
        ({"downtime": OVER}, 59.9, True),
        ({"downtime": OVER}, 60.0, True),
        ({"downtime": OVER}, 599.9, True),
        ({"downtime": OVER}, 600.0, False),
        ({"downtime": OVER, "facts": None}, 59.9, True),
        ({"downtime": OVER, "facts": replace(FACTS, suspended=True)}, 1.0, False),
        ({"downtime": OVER, "checks": {"home": failing(last_bad_at=NOW + 59.9)}}, 60.0, True),
        ({"downtime": OVER, "checks": {"home": failing(last_bad_at=NOW + 60.0)}}, 60.0, False),
        ({"downtime": OVER, "checks": {"api": failing("api", "latency", last_slow_at=NOW + 60.0)}}, 60.0, False),
        ({"downtime": OVER, "checks": {}}, 60.0, True),
        ({"downtime": OVER, "incident": None}, 59.9, True),
        ({"downtime": OVER, "incident": None}, 60.0, False),
        ({"downtime": OVER, "incident": an_incident(closed_at=NOW + 30.0)}, 60.0, False),
        ({"downtime": OVER, "incident": an_incident(onset_at=NOW + 59.9)}, 60.0, True),
        ({"downtime": OVER, "incident": an_incident(onset_at=NOW + 60.0)}, 60.0, False),
    ],
)
def test_how_long_it_holds(fields: dict[str, Any], since_end: float, holds: bool) -> None:
    """While the platform said so within a minute; a minute after it, and longer where what was open fails no more."""
    service = a_service(**{"deploys_at": NOW + since_end, "incident": an_incident(), **fields})
    assert (maintenance.in_force(service, NOW + since_end) is not None) is holds
    assert maintenance.hides(service, NOW + since_end) is (holds and since_end < 60.0), "a minute is all it explains"


@pytest.mark.parametrize(
    ("known", "began", "touched", "explained"),
    [
        (None, NOW - 60.0, False, False),
        (SINCE, NOW - 60.0, True, True),
        (SINCE, NOW - 310.0, True, True),
        (SINCE, NOW - 310.1, True, False),
        (replace(SINCE, after=None), NOW - 9000.0, True, True),
        (replace(SINCE, ended_at=NOW - 60.0), NOW - 200.0, True, False),
        (replace(SINCE, ended_at=NOW - 59.9), NOW - 200.0, True, True),
        (replace(SINCE, ended_at=NOW - 100.0), NOW - 40.1, True, False),
        (replace(SINCE, ended_at=NOW - 100.0), NOW - 40.0, False, False),
    ],
)
def test_what_failed_in_it(known: Downtime | None, began: float, touched: bool, explained: bool) -> None:
    """Touched: some of it. Explained: all of it, from after the last look without it to the minute after its end."""
    service = a_service(downtime=known)
    assert (maintenance.overlapped(service, began) is not None) is touched
    assert maintenance.explains(service, began) is explained


# --- worlds ---


def down(world: World, begins: float, ends: float = FOREVER, **how: Any) -> World:
    """Let somebody switch maintenance mode on and off (or something else of the facts)."""
    how = how or {"maintenance": True}
    off = {name: getattr(world.facts, name) for name in how}

    def switch(fields: dict[str, Any]) -> Callable[[], None]:
        return lambda: setattr(world, "facts", replace(world.facts, **fields))

    world.at(begins, switch(how))
    if ends < FOREVER:
        world.at(ends, switch(off))
    return world


def quiet_world(**more: Any) -> World:
    """Return a world in which nothing is deployed, and nothing fails."""
    return World(make_policy(), history(), **more)


@pytest.mark.parametrize(("begins", "ends"), [(100.0, 700.0), (107.3, 4000.0), (100.0, 130.0)])
def test_nobody_is_woken_nothing_is_done_and_nothing_is_learned(begins: float, ends: float) -> None:
    """Not even by its end, when the site is well by then. The record has it."""
    world = down(quiet_world(), begins, ends).run(ends + 400.0)
    assert world.pages() == [] and not world.pins and not world.broken
    service = web(world)
    assert (service.phase, service.closed_at, service.opened_at, world.state.troubles) == (Phase.CALM, None, (), {})
    assert service.history == History(since=START) and service.checks["home"].healed_seconds == 0.0
    assert all(incident.planned and not incident.paged for incident in world.incidents.values())
    assert len(lines(world.notes, "DOWNTIME")) == 2
    assert [tell.notice.title.partition(" for ")[0] for tell in world.tells] == ["Over: web was in maintenance mode"]


def test_a_deploy_in_it_is_as_suspicious_afterwards_as_any() -> None:
    """That an incident ended within the hour before a deploy acquits it, unless that was meant to be."""
    world = down(quiet_world(faults=[Fault(964.0, FOREVER, code="bad00000")]), 300.0, 600.0)
    world.ship(960.0, "bad00000")
    world.run(1100.0)
    assert len(world.accepted) == 1 and not world.broken


def test_what_fails_after_it_is_another_incident_of_the_service() -> None:
    """Only what was meant to be is left out of its history."""
    world = down(quiet_world(faults=[Fault(900.0, 1000.0)]), 300.0, 600.0).run(1300.0)
    assert [one.planned for one in world.incidents.values()] == [True, False]
    assert web(world).history.others == 1 and web(world).closed_at is not None


@pytest.mark.parametrize("mode", list(Mode))
def test_what_still_fails_a_minute_after_it_is_told_and_asked_about(mode: Mode) -> None:
    """Its onset tells nothing of the deploy that went out in it, nor does silence; in mode observe it is a page."""
    world = down(bad_world(make_policy(mode)), 63.0, 500.0).run(700.0)
    (page,) = world.pages()
    assert page.notice.at - START == pytest.approx(560.0, abs=15.0)
    assert page.notice.kind.value == ("human_needed" if mode is Mode.OBSERVE else "asked")
    assert any("web was in maintenance mode until 6" in line for line in page.notice.lines)
    asks = {one.name: one.passing for one in decision_of(world).guards if one.verdict is Verdict.ASK}
    assert asks["service"] is False, "no default answers it"
    assert not world.pins and not world.broken and not incident_of(world).muted
    assert world.state.troubles["web"].planned is False
    hear(world, e.Approved(world.now, "web-1", "ann"))
    assert web(world).phase is (Phase.PAGED if mode is Mode.OBSERVE else Phase.PINNING), "a yes to it is a yes"


def test_a_yes_to_that_question_is_acted_on() -> None:
    """The guard asks; it does not forbid. What was served meanwhile is another incident's lesson."""
    world = down(bad_world(answer="approve", answer_after=40.0), 63.0, 500.0).run(1200.0)
    assert [rollback.approved_by for _, rollback in world.accepted] == ["a human"] and not world.broken
    assert world.incidents["web-1"].rollback.verified_at is not None and not world.incidents["web-1"].planned


def test_a_yes_to_what_was_asked_before_it_and_is_asked_again_after_it_is_a_yes() -> None:
    """The question is the new one: it has what the guard asks by now, and its answer is not refused."""
    world = down(bad_world(make_policy(Mode.ASSIST)), 150.0, 460.0).run(600.0)
    assert notices(world.pages()) == ["asked", "asked"]
    assert {one.name for one in decision_of(world).guards if one.verdict is Verdict.ASK} == {"mode", "service"}
    effects = hear(world, e.Approved(world.now, "web-1", "ann"))
    assert web(world).phase is Phase.PINNING and not lines(effects, "REFUSED")


@pytest.mark.parametrize(
    ("ends", "fails_until", "pages"),
    [
        pytest.param(200.0, FOREVER, ["asked", "asked"], id="it was short, and nothing was muted: asked anew"),
        pytest.param(460.0, 450.0, ["asked"], id="well again: the question is withdrawn without a word"),
    ],
)
def test_what_was_asked_before_it_is_asked_anew_while_it_fails(ends: float, fails_until: float, pages: list) -> None:
    """A yes to the old question would be refused."""
    world = down(bad_world(make_policy(Mode.ASSIST), faults=[Fault(64.0, fails_until)]), 150.0, ends).run(
        900.0 if fails_until < FOREVER else 300.0
    )
    assert notices(world.pages()) == pages
    assert web(world).phase is (Phase.CALM if fails_until < FOREVER else Phase.ASKING)


def test_what_recovers_late_is_let_recover() -> None:
    """It failed until shortly before the minute was over, and no more: nobody hears of it."""
    world = down(quiet_world(faults=[Fault(500.0, 555.0)]), 100.0, 500.0).run(900.0)
    assert world.pages() == [] and web(world).phase is Phase.CALM and world.incidents["web-1"].planned


def test_what_cannot_be_seen_after_it_is_told_in_the_end() -> None:
    """Neither well nor failing for ten minutes: a human has to look."""
    unseen = Fault(500.0, FOREVER, reading=Unknown("the site's edge turns us away"))
    world = down(quiet_world(faults=[unseen]), 100.0, 500.0).run(1090.0)
    assert world.pages() == []
    world.run(1200.0)
    (page,) = world.pages()
    assert page.notice.about.topic is Topic.UNMUTED
    assert "A silence held this notice back until now." in page.notice.lines


def test_an_outage_that_was_told_before_it_is_still_another_incident() -> None:
    """Somebody switches maintenance mode on to mend it: quiet from then on, and its all-clear is heard."""
    world = down(quiet_world(faults=[Fault(100.0, FOREVER)]), 400.0, 1500.0)
    world.at(1000.0, lambda: world.faults.clear())
    world.run(1800.0)
    kinds = notices(world.tells)
    assert kinds == ["human_needed", "updated", "resolved"]
    assert not world.incidents["web-1"].planned and web(world).history.others == 1


def test_a_rollback_that_was_decided_is_not_sent_into_it() -> None:
    """Auto-deploy is off by then: nobody is woken, and it goes back at the end."""
    world = reach(Phase.PINNING)
    world.facts = replace(world.facts, maintenance=True)
    world.tell(e.DeploysListed(world.now, "web", tuple(world.deploys), world.facts))
    world.tell(e.PinConfirmed(world.now, "web", "web-1", "commit"))
    world.facts = replace(world.facts, auto_deploy="off")
    assert lines(world.notes, "WAIT") == ["nothing was sent: service: web is in maintenance mode; looking again"]
    down(world, 500.0, maintenance=False)
    world.faults.clear()
    world.run(900.0)
    assert not world.sent and not world.pages() and not world.broken
    assert [restored.value for restored in world.restores] == ["commit"]


def test_what_began_to_fail_in_it_is_not_rolled_back_unasked_when_it_is_confirmed_afterwards() -> None:
    """A deploy went out just before, and the site fails ever since: whether by the deploy, the onset does not tell."""
    world = down(bad_world(faults=[Fault(0.0, FOREVER, code="bad00000")]), 61.0, 85.0).run(300.0)
    (page,) = world.pages()
    assert page.notice.kind.value == "asked" and not world.pins
    assert page.notice.at - START == pytest.approx(150.0, abs=10.0)


@pytest.mark.parametrize("suspender", ["billing", "stuck_crashlooping"])
def test_who_suspends_it_in_its_owner_s_place_is_news(suspender: str) -> None:
    """Paged as any outage, with the reason."""
    world = down(quiet_world(), 100.0, suspended=True, suspenders=(suspender,)).run(300.0)
    (page,) = world.pages()
    assert f"web is suspended by {suspender}." in line_of(page.notice, "Nothing is rolled back: ").lower()
    assert web(world).downtime is None


def test_suspended_by_its_owner_and_then_for_a_bill() -> None:
    """No minute is waited for: nothing comes back by itself."""
    world = down(quiet_world(), 100.0, suspended=True, suspenders=("user",))
    down(world, 400.0, suspended=True, suspenders=("user", "billing"))
    (page,) = world.run(450.0).pages()
    assert page.notice.at - START == pytest.approx(400.0, abs=16.0)


def test_while_it_lasts_the_platform_is_asked_no_oftener_than_when_all_is_well() -> None:
    """It may last for weeks, and all reads share one budget; with its end it is looked at closely again."""
    world = down(quiet_world(), 100.0, 400.0).run(300.0)
    assert web(world).phase is Phase.PAGED and world.deploy_pace == 15.0
    world.run(420.0)
    assert web(world).phase is Phase.PAGED and world.deploy_pace == 5.0


def test_what_only_a_feed_tells_of_soon_after_it_is_told() -> None:
    """Its readings are no failed probes; what was open then is over."""
    world = World(make_policy(), history(), flood=(4260.0, 8000.0))
    own = world.policy.services["web"].signals
    watch(world, *own, SignalPolicy("errors", "sentry", limit_per_minute=20.0))
    (page,) = down(world, 3900.0, 4200.0).run(4600.0).pages()
    assert page.notice.at - START == pytest.approx(4530.0, abs=60.0)


def test_hiccups_of_the_platform_page_once() -> None:
    """A maintenance may last for hours, and its list be unreadable for a minute or two now and then."""
    world = down(quiet_world(), 100.0)
    for begins in (600.0, 1500.0, 2400.0):
        world.at(begins, lambda begins=begins: setattr(world, "unreadable", (begins, begins + 100.0)))
    world.run(4000.0)
    assert len(world.pages()) == 1 and not incident_of(world).muted
