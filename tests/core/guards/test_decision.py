"""The decision: which course, and the reason that stands in the page."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.scenes import (
    FACTS,
    HISTORY,
    NOW,
    SEEN_TAKING_TRAFFIC,
    a_blame,
    a_service,
    a_state,
    an_incident,
    failing,
    found,
)
from tests.core.world import FOREVER, Fault, World, make_policy
from tests.core.worlds import history
from watchdog.core.guards.decision import decide, failing_share, find_target
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Course, Decision, GuardAnswer, TargetChoice, Verdict
from watchdog.domain.deploys import Deploy, Downtime
from watchdog.domain.incidents import Incident, ServiceState
from watchdog.domain.policy import Action, BlameWeights, Budget, Mode, Policy, Rule, SignalPolicy, Verification
from watchdog.domain.readings import Bad, Good, Unknown
from watchdog.domain.severity import Severity

UNANSWERED = an_incident(defaulted_at=NOW)
NO_ANSWER = "no answer came in time, and the policy says rollback"


def decided(policy: Policy | None = None, service: ServiceState | None = None, *findings: Any, **more: Any) -> Decision:
    """Return the decision about `web`; `state` changes the state."""
    service = service or a_service()
    state = a_state(service, **more.pop("state", {}))
    return decide(state, policy or make_policy(), service, findings or (found(),), now=NOW, **more)


def asked(*guards: str) -> Incident:
    """Return an incident of which people were asked because of these guards."""
    answers = tuple(GuardAnswer(name, Verdict.ASK, "") for name in guards)
    return an_incident(decision=replace(decided(), course=Course.ASK, guards=answers))


SLOW = Check("api", "latency", last=Good(), last_at=NOW, samples=tuple((NOW - 50 + i, 0.9) for i in range(50)))
SLOW_BEFORE = found("api", "latency", seconds=600.0)
SLOW_WEB = a_service(checks={"home": Check("home", "http", last=Good()), "api": SLOW})
MIGRATING = a_service(facts=replace(FACTS, pre_deploy_command="migrate"))
MAINTAINED = a_service(downtime=Downtime("in maintenance mode", NOW - 900.0, NOW - 915.0, ended_at=NOW - 90.0))
UNREAD = a_service(deploys=(), deploys_at=None, deploys_why="Render answered 503")
OLD_NEWS = a_service(deploys=HISTORY[:1], deploys_at=NOW - 100)
ALONE = a_service(deploys=HISTORY[:1])
INNOCENT = a_service(deploys=(replace(HISTORY[1], status="live"), HISTORY[2]), live="dep-40")
DEFAULTS = make_policy(Mode.ASSIST)
UNSURE = make_policy(Mode.ASSIST, blame=BlameWeights(floor=0.9999, ask_floor=0.5))
MUTED = make_policy(matrix={**make_policy().matrix, Severity.CRITICAL: make_policy().matrix[Severity.LOW]})
TELLING = make_policy(matrix={**make_policy().matrix, Severity.CRITICAL: make_policy().matrix[Severity.MEDIUM]})

TICKETED = make_policy(matrix={**make_policy().matrix, Severity.CRITICAL: Rule(Action.TICKET, tell=("tickets",))})


@pytest.mark.parametrize(
    ("args", "more", "course", "why"),
    [
        ((), {}, "rollback", "dep-41, P 0.99"),
        ((make_policy(veto_seconds=60.0),), {}, "announce", "veto window of 60 s"),
        ((make_policy(Mode.ASSIST),), {}, "ask", "mode: assist"),
        ((make_policy(Mode.ASSIST),), {"approved": True, "incident": asked("mode")}, "rollback", "approved; dep-41"),
        ((make_policy(Mode.ASSIST),), {"approved": True, "incident": asked("migration")}, "ask", "mode: assist"),
        ((make_policy(Mode.ASSIST),), {"approved": True, "incident": an_incident()}, "ask", "mode: assist"),
        ((make_policy(Mode.ASSIST),), {"approved": True}, "ask", "mode: assist"),
        ((DEFAULTS,), {"incident": UNANSWERED}, "rollback", f"{NO_ANSWER}; dep-41"),
        ((DEFAULTS, MIGRATING), {"incident": UNANSWERED}, "ask", "migration: a pre-deploy command"),
        ((DEFAULTS, INNOCENT), {"incident": UNANSWERED}, "page", "too little to act"),
        ((UNSURE,), {"incident": UNANSWERED}, "ask", "more likely than not, and no more"),
        ((None, MIGRATING), {}, "ask", "migration: a pre-deploy command"),
        ((None, MIGRATING), {"approved": True, "incident": asked("mode", "migration")}, "rollback", "approved"),
        ((None, MIGRATING), {"approved": True, "incident": asked("changed files")}, "ask", "migration: a pre-deploy"),
        ((make_policy(Mode.ASSIST), MIGRATING), {}, "ask", "mode: assist: a human decides; migration: a pre-deploy"),
        ((None, SLOW_WEB, found("api", "latency", share=0.9)), {}, "ask", "the policy asks for this severity"),
        ((None, SLOW_WEB, found("api", "latency", share=0.9)), {"approved": True}, "rollback", "approved"),
        ((None, None, found(), SLOW_BEFORE), {}, "ask", "more likely than not, and no more: dep-41, P 0."),
        ((None, SLOW_WEB, SLOW_BEFORE), {}, "page", "it failed 8 min before dep-41 could take traffic"),
        ((make_policy(Mode.OBSERVE),), {}, "page", "mode: observe"),
        ((make_policy(Mode.OBSERVE),), {"approved": True}, "page", "mode: observe"),
        ((None, OLD_NEWS), {}, "page", "Render's list of deploys was last read 100 s ago"),
        ((None, OLD_NEWS), {"approved": True}, "page", "Render's list of deploys was last read 100 s ago"),
        ((None, INNOCENT), {}, "page", "too little to act"),
        ((None, INNOCENT), {"approved": True}, "rollback", "approved"),
        ((None, ALONE), {}, "page", "there is no earlier deploy"),
        ((None, ALONE), {"approved": True}, "page", "there is no earlier deploy"),
        ((), {"state": {"paused_by": "Alice"}, "approved": True}, "page", "hold: paused by Alice"),
        ((), {"incident": an_incident(tried=True)}, "page", "tried: this incident already had"),
        ((make_policy(veto_seconds=1.0),), {}, "announce", "veto window of 1 s"),
        ((None, UNREAD), {}, "page", "Render answered 503"),
        ((MUTED,), {}, "note", "only notes"),
        ((TELLING,), {}, "tell", "only notifies"),
        ((TICKETED,), {}, "tell", "keeps a ticket"),
        ((None, None, found("home", "count")), {}, "tell", "only notifies"),
        ((None, None, found("home", "count")), {"approved": True, "incident": asked()}, "rollback", "approved; dep-41"),
        ((None, MAINTAINED, found(seconds=100.0)), {}, "ask", "until 90 s ago, and failed then: a human decides"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_the_course_and_its_reason(args: tuple, more: dict, course: str, why: str) -> None:
    """Blame convicts, guards permit, a target exists; an approval answers what asks, and nothing else."""
    decision = decided(*args, **more)
    assert decision.course.value == course and why in decision.why


@pytest.mark.parametrize(("limit", "clears_at"), [(0, None), (1, NOW + 86_399.0)])
def test_a_daily_limit_says_when_it_ends(limit: int, clears_at: float | None) -> None:
    """A limit of one a day after the last rollback; a limit of none never."""
    policy = replace(make_policy(), budget=Budget(per_service_per_day=limit, cooldown_seconds=0.0))
    (spent,) = [one for one in decided(policy, a_service(acted_at=(NOW - 1.0,))).guards if one.name == "budget"]
    assert (spent.verdict, spent.clears_at) == (Verdict.BLOCK, clears_at)


def weighing(**weights: float) -> Policy:
    """Return the policy with these weights of blame."""
    policy = make_policy()
    return replace(policy, blame=replace(policy.blame, **weights))


@pytest.mark.parametrize(
    ("above", "service", "more", "course", "why"),
    [
        (0.0, a_service(), {}, "ask", "more likely than not, and no more: dep-41, P "),
        (1e-6, a_service(), {}, "page", "dep-41, P "),
        (1e-6, a_service(), {"approved": True}, "rollback", "approved; dep-41, P "),
        (-0.5, a_service(), {"approved": True}, "rollback", "approved; dep-41, P "),
        (-0.5, OLD_NEWS, {}, "page", "dep-41: Render's list of deploys was last read 100 s ago"),
        (-0.5, ALONE, {}, "page", "there is no earlier deploy"),
        (-0.5, MIGRATING, {}, "ask", "migration: a pre-deploy command"),
    ],
    ids=["just likely", "not likely", "a human says yes", "likely, and yes", "vetoed", "nowhere to go", "guarded"],
)
def test_a_deploy_that_is_probable_enough_is_asked_about(
    above: float, service: ServiceState, more: dict, course: str, why: str
) -> None:
    """Not probable enough to act on (need 1.00), but than to be silent about it; whatever forbids acting holds."""
    blamed = decided().blame
    policy = weighing(floor=1.0, ask_floor=blamed.probability + above)
    decision = decided(policy, service, **more)
    assert decision.course.value == course and decision.why.startswith(why)


def test_who_is_to_blame_for_sure_is_not_asked_about() -> None:
    """As shipped: acted on from 0.80, asked about from where that costs less than telling only."""
    shipped = BlameWeights()
    assert (shipped.floor, shipped.ask_floor) == (0.80, 0.10)
    assert decided(weighing(ask_floor=0.0)).course.value == "rollback"


def test_a_decision_carries_everything_that_explain_prints() -> None:
    """Severity, rule, share, mode, blame, guards, target and evidence; of the severity's rule nothing else is said."""
    decision = decided()
    assert decision.severity is Severity.CRITICAL
    assert (decision.policy_action, decision.severity_why) == (Action.ROLLBACK, "home: a critical route fails")
    assert (decision.at, decision.share, decision.mode, decision.would) == (NOW, 1.0, "autonomous", "")
    assert decision.would_course == ""
    assert decision.blame is not None and decision.target is not None and len(decision.guards) == 24
    assert decided(None, UNREAD).target == TargetChoice(None, decided(None, UNREAD).blame.why), "without a suspect"
    assert decided(MUTED).why == "the policy only notes this severity"
    assert decided(TELLING).why == "the policy only notifies of this severity"


def aimed(suspect: Deploy | None = HISTORY[0], change: Deploy | None = HISTORY[0], **more: Any) -> TargetChoice:
    """Return where a blame leads to; `service`, `state` and `limits` are fields to change, others are the blame's."""
    service = a_service(**more.pop("service", {}))
    state = a_state(service, **more.pop("state", {}))
    policy = make_policy(**more.pop("policy", {}))
    return find_target(state, policy, service, replace(a_blame(), suspect=suspect, change=change, **more))


def test_everything_known_goes_into_the_choice_of_the_target() -> None:
    """Whom and what we blame, what is denied, what was healthy, since when we watch, what counts as good."""
    assert aimed().deploy == HISTORY[1]
    assert aimed(None) == aimed(change=None) == TargetChoice(None, "it fits")
    assert aimed(state={"denied": ("aaaaaaa1",)}).deploy == HISTORY[2]
    young = replace(HISTORY[1], id="dep-40b", finished_at=NOW - 1000.0)
    deploys = (HISTORY[0], young, *HISTORY[1:])
    assert aimed(service={"deploys": deploys}).deploy == HISTORY[1]
    assert aimed(service={"deploys": deploys, "observed_healthy_seconds": {"dep-40b": 500.0}}).deploy == young
    assert aimed(service={"deploys": deploys, "watching_since": NOW}).deploy == HISTORY[1]
    easy = {"verification": Verification(good_live_seconds=60.0)}
    assert aimed(service={"deploys": deploys, "watching_since": NOW}, policy=easy).deploy == young
    same = (HISTORY[0], replace(HISTORY[1], commit="bad00000"), HISTORY[2])
    assert aimed(service={"deploys": same}).deploy == HISTORY[2]
    assert aimed(service={"deploys": same}, configuration=True).deploy == same[1]
    assert aimed(change=same[1], service={"deploys": same}, configuration=True).deploy == HISTORY[2]


def test_the_share_is_that_of_the_last_minute() -> None:
    """Probes of the last minute count for failures; other methods bring their own; an old list counts whole."""
    recent = tuple((NOW - at, at < 30) for at in range(0, 120, 2))
    service = a_service(checks={"home": failing(recent=recent)})
    assert failing_share(service, found(), NOW, make_policy()) == pytest.approx(15 / 31)
    assert failing_share(service, found(method="cusum"), NOW, make_policy()) == pytest.approx(15 / 31)
    assert failing_share(service, found(method="latency", share=0.7), NOW, make_policy()) == 0.7
    assert failing_share(a_service(checks={"home": failing(recent=())}), found(share=0.4), NOW, make_policy()) == 0.4


IMAGE = replace(HISTORY[1], commit=None, image_ref="acme/web@sha256:abc", image_sha="sha256:1f2e3d4c5b")


@pytest.mark.parametrize(
    ("service", "state", "would"),
    [
        (a_service(), {}, "would roll back to dep-40 (aaaaaaa)"),
        (MIGRATING, {}, "would ask to roll back to dep-40 (aaaaaaa)"),
        (ALONE, {}, "would page: there is no earlier deploy"),
        (OLD_NEWS, {}, "would page: dep-41: Render's list of deploys was last read 100 s ago"),
        (a_service(), {"paused_by": "Alice"}, "would page: hold: paused by Alice"),
        pytest.param(a_service(deploys=(HISTORY[0], IMAGE)), {}, "would roll back to dep-40 (1f2e3d4)", id="by digits"),
    ],
)
def test_observe_says_what_it_would_do(service: ServiceState, state: dict, would: str) -> None:
    """The same decision without the guard of the mode, and what else forbids it."""
    decision = decided(make_policy(Mode.OBSERVE), service, state=state)
    assert decision.would.startswith(would)
    assert decision.would_course == {"roll": "rollback", "ask": "ask", "page:": "page"}[would.split()[1]]


def test_the_evidence_has_a_line_for_everything_that_was_looked_at() -> None:
    """Found, not found, not confirmed, unknown, never read; control targets and status pages."""
    policy = make_policy()
    more = {"shop": "http", "errors": "sentry", "docs": "http", "new": "http"}
    signals = (*policy.services["web"].signals, *(SignalPolicy(name, kind) for name, kind in more.items()))
    policy = replace(policy, services={"web": replace(policy.services["web"], signals=signals)})
    checks = {
        "home": failing(cusum=9.2, last=Bad("HTTP 503")),
        "api": replace(SLOW, last=Good("180 ms")),
        "shop": failing("shop", run_probes=2, last=Bad("HTTP 500")),
        "errors": Check("errors", "sentry", last=Unknown("Sentry did not answer")),
        "docs": Check("docs", "http", last=Good()),
    }
    state = {"vendors": {"render": (NOW - 5, Good()), "openai": (NOW - 5, Bad("degraded"))}}
    state["control"] = {"control-1": (NOW - 1, Good()), "control-2": (NOW - 1, Bad("timed out"))}
    decision = decided(policy, a_service(checks=checks), found(), found("api", "latency"), state=state)
    assert {item.signal: (item.verdict, item.text, item.detail) for item in decision.evidence} == {
        "home": ("bad", "home fails", "CUSUM 9.2 of 14 (in a watch window)"),
        "api": ("bad", "api fails", "p50 900 ms, p95 900 ms, p99 900 ms"),
        "shop": ("bad", "HTTP 500; 2 in a row, not confirmed", ""),
        "errors": ("unknown", "Sentry did not answer", ""),
        "docs": ("good", "ok", ""),
        "new": ("unknown", "not read yet", ""),
        "control": ("good", "1 of 2 answer", ""),
        "status render": ("good", "ok", ""),
        "status openai": ("bad", "degraded", ""),
    }


def test_evidence_of_a_latency_without_samples_and_of_dark_control_targets() -> None:
    """No samples: no detail. No control target read: no line; none answering: bad."""
    service = a_service(checks={"api": replace(SLOW, samples=(), last=Good())})
    dark = {"control-1": (NOW - 1, Bad("timed out"))}
    decision = decided(None, service, found("api", "latency"), state={"control": dark})
    told = {item.signal: (item.verdict, item.text, item.detail) for item in decision.evidence}
    assert told["api"] == ("bad", "api fails", "")
    assert told["control"] == ("bad", "0 of 2 answer", "")
    assert "status render" not in told
    unread = decided(None, None, state={"control": {}})
    assert "control" not in {item.signal for item in unread.evidence}


@pytest.mark.parametrize(
    ("seconds", "onset"),
    [
        (80.0, "onset 10 s after live"),
        (125.0, "onset 0 s after its first traffic"),
        (126.0, "onset 70 s after live"),
    ],
)
def test_a_lesser_failure_since_the_deploy_was_the_first_sign_of_the_worse_one(seconds: float, onset: str) -> None:
    """The deploy took traffic 120 s ago, give or take 5 s, and went live 90 s ago; home fails for 20 s."""
    slow = found("api", "latency", seconds=seconds)
    lesser = an_incident(severity=Severity.HIGH, findings=(slow,), onset_at=slow.onset_at, severity_since=slow.onset_at)
    down = found(seconds=20.0)
    service = a_service(deploys=SEEN_TAKING_TRAFFIC)
    for decision in (decided(None, service, down, slow), decided(None, service, down, incident=lesser)):
        assert decision.blame is not None and decision.blame.onset_why == onset


@pytest.mark.parametrize(
    ("later", "onset"), [(600.0, "onset 5 s after live"), (601.0, "onset 10 min after live")], ids=["soon", "not soon"]
)
def test_a_lesser_failure_of_this_deploy_dates_the_worse_one_only_if_that_came_soon(later: float, onset: str) -> None:
    """What a deploy does at once would convict it of every outage of its day."""
    live_at = NOW - 20.0 - later - 5.0
    service = a_service(deploys=(replace(HISTORY[0], created_at=live_at - 30, finished_at=live_at), *HISTORY[1:]))
    decision = decided(None, service, found(seconds=20.0), found("api", "latency", seconds=20.0 + later))
    assert decision.blame is not None and decision.blame.onset_why == onset


@pytest.mark.parametrize("code", ["bad00000", "aaaaaaa1"], ids=["other code", "the same code with other settings"])
def test_a_lesser_failure_before_the_deploy_does_not_date_the_worse_one_after_it(code: str) -> None:
    """A deploy of the same code is a change as well; the old trouble may have grown, so a human is asked."""
    service = a_service(deploys=(replace(SEEN_TAKING_TRAFFIC[0], commit=code), *HISTORY[1:]))
    for seconds, course, onset in ((300.0, "ask", "30 s after live"), (123.0, "rollback", "0 s after its first")):
        decision = decided(None, service, found(), found("api", "latency", seconds=seconds))
        assert decision.blame is not None and decision.blame.change is service.deploys[0]
        assert decision.course.value == course and decision.blame.onset_why.startswith(f"onset {onset}")


@pytest.mark.parametrize("code", ["bad00000", None], ids=["by the deploy", "by the same cause"])
def test_a_deploy_in_the_middle_of_a_lesser_failure_is_asked_about(code: str | None) -> None:
    """It is slow, a human was told, and right after a deploy it fails: the deploy's fault, or the old one that grew.
    Neither is acted on, nor passed over in silence; and who says yes to the question is not refused.
    """
    faults = [Fault(405.0, FOREVER, code=code), Fault(20.0, FOREVER, slow=True)]
    world = World(make_policy(), history(), faults=faults, answer="approve")
    world.ship(400.0, "bad00000")
    world.run(900.0)
    assert len(world.sent) == len(world.incidents) == 1
    (asked,) = [note.text for note in world.notes if note.text.startswith("ask: ")]
    assert asked.startswith("ask: more likely than not") and "(the trouble of api began " in asked
