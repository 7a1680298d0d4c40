"""The shape of `services.*.database`: what a person's commands need to dump, migrate down and restore it."""

import re
import shlex
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Strict

from watchdog.adapters.json_schema_hooks import written_as
from watchdog.domain.remedies.database_step import DatabaseAction
from watchdog.settings.schema.tuning import BoundedDuration, Section

VARIABLE = r"(?!WATCHDOG_)[A-Z_][A-Z0-9_]{0,99}"
FRESH_SECONDS = 1800.0
COMMAND_MAX = 1000


def _variable(text: str) -> str:
    # The daemon's own variables are secrets of its own, and of no database of a site.
    if not re.fullmatch(VARIABLE, text):
        raise ValueError("not a variable of the environment: write its name, as in WEB_DATABASE_URL (not the url)")
    return text


def _folder(value: object) -> object:
    # Whole: a person types the commands in any folder.
    if not isinstance(value, str) or not value.startswith("/") or re.search(r"[\x00-\x1f]", value):
        raise ValueError("not a whole path: write one from the root, as in /var/backups/web")
    return value


def _command(text: str) -> str:
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    if not words or len(text) > COMMAND_MAX or not text.isprintable():
        raise ValueError('not a command: write its words, quoted as in a shell, as in "alembic downgrade -1"')
    return text


Folder = Annotated[Path, Strict(False), BeforeValidator(_folder), written_as(r"^/", "/var/backups/web")]


class DatabaseShape(Section):
    """The database of one service, for the commands of a person; the daemon never connects to it."""

    url_env: Annotated[str, AfterValidator(_variable), written_as(r"^[A-Z_][A-Z0-9_]{0,99}$", "WEB_DATABASE_URL")]
    folder: Folder
    migrate_down: Annotated[str, AfterValidator(_command)] | None = None
    programs: Folder | None = None  # None: those on PATH
    fresh: BoundedDuration = FRESH_SECONDS

    @property
    def steps(self) -> tuple[DatabaseAction, ...]:
        """Return the steps that come before a rollback over a migration, as far as they are configured."""
        return (DatabaseAction.DUMP, *([DatabaseAction.MIGRATE_DOWN] if self.migrate_down else []))

    @property
    def words(self) -> list[str]:
        """Return the words of the command that migrates down; none without one."""
        return shlex.split(self.migrate_down or "")
