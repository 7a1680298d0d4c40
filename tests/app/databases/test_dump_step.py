"""A dump of a real PostgreSQL by the command line: whole and checked, or nothing; killed at each point."""

import hashlib
import os
import stat
from dataclasses import replace

import pytest

from tests.app.databases.database_scene import VARIABLE, Shop
from tests.cli.conftest import ME, in_record
from watchdog.domain.remedies.database_step import DatabaseAction, StepOutcome

pytestmark = pytest.mark.long


def test_a_dump_is_whole_for_its_owner_alone_and_recorded(shop: Shop) -> None:
    """With its checksum beside it, in the record and in the timeline; the plan before it changes nothing."""
    planned = shop.typed("dump", "web", "--incident", "web-1", "--as", "Ann Lee", "--dry-run", code=0)
    assert planned.endswith("To do it: watchdog database dump web --incident web-1 --as 'Ann Lee'\n")
    assert "newest dump there: none yet" in " ".join(planned.split()) and "Nothing was changed." in planned
    assert not list(shop.dumps.glob("*.dump")) and shop.steps() == []
    said = shop.typed("dump", "web", "--incident", "web-1", code=0)
    assert "web, dump: DONE" in said and "2 tables, 502 rows" in said
    path = shop.dumps / shop.newest()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.with_name(f"{path.name}.sha256").read_text() == f"{digest}  {path.name}\n"
    assert [stat.S_IMODE(one.stat().st_mode) for one in shop.dumps.iterdir()] == [0o600] * 3
    assert stat.S_IMODE(shop.dumps.stat().st_mode) == 0o700
    (step,) = shop.steps()
    assert (step.action, step.outcome, step.dump) == (DatabaseAction.DUMP, StepOutcome.DONE, path.name)
    assert step.by == f"terminal:{ME}" and step.host == os.uname().nodename and step.incident == "web-1"
    begun, ended = shop.timeline()
    assert begun.endswith(f"begun on {step.host}") and "dump: done (2 tables, 502 rows" in ended


@pytest.mark.parametrize(
    ("program", "script"),
    [
        pytest.param("pg_dump", "KILL", id="before it writes"),
        pytest.param("pg_dump", "REAL | head -c 2000; KILL", id="half written"),
        pytest.param("pg_dump", "REAL; KILL", id="written, not read back"),
        pytest.param("pg_restore", "REAL > /dev/null; KILL", id="read back, not recorded"),
    ],
)
def test_a_killed_dump_leaves_nothing_and_is_made_anew(shop: Shop, program: str, script: str) -> None:
    with shop.killing(program, script):
        shop.killed("dump", "web")
    assert [one.verdict for one in shop.steps()] == ["unfinished"] and not list(shop.dumps.glob("*.dump"))
    assert "unfinished" in shop.typed("status", "web", code=0)
    assert shop.settled().outcome is StepOutcome.FAILED
    assert not list(shop.dumps.glob("*.part"))
    shop.dumped()
    assert [one.verdict for one in shop.steps()] == ["failed", "done"] and len(list(shop.dumps.glob("*.dump"))) == 1


def test_a_dump_that_was_whole_when_its_process_was_killed_counts(shop: Shop) -> None:
    """Between its name and its record; the next command finds it."""
    name = shop.dumped()
    (step,) = shop.steps()
    in_record(shop.folder, lambda store: store.put_database_step(replace(step, outcome=None, ended_at=None)))
    assert "killed after the dump was whole" in shop.typed("dump", "web", code=0)
    assert [one.verdict for one in shop.steps()] == ["done", "done"] and (shop.dumps / name).exists()


def test_a_dump_that_fails_or_is_damaged_is_no_dump(shop: Shop) -> None:
    """What pg_dump says is shown, without the password; a file that cannot be read back is not kept."""
    with shop.killing("pg_dump", "echo no room for secret-word >&2; exit 7"):
        url = f"postgresql://watchdog:secret-word@/x?host={shop.server.folder}"
        said = shop.typed("dump", "web", code=1, **{VARIABLE: url})
    assert "pg_dump failed (code 7): no room for ***" in said
    with shop.killing("pg_dump", "REAL | head -c 2000"):
        assert "pg_restore failed (code 1)" in shop.typed("dump", "web", code=1)
    assert [one.verdict for one in shop.steps()] == ["failed", "failed"]
    assert [one.name for one in shop.dumps.iterdir()] == [".web.lock"]


def test_while_a_program_of_a_killed_dump_works_no_other_step_begins(shop: Shop) -> None:
    """It holds the lock that its parent took; and it has no secret of the daemon's, nor the url in its words."""
    pipe, seen = shop.folder / "pipe", shop.folder / "seen"
    os.mkfifo(pipe)
    with shop.killing("pg_dump", f'echo "$@" > {seen}; env >> {seen}; KILL; cat {pipe}'):
        shop.killed("dump", "web")
        assert "under way on this machine" in shop.typed("dump", "web", code=3)
        pipe.write_text("end")
    words, *variables = seen.read_text().splitlines()
    assert words == "--format=custom --no-password"
    assert f"PGHOST={shop.server.folder}" in variables and "WATCHDOG_HTTP_TOKEN" not in seen.read_text()
    assert shop.settled().outcome is StepOutcome.FAILED
