"""Two groups at once: a human is asked, for as long as it is so, and about nothing else."""

from dataclasses import replace

import pytest

from tests.core.world import World, make_policy
from tests.core.worlds import decision_of, hear, incident_of, reach, until, web
from tests.support.effect_readers import kinds, lines, notices
from watchdog.domain import events as e
from watchdog.domain.decisions import Course
from watchdog.domain.incidents import ActiveCritical, Phase
from watchdog.domain.policy import Mode, Policy, ServicePolicy
from watchdog.domain.readings import Bad, Good


def fleet(mode: Mode = Mode.AUTONOMOUS, veto_seconds: float = 0.0) -> Policy:
    """Return the policy of three services; nobody has declared who relies on whom."""
    policy = make_policy(mode, veto_seconds)
    others = {name: ServicePolicy(name, f"srv-{name}") for name in ("shop", "docs")}
    return replace(policy, services={**policy.services, **others})


def down(world: World, *names: str) -> World:
    """Have these services, and no others beside our own, be critical since this moment."""
    mine = {name: one for name, one in world.state.troubles.items() if name == "web"}
    world.state = replace(world.state, troubles={**mine, **{name: ActiveCritical(name, world.now) for name in names}})
    return world


def asked_in_a_wave(policy: Policy | None = None) -> World:
    """Return a world in which shop fails as well, so that people were just asked about web."""
    return until(Phase.ASKING, down(reach(Phase.SUSPECT, policy or fleet()), "shop"))


def course(world: World) -> tuple[Course, str]:
    """Return what was decided last, and why."""
    decision = decision_of(world)
    return decision.course, decision.why


def test_people_read_why_they_are_asked_and_that_the_question_may_become_void() -> None:
    """All that asks is named, the wave among it; nobody is promised that nothing happens, if something may."""
    lasting, for_good = asked_in_a_wave(), asked_in_a_wave(fleet(Mode.ASSIST))
    why = next(line for line in for_good.pages()[0].notice.lines if line.startswith("Decided: ask: "))
    both = "mode: assist: a human decides; correlation: 2 failures within 90 s"
    assert why.startswith(f"Decided: ask: {both}")
    may = "Once that has passed, the daemon decides again, and may roll back without an answer."
    assert may in lasting.pages()[0].notice.lines and may not in for_good.pages()[0].notice.lines
    down(for_good).run(for_good.time + 30.0)
    assert web(for_good).phase is Phase.ASKING and not for_good.pins, "in mode assist nothing is done unasked"
    assert len(for_good.pages()) == 1


def test_it_acts_by_itself_when_the_other_has_recovered() -> None:
    """The question is void: what asked was the wave, and that has passed. A yes in it is one; a veto is announced."""
    world = asked_in_a_wave()
    world.run(world.time + 20.0)
    assert web(world).phase is Phase.ASKING and not world.pins
    down(world).run(world.time + 10.0)
    assert [rollback.approved_by for _, rollback in world.accepted] == [None]
    agreed = asked_in_a_wave()
    agreed.tell(e.Approved(agreed.now, "web-1", "ann"))
    agreed.run(agreed.time + 10.0)
    assert [rollback.approved_by for _, rollback in agreed.accepted] == ["ann"]
    vetoed = asked_in_a_wave(fleet(veto_seconds=60.0))
    down(vetoed).run(vetoed.time + 10.0)
    assert web(vetoed).phase is Phase.ANNOUNCED


def test_what_is_not_seen_failing_at_that_moment_is_still_asked_about() -> None:
    """The other recovers, and ours answers again, or nothing can be seen: whoever is asked goes on being asked."""
    world = asked_in_a_wave()
    down(world)
    after = world.now + 30.0
    hear(world, e.Observed(after, "web", "home", Good()))
    assert web(world).phase is Phase.ASKING
    blind = asked_in_a_wave()
    blind.state = replace(down(blind).state, blind_since=blind.now)
    hear(blind, e.Observed(blind.now + 6.0, "web", "home", Bad("HTTP 503")))
    assert web(blind).phase is Phase.ASKING


@pytest.mark.parametrize("answer", [e.Rejected, e.Stopped])
def test_a_no_that_comes_late_holds_all_the_same(answer: type[e.Rejected | e.Stopped]) -> None:
    """The wave has passed a moment before, or grown: nothing is sent, and nothing later."""
    world = reach_pinning_after_a_wave()
    effects = hear(world, answer(world.now, "web-1", "ann"))
    assert web(world).phase is Phase.PAGED and incident_of(world).human_needed == "stopped by ann"
    assert "Rollback" not in kinds(hear(world, e.PinConfirmed(world.now, "web", "web-1", "commit")))
    grown = asked_in_a_wave()
    down(grown, "shop", "docs").run(grown.time + 10.0)
    effects = hear(grown, answer(grown.now, "web-1", "ann"))
    assert not lines(effects, "REFUSED")
    assert lines(hear(grown, answer(grown.now, "web-1", "ann")), "REFUSED")
    down(grown).run(grown.time + 30.0)
    assert not grown.pins and web(grown).phase is Phase.PAGED


def reach_pinning_after_a_wave() -> World:
    """Return a world whose question is void, and in which auto-deploy is just being switched off."""
    world = asked_in_a_wave()
    world.pin = "silent"
    return until(Phase.PINNING, down(world))


def test_people_hear_after_a_minute_that_it_is_not_on_its_way() -> None:
    """They were asked, and told no more; then once, and not again."""
    world = reach_pinning_after_a_wave()
    decision = decision_of(world)
    began = decision.at
    for seconds, late in ((59.0, []), (60.0, ["human_needed"]), (61.0, [])):
        effects = hear(world, e.Observed(began + seconds, "web", "home", Bad("HTTP 503")))
        assert notices(effects) == late


def test_a_question_that_no_yes_can_answer_any_more_is_withdrawn() -> None:
    """A third service fails: no deploy did that. People are told so, and once it is two again they are asked again."""
    world = asked_in_a_wave()
    down(world, "shop", "docs").run(world.time + 10.0)
    assert web(world).phase is Phase.PAGED and course(world)[1].startswith("correlation: 3 failures")
    effects = hear(world, e.Approved(world.now, "web-1", "ann"))
    assert lines(effects, "REFUSED") and not world.pins
    down(world, "shop").run(world.time + 10.0)
    assert web(world).phase is Phase.ASKING and len(world.pages()) == 3


def test_a_yes_answers_what_was_asked_and_no_more() -> None:
    """Asked because of the mode; by the time of the yes another service fails too, which nobody was asked about."""
    world = reach(Phase.ASKING, fleet(Mode.ASSIST))
    effects = hear(down(world, "shop"), e.Approved(world.now, "web-1", "ann"))
    assert web(world).phase is Phase.ASKING and "PinAutoDeploy" not in kinds(effects)
    assert course(world) == (Course.ASK, lines(effects, "REFUSED")[0])
    assert lines(effects, "REFUSED")[0].startswith("mode: assist: a human decides; correlation: 2 failures")
    assert notices(effects) == ["asked"] and incident_of(world).question.approved_by is None
    world.tell(e.Approved(world.now, "web-1", "ann"))
    assert web(world).phase is not Phase.ASKING and incident_of(world).question.approved_by == "ann"


def test_a_yes_does_not_outlive_what_came_up_on_the_way() -> None:
    """Said, and while auto-deploy is being switched off another service fails: nothing is sent, people are asked."""
    world = reach(Phase.ASKING, fleet(Mode.ASSIST), pin="silent")
    world.tell(e.Approved(world.now, "web-1", "ann"))
    assert web(world).phase is Phase.PINNING
    hear(down(world, "shop"), e.PinConfirmed(world.now, "web", "web-1", "commit"))
    assert web(world).phase is Phase.SUSPECT and not world.sent
    effects = hear(world, e.Observed(world.now + 1, "web", "home", Bad("HTTP 503")))
    assert web(world).phase is Phase.ASKING and notices(effects) == ["asked"]
    given_back = hear(world, e.Rejected(world.now + 2, "web-1", "ann"))
    assert "RestoreAutoDeploy" in kinds(given_back)
