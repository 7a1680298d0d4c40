"""A human has it: obstacles that pass, worsening, the end."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.scenes import FACTS, HISTORY, NOW, a_service, a_state, an_incident, failing, found, step
from tests.core.world import make_policy
from tests.support.effect_readers import lines, notices
from watchdog.core.guards.decision import decide
from watchdog.domain import events as e
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Decision
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Effect
from watchdog.domain.incident_parts import StakeholderStatus
from watchdog.domain.incidents import Incident, Outcome, Phase, ServiceState, State
from watchdog.domain.policy import Mode, Policy, SignalPolicy, Stakeholders, Suppression
from watchdog.domain.readings import Bad, Good, MinuteCount, Unknown
from watchdog.domain.severity import Severity

POLICY = make_policy()
ON_ITS_WAY = Deploy("dep-42", "build_in_progress", commit="fix00000")
OUTAGE = {"render": (NOW - 60, Bad("outage"))}
STALE_IN_OUTAGE = a_service(deploys_at=NOW - 200), a_state(vendors=OUTAGE)


def decided(service: ServiceState, state: State | None = None, policy: Policy = POLICY) -> Decision:
    """Return what was decided about it."""
    return decide(state or a_state(service), policy, service, (found(),), now=NOW - 30)


def paged(decision: Decision | None, **fields: Any) -> ServiceState:
    """Return a service that a human has, failing still."""
    incident = an_incident(decision=decision, suspect="dep-41", **fields)
    return a_service(phase=Phase.PAGED, incident=incident, pace_seconds=5.0)


def look(service: ServiceState, policy: Policy = POLICY, **fields: Any) -> tuple[ServiceState, tuple[Effect, ...]]:
    """Let home fail once more."""
    state, effects = step(a_state(service, **fields), e.Observed(NOW, "web", "home", Bad("HTTP 503")), policy)
    return state.services["web"], effects


@pytest.mark.parametrize(
    "before",
    [
        decided(a_service(deploys=(ON_ITS_WAY, *HISTORY))),
        decided(a_service(), a_state(paused_by="Alice")),
        decided(a_service(), a_state(acted_at=(NOW - 100,))),
        decided(a_service(deploys_at=NOW - 200)),
        decided(a_service(), a_state(control={})),
        decided(a_service(deploys=(), deploys_at=None, facts=None)),
    ],
    ids=["newer deploy", "pause", "fleet budget", "stale list", "targets unread", "no list"],
)
def test_when_a_passing_obstacle_is_gone_the_rollback_is_made(before: Decision) -> None:
    """Time alone lifted it: decide anew, and act."""
    assert before.course.value == "page"
    service, effects = look(paged(before))
    assert service.phase is Phase.PINNING and lines(effects, "DECIDED")[0].startswith("rollback: ")


MAINTENANCE = a_service(facts=replace(FACTS, maintenance=True))
SILENCE = Suppression("silence-1", "web", "ann", "moving", 0.0, NOW + 600.0)
COOLING = decided(a_service(acted_at=(NOW - 1800.0,)))
"""Paged, as the last rollback was 1770 s ago then."""
IN_OUTAGE = decided(a_service(), a_state(vendors=OUTAGE))
BEFORE_DEPLOY = decide(a_state(vendors=OUTAGE), POLICY, a_service(), (found(seconds=400.0),), now=NOW - 30)
PASSING = decided(a_service(deploys=(ON_ITS_WAY, *HISTORY)))


@pytest.mark.parametrize(
    ("service", "state"),
    [
        pytest.param(paged(decided(MAINTENANCE)), {}, id="maintenance"),
        pytest.param(paged(decided(MAINTENANCE, a_state(paused_by="Alice"))), {}, id="maintenance and pause"),
        pytest.param(paged(COOLING, tried=True), {}, id="it had its rollback"),
        pytest.param(paged(COOLING, acknowledged_by="ann"), {}, id="somebody looks after it"),
        pytest.param(paged(COOLING, muted=True), {"silences": (SILENCE,)}, id="a silence keeps it from people"),
        pytest.param(paged(COOLING, asked_at=NOW - 20), {}, id="it was asked about"),
        pytest.param(paged(COOLING, human_needed="rejected by Alice"), {}, id="a human took it"),
        pytest.param(paged(IN_OUTAGE), {"vendors": OUTAGE}, id="the platform's outage goes on"),
        pytest.param(paged(IN_OUTAGE, acknowledged_by="ann"), {}, id="it is over, and somebody looks after it"),
        pytest.param(paged(BEFORE_DEPLOY), {}, id="it is over, and began before the deploy"),
        pytest.param(paged(decided(*STALE_IN_OUTAGE)), {"vendors": OUTAGE}, id="one of two has passed"),
        pytest.param(paged(decided(a_service())), {}, id="nothing forbade it"),
        pytest.param(paged(None), {}, id="no decision"),
        pytest.param(paged(PASSING, human_needed="rejected by Alice"), {}, id="a human who has it keeps it"),
        pytest.param(paged(PASSING, reconsidered_at=NOW - 4.9), {}, id="looked at five seconds ago"),
        pytest.param(paged(PASSING), {"blind_since": NOW - 1}, id="blind: no evidence, no decision"),
        pytest.param(replace(paged(PASSING), checks={"home": failing(seconds=10)}), {}, id="nothing is found"),
    ],
)
def test_other_obstacles_leave_it_to_the_human(service: ServiceState, state: dict) -> None:
    """What a human was paged for, a human decides; deciding costs, and so nothing flaps."""
    after, effects = look(service, **state)
    assert after.phase is Phase.PAGED and effects == ()
    assert look(paged(PASSING, reconsidered_at=NOW - 5.0))[0].phase is Phase.PINNING


LATE_CRASH = Check("events", "render_events", crashes=((NOW - 5, "out of memory"),))
ASSIST = make_policy(Mode.ASSIST)
UNREAD = replace(HISTORY[0], changed=("?",), changes_unread=True)
UNSURE = make_policy()
UNSURE = replace(UNSURE, blame=replace(UNSURE.blame, bad_deploy_share=0.00002, ask_floor=0.5))
"""A policy by which it takes a crash that the platform reports to suspect a deploy."""
SURE_BY_A_CRASH = replace(UNSURE, blame=replace(UNSURE.blame, bad_deploy_share=0.000037))


@pytest.mark.parametrize(
    ("before", "policy", "web"),
    [
        pytest.param(COOLING, POLICY, {"acted_at": (NOW - 1801.0,)}, id="the cooldown is over"),
        pytest.param(
            decided(a_service(acted_at=(NOW - 86_420.0, NOW - 80_000.0))),
            POLICY,
            {"acted_at": (NOW - 86_420.0, NOW - 80_000.0)},
            id="the day's budget has room again",
        ),
        pytest.param(
            decided(a_service(acted_at=(NOW - 1800.0,)), policy=ASSIST),
            ASSIST,
            {"acted_at": (NOW - 1801.0,), "deploys": (UNREAD, *HISTORY[1:])},
            id="a person is asked in any case, also where what changed is not read yet",
        ),
        pytest.param(IN_OUTAGE, POLICY, {}, id="the platform's outage is over"),
        pytest.param(decided(*STALE_IN_OUTAGE), POLICY, {}, id="that, and the list is read again"),
        pytest.param(
            decided(a_service(), a_state(vendors=OUTAGE, paused_by="Alice")), POLICY, {}, id="that, and a pause"
        ),
        pytest.param(
            decided(a_service(), policy=UNSURE), UNSURE, {"checks": {"events": LATE_CRASH}}, id="evidence came late"
        ),
    ],
)
def test_what_is_possible_now_is_asked_about_once(before: Decision, policy: Policy, web: dict) -> None:
    """A human has it by now: not done unasked, and not in silence either."""
    assert before.course.value == "page"
    service = paged(before)
    service = replace(service, **{**web, "checks": {**service.checks, **web.get("checks", {})}})
    after, effects = look(service, policy)
    assert after.phase is Phase.ASKING and notices(effects) == ["asked"]
    assert lines(effects, "DECIDED")[0].startswith("ask: weighed again: ")
    assert after.incident is not None
    paged_again = replace(after, phase=Phase.PAGED, incident=replace(after.incident, reconsidered_at=NOW - 60))
    again, effects = look(paged_again, policy)
    assert again.phase is Phase.PAGED and notices(effects) == []


def test_what_worsens_after_an_outage_of_the_platform_is_asked_about_too() -> None:
    """It began in the outage: whatever fails besides by now, a human decides."""
    service = paged(IN_OUTAGE, severity=Severity.HIGH)
    after, effects = look(service)
    assert after.phase is Phase.ASKING and notices(effects) == ["asked"]
    assert after.incident is not None and after.incident.severity is Severity.CRITICAL
    assert look(replace(service, incident=replace(service.incident, decision=COOLING)))[0].phase is Phase.PINNING


def test_a_question_that_came_late_is_not_carried_out_when_the_next_check_is_confirmed() -> None:
    """Paged as critical; after a restart the API alone is confirmed, and asked about, then the critical route, too."""
    service = paged(COOLING)
    service = replace(service, acted_at=(NOW - 1801.0,), checks={"api": replace(failing(), name="api")})
    asking, effects = look(service)
    assert asking.phase is Phase.ASKING and notices(effects) == ["asked"]
    assert lines(effects, "DECIDED")[0].startswith("ask: weighed again, high by now: ")
    both, effects = look(replace(asking, checks={**asking.checks, "home": failing()}))
    assert both.phase is Phase.ASKING and notices(effects) == []


def test_an_obstacle_that_is_still_there_is_not_told_again() -> None:
    """Decided anew every five seconds, with the same result: silence."""
    passing = decided(a_service(), a_state(paused_by="Alice"))
    service, effects = look(paged(passing), paused_by="Alice")
    assert service.phase is Phase.PAGED and notices(effects) == []
    assert service.incident is not None and service.incident.reconsidered_at == NOW


@pytest.mark.parametrize(("acknowledged_by", "phase"), [("ann", Phase.PAGED), (None, Phase.ASKING)])
def test_an_obstacle_that_passed_without_an_action_frees_none_later(acknowledged_by: str | None, phase: Phase) -> None:
    """The list was unread for a moment, then too little convicts: a late crash is weighed as in any incident."""
    unread = decided(a_service(deploys_at=NOW - 80, deploys_why="Render answered 503"), policy=SURE_BY_A_CRASH)
    service, effects = look(paged(unread, acknowledged_by=acknowledged_by, reconsidered_at=0.0), SURE_BY_A_CRASH)
    assert service.phase is Phase.PAGED and effects == () and service.incident is not None
    again = replace(service.incident, reconsidered_at=0.0)
    service = replace(service, incident=again, checks={**service.checks, "events": LATE_CRASH})
    assert look(service, SURE_BY_A_CRASH)[0].phase is phase


def test_worse_is_decided_and_told_anew() -> None:
    """High becomes critical: the rule of critical holds now, also where that asks."""
    service, effects = look(paged(decided(MAINTENANCE), severity=Severity.HIGH))
    assert service.phase is Phase.PINNING and len(lines(effects, "CRITICAL")) == 1
    assert look(paged(None, severity=Severity.MEDIUM), ASSIST)[0].phase is Phase.ASKING
    assert service.incident is not None and service.incident.severity is Severity.CRITICAL


def test_worse_does_not_overrule_a_no() -> None:
    """A human said no, and it becomes critical: paged again, with the no in the reason, and nothing done.

    Also of what was only told, and of which nothing was decided.
    """
    service, effects = look(paged(None, severity=Severity.MEDIUM, human_needed="rejected by Alice"))
    assert service.phase is Phase.PAGED and notices(effects) == ["human_needed"]
    assert lines(effects, "DECIDED")[0].startswith("page: rejected by Alice; dep-41")
    assert service.incident is not None and service.incident.human_needed == "rejected by Alice"


@pytest.mark.parametrize(("human", "outcome"), [("", "recovered"), ("stood down", "recovered, with a human")])
def test_it_is_over_after_a_good_minute(human: str, outcome: str) -> None:
    """Every check good for 60 s: closed, told, calm."""
    well = Check("home", "http", last=Good(), last_at=NOW, last_bad_at=NOW - 58, good_run=9)
    service = replace(paged(None, human_needed=human, paged=True), checks={"home": well})
    state, effects = step(a_state(service), e.Observed(NOW + 1, "web", "home", Good()), POLICY)
    assert state.services["web"].phase is Phase.PAGED and effects == ()
    state, effects = step(a_state(service), e.Observed(NOW + 2, "web", "home", Good()), POLICY)
    assert state.services["web"].phase is Phase.CALM and notices(effects) == ["resolved"]
    assert lines(effects, "CLOSED") == [f"{outcome}: every check has been good for a minute; 62 s since onset"]
    incident: Incident | None = state.services["web"].incident
    assert (incident.outcome, incident.closed_at) == (outcome, NOW + 2)


@pytest.mark.parametrize(
    ("severity", "ago", "human", "failed_ago", "restarted_ago", "is_closed"),
    [
        pytest.param(Severity.MEDIUM, 600.0, "", 60.0, 9e5, True, id="minor, and long unread"),
        pytest.param(Severity.HIGH, 9e5, "", 60.0, 9e5, False, id="people were called for it"),
        pytest.param(Severity.MEDIUM, 599.0, "", 60.0, 9e5, False, id="read ten minutes ago"),
        pytest.param(Severity.MEDIUM, 9e5, "stood down", 60.0, 9e5, False, id="a human has it"),
        pytest.param(Severity.MEDIUM, 600.0, "", 59.0, 9e5, False, id="another check failed lately"),
        pytest.param(Severity.MEDIUM, 9e5, "", 60.0, 599.0, False, id="the daemon was restarted"),
    ],
)
def test_a_minor_incident_of_what_is_not_read_any_more_ends_as_not_known(
    severity: Severity, ago: float, human: str, failed_ago: float, restarted_ago: float, is_closed: bool
) -> None:
    """No word of a recovery, also to stakeholders; its errors do not become usual."""
    team = Stakeholders("team", ("mail",), severity=Severity.MEDIUM)
    web = POLICY.services["web"]
    watched = replace(web, signals=(*web.signals, SignalPolicy("errors", "sentry")))
    policy = replace(POLICY, services={"web": watched}, stakeholders=(team,))
    checks = {
        "home": Check("home", "http", last=Good(), last_at=NOW, last_bad_at=NOW - failed_ago, good_run=9),
        "errors": Check(
            "errors",
            "sentry",
            last=Unknown("HTTP 429"),
            interrupted_at=NOW - restarted_ago,
            counts=(MinuteCount(NOW - ago - 60.0, 60.0, 99.0),),
        ),
    }
    service = paged(
        None,
        severity=severity,
        human_needed=human,
        paged=True,
        findings=(found("errors", "count"),),
        informed=(StakeholderStatus("team", "plain", NOW - 900.0),),
    )
    service = replace(service, checks=checks, deploys=())
    state, effects = step(a_state(service), e.Observed(NOW, "web", "home", Good()), policy)
    after = state.services["web"]
    assert (after.phase is Phase.CALM) is is_closed and (after.incident.outcome is Outcome.UNSEEN) is is_closed
    if is_closed:
        (text,) = lines(effects, "CLOSED")
        assert text.startswith("its end is not known: no reading of errors for 10 min, and nothing else fails")
        assert [line.split(": ", 1)[1] for line in lines(effects, "INFORMED")] == ["web: works, as far as we can see"]
        assert after.checks["errors"].usual_errors.learns_from == NOW
