"""What a rollback by hand, or an undo, would do now: the core's own plan, or its reason not to."""

import pytest

from tests.core.world import Fault, World
from tests.core.worlds import bad_world, reach, web
from watchdog.domain.errors import Refused
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import Phase
from watchdog.presentation.rollback_plan import planned, planned_undo


def listed(world: World) -> DeploysListed:
    """Return what the platform says now."""
    return DeploysListed(world.now, "web", tuple(world.deploys), world.facts)


def rolled_back() -> World:
    """Return a world in which bad00000 was rolled back, and that is proved."""
    return bad_world(faults=[Fault(64.0, 150.0, code="bad00000")]).run(1200.0)


def test_a_plan_of_an_undo_shows_the_target_the_guards_and_what_is_lifted() -> None:
    """From the deploys as they are read now; the state that it is made from stays as it was."""
    world = rolled_back()
    before = world.state
    decision, said = planned_undo(world.policy, world.state, listed(world), world.incidents["web-1"])
    assert decision.target.deploy.id == "dep-900" and "newer deploy" in [answer.name for answer in decision.guards]
    assert said.startswith("of web-1: bad0000 leaves the deny-list, for every service; if it fails again")
    assert world.state is before and world.state.denied == ("bad00000",)
    # By hand it is the core's choice, or the deploy that was named: the same decision as the command's, of this moment.
    chosen = planned(world.policy, world.state, listed(world), None)
    named = planned(world.policy, world.state, listed(world), "dep-39")
    assert [one.target.deploy.id for one in (chosen, named) if one.target and one.target.deploy] == ["dep-39", "dep-39"]
    assert chosen.at == world.now and web(world).incident is None


def test_a_plan_that_would_be_refused_is() -> None:
    """With the core's own reason: no longer live by what is read now, or in the middle of an action."""
    world = rolled_back()
    world.end(world.begin("cccccccc"))
    with pytest.raises(Refused, match=r"its rollback dep-901 is not live any more \(dep-902 is\)"):
        planned_undo(world.policy, world.state, listed(world), world.incidents["web-1"])
    world = reach(Phase.DEPLOYING)
    with pytest.raises(Refused, match="web-1 is being handled: deploying"):
        planned_undo(world.policy, world.state, listed(world), world.incidents["web-1"])
    with pytest.raises(Refused, match="web-1 is being handled: deploying"):
        planned(world.policy, world.state, listed(world), None)


@pytest.mark.parametrize(("blamed", "is_live"), [("dep-39", False), ("dep-900", False), ("dep-901", True)])
def test_a_plan_because_of_a_deploy_is_refused_once_that_is_not_live(blamed: str, is_live: bool) -> None:
    """An offer of days ago would leave a good deploy; the deploy of a rollback that is live counts as itself."""
    world = rolled_back()
    if is_live:
        assert planned(world.policy, world.state, listed(world), None, blamed).target is not None
        return
    with pytest.raises(Refused, match=f"^{blamed} is not live at web any more; nothing to roll back$"):
        planned(world.policy, world.state, listed(world), None, blamed)
