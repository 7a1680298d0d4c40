"""Which steps are saved: a phase, a word, an act; and under suspicion every run of failures as it comes and goes."""

from collections.abc import Sequence

from tests.core.scenes import NOW, a_service, a_state
from tests.core.world import make_policy
from watchdog.core.machine import step
from watchdog.daemon.engine.conversion import worth_recording
from watchdog.domain.checks import Check
from watchdog.domain.effects import Note
from watchdog.domain.events import Observed
from watchdog.domain.incidents import Phase, ServiceState, State
from watchdog.domain.readings import Bad, Good, Reading

POLICY = make_policy()
BEGAN = NOW - NOW % 5.0
"""A step of five seconds begins here."""


def told(state: State, readings: Sequence[tuple[float, Reading]]) -> list[bool]:
    """Return which of these readings of `home` are saved; seconds count from BEGAN."""
    saved = []
    for after, reading in readings:
        before = state
        state, effects = step(before, Observed(BEGAN + after, "web", "home", reading), POLICY)
        saved.append(worth_recording(before, state, [one for one in effects if not isinstance(one, Note)]))
    return saved


def calm_web(**fields: object) -> ServiceState:
    """Return a service of which nothing fails."""
    return a_service(phase=Phase.CALM, checks={"home": Check("home", "http", last_at=BEGAN - 1)}, **fields)


def test_healthy_readings_are_not_saved_one_by_one() -> None:
    """Thousands an hour: what they teach is saved with the next thing that is."""
    assert told(a_state(calm_web()), [(0.0, Good()), (1.0, Good())]) == [False, False]


def test_under_suspicion_a_run_is_saved_as_it_begins_goes_on_and_ends() -> None:
    """A worker that takes over goes on from there: begin and end at once, what else is seen every five seconds."""
    bad = Bad("HTTP 503")
    readings = [(0.0, bad), (1.0, bad), (4.9, bad), (5.0, bad), (6.0, bad), (7.0, Good()), (7.5, Good()), (8.0, bad)]
    saved = [True, False, False, True, False, True, False, True]
    assert told(a_state(calm_web()), readings) == saved
