"""A step that keeps our promises: what the daemon and a replay run."""

from dataclasses import replace

from tests.core.scenes import NOW, a_state
from tests.core.world import make_policy
from watchdog.core.checked_step import checked_step
from watchdog.core.machine import step
from watchdog.domain import events as e
from watchdog.domain.effects import Note
from watchdog.domain.incidents import Phase, State


def test_a_step_that_keeps_them_is_the_machines() -> None:
    """Nothing is added, nothing taken away."""
    event = e.Paused(NOW, "ann")
    assert checked_step(a_state(), event, make_policy()) == (*step(a_state(), event, make_policy()), "")


def test_a_state_that_no_step_makes_disarms() -> None:
    """An assertion of the core fails: nothing of the event is done, and why is returned."""
    state = a_state()
    odd = replace(state, services={"web": replace(state.services["web"], phase=Phase.PINNING, incident=None)})
    after, effects, why = checked_step(odd, e.TimePassed(NOW + 1000.0), make_policy())
    assert why.startswith("TimePassed: ") and after.disarmed == why
    assert after.services == odd.services
    assert [effect.label for effect in effects if isinstance(effect, Note)] == ["DISARMED"]


def test_a_promise_found_broken_disarms() -> None:
    """What would break it is not done: two open incidents' worth of a rollback cannot both be sent."""
    first = checked_step(State(), e.InvariantBroken(NOW, "x"), make_policy())
    assert first[0].disarmed == "x" and first[2] == ""
