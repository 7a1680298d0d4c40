"""The ground of a step on a database, and the question of a restore: scripts answer in the place of PostgreSQL's."""

import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.app.scenes import settings_of
from tests.cli import examples as x
from tests.support.clocks import FakeClock
from watchdog.adapters.databases import dump_files
from watchdog.adapters.databases.connection import connection
from watchdog.adapters.databases.programs import Programs
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.app.databases.database_ground import DatabaseGround
from watchdog.app.databases.dump_step import DumpStep
from watchdog.app.databases.restore_step import ANSWER_SECONDS, RestoreStep
from watchdog.domain.errors import Permanent, Refused, Temporary
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.remedies.database_step import DatabaseAction, DatabaseStep, StepOutcome
from watchdog.domain.store_records import Write
from watchdog.settings.schema.database_schema import DatabaseShape

DONE, FAILED, UNKNOWN = StepOutcome.DONE, StepOutcome.FAILED, StepOutcome.UNKNOWN
PSQL = """
read -r first
case "$first" in
  BEGIN*) echo 77; cat > /dev/null; exit {ends};;
  *txid_status*) {status};;
esac
"""
"""Counts no rows, takes a restore as transaction 77, and says what came of that."""


@dataclass
class Shop:
    """A service's database as three scripts, and the record in memory."""

    folder: Path
    lock: int
    clock: FakeClock = field(default_factory=lambda: FakeClock(x.BEGIN))

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.clock)
        self.told: list[str] = []
        self.answers()
        self.script("pg_restore", "exit 0")
        self.settings = settings_of(self.folder)

    def script(self, name: str, text: str) -> None:
        path = self.folder / "programs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def answers(self, status: str = "echo committed", ends: int = 0) -> None:
        self.script("psql", PSQL.format(status=status, ends=ends))

    def ground(self, service: str = "web") -> DatabaseGround:
        places = {"folder": str(self.folder / "dumps"), "programs": str(self.folder / "programs")}
        shape = DatabaseShape.model_validate({"url_env": "SHOP_URL", **places})
        programs = Programs(shape.programs, {}, connection("postgresql://ann@/shop", "SHOP_URL"), self.lock)
        return DatabaseGround(self.settings, service, shape, self.store, self.clock, programs, self.told.append)

    def dumped(self) -> dump_files.Dump:
        folder, name = self.folder / "dumps", dump_files.new_name("web", self.clock.now(), 1)
        with dump_files.open_part(folder, name) as file:
            file.write(b"all of it")
        return dump_files.finish(folder, name)

    async def restore(self, typed: str = "web", meanwhile: Callable[[], None] = lambda: None) -> DatabaseStep:
        async def ask(lines: Sequence[str]) -> str:
            meanwhile()
            return typed

        return await RestoreStep(self.ground()).run(self.dumped().name, "said:ann", "", ask)

    async def left(self, **fields: Any) -> DatabaseStep:
        """Leave a restore without an outcome, as a process that was killed does."""
        step = DatabaseStep(self.clock.now(), "web", DatabaseAction.RESTORE, "said:ann", platform.node())
        begun = await self.store.begin_database_step(replace(step, **{"transaction": "77", **fields}))
        assert begun is not None
        return begun

    async def last(self) -> DatabaseStep:
        return (await self.store.database_steps("web"))[0]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with ExitStack() as stack:
        yield Shop(tmp_path, stack.enter_context(dump_files.locked(tmp_path / "dumps", "web")))


async def test_a_step_is_for_an_incident_of_its_own_service(shop: Shop) -> None:
    """Or for none; the line in its timeline is about this database."""
    await shop.store.save(Write(State(services={"web": ServiceState("web", incident=x.incident())})))
    await shop.ground().check_incident("web-1")
    await shop.ground("api").check_incident("")
    for service, incident in (("api", "web-1"), ("web", "web-9")):
        with pytest.raises(Refused, match=f"{service} has no incident {incident}"):
            await shop.ground(service).check_incident(incident)


@pytest.mark.parametrize(
    ("status", "fields", "outcome", "note"),
    [
        ("echo committed", {}, DONE, "after the database had committed it"),
        ("echo aborted", {}, FAILED, "the database took nothing of it"),
        ("echo", {}, UNKNOWN, "the database does not know its transaction any more: look at it"),
        ("exit 9", {"transaction": ""}, FAILED, "before it began: nothing was changed"),
    ],
)
async def test_what_a_killed_restore_came_to_is_the_servers_own_word(
    shop: Shop, status: str, fields: dict[str, str], outcome: StepOutcome, note: str
) -> None:
    """A server forgets old transactions: then a person looks."""
    await shop.left(**fields)
    shop.answers(status)
    settled = await shop.ground().settle()
    assert settled == await shop.last() and settled is not None and settled.outcome is outcome and note in settled.note
    assert await shop.ground().settle() is None


@pytest.mark.parametrize(
    ("status", "fields", "error", "why"),
    [
        ("echo in progress", {}, Refused, "still under way in the database"),
        ("echo 'no answer' >&2; exit 2", {}, Temporary, "psql: no answer"),
        ("echo committed", {"host": "another-machine"}, Refused, "was begun on another-machine and has no outcome"),
    ],
)
async def test_what_is_not_over_or_does_not_answer_has_no_outcome_yet(
    shop: Shop, status: str, fields: dict[str, str], error: type[Exception], why: str
) -> None:
    """The next command asks again, and none begins before; what another machine began, a person settles."""
    await shop.left(**fields)
    shop.answers(status)
    with pytest.raises(error, match=why):
        await shop.ground().settle()
    assert (await shop.last()).outcome is None
    shop.answers()
    settled = await shop.ground().settle(elsewhere=True)
    assert settled is not None and settled.outcome is DONE


@pytest.mark.parametrize(
    ("status", "outcome", "found"),
    [
        ("echo committed", DONE, "the database has committed it"),
        ("echo aborted", FAILED, "nothing was changed"),
        ("echo in progress", UNKNOWN, "does not say what came of it: look at it"),
        ("echo", UNKNOWN, "does not say what came of it: look at it"),
        ("exit 2", UNKNOWN, "does not say what came of it (psql: )"),
    ],
)
async def test_after_an_error_the_database_itself_says_what_came_of_a_restore(
    shop: Shop, status: str, outcome: StepOutcome, found: str
) -> None:
    """An error at the end may come after the commit, or before the server has noticed."""
    shop.answers(status, ends=3)
    step = await shop.restore()
    assert step.outcome is outcome and step.note.startswith("psql failed (code 3)") and found in step.note


async def test_an_answer_that_comes_too_late_restores_nothing(shop: Shop) -> None:
    """More is lost by then than the question said."""
    with pytest.raises(Refused, match="the answer came too late"):
        await shop.restore(meanwhile=lambda: shop.clock.freeze(ANSWER_SECONDS + 1.0))
    assert await shop.store.database_steps("web") == ()
    assert (await shop.restore(meanwhile=lambda: shop.clock.freeze(ANSWER_SECONDS - 1.0))).outcome is DONE


async def test_a_file_of_that_name_elsewhere_is_not_the_dump(shop: Shop) -> None:
    """A person who writes a path means that file: what is not in the folder has no checksum that counts."""
    dump, step = shop.dumped(), RestoreStep(shop.ground())
    for written in (dump.name, str(dump.path)):
        assert (await step.question(written)).dump == dump
    for written in (f"/elsewhere/{dump.name}", f"./{dump.name}", "web-1.dump"):
        with pytest.raises(Refused, match="is no dump of web in "):
            await step.question(written)


async def test_what_a_failed_dump_had_written_is_removed(shop: Shop) -> None:
    shop.script("pg_dump", "echo half; exit 7")
    with pytest.raises(Permanent, match="pg_dump failed"):
        await DumpStep(shop.ground()).run("terminal:ann", "")
    assert (await shop.last()).outcome is FAILED
    assert [one.name for one in (shop.folder / "dumps").iterdir()] == [".web.lock"]
