"""Acting: what comes of a veto window, a question and a rollback, and of outcomes that come late or never."""

from dataclasses import replace

import pytest

from tests.core.incident_fields import amended
from tests.core.world import FOREVER, SLOW, START, Fault, World, make_policy, with_row
from tests.core.worlds import (
    bad_world,
    decision_of,
    hear,
    incident_of,
    line_of,
    listed,
    put,
    reach,
    share,
    unwatch,
    web,
    wish,
)
from tests.support.effect_readers import kinds, lines, notices, tell_of, wakes
from watchdog.core.phases import rollback_request
from watchdog.domain import events as e
from watchdog.domain.decisions import Course, GuardAnswer, Verdict
from watchdog.domain.incident_parts import Rebuild
from watchdog.domain.incidents import Phase
from watchdog.domain.policy import Mode, Policy, SignalPolicy, Then
from watchdog.domain.readings import Bad
from watchdog.domain.severity import Severity
from watchdog.presentation.situation import Situation, situation

# --- waiting for people ---


VETOED = make_policy(veto_seconds=120.0)
ERRORS = SignalPolicy("errors", "sentry", severity=Severity.CRITICAL, limit_per_minute=20.0)


def of_errors(mode: Mode, veto_seconds: float) -> Policy:
    """Return a policy that judges errors only, and rolls back where no answer comes in two minutes."""
    policy = make_policy(mode, veto_seconds)
    policy = replace(policy, services={"web": replace(policy.services["web"], signals=(ERRORS,))})
    return with_row(policy, Severity.CRITICAL, then=Then.ROLLBACK, within_seconds=120.0)


@pytest.mark.parametrize(
    ("policy", "told", "flood"),
    [
        (VETOED, "announced", None),
        (make_policy(Mode.ASSIST), "asked", None),
        # Both end before four good minutes end the flood: not even auto-deploy is switched off.
        (of_errors(Mode.AUTONOMOUS, 120.0), "announced", (120.0, 240.0)),
        (of_errors(Mode.ASSIST, 0.0), "asked", (120.0, 240.0)),
    ],
)
def test_what_people_were_told_of_is_dropped_when_the_site_recovers(
    policy: Policy, told: str, flood: tuple[float, float] | None
) -> None:
    """Good readings within the veto window, or before the answer: closed, nothing was touched, and people hear so."""
    world = bad_world(policy, faults=[Fault(64.0, 115.0, code="bad00000")], flood=flood).run(700.0)
    assert world.incidents["web-1"].outcome == "recovered by itself" and not world.sent and not world.pins
    assert notices(world.tells) == [told, "resolved"]


def test_a_question_is_decided_anew_when_it_worsens() -> None:
    """Slow (high, asked) becomes down (critical): rolled back without waiting for the answer, or announced, and no
    answer is waited for then.
    """
    for veto_seconds, told in ((0.0, "acted"), (30.0, "announced")):
        faults = [Fault(250.0, FOREVER, code="bad00000"), replace(SLOW, end=250.0)]
        world = bad_world(make_policy(veto_seconds=veto_seconds), faults=faults).run(400.0)
        assert notices(world.tells)[:2] == ["asked", told] and world.tells[1].notice.about.terms is None
        assert world.incidents["web-1"].severity is Severity.CRITICAL and list(world.state.troubles) == ["web"]
        assert [rollback.approved_by for _, rollback in world.accepted] == [None]


@pytest.mark.parametrize(
    ("live", "yes", "phase", "suspect", "refused"),
    [
        (None, "none", Phase.ASKING, "dep-900", []),
        (None, "now", Phase.PAGED, None, ["no deploy can be blamed: the platform names no live deploy"]),
        (None, "put off", Phase.PAGED, None, []),
        ("dep-900", "none", Phase.ASKING, "dep-900", []),
        ("dep-900", "now", Phase.PINNING, "dep-900", []),
        ("dep-900", "put off", Phase.PINNING, "dep-900", []),
        ("dep-999", "none", Phase.PAGED, "dep-999", []),
        ("dep-999", "now", Phase.ASKING, "dep-900", ["no failure was seen since dep-999 is live"]),
        ("dep-999", "put off", Phase.PAGED, "dep-999", []),
    ],
)
def test_only_a_deploy_that_is_known_to_be_live_replaces_the_one_people_were_asked_about(
    live: str | None, yes: str, phase: Phase, suspect: str | None, refused: list[str]
) -> None:
    """Where none is known the question stays, and a yes has nothing rolled back: a human has the incident. Another one
    may be a repair: what failed until then is no reason to ask about it, nor is a yes.
    """
    world = reach(Phase.ASKING)
    bad, *older = world.deploys
    if yes == "put off":
        hear(world, e.Approved(world.now, "web-1", "ann"))
        hear(world, e.PinConfirmed(world.now, "web", "web-1", "commit"))
        hear(world, e.RollbackPostponed(world.now, "web", "web-1", "rate limit"))
    fix = replace(bad, id="dep-999", commit="fix00000", created_at=world.now - 9.0, finished_at=world.now)
    effects = listed(world, *{None: (), "dep-900": (bad,), "dep-999": (fix,)}[live], *older)
    assert yes == "put off" or effects == ()
    failed = e.Observed(world.now + 1.0, "web", "home", Bad("HTTP 503"))
    effects = hear(world, e.Approved(world.now, "web-1", "ann") if yes == "now" else failed)
    incident = incident_of(world)
    assert (web(world).phase, incident.suspect, lines(effects, "REFUSED")) == (phase, suspect, refused)
    assert incident.question.approved_by == ("ann" if phase is Phase.PINNING else None)
    assert incident.to_blame == ("dep-900",), "whatever is live"


def test_a_yes_does_not_hold_for_a_deploy_that_went_live_since() -> None:
    """It may be a repair: people are asked anew, also where they said yes to a rollback past two deploys already."""
    world = reach(Phase.ASKING, faults=[Fault(64.0, 110.0, code="bad00000")]).run(130.0)
    decision, below = decision_of(world), GuardAnswer("on top", Verdict.ASK, "dep-900 went live on top of dep-40")
    asked = replace(decision, guards=(*(one for one in decision.guards if one.name != "on top"), below))
    put(world, incident=replace(incident_of(world), decision=asked))
    fix = replace(world.deploys[0], id="dep-999", commit="fix00000", created_at=world.now - 9.0, finished_at=world.now)
    listed(world, fix, *world.deploys)
    hear(world, e.Observed(world.now, "web", "home", Bad("HTTP 503")))
    assert incident_of(world).suspect == "dep-900"
    effects = hear(world, e.Approved(world.now, "web-1", "ann"))
    assert "on top: dep-999 went live on top of dep-900" in lines(effects, "REFUSED")[0]
    assert web(world).phase is Phase.ASKING and incident_of(world).suspect == "dep-999"


def test_a_yes_where_our_clock_is_slow_needs_a_failure_that_was_seen_lately() -> None:
    """The new deploy begins an hour ahead of our clock, so nothing places it, and no failure is fresh."""
    world = reach(Phase.ASKING)
    ahead, now = world.now + 3600.0, world.now + 60.0
    fix = replace(world.deploys[0], id="dep-999", commit="fix00000", created_at=ahead, finished_at=ahead)
    hear(world, e.DeploysListed(now, "web", (fix, *world.deploys[1:]), world.facts))
    effects = hear(world, e.Approved(now, "web-1", "ann"))
    assert lines(effects, "REFUSED") == ["no failure in the last 15 s"]
    assert web(world).phase is Phase.ASKING and incident_of(world).suspect == "dep-900"


def test_an_approval_of_what_can_no_longer_be_judged_is_refused() -> None:
    """A reload took every failing signal away: nothing is sent on a yes, what was off is given back, and it is said."""
    world = unwatch(put(reach(Phase.ASKING), auto_deploy_off="commit"), "home")
    put(world, incident=amended(incident_of(world), previous="commit"))
    effects = hear(world, e.Approved(world.now, "web-1", "ann"))
    assert web(world).phase is Phase.PAGED and "no longer configured" in lines(effects, "HUMAN")[0]
    assert "PinAutoDeploy" not in kinds(effects) and "RestoreAutoDeploy" in kinds(effects)


@pytest.mark.parametrize(("phase", "course"), [(Phase.ASKING, Course.ASK), (Phase.ANNOUNCED, Course.ANNOUNCE)])
def test_another_target_than_the_one_people_were_told_of_is_told_anew(phase: Phase, course: Course) -> None:
    """The target was denied meanwhile: a yes (or the end of the window) for dep-40 does not hold for dep-39."""
    world = share(reach(phase), denied=("aaaaaaa1",))
    if phase is Phase.ASKING:
        effects = hear(world, e.Approved(world.now, "web-1", "ann"))
    else:
        at = incident_of(world).announced_until
        effects = hear(world.run(at - START - 0.1), e.TimePassed(at))
    assert decision_of(world).course is course and web(world).phase is phase and "PinAutoDeploy" not in kinds(effects)
    assert "the target changed since you were notified (dep-40 -> dep-39)" in decision_of(world).why


def test_a_yes_in_a_good_moment_is_carried_out_once_it_fails_again() -> None:
    """Good for some seconds when the yes comes: decided from what is known, pinned, sent at the next failure."""
    faults = [Fault(64.0, 110.0, code="bad00000"), Fault(140.0, FOREVER, code="bad00000")]
    world = bad_world(make_policy(Mode.ASSIST), faults=faults, answer="approve", answer_after=25.0).run(136.0)
    assert "APPROVED" in world.labels() and len(world.pins) == 1 and not world.sent
    world.run(500.0)
    assert [rollback.approved_by for _, rollback in world.accepted] == ["a human"]


# --- the rollback ---


def test_a_rollback_without_an_outcome_is_waited_for_five_minutes() -> None:
    """Before that nothing happens; then a human is told, and auto-deploy stays off."""
    world = reach(Phase.ROLLING_BACK)
    over = web(world).phase_since + rollback_request.SEND_PATIENCE_SECONDS
    assert hear(world, e.TimePassed(over - 1.0)) == ()
    effects = hear(world, e.TimePassed(over))
    assert web(world).phase is Phase.PAGED and "RestoreAutoDeploy" not in kinds(effects)
    assert lines(effects, "HUMAN") == ["no outcome of the rollback came in 5 min"]
    notice = tell_of(effects).notice
    assert notice.wakes and notice.about.auto_deploy_off == "commit"
    assert "Auto-deploy: off, read back (was commit)" in notice.lines


def test_a_configuration_is_not_denied_as_code() -> None:
    """What went bad was a value, not the commit: the deny-list stays empty; nor is a code denied twice."""
    world = reach(Phase.ROLLING_BACK)
    decision = decision_of(world)
    decision = replace(decision, blame=replace(decision.blame, configuration=True))
    put(world, incident=replace(incident_of(world), decision=decision))
    for one, denied in ((world, ()), (share(reach(Phase.ROLLING_BACK), denied=("bad00000",)), ("bad00000",))):
        hear(one, e.RollbackAccepted(one.now, "web", "web-1", "dep-950"))
        assert one.state.denied == denied


def test_a_rollback_by_hand_that_was_postponed_is_left_to_the_human_who_asked() -> None:
    """Nobody was blamed, so nothing is found anew: told, given back, to be asked again."""
    world = reach(Phase.CALM)
    world.outcomes = ["silent"]
    world.tell(e.RollbackRequested(world.now, "web", "ann"))
    world.run(world.time + 3.0)
    assert web(world).phase is Phase.ROLLING_BACK
    effects = hear(world, e.RollbackPostponed(world.now, "web", "web-1", "rate limit"))
    assert web(world).phase is Phase.PAGED
    assert lines(effects, "HUMAN") == ["nothing was sent: rate limit; ask again"]
    assert "RestoreAutoDeploy" in kinds(effects) and not incident_of(world).rollback.tried


@pytest.mark.parametrize(("incident", "by_hand"), [("web-1", False), ("web-1", True), ("web-7", False)])
def test_an_acceptance_that_comes_while_it_is_decided_anew_is_followed(incident: str, by_hand: bool) -> None:
    """It was thought not sent, and auto-deploy is switched off for the next attempt: a second one is never sent."""
    world = reach(Phase.CALM if by_hand else Phase.PINNING)
    if by_hand:
        hear(world, e.RollbackRequested(world.now, "web", "ann"))
    assert web(world).phase is Phase.PINNING and incident_of(world).by_hand is by_hand
    effects = hear(world, e.RollbackAccepted(world.now, "web", incident, "dep-950"))
    ours = incident == "web-1"
    assert web(world).phase is (Phase.DEPLOYING if ours else Phase.PINNING)
    assert notices(effects) == (["acted"] if ours else []) and len(world.state.acts) == ours
    after = hear(world, e.PinConfirmed(world.now, "web", "web-1", "commit"))
    assert ("Rollback" in kinds(after)) is not ours and world.state.disarmed == ""


def test_an_acceptance_that_comes_after_it_was_put_off_is_followed_or_keeps_auto_deploy_off() -> None:
    """Put off, and found in the list: before the next decision, and after one that left it to a human (403593)."""
    for left in (False, True):
        world = reach(Phase.ROLLING_BACK)
        hear(world, e.RollbackPostponed(world.now, "web", "web-1", "no look at the list for 5 s"))
        assert web(world).phase is Phase.SUSPECT and world.state.acts == ()
        if left:
            put(world, phase=Phase.PAGED, incident=replace(incident_of(world), paged=True))
        hear(world, e.RollbackAccepted(world.now, "web", "web-1", "dep-950", adopted=True))
        assert web(world).phase is (Phase.PAGED if left else Phase.DEPLOYING)
        assert incident_of(world).rollback.tried and len(world.state.acts) == 1
        world.faults = []
        world.run(world.time + 300.0)
        assert not world.restores and web(world).auto_deploy_off


@pytest.mark.parametrize("incident", ["web-1", "web-7"])
def test_an_acceptance_that_comes_after_giving_up_is_written_down(incident: str) -> None:
    """A human has it already; the deploy is remembered and its code denied, if it is this incident's."""
    world = reach(Phase.ROLLING_BACK)
    hear(world, e.RollbackLost(world.now, "web", "web-1", "no trace"))
    effects = hear(world, e.RollbackAccepted(world.now, "web", incident, "dep-950"))
    ours = incident == "web-1"
    assert lines(effects, "ACT") == (["the rollback was accepted after all: dep-950"] if ours else [])
    assert incident_of(world).rollback.deploy == ("dep-950" if ours else None)
    assert world.state.denied == (("bad00000",) if ours else ())
    assert web(world).phase is Phase.PAGED
    again = hear(world, e.RollbackAccepted(world.now, "web", "web-1", "dep-951"))
    assert incident_of(world).rollback.deploy == ("dep-950" if ours else "dep-951")
    assert bool(again) is not ours


# --- restarts ---


@pytest.mark.parametrize("phase", [Phase.ANNOUNCED, Phase.ASKING, Phase.PINNING, Phase.ROLLING_BACK])
def test_a_restart_waits_anew_for_what_was_begun(phase: Phase) -> None:
    """Same phase, nothing sent twice; its deadlines are asked for again, patience counts from now.

    A window that ran out while the daemon was down wakes it now, not in the past.
    """
    world = reach(phase)
    at = world.now + 30.0
    effects = hear(world, e.Restarted(at))
    due, incident = set(wakes(effects)), incident_of(world)
    assert web(world).phase is phase and web(world).phase_since == at
    assert not {"PinAutoDeploy", "Rollback", "Tell"} & set(kinds(effects))
    assert {"SetPace", "ReadDeploys"} <= set(kinds(effects))
    assert {at + rollback_request.PIN_PATIENCE_SECONDS, at + rollback_request.SEND_PATIENCE_SECONDS} <= due
    assert phase is not Phase.ANNOUNCED or incident.announced_until in due
    assert phase is not Phase.ASKING or incident.question.asked_at + 300.0 in due
    paged_at = at + rollback_request.SEND_PATIENCE_SECONDS if phase is Phase.ROLLING_BACK else None
    assert incident.rollback.overdue_at == paged_at, "what people read"
    late = wakes(hear(world, e.Restarted(at + 1000.0)))
    assert min(late) >= at + 1000.0 and (phase is not Phase.ANNOUNCED or at + 1000.0 in late)


# --- an expired artefact ---


def test_case_15_an_expired_artefact_is_answered_by_one_rebuild_of_the_same_commit() -> None:
    """The same target through the same protocol; the budget counts once, and people read that it is a rebuild."""
    world = reach(Phase.VERIFYING, outcomes=["expired", "accepted"])
    first, second = (effect for effect, _, _ in world.sent)
    assert (first.rebuild, second.rebuild) == (False, True)
    assert replace(second, rebuild=False, baseline=first.baseline) == first
    assert len(web(world).acted_at) == len(world.state.acted_at) == 1
    rollback = incident_of(world).rollback
    assert (rollback.expired, rollback.tried, rollback.rebuild) == ("dep-40", True, Rebuild.ARTEFACT_GONE)
    acted = next(tell.notice for tell in world.tells if tell.notice.kind.value == "acted")
    assert "rebuilds commit aaaaaaa" in line_of(acted, "Rebuild: ") and "rolling back" not in acted.title
    _, intent = lines(world.notes, "INTENT")
    assert intent.startswith("redeploy_commit: rebuilds commit aaaaaaa, as Render keeps no artefact of dep-40")
    assert world.broken == []


def test_a_refusal_that_is_told_again_does_not_end_the_rebuild() -> None:
    """A restart tells the first outcome again while the alternative is under way."""
    world = reach(Phase.ROLLING_BACK, outcomes=["expired", "silent"])
    world.run(world.time + 3.0)
    assert incident_of(world).rollback.expired == "dep-40"
    assert hear(world, e.RollbackRefused(world.now, "web", "web-1", "no artefact", expired=True)) == ()
    assert web(world).phase is Phase.ROLLING_BACK
    effects = hear(world, e.RollbackRefused(world.now, "web", "web-1", "no such commit"))
    assert web(world).phase is Phase.PAGED and "Rollback" not in kinds(effects)
    assert refusal_of(world) == (world.now, "no such commit", True), "the artefact was gone before"
    hear(world, e.RollbackRequested(world.now, "web", "ann", "dep-39"))
    assert situation(incident_of(world)) is Situation.SENDING and refusal_of(world) == (None, "", False)
    assert incident_of(world).rollback.tried, "what is sent by hand is no second one by itself"
    hear(world, e.PinConfirmed(world.now, "web", "web-1", "commit"))
    assert web(world).phase is Phase.ROLLING_BACK and situation(incident_of(world)) is Situation.REQUESTED


def refusal_of(world: World) -> tuple[float | None, str, bool]:
    """Return when Render refused the rollback, why, and whether nothing is left of its target."""
    rollback = incident_of(world).rollback
    return rollback.refused_at, rollback.refusal, rollback.artefact_gone


@pytest.mark.parametrize("case", ["image", "not listed"])
def test_what_cannot_be_rebuilt_is_left_to_a_human(case: str) -> None:
    """An image, or a target that the list does not hold any more: paged, and auto-deploy given back."""
    world = reach(Phase.ROLLING_BACK)
    put(world, auto_deploy_off="commit")
    wanted = [deploy for deploy in web(world).deploys if case == "image" or deploy.id != "dep-40"]
    put(world, deploys=tuple(replace(deploy, commit=None, image_sha="sha256:1") for deploy in wanted))
    effects = hear(world, e.RollbackRefused(world.now, "web", "web-1", "no artefact", expired=True))
    assert web(world).phase is Phase.PAGED and "RestoreAutoDeploy" in kinds(effects)
    assert "Rollback" not in kinds(effects) and web(world).acted_at == ()
    assert refusal_of(world) == (world.now, "no artefact", True)
    assert incident_of(world).rollback.rebuild is Rebuild.NO_COMMIT


@pytest.mark.parametrize("why", [Rebuild.NOT_IN_POLICY, Rebuild.CONFIGURATION])
@pytest.mark.parametrize("put_off", [False, True])
def test_no_commit_is_rebuilt_against_the_policy_or_for_the_sake_of_a_configuration(
    put_off: bool, why: Rebuild
) -> None:
    """A build takes the present configuration: where that is to blame it cures nothing. Paged, nothing is sent.

    That holds as well for a rebuild that was put off, where a reload or a later decision says so.
    """
    world = reach(Phase.ROLLING_BACK)
    at = world.now
    if put_off:
        at += 100.0
        hear(world, e.RollbackRefused(at, "web", "web-1", "no artefact", expired=True))
        assert web(world).phase is Phase.SUSPECT and incident_of(world).rollback.rebuilds
    if why is Rebuild.NOT_IN_POLICY:
        wish(world, redeploy_commit=False)
    else:
        decision = decision_of(world)
        assert decision.blame is not None
        blamed = replace(decision, blame=replace(decision.blame, configuration=True))
        put(world, incident=amended(incident_of(world), decision=blamed))
    if put_off:
        put(world, phase=Phase.PINNING)
        effects = hear(world, e.PinConfirmed(at, "web", "web-1", "commit"))
    else:
        effects = hear(world, e.RollbackRefused(at, "web", "web-1", "no artefact", expired=True))
    rollback = incident_of(world).rollback
    assert web(world).phase is Phase.PAGED and "Rollback" not in kinds(effects) and web(world).acted_at == ()
    assert (rollback.rebuild, rollback.rebuilds, refusal_of(world)) == (why, False, (at, "no artefact", True))
    assert incident_of(world).human_needed == "the platform refused the rollback: no artefact"


def test_a_rebuild_also_needs_a_fresh_failure() -> None:
    """The site recovered while the answer came: nothing more is sent, and it may still come to the rebuild later."""
    world = reach(Phase.ROLLING_BACK)
    at = world.now + 100.0
    effects = hear(world, e.RollbackRefused(at, "web", "web-1", "no artefact", expired=True))
    assert web(world).phase is Phase.SUSPECT and "Rollback" not in kinds(effects)
    assert not incident_of(world).rollback.tried and incident_of(world).rollback.expired == "dep-40"
    assert situation(incident_of(world)) is Situation.SENDING, "no answer of Render is awaited"
