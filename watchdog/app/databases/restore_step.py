"""The restore of a dump: one transaction, and only after a named person has typed the service's name to the question
that says what is lost.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from watchdog.adapters.databases.dump_files import Dump
from watchdog.adapters.databases.postgres_database import Transaction
from watchdog.app.databases.database_ground import DatabaseGround
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import Permanent, Refused, Temporary
from watchdog.domain.remedies.database_step import DatabaseAction, DatabaseStep, StepOutcome
from watchdog.domain.units import show_seconds
from watchdog.presentation.databases import database_text as words

Ask = Callable[[Sequence[str]], Awaitable[str]]
"""Shows a question to the person at the terminal, and returns what was typed."""
ANSWER_SECONDS = 600.0
"""How long an answer may take: what is lost grows meanwhile."""
SHOWN_DUMPS = 5


@dataclass(frozen=True, slots=True)
class Question:
    """What a restore would do."""

    dump: Dump
    rows: Mapping[str, int]  # of each table, in the dump
    lines: list[str]  # the plan, and what is lost
    lost: str  # what is lost, on one line, for the record


@dataclass(frozen=True, slots=True)
class RestoreStep:
    """One restore."""

    ground: DatabaseGround

    async def question(self, written: str) -> Question:
        """Return the plan and what would be lost. Raises Refused where it cannot be done now."""
        here = self.ground
        dump = self._named(written)
        await here.whole(dump)
        newest = await here.fresh_dump()
        here.tell("counting the rows of the dump, and the present ones")
        then = await here.database.rows_in(dump.path)
        now, why = await self._rows()
        at = here.clock.now()
        plan = words.plan_lines(
            here.programs.connection.place,
            "replaces what the dump has, in one transaction; killed or failed, it has changed nothing. Programs that "
            "use the tables wait meanwhile: stop the service first, or put it into maintenance",
            "all of these tables, and the schema as it was then",
            f"a dump younger than {show_seconds(here.shape.fresh)}, to undo it: "
            f"{words.show_dump(newest.name, newest.at, newest.size, at)}",
            f"a named person (--as NAME) types the name of the service, within {show_seconds(ANSWER_SECONDS)}",
        )
        lost = words.lost_lines(words.show_dump(dump.name, dump.at, dump.size, at), now, then, why)
        return Question(dump, then, [*plan, *lost], " ".join(" ".join(lost).split()))

    async def run(self, written: str, by: str, incident: str, ask: Ask) -> DatabaseStep:
        """Ask, restore, look, and return the step. Raises Refused before anything is changed."""
        here = self.ground
        await here.check_incident(incident)
        await here.settle()
        question = await self.question(written)
        asked_at = here.clock.monotonic()
        typed = await ask(question.lines)
        if typed != here.service:
            raise Refused(f"not approved: {here.service} was not typed. Nothing was changed")
        if here.clock.monotonic() - asked_at > ANSWER_SECONDS:
            raise Refused("the answer came too late, as more is lost by now. Nothing was changed: ask again")
        step = await here.begin(DatabaseAction.RESTORE, by, incident, dump=question.dump.name, approved=question.lost)
        await here.note(step)
        return await self._restored(step, question)

    async def _restored(self, step: DatabaseStep, question: Question) -> DatabaseStep:
        here, saved = self.ground, step

        async def begun(transaction: str) -> None:
            nonlocal saved
            saved = replace(step, transaction=transaction)
            await here.store.put_database_step(saved)
            here.tell(f"restoring {question.dump.name}, as transaction {transaction}")

        try:
            await here.database.restore(question.dump.path, begun)
        except Permanent as error:
            outcome, found = await self._looked(saved)
            return await here.end(saved, outcome, f"{error}; {found}")
        return await here.end(saved, StepOutcome.DONE, await self._compared(question.rows))

    async def _looked(self, step: DatabaseStep) -> tuple[StepOutcome, str]:
        """Ask the database itself: an error at the end of a transaction may come after its commit."""
        if not step.transaction:
            return StepOutcome.FAILED, "nothing was changed"
        try:
            found = await self.ground.database.transaction(step.transaction)
        except Temporary as error:
            return StepOutcome.UNKNOWN, f"the database does not say what came of it ({error}): look at it"
        if found is Transaction.ABORTED:
            return StepOutcome.FAILED, "the database took nothing of it: nothing was changed"
        if found is Transaction.COMMITTED:
            return StepOutcome.DONE, "the database has committed it"
        return StepOutcome.UNKNOWN, "the database does not say what came of it: look at it"

    async def _compared(self, then: Mapping[str, int]) -> str:
        now, why = await self._rows()
        if now is None:
            return f"committed; its rows could not be counted ({why})"
        other = words.different(now, then)
        if other:
            return f"committed; since then, or by other programs: {'; '.join(other[:SHOWN_DUMPS])}"
        return f"committed; {len(then)} tables have the rows of the dump"

    async def _rows(self) -> tuple[Mapping[str, int] | None, str]:
        try:
            return await self.ground.database.rows(), ""
        except Temporary as error:
            return None, str(error)

    def _named(self, written: str) -> Dump:
        """Return the dump of that name, or path."""
        here, known = self.ground, self.ground.dumps
        name = Path(written).name
        found = next((one for one in known if one.name == name and written in (name, str(one.path))), None)
        if found is None:
            names = ", ".join(one.name for one in known[:SHOWN_DUMPS])
            instead = (
                f"the newest are {names}" if names else f"there is none: {command_line('database dump', here.service)}"
            )
            raise Refused(f"{written} is no dump of {here.service} in {here.folder}: {instead}")
        return found
