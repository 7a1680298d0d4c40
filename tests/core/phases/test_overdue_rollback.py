"""A rollback that is due and not on its way: people hear of it once, after a minute, and it is still tried."""

from dataclasses import replace

import pytest

from tests.core.world import World
from tests.core.worlds import a_turn_of, decision_of, hear, incident_of, put, reach, share, web
from tests.support.effect_readers import lines
from watchdog.core.phases import overdue_rollback
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Course
from watchdog.domain.incidents import ActiveCritical, Phase
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.readings import Bad, Good

MINUTE = overdue_rollback.UNTOLD_SECONDS


def since(world: World) -> float:
    """Return when it became critical."""
    return world.state.troubles["web"].at


def later(world: World, at: float, *, bad: bool = True) -> list[fx.Tell]:
    """Let a moment pass, after a look at the site; return what people are told."""
    hear(world, e.Observed(at - 1.0, "web", "home", Bad("HTTP 503") if bad else Good()))
    return [effect for effect in hear(world, e.TimePassed(at)) if isinstance(effect, fx.Tell)]


def test_after_a_minute_people_hear_that_it_is_not_on_its_way_and_once() -> None:
    """It pages, says how long, and changes nothing about what is done."""
    world = reach(Phase.ROLLING_BACK)
    at = since(world)
    assert later(world, at + MINUTE - 0.5) == []
    effects = hear(world, e.TimePassed(at + MINUTE))
    (told,) = [effect for effect in effects if isinstance(effect, fx.Tell)]
    assert (told.notice.kind, told.notice.wakes) == (NoticeKind.HUMAN_NEEDED, True)
    due = f"For 60 s a rollback to {incident_of(world).rollback.target} is due"
    line = f"{due} and not known to be on its way; it is still being tried."
    assert (told.notice.about.topic, told.notice.about.since) == (Topic.OVERDUE, at)
    assert told.notice.title == "web is down: rollback not confirmed for 60 s"
    assert lines(effects, "LATE") == [line]
    assert any(item.startswith("Blame: ") for item in told.notice.lines)
    assert web(world).phase is Phase.ROLLING_BACK and incident_of(world).paged
    assert later(world, at + MINUTE + 5.0) == []


@pytest.mark.parametrize("phase", [Phase.PINNING, Phase.ROLLING_BACK])
def test_a_look_at_the_site_is_occasion_enough(phase: Phase) -> None:
    """Whoever took the service over had not seen it fail yet when it was woken."""
    world = reach(phase)
    at = since(world)
    hear(world, e.Restarted(at + 70.0))
    assert "NOTIFIED" not in [one.label for one in hear(world, e.TimePassed(at + 70.0)) if isinstance(one, fx.Note)]
    hear(world, e.Observed(at + 72.0, "web", "home", Bad("HTTP 503")))
    assert incident_of(world).paged and web(world).phase is phase


def test_a_pin_that_nobody_answers_is_told_before_it_is_waited_for_no_longer() -> None:
    """Begun later than the outage became critical, it has time until after the minute."""
    world = reach(Phase.PINNING)
    put(world, phase_since=since(world) + 30.0)
    assert len(later(world, since(world) + MINUTE)) == 1
    assert web(world).phase is Phase.PINNING


def test_after_a_restart_it_wakes_up_for_it() -> None:
    """Counted from when it became critical; what is overdue is said at once.

    By another worker's clock, an hour ahead, it counts from now: we do not wait for that hour.
    """
    world = reach(Phase.PINNING)
    at = since(world)
    assert fx.WakeAt(at + MINUTE) in hear(world, e.Restarted(at + 30.0))
    assert fx.WakeAt(at + 90.0) in hear(world, e.Restarted(at + 90.0))
    share(world, troubles={"web": ActiveCritical("web", at + 3600.0, "aaa", False)})
    ctx = a_turn_of(world)
    overdue_rollback.wake(ctx)
    opened_at = incident_of(world).opened_at
    assert ctx.effects == [fx.WakeAt(opened_at + MINUTE)], "also where our own clock was set back since"
    assert fx.WakeAt(at + 91.0 + MINUTE) in hear(world, e.Restarted(at + 91.0))


def test_an_outage_that_is_put_off_and_looked_at_again_is_told_too() -> None:
    """By another worker, who must see it fail for itself before it decides."""
    world = reach(Phase.PINNING)
    at = since(world)
    hear(world, e.RollbackPostponed(at + 10.0, "web", "web-1", "the list cannot be read"))
    fresh = {name: Check(name, check.kind) for name, check in web(world).checks.items()}
    put(world, checks=fresh)
    assert web(world).phase is Phase.SUSPECT
    hear(world, e.Observed(at + 59.0, "web", "home", Bad("HTTP 503")))
    assert not incident_of(world).paged
    hear(world, e.Observed(at + 61.0, "web", "home", Bad("HTTP 503")))
    assert incident_of(world).paged and web(world).phase is Phase.SUSPECT


def test_put_off_after_a_minute_it_is_told_at_once() -> None:
    """With the reason in the story."""
    world = reach(Phase.ROLLING_BACK)
    at = since(world)
    hear(world, e.Observed(at + 59.0, "web", "home", Bad("HTTP 503")))
    effects = hear(world, e.RollbackPostponed(at + 65.0, "web", "web-1", "no trace of it"))
    assert lines(effects, "WAIT") == ["nothing was sent: no trace of it; looking again"]
    assert lines(effects, "LATE")[0].startswith("For 65 s ")


@pytest.mark.parametrize("case", ["well again", "told", "closed", "another course", "paused"])
def test_nobody_is_woken_for_nothing(case: str) -> None:
    """What is seen failing no longer, was told before, is over, not to be rolled back, or will not be sent."""
    world = reach(Phase.ROLLING_BACK)
    world.state = replace(world.state, paused_by="ann" if case == "paused" else "")
    incident, at = incident_of(world), since(world) + MINUTE
    changed = {
        "told": replace(incident, paged=True),
        "closed": replace(incident, closed_at=world.now),
        "another course": replace(incident, decision=replace(incident.decision, course=Course.PAGE)),
    }.get(case, incident)
    put(world, incident=changed)
    hear(world, e.Observed(at - 20.0 if case == "well again" else at - 1.0, "web", "home", Bad("HTTP 503")))
    assert not [effect for effect in hear(world, e.TimePassed(at)) if isinstance(effect, fx.Tell)]


def test_what_a_human_asked_for_is_as_old_as_the_order_and_waits_for_no_failure() -> None:
    """However long the site was in trouble before."""
    world = reach(Phase.CALM)
    asked_at = world.now
    hear(world, e.RollbackRequested(asked_at, "web", "ann"))
    put(world, phase=Phase.ROLLING_BACK)
    world.state = replace(world.state, troubles={"web": ActiveCritical("web", asked_at - 500.0, "aaa", False)})
    assert later(world, asked_at + 59.9, bad=False) == []
    assert len(later(world, asked_at + 60.0, bad=False)) == 1


@pytest.mark.parametrize("accounted", [True, False])
def test_an_outage_that_was_decided_anew_is_as_old_as_it_was(accounted: bool) -> None:
    """Each time something kept it from being sent, a younger decision was made. Without an account its age counts."""
    world = reach(Phase.ROLLING_BACK)
    at, decision = since(world), decision_of(world)
    if accounted:
        put(world, incident=replace(incident_of(world), decision=replace(decision, at=at + 40.0)))
    else:  # an outage that is not critical, which the matrix may have rolled back as well: open for long
        put(world, incident=replace(incident_of(world), opened_at=decision.at - 3600.0))
        at = share(world, troubles={}) and decision.at
    assert later(world, at + 59.9) == []
    assert len(later(world, at + 60.0)) == 1


def test_trouble_registered_by_a_fast_clock_counts_from_the_incidents_begin() -> None:
    """Counted from a moment in our future nothing would be overdue until our clock reaches it."""
    world = reach(Phase.ROLLING_BACK)
    at = incident_of(world).opened_at
    world.state = replace(world.state, troubles={"web": replace(world.state.troubles["web"], at=at + 3600.0)})
    assert later(world, at + 59.9) == []
    assert len(later(world, at + 60.0)) == 1
