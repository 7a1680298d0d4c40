"""A service that was removed from the configuration in the middle of its incident: the incident is ended, once."""

from dataclasses import replace

import pytest

from tests.core.world import as_read
from tests.core.worlds import hear, incident_of, put, reach, share
from tests.support.effect_readers import kinds, lines, notices
from watchdog.core.checked_step import checked_step
from watchdog.core.unguarded_service import WHY
from watchdog.domain import events as e
from watchdog.domain.effects import Tell
from watchdog.domain.incident_parts import StakeholderStatus
from watchdog.domain.incidents import ActiveCritical, Outcome, Phase
from watchdog.domain.policy import Mode, ServicePolicy, Stakeholders, Suppression
from watchdog.domain.remedies.remedy import RemedyResult

SHOP = {"shop": ServicePolicy("shop", "srv-shop", Mode.AUTONOMOUS)}
FLAG = ("web", "web-1", "new-checkout")
OPEN = (Phase.PINNING, Phase.ASKING, Phase.ANNOUNCED, Phase.ROLLING_BACK, Phase.DEPLOYING, Phase.VERIFYING, Phase.PAGED)


@pytest.mark.parametrize("phase", OPEN)
def test_case_51_its_open_incident_is_ended_as_it_is_taken_up(phase: Phase) -> None:
    """Whoever was called reads so, nothing is changed at the platform, and it counts among what is critical no more."""
    world = reach(phase)
    put(world, incident=replace(incident_of(world), informed=(StakeholderStatus("board", "web-1/plain", world.now),)))
    before = incident_of(world)
    share(world, troubles={"web": ActiveCritical("web", world.now, None)})
    world.policy = replace(world.policy, services=SHOP, silences=(Suppression("s", "shop", "ann", "", 0.0, 9e9),))
    world.policy = replace(world.policy, stakeholders=(Stakeholders("board", ("mail",)),))
    assert lines(hear(world, e.Restarted(world.now, ("shop",))), "CLOSED") == [] and incident_of(world) == before
    world.state, effects, broken = checked_step(world.state, e.Restarted(world.now, ("shop", "web")), world.policy)
    after = incident_of(world)
    assert broken == "", "all actions would be disabled"
    assert (after.outcome, after.closed_at, world.state.troubles) == (Outcome.UNSEEN, world.now, {})
    (text,) = lines(effects, "CLOSED")
    assert text.startswith(f"its end is not known: {WHY}; ")
    auto_deploy_is_off = ["opened"] if before.pin.previous is not None else []
    assert notices(effects) == [*(["resolved"] if before.paged else auto_deploy_is_off), "resolved"]
    assert lines(effects, "INFORMED") == ["mail: web: not watched any more"], "who read that it fails"
    assert {"PinAutoDeploy", "RestoreAutoDeploy", "Rollback"}.isdisjoint(kinds(effects))
    assert hear(world, e.Restarted(world.now, ("web",))) == ()


@pytest.mark.parametrize("off", [False, True])
def test_case_51_a_flag_that_was_being_switched_off_is_left_to_people(off: bool) -> None:
    """Before the outcome nothing tells whether it is off; a flag that is off stays off."""
    world = reach(Phase.REMEDYING)
    if off:
        hear(world, e.RemedyDone(world.now, *FLAG))
    world.policy = replace(world.policy, services=SHOP)
    world.state, effects, broken = checked_step(world.state, e.Restarted(world.now, ("shop", "web")), world.policy)
    assert (broken, notices(effects), incident_of(world).outcome) == ("", ["resolved"], Outcome.UNSEEN)
    (attempt,) = incident_of(world).remedies
    assert attempt.result is (RemedyResult.ENDED if off else RemedyResult.UNKNOWN) and attempt.unknown is not off
    (told,) = [as_read(effect, world.now).notice for effect in effects if isinstance(effect, Tell)]
    said = "off since" if off else "Look in your flag service whether feature flag new-checkout is off"
    assert said in " ".join(told.lines)
