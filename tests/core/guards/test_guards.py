"""Guards: each one's pass, ask and block, with its words."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.scenes import FACTS, HISTORY, NOW, a_blame, a_service, a_state, a_turn, an_incident, failing
from tests.core.world import make_policy
from watchdog.core.assess.suppression import UPGRADE
from watchdog.core.guards import downtime, flapping, guards
from watchdog.domain.decisions import Course, Decision, Finding, GuardAnswer, GuardReason, TargetChoice, Verdict
from watchdog.domain.deploys import Deploy, Downtime
from watchdog.domain.incidents import Act, ActiveCritical, ServiceState
from watchdog.domain.policy import Brakes, Budget, Mode, ServicePolicy, Suppression
from watchdog.domain.severity import Severity

TARGET = TargetChoice(HISTORY[1], "good")
OTHER = Deploy("dep-90", "live", commit="cccccccc", created_at=NOW - 3700, finished_at=NOW - 3600)
LONG_AGO = replace(OTHER, created_at=0.0, finished_at=NOW - 900_000)
AFTER = replace(OTHER, created_at=NOW - 100, finished_at=NOW - 80)


def a_request(
    mode: Mode = Mode.AUTONOMOUS, *, service_policy: dict | None = None, shop: dict | None = None, **more: Any
) -> guards.GuardContext:
    """Return an intended rollback; `service` and `state` are fields to change, other keywords go in as they are.

    `service_policy` are fields of web's policy, `shop` those of the policy of the other service.
    """
    policy = make_policy(mode)
    web = replace(policy.services["web"], **(service_policy or {}))
    service = a_service(**more.pop("service", {}))
    state = a_state(service, **more.pop("state", {}))
    other = replace(ServicePolicy("shop", "srv-shop"), **(shop or {}))
    policy = replace(policy, services={"web": web, "shop": other}, **more.pop("policy", {}))
    fields = {"blame": a_blame(), "target": TARGET, "incident": None, **more}
    return guards.GuardContext(state, policy, service, web, now=NOW, **fields)


def answers(request: guards.GuardContext) -> dict[str, GuardAnswer]:
    """Return what does not pass, by name."""
    return {answer.name: answer for answer in guards.check(request) if answer.verdict is not Verdict.PASS}


PASSES = {
    "mode": "autonomous",
    "hold": "none",
    "action hold": "none",
    "armed": "yes",
    "key": "never refused",
    "blind": "no",
    "budget": "0 of 2 used today",
    "correlation": "no wave of failures",
    "flapping": "no",
    "let in": "our probes are",
    "kinds": "not of a kind that no code causes beside others",
    "cooldown": "ok",
    "tried": "not yet",
    "returned": "never rolled back here",
    "record": "complete",
    "newer deploy": "none",
    "deny-list": "target not on it",
    "on top": "the blamed code is live",
    "service": "neither suspended nor in maintenance mode",
    "migration": "none",
    "environment": "unchanged since the target",
    "trailer": "none",
    "dependants": "none deployed after the change",
    "dependencies": "none of them is critical",
}


def test_all_guards_pass_for_a_plain_rollback_and_say_so() -> None:
    """Autonomous, nothing special: every guard passes, in order, each with its words."""
    told = guards.check(a_request())
    assert [answer.verdict for answer in told] == [Verdict.PASS] * len(guards.GUARDS)
    assert {answer.name: answer.why for answer in told} == PASSES
    assert [answer.name for answer in told] == list(PASSES)
    for few_or_most in (0, 3, 16):
        assert guards.one_kind(a_request(found=found(NOW - 60.0), service=lookups(few_or_most))).verdict is Verdict.PASS
    assert guards.migration(a_request(**MIGRATES)).why == "rollback_safe: true"
    assert guards.dependants(a_request(target=NOWHERE)) == GuardAnswer("dependants", Verdict.PASS, "no target")


WAVE = {"shop": ActiveCritical("shop", NOW - 30, "cccccccc"), "gone": ActiveCritical("gone", NOW - 30, "dddddddd")}
DAY_AGO = (NOW - 3600.0, NOW - 7200.0)
CHANGED = replace(HISTORY[0], changed=("environment", "instance count"))
UNREAD = replace(HISTORY[0], changed=("?",), changes_unread=True)
UPDATED = replace(HISTORY[0], trigger="service_updated")
MARKED = replace(HISTORY[0], commit_message="Drop a column\n\nWATCHDOG: No-Rollback")
ON_ITS_WAY = Deploy("dep-42", "build_in_progress", commit="fix00000")
DOWN = Downtime("in maintenance mode", NOW - 900.0, NOW - 915.0)
STRANGE = Deploy("dep-42", "warming_up", commit="fix00000")
FAILED = Deploy("dep-42", "build_failed", commit="fix00000")
NONE_LIVE = {"blame": a_blame(HISTORY[1]), "target": TargetChoice(HISTORY[2], "good")}
COMING, NOWHERE = "dep-42 is on its way (build in progress)", TargetChoice(None, "nothing good")
BETWEEN = replace(HISTORY[1], id="dep-40b", changed=("environment",))
BY_CONFIGURATION = a_blame(CHANGED, configuration=True)
BETWEEN_TOO = "environment changed with dep-40b; a rollback brings the old back"
MARKED_TARGET = replace(HISTORY[1], changed=("environment",), commit_message="Watchdog: no-rollback")
PASSED = replace(HISTORY[1], id="dep-405", commit="denied00", created_at=NOW - 8000, finished_at=NOW - 7900)
ON_TOP = "dep-41 went live on top of dep-405, and the rollback takes both back"
DEPENDANT = {"depends_on": ("web",)}
ON_SHOP, AFTER_OURS = {"depends_on": ("shop",)}, "shop depends on it and was deployed after dep-41 (dep-90)"
SHOP = ActiveCritical("shop", NOW - 30, "cccccccc", recent_deploy=True)
SHOP_IS_DOWN = "shop, which it depends on, is critical: a human decides"
NO_CODE, CODE_UNKNOWN = replace(SHOP, suspect_code=None), {"blame": a_blame(replace(HISTORY[0], commit=None))}
SAME_FAULT = replace(SHOP, suspect_code="bad00000")
OURS = ActiveCritical("web", NOW - 20, "bad00000")
BOTH_FAIL = {"troubles": {"shop": SAME_FAULT}, "services": {"shop": ServiceState("shop")}}
HALF = "2 failures within 90 s: shop, web; counted as 2 of 2 services (limit 50%)"
NO_DEPLOY = "2 failures within 90 s: shop, web (no deploy lately, counts double); counted as 3 of 2 services"
MIGRATES = {
    "service_policy": {"rollback_safe": True},
    "service": {"facts": replace(FACTS, pre_deploy_command="migrate")},
}
JUST_SPENT = {"service": {"acted_at": (NOW - 86_400.0, NOW - 1800.0)}, "state": {"acted_at": (NOW - 600.0,)}}
BUSY = {"service": {"acted_at": (NOW - 1.0,)}, "state": {"acted_at": (NOW - 1.0,)}}
GENEROUS = Budget(per_service_per_day=9, per_fleet_per_10m=9, cooldown_seconds=0.0)
HOLD = Suppression("hold-1", "web", "ann", "launch", NOW, NOW + 60.0)
HELD, HELD_BY_UPGRADE = {"state": {"holds": (HOLD,)}}, {"state": {"holds": (replace(HOLD, by=UPGRADE),)}}
OF_UPGRADE = f"hold-1 of web by {UPGRADE} (launch): a human decides"
APPROVED = an_incident(approved_by="ann")
ALONE = "2 failures within 90 s: shop (no deploy lately, counts double), web; counted as 3 of 2 services (limit 50%)"
OF_LOOKUPS = "DNS or TLS is what {}% of the failed probes failed at: a human decides"
SEE = "a human must check whether visitors are refused too"
TOLD_OLD = "web is in maintenance mode, by what was read 61 s ago"
NO_EVIDENCE = "no probe of any service brings evidence: the watchdog's network may be at fault"
FLEET_SPENT = "1 of 1 rollbacks of all services together in 10 min"
MEND = "our key may not change it (403); fix the key, then watchdog resume"
TOGETHER = "2 failures within 90 s: shop, web (limit 2)"
JUST_OVER = "web was in maintenance mode until 59 s ago (limit 60 s)"
BRINGS_BACK = "changed with dep-41; a rollback brings the old back"
IN_IT = "web was in maintenance mode until 90 s ago, and failed then: a human decides"
BILLED = replace(FACTS, suspended=True, suspenders=("user", "billing"))
OFF, ON = replace(FACTS, suspended=True), replace(FACTS, maintenance=True)
ENDED = replace(DOWN, ended_at=NOW - 90.0)
COMMAND = "a pre-deploy command is set; write rollback_safe: true if rolling back is safe"
GAP = "10 min ago Render showed a change that the record lacked; what else it lacks is not known: a human decides"
LACKED = {"record_lacked_at": NOW - 1000.0}
CAME_BACK = {"state": {"denied": ("bad00000",)}, "service": {"bad": (("bad00000", "dep-30"),)}}


def row(
    verdict: str, name: str, words: str, passing: bool = False, suspenders: tuple[str, ...] = (), **change: Any
) -> Any:
    """Return a row: what the guard of that name says, and what has to be so for it."""
    answer = GuardAnswer(name, Verdict(verdict), words, passing=passing, suspenders=suspenders)
    return pytest.param(change, answer, id=f"{name}: {words}")


def found(onset: float, method: str = "run") -> Finding:
    """Return what fails since then."""
    return Finding("home", "http", method, onset, 1.0, "intermittent failures: HTTP 503")


def lookups(failed: int) -> dict:
    """Return the service whose last so many probes, of 31, failed in the name lookup."""
    return {"checks": {"home": failing(not_curable=tuple((NOW - 2.0 * ago, "dns") for ago in range(failed)))}}


def critical(*troubles: ActiveCritical, share: float = 1.0) -> dict:
    """Return what is known of critical services, of a fleet of which that share may be."""
    known = {one.service: one for one in troubles}
    return {"state": {"troubles": known}, "policy": {"brakes": Brakes(fleet_share=share)}}


def shop(*deploys: Deploy) -> dict:
    """Return what is known of the other service: its deploys."""
    return {"state": {"services": {"shop": ServiceState("shop", deploys=deploys)}}}


def acted(service: str, code: str) -> dict:
    """Return the state after a rollback of that service, from that code, ten seconds ago."""
    return {"acted_at": (NOW - 10,), "acts": (Act(NOW - 10, service, code),)}


def deploys(*newest: Deploy, of: int = 0) -> dict:
    """Return the service's deploys: these, then those of the history from that one on."""
    return {"deploys": (*newest, *HISTORY[of:])}


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        row("block", "mode", "observe: reports what it would do, changes nothing", mode=Mode.OBSERVE),
        row("ask", "mode", "assist: a human decides", mode=Mode.ASSIST),
        row("block", "hold", "paused by Alice", True, state={"paused_by": "Alice"}),
        row("ask", "action hold", "hold-1 of web by ann (launch): a human decides", True, **HELD),
        row("ask", "action hold", "hold-1 of web by ann (launch): a human decides", True, **HELD, incident=APPROVED),
        row("ask", "action hold", OF_UPGRADE, True, **HELD_BY_UPGRADE, incident=an_incident()),
        row(
            "block",
            "blind",
            "no control target answers: the watchdog's network may be at fault",
            True,
            state={"blind_since": NOW - 5},
        ),
        row("block", "blind", NO_EVIDENCE, True, state={"blind_since": NOW - 5, "unseen": True}),
        row("block", "budget", "2 of 2 rollbacks of this service today", service={"acted_at": DAY_AGO}),
        row("block", "budget", FLEET_SPENT, True, state={"acted_at": (NOW - 599,)}),
        row("block", "budget", FLEET_SPENT, True, state=acted("shop", "other000")),
        row("block", "budget", FLEET_SPENT, True, state=acted("web", "bad00000")),
        row("block", "armed", "disarmed: two; watchdog resume", True, state={"disarmed": "two"}),
        row("block", "key", MEND, True, service={"forbidden": "403"}),
        row("ask", "correlation", ALONE, True, state={"troubles": WAVE}),
        row("ask", "correlation", HALF, True, **critical(SHOP, share=0.5)),
        row("ask", "correlation", f"{NO_DEPLOY} (limit 100%)", True, **critical(SHOP, OURS)),
        row("block", "correlation", TOGETHER, True, state={"troubles": WAVE}, policy={"brakes": Brakes(groups_max=2)}),
        row("ask", "flapping", flapping.why(make_policy().brakes), service={"flapping_since": NOW - 9}),
        row(
            "ask",
            "flapping",
            "intermittent failures: HTTP 503; a human decides",
            True,
            found=found(NOW - 99.0, "intermittent"),
        ),
        row("ask", "let in", f"intermittent failures: HTTP 503; {SEE}", found=found(NOW - 99.0, "turned away")),
        row("ask", "kinds", OF_LOOKUPS.format(13), found=found(NOW - 60.0), service=lookups(4)),
        row("ask", "kinds", OF_LOOKUPS.format(48), found=found(NOW - 60.0), service=lookups(15)),
        row("block", "cooldown", "last rollback 30 min ago (limit 30 min)", service={"acted_at": (NOW - 1799,)}),
        row("block", "tried", "this incident already had its one rollback", incident=an_incident(tried=True)),
        row("ask", "returned", "bad0000 was rolled back here before, and came back", **CAME_BACK),
        row("ask", "record", GAP, service={"record_lacked_at": NOW - 599.0}),
        row("ask", "record", GAP.replace("10", "17"), service=LACKED, incident=an_incident(opened_at=NOW - 401.0)),
        row("block", "newer deploy", COMING, True, service=deploys(ON_ITS_WAY)),
        row("block", "newer deploy", "dep-42 is on its way (warming up)", True, service=deploys(STRANGE)),
        row("block", "newer deploy", COMING, True, service={"deploys": (*HISTORY[1:], ON_ITS_WAY)}, **NONE_LIVE),
        row("block", "target", "nothing good", target=NOWHERE, service=deploys(MARKED, of=1)),
        row("block", "deny-list", "dep-40 is deny-listed", state={"denied": ("aaaaaaa1",)}),
        row("ask", "target", "by a tag", target=replace(TARGET, ask="by a tag")),
        row(
            "ask", "on top", ON_TOP, service=deploys(HISTORY[0], PASSED, of=1), blame=replace(a_blame(), change=PASSED)
        ),
        row("block", "service", "the platform did not report it: 403", service={"facts": None, "deploys_why": "403"}),
        row("block", "service", "web is suspended", service={"facts": OFF}),
        row(
            "block",
            "service",
            "web is suspended by user, billing",
            suspenders=("user", "billing"),
            service={"facts": BILLED},
        ),
        row("block", "service", "web is in maintenance mode", service={"facts": ON, "deploys_at": NOW - 60.0}),
        row("block", "service", TOLD_OLD, service={"facts": ON, "deploys_at": NOW - 61.0}),
        row("block", "service", JUST_OVER, True, service={"downtime": replace(DOWN, ended_at=NOW - 59.0)}),
        row("ask", "service", IN_IT, service={"downtime": ENDED}, found=found(NOW - 31.0)),
        row("ask", "service", IN_IT, service={"downtime": ENDED}, incident=an_incident(), found=found(NOW)),
        row("ask", "migration", COMMAND, service={"facts": replace(FACTS, pre_deploy_command="m")}),
        row("ask", "environment", f"environment, instance count {BRINGS_BACK}", service=deploys(CHANGED, of=1)),
        row("ask", "environment", f"configuration {BRINGS_BACK}", service=deploys(UPDATED, of=1)),
        row("ask", "environment", f"? {BRINGS_BACK}", True, service=deploys(UNREAD, of=1)),
        row("ask", "environment", BETWEEN_TOO, service=deploys(UNREAD, BETWEEN, of=1)),
        row("ask", "environment", BETWEEN_TOO, service=deploys(CHANGED, BETWEEN, of=1), blame=BY_CONFIGURATION),
        row("block", "trailer", "dep-41 says 'Watchdog: no-rollback'", service=deploys(MARKED, of=1)),
        row("ask", "dependants", "shop depends on it, and another worker watches when it was deployed", shop=DEPENDANT),
        row("ask", "dependants", AFTER_OURS, shop=DEPENDANT, **shop(AFTER)),
        row(
            "ask",
            "dependants",
            "shop depends on it and was deployed after dep-405 (dep-90)",
            shop=DEPENDANT,
            service=deploys(HISTORY[0], PASSED, of=1),
            **shop(OTHER),
        ),
        row("ask", "dependencies", "it depends on shop, whose deploys another worker watches", service_policy=ON_SHOP),
        row("ask", "dependencies", SHOP_IS_DOWN, True, service_policy=ON_SHOP, **critical(SHOP)),
        row("ask", "dependencies", SHOP_IS_DOWN, True, service_policy=ON_SHOP, **critical(NO_CODE), **CODE_UNKNOWN),
    ],
)
def test_what_each_guard_says_against_it(change: dict, answer: GuardAnswer) -> None:
    """One obstacle, one guard that names it; all others pass."""
    told = answers(a_request(**change))
    suspended = "web is suspended" in answer.why
    assert {name: replace(one, clears_at=None) for name, one in told.items()} == {
        answer.name: replace(answer, reason=GuardReason.SUSPENDED if suspended else None)
    }


@pytest.mark.parametrize(
    ("name", "service", "clears_at"),
    [
        ("cooldown", {"acted_at": (NOW - 1799,)}, NOW + 1),
        ("cooldown", {"acted_at": (NOW - 90_000, NOW - 1799)}, NOW + 1),  # the last one counts
        ("budget", {"acted_at": (NOW - 7200, NOW - 86_399, NOW - 86_410)}, NOW + 1),
        ("budget", {"acted_at": (NOW - 3600, NOW - 5400, NOW - 7200)}, NOW + 86_400 - 5400),
        ("service", {"downtime": replace(DOWN, ended_at=NOW - 59.0)}, NOW + 1),
        ("service", {"facts": None}, None),
    ],
)
def test_a_block_says_when_it_passes_by_itself(name: str, service: dict, clears_at: float | None) -> None:
    """At that moment the guard passes, and not a second before; None where no time is known."""
    request = a_request(service=service)
    assert answers(request)[name].clears_at == clears_at
    if clears_at is not None:
        assert answers(replace(request, now=clears_at - 0.5))[name].clears_at == clears_at
        after = answers(replace(request, now=clears_at)).get(name)
        assert after is None or after.verdict is Verdict.ASK


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"service": {"downtime": ENDED}}, id="a downtime that is over, asked for by hand"),
        pytest.param(
            {"service": {"downtime": ENDED}, "found": found(NOW - 30.0)}, id="failing since a minute after it"
        ),
        pytest.param({"service": {"downtime": DOWN}}, id="a downtime, asked for by hand"),
        pytest.param({"service": {"downtime": DOWN}, "found": found(NOW - 30.0)}, id="began in no downtime that ended"),
        pytest.param({**CAME_BACK, "service": {}}, id="another service's commit is denied"),
        pytest.param({**CAME_BACK, "service": {"bad": (("cccccccc", "dep-30"),)}}, id="another commit came back"),
        pytest.param({**CAME_BACK, "state": {}}, id="rolled back here, and trusted since"),
        pytest.param({"service": {"record_lacked_at": NOW - 600.0}}, id="long after the record lacked something"),
        pytest.param({"service": LACKED, "incident": an_incident(opened_at=NOW - 400.0)}, id="it began long after"),
        pytest.param({"service": deploys(HISTORY[0], ON_ITS_WAY, of=1)}, id="a build that hangs behind it"),
        pytest.param({"service": {"deploys": HISTORY[1:]}, **NONE_LIVE}, id="no deploy is live, and all are finished"),
        pytest.param({"service": deploys(FAILED)}, id="a newer deploy that failed"),
        pytest.param({"service": deploys(replace(FAILED, status="canceled"))}, id="a newer deploy that was cancelled"),
        pytest.param(JUST_SPENT, id="rollbacks of a day, ten minutes, half an hour ago"),
        pytest.param({**BUSY, "policy": {"budget": GENEROUS}}, id="rollbacks of just now, as the budget allows them"),
        pytest.param({"state": acted("shop", "bad00000")}, id="the same fault, rolled back elsewhere"),
        pytest.param({**HELD_BY_UPGRADE, "incident": APPROVED}, id="a yes that was given before the upgrade"),
        pytest.param(MIGRATES, id="a migration, where the user said so"),
        pytest.param(
            {"blame": BY_CONFIGURATION, "service": deploys(CHANGED, of=1)}, id="the configuration that is to blame"
        ),
        pytest.param({"service": deploys(HISTORY[0], MARKED_TARGET, of=2)}, id="what lies before the target"),
        pytest.param(critical(SAME_FAULT, share=0.5), id="the same fault in half of the fleet"),
        pytest.param(critical(SHOP), id="as many critical as allowed"),
        pytest.param(critical(SHOP, replace(OURS, recent_deploy=True)), id="ours is known, with a deploy"),
        pytest.param({"shop": DEPENDANT, **shop(LONG_AGO)}, id="a dependant, deployed before the target"),
        pytest.param({"shop": DEPENDANT, **shop(OTHER)}, id="a dependant, deployed between the target and the change"),
        pytest.param({"shop": DEPENDANT, **shop(replace(HISTORY[0], id="dep-90"))}, id="a dependant, with the change"),
        pytest.param({"shop": DEPENDANT, **shop(replace(AFTER, status="deactivated"))}, id="none of a dependant live"),
        pytest.param({"shop": DEPENDANT, **shop()}, id="a dependant that is not read yet"),
        pytest.param(shop(AFTER), id="deployed after the change, but no dependant"),
        pytest.param({"service_policy": ON_SHOP, **shop()}, id="what it depends on is well"),
        pytest.param({"service_policy": {"depends_on": ("openai",)}}, id="it depends on a status page"),
        pytest.param(
            {"service_policy": ON_SHOP, "shop": {"platform_id": None}}, id="depends on what is never deployed"
        ),
        pytest.param({"service_policy": ON_SHOP, "state": BOTH_FAIL}, id="what it depends on fails by the same commit"),
    ],
)
def test_what_is_no_obstacle(change: dict) -> None:
    """It looks like one, and every guard passes."""
    assert answers(a_request(**change)) == {}


def test_what_was_suspended_in_an_incident_is_asked_about_in_it() -> None:
    """Whoever did it: as long as it is that incident, however often it is decided anew."""
    incident = an_incident()
    assert not downtime.was_down(incident)
    for facts in (replace(FACTS, suspended=True, suspenders=("billing",)), FACTS, FACTS):
        told = downtime.availability(a_request(service={"facts": facts}, incident=incident))
        decision = Decision(NOW, Course.PAGE, incident.severity, "", None, 1.0, "autonomous", guards=(told,))
        incident = replace(incident, decision=decision)
        assert downtime.was_down(incident) is facts.suspended, "it asks where it was, and is not any more"
    why = "web was suspended in this incident, so the cause of the failures is unknown: a human decides"
    assert told == GuardAnswer("service", Verdict.ASK, why, reason=GuardReason.WAS_SUSPENDED)
    assert downtime.availability(a_request(incident=an_incident())).verdict is Verdict.PASS


DECIDED = Decision(NOW, Course.ROLLBACK, Severity.CRITICAL, "it fits", None, 1.0, "", blame=a_blame(), target=TARGET)


def at_sending(decision: Decision | None = DECIDED, *, by: str = "", troubles: dict | None = None, **web: Any) -> str:
    """Return what forbids the sending of what was decided, or approved by somebody."""
    incident = an_incident(decision=decision, approved_by=by or None)
    service = a_service(incident=incident, **web)
    return guards.at_sending(a_turn(service, policy=a_request().policy, troubles=troubles or {}))


def test_what_may_have_changed_is_asked_again_at_sending() -> None:
    """The key, the budget, a wave, a newer deploy: the first that blocks is named; what asks was answered."""
    assert at_sending() == ""
    assert at_sending(flapping_since=NOW) == ""
    newer = (ON_ITS_WAY, *HISTORY)
    assert at_sending(deploys=newer) == f"newer deploy: {COMING}"
    spent = at_sending(deploys=newer, acted_at=DAY_AGO)
    assert spent == "budget: 2 of 2 rollbacks of this service today"


def decided(verdict: Verdict, *names: str) -> Decision:
    """Return what was decided when these guards answered that."""
    return replace(DECIDED, guards=tuple(GuardAnswer(name, verdict, "in short") for name in names))


OTHERS = tuple(name for name in PASSES if name != "correlation")


@pytest.mark.parametrize(
    ("decision", "by", "sent"),
    [
        (DECIDED, None, False),
        (DECIDED, "Alice", False),
        (decided(Verdict.ASK, "correlation"), None, False),
        (decided(Verdict.ASK, "correlation"), "Alice", True),
        (decided(Verdict.ASK, *PASSES), "Alice", True),
        (decided(Verdict.ASK, *OTHERS), "Alice", False),
        *((decided(Verdict.ASK, name), "Alice", False) for name in OTHERS),
        (decided(Verdict.PASS, "correlation"), "Alice", False),
    ],
)
def test_what_asks_at_sending_needs_the_yes_of_a_human_to_just_that(
    decision: Decision, by: str | None, sent: bool
) -> None:
    """A second group that went critical meanwhile: a yes to any other guard does not answer it."""
    why = at_sending(decision, troubles=WAVE, by=by)
    assert why == "" if sent else why.startswith("correlation: 2 failures within 90 s: shop")


@pytest.mark.parametrize("decision", [None, replace(DECIDED, blame=None), replace(DECIDED, target=None)])
def test_nothing_is_sent_that_was_not_decided(decision: Decision | None) -> None:
    """Whom to blame and where to go to are known, or it is a fault of our own."""
    with pytest.raises(AssertionError, match=r"^it was decided$"):
        at_sending(decision)
