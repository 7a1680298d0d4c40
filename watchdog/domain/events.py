"""What happened, in past participles. Every event carries `at` (UTC epoch seconds): time is data.

Outcomes of effects come back as events, as readings do, and so do human commands (domain/commands/human_events.py).
"""

from dataclasses import dataclass

from watchdog.domain.commands.human_events import Acknowledged as Acknowledged
from watchdog.domain.commands.human_events import Approved as Approved
from watchdog.domain.commands.human_events import CommitTrusted as CommitTrusted
from watchdog.domain.commands.human_events import Held as Held
from watchdog.domain.commands.human_events import HumanEvent as HumanEvent
from watchdog.domain.commands.human_events import Paused as Paused
from watchdog.domain.commands.human_events import Rejected as Rejected
from watchdog.domain.commands.human_events import RestoreRequested as RestoreRequested
from watchdog.domain.commands.human_events import Resumed as Resumed
from watchdog.domain.commands.human_events import RollbackRequested as RollbackRequested
from watchdog.domain.commands.human_events import Silenced as Silenced
from watchdog.domain.commands.human_events import Stopped as Stopped
from watchdog.domain.commands.human_events import UndoRequested as UndoRequested
from watchdog.domain.commands.human_events import Unsilenced as Unsilenced
from watchdog.domain.deploys import Commit, Deploy, ServiceFacts
from watchdog.domain.integrations import Integration
from watchdog.domain.prose import Prose
from watchdog.domain.readings import MinuteCount, Reading
from watchdog.domain.severity import Severity


@dataclass(frozen=True, slots=True)
class Observed:
    """A signal of a service was read. `latency_seconds` is the probe's total time, `counts` a feed's buckets.

    `new_issues` are error kinds first seen in the live release, `happened_at` the moment a platform
    event tells of (where it is not `at`).
    """

    at: float
    service: str
    signal: str
    reading: Reading
    latency_seconds: float | None = None
    counts: tuple[MinuteCount, ...] = ()
    new_issues: tuple[str, ...] = ()
    happened_at: float | None = None


@dataclass(frozen=True, slots=True)
class ControlChecked:
    """A control target (somebody else's site) was probed: can we see at all?"""

    at: float
    target: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class ProbesJudged:
    """All probes of services were looked over: `silent` if none of them brought evidence for too long."""

    at: float
    silent: bool


@dataclass(frozen=True, slots=True)
class IntegrationJudged:
    """Something that we rely on was looked over: how it stands, for long enough to be told."""

    at: float
    integration: Integration


@dataclass(frozen=True, slots=True)
class VendorChecked:
    """A status page was read. `Bad` means a partial outage or worse of a component that concerns us."""

    at: float
    vendor: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class DeploysListed:
    """The platform told of a service's deploys (newest first) and facts."""

    at: float
    service: str
    deploys: tuple[Deploy, ...]
    facts: ServiceFacts


@dataclass(frozen=True, slots=True)
class DeploysUnread:
    """The platform could not be asked."""

    at: float
    service: str
    why: Prose


@dataclass(frozen=True, slots=True)
class CommitsSeen:
    """The repository told of the newest commits on a service's branch (newest first)."""

    at: float
    service: str
    commits: tuple[Commit, ...]


@dataclass(frozen=True, slots=True)
class CommitsUnread:
    """The repository does not tell which commits are on a service's branch."""

    at: float
    service: str
    why: Prose


@dataclass(frozen=True, slots=True)
class AuthorsRead:
    """The repository told who wrote what a deploy brought (of the newest commit first); perhaps nobody is named."""

    at: float
    service: str
    deploy: str
    authors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TimePassed:
    """A moment asked for with `WakeAt` came, or a second went by."""

    at: float


@dataclass(frozen=True, slots=True)
class Restarted:
    """The daemon began (again) with the state of these services; of all, if none is named."""

    at: float
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PinConfirmed:
    """Auto-deploy was read back as off. `previous` is the value to restore one day."""

    at: float
    service: str
    incident: str
    previous: str


@dataclass(frozen=True, slots=True)
class PinUnconfirmed:
    """Auto-deploy could not be confirmed to be off in time. `previous` is None when it could not be read."""

    at: float
    service: str
    incident: str
    why: Prose
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class RollbackAccepted:
    """The platform has the rollback: `deploy` is the new deploy it made. `adopted` if found by reading."""

    at: float
    service: str
    incident: str
    deploy: str
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class RollbackRefused:
    """The platform said no for good (4xx): nothing happened.

    `forbidden`: our key may not change the service; `expired`: the target's artefact is gone, so that only a rebuild of
    its commit may help.
    """

    at: float
    service: str
    incident: str
    why: Prose
    forbidden: bool = False
    expired: bool = False


@dataclass(frozen=True, slots=True)
class RollbackStoodDown:
    """Before sending, the world was found changed (a human acted, another deploy is live): nothing was sent."""

    at: float
    service: str
    incident: str
    why: Prose


@dataclass(frozen=True, slots=True)
class RollbackPostponed:
    """Nothing was sent (restart before the send, or 429): confirm afresh and decide anew.

    `previous` is what auto-deploy was before an earlier attempt to switch it off, of which nobody heard the outcome.
    """

    at: float
    service: str
    incident: str
    why: Prose
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class RollbackLost:
    """It was sent, its answer was lost, and no trace of it was found: a human must look."""

    at: float
    service: str
    incident: str
    why: Prose


@dataclass(frozen=True, slots=True)
class AutoDeployRestored:
    """Auto-deploy has its old value again."""

    at: float
    service: str
    incident: str
    value: str


@dataclass(frozen=True, slots=True)
class AutoDeployNotRestored:
    """Auto-deploy could not be given its old value back."""

    at: float
    service: str
    incident: str
    why: Prose


@dataclass(frozen=True, slots=True)
class QuestionHeard:
    """A channel that people hear has a notice that tells of a question, written at `written_at` (epoch seconds)."""

    at: float
    service: str
    incident: str
    written_at: float


@dataclass(frozen=True, slots=True)
class FollowUpsFellDue:
    """What people were to do about an incident is overdue: `items` are the ids, `lines` say each in words.

    `channels` are those of the incident's that page nobody.
    """

    at: float
    service: str
    incident: str
    severity: Severity
    channels: tuple[str, ...]
    items: tuple[str, ...]
    lines: tuple[Prose, ...]


@dataclass(frozen=True, slots=True)
class WeekSummedUp:
    """The week that ended at `until` (UTC epoch seconds) was looked over, for the digest: in these words."""

    at: float
    until: float
    title: Prose
    lines: tuple[Prose, ...]


@dataclass(frozen=True, slots=True)
class InvariantBroken:
    """One of our own promises was found broken (`what`): nothing is changed any more until a human says `resume`."""

    at: float
    what: Prose


Event = (
    Observed
    | ControlChecked
    | ProbesJudged
    | IntegrationJudged
    | VendorChecked
    | DeploysListed
    | DeploysUnread
    | CommitsSeen
    | CommitsUnread
    | AuthorsRead
    | TimePassed
    | Restarted
    | PinConfirmed
    | PinUnconfirmed
    | RollbackAccepted
    | RollbackRefused
    | RollbackStoodDown
    | RollbackPostponed
    | RollbackLost
    | AutoDeployRestored
    | AutoDeployNotRestored
    | QuestionHeard
    | FollowUpsFellDue
    | WeekSummedUp
    | InvariantBroken
    | HumanEvent
)
OF_AN_INCIDENT = (Approved, Rejected, Stopped, Acknowledged)
"""What a human says of an incident: these name no service."""
