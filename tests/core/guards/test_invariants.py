"""Invariants: a good step passes, and each way to break a promise is named."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.core.incident_fields import amended
from tests.core.scenes import FACTS, HISTORY, NOW, a_blame, a_service, a_state, an_incident, failing
from tests.core.world import make_policy
from watchdog.core.assess import failure_correlation
from watchdog.core.guards.invariants import violated_invariant
from watchdog.domain.decisions import Course, Decision, GuardAnswer, Verdict
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Effect, PinAutoDeploy, RestoreAutoDeploy, Rollback, Tell
from watchdog.domain.incident_parts import Deadline
from watchdog.domain.incidents import Act, ActiveCritical, Phase, State
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.policy import Brakes, Budget, Mode, Policy, ServicePolicy, Suppression, Then, Weekly, Window
from watchdog.domain.severity import Severity

ROLLBACK = Rollback("web", "web-1", "srv-web", "dep-41", "dep-40", "aaaaaaa1", "dep-41")
PIN = PinAutoDeploy("web", "web-1", "srv-web")
RESTORE = RestoreAutoDeploy("web", "web-1", "srv-web", "commit")
TELL = Tell(Notice(NOW, "web-1", "web", Severity.CRITICAL, NoticeKind.HUMAN_NEEDED, "home fails"), ("pager",))
DECIDED = Decision(NOW, Course.ROLLBACK, Severity.CRITICAL, "it fits", None, 1.0, "autonomous", blame=a_blame())
BY_HAND = replace(DECIDED, blame=None)
OPEN = an_incident(decision=DECIDED, suspect="dep-41", suspect_code="bad00000")
SENT = amended(OPEN, tried=True, requested_at=NOW)


@dataclass(frozen=True)
class Step:
    """One step: by default a rollback that is sent as it should be."""

    before: State
    after: State
    effects: tuple[Effect, ...] = (ROLLBACK,)
    policy: Policy = field(default_factory=lambda: TWO)

    def broken(self) -> str:
        """Return what is broken."""
        return violated_invariant(self.before, self.after, self.effects, self.policy)


def sending(**fields: Any) -> Step:
    """Return a step that sends a rollback; fields change the service after it."""
    before = a_service(phase=Phase.PINNING, incident=OPEN)
    after = replace(before, **{"phase": Phase.ROLLING_BACK, "incident": SENT, "acted_at": (NOW,), **fields})
    acts = (Act(NOW, "web", "bad00000"),)
    return Step(a_state(before), a_state(after, acted_at=(NOW,), acts=acts))


def known(step: Step, **fields: Any) -> Step:
    """Return the step with the service before it changed."""
    service = replace(step.before.services["web"], **fields)
    return replace(step, before=replace(step.before, services={"web": service}))


def asked(by: str | None) -> Callable[[Step], Step]:
    """Return what turns a step into one of mode assist, answered by somebody or not."""
    return lambda step: replace(step, policy=make_policy(Mode.ASSIST), effects=(replace(ROLLBACK, approved_by=by),))


def after(**fields: Any) -> Callable[[Step], Step]:
    """Return what changes the state after the step."""
    return lambda step: replace(step, after=replace(step.after, **fields))


def aimed(**fields: Any) -> Callable[[Step], Step]:
    """Return what changes the rollback."""
    return lambda step: replace(step, effects=(replace(ROLLBACK, **fields),))


def limited(**fields: Any) -> Callable[[Step], Step]:
    """Return what changes the budget."""
    return lambda step: replace(step, policy=replace(step.policy, budget=Budget(**fields)))


def of_effects(*effects: Effect) -> Callable[[Step], Step]:
    """Return what changes the effects."""
    return lambda step: replace(step, effects=effects)


def twice(**fields: Any) -> Callable[[Step], Step]:
    """Return what changes the incident that was known before."""
    return lambda step: known(step, incident=amended(OPEN, **fields))


NOWHERE = make_policy(services={"web": ServicePolicy("web", None, Mode.AUTONOMOUS)})
OBSERVED = make_policy(Mode.OBSERVE)
ELSEWHERE = (NOW - 60.0, NOW)
OURS = Act(NOW, "web", "bad00000")
FOREIGN, SAME = (Act(NOW - 60, "shop", "other000"), OURS), (Act(NOW - 60, "shop", "bad00000"), OURS)
TWO = make_policy(services={**make_policy().services, "shop": ServicePolicy("shop", "srv-shop")})
STRICT = replace(TWO, brakes=Brakes(groups_max=2))
WAVE = {"shop": ActiveCritical("shop", NOW - 9), "web": ActiveCritical("web", NOW, "bad00000", recent_deploy=True)}


def approved(step: Step, *guards: str) -> Step:
    """Return the step with a rollback that somebody said yes to, who was asked because of these guards."""
    asked_by = tuple(GuardAnswer(name, Verdict.ASK, "") for name in guards)
    incident = replace(SENT, decision=replace(DECIDED, guards=asked_by))
    web = replace(step.after.services["web"], incident=incident)
    rollback = replace(ROLLBACK, approved_by="Alice")
    return replace(step, effects=(rollback,), after=replace(step.after, services={"web": web}))


def seen(policy: Policy) -> failure_correlation.MassFailure:
    """Return the wave that the two services are."""
    return failure_correlation.mass_failure(policy, WAVE, WAVE["web"])


CLOCK = Deadline(NOW - 301.0, Then.ROLLBACK, 300.0, due_at=NOW, delivered_at=NOW - 300.0)
UNANSWERED = amended(SENT, asked_at=NOW - 301.0, deadline=CLOCK, defaulted_at=NOW)
ASSIST = make_policy(Mode.ASSIST)
HOLD = Suppression("hold-1", "web", "ann", "launch", NOW - 9.0, NOW + 9.0)
REBUILT = aimed(rebuild=True)


def test_what_is_kept_for_a_window_is_not_sent_before_it_begins() -> None:
    """Not a second before, unless who approved it said now; a veto's window is no such thing."""
    window = Window("nights", Weekly((0,), 0, 60, "UTC"))
    row = replace(make_policy().matrix[Severity.CRITICAL], window=window)
    policy = make_policy(matrix={**make_policy().matrix, Severity.CRITICAL: row})
    for until, why in ((NOW + 1.0, "it is kept for its window"), (NOW, ""), (None, "")):
        step = sending(incident=amended(SENT, approved_by="ann", announced_until=until))
        assert replace(step, policy=policy).broken().partition(": ")[2] == why
        assert step.broken() == ""


@pytest.mark.parametrize(
    "fields",
    [
        {"defaulted_at": NOW - 0.5},
        {"defaulted_at": None},
        {"deadline": None},
        {"deadline": replace(CLOCK, delivered_at=None)},
        {"deadline": replace(CLOCK, delivered_at=NOW - 299.0)},
        {"deadline": replace(CLOCK, within_seconds=None)},
        {"deadline": replace(CLOCK, then=Then.ESCALATE)},
    ],
)
def test_a_default_that_nobody_heard_of_or_that_comes_too_soon_is_none(fields: dict[str, Any]) -> None:
    """Not all the time, never asked, nobody heard, or of something else."""
    step = replace(sending(incident=amended(UNANSWERED, **fields)), policy=ASSIST)
    assert step.broken().endswith("no human approved it")


ON_ITS_WAY = Deploy("dep-42", "build_in_progress", commit="fix00000")
WENT, OTHER = replace(HISTORY[0], status="deactivated"), replace(HISTORY[0], id="dep-43")
AS_BEFORE = (replace(HISTORY[0], commit="aaaaaaa1"), *HISTORY[1:])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (after(services={}), "the service is not configured"),
        (lambda step: replace(step, policy=make_policy(services={})), "the service is not configured"),
        (lambda step: replace(step, policy=NOWHERE), "srv-web is not the service's id (None)"),
        (aimed(platform_id="srv-own"), "srv-own is not the service's id (srv-web)"),
        (lambda step: replace(step, policy=OBSERVED), "the service is only observed"),
        (lambda step: replace(step, policy=OBSERVED, effects=(RESTORE,)), "the service is only observed"),
        (aimed(incident="web-2"), "the service has no such incident"),
        (after(paused_by="Alice"), "paused by Alice"),
        (lambda step: replace(step, before=replace(step.before, disarmed="two")), "disarmed (two)"),
        (lambda step: replace(after(paused_by="Alice")(step), effects=(PIN,)), "paused by Alice"),
        (of_effects(ROLLBACK, ROLLBACK), "a second rollback in one step"),
        (twice(deploy="dep-42"), "it was rolled back already, as dep-42"),
        (twice(deploy="dep-42", decision=BY_HAND), "it was rolled back already, as dep-42"),
        (twice(tried=True), "it had its one rollback already"),
        (lambda step: twice(tried=True, expired="dep-40")(REBUILT(step)), "it had its one rollback already"),
        (aimed(target="dep-41"), "the target is the suspect"),
        (aimed(target="dep-1"), "dep-1 was never live"),
        (after(denied=("aaaaaaa1",)), "dep-40 is deny-listed"),
        (
            lambda step: replace(aimed(target_code="cccccccc")(step), after=replace(step.after, denied=("cccccccc",))),
            "dep-40 is deny-listed",
        ),
        (lambda step: replace(step, before=replace(step.before, denied=("aaaaaaa1",))), "dep-40 is deny-listed"),
        (asked(None), "no human approved it"),
        (after(blind_since=NOW), "blind"),
        (lambda _: sending(facts=replace(FACTS, maintenance=True)), "the service is intentionally down"),
        (lambda _: sending(facts=replace(FACTS, suspended=True)), "the service is intentionally down"),
        (after(acted_at=()), "it is not in the books"),
        (limited(per_service_per_day=0), "1 rollbacks of the service today (limit 0)"),
        (after(holds=(HOLD,)), "hold-1: rollbacks need approval"),
        (after(troubles=WAVE), seen(TWO).why),
        (lambda step: approved(after(troubles=WAVE)(step), "mode"), seen(TWO).why),
        (lambda step: approved(replace(after(troubles=WAVE)(step), policy=STRICT), "correlation"), seen(STRICT).why),
        (after(acted_at=ELSEWHERE, acts=FOREIGN), "2 rollbacks of all services together in 10 min (limit 1)"),
    ],
)
def test_a_write_that_breaks_a_promise_is_named(change: Callable[[Step], Step], why: str) -> None:
    """With the effect, the service and the incident."""
    found = change(sending()).broken()
    head, _, told = found.partition(": ")
    assert head.partition(" ")[0] in ("Rollback", "PinAutoDeploy", "RestoreAutoDeploy") and " of web for web-" in head
    assert told == why


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"incident": None}, "the service has no such incident"),
        ({"incident": OPEN}, "it is not in the books"),
        ({"acted_at": ()}, "it is not in the books"),
        ({"checks": {"home": failing(last_at=NOW - 60, last_bad_at=NOW - 60)}}, "nothing was seen failing just now"),
        ({"deploys": (HISTORY[0], replace(HISTORY[1], status="build_failed"))}, "dep-40 was never live"),
        ({"deploys": AS_BEFORE}, "dep-40 runs the suspect's code"),
        ({"deploys": (ON_ITS_WAY, *HISTORY)}, "dep-42 is on its way"),
        ({"deploys": (replace(ON_ITS_WAY, status="canceled"), *HISTORY)}, ""),
        ({"deploys": (replace(HISTORY[0], trigger="rollback"), *HISTORY[1:])}, "dep-41 is itself a rollback"),
        ({"deploys": (WENT, ON_ITS_WAY, *HISTORY[1:])}, ""),
        ({"deploys": (OTHER, ON_ITS_WAY, WENT, *HISTORY[1:])}, ""),
        ({"deploys": HISTORY[1:]}, ""),
        ({"incident": replace(SENT, decision=None), "deploys": AS_BEFORE}, ""),
        ({"incident": replace(SENT, decision=BY_HAND), "deploys": AS_BEFORE, "checks": {}, "acted_at": ()}, ""),
        ({"incident": replace(SENT, decision=replace(DECIDED, blame=a_blame(configuration=True)))}, ""),
    ],
)
def test_what_the_service_looks_like_when_it_is_sent(fields: dict, why: str) -> None:
    """The books, the reading, the target; by hand or for a configuration, the same code may be gone back to."""
    assert sending(**fields).broken().partition(": ")[2] == why


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(of_effects(ROLLBACK), id="a rollback as it should be"),
        pytest.param(of_effects(PIN, RESTORE), id="a pin and a restore"),
        pytest.param(lambda step: replace(step, after=step.before, effects=(TELL,)), id="a step without anything"),
        pytest.param(twice(tried=True, decision=BY_HAND), id="by hand after a lost one"),
        pytest.param(lambda step: twice(tried=True)(REBUILT(step)), id="one rebuild for an expired artefact"),
        pytest.param(twice(id="web-0", closed_at=NOW), id="another incident"),
        pytest.param(lambda step: known(step, incident=None), id="no incident before"),
        pytest.param(lambda step: replace(step, before=State()), id="another worker's until now"),
        pytest.param(asked("Alice"), id="in assist, approved"),
        pytest.param(
            lambda _: replace(twice(paged=True)(sending(incident=UNANSWERED)), policy=ASSIST),
            id="in assist, by the default that people heard of, whatever the policy says since",
        ),
        pytest.param(lambda step: approved(after(holds=(HOLD,))(step)), id="a yes passes an action hold"),
        pytest.param(after(holds=(replace(HOLD, service="shop"),)), id="an action hold of another service"),
        pytest.param(
            lambda step: approved(after(troubles=WAVE)(step), "correlation"),
            id="a yes to a wave that is not certain, if that was asked",
        ),
        pytest.param(
            lambda _: limited(per_service_per_day=1)(sending(acted_at=(NOW - 86_400.0, NOW))), id="one of a day ago"
        ),
        pytest.param(after(acted_at=ELSEWHERE, acts=SAME), id="one bad commit in two services is one fault"),
    ],
)
def test_what_keeps_every_promise(change: Callable[[Step], Step]) -> None:
    """What may follow what, who may say yes to what, and the budgets to the last one."""
    assert change(sending()).broken() == ""


def moved(was: Phase, now: Phase, **fields: Any) -> str:
    """Return what is broken by a step from one phase to another that changes the open incident."""
    before, later = a_service(phase=was, incident=OPEN), a_service(phase=now, incident=amended(OPEN, **fields))
    return violated_invariant(a_state(before), a_state(later), (), make_policy())


@pytest.mark.parametrize(
    ("was", "now", "fields", "why"),
    [
        (Phase.PINNING, Phase.ROLLING_BACK, {}, ""),
        (Phase.PINNING, Phase.SUSPECT, {}, ""),
        (Phase.ROLLING_BACK, Phase.SUSPECT, {"tried": True}, "web-1 went from rolling_back to suspect with neither"),
        (Phase.DEPLOYING, Phase.SUSPECT, {}, "web-1 went from deploying to suspect with neither proof nor a human"),
        (Phase.DEPLOYING, Phase.PAGED, {"human_needed": "it failed"}, ""),
        (Phase.DEPLOYING, Phase.PAGED, {}, "web-1 went from deploying to paged"),
        (Phase.VERIFYING, Phase.CALM, {}, "web-1 went from verifying to calm"),
        (Phase.VERIFYING, Phase.CALM, {"closed_at": NOW}, "web-1 was closed while its rollback was not proved"),
        (Phase.VERIFYING, Phase.CALM, {"closed_at": NOW, "verified_at": NOW}, ""),
        (Phase.PAGED, Phase.CALM, {"closed_at": NOW}, ""),
        (Phase.PAGED, Phase.CALM, {}, "web-1 is open and the service calm"),
        (Phase.SUSPECT, Phase.PAGED, {}, ""),
    ],
)
def test_an_incident_leaves_the_acting_phases_with_a_proof_or_a_human(
    was: Phase, now: Phase, fields: dict, why: str
) -> None:
    """Closed, verified, handed over, or looked at again before anything was sent."""
    found = moved(was, now, **fields)
    assert why in found and bool(found) is bool(why)


def test_an_open_incident_is_not_dropped() -> None:
    """For none or for another, unless a human began that by hand; one that is over may be let go."""
    state = a_state(a_service(phase=Phase.PAGED, incident=OPEN))
    gone, other = a_state(a_service()), a_state(a_service(incident=replace(OPEN, id="web-2")))
    assert violated_invariant(state, gone, (), make_policy()) == "web: web-1 was dropped while it was open"
    assert violated_invariant(state, other, (), make_policy()) == "web: web-1 was dropped while it was open"
    by_hand = a_state(a_service(incident=replace(OPEN, id="web-2", decision=BY_HAND)))
    assert violated_invariant(state, by_hand, (), make_policy()) == ""
    over = a_state(a_service(phase=Phase.CALM, incident=replace(OPEN, closed_at=NOW)))
    assert violated_invariant(over, gone, (), make_policy()) == ""
    assert violated_invariant(State(), state, (), make_policy()) == ""


def test_who_is_said_to_have_been_told_was_told() -> None:
    """In the very step that says so."""
    assert moved(Phase.SUSPECT, Phase.PAGED, paged=True) == "web: web-1 records a notification that was not sent"
    untold, told = a_service(incident=OPEN), a_service(incident=replace(OPEN, paged=True))
    assert violated_invariant(a_state(untold), a_state(told), (TELL,), make_policy()) == ""
    assert violated_invariant(a_state(told), a_state(replace(told, pace_seconds=1.0)), (), make_policy()) == ""
    other = replace(TELL, notice=replace(TELL.notice, incident="web-9"))
    assert "was not sent" in violated_invariant(a_state(a_service()), a_state(told), (other,), make_policy())
