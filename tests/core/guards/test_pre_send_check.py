"""The last look: what has come up since a rollback was decided, asked at the moment of the call."""

from dataclasses import replace

import pytest

from tests.core.incident_fields import amended
from tests.core.scenes import HISTORY, NOW, a_blame, a_service, a_state, an_incident, failing
from tests.core.world import make_policy
from watchdog.core.guards import pre_send_check
from watchdog.domain.decisions import Course, Decision, TargetChoice
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import PinAutoDeploy, RestoreAutoDeploy, Rollback
from watchdog.domain.incidents import ActiveCritical, Phase, ServiceState, State
from watchdog.domain.policy import Mode, Policy, ServicePolicy, Suppression
from watchdog.domain.severity import Severity

ROLLBACK = Rollback("web", "web-1", "srv-web", "dep-41", "dep-40", "aaaaaaa1", "dep-41")
PIN = PinAutoDeploy("web", "web-1", "srv-web")
RESTORE = RestoreAutoDeploy("web", "web-1", "srv-web", "commit")
TARGET = TargetChoice(HISTORY[1], "it is good")
DECIDED = Decision(NOW, Course.ROLLBACK, Severity.CRITICAL, "it fits", None, 1.0, "", blame=a_blame(), target=TARGET)
OPEN = an_incident(decision=DECIDED, suspect="dep-41", suspect_code="bad00000", target="dep-40", tried=True)
BY_HAND = replace(OPEN, decision=replace(DECIDED, blame=None))
HEALED = {"home": failing(last_bad_at=NOW - 16, last_at=NOW - 16)}
PLAIN = make_policy()
TWO = replace(PLAIN, services={**PLAIN.services, "shop": ServicePolicy("shop", "srv-shop")})
OBSERVED = make_policy(Mode.OBSERVE)
HOLD = Suppression("hold-1", "web", "ann", "a move of the data", NOW - 1.0, NOW + 3600.0)


def sending(**fields: object) -> ServiceState:
    """Return a service whose rollback is on its way: its budget is spent for it."""
    return a_service(**{"phase": Phase.ROLLING_BACK, "incident": OPEN, "acted_at": (NOW,), **fields})


def trouble(name: str, code: str) -> ActiveCritical:
    """Return a service that has become critical just now, lately deployed."""
    return ActiveCritical(name, NOW, code, recent_deploy=True)


WAVE = {"web": trouble("web", "bad00000"), "shop": trouble("shop", "other000")}


def held(state: State, effect: Rollback | PinAutoDeploy | RestoreAutoDeploy = ROLLBACK, policy: Policy = PLAIN) -> str:
    """Return what holds the effect back in the last moment."""
    return pre_send_check.reason_not_to_send(state, policy, effect, NOW)


@pytest.mark.parametrize("effect", [ROLLBACK, PIN, RESTORE])
def test_a_pause_and_a_broken_promise_hold_everything_back(
    effect: Rollback | PinAutoDeploy | RestoreAutoDeploy,
) -> None:
    """Also what would only give something back."""
    state = a_state(sending())
    assert held(state, effect) == ""
    assert held(replace(state, paused_by="ann"), effect) == "paused by ann"
    assert held(replace(state, paused_by="ann", disarmed="two"), effect) == "disarmed (two)"


@pytest.mark.parametrize("found", ["unlisted", "overtaken"])
def test_case_55_auto_deploy_is_not_given_back_by_an_order_that_may_be_of_before_a_rollback(found: str) -> None:
    """Not before the deploys are listed, and not if a rollback is among them that the record lacked."""
    state = a_state(a_service(auto_deploy_off="commit", **{found: True}))
    assert held(state, RESTORE) != ""
    assert held(state, PIN) == held(State(), RESTORE) == ""


@pytest.mark.parametrize(
    ("trigger", "status", "began", "taken", "ambiguous"),
    [
        ("rollback", "live", 5.0, "dep-50", True),
        ("rollback", "update_in_progress", -5.0, "dep-50", True),
        ("rollback", "canceled", 5.0, "dep-50", False),
        ("rollback", "live", 61.0, "dep-50", False),  # a person's, of later
        ("rollback", "live", 5.0, "dep-51", False),  # it is ours
        ("rollback", "live", 5.0, None, False),  # none was accepted
        ("new_commit", "live", 5.0, "dep-50", False),
    ],
)
def test_auto_deploy_is_not_given_back_where_a_rollback_of_the_same_moment_may_be_ours(
    trigger: str, status: str, began: float, taken: str | None, ambiguous: bool
) -> None:
    """A person's rollback to the same code was taken for ours, whose answer was lost, and ended; ours came later."""
    other = Deploy("dep-51", status, trigger, "aaaaaaa1", created_at=NOW - 30.0 + began)
    incident = amended(OPEN, requested_at=NOW - 30.0, deploy=taken)
    state = a_state(a_service(auto_deploy_off="commit", incident=incident, deploys=(other,)))
    assert bool(held(state, RESTORE)) is ambiguous


@pytest.mark.parametrize(
    ("state", "policy", "why"),
    [
        (a_state(sending(checks=HEALED)), PLAIN, "no failure in the last 15 s"),
        (a_state(sending(), blind_since=NOW - 5), PLAIN, "blind: no control target answers"),
        (a_state(sending(forbidden="401")), PLAIN, "key: our key may not change it (401)"),
        (a_state(sending(), denied=("aaaaaaa1",)), PLAIN, "deny-list: dep-40 is deny-listed"),
        (a_state(sending(facts=None)), PLAIN, "service: the platform did not report it"),
        (a_state(sending(), troubles=WAVE), TWO, "correlation: 2 failures within 90 s: shop, web"),
        (a_state(sending()), OBSERVED, "mode: observe"),
        (a_state(sending(), holds=(HOLD,)), PLAIN, "action hold: hold-1"),
        (a_state(sending(record_lacked_at=NOW)), PLAIN, "record: "),
    ],
)
def test_what_came_up_meanwhile_holds_a_rollback_back_unless_it_was_asked_for_by_hand(
    state: State, policy: Policy, why: str
) -> None:
    """The pin needs none of it, and a human's own wish waits for no finding."""
    assert held(state, policy=policy).startswith(why)
    assert held(state, PIN, policy) == ""
    web = replace(state.services["web"], incident=BY_HAND)
    assert held(replace(state, services={"web": web}), policy=policy) == ""


def test_who_acknowledged_it_holds_no_rollback_back() -> None:
    """It is often the person who approves it afterwards."""
    assert held(a_state(sending(incident=amended(OPEN, acknowledged_by="ann")))) == ""


@pytest.mark.parametrize(
    "state",
    [
        a_state(sending(phase=Phase.PAGED)),
        a_state(sending(incident=None)),
        a_state(sending(incident=replace(OPEN, id="web-2"))),
        State(),
    ],
)
def test_a_rollback_that_nobody_waits_for_any_more_is_not_sent(state: State) -> None:
    """A human has it, its incident is another one, another worker has the service, or the policy knows it no more."""
    assert held(state) == "the rollback of web-1 is no longer wanted"
    assert held(a_state(sending()), policy=replace(PLAIN, services={})) == "the rollback of web-1 is no longer wanted"
