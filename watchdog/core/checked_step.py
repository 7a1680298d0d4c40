"""`step`, with its result checked: a step that violates an invariant is discarded, and actions are disabled.

Theory. `guards/invariants.py` lists the forbidden results of a step, such as a second rollback of an incident, a write
to a service that is only observed, or a critical incident without a page. It is a function of the states before and
after, the effects and the policy. A violation is a bug in the decisions themselves, so none of their effects is
trusted: the state stays as it was, marked `disarmed`, until a human says `resume`.

Rule: the daemon and the replay of a recording both step through here, so that neither can decide otherwise.
"""

from collections.abc import Sequence

from watchdog.core.guards.invariants import violated_invariant
from watchdog.core.machine import step
from watchdog.domain.effects import Effect
from watchdog.domain.events import Event, InvariantBroken
from watchdog.domain.incidents import State
from watchdog.domain.policy import Policy


def checked_step(before: State, event: Event, policy: Policy) -> tuple[State, Sequence[Effect], str]:
    """Return the new state, the effects to perform, and the violated invariant ("" if none)."""
    try:
        after, effects = step(before, event, policy)
        why = violated_invariant(before, after, effects, policy)
    except AssertionError as error:
        # A failed assertion in a handler is a bug of the same kind. Other exceptions pass through.
        why = f"{type(event).__name__}: {error or 'an assertion failed'}"
    if not why:
        return after, effects, ""
    # From `before`, not `after`: nothing of the discarded step may be saved or performed.
    return (*step(before, InvariantBroken(event.at, why), policy), why)
