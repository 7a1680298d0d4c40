"""Sending: what goes out, and what is held back at the last moment."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.core.scenes import bad_world, found, hear, incident_of, kinds, lines, notices, put, reach, web
from tests.core.world import CONTROL, START, World, make_policy
from watchdog.core import budget, sending
from watchdog.core.turn import Turn
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Phase, Trouble
from watchdog.domain.policy import Mode, ServicePolicy, Severity
from watchdog.domain.readings import Bad, Good


def tell_of(effects: tuple[fx.Effect, ...]) -> fx.Tell:
    """Return the one notice."""
    (tell,) = [effect for effect in effects if isinstance(effect, fx.Tell)]
    return tell


def confirmed(world: World, at: float | None = None) -> tuple[fx.Effect, ...]:
    """Let the pin be confirmed."""
    return hear(world, e.PinConfirmed(at or world.now, "web", "web-1", "commit"))


def test_an_announcement_says_what_when_and_how_to_prevent_it() -> None:
    """It rings, names the target and the command, and asks to be woken at the window's end."""
    notice = reach(Phase.ANNOUNCED).tells[0].notice
    assert notice.wakes and notice.title.startswith("web CRITICAL: ")
    assert notice.lines[0] == "In 60 s: roll web back to dep-40 aaaaaaa."
    assert notice.lines[1] == "To prevent it: watchdog stop web-1"


@pytest.mark.parametrize("within", [300.0, None])
def test_a_question_says_how_long_it_waits(within: float | None) -> None:
    """With a deadline: woken then; without one: asked once, open for ever."""
    policy = make_policy(Mode.ASSIST)
    rule = replace(policy.matrix[Severity.CRITICAL], within_seconds=within)
    world = reach(Phase.ASKING, replace(policy, matrix={**policy.matrix, Severity.CRITICAL: rule}))
    notice = world.tells[0].notice
    assert notice.title.startswith("APPROVAL: web CRITICAL")
    assert notice.lines[0] == "Question: roll web back to dep-40 aaaaaaa?"
    assert notice.lines[1].startswith("Answer within 5 min: watchdog approve" if within else "Answer: watchdog approve")
    assert ("ASKED", "roll back to dep-40? watchdog approve|reject web-1") in [
        (note.label, note.text) for note in world.notes
    ]


def turned(world: World, **incident: object) -> Turn:
    """Return a turn of that moment about the world's service, with fields of its incident changed."""
    put(world, incident=replace(incident_of(world), **incident))
    turn = Turn(world.state, e.TimePassed(world.now), world.policy)
    turn.name = "web"
    return turn


@pytest.mark.parametrize(
    ("begin", "wakes", "note"),
    [
        (sending.ask, 300.0, ("ASKED", "roll back to dep-40? watchdog approve|reject web-1")),
        (sending.pin, 60.0, ("ACT", "auto-deploy -> off, to be read back")),
        (sending.send, 300.0, ("INTENT", "dep-900 -> dep-40, saved; newest deploy then dep-900")),
    ],
)
def test_what_is_begun_has_its_deadline_its_note_and_nothing_of_an_earlier_one(
    begin: Callable[[Turn], None], wakes: float, note: tuple[str, str]
) -> None:
    """Woken then and not before; a second question, or a second rollback, may be late in its turn."""
    turn = turned(reach(Phase.PINNING), late_paged=True)
    begin(turn)
    asked = [effect.at - turn.now for effect in turn.effects if isinstance(effect, fx.WakeAt)]
    assert asked == ([wakes, 59.0] if begin is sending.pin else [wakes]), "and a minute after it became critical"
    assert note in [(effect.label, effect.text) for effect in turn.effects if isinstance(effect, fx.Note)]
    assert turn.incident.late_paged is (begin is sending.pin)
    assert turn.service.phase_since == (turn.now if begin is not sending.pin else turn.service.phase_since)


@pytest.mark.parametrize("unknown", ["suspect", "target", "service"])
def test_nothing_is_sent_without_knowing_from_where_to_where_and_of_what(unknown: str) -> None:
    """Each is known by then, or it is a fault of our own."""
    world = reach(Phase.PINNING)
    turn = turned(world) if unknown == "service" else turned(world, **{unknown: None})
    if unknown == "service":
        wishes = replace(world.policy.services["web"], platform_id=None)
        turn.policy = replace(world.policy, services={"web": wishes})
        with pytest.raises(AssertionError, match=r"^a guard blocks a service the platform did not tell of$"):
            sending.pin(turn)
    with pytest.raises(AssertionError):
        sending.send(turn)
    assert turn.effects == []


def test_a_rebuild_that_a_human_approved_says_so_to_the_shell_and_in_the_story() -> None:
    """Who said yes goes along; the one alternative is asked for as such."""
    world = reach(Phase.PINNING)
    turn = turned(world, expired="dep-40", approved_by="ann")
    sending.send(turn)
    (rollback,) = [effect for effect in turn.effects if isinstance(effect, fx.Rollback)]
    assert (rollback.rebuild, rollback.approved_by) == (True, "ann")
    assert lines(turn.effects, "INTENT")[0].startswith("dep-900 -> dep-40, a rebuild of aaaaaaa, since its artefact")


def test_auto_deploy_is_pinned_before_anything_is_sent() -> None:
    """The pin goes out alone; the rollback follows its answer, and names what it was decided on."""
    world = reach(Phase.PINNING)
    assert [pin.platform_id for pin in world.pins] == ["srv-web"] and not world.sent
    effects = confirmed(world)
    (rollback,) = [effect for effect in effects if isinstance(effect, fx.Rollback)]
    assert rollback == fx.Rollback("web", "web-1", "srv-web", "dep-900", "dep-40", "aaaaaaa1", "dep-900")
    assert lines(effects, "INTENT") == ["dep-900 -> dep-40, saved; newest deploy then dep-900"]
    assert incident_of(world).tried and incident_of(world).requested_at == world.now


def test_a_pause_before_the_send_stops_it_and_changes_nothing_at_all() -> None:
    """Paused while the pin was on its way: nothing is sent nor given back, a human has it, and knows what is off."""
    world = reach(Phase.PINNING)
    hear(world, e.Paused(world.now, "ann"))
    effects = confirmed(world)
    assert web(world).phase is Phase.PAGED and web(world).auto_deploy_off == "commit"
    assert not {"RestoreAutoDeploy", "Rollback"} & set(kinds(effects))
    assert tell_of(effects).notice.title.startswith("AUTO-DEPLOY IS OFF on web. ")
    assert lines(effects, "HUMAN") == ["paused by ann before the rollback was sent"]


def test_a_broken_promise_before_the_send_stops_it_too() -> None:
    """Whatever is wrong with us, nothing more is sent."""
    world = reach(Phase.PINNING)
    hear(world, e.InvariantBroken(world.now, "two rollbacks"))
    effects = confirmed(world)
    assert web(world).phase is Phase.PAGED and "Rollback" not in kinds(effects)
    assert lines(effects, "HUMAN") == ["disarmed (two rollbacks) before the rollback was sent"]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"acted_at": (START + 50.0,)}, "budget: 1 of 1 groups rolled back in the fleet in 10 min"),
        ({"troubles": {"shop": Trouble("shop", START + 100.0, "other000")}}, "correlation: 2 groups critical"),
    ],
)
def test_what_other_services_did_while_the_pin_was_on_its_way_counts(fields: dict, why: str) -> None:
    """Decided alone, sent in company: looked at again, nothing is sent."""
    world = reach(Phase.PINNING)
    shop = ServicePolicy("shop", "srv-shop")
    world.policy = replace(world.policy, services={**world.policy.services, "shop": shop})
    world.state = replace(world.state, **{**fields, "troubles": {**world.state.troubles, **fields.get("troubles", {})}})
    effects = confirmed(world)
    assert web(world).phase is Phase.SUSPECT and "Rollback" not in kinds(effects)
    assert lines(effects, "WAIT")[0].startswith(f"nothing was sent: {why}")


def test_a_deploy_that_began_while_the_pin_was_on_its_way_is_not_overtaken() -> None:
    """It may be the repair: looked at again, nothing is sent."""
    world = reach(Phase.PINNING)
    put(world, deploys=(Deploy("dep-950", "build_in_progress", commit="fix00000"), *web(world).deploys))
    effects = confirmed(world)
    assert web(world).phase is Phase.SUSPECT and "Rollback" not in kinds(effects)
    assert lines(effects, "WAIT")[0].startswith("nothing was sent: newer deploy: dep-950 is on its way")


def test_a_service_that_somebody_takes_down_while_the_pin_is_on_its_way_is_left_alone() -> None:
    """Suspended, or in maintenance mode: it is meant to be down."""
    for how, said in (({"suspended": True}, "it is suspended"), ({"maintenance": True}, "it is in maintenance mode")):
        world = reach(Phase.PINNING)
        facts = web(world).facts
        assert facts is not None
        put(world, facts=replace(facts, **how))
        effects = confirmed(world)
        assert "Rollback" not in kinds(effects)
        assert lines(effects, "WAIT") == [f"nothing was sent: service: {said}; looking again"]


def test_a_target_that_was_denied_while_the_pin_was_on_its_way_is_chosen_anew() -> None:
    """Another service rolled away from it: an honest race, no broken promise; the next older one is taken."""
    world = reach(Phase.PINNING)
    world.state = replace(world.state, denied=("aaaaaaa1",))
    effects = confirmed(world)
    assert lines(effects, "WAIT") == ["nothing was sent: deny-list: dep-40 is deny-listed; looking again"]
    hear(world, e.Observed(world.now + 1, "web", "home", Bad("HTTP 503")))
    assert (web(world).phase, incident_of(world).target) == (Phase.PINNING, "dep-39")


@pytest.mark.parametrize("waits", [119.0, 120.0])
def test_what_is_put_off_again_and_again_is_not_put_off_in_silence_for_ever(waits: float) -> None:
    """Two minutes after it could first not be sent, a human has the outage, however often it was decided anew."""
    world = reach(Phase.PINNING)
    began = world.now
    put(world, auto_deploy_off="commit", incident=replace(incident_of(world), pin_previous="commit"))
    for after in (0.0, 60.0, waits):
        postponed = e.RollbackPostponed(began + after, "web", "web-1", "the deploy list cannot be read")
        effects = hear(world, postponed)
        assert incident_of(world).put_off_at == began
        if after < 120.0:
            assert web(world).phase is Phase.SUSPECT
            put(world, phase=Phase.PINNING)
    paged = waits >= 120.0
    assert (web(world).phase is Phase.PAGED) is paged
    why = "for 2 min nothing could be sent: the deploy list cannot be read"
    assert incident_of(world).human_needed == (why if paged else "")
    assert ("RestoreAutoDeploy" in kinds(effects)) is paged, "it is not needed off any longer"


def test_a_question_begins_a_new_patience() -> None:
    """What was put off before people were asked does not count against their answer."""
    turn = turned(reach(Phase.PINNING), put_off_at=1.0)
    sending.ask(turn)
    assert turn.incident.put_off_at is None


def test_blindness_before_the_send_holds_it_back() -> None:
    """Every control target failed meanwhile: looked at again, nothing is sent."""
    world = reach(Phase.PINNING)
    for target in CONTROL:
        hear(world, e.ControlChecked(world.now, target, Bad("timed out")))
    effects = confirmed(world)
    assert lines(effects, "WAIT") == ["nothing was sent: blind; looking again"]
    assert web(world).phase is Phase.SUSPECT and "Rollback" not in kinds(effects)
    assert not incident_of(world).tried


def test_a_site_that_looks_good_again_is_left_alone() -> None:
    """The last failure is not fresh any more: looked at again, nothing is sent."""
    world = reach(Phase.PINNING)
    effects = confirmed(world, world.now + 16.0)
    assert lines(effects, "WAIT") == ["nothing was sent: no failure in the last 15 s; looking again"]
    assert web(world).phase is Phase.SUSPECT and "Rollback" not in kinds(effects)


def test_case_17_a_repair_that_went_live_unseen_is_not_undone() -> None:
    """No failure was seen of it: looked at again, nothing is sent; if it fails as well, it is rolled back."""
    world = reach(Phase.PINNING)
    before = web(world).deploys[0]
    put(
        world, deploys=(replace(before, finished_at=world.now + 0.1), *web(world).deploys[1:]), deploys_at=world.now + 1
    )
    effects = confirmed(world, world.now + 1)
    assert lines(effects, "WAIT") == [f"nothing was sent: no failure was seen since {before.id} is live; looking again"]
    assert web(world).phase is Phase.SUSPECT and "Rollback" not in kinds(effects)
    hear(world, e.Observed(world.now + 2, "web", "home", Bad("HTTP 503")))
    assert web(world).phase is Phase.PINNING
    assert "Rollback" in kinds(confirmed(world, world.now + 2))


@pytest.mark.parametrize(("method", "sent"), [("run", False), ("cusum", False), ("latency", True), ("feed", True)])
def test_a_repair_that_was_seen_to_be_good_is_not_undone_either(method: str, sent: bool) -> None:
    """A good reading of the new deploy is a look at it, and no failure of it where the failure is that probes fail."""
    world = reach(Phase.PINNING)
    live, *older = web(world).deploys
    incident = replace(incident_of(world), findings=(found("home", method),))
    put(
        world, deploys=(replace(live, finished_at=world.now + 0.1), *older), deploys_at=world.now + 1, incident=incident
    )
    hear(world, e.Observed(world.now + 0.5, "web", "home", Good()))
    assert ("Rollback" in kinds(confirmed(world, world.now + 1))) is sent


def test_a_good_answer_of_a_probe_whose_speed_is_watched_is_no_failure_of_a_repair() -> None:
    """A route with a latency objective failed with errors as well: its good answer since is not taken for one."""
    world = reach(Phase.PINNING, api_fails_with_home=True)
    live, *older = web(world).deploys
    api = found("api", "run", kind="latency")
    put(
        world,
        deploys=(replace(live, finished_at=world.now + 0.1), *older),
        deploys_at=world.now + 1,
        incident=replace(incident_of(world), findings=(*incident_of(world).findings, api)),
    )
    hear(world, e.Observed(world.now + 0.5, "web", "api", Good(), latency_seconds=0.1))
    assert web(world).checks["api"].last_at == world.now + 0.5
    assert "Rollback" not in kinds(confirmed(world, world.now + 1))


@pytest.mark.parametrize(("after", "sent"), [(0.0, True), (0.1, False)])
def test_a_failure_in_the_second_it_went_live_was_one_of_it(after: float, sent: bool) -> None:
    """By the platform's own word, which is not ahead of us even if it is of this very moment."""
    world = reach(Phase.PINNING)
    failed_at = web(world).checks["home"].last_bad_at
    assert failed_at is not None
    live, *older = web(world).deploys
    put(world, deploys=(replace(live, finished_at=failed_at + after), *older))
    assert ("Rollback" in kinds(confirmed(world, failed_at + after))) is sent


@pytest.mark.parametrize("finished_at", [None, START + 90_000.0])
def test_a_deploy_whose_beginning_nobody_knows_counts_from_its_first_traffic(finished_at: float | None) -> None:
    """The platform does not say since when it is live, or its clock is a day ahead: it is rolled back all the same."""
    world = reach(Phase.PINNING)
    live, *older = web(world).deploys
    put(world, deploys=(replace(live, finished_at=finished_at), *older))
    assert "Rollback" in kinds(confirmed(world))


def test_a_service_of_which_no_deploy_is_live_is_left_to_the_look_before_the_send() -> None:
    """The core does not hold the rollback back; the actuator reads the list once more and stands down."""
    world = reach(Phase.PINNING)
    put(world, deploys=tuple(replace(one, status="deactivated") for one in web(world).deploys))
    assert "Rollback" in kinds(confirmed(world))


def test_a_rollback_by_hand_waits_for_no_failure() -> None:
    """Nothing fails, and we are blind: the human wants it, it is sent."""
    world = reach(Phase.CALM)
    hear(world, e.RollbackRequested(world.now, "web", "ann"))
    for target in CONTROL:
        hear(world, e.ControlChecked(world.now, target, Bad("timed out")))
    assert "Rollback" in kinds(confirmed(world))
    assert web(world).phase is Phase.ROLLING_BACK


@pytest.mark.parametrize(("seconds", "sent"), [(119.0, True), (120.0, False)])
def test_a_rollback_by_hand_that_was_held_up_for_long_is_asked_for_again(seconds: float, sent: bool) -> None:
    """It was lost on the way, and people read meanwhile that nothing was sent."""
    world = reach(Phase.CALM)
    hear(world, e.RollbackRequested(world.now, "web", "ann"))
    effects = confirmed(world, world.now + seconds)
    assert ("Rollback" in kinds(effects)) is sent
    if not sent:
        assert incident_of(world).human_needed == "nothing was sent: it was asked for 2 min ago; ask again"
        assert web(world).phase is Phase.PAGED and "RestoreAutoDeploy" in kinds(effects)


def test_a_rollback_by_hand_goes_to_nothing_that_was_deny_listed_meanwhile() -> None:
    """Another service was rolled back from it while auto-deploy was switched off: no promise is broken."""
    world = reach(Phase.CALM)
    world.tell(e.RollbackRequested(world.now, "web", "ann"))
    world.state = replace(world.state, denied=(*world.state.denied, "aaaaaaa0", "aaaaaaa1"))
    world.run(world.time + 10.0)
    assert not world.sent and not world.broken and world.restores
    told = [tell.notice.lines[0] for tell in world.pages()]
    assert told == ["What happened: nothing was sent: dep-39 was deny-listed meanwhile; ask again"]


def test_a_rollback_by_hand_overtakes_no_deploy_that_began_meanwhile() -> None:
    """Somebody deploys while auto-deploy is switched off for it: nothing is sent, and the human may ask again."""
    world = reach(Phase.CALM)
    hear(world, e.RollbackRequested(world.now, "web", "ann"))
    put(world, deploys=(Deploy("dep-950", "build_in_progress", commit="fix00000"), *web(world).deploys))
    effects = confirmed(world)
    assert "Rollback" not in kinds(effects) and "RestoreAutoDeploy" in kinds(effects)
    assert "nothing was sent: dep-950 is on its way (build_in_progress); ask again" in incident_of(world).human_needed
    assert web(world).phase is Phase.PAGED


def test_the_account_of_acts_is_bounded() -> None:
    """Twenty are kept: enough for every budget."""
    world = reach(Phase.PINNING)
    acts = tuple(world.now - 100_000.0 - number for number in range(30))
    put(world, acted_at=acts)
    world.state = replace(world.state, acted_at=acts)
    confirmed(world)
    for kept in (web(world).acted_at, world.state.acted_at):
        assert len(kept) == budget.ACTS_KEPT and kept[-1] == world.now


@pytest.mark.parametrize(("outcome", "given"), [("refused", True), ("lost", False)])
def test_a_human_who_takes_over_hears_everything(outcome: str, given: bool) -> None:
    """What happened, what was done, the evidence; and whether auto-deploy is still off because of us."""
    world = reach(Phase.ROLLING_BACK)
    event = {"refused": e.RollbackRefused, "lost": e.RollbackLost}[outcome]
    effects = hear(world, event(world.now, "web", "web-1", "artefact expired"))
    tell = tell_of(effects)
    assert notices(effects) == ["human_needed"] and tell.notice.wakes and tell.channels == ("pager", "chat")
    assert tell.notice.lines[0].startswith("What happened: ") and "artefact expired" in tell.notice.lines[0]
    assert any(line.startswith("Auto-deploy: off") for line in tell.notice.lines)
    assert any(line.startswith("Blame: ") for line in tell.notice.lines)
    assert tell.notice.title.startswith("AUTO-DEPLOY IS OFF") is not given
    assert ("RestoreAutoDeploy" in kinds(effects)) is given


def test_a_world_without_a_failure_sends_nothing() -> None:
    """The counterpart of every story here: a good deploy."""
    world = bad_world(faults=[]).run(300.0)
    assert not world.pins and not world.sent and not world.tells


@pytest.mark.parametrize("by_hand", [False, True])
def test_after_an_expired_artefact_no_other_target_is_tried_unless_a_human_names_it(by_hand: bool) -> None:
    """Older artefacts are gone too: the machine stops there."""
    world = reach(Phase.PINNING)
    incident = replace(incident_of(world), expired="dep-39")
    decision = incident.decision
    assert decision is not None
    if by_hand:
        incident = replace(incident, decision=replace(decision, blame=None))
    put(world, incident=incident)
    effects = hear(world, e.PinConfirmed(world.now, "web", "web-1", "commit"))
    sent = [effect for effect in effects if isinstance(effect, fx.Rollback)]
    assert [effect.rebuild for effect in sent] == ([False] if by_hand else [])
    assert ("RestoreAutoDeploy" in kinds(effects)) is not by_hand
    if not by_hand:
        assert "no other target is tried" in lines(effects, "HUMAN")[0]
