"""A step that keeps our promises: what the daemon and a replay run."""

from dataclasses import replace

from tests.core.scenes import NOW, a_service, a_state, an_incident
from tests.core.world import make_policy
from watchdog.core.checked_step import checked_step
from watchdog.core.machine import step
from watchdog.domain import events as e
from watchdog.domain.decisions import Course, Decision
from watchdog.domain.effects import Note, Rollback
from watchdog.domain.incidents import Phase
from watchdog.domain.severity import Severity


def test_a_step_that_keeps_them_is_the_machines() -> None:
    """Nothing is added, nothing taken away."""
    event = e.Paused(NOW, "ann")
    assert checked_step(a_state(), event, make_policy()) == (*step(a_state(), event, make_policy()), "")


def test_a_state_that_no_step_makes_disarms() -> None:
    """An assertion of the core fails: nothing of the event is done, and why is returned."""
    state = a_state()
    odd = replace(state, services={"web": replace(state.services["web"], phase=Phase.PINNING, incident=None)})
    after, effects, why = checked_step(odd, e.TimePassed(NOW + 1000.0), make_policy())
    assert why == "TimePassed: phase pinning has an incident" and after.disarmed == why
    assert after.services == odd.services
    assert [effect.label for effect in effects if isinstance(effect, Note)] == ["DISARMED"]


def test_a_promise_found_broken_disarms() -> None:
    """An incident that had its rollback comes to send another one: nothing of that step is done, the state stays."""
    incident = an_incident(suspect="dep-41", target="dep-40", target_code="aaaaaaa1", deploy="dep-9")
    decision = Decision(NOW, Course.ROLLBACK, Severity.CRITICAL, "it was asked for", None, 1.0, "autonomous")
    incident = replace(incident, decision=decision)
    state = a_state(a_service(phase=Phase.PINNING, incident=incident))
    after, effects, why = checked_step(state, e.PinConfirmed(NOW, "web", "web-1", "commit"), make_policy())
    assert why == "Rollback of web for web-1: it was rolled back already, as dep-9"
    assert after == replace(state, disarmed=why)
    assert not any(isinstance(effect, Rollback) for effect in effects)
    assert {effect.at for effect in effects if isinstance(effect, Note)} == {NOW}
