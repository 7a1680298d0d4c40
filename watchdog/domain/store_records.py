"""Records: the rows that a store keeps besides the state, and the record of a step.

The rows of the journal, of the charts, of people's commands; the leases of a worker.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from watchdog.domain.effects import Effect
from watchdog.domain.events import Event
from watchdog.domain.incidents import Incident, State
from watchdog.domain.policy import Policy
from watchdog.domain.texts.prose import Prose


@dataclass(frozen=True, slots=True)
class PendingEffect:
    """An effect that was saved and is not finished."""

    id: int  # its number in the store
    effect: Effect  # the effect itself


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """The answer to a command, saved in the transaction of the command's changes: neither exists without the other."""

    id: int  # the command's number in the store
    ok: bool  # it was applied
    text: str  # in words
    exit_code: int  # exit code of the command line


@dataclass(frozen=True, slots=True)
class Write:
    """One save, in one transaction: all of it, or nothing."""

    state: State  # the state to save; only the difference from the last save is written
    event: Event | None = None  # the event that led to it; None: a snapshot
    effects: Sequence[Effect] = ()  # notes, and effects of OUTSIDE; others are not saved
    # The state lets an ended incident go: without this, an outage of the store at its end left its row open.
    closed: Sequence[Incident] = ()  # incidents that ended and are no longer in the state, each as it ended
    # In the same transaction: else a worker that dies in between leaves a command in force and unanswered.
    answer: CommandAnswer | None = None  # to the command that led to the event; None: none did


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the core, with its inputs.

    A reader of every step in order compares `before` with the previous `after`, and so knows the changes without an
    event.
    """

    before: State  # the state it began with
    event: Event  # the event
    policy: Policy  # the policy it was decided by
    after: State  # the state it ended with
    effects: Sequence[Effect]  # the effects it returned
    undone: bool = False  # it could not be saved, so nothing came of the event


class ActionResult(StrEnum):
    """The platform's answer to a changing call, where a later step depends on it."""

    REFUSED = "refused"
    EXPIRED = "expired"
    """Refused: the target's artefact is gone."""
    FORBIDDEN = "forbidden"
    """Refused: our key has no such permission."""
    WITHOUT_ID = "accepted without an id"
    """The platform has taken it: the daemon looks for the deploy, and never sends it again."""
    UNREAD = "unread"
    """The answer was lost, and what came of it could not be read while the request could still arrive."""
    DONE_ALREADY = "off already"
    """What a remedy does was so before: nothing was sent."""


@dataclass(frozen=True, slots=True)
class ActionRow:
    """The journal of one changing call.

    Theory. The row is saved as `sending` before the request leaves, and its answer is saved after it. A worker that
    finds a row in `sending` after a crash does not know the outcome: it looks the deploy up and never repeats the call.
    """

    incident: str  # id of the incident it is for
    step: str  # rollback, alternative (a rebuild), pin, restore, `flag` or `remedy` with its name, or a person's step
    state: str  # planned, sending, accepted, done or failed
    target: str  # deploy to roll back to, value to set auto-deploy to, or remedy
    # A search after a crash begins here: the deploy list holds nothing else that tells old from new.
    baseline: str  # newest deploy at the decision, value of auto-deploy or of a remedy before
    deploy: str | None = None  # deploy that the rollback made; None: none known
    attempts: int = 0  # sends so far
    sent_at: float | None = None  # last check before a send (UTC epoch seconds); None: not sent
    note: Prose = ""  # the outcome, in words
    service: str = ""  # whose lease every write of it needs
    result: ActionResult | None = None  # the platform's answer; None: none that matters later


# No service can have this name.
FLEET = ""
"""The name of the lease on everything that belongs to no single service: sight, vendors, pause, the deny-list."""


@dataclass(frozen=True, slots=True)
class LeaseGrant:
    """The leases of a worker: on services, and perhaps on `FLEET`.

    Theory. A lease gives one worker a service for some seconds. Its epoch grows with each new holder and fences the
    writes: a write with an older epoch is refused, so a worker that was frozen cannot overwrite its successor.
    """

    worker: str  # its name
    epochs: Mapping[str, int]  # name to the epoch (fencing number) of its lease
    workers: int = 1  # workers that are alive
    revision: int = 0  # revision of the shared state (`Shared`)
    ailing: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Other living workers with a fault: name to the fault in words."""
    others: tuple[str, ...] = ()  # names of the other living workers


@dataclass(frozen=True, slots=True)
class Running:
    """The configuration with which a worker runs a service, or (`FLEET`) what belongs to no single one."""

    mode: str  # the service's; empty: of the fleet
    settings: str  # digest of all that it is judged by
    version: str  # of the watchdog: another one may have other settings


@dataclass(frozen=True, slots=True)
class StoreSurvey:
    """What a store says about itself and its workers: an examination of the installation asks it, no decision does."""

    size_bytes: int | None  # of the database; None: in memory
    oldest_at: float | None  # the oldest event that is kept (UTC epoch seconds); None: none is
    workers: Mapping[str, str]  # living workers, each with its ailment (empty: healthy); none for a single one's file
    waiting_since: tuple[float, ...]  # when each unfinished action or notice was saved, oldest first
    arrived_at: Mapping[str, float]  # channel to the time of its last delivery


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute (or hour) of one signal, for charts.

    An hour's counts do not show how long it failed: probes are more frequent under suspicion. If `timed_checks` is not
    `good` + `bad`, an older version wrote part of it, and only the counts are right.
    """

    service: str  # its name
    signal: str  # its name
    start: float  # its begin (UTC epoch seconds)
    good: int  # good readings
    bad: int  # bad readings
    unknown: int  # readings without evidence
    p50_seconds: float | None = None  # median latency; None: not measured
    p95_seconds: float | None = None  # 95th percentile; None: not measured
    p99_seconds: float | None = None  # 99th percentile; None: not measured
    why: str = ""  # of the last bad reading, else of an unknown one
    watched_seconds: float | None = None  # time with evidence; None: an older version's row
    lost_seconds: float | None = None  # of these, failed: each minute by the share of its checks that did
    timed_checks: int | None = None  # good and bad readings that these two count; None: an older version's row


@dataclass(frozen=True, slots=True)
class Command:
    """A human's command (CLI, console).

    It has a time: a command that waited for a dead daemon must not be carried out hours later.
    """

    id: int  # its number in the store
    name: str  # which command
    arguments: Mapping[str, Any]  # as checked by `stored_arguments`, with additions of its surface
    by: str  # who gave it
    done: bool = False  # it was answered
    ok: bool = False  # it was applied, or recorded
    answer: str = ""  # in words; empty until then
    exit_code: int = 0  # exit code of the command line
    at: float = 0.0  # when it was asked (UTC epoch seconds); 0: not known
    # A newer console or command line may store arguments that this worker cannot decode.
    readable: bool = True  # its arguments could be read; they are empty else, and it must not be applied


@dataclass(frozen=True, slots=True)
class FeedHour:
    """The events that a feed (an error tracker) counted in one hour, for charts."""

    service: str  # its name
    signal: str  # its name
    start: float  # begin of the hour (UTC epoch seconds)
    count: float  # events in its known buckets
    seconds: float  # length of these buckets together: less than an hour where some are not known
