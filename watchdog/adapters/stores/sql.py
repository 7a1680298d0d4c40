"""The store in a SQL database: a decision of the daemon is on the disk before it is carried out.

Rule 1: one port method is one transaction.
Rule 2: the same SQL for every database; the differences are in `sqlite.py` and `postgres.py`.

Writes that need a lease are in `fenced_writes.py`, the entries of people in `annotations.py` and
`announcements.py`, aggregates for charts in `aggregates.py`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, and_, func, select

from watchdog.adapters.stores import codec, retention, stored_prose
from watchdog.adapters.stores.aggregates import Charts
from watchdog.adapters.stores.annotations import Added, Drilled, Stepped
from watchdog.adapters.stores.announcements import Announced
from watchdog.adapters.stores.fenced_writes import PENDING, FencedWrites, add, write_answer
from watchdog.adapters.stores.shielded_calls import uninterrupted
from watchdog.adapters.stores.tables import COMMANDS, DELIVERIES, EFFECTS, EVENTS, INCIDENTS, NOTES, WORKERS
from watchdog.domain.effects import Note
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import Incident
from watchdog.domain.store_records import Command, CommandAnswer, StoreSurvey
from watchdog.ports.chat import NOT_ALLOWED, REFUSED

ITS_AUTHOR_MAY_NOT = and_(
    COMMANDS.c.name == REFUSED, COMMANDS.c.arguments.contains(f'"{NOT_ALLOWED}": true', autoescape=True)
)
"""The refused command whose author lacks the right, by the argument as `submit` writes it.

No JSON function: one row that is not JSON would fail the whole query. Inside a string of JSON every quote has a
backslash before it, so no text that people write can look like it.
"""

WAITING_MAX = 1_000
"""Unfinished effects that `survey` reads: beyond these their number says no more."""


@uninterrupted
class SqlStore(FencedWrites, Charts, Added, Announced, Drilled, Stepped):
    """A Store on SQLite or PostgreSQL. Raises Temporary when the database does not answer."""

    async def reference(self, incident: str, channel: str) -> str | None:
        """Return the reference that the channel's last delivery for the incident returned, or None."""
        same = (DELIVERIES.c.incident == incident, DELIVERIES.c.channel == channel)
        query = select(DELIVERIES.c.reference).where(*same).order_by(DELIVERIES.c.seq.desc()).limit(1)
        async with self._reading() as connection:
            reference: str | None = await connection.scalar(query)
        return reference

    async def delivered(self, effect_id: int, channel: str, incident: str, reference: str | None) -> None:
        """Record that this channel delivered this notice; the first record counts."""
        row = {"effect_id": effect_id, "channel": channel, "incident": incident, "reference": reference}
        # A delivery may be recorded again after a crash. Its reference belongs to
        # the first message, which later ones reply to.
        statement = self._insert(DELIVERIES).values(at=self._clock.now(), **row).on_conflict_do_nothing()
        async with self._writing() as connection:
            await connection.execute(statement)

    async def deliveries(self, effect_id: int) -> Sequence[str]:
        """Return the channels that delivered this notice already."""
        query = select(DELIVERIES.c.channel).where(DELIVERIES.c.effect_id == effect_id).order_by(DELIVERIES.c.seq)
        async with self._reading() as connection:
            return tuple(await connection.scalars(query))

    async def incident(self, incident_id: str) -> Incident | None:
        """Return one incident, open or closed."""
        async with self._reading() as connection:
            text = await connection.scalar(select(INCIDENTS.c.json).where(INCIDENTS.c.id == incident_id))
        return None if text is None else codec.INCIDENTS.decode(text)

    async def incidents(
        self, limit: int = 50, *, service: str | None = None, until: float | None = None, open_only: bool = False
    ) -> Sequence[Incident]:
        """Return incidents (of a service, opened at that moment or before, those alone that are open), newest first."""
        query = select(INCIDENTS.c.json).order_by(INCIDENTS.c.opened_at.desc(), INCIDENTS.c.id.desc())
        query = query if service is None else query.where(INCIDENTS.c.service == service)
        query = query if until is None else query.where(INCIDENTS.c.opened_at <= until)
        query = query.where(INCIDENTS.c.closed_at.is_(None)) if open_only else query
        async with self._reading() as connection:
            texts = await connection.scalars(query.limit(limit))
        return tuple(codec.INCIDENTS.decode(text) for text in texts)

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
        query = select(NOTES.c.at, NOTES.c.service, NOTES.c.incident, NOTES.c.label, NOTES.c.text)
        for wanted, column in ((incident, NOTES.c.incident), (service, NOTES.c.service)):
            query = query if wanted is None else query.where(column == wanted)
        query = query if since is None else query.where(NOTES.c.at >= since)
        query = query if until is None else query.where(NOTES.c.at <= until)
        async with self._reading() as connection:
            # By number, not by time: several notes of one step have the same time, and their order is the story.
            rows = (await connection.execute(query.order_by(NOTES.c.seq.desc()).limit(limit))).all()
        return tuple(stored_prose.note(*row) for row in reversed(rows))

    async def submit(self, name: str, arguments: Mapping[str, Any], by: str) -> int:
        """Queue a command for the daemon; return its id. Raises Temporary when too many wait already."""
        row = {"name": name, "arguments": json.dumps(dict(arguments)), "by": by, "at": self._clock.now()}
        row |= {"done": False, "ok": False, "answer": "", "exit_code": 0}
        async with self._writing() as connection:
            waiting = await connection.scalar(select(func.count()).where(~COMMANDS.c.done))
            if (waiting or 0) >= retention.COMMANDS_WAITING_MAX:
                raise Temporary(f"{retention.COMMANDS_WAITING_MAX} commands wait already: is the daemon running?")
            return await add(connection, COMMANDS, COMMANDS.c.id, row)

    async def commands(self) -> Sequence[Command]:
        """Return the commands without an answer, oldest first."""
        async with self._reading() as connection:
            rows = await connection.execute(select(COMMANDS).where(~COMMANDS.c.done).order_by(COMMANDS.c.id))
            return tuple(_command(row) for row in rows)

    async def answer(self, command_id: int, *, ok: bool, text: str, exit_code: int) -> bool:
        """Record the answer to a command and return True; return False and change nothing if it has one already."""
        async with self._writing() as connection:
            return await write_answer(connection, CommandAnswer(command_id, ok, text, exit_code))

    async def command(self, command_id: int) -> Command | None:
        """Return one command."""
        async with self._reading() as connection:
            row = (await connection.execute(select(COMMANDS).where(COMMANDS.c.id == command_id))).first()
        return None if row is None else _command(row)

    async def asked(
        self, limit: int = 200, *, before: int | None = None, not_allowed: bool | None = None
    ) -> Sequence[Command]:
        """Return the commands of people, answered or not, newest first."""
        query = select(COMMANDS)
        query = query if before is None else query.where(COMMANDS.c.id < before)
        if not_allowed is not None:
            query = query.where(ITS_AUTHOR_MAY_NOT if not_allowed else ~ITS_AUTHOR_MAY_NOT)
        async with self._reading() as connection:
            rows = await connection.execute(query.order_by(COMMANDS.c.id.desc()).limit(limit))
            return tuple(_command(row) for row in rows)

    async def survey(self) -> StoreSurvey:
        """Return what the store says about itself, in one snapshot; workers are judged by the database's clock."""
        waiting = select(EFFECTS.c.created_at).where(EFFECTS.c.status == PENDING).order_by(EFFECTS.c.created_at)
        living = select(WORKERS.c.name, WORKERS.c.ailment).where(WORKERS.c.expires > self._backend.now)
        arrived = select(DELIVERIES.c.channel, func.max(DELIVERIES.c.at).label("at")).group_by(DELIVERIES.c.channel)
        async with self._reading() as connection:
            return StoreSurvey(
                size_bytes=await connection.scalar(select(self._backend.size_bytes)),
                oldest_at=await connection.scalar(select(func.min(EVENTS.c.at))),
                workers={row.name: row.ailment for row in await connection.execute(living)},
                waiting_since=tuple(await connection.scalars(waiting.limit(WAITING_MAX))),
                arrived_at={row.channel: row.at for row in await connection.execute(arrived)},
            )


def _arguments(text: str) -> dict[str, Any] | None:
    """Return the arguments of a command; None for JSON that no surface writes: another shape, NaN, lone surrogates."""
    try:
        found = json.loads(text)
        # Python's own reader accepts NaN and lone surrogates; the JSON of the console could not carry either.
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _command(row: Row[Any]) -> Command:
    arguments = _arguments(row.arguments)
    return Command(
        id=row.id,
        name=row.name,
        arguments=arguments or {},
        by=row.by,
        done=row.done,
        ok=row.ok,
        answer=row.answer,
        exit_code=row.exit_code,
        at=row.at,
        readable=arguments is not None,
    )
