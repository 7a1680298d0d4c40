"""Remedies of several kinds before a rollback: a scaling and the number before it; which failures each is for."""

from dataclasses import replace

import pytest

from tests.core.guards.test_guards import a_request, deploys
from tests.core.guards.test_remedy_guards import trying, violated
from tests.core.phases.test_remedies import attempts, ended
from tests.core.scenes import HISTORY, NOW, a_blame, a_state, an_incident
from tests.core.world import SCALE, World
from tests.core.worlds import bad_world, decision_of, flagged, hear, incident_of, reach, topics, web
from tests.support.effect_readers import lines
from watchdog.core.detect import error_limits, turned_away
from watchdog.core.guards import guards
from watchdog.domain import events as e
from watchdog.domain.decisions import Finding, Verdict, failure_types
from watchdog.domain.deploys import INSTANCE_COUNT, Deploy
from watchdog.domain.incidents import Outcome, Phase
from watchdog.domain.notices import Topic
from watchdog.domain.remedies.remedy import FailureType, Remedy, RemedyAttempt, RemedyResult

SCALED = replace(flagged(), services={"web": replace(flagged().services["web"], remedies=(Remedy(SCALE, 120.0),))})


def told(world: World) -> str:
    """Return all that people read."""
    return " ".join(" ".join((tell.notice.title, *tell.notice.lines)) for tell in world.tells)


@pytest.mark.parametrize("cures", [True, False])
def test_a_scaling_is_proved_and_leaves_its_number_to_people(cures: bool) -> None:
    """What Render then shows as changed is ours: it neither ends the wait nor makes the rollback a question."""
    world = bad_world(SCALED, cured_by=SCALE if cures else "").run(900.0)
    result = RemedyResult.HELPED if cures else RemedyResult.NO_HELP
    assert (attempts(world), len(world.sent), world.broken) == ([(SCALE, result)], 0 if cures else 1, [])
    assert ended(world) is (Outcome.CURED if cures else Outcome.VERIFIED) and Topic.ASKED not in topics(world)
    assert "The service was scaled to 4 instances at 14:15 UTC (it had 2 before)." in told(world)
    when = "once the surge is over" if cures else "when you want"
    undo = f"Scale the service back on Render {when}: it was scaled to 4 instances at 14:15 UTC (it had 2 before)."
    assert undo in " ".join(world.tells[-1].notice.lines)


def test_of_a_scaling_that_may_have_come_people_read_the_number_before() -> None:
    """Nothing tells: they are paged, and nothing more is done; so, too, of one that turns out to be done."""
    world = bad_world(SCALED, remedy_outcomes=["lost"]).run(700.0)
    assert (world.sent, attempts(world), web(world).phase) == ([], [(SCALE, RemedyResult.UNKNOWN)], Phase.PAGED)
    assert "Whether the service was scaled to 4 instances is not known (it had 2 before)" in told(world)
    hear(world, e.RemedyDone(world.now, "web", "web-1", SCALE, was="2"))
    assert (incident_of(world).remedies[-1].was, incident_of(world).remedies[-1].done_at) == ("2", world.now)
    over = reach(Phase.CALM)
    (tell,) = hear(over, e.RemedyDone(over.now, "web", "web-1", SCALE, was="2"))
    assert tell.notice.lines[-1] == "Scale it back on Render if you want (it had 2 before)."  # type: ignore[union-attr]
    silent = reach(Phase.REMEDYING, SCALED, remedy_outcomes=["silent"])
    effects = hear(silent, e.RemedyDone(silent.now, "web", "web-1", SCALE, "not read", "2"))
    assert lines(effects, "ACT") == ["the service was scaled to 4 instances (it had 2 before): not read"]


def test_an_answer_that_comes_too_late_brings_the_number_before() -> None:
    """Nobody waits for it any more, and people who scale back need that number; told once."""
    world = reach(Phase.REMEDYING, SCALED, remedy_outcomes=["silent"]).run(700.0)
    assert (incident_of(world).remedies[-1].result, incident_of(world).remedies[-1].was) == (RemedyResult.UNKNOWN, "")
    late = e.RemedyLost(world.now, "web", "web-1", SCALE, "it cannot be read", settled=True, was="2")
    assert lines(hear(world, late), "ACT") and incident_of(world).remedies[-1].was == "2"
    assert hear(world, late) == ()


OURS = RemedyAttempt(SCALE, NOW - 60.0, 120.0, done_at=NOW - 50.0, result=RemedyResult.NO_HELP)
COUNTED = replace(HISTORY[0], changed=(INSTANCE_COUNT,))
MADE = Deploy("dep-42", "live", "service_updated", commit=HISTORY[0].commit, created_at=NOW - 55.0)


@pytest.mark.parametrize(
    ("deploy", "attempt", "asks"),
    [
        (COUNTED, OURS, False),
        (COUNTED, replace(OURS, done_at=None, result=RemedyResult.UNKNOWN), False),
        (COUNTED, replace(OURS, done_at=None, result=RemedyResult.REFUSED), True),
        (COUNTED, replace(OURS, name="new-checkout"), True),
        (COUNTED, None, True),
        (replace(COUNTED, changed=("environment", INSTANCE_COUNT)), OURS, True),
        (MADE, OURS, False),
        (replace(MADE, changes_unread=True), OURS, True),
        (replace(MADE, created_at=NOW - 61.0), OURS, True),
        (replace(MADE, changed=("environment",)), OURS, True),
    ],
)
def test_the_number_that_we_set_is_no_reason_to_ask(deploy: Deploy, attempt: RemedyAttempt | None, asks: bool) -> None:
    """In that incident, and nothing else that changed: a person's environment is asked about as ever."""
    incident = an_incident(remedies=(attempt,) if attempt is not None else ())
    service = deploys(deploy, of=0 if deploy.id == MADE.id else 1)
    request = a_request(service=service, incident=incident, blame=a_blame(deploy))
    assert (guards.environment(request).verdict is Verdict.ASK) is asks


# --- which failures a remedy is for ---


def found(method: str, kind: str = "") -> Finding:
    return Finding("home", "http", method, NOW - 60.0, 1.0, "home fails", failure_kind=kind)


@pytest.mark.parametrize(
    ("finding", "is_type"),
    [
        (found("run", "status"), FailureType.DOWN),
        (found("cusum", "connect"), FailureType.DOWN),
        (found("intermittent", "timeout"), FailureType.DOWN),
        (found("run", "slow"), FailureType.LATENCY),
        (found("latency", "slow"), FailureType.LATENCY),
        (found("feed"), FailureType.ERRORS),
        (found("count"), FailureType.ERRORS),
        (found(error_limits.NEW), FailureType.ERRORS),
        (found("crashes"), FailureType.CRASHES),
        (found(turned_away.METHOD), None),
    ],
)
def test_what_fails_is_of_one_type(finding: Finding, is_type: FailureType | None) -> None:
    """Each method of detection; probes that are turned away say nothing of the site."""
    assert finding.failure_type is is_type
    assert Remedy("x").suits(failure_types([finding]))
    for one in FailureType:
        assert Remedy("x", when=(one,)).suits(failure_types([finding])) is (one is is_type)
    assert Remedy("x", when=(FailureType.DOWN,)).suits(failure_types([finding, found("run", "body")]))


def test_a_remedy_for_other_failures_is_passed_over() -> None:
    """The site is down: what is for slow answers is neither announced nor tried, what is for outages is."""
    slow = Remedy(SCALE, 120.0, when=(FailureType.LATENCY, FailureType.CRASHES))
    flag = Remedy("new-checkout", when=(FailureType.ERRORS, FailureType.DOWN))
    policy = replace(SCALED, services={"web": replace(SCALED.services["web"], remedies=(slow, flag))})
    world = bad_world(policy).run(900.0)
    assert (attempts(world), len(world.sent)) == ([("new-checkout", RemedyResult.NO_HELP)], 1)
    assert world.broken == [] and decision_of(reach(Phase.REMEDYING, policy)).first == ("new-checkout",)
    alone = replace(policy, services={"web": replace(policy.services["web"], remedies=(slow,))})
    world = bad_world(alone).run(900.0)
    assert (world.switches, len(world.sent), ended(world)) == ([], 1, Outcome.VERIFIED)


def test_a_remedy_that_is_not_for_what_fails_is_no_step_of_ours() -> None:
    """Whatever asks for it: the step is discarded."""
    slow = replace(SCALED.services["web"], remedies=(Remedy("new-checkout", when=(FailureType.LATENCY,)),))
    policy = replace(SCALED, services={"web": slow})
    assert violated(a_state(trying()), policy=policy) == "it is not for what fails"
