"""Human commands as events, in past participles, with their author."""

from dataclasses import dataclass

from watchdog.domain.severity import Severity
from watchdog.domain.texts.prose import Prose


@dataclass(frozen=True, slots=True)
class Approved:
    """A human approved the question of the incident."""

    at: float  # UTC epoch seconds
    incident: str  # its id
    by: str  # who said it


@dataclass(frozen=True, slots=True)
class Rejected:
    """A human rejected the question of the incident."""

    at: float  # UTC epoch seconds
    incident: str  # its id
    by: str  # who said it


@dataclass(frozen=True, slots=True)
class Stopped:
    """A human stopped an announced action (or one not sent yet)."""

    at: float  # UTC epoch seconds
    incident: str  # its id
    by: str  # who said it


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A human acknowledged the incident: the escalation stops for now."""

    at: float  # UTC epoch seconds
    incident: str  # its id
    by: str  # who said it
    said_at: float | None = None  # when it was said, if a pager reports it later (UTC epoch seconds); None: now


@dataclass(frozen=True, slots=True)
class Paused:
    """A human paused all actions."""

    at: float  # UTC epoch seconds
    by: str  # who said it


@dataclass(frozen=True, slots=True)
class Resumed:
    """A human resumed actions."""

    at: float  # UTC epoch seconds
    by: str  # who said it


@dataclass(frozen=True, slots=True)
class Silenced:
    """A human silenced the notices of a service, or of all, for a while; or of one signal or severity alone."""

    at: float  # UTC epoch seconds
    by: str  # who said it
    until: float  # when it ends (UTC epoch seconds)
    reason: Prose  # why, for people
    of: str | None = None  # the service; None: all
    signal: str | None = None  # only where this signal alone fails; None: any
    severity: Severity | None = None  # only of this severity; None: any


@dataclass(frozen=True, slots=True)
class Held:
    """A human put an action hold on a service, or on all: for a while a rollback needs an approval."""

    at: float  # UTC epoch seconds
    by: str  # who said it
    until: float  # when it ends (UTC epoch seconds)
    reason: Prose  # why, for people
    of: str | None = None  # the service; None: all


@dataclass(frozen=True, slots=True)
class Unsilenced:
    """A human ended a silence, or a hold, of that name."""

    at: float  # UTC epoch seconds
    name: str  # the silence's or hold's name, as in `silence-3`
    by: str  # who said it


@dataclass(frozen=True, slots=True)
class CommitTrusted:
    """A human lifted a commit (or image digest) from the deny-list."""

    at: float  # UTC epoch seconds
    commit: str  # commit or image digest, or a prefix of 7 characters and more
    by: str  # who said it


@dataclass(frozen=True, slots=True)
class RollbackRequested:
    """A human asked for a rollback by hand."""

    at: float  # UTC epoch seconds
    service: str  # its name
    by: str  # who said it
    target: str | None = None  # deploy to roll back to; None: our own choice


@dataclass(frozen=True, slots=True)
class UndoRequested:
    """A human called the rollback of `incident` wrong, and asked for the way back to its `suspect`.

    The facts of that rollback come along from the record, as the state no longer holds an old incident.
    """

    at: float  # UTC epoch seconds
    service: str  # its name
    incident: str  # id of the incident whose rollback is undone
    by: str  # who said it
    suspect: str | None = None  # deploy that was blamed then, the way back; None: none on record
    suspect_code: str | None = None  # its commit or image digest
    rollback_deploy: str | None = None  # deploy that the rollback made; None: none was accepted
    proved: bool = False  # the recovery was proved with that rollback


@dataclass(frozen=True, slots=True)
class RestoreRequested:
    """A human asked to restore the auto-deploy of a service, which is off because of us."""

    at: float  # UTC epoch seconds
    service: str  # its name
    by: str  # who said it


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
