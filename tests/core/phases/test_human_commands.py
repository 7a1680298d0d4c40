"""What humans say: yes, no, stop, a rollback by hand; every refusal, with its reason."""

from dataclasses import replace

import pytest

from tests.core.scenes import an_incident
from tests.core.world import FOREVER, START, Fault, World, make_policy
from tests.core.worlds import bad_world, decision_of, hear, incident_of, put, put_off, reach, share, web
from tests.support.effect_readers import kinds, lines, notices
from watchdog.core.phases.close_incident import ended
from watchdog.core.phases.undo_rollback import asked_for
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.decisions import Course, Decision, GuardAnswer, GuardReason, TargetChoice, Verdict
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import ActiveCritical, Outcome, Phase
from watchdog.domain.policy import Mode, ServicePolicy
from watchdog.domain.severity import Severity

BY = "ann"


def said(world: World, what: str) -> tuple[fx.Effect, ...]:
    """Let a human say it."""
    event = {"approve": e.Approved, "reject": e.Rejected, "stop": e.Stopped}[what]
    return hear(world, event(world.now, "web-1", BY))


def ask_for(world: World, target: str | None = None) -> tuple[fx.Effect, ...]:
    """Let a human ask for a rollback by hand."""
    return hear(world, e.RollbackRequested(world.now, "web", BY, target))


def quiet_world(**more: object) -> World:
    """Return a calm world with three deploys that were live, the newest is."""
    return reach(Phase.CALM, faults=[], **more)


# --- yes, no, stop ---


@pytest.mark.parametrize(
    ("phase", "what", "why"),
    [
        (Phase.CALM, "stop", "nothing can be stopped: web is calm"),
        (Phase.PINNING, "approve", "nothing is asked: web is pinning"),
        (Phase.ROLLING_BACK, "approve", "nothing is asked: web is rolling back"),
        (Phase.ROLLING_BACK, "stop", "nothing can be stopped: web is rolling back"),
        (Phase.DEPLOYING, "reject", "nothing is asked: web is deploying"),
        (Phase.DEPLOYING, "stop", "nothing can be stopped: web is deploying"),
        (Phase.VERIFYING, "stop", "nothing can be stopped: web is verifying"),
        (Phase.PAGED, "approve", "nothing is asked: web is paged"),
    ],
)
def test_what_was_not_asked_is_refused_with_the_reason(phase: Phase, what: str, why: str) -> None:
    """Too late, over, or never a question: nothing changes, and the human hears what is going on."""
    world = reach(phase)
    if phase is Phase.CALM:
        put(world, incident=an_incident(closed_at=world.now - 5.0))
    before = web(world)
    effects = said(world, what)
    assert lines(effects, "REFUSED") == [why]
    assert kinds(effects) == ["Note"] and web(world) == before


@pytest.mark.parametrize("phase", [Phase.ASKING, Phase.ANNOUNCED])
def test_a_yes_acts_at_once(phase: Phase) -> None:
    """Asked or announced: approved, pinned, and the rollback names who said yes."""
    world = reach(phase)
    effects = said(world, "approve")
    assert lines(effects, "APPROVED") == ["by ann"] and lines(effects, "REFUSED") == []
    assert web(world).phase is Phase.PINNING and "PinAutoDeploy" in kinds(effects)
    assert decision_of(world).why.startswith("approved; ")
    effects = hear(world, e.PinConfirmed(world.now, "web", "web-1", "commit"))
    rollback = next(effect for effect in effects if isinstance(effect, fx.Rollback))
    assert rollback.approved_by == BY and rollback.target == "dep-40"


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (e.Paused(START, "bob"), "hold: paused by bob"),
        (e.InvariantBroken(START, "two rollbacks"), "armed: disarmed: two rollbacks; watchdog resume"),
    ],
)
def test_a_yes_while_nothing_may_be_changed_is_refused(event: e.Event, why: str) -> None:
    """A guard that an approval does not answer: paged, and whoever said yes, or asks by hand, hears why.

    The end of a veto window does not answer it either. Who said it looks after it: nobody else is called meanwhile.
    """
    world = reach(Phase.ASKING)
    hear(world, replace(event, at=world.now))
    effects = said(world, "approve")
    assert lines(effects, "REFUSED") == [why] and web(world).phase is Phase.PAGED
    assert not {"Rollback", "PinAutoDeploy"} & set(kinds(effects))
    assert incident_of(world).escalation.acknowledged_by == BY
    assert lines(ask_for(world), "REFUSED") == [why]
    announced = reach(Phase.ANNOUNCED)
    hear(announced, replace(event, at=announced.now))
    announced.run(announced.time + 65.0)
    assert web(announced).phase is Phase.PAGED and decision_of(announced).why == why and not announced.pins


@pytest.mark.parametrize(
    ("phase", "what"), [(Phase.ASKING, "reject"), (Phase.ASKING, "stop"), (Phase.ANNOUNCED, "reject")]
)
def test_a_no_changes_nothing(phase: Phase, what: str) -> None:
    """The incident stays open and watched, nothing is pinned, nothing is tried again by itself."""
    world = reach(phase)
    effects = said(world, what)
    assert lines(effects, "REJECTED") == ["by ann: nothing is changed"]
    assert web(world).phase is Phase.PAGED and incident_of(world).human_needed == "rejected by ann"
    world.run(world.time + 300.0)
    assert not world.pins and not world.sent and web(world).phase is Phase.PAGED


def test_a_stop_after_the_pin_gives_auto_deploy_back() -> None:
    """Postponed after the pin: suspect again; a stop there restores the old value."""
    world = put_off()
    effects = said(world, "stop")
    restores = [effect.value for effect in effects if isinstance(effect, fx.RestoreAutoDeploy)]
    assert restores == ["commit"] and web(world).phase is Phase.PAGED
    assert notices(effects) == [] and web(world).auto_deploy_notice_thread == "", "it is not left off"


def test_a_stop_while_an_obstacle_holds_the_rollback_back() -> None:
    """Paged because of a pause: a stop keeps the rollback from being made when the pause ends; a second is refused."""
    world = bad_world()
    world.tell(e.Paused(world.now, "bob"))
    world.run(130.0)
    assert web(world).phase is Phase.PAGED and not incident_of(world).human_needed
    assert lines(said(world, "stop"), "STOPPED") == ["by ann: no rollback is sent"]
    assert lines(said(world, "stop"), "REFUSED") == ["nothing can be stopped: web is paged"]
    world.tell(e.Resumed(world.now, "bob"))
    world.run(500.0)
    assert not world.sent


# --- a rollback by hand ---


def test_a_rollback_to_a_named_deploy_after_a_closed_incident_opens_a_new_one() -> None:
    """Any older deploy that was live will do; the calm service remembers the closed incident and does not reopen it."""
    world = quiet_world()
    put(world, incident=an_incident(closed_at=world.now - 5.0), incidents=4)
    effects = ask_for(world, "dep-39")
    assert incident_of(world).id == "web-5" and incident_of(world).severity is Severity.HIGH
    assert incident_of(world).rollback.target == "dep-39" and incident_of(world).rollback.target_code == "aaaaaaa0"
    assert decision_of(world).target == TargetChoice(world.deploys[1], "named by hand")
    assert lines(effects, "BY HAND")[0].endswith("dep-40 -> dep-39")


def test_a_rollback_by_hand_is_the_humans_decision_and_shows_what_speaks_against_it() -> None:
    """Nobody is blamed; the same code is no target; what a guard would have asked is kept for `explain`."""
    world = quiet_world()
    again = Deploy("dep-42", "live", commit="aaaaaaa1", created_at=world.now, changed=("environment",))
    before = [replace(deploy, status="deactivated") for deploy in world.deploys]
    put(world, deploys=(again, *before), live=again.id)
    ask_for(world)
    decision = decision_of(world)
    target = TargetChoice(before[1], "was live 6 d 0 h before we began to watch", decision.target.skipped)
    course = (Course.ROLLBACK, Severity.HIGH, "asked for by ann", None, 0.0, "autonomous")
    assert decision == Decision(world.now, *course, (), None, decision.guards, target)
    assert [answer.name for answer in decision.guards if answer.verdict is not Verdict.PASS] == ["environment"]
    incident = incident_of(world)
    assert (incident.title, incident.channels) == ("rollback by hand, asked for by ann", ("pager", "chat"))
    assert (incident.suspect, incident.suspect_code) == ("dep-42", "aaaaaaa1")
    assert [item.deploy for item in target.skipped] == ["dep-40"]


DEPLOYS = (
    Deploy("dep-43", "deactivated", commit="ddddddd3", created_at=30.0, finished_at=40.0),
    Deploy("dep-42", "live", commit="ddddddd2", created_at=20.0, finished_at=30.0),
    Deploy("dep-41", "build_failed", commit="ddddddd1", created_at=10.0, finished_at=20.0),
)


@pytest.mark.parametrize(
    ("deploys", "target", "why"),
    [
        (DEPLOYS, "dep-7", "dep-7 is not among the last 3 deploys"),
        (DEPLOYS, "dep-41", "dep-41 was never live (build failed)"),
        (DEPLOYS, "dep-42", "dep-42 is live already"),
        (DEPLOYS, "dep-43", "dep-43 is newer than the live deploy"),
        (DEPLOYS, None, "no earlier deploy is known to be good"),
        ("Render answered 503", None, "no live deploy is known: Render answered 503"),
        ("", None, "no live deploy is known: none in the list"),
    ],
)
def test_what_cannot_be_rolled_back_to_is_refused(deploys: tuple | str, target: str | None, why: str) -> None:
    """No incident is opened, nothing is pinned; of an empty list it is said why."""
    known = (
        {"deploys": (), "deploys_why": deploys} if isinstance(deploys, str) else {"deploys": deploys, "live": "dep-42"}
    )
    world = put(quiet_world(), **known)
    assert lines(ask_for(world, target), "REFUSED") == [why]
    assert web(world).phase is Phase.CALM and web(world).incident is None


@pytest.mark.parametrize("mode", list(Mode))
def test_modes_bind_the_human_too_but_assist_is_the_human(mode: Mode) -> None:
    """Observe may not touch anything; assist asks a human, and this is one."""
    world = quiet_world(policy=make_policy(mode))
    refusals = lines(ask_for(world), "REFUSED")
    assert bool(refusals) is (mode is Mode.OBSERVE)
    assert all(why.startswith("mode: observe") for why in refusals)
    assert web(world).phase is (Phase.CALM if refusals else Phase.PINNING)


def test_guards_for_machines_do_not_hold_a_human_back() -> None:
    """Budget and cooldown are spent, there is an action hold, the author forbids a rollback, the daemon is blind and
    two others fail; a human may. A pause is for everybody.
    """
    world = quiet_world()
    others = ("shop", "mail")
    fleet = {**world.policy.services, **{name: ServicePolicy(name, f"srv-{name}") for name in others}}
    world.policy = replace(world.policy, services=fleet)
    failing = {name: ActiveCritical(name, world.now, None, recent_deploy=False) for name in others}
    share(world, troubles=failing, blind_since=world.now)
    live, *older = web(world).deploys
    put(world, deploys=(replace(live, commit_message="Move the data\n\nWatchdog: no-rollback"), *older))
    hear(world, e.Held(world.now, "bob", world.now + 3600.0, "launch", "web"))
    put(world, acted_at=(world.now - 60.0, world.now - 30.0))
    world.state = replace(world.state, acted_at=web(world).acted_at)
    hear(world, e.Paused(world.now, "bob"))
    assert lines(ask_for(world), "REFUSED") == ["hold: paused by bob"]
    hear(world, e.Resumed(world.now, "bob"))
    ask_for(world)
    assert web(world).phase is Phase.PINNING


ACTING = [Phase.ANNOUNCED, Phase.PINNING, Phase.ROLLING_BACK, Phase.DEPLOYING, Phase.VERIFYING]


@pytest.mark.parametrize("phase", ACTING)
def test_one_action_at_a_time(phase: Phase) -> None:
    """While the watchdog is at it, another rollback is refused, and an undo as well."""
    world = reach(phase)
    for effects in (ask_for(world), hear(world, asked_for(incident_of(world), world.now, "ann"))):
        assert lines(effects, "REFUSED") == [f"web-1 is being handled: {phase.value.replace('_', ' ')}"]
        assert web(world).phase is phase


@pytest.mark.parametrize("phase", [Phase.SUSPECT, Phase.ASKING, Phase.PAGED])
def test_a_human_may_act_before_the_watchdog_does(phase: Phase) -> None:
    """An open incident that had no rollback yet is continued; a mere suspicion gets one."""
    world = reach(Phase.ASKING)
    if phase is Phase.SUSPECT:
        world = reach(Phase.SUSPECT)
    if phase is Phase.PAGED:
        said(world, "reject")
    assert web(world).phase is phase
    ask_for(world)
    assert web(world).phase is Phase.PINNING
    assert incident_of(world).id == "web-1" and incident_of(world).question.approved_by == BY
    assert incident_of(world).closed_at is None


def test_that_it_was_suspended_in_this_incident_is_still_known_after_it() -> None:
    """The guards are asked about the request with its incident: what they found in it goes on."""
    world = reach(Phase.PAGED)
    world.policy = make_policy()
    suspended = GuardAnswer("service", Verdict.BLOCK, "web is suspended", reason=GuardReason.SUSPENDED)
    put(world, incident=replace(incident_of(world), decision=replace(decision_of(world), guards=(suspended,))))
    ask_for(world)
    (answer,) = [one for one in decision_of(world).guards if one.name == "service"]
    assert (answer.verdict, answer.reason) == (Verdict.ASK, GuardReason.WAS_SUSPENDED)


def test_an_incident_that_had_its_rollback_ends_before_another_is_begun() -> None:
    """The journal knows one rollback per incident: the old one is closed, the new one keeps its severity.

    What is derived from the states around the step is what the core wrote in between.
    """
    world = bad_world(faults=[Fault(64.0, FOREVER)]).run(300.0)
    assert web(world).phase is Phase.PAGED and incident_of(world).rollback.deploy is not None
    before = world.state
    effects = ask_for(world, "dep-39")
    (found,) = ended(before, world.state)
    assert (found.id, found.outcome, found.closed_at) == ("web-1", Outcome.CONTINUED, world.now)
    assert lines(effects, "CLOSED")[0].startswith("continued by hand: ann started another rollback")
    assert notices(effects) == ["resolved"]
    incident = incident_of(world)
    assert incident.id == "web-2" and incident.severity is Severity.CRITICAL and not incident.rollback.tried
    assert web(world).phase is Phase.PINNING
