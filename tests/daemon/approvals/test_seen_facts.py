"""A rollback by hand is bound to the deploy that is blamed, and to the target of its plan, until it is carried out."""

from dataclasses import replace
from typing import Any

import pytest

from tests.cli import examples as x
from tests.console.scene import policy_of, service_policy, service_state
from tests.core.incident_fields import amended
from tests.support.engine_scene import scene
from watchdog.daemon.approvals.seen_facts import HAS_CHANGED, carries_facts, changed
from watchdog.daemon.supervision.command_poller import REFUSED, CommandPoller
from watchdog.domain import events as e
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Phase, State

POLICY = policy_of(service_policy("web"))
LEFT = replace(x.BAD, status="deactivated")
REBUILT = replace(x.BAD, id="dep-43")
GOOD_NOW = replace(x.GOOD, id="dep-43", status="live")
OLDER = replace(x.GOOD, id="dep-39", commit="0ddba11", commit_message="Older")
AS_PLANNED = (x.BAD, x.GOOD, OLDER)
GONE = "dep-42 is not live at web any more; nothing to roll back"
OTHER = f"the target {HAS_CHANGED}"


@pytest.mark.parametrize(
    ("deploys", "given", "why"),
    [
        (AS_PLANNED, {}, ""),
        (AS_PLANNED, {"blamed": "dep-42"}, ""),
        ((REBUILT, LEFT, x.GOOD), {"blamed": "dep-42"}, ""),  # another deploy of its code is no way out of it
        ((GOOD_NOW, LEFT, x.GOOD), {"blamed": "dep-42"}, GONE),
        # Both have changed: the plain words first.
        ((GOOD_NOW, LEFT, x.GOOD), {"blamed": "dep-42", "seen": {"live deploy": "dep-42"}}, GONE),
        ((x.GOOD, OLDER), {"blamed": "dep-42"}, ""),  # none is live: the core says that
        (AS_PLANNED, {"planned": "dep-40"}, ""),
        (AS_PLANNED, {"planned": "dep-39"}, OTHER),
        ((x.BAD, OLDER), {"planned": "dep-40"}, OTHER),
        ((x.BAD,), {"planned": "dep-40"}, OTHER),
        (AS_PLANNED, {"planned": "dep-39", "target": "dep-39"}, ""),
        (AS_PLANNED, {"planned": "dep-40", "seen": {"live deploy": "dep-41"}}, f"the live deploy {HAS_CHANGED}"),
    ],
)
def test_a_rollback_is_refused_once_its_deploy_or_its_target_is_another_one(
    deploys: tuple[Deploy, ...], given: dict[str, Any], why: str
) -> None:
    """Pressed days later, it would leave a good deploy, or lead to another one than its plan showed."""
    state = State(services={"web": service_state("web", deploys=deploys)})
    asked = e.RollbackRequested(0.0, "web", "ann", given.get("target"))
    assert changed(state, POLICY, asked, given) == why
    assert changed(State(), POLICY, asked, {"blamed": "dep-42"}) == "", "not known here: the poller says that"
    assert carries_facts(given) is bool(given)


SHOWN = {"suspect": "dep-42", "target": "dep-40", "asked_at": 1000.0}
AGAIN = "the moment of the question is another one than you saw: look again, then decide"


@pytest.mark.parametrize(
    ("answer", "now", "why"),
    [
        (e.Approved, {}, ""),
        (e.Approved, {"asked_at": 1060.0}, AGAIN),
        (e.Rejected, {"asked_at": 1060.0}, ""),
        (e.Rejected, {"target": "dep-39", "asked_at": 1060.0}, f"the target {HAS_CHANGED}"),
        (e.Stopped, {"target": "dep-39", "asked_at": 1060.0}, ""),
    ],
)
def test_a_no_counts_though_the_question_was_asked_again_meanwhile(answer: Any, now: dict[str, Any], why: str) -> None:
    """The same question anew is what its author said no to; a yes is to the facts of its own moment."""
    asked = amended(x.incident(suspect="dep-42"), **{"target": "dep-40", "asked_at": 1000.0, **now})
    state = State(services={"web": service_state("web", phase=Phase.ASKING, incident=asked)})
    assert changed(state, POLICY, answer(0.0, asked.id, "ann"), {"seen": SHOWN}) == why


async def test_the_daemon_refuses_what_is_not_live_any_more_and_does_what_is() -> None:
    """In plain words, and nothing is sent; the target is chosen by the core, with its reason, not named by hand."""
    async with scene(listed=True) as s:

        async def answered(**given: Any) -> tuple[int, str]:
            number = await s.store.submit("rollback", {"service": "web", "target": None, **given}, "ann")
            await CommandPoller(s.store, s.engine, s.clock).apply_all()
            command = await s.store.command(number)
            assert command is not None and command.done
            return command.exit_code, command.answer

        late = "dep-38 is not live at web any more; nothing to roll back"
        assert await answered(blamed="dep-38") == (REFUSED, late)
        assert await answered(planned="dep-38") == (REFUSED, OTHER)
        assert s.sent("PATCH") == s.sent("POST") == 0
        code, said = await answered(blamed="dep-40", planned="dep-39", seen={"live deploy": "dep-40"})
        assert code == 0 and "dep-40 -> dep-39" in said
        incident = s.engine.state.services["web"].incident
        assert incident is not None and incident.decision is not None and incident.decision.target is not None
        assert incident.decision.target.why != "named by hand"
