"""The entries of people in the SQL store: judgements, remarks, ticks, follow-ups, drills, database steps.

They need no lease.

Rule 1: an entry is added, never replaced (a judgement is), and stays as long as its incident.
Rule 2: no drill, and no database step, is begun while another one of its service is unfinished: an index refuses its
row.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from sqlalchemy import Update, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from watchdog.adapters.json_values import mapping
from watchdog.adapters.stores.database import Database
from watchdog.adapters.stores.shielded_calls import uninterrupted
from watchdog.adapters.stores.tables import (
    DATABASE_STEPS,
    DELIVERIES,
    DRILLS,
    FOLLOW_UPS,
    INCIDENTS,
    LABELS,
    REMARKS,
    TICKS,
)
from watchdog.domain.drills.drill import Drill, DrillMethod
from watchdog.domain.follow_ups import FollowUp, Tick
from watchdog.domain.incident_notes import Remark
from watchdog.domain.remedies.database_step import DatabaseAction, DatabaseStep, StepOutcome

DRILLS_MAX = 1_000
"""Drills that are kept: one a day for almost three years."""
KEPT = tuple(one.name for one in fields(Drill) if one.name != "number")
LISTS = ("problems", "left")
STEPS_MAX = 10_000
"""Database steps that are kept: ten a day for almost three years."""
KEPT_OF_STEP = tuple(one.name for one in fields(DatabaseStep) if one.name != "number")


@uninterrupted
class Added(Database):
    """A database that keeps the entries which people add to the record of an incident."""

    async def label(self, incident_id: str, verdict: str, by: str) -> bool:
        """Record a user's judgement (right, wrong) of an incident; return False if there is no incident of that id."""
        row = {"incident": incident_id, "verdict": verdict, "by": by, "at": self._clock.now()}
        async with self._writing() as connection:
            if not await _is_there(connection, incident_id):
                return False
            # A verdict is replaced: a person who judges twice has changed their mind, and one verdict counts.
            await connection.execute(self._upsert(LABELS), row)
        return True

    async def labels(self) -> Mapping[str, str]:
        """Return the judgement of each judged incident, by incident id."""
        async with self._reading() as connection:
            rows = (await connection.execute(select(LABELS.c.incident, LABELS.c.verdict))).all()
        return {row.incident: row.verdict for row in rows}

    async def remark(self, incident_id: str, text: str, by: str, *, root_cause: bool = False) -> bool:
        """Add a user's remark to an incident, now; return False if there is no incident of that id."""
        row = {"at": self._clock.now(), "incident": incident_id, "by": by, "text": text, "root_cause": root_cause}
        async with self._writing() as connection:
            if not await _is_there(connection, incident_id):
                return False
            await connection.execute(insert(REMARKS), row)
        return True

    async def remarks(self, incident_id: str | None = None) -> Sequence[Remark]:
        """Return the remarks on an incident (on all, if None), oldest first."""
        query = select(REMARKS.c.at, REMARKS.c.incident, REMARKS.c.by, REMARKS.c.text, REMARKS.c.root_cause)
        wanted = query if incident_id is None else query.where(REMARKS.c.incident == incident_id)
        async with self._reading() as connection:
            rows = (await connection.execute(wanted.order_by(REMARKS.c.seq))).all()
        return tuple(Remark(*row) for row in rows)

    async def tick(self, incident_id: str, item: str, by: str, *, undone: bool = False) -> bool:
        """Record that a user ticked an item of a checklist, or undid a tick, now; return False if there is no incident
        of that id.
        """
        row = asdict(Tick(self._clock.now(), incident_id, item, by, undone))
        async with self._writing() as connection:
            if not await _is_there(connection, incident_id):
                return False
            await connection.execute(insert(TICKS), row)
        return True

    async def ticks(self, incident_id: str | None = None) -> Sequence[Tick]:
        """Return the ticks of an incident's checklists (of all, if None), undone ones included, oldest first."""
        query = select(TICKS.c.at, TICKS.c.incident, TICKS.c.item, TICKS.c.by, TICKS.c.undone)
        wanted = query if incident_id is None else query.where(TICKS.c.incident == incident_id)
        async with self._reading() as connection:
            rows = (await connection.execute(wanted.order_by(TICKS.c.seq))).all()
        return tuple(Tick(*row) for row in rows)

    async def follow_up(self, incident_id: str, text: str, by: str, *, owner: str, due_at: float) -> FollowUp | None:
        """Add a follow-up to an incident, now, under the incident's next number; return None if there is no such
        incident.
        """
        of_it = FOLLOW_UPS.c.incident == incident_id
        async with self._writing() as connection:
            if not await _is_there(connection, incident_id, alone=True):
                return None
            # Numbers count within an incident; the lock on its row keeps two
            # concurrent follow-ups from taking the same one.
            last = await connection.scalar(select(func.max(FOLLOW_UPS.c.number)).where(of_it))
            added = FollowUp(self._clock.now(), incident_id, (last or 0) + 1, by, text, owner, due_at)
            await connection.execute(insert(FOLLOW_UPS), asdict(added))
        return added

    async def follow_ups(self, incident_id: str | None = None) -> Sequence[FollowUp]:
        """Return the follow-ups of an incident (of all, if None), by incident and number."""
        query = select(*(FOLLOW_UPS.c[name] for name in FollowUp.__dataclass_fields__))
        wanted = query if incident_id is None else query.where(FOLLOW_UPS.c.incident == incident_id)
        async with self._reading() as connection:
            rows = (await connection.execute(wanted.order_by(FOLLOW_UPS.c.incident, FOLLOW_UPS.c.number))).all()
        return tuple(FollowUp(*row) for row in rows)


async def _is_there(connection: AsyncConnection, incident_id: str, *, alone: bool = False) -> bool:
    """Return whether there is such an incident; `alone` locks its row until the transaction ends.

    The lock makes two concurrent follow-ups take consecutive numbers. SQLite, which has one writer, ignores FOR UPDATE.
    """
    query = select(INCIDENTS.c.id).where(INCIDENTS.c.id == incident_id)
    return await connection.scalar(query.with_for_update() if alone else query) is not None


@uninterrupted
class Drilled(Database):
    """A database that keeps drills."""

    async def begin_drill(self, drill: Drill) -> Drill | None:
        """Add a drill under the next number; return None if another one of its service is not finished."""
        unfinished = select(DRILLS.c.number).where(DRILLS.c.service == drill.service, DRILLS.c.ended_at.is_(None))
        async with self._writing() as connection:
            if await connection.scalar(unfinished) is not None:
                return None
            # Another process may begin one between the two statements: then the index refuses this row.
            adding = self._insert(DRILLS).values(row_of(drill)).on_conflict_do_nothing().returning(DRILLS.c.number)
            number = await connection.scalar(adding)
            if number is None:
                return None
            await connection.execute(delete(DRILLS).where(DRILLS.c.number <= number - DRILLS_MAX))
        return replace(drill, number=number)

    async def put_drill(self, drill: Drill) -> None:
        """Replace a drill by its present state."""
        async with self._writing() as connection:
            await connection.execute(_replaced(drill))

    async def acknowledge_drill(self, number: int, by: str) -> bool:
        """Record that a person acknowledged a test page, now; return False if none of that number waits for it."""
        row = select(DRILLS.c.json).where(DRILLS.c.number == number).with_for_update()
        async with self._writing() as connection:
            text = await connection.scalar(row)
            drill = drill_of(number, text) if text is not None else None
            if drill is None or not drill.waits:
                return False
            await connection.execute(_replaced(drill.acknowledged(by, self._clock.now())))
        return True

    async def drills(self, limit: int = DRILLS_MAX) -> Sequence[Drill]:
        """Return the newest drills, newest first; those of a newer version's methods are left out."""
        query = select(DRILLS.c.number, DRILLS.c.json).order_by(DRILLS.c.number.desc()).limit(limit)
        async with self._reading() as connection:
            rows = (await connection.execute(query)).all()
        found = (drill_of(row.number, row.json) for row in rows)
        return tuple(one for one in found if one is not None)

    async def first_deliveries(self, incident: str) -> Mapping[str, float]:
        """Return when each channel first had a notice of an incident (UTC epoch seconds), by channel."""
        query = select(DELIVERIES.c.channel, func.min(DELIVERIES.c.at).label("at")).group_by(DELIVERIES.c.channel)
        async with self._reading() as connection:
            rows = (await connection.execute(query.where(DELIVERIES.c.incident == incident))).all()
        return {row.channel: row.at for row in rows}


@uninterrupted
class Stepped(Database):
    """A database that keeps the steps on the databases of services."""

    async def begin_database_step(self, step: DatabaseStep) -> DatabaseStep | None:
        """Add a step under the next number; return None if another one of its service is not finished."""
        table = DATABASE_STEPS
        unfinished = select(table.c.number).where(table.c.service == step.service, table.c.ended_at.is_(None))
        async with self._writing() as connection:
            if await connection.scalar(unfinished) is not None:
                return None
            # As with a drill: the index refuses the row of another process that begins one meanwhile.
            adding = self._insert(table).values(row_of_step(step)).on_conflict_do_nothing().returning(table.c.number)
            number = await connection.scalar(adding)
            if number is None:
                return None
            await connection.execute(delete(table).where(table.c.number <= number - STEPS_MAX))
        return replace(step, number=number)

    async def put_database_step(self, step: DatabaseStep) -> None:
        """Replace a step by its present state."""
        table = DATABASE_STEPS
        async with self._writing() as connection:
            await connection.execute(update(table).where(table.c.number == step.number).values(row_of_step(step)))

    async def database_steps(self, service: str, limit: int = 100) -> Sequence[DatabaseStep]:
        """Return the newest steps of a service, newest first."""
        table = DATABASE_STEPS
        query = select(table.c.number, table.c.json).where(table.c.service == service)
        async with self._reading() as connection:
            rows = (await connection.execute(query.order_by(table.c.number.desc()).limit(limit))).all()
        return tuple(step_of(row.number, row.json) for row in rows)


def row_of_step(step: DatabaseStep) -> dict[str, Any]:
    """Return the columns of a database step."""
    text = json.dumps({name: one for name, one in asdict(step).items() if name in KEPT_OF_STEP})
    return {"at": step.at, "service": step.service, "ended_at": step.ended_at, "json": text}


def step_of(number: int, text: str) -> DatabaseStep:
    """Return a database step from its JSON; what a newer version added to it is left out."""
    body = {name: one for name, one in mapping(json.loads(text)).items() if name in KEPT_OF_STEP}
    outcome = body.get("outcome")
    kinds = {
        "action": DatabaseAction(body["action"]),
        "outcome": StepOutcome(outcome) if outcome is not None else None,
    }
    return DatabaseStep(**{**body, **kinds, "number": number})


def _replaced(drill: Drill) -> Update:
    return update(DRILLS).where(DRILLS.c.number == drill.number).values(row_of(drill))


def row_of(drill: Drill) -> dict[str, Any]:
    """Return the columns of a drill."""
    text = json.dumps({name: one for name, one in asdict(drill).items() if name in KEPT})
    return {"at": drill.at, "service": drill.service, "ended_at": drill.ended_at, "json": text}


def drill_of(number: int, text: str) -> Drill | None:
    """Return a drill from its JSON, without what a newer version added to it; None: its method is a newer version's."""
    body = {name: one for name, one in mapping(json.loads(text)).items() if name in KEPT}
    if body.get("method") not in list(DrillMethod):
        return None
    lists = {name: tuple(body.get(name, ())) for name in LISTS}
    return Drill(**{**body, **lists, "method": DrillMethod(body["method"]), "number": number})
