"""A step that keeps our promises: what would break one is not done; it disarms us instead.

Rule: the daemon and a replay of its recording both step through here, so that neither can decide otherwise.
"""

from collections.abc import Sequence

from watchdog.core.guards.invariants import violated_invariant
from watchdog.core.machine import step
from watchdog.domain.effects import Effect
from watchdog.domain.events import Event, InvariantBroken
from watchdog.domain.incidents import State
from watchdog.domain.policy import Policy


def checked_step(before: State, event: Event, policy: Policy) -> tuple[State, Sequence[Effect], str]:
    """Return the new state, what is to be done, and which promise the event would have broken, or nothing."""
    try:
        after, effects = step(before, event, policy)
        why = violated_invariant(before, after, effects, policy)
    except AssertionError as error:
        why = f"{type(event).__name__}: {error or 'an assertion failed'}"
    if not why:
        return after, effects, ""
    return (*step(before, InvariantBroken(event.at, why), policy), why)
