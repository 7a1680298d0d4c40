"""The gate: what a commit must have shown before it may go to production, and the answer to one question of CI.

Rule: what cannot be known is refused. A verdict has three values, and only `passed` lets a commit through.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from watchdog.domain.policy import Window
from watchdog.domain.texts.prose import Prose

COMMIT = r"^(sha256:)?[0-9a-fA-F]{7,64}$"
"""A commit id or an image digest, or the first letters of one: fewer than seven match others by chance."""


class Instrument(StrEnum):
    """A measurement without which a bad deploy is found late, or blamed on nothing."""

    VERSION = "version"
    """A probe reads the version of the code that answered: `version:`."""
    RELEASE = "release"
    """A Sentry signal reads the errors that are new in the live release: `release:`."""
    CRITICAL = "critical"
    """A probe is a critical route: its failures are critical."""


SOAK_SECONDS = 86400.0
FAILING_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class GateRules:
    """The gate of one production service."""

    staging: str | None = None  # the service that must carry the commit first; None: not named, so nothing passes
    soak_seconds: float = SOAK_SECONDS  # how long it must have done so
    failing_share: float = FAILING_SHARE  # share 0-1 of failing readings that a signal of staging may have meanwhile
    availability: float | None = None  # share 0-1 that production must have had in 30 d; None: its objective
    windows: tuple[Window, ...] = ()  # the hours in which it is open; empty: always
    traffic_per_minute: float | None = None  # more requests a minute close it; None: no limit
    requires: tuple[Instrument, ...] = tuple(Instrument)  # instruments that production must have
    instrumented: tuple[Instrument, ...] = ()  # those that it has, by its configuration


class GateVerdict(StrEnum):
    """The verdict of one reason. Only `PASSED` lets a commit through."""

    PASSED = "passed"
    REFUSED = "refused"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class GateReason:
    """The answer of one reason of the gate."""

    name: str  # which reason
    verdict: GateVerdict  # whether it lets the commit through
    why: Prose  # in words


def lets_through(reasons: Sequence[GateReason]) -> bool:
    """Return whether the gate is open: every reason passed, and there is one."""
    return bool(reasons) and all(one.verdict is GateVerdict.PASSED for one in reasons)
