"""Sending: what goes out, and what is held back at the last moment."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.core.incident_fields import amended
from tests.core.scenes import found
from tests.core.world import CONTROL, START, World, make_policy, with_row
from tests.core.worlds import a_turn_of, decision_of, hear, incident_of, line_of, put, reach, share, web, wish
from tests.support.effect_readers import kinds, lines, tell_of, wakes
from watchdog.core.context import StepContext
from watchdog.core.guards import rollback_budget
from watchdog.core.phases import rollback_request
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import ActiveCritical, Phase
from watchdog.domain.notices import Topic
from watchdog.domain.policy import Mode, ServicePolicy
from watchdog.domain.readings import Bad, Good
from watchdog.domain.severity import Severity


def confirmed(world: World, after: float = 0.0) -> tuple[fx.Effect, ...]:
    """Let the pin be confirmed."""
    return hear(world, e.PinConfirmed(world.now + after, "web", "web-1", "commit"))


COMING = Deploy("dep-950", "build_in_progress", commit="fix00000")


def begins(world: World) -> None:
    """Let somebody begin a deploy."""
    put(world, deploys=(COMING, *web(world).deploys))


def blinded(world: World) -> None:
    """Let every control target fail."""
    for target in CONTROL:
        hear(world, e.ControlChecked(world.now, target, Bad("timed out")))


def taken_down(world: World, **how: bool) -> None:
    """Let somebody suspend the service, or switch maintenance mode on."""
    put(world, facts=replace(web(world).facts, **how))


def fails_elsewhere(world: World) -> None:
    """Let another service of the fleet become critical."""
    share(world, troubles={**world.state.troubles, "shop": ActiveCritical("shop", START + 100.0, "other000")})


def live_since(world: World, at: float | None, **fields: object) -> None:
    """Let the platform say that the suspect went live then."""
    live, *older = web(world).deploys
    put(world, deploys=(replace(live, finished_at=at), *older), **fields)


def test_an_announcement_says_what_when_and_how_to_prevent_it() -> None:
    """It rings, names the target and the command, and asks to be woken at the window's end."""
    notice = reach(Phase.ANNOUNCED).tells[0].notice
    assert notice.wakes and notice.about.topic is Topic.ANNOUNCED
    assert notice.title == "web is down: rollback to aaaaaaa at 14:16 UTC"
    assert notice.lines[0].startswith("Critical for ")
    assert (
        "Rolls back to dep-40 (aaaaaaa) at 14:16 UTC, unless stopped, if web still fails and nothing forbids it."
        in notice.lines
    )
    assert line_of(notice, "Stop the rollback: watchdog incident stop web-1")


ASKED = "roll back to dep-40? watchdog incident approve web-1 or watchdog incident reject web-1"


@pytest.mark.parametrize("within", [300.0, None])
def test_a_question_says_until_when_it_waits(within: float | None) -> None:
    """With a deadline: woken then; without one: asked once, open for ever."""
    world = reach(Phase.ASKING, with_row(make_policy(Mode.ASSIST), Severity.CRITICAL, within_seconds=within))
    notice = world.tells[0].notice
    assert notice.about.topic is Topic.ASKED and notice.lines[0].startswith("Critical for ")
    assert notice.title == f"web is down: approve rollback to aaaaaaa{' by 14:20 UTC' if within else ''}?"
    until = "Roll back to dep-40 (aaaaaaa)? Waits for an answer until 14:20 UTC, "
    asks = "Roll back to dep-40 (aaaaaaa)? Without an answer the daemon changes nothing."
    assert line_of(notice, until if within else asks)
    assert line_of(notice, "Approve: watchdog incident approve web-1")
    assert ("ASKED", ASKED) in [(note.label, note.text) for note in world.notes]


def turned(world: World, **incident: object) -> StepContext:
    """Return a turn of that moment about the world's service, with fields of its incident changed."""
    return a_turn_of(put(world, incident=amended(incident_of(world), **incident)))


@pytest.mark.parametrize(
    ("begin", "due", "note"),
    [
        (rollback_request.ask, 300.0, ("ASKED", ASKED)),
        (rollback_request.disable_auto_deploy, 60.0, ("ACT", "auto-deploy -> off, to be read back")),
        (rollback_request.send, 300.0, ("INTENT", "dep-900 -> dep-40; newest deploy then dep-900")),
    ],
)
def test_what_is_begun_has_its_deadline_its_note_and_nothing_of_an_earlier_one(
    begin: Callable[[StepContext], None], due: float, note: tuple[str, str]
) -> None:
    """Woken then and not before; a second question, or a second rollback, may be late in its turn."""
    ctx = turned(reach(Phase.PINNING), late_paged=True, blocked_since=1.0)
    begin(ctx)
    asked = [at - ctx.now for at in wakes(ctx.effects)]
    assert asked == ([due, 59.0] if begin is rollback_request.disable_auto_deploy else [due]), (
        "and a minute after it became critical"
    )
    assert note in [(effect.label, effect.text) for effect in ctx.effects if isinstance(effect, fx.Note)]
    assert ctx.incident.late_paged is (begin is rollback_request.disable_auto_deploy)
    assert ctx.service.phase_since == (
        ctx.now if begin is not rollback_request.disable_auto_deploy else ctx.service.phase_since
    )
    what = "what was put off before people were asked does not count against their answer"
    assert (ctx.incident.rollback.blocked_since is None) is (begin is rollback_request.ask), what


@pytest.mark.parametrize("unknown", ["suspect", "target", "service"])
def test_nothing_is_sent_without_knowing_from_where_to_where_and_of_what(unknown: str) -> None:
    """Each is known by then, or it is a fault of our own."""
    world = reach(Phase.PINNING)
    ctx = turned(world) if unknown == "service" else turned(world, **{unknown: None})
    if unknown == "service":
        ctx.policy = wish(world, platform_id=None).policy
        with pytest.raises(AssertionError, match=r"^a guard blocks a service that the platform does not list$"):
            rollback_request.disable_auto_deploy(ctx)
    with pytest.raises(AssertionError):
        rollback_request.send(ctx)
    assert ctx.effects == []


def test_auto_deploy_is_pinned_before_anything_is_sent() -> None:
    """The pin goes out alone; the rollback follows its answer, and names what it was decided on."""
    world = reach(Phase.PINNING)
    assert [pin.platform_id for pin in world.pins] == ["srv-web"] and not world.sent
    effects = confirmed(world)
    (rollback,) = [effect for effect in effects if isinstance(effect, fx.Rollback)]
    assert rollback == fx.Rollback("web", "web-1", "srv-web", "dep-900", "dep-40", "aaaaaaa1", "dep-900")
    assert lines(effects, "INTENT") == ["dep-900 -> dep-40; newest deploy then dep-900"]
    assert incident_of(world).rollback.tried and incident_of(world).rollback.requested_at == world.now


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (e.Paused(START, "ann"), "paused by ann"),
        (e.InvariantBroken(START, "two rollbacks"), "disarmed (two rollbacks)"),
    ],
)
def test_a_pause_or_a_broken_promise_before_the_send_stops_it_and_changes_nothing(event: e.Event, why: str) -> None:
    """While the pin was on its way: nothing is sent nor given back, a human has it, and knows what is off."""
    world = reach(Phase.PINNING)
    hear(world, replace(event, at=world.now))
    effects = confirmed(world)
    assert web(world).phase is Phase.PAGED and web(world).auto_deploy_off == "commit"
    assert not {"RestoreAutoDeploy", "Rollback"} & set(kinds(effects))
    notice = tell_of(effects).notice
    assert notice.about.auto_deploy_off == "commit" and "Auto-deploy: off, read back (was commit)" in notice.lines
    assert lines(effects, "HUMAN") == [f"{why} before the rollback was sent"]


HELD = "action hold: hold-1 of web by ann (launch): a human decides"
SPENT = "budget: 1 of 1 rollbacks of all services together in 10 min"
ALONE = "correlation: 2 failures within 90 s: shop (no deploy lately, counts double), web; counted as 3 of 2"


@pytest.mark.parametrize(
    ("change", "after", "why"),
    [
        (begins, 0.0, "newer deploy: dep-950 is on its way (build in progress)"),
        (lambda world: taken_down(world, suspended=True), 0.0, "service: web is suspended"),
        (lambda world: taken_down(world, maintenance=True), 0.0, "service: web is in maintenance mode"),
        (blinded, 0.0, "blind"),
        (lambda world: hear(world, e.Held(world.now, "ann", world.now + 3600.0, "launch", "web")), 0.0, HELD),
        (lambda world: None, 16.0, "no failure in the last 15 s"),
        (lambda world: share(world, acted_at=(START + 50.0,)), 0.0, SPENT),
        (fails_elsewhere, 0.0, f"{ALONE} services (limit 50%)"),
        (lambda world: share(world, denied=("aaaaaaa1",)), 0.0, "deny-list: dep-40 is deny-listed"),
    ],
    ids=[
        "deploy began",
        "suspended",
        "maintenance",
        "blind",
        "held",
        "good again",
        "acted elsewhere",
        "fails elsewhere",
        "denied",
    ],
)
def test_what_happens_while_the_pin_is_on_its_way_holds_the_rollback_back(
    change: Callable[[World], object], after: float, why: str
) -> None:
    """Decided in another world: looked at again, nothing is sent."""
    world = reach(Phase.PINNING)
    services = {**world.policy.services, "shop": ServicePolicy("shop", "srv-shop")}
    world.policy = replace(world.policy, services=services)
    change(world)
    effects = confirmed(world, after)
    assert lines(effects, "WAIT") == [f"nothing was sent: {why}; looking again"]
    assert (
        web(world).phase is Phase.SUSPECT and "Rollback" not in kinds(effects) and not incident_of(world).rollback.tried
    )


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda world: live_since(world, None), id="nobody knows since when it is live"),
        pytest.param(lambda world: live_since(world, START + 90_000.0), id="the platform's clock is a day ahead"),
        pytest.param(lambda world: put(world, deploys=none_live(world)), id="none is live: the actuator looks again"),
    ],
)
def test_what_the_platform_does_not_know_holds_nothing_back(change: Callable[[World], object]) -> None:
    """It counts from its first traffic, and is rolled back all the same."""
    world = reach(Phase.PINNING)
    change(world)
    assert "Rollback" in kinds(confirmed(world))


def none_live(world: World) -> tuple[Deploy, ...]:
    """Return the deploys of the world, none of which is live."""
    return tuple(replace(one, status="deactivated") for one in web(world).deploys)


@pytest.mark.parametrize("waits", [119.0, 120.0])
def test_what_is_put_off_again_and_again_is_not_put_off_in_silence_for_ever(waits: float) -> None:
    """Two minutes after it could first not be sent, a human has the outage, however often it was decided anew."""
    world = reach(Phase.PINNING)
    began = world.now
    put(world, auto_deploy_off="commit", incident=amended(incident_of(world), previous="commit"))
    for after in (0.0, 60.0, waits):
        postponed = e.RollbackPostponed(began + after, "web", "web-1", "the deploy list cannot be read")
        effects = hear(world, postponed)
        assert incident_of(world).rollback.blocked_since == began
        if after < 120.0:
            assert web(world).phase is Phase.SUSPECT
            put(world, phase=Phase.PINNING)
    paged = waits >= 120.0
    assert (web(world).phase is Phase.PAGED) is paged
    why = "for 2 min nothing could be sent: the deploy list cannot be read"
    assert incident_of(world).human_needed == (why if paged else "")
    assert ("RestoreAutoDeploy" in kinds(effects)) is paged, "it is not needed off any longer"


def test_case_17_a_repair_that_went_live_unseen_is_not_undone() -> None:
    """No failure was seen of it: looked at again, nothing is sent; if it fails as well, it is rolled back."""
    world = reach(Phase.PINNING)
    live_since(world, world.now + 0.1, deploys_at=world.now + 1)
    effects = confirmed(world, 1.0)
    assert lines(effects, "WAIT") == ["nothing was sent: no failure was seen since dep-900 is live; looking again"]
    assert web(world).phase is Phase.SUSPECT and "Rollback" not in kinds(effects)
    hear(world, e.DeploysListed(world.now + 1, "web", web(world).deploys, world.facts))
    assert web(world).phase is Phase.SUSPECT, "before it is read again no person is asked about it either"
    hear(world, e.Observed(world.now + 2, "web", "home", Bad("HTTP 503")))
    assert web(world).phase is Phase.PINNING
    assert "Rollback" in kinds(confirmed(world, 2.0))


@pytest.mark.parametrize(("method", "sent"), [("run", False), ("cusum", False), ("latency", True), ("feed", True)])
def test_a_repair_that_was_seen_to_be_good_is_not_undone_either(method: str, sent: bool) -> None:
    """A good reading of the new deploy is a look at it, and no failure of it where the failure is that probes fail."""
    world = reach(Phase.PINNING)
    put(world, incident=replace(incident_of(world), findings=(found("home", method),)))
    live_since(world, world.now + 0.1, deploys_at=world.now + 1)
    hear(world, e.Observed(world.now + 0.5, "web", "home", Good()))
    assert ("Rollback" in kinds(confirmed(world, 1.0))) is sent


def test_a_good_answer_of_a_probe_whose_speed_is_watched_is_no_failure_of_a_repair() -> None:
    """A route with a latency objective failed with errors as well: its good answer since is not taken for one."""
    world = reach(Phase.PINNING, api_fails_with_home=True)
    findings = (*incident_of(world).findings, found("api", "run", kind="latency"))
    incident = replace(incident_of(world), findings=findings)
    live_since(world, world.now + 0.1, deploys_at=world.now + 1, incident=incident)
    hear(world, e.Observed(world.now + 0.5, "web", "api", Good(), latency_seconds=0.1))
    assert web(world).checks["api"].last_at == world.now + 0.5
    assert "Rollback" not in kinds(confirmed(world, 1.0))


@pytest.mark.parametrize(("after", "sent"), [(0.0, True), (0.1, False)])
def test_a_failure_in_the_second_it_went_live_was_one_of_it(after: float, sent: bool) -> None:
    """By the platform's own word, which is not ahead of us even if it is of this very moment."""
    world = reach(Phase.PINNING)
    went_live = (web(world).checks["home"].last_bad_at or 0.0) + after
    live_since(world, went_live)
    assert ("Rollback" in kinds(confirmed(world, went_live - world.now))) is sent


@pytest.mark.parametrize(
    ("change", "after", "why"),
    [
        pytest.param(blinded, 0.0, "", id="nothing fails, and we are blind: the human wants it"),
        pytest.param(lambda world: None, 119.0, "", id="held up for a while"),
        pytest.param(lambda world: None, 120.0, "it was asked for 2 min ago", id="people read that it was not sent"),
        pytest.param(begins, 0.0, "dep-950 is on its way (build in progress)", id="somebody deploys meanwhile"),
    ],
)
def test_what_holds_a_rollback_by_hand_back(change: Callable[[World], object], after: float, why: str) -> None:
    """Then auto-deploy is given back, and the human may ask again."""
    world = reach(Phase.CALM)
    hear(world, e.RollbackRequested(world.now, "web", "ann"))
    change(world)
    effects = confirmed(world, after)
    assert web(world).phase is (Phase.PAGED if why else Phase.ROLLING_BACK)
    assert ("Rollback" in kinds(effects), "RestoreAutoDeploy" in kinds(effects)) == (not why, bool(why))
    assert incident_of(world).human_needed == (f"nothing was sent: {why}; ask again" if why else "")


def test_a_rollback_by_hand_goes_to_nothing_that_was_deny_listed_meanwhile() -> None:
    """Another service was rolled back from it while auto-deploy was switched off: no promise is broken."""
    world = reach(Phase.CALM)
    world.tell(e.RollbackRequested(world.now, "web", "ann"))
    world.state = replace(world.state, denied=(*world.state.denied, "aaaaaaa0", "aaaaaaa1"))
    world.run(world.time + 10.0)
    assert not world.sent and not world.broken and world.restores
    why = "nothing was sent: dep-39 was deny-listed meanwhile; ask again"
    told = [line_of(tell.notice, "No rollback was sent: ") for tell in world.pages()]
    assert len(told) == 1 and told[0].startswith(f"No rollback was sent: {why}. The daemon changes nothing more")


def test_the_account_of_acts_is_bounded() -> None:
    """Twenty are kept: enough for every budget."""
    world = reach(Phase.PINNING)
    acts = tuple(world.now - 100_000.0 - number for number in range(30))
    put(world, acted_at=acts)
    world.state = replace(world.state, acted_at=acts)
    confirmed(world)
    for kept in (web(world).acted_at, world.state.acted_at):
        assert len(kept) == rollback_budget.ACTS_KEPT and kept[-1] == world.now


@pytest.mark.parametrize("by_hand", [False, True])
def test_after_an_expired_artefact_no_other_target_is_tried_unless_a_human_names_it(by_hand: bool) -> None:
    """Older artefacts are gone too: the machine stops there."""
    world = reach(Phase.PINNING)
    decision = decision_of(world)
    decision = replace(decision, blame=None) if by_hand else decision
    put(world, incident=amended(incident_of(world), expired="dep-39", decision=decision))
    effects = confirmed(world)
    sent = [effect.rebuild for effect in effects if isinstance(effect, fx.Rollback)]
    assert sent == ([False] if by_hand else [])
    assert ("RestoreAutoDeploy" in kinds(effects)) is not by_hand
    assert by_hand or "no other target is tried" in lines(effects, "HUMAN")[0]


def test_a_clock_that_is_an_hour_slow_keeps_no_outage_from_being_decided() -> None:
    """By it the live deploy goes live in an hour only: what fails meanwhile would never have failed since."""
    world = reach(Phase.PINNING)
    live, *older = web(world).deploys
    put(world, deploys=(replace(live, finished_at=world.now + 3600.0, update_seen_at=None), *older))
    put(world, deploys_at=world.now + 1)
    effects = confirmed(world, 1.0)
    assert lines(effects, "WAIT") == []
