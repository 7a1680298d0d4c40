"""What would happen now: the core's own decision, of which nobody is told and nothing is kept."""

from dataclasses import replace

from tests.console.scene import HOME, NOW, policy_of, service_policy, service_state
from watchdog.console.queries.what_if import imagine
from watchdog.domain.decisions import Course
from watchdog.domain.incidents import State
from watchdog.domain.policy import Mode
from watchdog.domain.readings import Good


def state_with(**changes: object) -> State:
    return State(services={"web": service_state("web", **changes)}, control={"https://example.com": (NOW, Good())})


def test_each_mode_would_do_its_own() -> None:
    courses = {}
    for mode in Mode:
        found = imagine(state_with(), policy_of(service_policy("web", mode)), "web", NOW)
        assert found.decision is not None and found.signal == "home" and found.decision.target is not None
        courses[mode] = (found.decision.course, found.decision.would)
    assert courses[Mode.AUTONOMOUS] == (Course.ROLLBACK, "") and courses[Mode.ASSIST][0] is Course.ASK
    assert courses[Mode.OBSERVE] == (Course.PAGE, "would roll back to dep-40 (1b7e0d4)")


def test_what_holds_it_back_is_said() -> None:
    """A pause; an old deploy; and nothing of the state is changed."""
    policy = policy_of(service_policy("web"))
    paused = replace(state_with(), paused_by="ann")
    found = imagine(paused, policy, "web", NOW).decision
    assert found is not None and found.course is Course.PAGE and "ann" in found.why
    late = imagine(state_with(), policy, "web", NOW + 90 * 86400.0).decision
    assert late is not None and late.course is Course.PAGE and paused == replace(state_with(), paused_by="ann")


def test_where_nothing_can_be_imagined_it_says_why() -> None:
    policy = policy_of(service_policy("web"))
    assert "nothing is known" in imagine(State(), policy, "web", NOW).why
    assert "no signal" in imagine(state_with(checks={}), policy, "web", NOW).why and HOME.critical
