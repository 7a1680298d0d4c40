"""The way down from a migration: the command of the configuration, run once an incident."""

import os
from dataclasses import dataclass

from watchdog.adapters.databases.programs import named, standard_error
from watchdog.app.databases.database_ground import DatabaseGround
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import Permanent, Refused, Temporary
from watchdog.domain.remedies.database_step import DatabaseAction, DatabaseStep, StepOutcome
from watchdog.domain.units import show_seconds
from watchdog.presentation.databases import database_text as words

AGAIN = "--again"


@dataclass(frozen=True, slots=True)
class MigrateDownStep:
    """One migration down."""

    ground: DatabaseGround

    async def plan(self) -> list[str]:
        """Return what it would do. Raises Refused where it cannot be done now."""
        here, command = self.ground, self._command()
        dump, now = await here.fresh_dump(), here.clock.now()
        limit = show_seconds(here.shape.fresh)
        return words.plan_lines(
            here.programs.connection.place,
            f"runs `{named(command)}` once, without a shell and without input, in this folder, with the variables of "
            "this shell",
            "what that command changes; it may lose data, which the dump still has",
            f"a dump younger than {limit}: {words.show_dump(dump.name, dump.at, dump.size, now)}",
            "needs the name of the person who orders it: --as NAME; once an incident",
        )

    async def run(self, by: str, incident: str, *, again: bool) -> DatabaseStep:
        """Run it, and return the step. Raises Refused before anything is run."""
        here, command = self.ground, self._command()
        await here.check_incident(incident)
        await here.settle()
        await self._check_once(incident, again=again)
        await here.fresh_dump()
        schema = await here.database.schema()
        step = await here.begin(DatabaseAction.MIGRATE_DOWN, by, incident, schema=schema)
        await here.note(step)
        here.tell(f"running {named(command)}")
        out = standard_error()
        try:
            code = await here.programs.ran_command(command, out)
        except OSError as error:
            return await here.end(step, StepOutcome.FAILED, f"{command[0]} was not started ({error.strerror})")
        finally:
            os.close(out)
        seen = await self._seen(schema)
        if code == 0:
            return await here.end(step, StepOutcome.DONE, seen)
        return await here.end(step, StepOutcome.FAILED, f"it ended with code {code}; {seen}: {words.LOOK}")

    def _command(self) -> list[str]:
        here, command = self.ground, self.ground.shape.words
        if not command:
            raise Refused(f"services.{here.service}.database has no migrate_down: write the command there")
        if here.programs.found(command[0]) is None:
            raise Refused(f"there is no program {command[0]} on PATH: type this where the command can run")
        return command

    async def _check_once(self, incident: str, *, again: bool) -> None:
        """Raise Refused if it was run for this incident, with any outcome: each run goes down further."""
        here = self.ground
        steps = await here.store.database_steps(here.service)
        earlier = [one for one in steps if one.action is DatabaseAction.MIGRATE_DOWN and one.incident == incident]
        if earlier and not again:
            how = command_line("database status", here.service)
            raise Refused(
                f"it was run for {incident} before ({earlier[0].verdict}), and each run goes down further: {how}; "
                f"{words.LOOK}; {AGAIN} runs it once more"
            )

    async def _seen(self, before: str) -> str:
        try:
            same = await self.ground.database.schema() == before
        except (Temporary, Permanent) as error:
            return f"the schema could not be read ({error})"
        return "the schema is as it was before" if same else "the schema has changed"
