"""The way down from a migration by the command line: once an incident, by a named person, with a dump before it."""

import pytest

from tests.app.databases.database_scene import Shop
from tests.cli.conftest import said
from watchdog.domain.remedies.database_step import DatabaseAction, StepOutcome

pytestmark = pytest.mark.long

DOWN = ("migrate-down", "web", "--incident", "web-1")
COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_name = 'my Table'"


def columns(shop: Shop) -> list[str]:
    return sorted(name for (name,) in shop.server.execute(COLUMNS, shop.url))


def test_it_needs_a_dump_and_a_name_and_runs_once_an_incident(shop: Shop) -> None:
    """Until then nothing is changed, nor recorded; the plan says what would be run."""
    refused = shop.typed(*DOWN, "--as", "ann", code=3)
    assert "there is no dump of web" in refused and refused.endswith("Handbook: watchdog docs database\n")
    shop.dumped()
    assert "--as: not given" in shop.typed(*DOWN, code=2)
    assert "web has no incident api-1" in shop.typed("migrate-down", "web", "--incident", "api-1", "--as", "a", code=3)
    planned = " ".join(shop.typed(*DOWN, "--dry-run", code=0).split())
    assert f"runs `{shop.down}` once, without a shell" in planned
    assert planned.endswith("To do it: watchdog database migrate-down web --incident web-1 --as NAME")
    assert columns(shop) == ["id", "price"] and [one.action.value for one in shop.steps()] == ["dump"]

    done = shop.typed(*DOWN, "--as", "ann", code=0)
    assert "migrate-down: DONE" in done and "the schema has changed" in done and columns(shop) == ["id"]
    assert shop.steps()[-1].by == said("ann")
    assert shop.timeline()[-1] == "database of web: migrate-down: done (the schema has changed)"

    again = shop.typed(*DOWN, "--as", "ann", code=3)
    assert "it was run for web-1 before (done), and each run goes down further" in again
    planned = shop.typed(*DOWN, "--as", "ann", "--again", "--dry-run", code=0)
    assert planned.endswith("watchdog database migrate-down web --incident web-1 --again --as ann\n")
    shop.script(shop.down, "true")
    assert "the schema is as it was before" in shop.typed(*DOWN, "--as", "ann", "--again", code=0)


def test_a_dump_that_is_too_old_or_was_changed_is_none(shop: Shop) -> None:
    path = shop.dumps / shop.dumped()
    path.write_bytes(path.read_bytes()[:-1])
    assert "is not what its checksum says" in shop.typed(*DOWN, "--as", "ann", code=3)
    file = shop.folder / "watchdog.yaml"
    file.write_text(file.read_text().replace("migrate_down:", "fresh: 100ms, migrate_down:"))
    assert "old (limit 0.1 s): first watchdog database dump web" in shop.typed(*DOWN, "--as", "ann", code=3)
    assert columns(shop) == ["id", "price"] and [one.action.value for one in shop.steps()] == ["dump"]


@pytest.mark.parametrize(
    ("before", "after", "saw"),
    [
        pytest.param("kill -9 $PPID", "", "the schema is not as it was before", id="it goes on alone"),
        pytest.param("", "kill -9 $PPID", "the schema is not as it was before", id="after its work"),
        pytest.param("kill -9 $PPID; exit", "", "the schema is as it was before", id="before its work"),
    ],
)
def test_killed_its_outcome_is_unknown_and_it_is_not_repeated(shop: Shop, before: str, after: str, saw: str) -> None:
    """The next command says so, with the look to make; a person who has looked may order it again."""
    dump = shop.dumped()
    whole = shop.data()
    shop.script(shop.down, f"{before}\n{shop.down_line}\n{after}")
    shop.killed(*DOWN, "--as", "ann")
    step = shop.settled()
    assert (step.action, step.outcome) == (DatabaseAction.MIGRATE_DOWN, StepOutcome.UNKNOWN)
    assert saw in step.note and "look at the schema before anything else" in step.note
    assert step.note in shop.timeline()[-1]
    assert "it was run for web-1 before (unknown)" in shop.typed(*DOWN, "--as", "bob", code=3)
    shop.typed("restore", "web", "--dump", dump, "--as", "ann", code=0, answer="web")
    assert shop.data() == whole


def test_a_command_that_fails_is_told_with_its_code(shop: Shop) -> None:
    """Its words go to the terminal, it has no secret of the daemon's; what is not there is refused before it begins."""
    shop.dumped()
    shop.script(shop.down, "env; exit 7")
    failed = shop.typed(*DOWN, "--as", "ann", code=1)
    assert "it ended with code 7; the schema is as it was before" in " ".join(failed.split())
    assert shop.url in failed and "WATCHDOG_HTTP_TOKEN" not in failed
    shop.down.unlink()
    assert "there is no program" in shop.typed(*DOWN, "--as", "ann", "--again", code=3)
    assert [one.verdict for one in shop.steps()] == ["done", "failed"]
