"""The gate and the course of a deploy as plain data: the shapes of the JSON API.

Rule: as in view_models.py, fields may be added, never changed; text is clean, on one line.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReasonView:
    """One reason of the gate. `verdict` is passed, refused or not known."""

    name: str
    verdict: str
    why: str


@dataclass(frozen=True, slots=True)
class GateView:
    """Whether a commit may go to production now: only if every reason passed."""

    at: float
    service: str
    commit: str
    passed: bool
    reasons: tuple[ReasonView, ...]


@dataclass(frozen=True, slots=True)
class DeployCourseView:
    """Where a deploy is. `stage`: not known, expected, under way, watched; and at its end good, bad, unclear.

    `over`: nothing more is learnt. `deploy` is its id, `until` the end of its watch period; None while not known.
    """

    at: float
    service: str
    commit: str
    stage: str
    over: bool
    why: str
    deploy: str | None
    until: float | None
