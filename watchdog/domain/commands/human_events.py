"""What humans said, in past participles: the events that carry who said it (`by`). `at` is UTC epoch seconds."""

from dataclasses import dataclass

from watchdog.domain.prose import Prose
from watchdog.domain.severity import Severity


@dataclass(frozen=True, slots=True)
class Approved:
    """A human said yes to what the incident asked."""

    at: float
    incident: str
    by: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A human said no to what the incident asked."""

    at: float
    incident: str
    by: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """A human stopped an announced action (or one not sent yet)."""

    at: float
    incident: str
    by: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A human said that they look after the incident: nobody else need be called for now.

    `said_at`: when they said so (UTC epoch seconds), where that may be long ago; None is now.
    """

    at: float
    incident: str
    by: str
    said_at: float | None = None


@dataclass(frozen=True, slots=True)
class Paused:
    """A human told us to watch only."""

    at: float
    by: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """A human gave the right to act back."""

    at: float
    by: str


@dataclass(frozen=True, slots=True)
class Silenced:
    """A human wants nobody told of `of` (None: of anything) until then; maybe of one signal or one severity alone."""

    at: float
    by: str
    until: float
    reason: Prose
    of: str | None = None
    signal: str | None = None
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A human wants nothing rolled back unasked of `of` (None: of all) until then."""

    at: float
    by: str
    until: float
    reason: Prose
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Unsilenced:
    """A human ended a silence, or a hold, of that name."""

    at: float
    name: str
    by: str


@dataclass(frozen=True, slots=True)
class CommitTrusted:
    """A human lifted a commit (or image digest, or a prefix of 7 characters and more) from the deny-list."""

    at: float
    commit: str
    by: str


@dataclass(frozen=True, slots=True)
class RollbackRequested:
    """A human asked for a rollback by hand; `target` is a deploy id, or None for our own choice."""

    at: float
    service: str
    by: str
    target: str | None = None


@dataclass(frozen=True, slots=True)
class UndoRequested:
    """A human said that the rollback of `incident` was wrong, and asked for the way back to its `suspect`.

    What the record says of that rollback comes along, since an incident that is over is known to the record only:
    `rollback_deploy` is the deploy it made (None: none was accepted), `proved` that the site was well with it.
    """

    at: float
    service: str
    incident: str
    by: str
    suspect: str | None = None
    suspect_code: str | None = None
    rollback_deploy: str | None = None
    proved: bool = False


@dataclass(frozen=True, slots=True)
class RestoreRequested:
    """A human asked to give back the auto-deploy of a service, which is off because of us."""

    at: float
    service: str
    by: str


HumanEvent = (
    Approved
    | Rejected
    | Stopped
    | Acknowledged
    | Paused
    | Resumed
    | Silenced
    | Held
    | Unsilenced
    | CommitTrusted
    | RollbackRequested
    | UndoRequested
    | RestoreRequested
)
