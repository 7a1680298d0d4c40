"""The dump of a database: written aside, read back, checked, and only then given its name."""

import asyncio
from dataclasses import dataclass, replace

from watchdog.adapters.databases import dump_files
from watchdog.app.databases.database_ground import DatabaseGround
from watchdog.domain.errors import Permanent
from watchdog.domain.remedies.database_step import DatabaseAction, DatabaseStep, StepOutcome
from watchdog.domain.units import show_bytes
from watchdog.presentation.databases import database_text as words
from watchdog.presentation.text import many


@dataclass(frozen=True, slots=True)
class DumpStep:
    """One dump."""

    ground: DatabaseGround

    def plan(self) -> list[str]:
        """Return what it would do."""
        here, now = self.ground, self.ground.clock.now()
        newest = next(iter(here.dumps), None)
        last = words.show_dump(newest.name, newest.at, newest.size, now) if newest is not None else "none yet"
        return words.plan_lines(
            here.programs.connection.place,
            f"pg_dump writes all of it to {here.folder}; the file is read back, table by table, and gets a checksum",
            "nothing in the database",
            f"room in that folder; the newest dump there: {last}",
            "anyone who may type commands here",
        )

    async def run(self, by: str, incident: str) -> DatabaseStep:
        """Make it, and return the step. Raises Permanent if it cannot be made; then nothing of it is kept."""
        here = self.ground
        await here.check_incident(incident)
        await here.settle()
        begun = await here.begin(DatabaseAction.DUMP, by, incident)
        step = replace(begun, dump=dump_files.new_name(here.service, begun.at, begun.number))
        await here.store.put_database_step(step)
        await here.note(step)
        try:
            dump, rows = await self._made(step.dump)
        except Permanent as error:
            dump_files.discard(here.folder, step.dump)
            await here.end(step, StepOutcome.FAILED, str(error))
            raise
        held = f"{many(len(rows), 'table')}, {sum(rows.values())} rows, {show_bytes(dump.size)}, read back"
        return await here.end(step, StepOutcome.DONE, held)

    async def _made(self, name: str) -> tuple[dump_files.Dump, dict[str, int]]:
        here = self.ground
        here.tell(f"dumping {here.programs.connection.place} to {here.folder / name}")
        with dump_files.open_part(here.folder, name) as file:
            await here.database.dump(file)
        here.tell("reading it back")
        rows = dict(await here.database.rows_in(dump_files.part_of(here.folder, name)))
        return await asyncio.to_thread(dump_files.finish, here.folder, name), rows
