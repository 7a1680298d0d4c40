"""A feature flag that is switched off before a rollback: what the invariants refuse, and the last look before it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.core.guards.test_pre_send_check import DECIDED, HEALED, HOLD, OPEN, PIN, ROLLBACK, WAVE
from tests.core.incident_fields import amended
from tests.core.scenes import FACTS, HISTORY, NOW, a_service, a_state
from tests.core.world import make_policy
from tests.core.worlds import flagged
from watchdog.core.fold.clock_skew import clamp_future_times
from watchdog.core.guards import pre_send_check
from watchdog.core.guards.invariants import violated_invariant
from watchdog.domain.effects import RestoreAutoDeploy, TryRemedy
from watchdog.domain.incidents import Incident, Outcome, Phase, ServiceState, State
from watchdog.domain.policy import Mode, Policy, ServicePolicy, Weekly, Window
from watchdog.domain.remedies.remedy import RemedyAttempt, RemedyResult
from watchdog.domain.severity import Severity

FLAG = TryRemedy("web", "web-1", "new-checkout")
ATTEMPT = RemedyAttempt("new-checkout", NOW, 60.0)
BEFORE = replace(amended(OPEN, tried=False), remedies=())
TRYING = replace(BEFORE, remedies=(ATTEMPT,))
OTHER = replace(ATTEMPT, name="other")
POLICY = flagged()
TWO = replace(POLICY, services={**POLICY.services, "shop": ServicePolicy("shop", "srv-shop")})
WINDOW = Window("nights", Weekly(tuple(range(7)), 0, 1, "UTC"))


def trying(incident: Incident = TRYING, **fields: Any) -> ServiceState:
    """Return a service whose flag is being switched off."""
    return a_service(phase=Phase.REMEDYING, incident=incident, **fields)


def violated(
    after: State, before: Incident | None = BEFORE, policy: Policy = TWO, effect: TryRemedy = FLAG, **fields: Any
) -> str:
    """Return what a step violates that switches the flag off."""
    was = replace(a_state(a_service(phase=Phase.SUSPECT, incident=before)), **fields)
    return violated_invariant(was, after, (effect,), policy).partition(": ")[2]


def test_a_flag_is_switched_off_as_decided() -> None:
    """Once, in the place of a rollback that nothing forbids; the reason names flag, service and incident."""
    assert violated(a_state(trying())) == ""
    stopped = violated_invariant(a_state(trying()), a_state(trying(), paused_by="ann"), (FLAG,), TWO)
    assert stopped == "TryRemedy new-checkout of web for web-1: paused by ann"


@pytest.mark.parametrize(
    ("service", "why"),
    [
        (trying(replace(TRYING, id="web-2")), "the service has no such incident"),
        (trying(None), "the service has no such incident"),  # type: ignore[arg-type]
        (trying(BEFORE), "it is not in the books"),
        (trying(replace(TRYING, remedies=(OTHER,))), "it is not in the books"),
        (trying(amended(TRYING, tried=True)), "it comes before a rollback that the daemon decided on"),
        (trying(replace(TRYING, decision=replace(DECIDED, blame=None))), "it comes before a rollback that the daemon"),
        (trying(checks=HEALED), "nothing was seen failing just now"),
        (trying(facts=replace(FACTS, maintenance=True)), "the service is intentionally down"),
        (trying(facts=replace(FACTS, suspended=True)), "the service is intentionally down"),
        (trying(deploys=(replace(HISTORY[0], trigger="rollback"), HISTORY[1])), "dep-41 is itself a rollback"),
    ],
)
def test_what_the_service_looks_like_when_its_flag_is_switched(service: ServiceState, why: str) -> None:
    """Each way to break a promise has its name."""
    assert violated(a_state(service)).startswith(why)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"paused_by": "ann"}, "paused by ann"),
        ({"disarmed": "two"}, "disarmed (two)"),
        ({"blind_since": NOW}, "blind"),
        ({"holds": (HOLD,)}, "hold-1: rollbacks need approval"),
        ({"troubles": WAVE}, ""),
    ],
)
def test_what_forbids_a_rollback_forbids_a_flag(fields: dict[str, Any], why: str) -> None:
    """In the state after the step, and a stop also in the state before."""
    found = violated(replace(a_state(trying()), **fields))
    assert found == why if why else found != ""
    if "paused_by" in fields or "disarmed" in fields:
        assert violated(a_state(trying()), **fields) == why


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (make_policy(), "it is no remedy of the service"),
        (flagged(Mode.OBSERVE), "the service is only observed"),
        (flagged(Mode.ASSIST), "no human approved it"),
        (replace(TWO, services={"shop": TWO.services["shop"]}), "the service is not configured"),
    ],
)
def test_what_the_policy_forbids(policy: Policy, why: str) -> None:
    """A yes answers mode assist, and nothing else."""
    assert violated(a_state(trying()), policy=policy) == why
    agreed = violated(a_state(trying()), policy=policy, effect=replace(FLAG, approved_by="ann"))
    assert agreed == ("" if why == "no human approved it" else why)


def test_what_is_kept_for_a_window_switches_no_flag_before_it() -> None:
    """The approval alone does not open the window."""
    rule = replace(TWO.matrix[Severity.CRITICAL], window=WINDOW)
    policy = replace(TWO, matrix={**TWO.matrix, Severity.CRITICAL: rule})
    kept = replace(TRYING, announced_until=NOW + 1.0, severity=Severity.CRITICAL)
    assert violated(a_state(trying(kept)), policy=policy) == "it is kept for its window"
    assert violated(a_state(trying(replace(kept, announced_until=NOW))), policy=policy) == ""


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (TRYING, "it was tried already"),
        (replace(TRYING, remedies=(replace(ATTEMPT, result=RemedyResult.NO_HELP),)), "it was tried already"),
        (replace(TRYING, remedies=(OTHER,)), "other is being tried"),
        (replace(TRYING, remedies=(replace(OTHER, result=RemedyResult.NO_HELP),)), ""),
        (replace(TRYING, id="web-0"), ""),
        (None, ""),
    ],
)
def test_each_flag_once_in_an_incident_and_one_at_a_time(known: Incident | None, why: str) -> None:
    """By the state before the step: the state after it has the attempt."""
    after = replace(a_state(trying()))
    before = replace(known, closed_at=NOW) if known is not None and known.id == "web-0" else known
    assert violated(after, before) == why


def test_no_rollback_is_begun_while_a_flag_is_tried() -> None:
    """Never two at a time; auto-deploy may be given back."""
    restore = RestoreAutoDeploy("web", "web-1", "srv-web", "commit")
    for effect, why in ((PIN, "is being tried"), (ROLLBACK, "is being tried"), (restore, "")):
        state = a_state(trying())
        found = violated_invariant(state, state, (effect,), TWO)
        assert found.endswith(why) and bool(found) is bool(why)


def test_an_incident_that_a_flag_ended_was_proved() -> None:
    """Without that it was closed while nothing was known."""
    before = a_state(trying())
    for result, fine in ((RemedyResult.HELPED, True), (RemedyResult.NO_HELP, False)):
        attempt = replace(ATTEMPT, result=result, done_at=NOW, ended_at=NOW)
        closed = replace(TRYING, remedies=(attempt,), closed_at=NOW, outcome=Outcome.REMEDIED)
        found = violated_invariant(before, a_state(a_service(phase=Phase.CALM, incident=closed)), (), TWO)
        assert (found == "") is fine, found


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda state: state, ""),
        (lambda state: a_state(trying(amended(TRYING, acknowledged_by="ann"))), ""),
        (lambda state: replace(state, paused_by="ann"), "paused by ann"),
        (lambda state: a_state(trying(checks=HEALED)), "no failure in the last 15 s"),
        (
            lambda state: a_state(replace(trying(), phase=Phase.PAGED)),
            "flag new-checkout for web-1 is no longer wanted",
        ),
        (lambda state: a_state(trying(replace(TRYING, remedies=(OTHER,)))), "flag new-checkout for web-1 is no longer"),
        (lambda state: a_state(trying(BEFORE)), "flag new-checkout for web-1 is no longer wanted"),
        (lambda state: State(), "flag new-checkout for web-1 is no longer wanted"),
        (lambda state: replace(state, holds=(HOLD,)), "action hold: "),
        (lambda state: replace(state, denied=("aaaaaaa1",)), "deny-list: dep-40 is deny-listed"),
    ],
)
def test_the_last_look_before_a_flag_is_switched(change: Callable[[State], State], why: str) -> None:
    """A pause, a recovery, a stop or a hold that came meanwhile: nothing is sent."""
    found = pre_send_check.reason_not_to_send(change(a_state(trying())), TWO, FLAG, NOW)
    assert found.startswith(why) and bool(found) is bool(why)


def test_times_of_a_worker_with_a_fast_clock_are_clamped() -> None:
    """The wait for an answer and the proof would stop for as long as the clocks differ."""
    ahead = replace(ATTEMPT, requested_at=NOW + 60.0, done_at=NOW + 61.0, ended_at=NOW + 62.0)
    clamped = clamp_future_times(trying(replace(TRYING, remedies=(ahead, ATTEMPT))), NOW)
    assert clamped.incident is not None
    assert clamped.incident.remedies == (replace(ATTEMPT, done_at=NOW, ended_at=NOW), ATTEMPT)
