"""The store: state, notes, commands and leases of all workers; and the recording of steps."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from watchdog.domain.effects import Note
from watchdog.domain.follow_ups import FollowUp, Tick
from watchdog.domain.incident_notes import Remark
from watchdog.domain.incidents import Incident, Shared, State
from watchdog.domain.store_records import (
    ActionRow,
    Command,
    LeaseGrant,
    Minute,
    PendingEffect,
    Step,
    Write,
)


class StepSink(Protocol):
    """Where steps are recorded, to be replayed. It blocks: call it in a thread, one call at a time."""

    def write(self, at: float, steps: Sequence[Step]) -> None:
        """Write steps in their order, at that moment (UTC epoch seconds). Raises Temporary: some were not written."""

    def interrupt(self) -> None:
        """Note that steps are missing: the next one begins anew, with how things are then. Raises nothing."""

    def close(self) -> None:
        """Finish what is written. Raises nothing."""


class StoreReader(Protocol):
    """The reading half of a store. Raises Temporary when it does not answer."""

    async def load(self, names: Collection[str] | None = None) -> State | None:
        """Return the saved state of these services (all, if None), or None at the very first start."""

    async def load_readonly(self, names: Collection[str] | None = None) -> State | None:
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

    async def asked(
        self, limit: int = 200, *, before: int | None = None, not_allowed: bool | None = None
    ) -> Sequence[Command]:
        """Return what people asked for, answered or not, newest first; `before`: under a smaller number than this.

        `not_allowed`: only what its author may not ask for (True), or all but that (False).
        """

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


class Store(StoreReader, Protocol):
    """Where everything is written down before it is done; one instance for one worker.

    Raises Temporary when the store does not answer. A store that only one worker can use grants every lease at once.
    """

    async def open(self) -> None:
        """Create or migrate the schema. Raises Permanent for a schema newer than ours or a damaged file."""

    async def renew_leases(
        self, worker: str, names: Sequence[str], *, ttl_seconds: float, keep: Collection[str] = (), ailment: str = ""
    ) -> LeaseGrant:
        """Renew this worker's leases for so long, and take or release some, judged by the store's own clock.

        Each living worker has its fair share, ceil(names / living workers): what nobody holds (any more) is taken up to
        it, with an epoch one higher; what exceeds it is released, but nothing in `keep`. The other workers learn of
        its `ailment`: what is wrong with it, or nothing.
        """

    async def is_served(self) -> bool:
        """Tell whether any worker has a lease now; one that died keeps it until it ends, if it ever does."""

    async def release(self) -> None:
        """Give every lease of this worker back at once."""

    async def load_shared(self) -> Shared:
        """Return what all workers share, as it is now; later writes are judged against this revision."""

    async def save(self, write: Write) -> Sequence[PendingEffect]:
        """Save it in one transaction; return the recorded effects of `effects.OUTSIDE`, with their ids, in order.

        Nothing is saved when it raises Displaced (the lease of a service that is written moved to another worker),
        Stale (it would change what all workers share, and another worker did so first) or Withdrawn (the command has
        an answer already).
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

    async def answer(self, command_id: int, *, ok: bool, text: str, exit_code: int) -> bool:
        """Record the answer to a command; tell whether it had none yet, and else change nothing."""

    async def close(self) -> None:
        """Close the store."""
