"""The bad commit coming back: said once per deploy, answered by a pin and a page, never by a second rollback."""

from dataclasses import replace

import pytest

from tests.core.incident_fields import amended
from tests.core.world import make_policy, with_row
from tests.core.worlds import bad_world, decision_of, hear, incident_of, listed, put, quiet, reach, share, web, wish
from tests.support.effect_readers import kinds, lines, notices, tell_of
from watchdog.core.phases import bad_commit_recurrence
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import Topic
from watchdog.domain.policy import Mode
from watchdog.domain.severity import Severity


@pytest.mark.parametrize("ends", ["live", "on its way"])
def test_it_is_said_once_per_deploy_and_auto_deploy_is_switched_off_once_more(ends: str) -> None:
    """While the incident is open: one page for the deploy, one pin for the incident, no second rollback."""
    world = reach(Phase.DEPLOYING)
    back = world.begin("bad00000", "blueprint_sync")
    if ends == "live":
        world.end(back)
    effects = listed(world, auto_deploy="commit")
    how = "live again" if ends == "live" else "on its way again"
    assert lines(effects, "RETURNED") == [f"the bad commit bad0000 is {how} ({back}, blueprint_sync)"]
    assert [effect.incident for effect in effects if isinstance(effect, fx.PinAutoDeploy)] == ["web-1"]
    (tell,) = [effect.notice for effect in effects if isinstance(effect, fx.Tell)][:1]
    assert (tell.kind.value, tell.wakes, tell.incident) == ("human_needed", True, "web-1")
    assert (tell.about.topic, tell.about.code, tell.about.by) == (Topic.RETURNED, "bad00000", back)
    assert tell.about.under_way is (ends != "live") and tell.title == f"web: bad commit bad0000 is {how}"
    assert tell.about.why == f"the bad commit bad0000 is {how} ({back}, blueprint_sync)"
    assert "The daemon does not roll it back a second time by itself." in tell.lines
    assert lines(effects, "ACT") == ["auto-deploy -> off once more, to be read back"]
    assert incident_of(world).pin.again and not incident_of(world).pin.off
    assert "Rollback" not in kinds(effects)
    again = listed(world, auto_deploy="commit")
    assert lines(again, "RETURNED") == [] and "PinAutoDeploy" not in kinds(again)
    other = world.begin("bad00000", "manual")
    third = listed(world, auto_deploy="commit")
    assert other in lines(third, "RETURNED")[0] and "PinAutoDeploy" not in kinds(third)
    world.end(incident_of(world).rollback.deploy or "", "canceled")
    overtaken = listed(world, auto_deploy="commit")
    assert web(world).phase is Phase.PAGED and "RestoreAutoDeploy" not in kinds(overtaken), "it would bring the next"


def test_live_again_during_verification_is_one_page_with_the_cause() -> None:
    """Verification ends with a human in the same words; what was pinned stays so."""
    world = reach(Phase.VERIFYING)
    world.end(world.begin("bad00000"))
    effects = listed(world, auto_deploy="commit")
    assert notices(effects) == ["human_needed"]
    assert "the bad commit bad0000 is live again" in lines(effects, "HUMAN")[0]
    assert web(world).phase is Phase.PAGED
    assert "RestoreAutoDeploy" not in kinds(effects)


@pytest.mark.parametrize("why", ["off already", "paused", "no incident of ours", "no platform id"])
def test_nothing_is_switched_off_that_need_not_or_may_not(why: str) -> None:
    """It is said all the same."""
    world = reach(Phase.DEPLOYING)
    if why == "paused":
        world.state = replace(world.state, paused_by="ann")
    if why == "no incident of ours":
        put(world, incident=amended(incident_of(world), deploy=None))
    if why == "no platform id":
        wish(world, platform_id=None)
    world.begin("bad00000")
    effects = listed(world, auto_deploy="off" if why == "off already" else "commit")
    assert len(lines(effects, "RETURNED")) == 1
    assert "PinAutoDeploy" not in kinds(effects)


@pytest.mark.parametrize(
    ("remembered", "mode", "by"),
    [(False, Mode.AUTONOMOUS, "watchdog rollback web"), (True, Mode.OBSERVE, "on the platform's dashboard")],
)
def test_after_the_incident_it_is_a_page_of_its_own(remembered: bool, mode: Mode, by: str) -> None:
    """In calm nothing is changed; the page is one per deploy, whoever it wakes, though the incident is known still."""
    world = wish(quiet(), mode=mode)
    if remembered:
        put(world, incident=world.incidents["web-1"])
    back = world.begin("bad00000", "deploy_hook")
    effects = listed(world, auto_deploy="commit")
    (tell,) = [effect for effect in effects if isinstance(effect, fx.Tell)]
    assert (tell.notice.incident, tell.notice.wakes, tell.channels) == (back, True, ("pager", "chat"))
    assert "deploy_hook" in tell.notice.lines[0]
    trusted = "If it is good now: watchdog commit trust bad00000"
    assert tell.notice.lines[2] == f"To roll back once more: {by}. {trusted}"
    assert web(world).overtaken, "an order of before to give auto-deploy back holds no more"
    assert "PinAutoDeploy" not in kinds(effects)
    assert notices(listed(world, auto_deploy="commit")) == []


@pytest.mark.parametrize(
    ("ends", "why"),
    [
        ("another is live", "{new} is live."),
        ("it fails", "{live} is live."),
        ("no list reaches back to it", "{live} is live."),
        ("nothing is live", "{back} is not live."),
        ("trusted", "bad0000 is trusted now."),
    ],
)
def test_case_55_its_page_is_closed_once_that_is_over(ends: str, why: str) -> None:
    """Not before, once only, and the page of another return stays open."""
    world = quiet()
    live, back = str(web(world).live), world.begin("bad00000", "deploy_hook")
    listed(world, auto_deploy="commit")
    assert web(world).returned == (back,) and notices(listed(world, auto_deploy="commit")) == []
    new = ""
    if ends == "another is live":
        world.end(back)
        listed(world, auto_deploy="commit")
        world.end(new := world.begin("new00000"))
    elif ends == "trusted":
        hear(world, e.CommitTrusted(world.now, "bad00000", "ann"))
    elif ends == "it fails":
        world.end(back, "build_failed")
    elif ends == "nothing is live":
        world.deploys[:] = [replace(deploy, status="deactivated") for deploy in world.deploys]
    else:
        world.deploys[:] = [deploy for deploy in world.deploys if deploy.id != back]
    (closed,) = [effect.notice for effect in listed(world, auto_deploy="commit") if isinstance(effect, fx.Tell)]
    assert (closed.kind.value, closed.incident, closed.resolves) == ("resolved", back, True)
    assert closed.lines == (why.format(new=new, live=live, back=back),)
    assert web(world).returned == () and notices(listed(world, auto_deploy="commit")) == []


def test_an_entry_of_another_version_about_a_rollback_to_good_code_ends_once_it_serves_no_more() -> None:
    """That its code is not denied ends nothing."""
    world = quiet()
    put(world, returned=(rollback := str(web(world).live),))
    assert notices(listed(world, auto_deploy="commit")) == []
    world.end(world.begin("new00000"))
    assert tell_of(listed(world, auto_deploy="commit")).notice.incident == rollback


@pytest.mark.parametrize(("tell", "alerts", "told"), [((), ("pager",), 1), ((), (), 0)])
def test_without_a_channel_for_high_the_alerts_are_used(tell: tuple[str, ...], alerts: tuple[str, ...], told: int):
    """And without any at all it is only written down."""
    world = quiet()
    world.policy = replace(with_row(world.policy, Severity.HIGH, tell=tell), alerts=alerts)
    world.begin("bad00000")
    effects = listed(world, auto_deploy="commit")
    assert len(lines(effects, "RETURNED")) == 1 and len(notices(effects)) == told


def test_trusted_code_and_code_that_another_service_denied_are_nobodys_return() -> None:
    """A human lifted it, or it never was this service's; and the suspect itself is no news while it is still live."""
    trusted = quiet()
    hear(trusted, e.CommitTrusted(trusted.now, "bad00000", "ann"))
    trusted.begin("bad00000")
    known = reach(Phase.DEPLOYING)
    assert web(known).bad == (("bad00000", incident_of(known).suspect),)
    for world in (trusted, known, share(reach(Phase.CALM), denied=("aaaaaaa1",))):
        assert lines(listed(world, auto_deploy="commit"), "RETURNED") == []


def test_what_is_remembered_is_bounded() -> None:
    """The oldest is forgotten."""
    world = reach(Phase.DEPLOYING)
    for _ in range(bad_commit_recurrence.KNOWN_MAX + 5):
        world.begin("bad00000")
    listed(world, auto_deploy="commit")
    assert len(web(world).bad) == bad_commit_recurrence.KNOWN_MAX


def test_auto_deploy_is_not_given_back_by_a_request_by_hand_while_the_newest_code_is_denied() -> None:
    """It was on when the person asked, as its first switch had failed; the next merge would still build on bad code."""
    world = quiet()
    put(world, auto_deploy_off="", pinned_for="", facts=replace(world.facts, auto_deploy="commit"))
    hear(world, e.RollbackRequested(world.now, "web", "ann"))
    hear(world, e.PinConfirmed(world.now, "web", "web-2", "commit"))
    effects = hear(world, e.RollbackPostponed(world.now, "web", "web-2", "interrupted", "commit"))
    assert "human_needed" in notices(effects) and "RestoreAutoDeploy" not in kinds(effects)
    assert web(world).auto_deploy_off == "commit", "a person gives it back"


@pytest.mark.parametrize("answer", ["none", "approve"])
def test_in_an_incident_of_its_own_it_is_asked_about(answer: str) -> None:
    """Long after, when every budget is free again: one rollback by the machine, a second by a yes, or by hand."""
    world = bad_world(make_policy(), answer=answer)
    world.ship(3000.0, "bad00000", trigger="deploy_hook")
    world.run(3400.0)
    asked = [tell for tell in world.tells if tell.notice.kind.value == "asked"]
    assert [tell.notice.incident for tell in asked] == ["web-2"] and asked[0].notice.wakes
    assert len(world.accepted) == (2 if answer == "approve" else 1) and world.broken == []
    assert web(world).phase is (Phase.ASKING if answer == "none" else Phase.CALM)
    if answer == "none":
        assert "PinAutoDeploy" in kinds(hear(world, e.RollbackRequested(world.now, "web", "ann")))
        assert "returned" not in {one.name for one in decision_of(world).guards}, "no second question"
