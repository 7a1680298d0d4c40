"""Sight: can the watchdog see at all? Control targets are somebody else's sites; when all fail, we are blind.

So we are when every probe is silent: whatever voids them all (a loop that stalls, an edge that turns them away) leaves
us with nothing to judge by, and that must not look like health.
Rule: blind means say so, touch nothing, and forget what was "seen" meanwhile.
"""

from typing import NamedTuple

from watchdog.domain.incidents import State
from watchdog.domain.policy import Policy
from watchdog.domain.readings import Good


class Sight(NamedTuple):
    """Whether we can see, the words for it, and whether what we read says that we cannot."""

    seeing: bool
    why: str
    blind: bool = False


def assess_connectivity(state: State, policy: Policy, now: float) -> Sight:
    """Return whether probes speak and a control target answered within `control_seconds`."""
    if state.unseen:
        return Sight(False, why(state), blind=True)
    if not policy.control:
        return Sight(True, "no control target configured")
    fresh = {
        target: reading
        for target, (at, reading) in state.control.items()
        if target in policy.control and now - at <= policy.detection.control_seconds
    }
    answering = sum(isinstance(reading, Good) for reading in fresh.values())
    words = f"{answering} of {len(policy.control)} control targets answer"
    if answering:
        return Sight(True, words)
    if not fresh:
        return Sight(False, f"no control target was read in the last {policy.detection.control_seconds:.0f} s")
    return Sight(False, words, blind=True)


def is_blind(state: State, policy: Policy, now: float) -> bool:
    """Tell whether every probe is silent, or every control target failed just now: then the fault is ours."""
    if state.unseen:
        return True
    if not policy.control:
        return False
    fresh = [state.control[t] for t in policy.control if t in state.control]
    recent = [reading for at, reading in fresh if now - at <= policy.detection.control_seconds]
    return len(recent) == len(policy.control) and not any(isinstance(reading, Good) for reading in recent)


def why(state: State) -> str:
    """Return what makes us blind, in a few words."""
    return "no probe of any service brings evidence" if state.unseen else "no control target answers"
