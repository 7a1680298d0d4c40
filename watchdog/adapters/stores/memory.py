"""The store without a disk: for tests, and the fallback when no file can be written. Its content ends with the process.

It has the same contract as `sql.py`, checked by one test suite. Every collection in it has a limit.

The entries of people are in `memory_entries.py`, aggregates for charts in `memory_charts.py`.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from watchdog.adapters.stores import retention
from watchdog.adapters.stores.leases import is_settled
from watchdog.adapters.stores.memory_charts import MemoryCharts
from watchdog.adapters.stores.memory_database import MemoryDatabase, bound
from watchdog.adapters.stores.memory_entries import MemoryEntries
from watchdog.adapters.stores.state_partitions import SavedState, assemble, service_of
from watchdog.domain.effects import OUTSIDE, Note
from watchdog.domain.errors import Displaced, Stale, Temporary, Withdrawn
from watchdog.domain.incidents import Incident, Shared, State
from watchdog.domain.store_records import (
    FLEET,
    ActionRow,
    Command,
    CommandAnswer,
    LeaseGrant,
    PendingEffect,
    Running,
    StoreSurvey,
    Write,
)
from watchdog.ports import Clock
from watchdog.ports.chat import NOT_ALLOWED, REFUSED

INCIDENTS_MAX = 1_000
DELIVERIES_MAX = 10_000
COMMANDS_MAX = 1_000


class MemoryStore(MemoryEntries, MemoryCharts):
    """A Store that lives as long as its database. Events are not kept, since no part of the daemon reads them back.

    `sole`: no other worker uses the database, so leases never expire.
    """

    def __init__(self, clock: Clock, database: MemoryDatabase | None = None, sole: bool = True) -> None:
        self._clock = clock
        self._db = database or MemoryDatabase(clock)
        self._sole = sole
        self._memo = SavedState()
        self._grant: LeaseGrant | None = None

    async def open(self) -> None:
        """Do nothing: there is no schema to create."""

    async def open_existing(self, *, outdated: bool = False) -> None:
        """Do nothing: it has no schema, and this process made it."""

    async def close(self) -> None:
        """Do nothing: there is no connection to close, and the content stays readable."""

    @property
    def sole(self) -> bool:
        """Return whether no other worker uses the database."""
        return self._sole

    async def renew_leases(
        self, worker: str, names: Sequence[str], *, ttl_seconds: float, keep: Collection[str] = (), ailment: str = ""
    ) -> LeaseGrant:
        """Renew this worker's leases for `ttl_seconds`, take or release some, judged by the database's clock; return
        the grant.
        """
        known = self._grant
        if self._sole and known is not None and known.worker == worker and is_settled(known, names, keep):
            return LeaseGrant(worker, known.epochs, 1, self._memo.revision)
        self._grant = self._db.renew_leases(worker, names, ttl_seconds, keep, ailment, sole=self._sole)
        self._memo.keep(self._grant.epochs)
        return self._grant

    async def is_served(self) -> bool:
        """Return whether any worker holds a lease now, judged by the database's clock."""
        return self._db.is_served()

    async def put_running(self, runs: Mapping[str, Running]) -> None:
        """Record the configuration with which this worker runs these names, of those whose lease it has."""
        epochs = self._grant.epochs if self._grant is not None else {}
        held = [name for name in runs if name in epochs and self._held(name)]
        self._db.running |= {name: (epochs[name], runs[name]) for name in held}

    async def running(self) -> Mapping[str, Running]:
        """Return the configuration with which a worker runs each name now; nothing of a worker of an older version."""
        leases, now = self._db.leases, self._db.clock.now()
        return {
            name: one
            for name, (epoch, one) in self._db.running.items()
            if leases[name].epoch == epoch and leases[name].expires > now
        }

    async def survey(self) -> StoreSurvey:
        """Return what the store says about itself; when an unfinished effect was saved is not kept in memory."""
        now, arrived = self._db.clock.now(), dict[str, float]()
        for (_, channel), (_, _, at) in self._db.deliveries.items():
            arrived[channel] = max(at, arrived.get(channel, at))
        living = {} if self._sole else {name: why for name, (until, why) in self._db.workers.items() if until > now}
        return StoreSurvey(None, None, living, (), arrived)

    async def release(self) -> None:
        """Release every lease of this worker at once."""
        if self._grant is not None:
            worker = self._grant.worker
            self._db.give_back(worker)
            self._grant = None if self._sole else LeaseGrant(worker, {}, 0, self._memo.revision)

    def _held(self, name: str) -> bool:
        """Return whether a name is ours now; the only worker needs no lease on a name that never had one."""
        if self._grant is None or name not in self._grant.epochs:
            return self._sole
        # An unread name was another worker's meanwhile (see SavedState.keep): its state must be loaded before a write.
        return name not in self._memo.unread and self._db.owns(self._grant.worker, name, self._grant.epochs[name])

    def _fence(self, names: Sequence[str]) -> None:
        if lost := tuple(name for name in names if not self._held(name)):
            raise Displaced(lost)

    async def load(self, names: Collection[str] | None = None) -> State | None:
        """Return the saved state of these services (all, if None), or None."""
        db = self._db
        if not db.services and db.fleet is None and db.revision == 0:
            self._memo.loaded({}, None, names)
            return None
        services = {name: one for name, one in sorted(db.services.items()) if names is None or name in names}
        fleet = db.fleet if names is None or FLEET in names else None
        self._memo.loaded(services, fleet, names)
        self._memo.loaded_shared(db.shared, db.revision)
        return assemble(services, fleet, db.shared)

    async def load_readonly(self, names: Collection[str] | None = None) -> State | None:
        """Return the same for a reader that will not write: the memory of saved parts, against which writes are judged,
        stays.
        """
        db = self._db
        if not db.services and db.fleet is None and db.revision == 0:
            return None
        services = {name: one for name, one in sorted(db.services.items()) if names is None or name in names}
        return assemble(services, db.fleet if names is None or FLEET in names else None, db.shared)

    async def load_shared(self) -> Shared:
        """Return the part that all workers share, as it is now; later writes are judged against this revision."""
        self._memo.loaded_shared(self._db.shared, self._db.revision)
        return self._db.shared

    async def save(self, write: Write) -> Sequence[PendingEffect]:
        """Keep state, notes, incidents and pending outside effects.

        It awaits nothing, so it saves all of them or none.
        """
        db, changes, answer = self._db, self._memo.changes(write), write.answer
        # Every check that may raise comes before the first assignment: there is no transaction to roll back.
        self._fence(changes.leases)
        if answer is not None and (answer.id not in db.commands or db.commands[answer.id].done):
            raise Withdrawn
        # Compare and swap, as in SQL: a worker with old shared facts must not save a decision based on them, nor answer
        # "paused" because it believes in a pause that another worker has ended since.
        if (changes.shared is not None or answer is not None) and self._memo.revision != db.revision:
            raise Stale
        if changes.shared is not None:
            db.shared, db.revision = changes.shared, db.revision + 1
        # Dropped, not refused: every worker observes the fleet, and only the holder of its lease writes that part.
        if changes.fleet is not None and not self._held(FLEET):
            changes = replace(changes, fleet=None)
        db.fleet = changes.fleet or db.fleet
        db.incidents.update((one.id, one) for one in write.closed)
        for service in changes.services:
            db.services[service.name] = service
            if service.incident is not None:
                db.incidents[service.incident.id] = service.incident
        # No disk limits this store, so its dictionaries have limits of their own.
        bound(db.incidents, INCIDENTS_MAX)
        db.notes.extend(effect for effect in write.effects if isinstance(effect, Note))
        recorded = tuple(
            PendingEffect(self._next_id(), effect) for effect in write.effects if isinstance(effect, OUTSIDE)
        )
        db.pending.update((pending.id, pending.effect) for pending in recorded)
        self._memo.saved(changes)
        if answer is not None:
            self._write_answer(answer)
        return recorded

    async def pending(self, names: Collection[str] | None = None) -> Sequence[PendingEffect]:
        """Return recorded effects of these services (all, if None) that were not finished, oldest first."""
        found = self._db.pending.items()
        return tuple(PendingEffect(n, one) for n, one in found if names is None or service_of(one) in names)

    async def finish(self, effect_id: int, outcome: str, service: str | None = None) -> None:
        """Drop a finished effect."""
        if service is not None:
            self._fence((service,))
        self._db.pending.pop(effect_id, None)

    async def action(self, incident: str, step: str) -> ActionRow | None:
        """Return the journal row of a changing call, or None."""
        return self._db.actions.get((incident, step))

    async def put_action(self, row: ActionRow, expect: str | None) -> bool:
        """Insert (`expect` None) or replace the row if its state is still `expect`; return whether that was so."""
        self._fence((row.service,))
        # As in SQL: right before "sending" the shared limits must be those on which this worker decided.
        if row.state == "sending" and row.result is None and self._memo.revision != self._db.revision:
            raise Stale
        # As in SQL: a worker that stood still must not take back what another one has sent since.
        before = self._db.actions.get((row.incident, row.step))
        if expect == "sending" and before is not None and before.sent_at != row.sent_at:
            return False
        return await self.put_action_by_hand(row, expect)

    async def put_action_by_hand(self, row: ActionRow, expect: str | None) -> bool:
        """Insert or replace the row of a change that a person's command makes, if its state is still `expect`."""
        before = self._db.actions.get((row.incident, row.step))
        if (None if before is None else before.state) != expect:
            return False
        self._db.actions[row.incident, row.step] = row
        return True

    async def reference(self, incident: str, channel: str) -> str | None:
        """Return the reference that the channel's last delivery for the incident returned, or None."""
        rows = self._db.deliveries.items()
        found = (ref for (_, name), (which, ref, _) in rows if (which, name) == (incident, channel))
        return next(reversed(tuple(found)), None)

    async def delivered(self, effect_id: int, channel: str, incident: str, reference: str | None) -> None:
        """Record that this channel delivered this notice; the first record counts."""
        self._db.deliveries.setdefault((effect_id, channel), (incident, reference, self._clock.now()))
        bound(self._db.deliveries, DELIVERIES_MAX)

    async def deliveries(self, effect_id: int) -> Sequence[str]:
        """Return the channels that delivered this notice already."""
        return tuple(channel for number, channel in self._db.deliveries if number == effect_id)

    async def incident(self, incident_id: str) -> Incident | None:
        """Return one incident, open or closed."""
        return self._db.incidents.get(incident_id)

    async def incidents(
        self, limit: int = 50, *, service: str | None = None, until: float | None = None, open_only: bool = False
    ) -> Sequence[Incident]:
        """Return incidents (of a service, opened at that moment or before, those alone that are open), newest first."""
        newest_first = sorted(self._db.incidents.values(), key=lambda one: (one.opened_at, one.id), reverse=True)
        shown = [one for one in newest_first if not (open_only and one.closed_at is not None)]
        of_service = [one for one in shown if service in (None, one.service)]
        return tuple([one for one in of_service if until is None or one.opened_at <= until][:limit])

    async def notes(
        self,
        *,
        incident: str | None = None,
        service: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 500,
    ) -> Sequence[Note]:
        """Return the newest `limit` notes, oldest first; both ends of the time are included."""
        found = [
            note
            for note in self._db.notes
            if (incident is None or note.incident == incident)
            and (service is None or note.service == service)
            and (since is None or note.at >= since)
            and (until is None or note.at <= until)
        ]
        # Not `found[-limit:]`, which is the whole list for a limit of 0.
        return tuple(found[max(len(found) - limit, 0) :])

    async def submit(self, name: str, arguments: Mapping[str, Any], by: str) -> int:
        """Queue a command for the daemon; return its id. Raises Temporary when too many wait already."""
        if len(await self.commands()) >= retention.COMMANDS_WAITING_MAX:
            raise Temporary(f"{retention.COMMANDS_WAITING_MAX} commands wait already: is the daemon running?")
        number = self._next_id()
        # Through JSON, as in SQL: a caller's later change must not reach the queue, and
        # arguments that JSON cannot carry fail here too.
        copy = json.loads(json.dumps(dict(arguments)))
        self._db.commands[number] = Command(number, name, copy, by, at=self._clock.now())
        bound(self._db.commands, COMMANDS_MAX)
        return number

    async def commands(self) -> Sequence[Command]:
        """Return the commands without an answer, oldest first."""
        return tuple(command for command in self._db.commands.values() if not command.done)

    async def answer(self, command_id: int, *, ok: bool, text: str, exit_code: int) -> bool:
        """Record the answer to a command and return True; return False and change nothing if it has one already."""
        command = self._db.commands.get(command_id)
        if command is None or command.done:
            return False
        self._write_answer(CommandAnswer(command_id, ok, text, exit_code))
        return True

    def _write_answer(self, said: CommandAnswer) -> None:
        command = self._db.commands[said.id]
        answered = replace(command, done=True, ok=said.ok, answer=said.text, exit_code=said.exit_code)
        self._db.commands[said.id] = answered

    async def command(self, command_id: int) -> Command | None:
        """Return one command."""
        return self._db.commands.get(command_id)

    async def asked(
        self, limit: int = 200, *, before: int | None = None, not_allowed: bool | None = None
    ) -> Sequence[Command]:
        """Return the commands of people, answered or not, newest first."""
        found = (
            one
            for one in reversed(self._db.commands.values())
            if (before is None or one.id < before) and not_allowed in (None, _its_author_may_not(one))
        )
        return tuple(islice(found, limit))

    def _next_id(self) -> int:
        self._db.ids += 1
        return self._db.ids


def _its_author_may_not(command: Command) -> bool:
    return command.name == REFUSED and command.arguments.get(NOT_ALLOWED) is True


__all__ = ["MemoryDatabase", "MemoryStore"]
