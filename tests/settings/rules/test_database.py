"""The database of a service in the configuration: names and paths alone, no address; what a plan knows of it."""

from pathlib import Path

import pytest

from tests.settings.texts import SMALL, loaded, shown
from watchdog.domain.remedies.database_step import DatabaseAction
from watchdog.settings.schema.database_schema import DatabaseShape

GIVEN = "url_env: WEB_DATABASE_URL, folder: /var/backups/web"


def text(database: str = GIVEN) -> str:
    return SMALL.replace("    signals:", f"    database: {{{database}}}\n    signals:", 1)


def shape(database: str) -> DatabaseShape:
    found = loaded(text(database)).services["web"].database
    assert found is not None
    return found


def test_the_commands_get_it_and_decisions_its_steps_alone() -> None:
    """For texts: nothing is decided by them. Without a command to migrate down there is no such step."""
    found = shape(f"{GIVEN}, migrate_down: 'alembic -c \"my file\" downgrade -1', programs: /usr/lib/pg, fresh: 10m")
    assert (found.url_env, found.folder, found.fresh) == ("WEB_DATABASE_URL", Path("/var/backups/web"), 600.0)
    assert found.words == ["alembic", "-c", "my file", "downgrade", "-1"] and found.programs == Path("/usr/lib/pg")
    assert found.steps == (DatabaseAction.DUMP, DatabaseAction.MIGRATE_DOWN)
    bare = shape(GIVEN)
    assert (bare.fresh, bare.words, bare.programs, bare.steps) == (1800.0, [], None, (DatabaseAction.DUMP,))
    assert loaded(text()).policy.services["web"].database_steps == (DatabaseAction.DUMP,)
    without = loaded(SMALL)
    assert without.services["web"].database is None and without.policy.services["web"].database_steps == ()


@pytest.mark.parametrize(
    ("database", "says"),
    [
        ("folder: /var/backups/web", "database.url_env"),
        ("url_env: WEB_DATABASE_URL", "database.folder"),
        (
            GIVEN.replace("WEB_DATABASE_URL", "'postgresql://ann:secret@db/web'"),
            "url_env: looks like a secret; none belongs",
        ),
        (GIVEN.replace("WEB_DATABASE_URL", "'postgresql://db/web'"), "write its name, as in WEB_DATABASE_URL (not"),
        (GIVEN.replace("WEB_DATABASE_URL", "WATCHDOG_DATABASE_URL"), "not a variable of the environment"),
        (GIVEN.replace("WEB_DATABASE_URL", "web-url"), "not a variable of the environment"),
        (GIVEN.replace("/var/backups/web", "backups"), "not a whole path"),
        (GIVEN.replace("/var/backups/web", '"/var/\\nbackups"'), "not a whole path"),
        (f"{GIVEN}, programs: bin", "not a whole path"),
        (f'{GIVEN}, migrate_down: "alembic \'downgrade"', "not a command"),
        (f"{GIVEN}, migrate_down: ''", "not a command"),
        (f"{GIVEN}, fresh: 30", "database.fresh"),
        (f"{GIVEN}, restore: always", "database.restore"),
    ],
)
def test_what_is_refused_with_its_place(database: str, says: str) -> None:
    found = shown(text(database))
    assert says in found and "services.web.database" in found


def test_an_address_that_was_written_there_is_not_repeated() -> None:
    """It has a password: the mistake names the place, and what to write."""
    assert "s3cr3t" not in shown(text(GIVEN.replace("WEB_DATABASE_URL", "'postgresql://ann:s3cr3t@db/web'")))
