"""Guards: each one's pass, ask and block, with its words."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.scenes import FACTS, HISTORY, NOW, a_blame, a_service, a_state, an_incident
from tests.core.world import make_policy
from watchdog.core import guard
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import GuardAnswer, ServiceState, TargetChoice, Trouble, Verdict
from watchdog.domain.policy import Budget, Mode, ServicePolicy

TARGET = TargetChoice(HISTORY[1], "good")
OTHER = Deploy("dep-90", "live", commit="cccccccc", created_at=NOW - 3700, finished_at=NOW - 3600)


def a_request(mode: Mode = Mode.AUTONOMOUS, *, wishes: dict | None = None, **more: Any) -> guard.Request:
    """Return an intended rollback; `service` and `state` are fields to change, other keywords go in as they are."""
    policy = make_policy(mode)
    web = replace(policy.services["web"], **(wishes or {}))
    service = a_service(**more.pop("service", {}))
    state = a_state(service, **more.pop("state", {}))
    shop = ServicePolicy("shop", "srv-shop")
    policy = replace(policy, services={"web": web, "shop": shop}, **more.pop("policy", {}))
    fields = {"blame": a_blame(), "target": TARGET, "incident": None, **more}
    return guard.Request(state, policy, service, web, now=NOW, **fields)


def answers(request: guard.Request) -> dict[str, GuardAnswer]:
    """Return what does not pass, by name."""
    return {answer.name: answer for answer in guard.check(request) if answer.verdict is not Verdict.PASS}


def test_all_guards_pass_for_a_plain_rollback_and_say_so() -> None:
    """Autonomous, nothing special: every guard passes, in order, each with its words."""
    told = guard.check(a_request())
    assert [answer.verdict for answer in told] == [Verdict.PASS] * len(guard.GUARDS)
    names = ["mode", "hold", "armed", "key", "blind", "budget", "correlation", "flapping", "cooldown", "tried"]
    names += ["newer deploy", "deny-list", "service", "migration", "environment", "trailer", "dependants"]
    assert [answer.name for answer in told] == names
    assert all(answer.why for answer in told)


WAVE = {"shop": Trouble("shop", NOW - 30, "cccccccc"), "gone": Trouble("gone", NOW - 30, "dddddddd")}
DAY_AGO = (NOW - 3600.0, NOW - 7200.0)
CHANGED = replace(HISTORY[0], changed=("environment", "instance count"))
UPDATED = replace(HISTORY[0], trigger="service_updated")
MARKED = replace(HISTORY[0], commit_message="Drop a column\n\nWATCHDOG: No-Rollback")
ON_ITS_WAY = Deploy("dep-42", "build_in_progress", commit="fix00000")
STRANGE = Deploy("dep-42", "warming_up", commit="fix00000")
FAILED = Deploy("dep-42", "build_failed", commit="fix00000")


@pytest.mark.parametrize(
    ("change", "name", "verdict", "words", "passing"),
    [
        ({"mode": Mode.OBSERVE}, "mode", "block", "observe: says what it would do", False),
        ({"mode": Mode.ASSIST}, "mode", "ask", "a human decides", False),
        ({"state": {"paused_by": "Alice"}}, "hold", "block", "paused by Alice", True),
        ({"state": {"blind_since": NOW - 5}}, "blind", "block", "the fault may be ours", True),
        ({"service": {"acted_at": DAY_AGO}}, "budget", "block", "2 of 2 rollbacks of this service today", False),
        (
            {"state": {"acted_at": (NOW - 599,)}},
            "budget",
            "block",
            "1 of 1 groups rolled back in the fleet in 10 min",
            True,
        ),
        ({"state": {"disarmed": "two"}}, "armed", "block", "disarmed: two; watchdog resume", True),
        ({"service": {"forbidden": "403"}}, "key", "block", "our key may not change it (403)", True),
        ({"state": {"troubles": WAVE}}, "correlation", "block", "2 groups critical within 90 s: shop (no deploy", True),
        ({"service": {"flapping_since": NOW - 9}}, "flapping", "ask", "it flaps: 3 incidents opened within 60", False),
        ({"service": {"acted_at": (NOW - 1799,)}}, "cooldown", "block", "30 min ago (limit 30 min)", False),
        ({"incident": an_incident(tried=True)}, "tried", "block", "already had its one rollback", False),
        ({"service": {"deploys": (ON_ITS_WAY, *HISTORY)}}, "newer deploy", "block", "dep-42 is on its way", True),
        ({"service": {"deploys": (STRANGE, *HISTORY)}}, "newer deploy", "block", "(warming_up)", True),
        ({"target": TargetChoice(None, "nothing good")}, "target", "block", "nothing good", False),
        ({"state": {"denied": ("aaaaaaa1",)}}, "deny-list", "block", "dep-40 is deny-listed", False),
        ({"target": replace(TARGET, ask="by a tag")}, "target", "ask", "by a tag", False),
        ({"service": {"facts": None, "deploys_why": "403"}}, "service", "block", "did not tell of it: 403", False),
        ({"service": {"facts": replace(FACTS, suspended=True)}}, "service", "block", "it is suspended", False),
        (
            {"service": {"facts": replace(FACTS, suspended=True, suspenders=("user", "billing"))}},
            "service",
            "block",
            "suspended by user, billing",
            False,
        ),
        ({"service": {"facts": replace(FACTS, maintenance=True)}}, "service", "block", "maintenance mode", False),
        ({"service": {"facts": replace(FACTS, pre_deploy_command="m")}}, "migration", "ask", "pre-deploy", False),
        ({"service": {"deploys": (CHANGED, *HISTORY[1:])}}, "environment", "ask", "environment, instance count", False),
        ({"service": {"deploys": (UPDATED, *HISTORY[1:])}}, "environment", "ask", "configuration changed", False),
        ({"service": {"deploys": (MARKED, *HISTORY[1:])}}, "trailer", "block", "dep-41 says 'Watchdog: no-rol", False),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_each_guard_says_against_it(change: dict, name: str, verdict: str, words: str, passing: bool) -> None:
    """One obstacle, one guard that names it; all others pass."""
    told = answers(a_request(**change))
    assert list(told) == [name]
    assert told[name].verdict is Verdict(verdict) and words in told[name].why and told[name].passing is passing


def test_limits_are_limits_to_the_second() -> None:
    """A day, ten minutes, half an hour: over is over."""
    old = {"service": {"acted_at": (NOW - 86_400.0, NOW - 1800.0)}, "state": {"acted_at": (NOW - 600.0,)}}
    assert answers(a_request(**old)) == {}
    generous = Budget(per_service_per_day=9, per_fleet_per_10m=9, cooldown_seconds=0.0)
    busy = {"service": {"acted_at": (NOW - 1.0,)}, "state": {"acted_at": (NOW - 1.0,)}}
    assert answers(a_request(policy={"budget": generous}, **busy)) == {}


@pytest.mark.parametrize("newest", [FAILED, replace(FAILED, status="canceled")])
def test_a_newer_deploy_that_has_ended_is_no_obstacle(newest: Deploy) -> None:
    """Nothing of it is on its way."""
    assert answers(a_request(service={"deploys": (newest, *HISTORY)})) == {}


def test_anything_unfinished_blocks_where_no_deploy_is_live() -> None:
    """Without a live deploy the whole list is looked through, and a finished one is no obstacle."""
    dead = (HISTORY[1], HISTORY[2])
    assert "newer deploy" not in answers(a_request(service={"deploys": (HISTORY[0], *dead)}))
    request = a_request(service={"deploys": dead}, blame=a_blame(HISTORY[1]), target=TargetChoice(HISTORY[2], "good"))
    assert "newer deploy" not in answers(request)
    assert guard.newer_deploy(a_request(service={"deploys": (*dead, ON_ITS_WAY)})).verdict is Verdict.BLOCK


def test_a_migration_is_no_obstacle_where_the_user_said_so() -> None:
    """rollback_safe: true, and it is named."""
    facts = {"service": {"facts": replace(FACTS, pre_deploy_command="migrate")}}
    request = a_request(wishes={"rollback_safe": True}, **facts)
    assert answers(request) == {} and guard.migration(request).why == "rollback_safe: true"
    assert guard.migration(a_request(service={"facts": None})).verdict is Verdict.PASS


def test_the_configuration_that_is_to_blame_is_no_obstacle_to_going_back() -> None:
    """What changed with the change itself is what a rollback is for; what changed with another deploy asks."""
    blame = a_blame(CHANGED, configuration=True)
    assert answers(a_request(blame=blame, service={"deploys": (CHANGED, *HISTORY[1:])})) == {}
    between = replace(HISTORY[1], id="dep-40b", changed=("environment",))
    deploys = (CHANGED, between, *HISTORY[1:])
    told = answers(a_request(blame=blame, service={"deploys": deploys}))
    assert "dep-40b" in told["environment"].why


def test_what_lies_before_the_target_does_not_matter() -> None:
    """A trailer or a change of the target or of an older deploy is untouched by the rollback."""
    deploys = (HISTORY[0], replace(HISTORY[1], changed=("environment",), commit_message="Watchdog: no-rollback"))
    assert answers(a_request(service={"deploys": deploys})) == {}
    nobody = a_request(target=TargetChoice(None, "none"), service={"deploys": (MARKED, *HISTORY[1:])})
    assert set(answers(nobody)) == {"target"}


@pytest.mark.parametrize(
    ("other", "depends_on", "asks"),
    [
        (ServiceState("shop", deploys=(OTHER,)), ("web",), True),
        (ServiceState("shop", deploys=(replace(OTHER, finished_at=NOW - 900_000),)), ("web",), False),
        (ServiceState("shop", deploys=(replace(OTHER, status="deactivated"),)), ("web",), False),
        (ServiceState("shop", deploys=(OTHER,)), (), False),
        (ServiceState("shop"), ("web",), False),
        (None, (), False),
    ],
    ids=["after the target", "before the target", "none live", "no dependant", "not read yet", "not ours"],
)
def test_a_dependant_deployed_after_the_target_asks(
    other: ServiceState | None, depends_on: tuple[str, ...], asks: bool
) -> None:
    """It may rely on what the rollback takes away."""
    request = a_request()
    services = {**request.policy.services, "shop": ServicePolicy("shop", "srv-shop", depends_on=depends_on)}
    state = request.state if other is None else replace(request.state, services={"shop": other})
    request = replace(request, policy=replace(request.policy, services=services), state=state)
    told = guard.dependants(request)
    assert told.verdict is (Verdict.ASK if asks else Verdict.PASS)
    assert not asks or told.why == "shop depends on it and was deployed after dep-40 (dep-90)"
    assert guard.dependants(replace(request, target=TargetChoice(None, "none"))).verdict is Verdict.PASS


def test_a_dependant_that_another_worker_watches_asks() -> None:
    """Nobody here knows when it was deployed."""
    request = a_request()
    services = {**request.policy.services, "shop": ServicePolicy("shop", "srv-shop", depends_on=("web",))}
    told = guard.dependants(replace(request, policy=replace(request.policy, services=services)))
    assert (told.verdict, told.why) == (
        Verdict.ASK,
        "shop depends on it, and another worker watches when it was deployed",
    )
