"""The restore of a dump by the command line: approved by name, in one transaction, killed at each point."""

import pytest

from tests.app.databases.database_scene import Shop
from tests.cli.conftest import said
from watchdog.domain.remedies.database_step import StepOutcome

pytestmark = pytest.mark.long

CHANGED = """
DELETE FROM orders WHERE id <= 20;
UPDATE orders SET what = 'changed' WHERE id = 100;
ALTER TABLE "Odd"."my Table" DROP COLUMN price;
CREATE TABLE later (id int);
INSERT INTO later VALUES (1);
"""


def restore(dump: str, *more: str) -> tuple[str, ...]:
    return ("restore", "web", "--dump", dump, "--incident", "web-1", "--as", "ann", *more)


def test_a_dump_comes_back_after_the_question_that_says_what_is_lost(shop: Shop) -> None:
    """Dump, migrate down, restore: the data are equal. The record has what was approved, and by whom."""
    dump, whole = shop.dumped(), shop.data()
    shop.typed("migrate-down", "web", "--incident", "web-1", "--as", "ann", code=0)
    shop.server.execute(CHANGED.replace("ALTER", "--"), shop.url)
    planned = " ".join(shop.typed(*restore(dump), "--dry-run", code=0).split())
    assert planned.endswith(f"watchdog database restore web --dump {dump} --incident web-1 --as ann")
    assert f"LOST Everything written since the dump. It holds: {dump}: made 2" in planned and " ago, 6" in planned
    assert "public.orders: 480 rows now, 500 in the dump" in planned
    assert "public.later: not in the dump, stays with its 1 rows" in planned
    assert "1 table with as many rows as then: rows changed since are lost as well" in planned
    said_then = " ".join(shop.typed(*restore(dump), code=0, answer="web").split())
    assert "To restore, type the name of the service (web)" in said_then
    assert "web, restore: DONE committed; 2 tables have the rows of the dump" in said_then
    assert shop.data() == whole
    step = shop.steps()[-1]
    assert step.by == said("ann") and "public.orders: 480 rows now, 500 in the dump" in step.approved
    assert "approved: LOST Everything written" in shop.timeline()[-2]
    assert shop.server.execute("SELECT * FROM later", shop.url) == [(1,)]


def test_nothing_is_restored_without_a_named_persons_word(shop: Shop) -> None:
    dump = shop.dumped()
    shop.server.execute(CHANGED, shop.url)
    now = shop.server.execute("SELECT * FROM orders", shop.url)
    assert "--as: not given" in shop.typed("restore", "web", "--dump", dump, code=2)
    assert "at a terminal, and there is none" in shop.typed(*restore(dump), code=3)
    for typed in ("", "yes", "api"):
        assert "not approved: web was not typed" in shop.typed(*restore(dump), code=3, answer=typed)
    assert "is no dump of web in" in shop.typed(*restore("web-1.dump"), code=3, answer="web")
    path = shop.dumps / dump
    path.write_bytes(path.read_bytes() + b"x")
    assert "is not what its checksum says" in shop.typed(*restore(dump), code=3, answer="web")
    assert [one.action.value for one in shop.steps()] == ["dump"]
    assert shop.server.execute("SELECT * FROM orders", shop.url) == now


NOT_SENT = "killed before it began: nothing was changed"
NOT_TAKEN = "killed; the database took nothing of it: nothing was changed"
TAKEN = "killed after the database had committed it: all of it is in force"
OF_RESTORE = 'case "$*" in *--clean*) touch restoring; {};; *) REAL;; esac'


@pytest.mark.parametrize(
    ("program", "script", "note"),
    [
        # The first call of psql counts the rows, the second one is the restore.
        pytest.param("psql", "echo >> calls; test $(wc -l < calls) = 2 && KILL; REAL", NOT_SENT, id="before it began"),
        pytest.param("pg_restore", OF_RESTORE.format("KILL"), NOT_TAKEN, id="begun, nothing sent"),
        pytest.param("pg_restore", OF_RESTORE.format("REAL | head -c 4000; KILL"), NOT_TAKEN, id="half sent"),
        pytest.param(
            "pg_restore", OF_RESTORE.format("REAL | grep -v ^COMMIT; KILL"), NOT_TAKEN, id="all sent but the end"
        ),
        pytest.param("psql", "echo >> calls; REAL; test $(wc -l < calls) = 2 && KILL", TAKEN, id="committed"),
    ],
)
def test_killed_all_of_it_is_in_force_or_nothing(shop: Shop, program: str, script: str, note: str) -> None:
    """The next command asks the database itself; what was not restored can be restored then."""
    dump, whole = shop.dumped(), shop.data()
    shop.server.execute(CHANGED.replace("ALTER", "--"), shop.url)
    changed = shop.data()
    with shop.killing(program, script):
        shop.killed(*restore(dump), answer="web")
    step = shop.settled()
    assert step.note.endswith(note) and step.outcome is (StepOutcome.DONE if note == TAKEN else StepOutcome.FAILED)
    assert shop.data() == (whole if note == TAKEN else changed)
    shop.typed(*restore(dump), code=0, answer="web")
    assert shop.data() == whole


def test_a_restore_that_fails_in_the_middle_changes_nothing(shop: Shop) -> None:
    """A newer table that refers to one of the dump keeps it from being replaced; a program that ends early counts."""
    dump = shop.dumped()
    shop.server.execute("CREATE TABLE later (id int REFERENCES orders); DELETE FROM orders WHERE id < 9", shop.url)
    changed = shop.data()
    failed = " ".join(shop.typed(*restore(dump), code=1, answer="web").split())
    assert "restore: FAILED psql failed (code 3)" in failed and "the database took nothing of it" in failed
    shop.server.execute("DROP TABLE later", shop.url)
    with shop.killing("pg_restore", OF_RESTORE.format("REAL | grep -v ^COMMIT; exit 9")):
        assert "pg_restore failed (code 9)" in shop.typed(*restore(dump), code=1, answer="web")
    assert shop.data() == changed


def test_a_step_of_another_machine_is_looked_up_by_order_alone(shop: Shop) -> None:
    """Here nothing tells whether it still works there."""
    dump = shop.dumped()
    with shop.killing("pg_restore", OF_RESTORE.format("KILL")):
        shop.killed(*restore(dump), answer="web")
    shop.elsewhere()
    refused = shop.typed("dump", "web", code=3)
    assert "restore of web was begun on another-machine and has no outcome" in refused
    assert shop.settled().outcome is StepOutcome.FAILED
    shop.dumped()
