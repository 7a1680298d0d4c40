"""The store: state, notes, commands and leases of all workers; and the recording of steps."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from watchdog.domain.commands.announcements import RECENT_MAX, Announcement, Draft, Update
from watchdog.domain.drills.drill import Drill
from watchdog.domain.effects import Note
from watchdog.domain.follow_ups import FollowUp, Tick
from watchdog.domain.incident_notes import Remark
from watchdog.domain.incidents import Incident, Shared, State
from watchdog.domain.remedies.database_step import DatabaseStep
from watchdog.domain.store_records import (
    ActionRow,
    Command,
    FeedHour,
    LeaseGrant,
    Minute,
    PendingEffect,
    Running,
    Step,
    StoreSurvey,
    Write,
)


class StepSink(Protocol):
    """The sink that records steps for a replay. It blocks: call it in a thread, one call at a time."""

    def write(self, at: float, steps: Sequence[Step]) -> None:
        """Write steps in their order, at that moment (UTC epoch seconds). Raises Temporary if some were not written."""

    def interrupt(self) -> None:
        """Record that steps are missing: the next step begins with a snapshot of the state. Raises nothing."""

    def close(self) -> None:
        """Flush and close the recording. Raises nothing."""


class StoreReader(Protocol):
    """The reading half of a store. Raises Temporary when it does not answer."""

    async def load(self, names: Collection[str] | None = None) -> State | None:
        """Return the saved state of these services (all, if None), or None at the very first start."""

    async def load_readonly(self, names: Collection[str] | None = None) -> State | None:
        """Return the same without effect on later writes: a worker's own writes are compared with its last `load`."""

    async def incident(self, incident_id: str) -> Incident | None:
        """Return one incident, open or closed."""

    async def incidents(
        self, limit: int = 50, *, service: str | None = None, until: float | None = None, open_only: bool = False
    ) -> Sequence[Incident]:
        """Return incidents (of a service, opened at that moment or before, those alone that are open), newest first."""

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
        """Return the label of each labelled incident, by incident id."""

    async def remarks(self, incident_id: str | None = None) -> Sequence[Remark]:
        """Return the remarks of people on an incident (of all, if None), oldest first."""

    async def ticks(self, incident_id: str | None = None) -> Sequence[Tick]:
        """Return the ticks on an incident's checklists, and their undoing (of all, if None), oldest first."""

    async def follow_ups(self, incident_id: str | None = None) -> Sequence[FollowUp]:
        """Return the follow-ups that people added to an incident (to all, if None), each incident's in their order."""

    async def announcements(self, limit: int = RECENT_MAX) -> Sequence[Announcement]:
        """Return the newest announcements by number, newest first, each with its updates."""

    async def drills(self, limit: int = 1_000) -> Sequence[Drill]:
        """Return the newest drills, newest first."""

    async def database_steps(self, service: str, limit: int = 100) -> Sequence[DatabaseStep]:
        """Return the newest steps on the database of a service, newest first."""

    async def first_deliveries(self, incident: str) -> Mapping[str, float]:
        """Return when each channel first had a notice of an incident (UTC epoch seconds), by channel."""

    async def running(self) -> Mapping[str, Running]:
        """Return the configuration with which a worker runs each name now; nothing of a worker of an older version."""

    async def survey(self) -> StoreSurvey:
        """Return what the store says about itself: its size and age, living workers, what waits, what arrived."""

    async def command(self, command_id: int) -> Command | None:
        """Return one command."""

    async def asked(
        self, limit: int = 200, *, before: int | None = None, not_allowed: bool | None = None
    ) -> Sequence[Command]:
        """Return people's commands, answered or not, newest first; `before`: with a smaller number than this.

        `not_allowed`: only commands that their author may not give (True), or all others (False).
        """

    async def minutes(self, service: str, since: float, until: float) -> Sequence[Minute]:
        """Return the aggregates of a service, oldest first."""

    async def feed_hours(self, service: str, since: float, until: float) -> Sequence[FeedHour]:
        """Return the hours of a service's feeds that begin in [since, until), oldest first."""

    async def spans(
        self, since: float, until: float, seconds: int, services: Collection[str] | None = None
    ) -> Sequence[Minute]:
        """Return the aggregates of these services (all, if None) that begin in [since, until), oldest first.

        Each covers `seconds`. Counts are summed and percentiles the largest, as in an hour; `why` is left out. It is
        one read, however many services there are.
        """


class Store(StoreReader, Protocol):
    """The store: everything is saved in it before it is performed; one instance for each worker.

    Theory. Two mechanisms keep several workers from contradicting each other. A lease with an epoch fences the writes
    about one service: a worker that lost it gets Displaced. A revision guards the shared state: a write that rests on
    an old revision gets Stale, and is decided again. Both are checked in the transaction of the write itself.

    Raises Temporary when the store does not answer. A store for a single worker grants every lease at once.
    """

    @property
    def sole(self) -> bool:
        """Return whether it is a store for a single worker."""

    async def open(self) -> None:
        """Create or migrate the schema. Raises Permanent for a schema newer than ours or a damaged file."""

    # Beside a daemon of an older version, or as another user than it: neither its tables nor its file may change.
    async def open_existing(self, *, outdated: bool = False) -> None:
        """Open a store that a daemon has made, and make or migrate nothing. Raises Gone if there is none yet, and
        Outdated for an older schema; `outdated`: that of any older version will do, as for `submit`.
        """

    # `keep`: a worker in the middle of an action must not lose the service to a fairer share.
    async def renew_leases(
        self, worker: str, names: Sequence[str], *, ttl_seconds: float, keep: Collection[str] = (), ailment: str = ""
    ) -> LeaseGrant:
        """Renew this worker's leases for that time, and take or release some, judged by the store's own clock.

        Each living worker has its fair share, ceil(names / living workers). A lease that no worker holds (any more) is
        taken up to that share, with an epoch one higher. Leases beyond it are released, except those in `keep`. The
        other workers read its `ailment`: its own fault in words, or "".
        """

    # The command line has only the file, which the worker may have refused, or not read yet.
    async def put_running(self, runs: Mapping[str, Running]) -> None:
        """Record the configuration with which this worker runs these names, of those whose lease it has."""

    async def is_served(self) -> bool:
        """Return whether any worker has a lease now; a dead worker's lease lasts until it expires, if it does."""

    # At a graceful stop, so that the other workers need not wait for the leases to expire.
    async def release(self) -> None:
        """Release every lease of this worker at once."""

    async def load_shared(self) -> Shared:
        """Return the shared state as it is now; later writes are compared with this revision."""

    async def save(self, write: Write) -> Sequence[PendingEffect]:
        """Save the write in one transaction; return its effects of `effects.OUTSIDE`, with their ids, in order.

        It raises one of these, and then nothing is saved:

        - Displaced: the lease on a service in the write moved to another worker.
        - Stale: the write would change the shared state or answer a command, and another worker changed it first.
        - Withdrawn: the command has an answer already.
        """

    async def pending(self, names: Collection[str] | None = None) -> Sequence[PendingEffect]:
        """Return recorded effects of these services (all, if None) that were not finished, oldest first."""

    async def finish(self, effect_id: int, outcome: str, service: str | None = None) -> None:
        """Mark an effect as finished, with its outcome.

        For an action, `service` is its service: raises Displaced if the lease on it moved to another worker, which
        looks it up itself. A delivered notice needs no lease.
        """

    async def action(self, incident: str, step: str) -> ActionRow | None:
        """Return the journal row of a changing call, or None."""

    # Compare and set: of two workers that would make the same call, one gets to send it.
    async def put_action(self, row: ActionRow, expect: str | None) -> bool:
        """Insert the row (`expect` None), or replace it if its state is still `expect`; return whether it was.

        One that is `sending` is replaced only by what became of the same send (`sent_at`). Raises Displaced if the
        lease on `row.service` moved to another worker. Raises Stale if the row becomes `sending`, without a result, and
        another worker changed the shared state (a pause, a budget, a mass failure).
        """

    # A command's own process has no lease; what it changes (a repository) no worker changes.
    async def put_action_by_hand(self, row: ActionRow, expect: str | None) -> bool:
        """Insert or replace, as `put_action`, the row of a change that a person's command makes: without a lease."""

    async def reference(self, incident: str, channel: str) -> str | None:
        """Return the reference from the channel's last delivery for the incident, or None."""

    # Per channel, so that after a crash the notice goes only to the channels that lack it.
    async def delivered(self, effect_id: int, channel: str, incident: str, reference: str | None) -> None:
        """Record that this channel has delivered this notice."""

    async def deliveries(self, effect_id: int) -> Sequence[str]:
        """Return the channels that have delivered this notice."""

    async def label(self, incident_id: str, verdict: str, by: str) -> bool:
        """Record a human's judgement (right, wrong) of an incident; False if no incident has that id."""

    async def remark(self, incident_id: str, text: str, by: str, *, root_cause: bool = False) -> bool:
        """Add a human's line to an incident, now; False if no incident has that id."""

    async def tick(self, incident_id: str, item: str, by: str, *, undone: bool = False) -> bool:
        """Record that a human ticked an item, or undid that, now; False if no incident has that id."""

    async def follow_up(self, incident_id: str, text: str, by: str, *, owner: str, due_at: float) -> FollowUp | None:
        """Add a human's follow-up to an incident, now, under the next number; None if no incident has that id."""

    async def announce(self, about: Draft, first: Update) -> Announcement:
        """Add an announcement for a public status page, under the next number."""

    async def update_announcement(self, number: int, update: Update) -> bool:
        """Add an update to an announcement; False if there is none of that number."""

    # Before a drill changes anything: a process that is killed leaves it unfinished, and the next one says so.
    async def begin_drill(self, drill: Drill) -> Drill | None:
        """Add a drill under the next number; None if another one of its service is not finished."""

    async def put_drill(self, drill: Drill) -> None:
        """Replace a drill by its present state."""

    async def acknowledge_drill(self, number: int, by: str) -> bool:
        """Record that a person acknowledged a test page, now; False if none of that number waits for it."""

    # Before a step changes anything, as with a drill.
    async def begin_database_step(self, step: DatabaseStep) -> DatabaseStep | None:
        """Add a step under the next number; None if another one of its service is not finished."""

    async def put_database_step(self, step: DatabaseStep) -> None:
        """Replace a step by its present state."""

    async def put_minutes(self, rows: Sequence[Minute]) -> None:
        """Add one-minute aggregates; roll up and drop those older than 48 h (minutes) or 400 days (hours)."""

    async def put_feed_hours(self, rows: Sequence[FeedHour]) -> None:
        """Replace hours of feeds, of which there is at least one, unless more of them is known already; they are
        dropped after 400 days."""

    # Through the store, as console and command line may run on another host than the daemon.
    async def submit(self, name: str, arguments: Mapping[str, Any], by: str) -> int:
        """Queue a command for the daemon; return its id."""

    async def commands(self) -> Sequence[Command]:
        """Return unanswered commands, oldest first."""

    # Its author may withdraw a command in the moment a worker answers it: the first answer stands.
    async def answer(self, command_id: int, *, ok: bool, text: str, exit_code: int) -> bool:
        """Record the answer to a command, if it had none yet; return whether that was so."""

    async def close(self) -> None:
        """Close the store."""
