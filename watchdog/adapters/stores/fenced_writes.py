"""The fenced writes of the SQL store: the state in its parts, the shared part, effects and actions.

Rule: a write first proves its leases, then its revision of the shared part, and only then writes; else it saves
nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from watchdog.adapters.stores import codec, stored_prose
from watchdog.adapters.stores.leases import Leases
from watchdog.adapters.stores.shielded_calls import uninterrupted
from watchdog.adapters.stores.state_partitions import Changes, assemble, service_of
from watchdog.adapters.stores.stored_names import class_name
from watchdog.adapters.stores.tables import (
    ACTIONS,
    COMMANDS,
    EFFECTS,
    EVENTS,
    INCIDENTS,
    NOTES,
    PARTS,
    SHARED,
    STATE,
)
from watchdog.domain.effects import OUTSIDE, Effect, Note, Tell
from watchdog.domain.errors import Stale, Withdrawn
from watchdog.domain.events import Event
from watchdog.domain.incidents import Fleet, Incident, ServiceState, Shared, State
from watchdog.domain.store_records import FLEET, ActionRow, CommandAnswer, PendingEffect, Write

PENDING, DONE = "pending", "done"


@dataclass(frozen=True, slots=True)
class _Saved:
    """The stored state of some services; `older`: in the single row of revision 0001."""

    services: Mapping[str, ServiceState]
    fleet: Fleet | None
    shared: Shared
    revision: int
    older: bool = False

    @property
    def state(self) -> State:
        """Return the state in the shape that the core takes."""
        return assemble(self.services, self.fleet, self.shared)


def _older(state: State, names: Collection[str] | None) -> _Saved:
    kept = {name: one for name, one in state.services.items() if names is None or name in names}
    fleet = state.fleet if names is None or FLEET in names else None
    return _Saved(kept, fleet, state.shared, 0, older=True)


@uninterrupted
class FencedWrites(Leases):
    """A database that records every decision before the daemon carries it out."""

    async def load(self, names: Collection[str] | None = None) -> State | None:
        """Return the saved state of these services (all, if None), or None. Raises Permanent for a state we cannot
        read.

        It includes the fleet's part if `names` is None or contains FLEET.
        """
        found = await self._saved(names)
        if found is None:
            self._memo.loaded({}, None, names)
            return None
        # The state of revision 0001 does not count as written yet.
        self._memo.loaded({} if found.older else found.services, None if found.older else found.fleet, names)
        self._memo.loaded_shared(None if found.older else found.shared, found.revision)
        return found.state

    async def load_readonly(self, names: Collection[str] | None = None) -> State | None:
        """Return the same for a reader that will not write: the memory of saved parts, against which writes are judged,
        stays.
        """
        found = await self._saved(names)
        return found.state if found is not None else None

    async def _saved(self, names: Collection[str] | None) -> _Saved | None:
        query = select(PARTS.c.name, PARTS.c.json)
        wanted = query if names is None else query.where(PARTS.c.name.in_(list(names)))
        async with self._reading() as connection:
            texts = {row.name: row.json for row in await connection.execute(wanted.order_by(PARTS.c.name))}
            shared, revision = await _shared(connection)
            # No part of these names is not yet an empty store. The old row counts only if no part was ever written.
            empty = not texts and await connection.scalar(select(PARTS.c.name).limit(1)) is None
            old = await connection.scalar(select(STATE.c.json)) if empty and revision == 0 else None
        if old is not None:
            return _older(codec.STATES.decode(old), names)
        if empty and revision == 0:
            return None
        fleet = codec.FLEETS.decode(texts.pop(FLEET)) if FLEET in texts else None
        services = {name: codec.SERVICES.decode(text) for name, text in texts.items()}
        return _Saved(services, fleet, shared, revision)

    async def load_shared(self) -> Shared:
        """Return the part that all workers share, as it is now; later writes are judged against this revision."""
        async with self._reading() as connection:
            shared, revision = await _shared(connection)
        self._memo.loaded_shared(shared, revision)
        return shared

    async def save(self, write: Write) -> Sequence[PendingEffect]:
        """Save the changed parts of the state, the event, notes, incidents and pending outside effects in one
        transaction.
        """
        now = self._clock.now()
        async with self._writing() as connection:
            changes = self._memo.changes(write)
            # Fence, answer, shared part, then the rest: each check raises before a row is
            # written, and all locks are taken in this order.
            changes = await self._allowed(connection, changes)
            # The asker gave up and withdrew the command in the meantime: its decision
            # must not take effect behind the asker's back.
            if write.answer is not None and not await write_answer(connection, write.answer):
                raise Withdrawn
            await self._save_shared(connection, changes, now)
            # "Paused" is untrue where this worker only believed in a pause that another one has ended since.
            if write.answer is not None and changes.shared is None:
                await self._prove_newest_shared(connection)
            await self._save_parts(connection, changes, now)
            await self._save_incidents(connection, changes, write.closed)
            event = write.event
            seq = None if event is None else await add(connection, EVENTS, EVENTS.c.seq, _event_row(event))
            notes = [stored_prose.note_row(effect) for effect in write.effects if isinstance(effect, Note)]
            if notes:
                await connection.execute(insert(NOTES), notes)
            recorded = [
                PendingEffect(await add(connection, EFFECTS, EFFECTS.c.id, _effect_row(effect, seq, now)), effect)
                for effect in write.effects
                if isinstance(effect, OUTSIDE)
            ]
        # After the commit: a failed transaction must leave the memory of saved
        # parts as it was, or the next save would skip them.
        self._memo.saved(changes)
        return tuple(recorded)

    async def _allowed(self, connection: AsyncConnection, changes: Changes) -> Changes:
        """Return the changes without the fleet's part if another worker holds its lease. Raises Displaced."""
        await self._fence(connection, changes.leases)
        if changes.fleet is None or FLEET in await self._held(connection, (FLEET,)):
            return changes
        return Changes(changes.services, None, changes.shared, changes.leases)

    async def _save_shared(self, connection: AsyncConnection, changes: Changes, now: float) -> None:
        if changes.shared is None:
            return
        # Compare and swap: two workers may each decide on the same shared facts (a
        # fleet-wide limit), and only the first may save.
        ours = (SHARED.c.id == 1, SHARED.c.revision == self._memo.revision)
        values = {"json": codec.SHAREDS.encode(changes.shared), "saved_at": now, "version": codec.VERSION}
        statement = update(SHARED).where(*ours).values(revision=SHARED.c.revision + 1, **values)
        if await connection.scalar(statement.returning(SHARED.c.revision)) is None:
            raise Stale

    async def _prove_newest_shared(self, connection: AsyncConnection) -> None:
        """Raise Stale if another worker changed the shared part; else it stays so until the transaction ends."""
        revision = await connection.scalar(select(SHARED.c.revision).with_for_update(read=True))
        if revision != self._memo.revision:
            raise Stale

    async def _save_parts(self, connection: AsyncConnection, changes: Changes, now: float) -> None:
        texts = {one.name: codec.SERVICES.encode(one) for one in changes.services}
        if changes.fleet is not None:
            texts[FLEET] = codec.FLEETS.encode(changes.fleet)
        rows = [
            {"name": name, "json": text, "saved_at": now, "version": codec.VERSION}
            for name, text in sorted(texts.items())
        ]
        if rows:
            await connection.execute(self._upsert(PARTS), rows)

    async def _save_incidents(self, connection: AsyncConnection, changes: Changes, closed: Sequence[Incident]) -> None:
        # An incident is in its service's part as well; its own row is what lists and pages read, without the state.
        inside = (one.incident for one in changes.services if one.incident is not None)
        incidents = {one.id: _incident_row(one) for one in (*closed, *inside)}
        if incidents:
            await connection.execute(self._upsert(INCIDENTS), list(incidents.values()))

    async def pending(self, names: Collection[str] | None = None) -> Sequence[PendingEffect]:
        """Return recorded effects of these services (all, if None) that were not finished, oldest first."""
        query = select(EFFECTS.c.id, EFFECTS.c.json).where(EFFECTS.c.status == PENDING).order_by(EFFECTS.c.id)
        query = query if names is None else query.where(EFFECTS.c.service.in_(list(names)))
        async with self._reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(PendingEffect(number, codec.EFFECTS.decode(text)) for number, text in rows)

    async def finish(self, effect_id: int, outcome: str, service: str | None = None) -> None:
        """Mark an effect as finished, with its outcome."""
        values = {"status": DONE, "outcome": outcome, "finished_at": self._clock.now()}
        async with self._writing() as connection:
            # A worker that lost the service meanwhile must not close an effect that the next one is carrying out.
            if service is not None:
                await self._fence(connection, (service,))
            await connection.execute(update(EFFECTS).where(EFFECTS.c.id == effect_id).values(values))

    async def action(self, incident: str, step: str) -> ActionRow | None:
        """Return the journal row of a changing call, or None."""
        query = select(ACTIONS).where(ACTIONS.c.incident == incident, ACTIONS.c.step == step)
        async with self._reading() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else stored_prose.action_row(*row)

    async def put_action(self, row: ActionRow, expect: str | None) -> bool:
        """Insert (`expect` None) or replace the row if its state is still `expect`; return whether that was so."""
        async with self._writing() as connection:
            await self._fence(connection, (row.service,))
            # "sending" is the last word before Render is called. The share lock keeps
            # the fleet's limits as this worker last read them. A row with a result was sent: that must be recorded.
            if row.state == "sending" and row.result is None:
                await self._prove_newest_shared(connection)
            # A worker that stood still must not take back what another one has sent since.
            same_send = (ACTIONS.c.sent_at.is_not_distinct_from(row.sent_at),) if expect == "sending" else ()
            return await self._put_action(connection, row, expect, *same_send)

    async def put_action_by_hand(self, row: ActionRow, expect: str | None) -> bool:
        """Insert or replace the row of a change that a person's command makes, if its state is still `expect`."""
        async with self._writing() as connection:
            return await self._put_action(connection, row, expect)

    async def _put_action(
        self, connection: AsyncConnection, row: ActionRow, expect: str | None, *also: ColumnElement[bool]
    ) -> bool:
        values = stored_prose.action_values(row)
        statement = self._insert(ACTIONS).values(values).on_conflict_do_nothing()
        if expect is not None:
            same = (ACTIONS.c.incident == row.incident, ACTIONS.c.step == row.step, ACTIONS.c.state == expect)
            statement = update(ACTIONS).where(*same, *also).values(values)
        return await connection.scalar(statement.returning(ACTIONS.c.incident)) is not None


async def _shared(connection: AsyncConnection) -> tuple[Shared, int]:
    row = (await connection.execute(select(SHARED.c.json, SHARED.c.revision))).one()
    return codec.SHAREDS.decode(row.json), row.revision


async def write_answer(connection: AsyncConnection, answer: CommandAnswer) -> bool:
    """Write the answer to a command and return True; return False and change nothing if it has one already."""
    values = {"done": True, "ok": answer.ok, "answer": answer.text, "exit_code": answer.exit_code}
    # The condition in the UPDATE decides the race between the daemon's answer and the asker's withdrawal.
    waiting = (COMMANDS.c.id == answer.id, ~COMMANDS.c.done)
    found = await connection.scalar(update(COMMANDS).where(*waiting).values(values).returning(COMMANDS.c.id))
    return found is not None


async def add(connection: AsyncConnection, table: Any, key: Any, row: Mapping[str, Any]) -> int:
    """Insert one row and return its generated key."""
    return int((await connection.execute(insert(table).values(row).returning(key))).scalar_one())


def _event_row(event: Event) -> dict[str, Any]:
    about = {name: getattr(event, name, None) for name in ("service", "incident")}
    return {"at": event.at, "type": class_name(type(event)), "json": codec.EVENTS.encode(event), **about}


def _effect_row(effect: Effect, event_seq: int | None, now: float) -> dict[str, Any]:
    incident = effect.notice.incident if isinstance(effect, Tell) else getattr(effect, "incident", None)
    row = {"event_seq": event_seq, "type": class_name(type(effect)), "incident": incident, "created_at": now}
    row |= {"json": codec.EFFECTS.encode(effect), "service": service_of(effect)}
    return {**row, "status": PENDING, "outcome": ""}


def _incident_row(incident: Incident) -> dict[str, Any]:
    names = ("id", "service", "opened_at", "closed_at", "severity")
    return {name: getattr(incident, name) for name in names} | {"json": codec.INCIDENTS.encode(incident)}
