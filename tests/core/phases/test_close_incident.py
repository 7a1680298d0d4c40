"""Endings: paged, told, noted, closed; auto-deploy given back when it was switched off for nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.core.incident_fields import amended
from tests.core.scenes import NOW, a_decision, a_service, a_turn, an_incident
from tests.core.world import FOREVER, Fault, World, make_policy
from tests.core.worlds import (
    bad_world,
    decision_of,
    fixed_forward,
    hear,
    history,
    incident_of,
    line_of,
    put,
    put_off,
    reach,
    share,
    web,
    wish,
)
from tests.support.effect_readers import kinds, lines, tell_of
from watchdog.core.phases.close_incident import close, ended
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.decisions import GuardAnswer, Verdict
from watchdog.domain.deploys import Deploy, Downtime
from watchdog.domain.incidents import Incident, Outcome, Phase, ServiceState, State
from watchdog.domain.notices import Topic
from watchdog.domain.policy import DEFAULT_MATRIX, Action, Mode, Policy, Rule
from watchdog.domain.readings import Bad
from watchdog.domain.severity import Severity


def home_means(severity: Severity, *tell: str) -> Policy:
    """Return a policy in which a failing home is of that severity, told to these channels."""
    policy = make_policy()
    web = policy.services["web"]
    signals = tuple(replace(signal, severity=severity) for signal in web.signals)
    matrix = {**policy.matrix, severity: replace(DEFAULT_MATRIX[severity], tell=tell)}
    return replace(policy, services={"web": replace(web, signals=signals)}, matrix=matrix)


def outage(policy: Policy, end: float = 250.0) -> World:
    """Return a world after an outage that ended by itself."""
    return bad_world(policy, faults=[Fault(64.0, end, code="bad00000")]).run(500.0)


def test_a_medium_incident_is_told_without_waking_anybody_and_a_low_one_is_only_written_down() -> None:
    """Opened and resolved, both for information; of a low one nobody is told, not even of its end."""
    world = outage(home_means(Severity.MEDIUM, "chat"))
    told = [(tell.notice.kind.value, tell.notice.wakes, tell.channels) for tell in world.tells]
    assert told == [("opened", False, ("chat",)), ("resolved", False, ("chat",))] and not world.pins
    world = outage(home_means(Severity.LOW, "chat"))
    assert not world.tells and not world.pins and {"LOW", "CLOSED"} <= set(world.labels())
    assert world.incidents["web-1"].outcome == "recovered"


@pytest.mark.parametrize(("ended_at", "planned"), [(None, True), (NOW - 59.0, True), (NOW - 60.0, False)])
def test_an_incident_is_planned_only_if_a_downtime_explains_all_its_failures(
    ended_at: float | None, planned: bool
) -> None:
    """Decided in it, and what fails a minute after its end is an outage that counts, and teaches."""
    meant = a_decision(guards=(GuardAnswer("service", Verdict.BLOCK, "it is suspended"),))
    down = Downtime("suspended", NOW - 600.0, NOW - 615.0, ended_at=ended_at)
    ctx = a_turn(a_service(phase=Phase.PAGED, downtime=down, incident=an_incident(decision=meant)))
    close(ctx, Outcome.RECOVERED, "it recovered")
    assert ctx.incident.planned is planned and (ctx.service.closed_at is None) is planned


HOTFIXED = [Fault(64.0, 260.0), Fault(500.0, FOREVER)]


def hotfixed() -> World:
    """Return a world in which an outage that is no deploy's doing seems to end with a hotfix, and comes back."""
    world = World(make_policy(), history(), faults=HOTFIXED)
    world.ship(250.0, "fix00000")
    return world.run(600.0)


def test_what_comes_back_after_a_hotfix_is_asked_about() -> None:
    """The code that it repaired had failed in the same way; by the time alone the hotfix would be rolled back."""
    world = hotfixed()
    decision = decision_of(world)
    assert web(world).phase is Phase.ASKING and not world.sent
    assert [term.name for term in decision.blame.terms] == ["fault before"] and decision.blame.likelier_than_not


@pytest.mark.parametrize(
    ("world", "failed"),
    [
        pytest.param(hotfixed, ("home",), id="no deploy was to blame"),
        pytest.param(lambda: bad_world(), (), id="a rollback cured it"),
        pytest.param(lambda: fixed_forward(), (), id="a deploy was to blame, and was replaced"),
        pytest.param(lambda: bad_world(faults=[Fault(64.0, 600.0)]), ("home",), id="its rollback did not help"),
    ],
)
def test_the_next_deploy_may_meet_what_no_deploy_was_to_blame_for(
    world: Callable[[], World], failed: tuple[str, ...]
) -> None:
    """A deploy that is to blame is cured by its replacement: what fails then is of that one."""
    assert tuple(name for name, _ in web(world().run(900.0)).failed_from) == failed


def blamed(world: World) -> tuple[tuple[str, str, str], ...]:
    """Return the deploys that no rollback leads back to, some time later."""
    return world.run(700.0).state.blamed


def test_a_deploy_that_was_likely_to_blame_and_was_replaced_is_remembered() -> None:
    """Where people repaired it. Not while it serves, nor what is denied, nor for a matter that wakes no one."""
    entry = ("dep-900", "bad00000", "web-1")
    assert blamed(fixed_forward()) == (entry,)
    old = tuple((f"dep-{number}", "x", "api-1") for number in range(200))
    assert blamed(share(fixed_forward(), blamed=old)) == (*old[1:], entry)
    assert blamed(bad_world()) == blamed(outage(make_policy(Mode.OBSERVE))) == ()
    assert blamed(fixed_forward(home_means(Severity.MEDIUM, "chat"))) == ()
    again = bad_world(make_policy(Mode.ASSIST), faults=[Fault(120.0, FOREVER, code="bad00000")])
    again.ship(90.0, "bad00000")
    again.ship(300.0, "fix00000")
    assert blamed(again) == (("dep-901", *entry[1:]), entry), "both deploys of the commit"


@pytest.mark.parametrize("trusted", [False, True])
def test_no_rollback_leads_back_to_what_was_likely_to_blame_until_it_is_trusted(trusted: bool) -> None:
    """It broke after seven good minutes; the repair breaks as well."""
    faults = [Fault(500.0, FOREVER, code="bad00000"), Fault(800.0, FOREVER, code="fix00000")]
    world = bad_world(make_policy(Mode.ASSIST), faults=faults)
    world.ship(600.0, "fix00000")
    world.run(780.0)
    if trusted:
        hear(world, e.CommitTrusted(world.now, "bad0000", "ann"))
    target = decision_of(world.run(900.0)).target
    skipped = [(one.deploy, one.why) for one in target.skipped]
    assert (target.deploy.id, skipped) == (
        ("dep-900", []) if trusted else ("dep-40", [("dep-900", "was likely to blame for web-1")])
    )


def test_what_is_left_to_people_is_told_at_the_end_of_a_rollback() -> None:
    """With whose it is and by when, for channels that keep lists; without a rollback nothing is."""
    world = bad_world(make_policy(), faults=[Fault(64.0, FOREVER, code="bad00000")]).run(900.0)
    end = next(tell.notice for tell in world.tells if tell.notice.resolves)
    how = "within 15 min (watchdog incident tick web-1 analytics)"
    first = f"Monitor analytics for user activity recovery: product owner, {how}"
    assert end.todo[0] == first and len(end.todo) == 10
    assert end.todo[-1].endswith("development team, within 24 h 0 min (watchdog incident tick web-1 fix-deploy)")
    assert all(not tell.notice.todo for tell in world.tells if not tell.notice.resolves)
    told = outage(home_means(Severity.MEDIUM, "chat"))
    assert [tell.notice.todo for tell in told.tells] == [(), ()]


@pytest.mark.parametrize(
    ("severity", "wakes"), [(Severity.CRITICAL, True), (Severity.HIGH, True), (Severity.MEDIUM, False)]
)
def test_only_bad_news_wakes(severity: Severity, wakes: bool) -> None:
    """A page of a medium incident (the policy would roll back, blame does not convict) is for information."""
    policy = home_means(severity, "chat")
    policy = replace(policy, matrix={**policy.matrix, severity: Rule(Action.ROLLBACK, 300.0, ("chat",))})
    world = World(policy, [], faults=[Fault(64.0, FOREVER)]).run(200.0)
    (tell,) = world.tells
    assert tell.notice.kind.value == "human_needed" and tell.notice.wakes is wakes
    assert tell.notice.about.topic is Topic.LEFT_TO_HUMAN
    assert tell.notice.lines[0].startswith(f"{severity.value.capitalize()} for ")
    assert line_of(tell.notice, "Not rolled back: no deploy can be blamed")


def test_an_end_is_told_with_how_what_was_done_and_what_is_left() -> None:
    """The all-clear names the proof, the rollback and what a human has to switch back."""
    world = bad_world().run(500.0)
    notice = world.tells[-1].notice
    assert notice.kind.value == "resolved" and notice.title == "web is back after 64 s: rolled back to aaaaaaa"
    assert notice.about.topic is Topic.CLOSED and notice.about.incident.outcome == "rolled back and verified"
    assert notice.lines[0].startswith("Rolled back and verified: home: ")
    assert "Rollback: dep-900 -> dep-40 as dep-901" in notice.lines
    assert line_of(notice, "Switch auto-deploy on: watchdog service restore-auto-deploy web")
    assert world.facts.auto_deploy == "off" and not world.restores and not world.state.troubles


def test_what_was_switched_off_for_nothing_is_given_back_at_the_end() -> None:
    """Put off after the pin, then recovered by itself: nothing is left for people."""
    world = bad_world(faults=[Fault(64.0, 107.0, code="bad00000")], outcomes=["postponed"]).run(500.0)
    notice = tell_of(world.tells).notice
    assert "auto-deploy, switched off for it, is being given back" in notice.lines[0]
    lasted = (
        notice.title.removeprefix("web has recovered")
        .removeprefix(" by itself")
        .removeprefix(" (open for ")
        .removesuffix(")")
    )
    how = notice.lines[0].removeprefix("Recovered by itself: ").removesuffix(".")
    assert lines(world.notes, "CLOSED") == [f"recovered by itself: {how}; {lasted} since onset"]
    assert how.startswith("it recovered before a rollback was sent; ") and lasted.endswith(" s")
    assert not any("witch auto-deploy" in line for line in notice.lines)
    assert "Auto-deploy: off, is being given back (was commit)" in notice.lines
    assert [restore.value for restore in world.restores] == ["commit"]
    assert [note.incident for note in world.notes if note.text == "auto-deploy given back: commit"] == ["web-1"]


@pytest.mark.parametrize(
    ("newest", "status", "before", "given"),
    [
        ("bad00000", "deactivated", "deactivated", False),
        ("bad00000", "build_in_progress", "live", False),
        ("new00000", "live", "deactivated", True),
        ("new00000", "update_in_progress", "deactivated", False),
        ("aaaaaaa1", "live", "deactivated", False),
    ],
)
def test_what_another_rollback_left_keeps_auto_deploy_off_until_new_code_serves(
    newest: str, status: str, before: str, given: bool
) -> None:
    """The blamed code was denied here meanwhile; the next merge might bring it back, or keep it where it comes back."""
    world = share(reach(Phase.ROLLING_BACK), denied=("bad00000",))
    older = tuple(replace(deploy, status="deactivated") for deploy in web(world).deploys)
    newer = (Deploy("dep-99", status, commit=newest), Deploy("dep-98", before, commit="fix00000"))
    put(world, bad=(("bad00000", "dep-7"),), deploys=(*newer, *older))
    effects = hear(world, e.RollbackStoodDown(world.now, "web", "web-1", "another deploy"))
    assert ("RestoreAutoDeploy" in kinds(effects)) is given


def test_what_a_pause_keeps_from_being_given_back_is_told_at_the_end() -> None:
    """Nobody was told of the incident, so nobody would know: an alert of its own, until it is on again."""
    world = bad_world(faults=[Fault(64.0, 107.0, code="bad00000")], outcomes=["postponed"])
    world.at(110.0, lambda: world.tell(e.Paused(world.now, "bob")))
    (tell,) = world.run(500.0).tells
    assert (tell.notice.kind.value, tell.notice.incident, tell.notice.wakes) == ("opened", "web-1/auto-deploy", False)
    assert tell.notice.title == "AUTO-DEPLOY IS OFF on web"
    assert tell.notice.lines == (
        "It was commit; it was switched off for web-1 (paused by bob: nothing is changed before a watchdog resume).",
        "To give it back: watchdog service restore-auto-deploy web",
    )
    assert [note.incident for note in world.notes if note.text.startswith(tell.notice.title)] == ["web-1"]
    assert (web(world).phase, web(world).auto_deploy_off, world.restores) == (Phase.CALM, "commit", [])
    world.tell(e.Resumed(world.now, "bob"))
    world.tell(e.RestoreRequested(world.now, "web", "bob"))
    world.run(510.0)
    assert world.tells[-1].notice.title == "web: auto-deploy is on again" and world.facts.auto_deploy == "commit"


@pytest.mark.parametrize(("off", "told"), [("", False), ("checksPass", True)])
def test_what_an_earlier_incident_switched_off_is_a_human_s_to_give_back(off: str, told: bool) -> None:
    """A pin that found it off already has nothing to give back; if that was our own, it is told all the same."""
    world = put(put_off(), auto_deploy_off=off, pinned_for="web-0")
    put(world, incident=amended(incident_of(world), previous="off"))
    effects = hear(world, e.Stopped(world.now, "web-1", "ann"))
    line = "AUTO-DEPLOY IS OFF on web. It was checksPass; it was switched off for web-0."
    assert (lines(effects, "HUMAN"), "RestoreAutoDeploy" in kinds(effects)) == ([line] if told else [], False)


def test_it_is_told_once_and_at_once_when_a_stop_cannot_give_it_back() -> None:
    """Stopped while paused; the end of the incident does not say it again."""
    world = put_off()
    hear(world, e.Paused(world.now, "bob"))
    effects = hear(world, e.Stopped(world.now, "web-1", "ann"))
    assert tell_of(effects).notice.title == "AUTO-DEPLOY IS OFF on web"
    world.faults.clear()
    assert not world.run(world.time + 300.0).tells and world.incidents["web-1"].closed_at is not None


def test_what_turned_out_to_be_low_keeps_nothing_switched_off() -> None:
    """A low incident is only written down: nobody would hear that auto-deploy is off for it."""
    world = put_off()
    world.policy = home_means(Severity.LOW, "chat")
    effects = hear(world, e.Observed(world.now, "web", "home", Bad("HTTP 503")))
    assert web(world).phase is Phase.PAGED
    assert [effect.value for effect in effects if isinstance(effect, fx.RestoreAutoDeploy)] == ["commit"]


@pytest.mark.parametrize(
    ("off", "previous", "paused", "platform", "warned", "given"),
    [
        ("commit", "commit", "", "srv-web", False, True),
        ("commit", "commit", "bob", "srv-web", True, False),
        pytest.param("commit", "commit", "", None, True, False, id="a reload took the platform away"),
        ("commit", "off", "", "srv-web", True, False),
        ("off", "off", "", "srv-web", False, False),
        ("", "commit", "", "srv-web", False, False),
    ],
)
def test_only_what_was_on_is_given_back_or_warned_of(
    off: str, previous: str, paused: str, platform: str | None, warned: bool, given: bool
) -> None:
    """Not what was off before us, nor what is on again; nothing at all during a pause: people are warned."""
    world = wish(reach(Phase.ROLLING_BACK), platform_id=platform)
    put(world, auto_deploy_off=off, incident=amended(incident_of(world), previous=previous))
    world.state = replace(world.state, paused_by=paused)
    effects = hear(world, e.RollbackRefused(world.now, "web", "web-1", "artefact expired"))
    (tell,) = [effect for effect in effects if isinstance(effect, fx.Tell)]
    assert tell.notice.about.auto_deploy_off == ("commit" if warned else "")
    assert incident_of(world).pin.note == f"off, {'is being given back' if given else 'read back'} (was commit)"
    restores = [effect for effect in effects if isinstance(effect, fx.RestoreAutoDeploy)]
    assert restores == ([fx.RestoreAutoDeploy("web", "web-1", "srv-web", "commit")] if given else [])


OPEN = Incident("web-1", "web", Severity.HIGH, 1.0, 1.0, "web is slow")
OVER = replace(OPEN, closed_at=9.0, outcome=Outcome.RECOVERED)
NEXT = replace(OPEN, id="web-2", opened_at=5.0)


@pytest.mark.parametrize(
    ("was", "now", "found"),
    [
        (None, OPEN, ()),
        (OPEN, OPEN, ()),
        (OPEN, replace(OPEN, paged=True), ()),
        (OPEN, OVER, (OVER,)),
        (OVER, None, ()),
        (OPEN, None, ()),
        (OVER, NEXT, ()),
        (OPEN, NEXT, (replace(OPEN, closed_at=5.0, outcome=Outcome.CONTINUED),)),
    ],
)
def test_what_ended_in_a_step_is_known_from_the_states_around_it(
    was: Incident | None, now: Incident | None, found: tuple[Incident, ...]
) -> None:
    """Also one that a person continued by hand, which the state after does not hold."""
    before, after = (State(services={"web": ServiceState("web", incident=one)}) for one in (was, now))
    assert ended(before, after) == found
    assert ended(State(), after) == ()
