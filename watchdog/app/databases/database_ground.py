"""What a step on a database stands on: its settings, the store, the folder of dumps under its lock, the programs.

Rule 1: a step is saved before it begins; its outcome is looked up if its process was killed, before the next one.
Rule 2: the lines of an incident's timeline follow what is saved; a timeline that cannot be written stops no step.
"""

import asyncio
import platform
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from watchdog.adapters.databases import dump_files
from watchdog.adapters.databases.connection import connection
from watchdog.adapters.databases.dump_files import Dump
from watchdog.adapters.databases.postgres_database import PostgresDatabase, Transaction
from watchdog.adapters.databases.programs import Programs
from watchdog.app.commands.annotate import annotate
from watchdog.app.commands.store_reading import reading
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import Permanent, Refused, Temporary
from watchdog.domain.remedies.database_step import DatabaseAction, DatabaseStep, StepOutcome
from watchdog.domain.units import show_seconds
from watchdog.ports import Clock, Store
from watchdog.presentation.databases import database_text as words
from watchdog.settings import Settings
from watchdog.settings.schema.database_schema import DatabaseShape

Tell = Callable[[str], None]
KILLED = "its process was killed"


@dataclass(frozen=True, slots=True)
class DatabaseGround:
    """The ground of the steps on one service's database. `tell` shows a line of progress."""

    settings: Settings
    service: str
    shape: DatabaseShape
    store: Store
    clock: Clock
    programs: Programs
    tell: Tell

    @property
    def database(self) -> PostgresDatabase:
        """Return the database itself."""
        return PostgresDatabase(self.programs)

    @property
    def folder(self) -> Path:
        """Return the folder of the dumps."""
        return self.shape.folder

    @property
    def dumps(self) -> list[Dump]:
        """Return the dumps of the service, newest first."""
        return dump_files.dumps(self.folder, self.service)

    async def fresh_dump(self) -> Dump:
        """Return the newest dump. Raises Refused if there is none that is young enough and whole."""
        newest, again = next(iter(self.dumps), None), command_line("database dump", self.service)
        if newest is None:
            raise Refused(f"there is no dump of {self.service} in {self.folder}: first {again}")
        age, limit = self.clock.now() - newest.at, show_seconds(self.shape.fresh)
        if age > self.shape.fresh:
            raise Refused(f"the newest dump is {show_seconds(age)} old (limit {limit}): first {again}")
        await self.whole(newest)
        return newest

    async def whole(self, dump: Dump) -> None:
        """Raise Refused if a dump is not what its checksum says."""
        if not await asyncio.to_thread(dump_files.is_whole, dump):
            raise Refused(f"{dump.name} is not what its checksum says: it is damaged, or was changed")

    async def check_incident(self, incident: str) -> None:
        """Raise Refused if the service has no such incident."""
        found = await self.store.incident(incident) if incident else None
        if incident and (found is None or found.service != self.service):
            raise Refused(f"{self.service} has no incident {incident}: {command_line('incidents')}")

    async def begin(
        self, action: DatabaseAction, by: str, incident: str, *, dump: str = "", approved: str = "", schema: str = ""
    ) -> DatabaseStep:
        """Save a step before it begins. Raises Refused while another one of the service is not finished."""
        step = DatabaseStep(self.clock.now(), self.service, action, by, platform.node(), incident=incident)
        begun = await self.store.begin_database_step(replace(step, dump=dump, approved=approved, schema=schema))
        if begun is None:
            how = command_line("database status", self.service)
            raise Refused(f"another step on the database of {self.service} is not finished: {how}")
        return begun

    async def end(self, step: DatabaseStep, outcome: StepOutcome, note: str = "") -> DatabaseStep:
        """Save the outcome of a step, and add it to the timeline."""
        ended = replace(step, outcome=outcome, note=note, ended_at=self.clock.now())
        await self.store.put_database_step(ended)
        await self.note(ended)
        return ended

    async def note(self, step: DatabaseStep) -> None:
        """Add a step's line to the timeline of its incident, as a person's note, which the audit shows as well."""
        if not step.incident:
            return
        given = {"incident": step.incident, "text": words.note_of(step), "root_cause": False}
        try:
            (answered,) = await annotate(self.settings, [("note", given)], step.by, self.clock)
            why = "" if answered.ok else answered.answer
        except (Temporary, Permanent) as error:
            why = str(error)
        if why:
            how = command_line("database status", self.service)
            self.tell(f"not in the timeline of {step.incident} ({why}); {how} has it")

    async def settle(self, *, elsewhere: bool = False) -> DatabaseStep | None:
        """Look up the outcome of a step whose process was killed, and record it; return the step, or None.

        The lock is held, so nothing of it still works on this machine. Raises Refused where it was begun on another
        one (unless `elsewhere`: it is over there), or is still under way in the database.
        """
        newest = next(iter(await self.store.database_steps(self.service, 1)), None)
        if newest is None or newest.ended_at is not None:
            return None
        if newest.host != platform.node() and not elsewhere:
            how = command_line("database status", self.service)
            raise Refused(
                f"{newest.action} of {self.service} was begun on {newest.host} and has no outcome: see there, {how}; "
                f"if it is over there for certain, {how} --settle here"
            )
        outcome, note = await self._outcome(newest)
        settled = await self.end(newest, outcome, note)
        self.tell(f"{newest.action} of {self.service}, begun by {newest.by}: {outcome}: {note}")
        return settled

    async def _outcome(self, step: DatabaseStep) -> tuple[StepOutcome, str]:
        """Look at what a killed process left."""
        if step.action is DatabaseAction.DUMP:
            if any(one.name == step.dump for one in self.dumps):
                return StepOutcome.DONE, f"{KILLED} after the dump was whole"
            if step.dump:
                dump_files.discard(self.folder, step.dump)
            return StepOutcome.FAILED, f"{KILLED}; what it had written is removed: make it anew"
        if step.action is DatabaseAction.MIGRATE_DOWN:
            same = await self.database.schema() == step.schema
            seen = "the schema is as it was before" if same else "the schema is not as it was before"
            return StepOutcome.UNKNOWN, f"{KILLED}; {seen}: {words.LOOK}"
        if not step.transaction:
            return StepOutcome.FAILED, f"{KILLED} before it began: nothing was changed"
        found = await self.database.transaction(step.transaction)
        if found is Transaction.IN_PROGRESS:
            raise Refused(f"the restore of {step.dump} is still under way in the database: ask again in a minute")
        if found is Transaction.FORGOTTEN:
            return StepOutcome.UNKNOWN, f"{KILLED}; the database does not know its transaction any more: look at it"
        if found is Transaction.COMMITTED:
            return StepOutcome.DONE, f"{KILLED} after the database had committed it: all of it is in force"
        return StepOutcome.FAILED, f"{KILLED}; the database took nothing of it: nothing was changed"


@asynccontextmanager
async def opened(
    settings: Settings, service: str, environ: Mapping[str, str], clock: Clock, tell: Tell
) -> AsyncIterator[DatabaseGround]:
    """Yield the ground of a step. Raises Refused without `database:`, and while another step is under way."""
    shape = settings.services[service].database
    if shape is None:
        raise Refused(f"services.{service} has no database: in the configuration; add url_env and folder")
    url = environ.get(shape.url_env)
    if not url:
        raise Refused(f"the variable {shape.url_env} is not set in this shell: it holds the address of the database")
    meant = connection(url, shape.url_env)
    with dump_files.locked(shape.folder, service) as lock:
        async with reading(settings, clock) as store:
            programs = Programs(shape.programs, environ, meant, lock)
            yield DatabaseGround(settings, service, shape, store, clock, programs, tell)
