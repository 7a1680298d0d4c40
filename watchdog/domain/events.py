"""Events, in past participles. Every event carries `at`: time is data.

The outcomes of effects come back as events, as readings do, and so do human commands (domain/commands/human_events.py).
"""

from dataclasses import dataclass

from watchdog.domain.certificates import CertificateSeen as CertificateSeen
from watchdog.domain.code_comparison import MigrationReading

# `as` re-exports the name: the other layers import every event from here.
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
from watchdog.domain.drills.drill import DrillFellDue as DrillFellDue
from watchdog.domain.follow_ups import FollowUpsFellDue as FollowUpsFellDue
from watchdog.domain.integrations import Integration
from watchdog.domain.readings import MinuteCount, Reading
from watchdog.domain.texts.prose import Prose


@dataclass(frozen=True, slots=True)
class Observed:
    """A signal of a service was read."""

    at: float  # UTC epoch seconds
    service: str  # its name
    signal: str  # the signal's name
    reading: Reading  # its reading
    latency_seconds: float | None = None  # the probe's total time; None: a feed, or not measured
    counts: tuple[MinuteCount, ...] = ()  # complete minutes of a feed
    new_issues: tuple[str, ...] = ()  # errors first seen in the live release, in words
    happened_at: float | None = None  # when a platform event happened (UTC epoch seconds); None: `at`
    version: str = ""  # version of the code that answered, in lower case; empty: the answer names none


@dataclass(frozen=True, slots=True)
class ControlChecked:
    """A control target (a third-party site) was probed: does our own network work?"""

    at: float  # UTC epoch seconds
    target: str  # its URL
    reading: Reading  # its reading


@dataclass(frozen=True, slots=True)
class ProbesJudged:
    """The probes of all services were judged together."""

    at: float  # UTC epoch seconds
    silent: bool  # no probe of any service brought evidence for too long


@dataclass(frozen=True, slots=True)
class IntegrationJudged:
    """An integration was judged: it has been in its standing for long enough to be reported."""

    at: float  # UTC epoch seconds
    integration: Integration  # how it stands


@dataclass(frozen=True, slots=True)
class VendorChecked:
    """A status page was read."""

    at: float  # UTC epoch seconds
    vendor: str  # name of the status page or dependency
    reading: Reading  # Bad: a partial outage or worse of a component that concerns us
    read_at: float | None = None  # when the page said so, if it cannot be read now; None: `at`


@dataclass(frozen=True, slots=True)
class DeploysListed:
    """The platform listed a service's deploys and facts."""

    # Not its end: a change during the read may be missing from the list.
    at: float  # when the read began (UTC epoch seconds)
    service: str  # its name
    deploys: tuple[Deploy, ...]  # newest first
    facts: ServiceFacts  # the platform's facts of the service


@dataclass(frozen=True, slots=True)
class DeploysUnread:
    """The platform did not answer a read of deploys."""

    at: float  # UTC epoch seconds
    service: str  # its name
    why: Prose  # reason in words


@dataclass(frozen=True, slots=True)
class CommitsSeen:
    """The repository listed the newest commits of a service's branch."""

    at: float  # UTC epoch seconds
    service: str  # its name
    commits: tuple[Commit, ...]  # newest first


@dataclass(frozen=True, slots=True)
class CommitsUnread:
    """The repository did not list the commits of a service's branch."""

    at: float  # UTC epoch seconds
    service: str  # its name
    why: Prose  # reason in words


@dataclass(frozen=True, slots=True)
class AuthorsRead:
    """The repository named the authors of a deploy's commits."""

    at: float  # UTC epoch seconds
    service: str  # its name
    deploy: str  # its id
    authors: tuple[str, ...]  # of the newest commit first; empty: none is named


@dataclass(frozen=True, slots=True)
class MigrationsRead:
    """The repository named what changed between two commits, or did not answer."""

    at: float  # UTC epoch seconds
    service: str  # its name
    found: MigrationReading  # the migrations in it, or why they are not known


@dataclass(frozen=True, slots=True)
class TimePassed:
    """A moment requested with `WakeAt` came, or a second went by."""

    at: float  # UTC epoch seconds


@dataclass(frozen=True, slots=True)
class Restarted:
    """A worker started with, or took up, the state of these services."""

    at: float  # UTC epoch seconds
    services: tuple[str, ...] = ()  # their names; empty: all


@dataclass(frozen=True, slots=True)
class PinConfirmed:
    """Auto-deploy was read back as off."""

    at: float  # UTC epoch seconds
    service: str  # its name
    incident: str  # its id
    previous: str  # value of auto-deploy to restore one day


@dataclass(frozen=True, slots=True)
class PinUnconfirmed:
    """Auto-deploy could not be confirmed to be off in time."""

    at: float  # UTC epoch seconds
    service: str  # its name
    incident: str  # its id
    why: Prose  # reason in words
    # The switch may have arrived although its answer did not.
    previous: str | None = None  # value of auto-deploy to restore one day; None: it could not be read


@dataclass(frozen=True, slots=True)
class RollbackAccepted:
    """The platform accepted the rollback."""

    at: float  # UTC epoch seconds
    service: str  # its name
    incident: str  # its id
    deploy: str  # id of the deploy that the rollback made
    # Render may answer 202 with an empty body: then only the deploy list names the new deploy.
    adopted: bool = False  # it was found by reading, not named by the answer


@dataclass(frozen=True, slots=True)
class RollbackRefused:
    """The platform refused the rollback for good (4xx): nothing happened."""

    at: float  # UTC epoch seconds
    service: str  # its name
    incident: str  # its id
    why: Prose  # reason in words
    # A key without the right is not used again for this service, until a restart or `resume`.
    forbidden: bool = False  # our key may not change the service
    expired: bool = False  # the target's artefact is gone: only a rebuild of its commit may help


@dataclass(frozen=True, slots=True)
class RollbackStoodDown:
    """Production had changed before the request (a human acted, another deploy is live): nothing was sent."""

    at: float  # UTC epoch seconds
    service: str  # its name
    incident: str  # its id
    why: Prose  # reason in words


@dataclass(frozen=True, slots=True)
class RollbackPostponed:
    """Nothing was sent (a restart before the send, or 429): confirm and decide anew."""

    at: float  # UTC epoch seconds
    service: str  # its name
    incident: str  # its id
    why: Prose  # reason in words
    # Without it, a switch that did arrive could never be given back: no one would know the old value.
    previous: str | None = None  # auto-deploy before an earlier switch whose outcome is unknown; None: no such switch


@dataclass(frozen=True, slots=True)
class RollbackLost:
    """The rollback was sent, its answer was lost, and no trace of it was found: a human must look."""

    at: float  # UTC epoch seconds
    service: str  # its name
    incident: str  # its id
    why: Prose  # reason in words


@dataclass(frozen=True, slots=True)
class AutoDeployRestored:
    """Auto-deploy has its old value again."""

    at: float  # UTC epoch seconds
    service: str  # its name
    incident: str  # its id
    value: str  # value that auto-deploy has now


@dataclass(frozen=True, slots=True)
class AutoDeployNotRestored:
    """Auto-deploy could not be set to its old value."""

    at: float  # UTC epoch seconds
    service: str  # its name
    incident: str  # its id
    why: Prose  # reason in words


@dataclass(frozen=True, slots=True)
class RemedyDone:
    """A remedy is done: by the answer to our request, or as it was read afterwards."""

    at: float  # UTC epoch seconds
    service: str  # its name
    incident: str  # its id
    remedy: str  # its name
    why: Prose = ""  # how that is known, where it could not be read
    was: str = ""  # what it changed, as it was before; empty: not read


@dataclass(frozen=True, slots=True)
class RemedyRefused:
    """A remedy was not done: nothing was changed, or it is read as not done."""

    at: float  # UTC epoch seconds
    service: str  # its name
    incident: str  # its id
    remedy: str  # its name
    why: Prose  # reason in words
    already: bool = False  # it was so before, so nothing was sent


@dataclass(frozen=True, slots=True)
class RemedyPostponed:
    """Nothing was sent (a restart before the send, or a guard): decide anew, and try it again."""

    at: float  # UTC epoch seconds
    service: str  # its name
    incident: str  # its id
    remedy: str  # its name
    why: Prose  # reason in words


@dataclass(frozen=True, slots=True)
class RemedyLost:
    """The request was sent, its answer was lost, and nothing tells whether it is done: a human must look."""

    at: float  # UTC epoch seconds
    service: str  # its name
    incident: str  # its id
    remedy: str  # its name
    why: Prose  # reason in words
    settled: bool = False  # nothing that was sent can still arrive, so a rollback need not wait
    was: str = ""  # what it changes, as it was before; empty: not read


@dataclass(frozen=True, slots=True)
class QuestionDelivered:
    """A channel with human readers has delivered the notice of a question."""

    at: float  # UTC epoch seconds
    service: str  # its name
    incident: str  # its id
    # The time to answer begins with the first delivery: a notice may wait in the outbox for minutes.
    written_at: float  # when that notice was written (UTC epoch seconds)


@dataclass(frozen=True, slots=True)
class WeekSummedUp:
    """A week was summed up, for the digest."""

    at: float  # UTC epoch seconds
    until: float  # end of that week (UTC epoch seconds)
    title: Prose  # title of the digest
    lines: tuple[Prose, ...]  # lines of the digest


@dataclass(frozen=True, slots=True)
class AnnouncementPosted:
    """A person announced something on a public status page, or updated that."""

    at: float  # UTC epoch seconds
    announcement: str  # its id, as in `announcement-3`
    title: Prose  # its state and headline
    lines: tuple[Prose, ...]  # what visitors read, and where


@dataclass(frozen=True, slots=True)
class PastDecidedAgain:
    """After an upgrade this version decided again the incidents that earlier versions recorded, or failed to."""

    at: float  # UTC epoch seconds
    title: Prose  # its result
    lines: tuple[Prose, ...]  # the incidents it decides differently
    holds: tuple[str, ...] = ()  # names of the action holds that were put for it
    hold_until: float | None = None  # when these end (UTC epoch seconds); None: now


@dataclass(frozen=True, slots=True)
class InvariantBroken:
    """A step violated an invariant: actions are disabled until a human says `resume`."""

    at: float  # UTC epoch seconds
    what: Prose  # the invariant, in words


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
    | MigrationsRead
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
    | RemedyDone
    | RemedyRefused
    | RemedyPostponed
    | RemedyLost
    | QuestionDelivered
    | FollowUpsFellDue
    | DrillFellDue
    | CertificateSeen
    | WeekSummedUp
    | AnnouncementPosted
    | PastDecidedAgain
    | InvariantBroken
    | HumanEvent
)
OUTCOMES = frozenset({
    PinConfirmed, PinUnconfirmed, RollbackAccepted, RollbackRefused, RollbackStoodDown, RollbackPostponed, RollbackLost,
    AutoDeployRestored, AutoDeployNotRestored, RemedyDone, RemedyRefused, RemedyPostponed, RemedyLost,
})  # fmt: skip
"""The outcomes of changes in production."""
OF_AN_INCIDENT = (Approved, Rejected, Stopped, Acknowledged)
"""Human events about an incident: these name no service."""
