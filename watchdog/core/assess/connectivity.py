"""Connectivity: whether the daemon's own network works. If all control targets (third-party sites) fail, it is blind.

It is also blind when no probe brings evidence: a cause that voids them all (a stalled event loop, an edge that turns
them away) leaves nothing to judge by, and that must not look like health.
Rule: when blind, notify, change nothing, and drop the bad readings.
"""

from typing import NamedTuple

from watchdog.domain.incidents import State
from watchdog.domain.policy import Policy
from watchdog.domain.readings import Good


class Sight(NamedTuple):
    """Whether the daemon can see, the reason in words, and whether readings prove that it cannot."""

    seeing: bool
    why: str
    blind: bool = False


def assess_connectivity(state: State, policy: Policy, now: float) -> Sight:
    """Return whether probes bring evidence and a control target answered within `control_seconds`."""
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
    # No reading at all proves less than a failed one: blame has its veto then, but the daemon is not declared blind.
    if not fresh:
        return Sight(False, f"no control target was read in the last {policy.detection.control_seconds:.0f} s")
    return Sight(False, words, blind=True)


def is_blind(state: State, policy: Policy, now: float) -> bool:
    """Return whether no probe brings evidence, or every control target failed just now: the fault is then ours."""
    if state.unseen:
        return True
    if not policy.control:
        return False
    # Every target must be fresh: one that was not read lately might answer.
    fresh = [state.control[t] for t in policy.control if t in state.control]
    recent = [reading for at, reading in fresh if now - at <= policy.detection.control_seconds]
    return len(recent) == len(policy.control) and not any(isinstance(reading, Good) for reading in recent)


def why(state: State) -> str:
    """Return the cause of blindness in a few words."""
    return "no probe of any service brings evidence" if state.unseen else "no control target answers"
