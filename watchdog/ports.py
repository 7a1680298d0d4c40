"""The Protocols between the pure core's shell (daemon) and everything outside (adapters). Floor 2.

Rule 1: a port says what it raises; nothing else may come through it.
Rule 2: a read may be repeated; a call that changes production is made once and then looked up.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from watchdog.domain.code_comparison import Comparison
from watchdog.domain.deploys import Commit, Deploy, ServiceFacts
from watchdog.domain.effects import Effect, Note
from watchdog.domain.events import Event
from watchdog.domain.follow_ups import FollowUp, Tick
from watchdog.domain.incident_notes import Remark
from watchdog.domain.incidents import Incident, Shared, State
from watchdog.domain.notices import Notice
from watchdog.domain.readings import MinuteCount, Phases, Reading
from watchdog.domain.store_records import ActionRow, Command, LeaseGrant, Minute, PendingEffect, Step


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> float:
        """Return UTC epoch seconds, for display and for comparing with other people's clocks."""

    def monotonic(self) -> float:
        """Return seconds that never jump, for durations."""

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of a signal, with what was measured on the way.

    `certificate_expires_at` is UTC epoch seconds; `happened_at` the moment a platform event tells of.
    """

    reading: Reading
    latency_seconds: float | None = None
    phases: Phases | None = None
    status_code: int | None = None
    counts: tuple[MinuteCount, ...] = ()
    new_issues: tuple[str, ...] = ()
    happened_at: float | None = None
    certificate_expires_at: float | None = None


class SignalSource(Protocol):
    """Something that can be looked at. Never raises: what goes wrong with the ruler is `Unknown`."""

    name: str
    kind: str
    every_seconds: float
    adaptive: bool
    """Whether it is probed faster under suspicion (probes are; feeds are not)."""

    async def read(self) -> Sequence[Sample]:
        """Look once, within its own total deadline. Usually one sample; a feed of events may give several or none."""

    async def close(self) -> None:
        """Give back what it holds."""


@dataclass(frozen=True, slots=True)
class PlatformEvent:
    """One event the platform tells of a service. `at` is UTC epoch seconds; `bad` if something broke."""

    id: str
    at: float
    type: str
    text: str
    bad: bool = False


@runtime_checkable
class Platform(Protocol):
    """Reading a hosting platform. Raises Temporary or Permanent."""

    name: str
    can_write: bool

    async def services(self) -> Sequence[ServiceFacts]:
        """Return every service the key can see."""

    async def facts(self, service_id: str) -> ServiceFacts:
        """Return what the platform says of one service."""

    async def deploys(self, service_id: str, back_to: str | None = None) -> Sequence[Deploy]:
        """Return deploys newest first: at least 20, and paged back to `back_to` when that is given."""

    async def deploy(self, service_id: str, deploy_id: str) -> Deploy:
        """Return one deploy."""

    async def events(self, service_id: str, since: float) -> Sequence[PlatformEvent]:
        """Return events since then (UTC epoch seconds), oldest first."""

    async def close(self) -> None:
        """Close connections."""


@dataclass(frozen=True, slots=True)
class ClockReading:
    """By how much our clock was ahead of a vendor's (negative: behind), read `at` (seconds, monotonic)."""

    ahead_seconds: float
    at: float


@runtime_checkable
class TellsTime(Protocol):
    """A platform whose answers are dated."""

    @property
    def clock(self) -> ClockReading | None:
        """Return the offset of our clock from the platform's, by its latest answer; None before the first."""


@runtime_checkable
class WritablePlatform(Platform, Protocol):
    """A platform that may also be changed. One call, one request: nothing below it retries."""

    async def set_auto_deploy(self, service_id: str, value: str) -> str | None:
        """Set auto-deploy to `off`, `commit` or `checksPass`. Idempotent. Return what the answer says it is set to now.

        Raises Temporary, Permanent or OutcomeUnknown.
        """

    async def rollback(self, service_id: str, deploy_id: str) -> str | None:
        """Ask for a rollback, once. Return the new deploy's id, or None if accepted without one.

        Raises Temporary only when nothing happened (429), Permanent when refused (4xx),
        OutcomeUnknown otherwise (timeout, reset, 5xx, unreadable answer). Of the Permanent ones, Gone says that the
        deploy's artefact is not there (any more), Forbidden that the key may not do it.
        """

    async def redeploy(self, service_id: str, commit: str) -> str | None:
        """Ask to build and deploy a commit, once. Returns and raises what `rollback` does."""


class Repository(Protocol):
    """Where the code is kept. It is only read, at most every `every_seconds`. Raises Temporary or Permanent."""

    every_seconds: float

    async def commits(self, repo: str, branch: str) -> Sequence[Commit]:
        """Return the newest commits on a branch of the repository with that address, newest first."""

    async def compare(self, repo: str, base: str, head: str) -> Comparison:
        """Return what lies between two commits of the repository with that address."""

    async def close(self) -> None:
        """Close connections."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """One attempt to sign in elsewhere: what ties the answer that comes back to the browser that was sent there.

    `state` comes back with the browser, `nonce` in the signed proof; whoever has the `verifier` may ask for it.
    """

    state: str
    nonce: str
    verifier: str = field(repr=False)


class IdentityProvider(Protocol):
    """Somewhere else that people sign in, and that proves who they are. Raises Temporary or Permanent."""

    name: str
    issuer: str

    async def address(self, attempt: SignIn) -> str:
        """Return where a browser is sent to sign in."""

    async def identify(self, attempt: SignIn, code: str) -> str:
        """Return who signed in, for the code that the browser brought back. Raises Permanent if it proves nobody."""


class Notifier(Protocol):
    """One channel to people. Raises Temporary (try again), Permanent (this channel is broken) or Partly (of a send)."""

    name: str

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Deliver; `reference` is what the last send for this incident returned (a thread, a state).

        None means that nothing is known of an earlier one: it may have happened all the same.
        """

    async def check(self) -> str:
        """Prove without disturbing anybody that the channel would work; return what was proved."""

    async def close(self) -> None:
        """Close connections."""


class Tape(Protocol):
    """Where steps are recorded, to be replayed. It blocks: call it in a thread, one call at a time."""

    def write(self, at: float, steps: Sequence[Step]) -> None:
        """Write steps in their order, at that moment (UTC epoch seconds). Raises Temporary: some were not written."""

    def interrupt(self) -> None:
        """Note that steps are missing: the next one begins anew, with how things are then. Raises nothing."""

    def close(self) -> None:
        """Finish what is written. Raises nothing."""


class Journal(Protocol):
    """The reading half of a store. Raises Temporary when it does not answer."""

    async def load(self, names: Collection[str] | None = None) -> State | None:
        """Return the saved state of these services (all, if None), or None at the very first start."""

    async def peek(self, names: Collection[str] | None = None) -> State | None:
        """Return the same for who only looks: `load` is what a worker's own writes are judged by."""

    async def incident(self, incident_id: str) -> Incident | None:
        """Return one incident, open or closed."""

    async def incidents(
        self, limit: int = 50, *, service: str | None = None, until: float | None = None
    ) -> Sequence[Incident]:
        """Return incidents (of a service, opened at that moment or before), newest first."""

    async def notes(
        self,
        *,
        incident: str | None = None,
        service: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 500,
    ) -> Sequence[Note]:
        """Return the lines of the story, oldest first."""

    async def labels(self) -> Mapping[str, str]:
        """Return incident id to label."""

    async def remarks(self, incident_id: str | None = None) -> Sequence[Remark]:
        """Return what people said of an incident (of all, if None), oldest first."""

    async def ticks(self, incident_id: str | None = None) -> Sequence[Tick]:
        """Return what people ticked of an incident's checklists (of all, if None), and unticked, oldest first."""

    async def follow_ups(self, incident_id: str | None = None) -> Sequence[FollowUp]:
        """Return the follow-ups that people added to an incident (to all, if None), each incident's in their order."""

    async def command(self, command_id: int) -> Command | None:
        """Return one command."""

    async def asked(self, limit: int = 200) -> Sequence[Command]:
        """Return what people asked for, answered or not, newest first."""

    async def minutes(self, service: str, since: float, until: float) -> Sequence[Minute]:
        """Return the aggregates of a service, oldest first."""

    async def spans(
        self, since: float, until: float, seconds: int, services: Collection[str] | None = None
    ) -> Sequence[Minute]:
        """Return the aggregates of these services (all, if None) that begin in [since, until), oldest first.

        One for so many seconds.

        Counts are summed and percentiles the largest, as in an hour; `why` is left out. It is one read, however many
        services there are.
        """


class Store(Journal, Protocol):
    """Where everything is written down before it is done; one instance for one worker.

    Raises Temporary when the store does not answer. A store that only one worker can use grants every lease at once.
    """

    async def open(self) -> None:
        """Create or migrate the schema. Raises Permanent for a schema newer than ours or a damaged file."""

    async def hold(
        self, worker: str, names: Sequence[str], *, ttl_seconds: float, keep: Collection[str] = (), ailment: str = ""
    ) -> LeaseGrant:
        """Renew this worker's leases for so long, and take or release some, judged by the store's own clock.

        Each living worker has its fair share, ceil(names / living workers): what nobody holds (any more) is taken up to
        it, with an epoch one higher; what exceeds it is released, but nothing in `keep`. The other workers learn of
        its `ailment`: what is wrong with it, or nothing.
        """

    async def release(self) -> None:
        """Give every lease of this worker back at once."""

    async def load_shared(self) -> Shared:
        """Return what all workers share, as it is now; later writes are judged against this revision."""

    async def save(self, event: Event | None, state: State, effects: Sequence[Effect]) -> Sequence[PendingEffect]:
        """Save event, state, notes, incidents and pending outside effects in one transaction.

        Only what differs from the last save is written. Returns the recorded effects of `effects.OUTSIDE`, with their
        ids, in order. Raises Displaced if the lease of a service that is written moved to another worker, and Stale
        if it would change what all workers share and another worker did so first; nothing is saved then.
        """

    async def pending(self, names: Collection[str] | None = None) -> Sequence[PendingEffect]:
        """Return recorded effects of these services (all, if None) that were not finished, oldest first."""

    async def finish(self, effect_id: int, outcome: str, service: str | None = None) -> None:
        """Mark an effect as finished, with what came of it.

        Of an action, `service` is whose it is: raises Displaced if the lease on it moved to another worker, which looks
        itself. A notice that people have needs no lease.
        """

    async def action(self, incident: str, step: str) -> ActionRow | None:
        """Return the journal row of a changing call, or None."""

    async def put_action(self, row: ActionRow, expect: str | None) -> bool:
        """Insert (`expect` None) or replace the row if its state is still `expect`; tell whether it was.

        Raises Displaced if the lease on `row.service` moved to another worker, and Stale if the row becomes `sending`
        while another worker changed what all workers share (a pause, a budget, a wave of incidents).
        """

    async def reference(self, incident: str, channel: str) -> str | None:
        """Return what the channel's last delivery for the incident returned."""

    async def delivered(self, effect_id: int, channel: str, incident: str, reference: str | None) -> None:
        """Remember that this channel has this notice."""

    async def deliveries(self, effect_id: int) -> Sequence[str]:
        """Return the channels that have this notice already."""

    async def label(self, incident_id: str, verdict: str, by: str) -> bool:
        """Record a human's judgement (right, wrong) of an incident; False if there is none of that id."""

    async def remark(self, incident_id: str, text: str, by: str, *, root_cause: bool = False) -> bool:
        """Add a human's line to an incident, now; False if there is none of that id."""

    async def tick(self, incident_id: str, item: str, by: str, *, undone: bool = False) -> bool:
        """Record that a human ticked an item, or undid that, now; False if there is no incident of that id."""

    async def follow_up(self, incident_id: str, text: str, by: str, *, owner: str, due_at: float) -> FollowUp | None:
        """Add what a human means to do about an incident, now, under the next number; None if there is none."""

    async def put_minutes(self, rows: Sequence[Minute]) -> None:
        """Add one-minute aggregates; roll up and drop what is older than 48 h (minutes) or 400 days (hours)."""

    async def submit(self, name: str, arguments: Mapping[str, Any], by: str) -> int:
        """Queue a command for the daemon; return its id."""

    async def commands(self) -> Sequence[Command]:
        """Return commands that nobody answered yet, oldest first."""

    async def answer(self, command_id: int, *, ok: bool, text: str, exit_code: int) -> None:
        """Record the daemon's answer to a command."""

    async def close(self) -> None:
        """Close the store."""
