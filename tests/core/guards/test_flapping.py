"""Flapping: counted when incidents are opened, told once, held until it is calm."""

from dataclasses import replace

import pytest

from tests.core.scenes import NOW, a_service, a_turn
from tests.core.world import FOREVER, Fault, World, make_policy
from tests.core.worlds import bad_world, hear, history, put, web
from tests.support.effect_readers import lines, notices
from watchdog.core.guards import flapping
from watchdog.domain import events as e
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import Topic


@pytest.mark.parametrize(
    ("opened", "since", "begins"),
    [
        ((), None, False),
        ((NOW - 100,), None, False),
        ((NOW - 3600, NOW - 100), None, False),
        ((NOW - 3599, NOW - 100), None, True),
        ((NOW - 3599, NOW - 100), NOW - 50, False),
    ],
)
def test_the_third_within_an_hour_is_one_too_many(opened: tuple[float, ...], since: float | None, begins: bool) -> None:
    """It begins once, and what is kept is bounded."""
    ctx = a_turn(a_service(opened_at=opened, flapping_since=since))
    assert flapping.count(ctx) is begins
    assert ctx.service.opened_at[-1] == NOW and len(ctx.service.opened_at) <= 3
    assert ctx.service.flapping_since == (NOW if begins else since)


def test_who_flaps_is_told_of_once_and_asked_about() -> None:
    """Two incidents as always, a word and a question at the third; no rollback unasked.

    The site breaks for a minute and a half, every six minutes, on a deploy that is fresh.
    """
    world = World(make_policy(), history(), faults=[Fault(at, at + 90.0) for at in (64.0, 424.0, 784.0)])
    world.state = replace(world.state, paused_by="Alice")
    world.run(783.0)
    assert "FLAPPING" not in world.labels() and len(world.incidents) == 2
    world.run(900.0)
    text = "3 incidents opened within 60 min: rollbacks need approval until 30 min without an incident"
    assert [note.text for note in world.notes if note.label == "FLAPPING"] == [text]
    (notice,) = [tell.notice for tell in world.tells if tell.notice.about.topic is Topic.FLAPPING]
    assert notice.title == "web is flapping: rollbacks need approval" and not notice.wakes
    assert notice.about.why == text and notice.lines == (f"{text}.",)
    decision = world.incidents["web-3"].decision
    assert ("flapping", "ask") in [(answer.name, answer.verdict.value) for answer in decision.guards]


def test_a_calm_stretch_ends_it() -> None:
    """Half an hour since the last one ended, and not a second earlier; the count begins anew."""
    world = bad_world(faults=[])
    world.run(30.0)
    held = {"flapping_since": world.now - 5000, "opened_at": (world.now - 5000,)}
    put(world, closed_at=world.now - 1799, **held)
    assert lines(hear(world, e.TimePassed(world.now)), "STEADY") == []
    put(world, closed_at=world.now - 1800, **held)
    assert lines(hear(world, e.TimePassed(world.now)), "STEADY") == ["no incident for 30 min: no longer held"]
    assert (web(world).flapping_since, web(world).opened_at) == (None, ())
    put(world, closed_at=None, phase=Phase.CALM, **held)
    assert lines(hear(world, e.TimePassed(world.now)), "STEADY") == []


@pytest.mark.parametrize(("phase", "since"), [(Phase.CALM, None), (Phase.SUSPECT, NOW - 3100)])
def test_only_who_flaps_and_is_calm_can_become_steady(phase: Phase, since: float | None) -> None:
    """Incidents that were too few are still counted, however long ago the last one was; and suspicion is no calm."""
    ctx = a_turn(a_service(phase=phase, flapping_since=since, closed_at=NOW - 3000, opened_at=(NOW - 3100,)))
    flapping.settle(ctx)
    assert ctx.effects == []
    assert (ctx.service.flapping_since, ctx.service.opened_at) == (since, (NOW - 3100,))


def test_a_deploy_that_flaps_is_asked_about_where_it_would_have_been_rolled_back() -> None:
    """Held from before: the question, with the reason in it."""
    world = bad_world(faults=[Fault(64.0, FOREVER, code="bad00000")])
    world.run(30.0)
    put(world, flapping_since=world.now - 10)
    world.run(150.0)
    assert web(world).phase is Phase.ASKING and "asked" in notices(world.tells)
    decision = world.incidents["web-1"].decision
    assert decision.why.startswith("flapping: it flaps: 3 incidents opened within 60 min;")
