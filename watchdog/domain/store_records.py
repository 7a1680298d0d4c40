"""Records: what a store keeps besides the state, and what a step looked like.

The rows of the journal, of the charts, of what people asked for; what a worker holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from watchdog.domain.effects import Effect
from watchdog.domain.events import Event
from watchdog.domain.incidents import State
from watchdog.domain.policy import Policy
from watchdog.domain.prose import Prose


@dataclass(frozen=True, slots=True)
class PendingEffect:
    """An effect that was recorded and not finished."""

    id: int
    effect: Effect


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the core as it was taken, and what it was decided by; `undone`: nothing came of the event.

    Who sees every step in order knows, by comparing `before` with the last `after`, what changed without an event.
    """

    before: State
    event: Event
    policy: Policy
    after: State
    effects: Sequence[Effect]
    undone: bool = False


class ActionResult(StrEnum):
    """What the platform said to a changing call, where a later step depends on it."""

    REFUSED = "refused"
    EXPIRED = "expired"
    """Refused: the target's artefact is gone."""
    FORBIDDEN = "forbidden"
    """Refused: our key may not."""
    WITHOUT_ID = "accepted without an id"
    """Known to have been taken: it is looked for, and never sent again."""


@dataclass(frozen=True, slots=True)
class ActionRow:
    """The journal of one changing call. `state`: planned, sending, accepted, done, failed.

    `sent_at` is UTC epoch seconds of the last check before a send, `attempts` the sends so far; `service` is whose
    lease every write of it needs. `result` is what the platform said; None: nothing that matters later.
    """

    incident: str
    step: str
    state: str
    target: str
    baseline: str
    deploy: str | None = None
    attempts: int = 0
    sent_at: float | None = None
    note: Prose = ""
    service: str = ""
    result: ActionResult | None = None


FLEET = ""
"""The name under which what belongs to no single service is leased: sight, vendors, pause, the deny-list."""


@dataclass(frozen=True, slots=True)
class LeaseGrant:
    """What a worker holds: the epoch (fencing number) of its lease on each name, `FLEET` among them perhaps.

    `workers` is how many are alive; `revision` numbers what all workers share (`Shared`); `ailing` says what is wrong
    with each other living worker that is not well.
    """

    worker: str
    epochs: Mapping[str, int]
    workers: int = 1
    revision: int = 0
    ailing: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute (or hour) of one signal, for charts. Latencies in seconds; None where nothing was measured.

    `lost_seconds` of the `watched_seconds` it failed: each minute for the share of its checks that did. An hour's
    counts do not tell, for who worries looks more often. `timed_checks`: how many of the good and bad ones that is said
    of. If not of all, an older version had a hand in it, and only the counts are right.
    """

    service: str
    signal: str
    start: float
    good: int
    bad: int
    unknown: int
    p50_seconds: float | None = None
    p95_seconds: float | None = None
    p99_seconds: float | None = None
    why: str = ""
    watched_seconds: float | None = None
    lost_seconds: float | None = None
    timed_checks: int | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A change a human asked for (CLI, console); `answer` is empty until the daemon applied it.

    `at` is when it was asked (UTC epoch seconds): what waited for a dead daemon must not be done hours later.
    """

    id: int
    name: str
    arguments: Mapping[str, Any]
    by: str
    done: bool = False
    ok: bool = False
    answer: str = ""
    exit_code: int = 0
    at: float = 0.0
