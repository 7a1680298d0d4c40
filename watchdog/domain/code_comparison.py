"""The difference between two versions of the code, as their repository reports it; and the migrations in it."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from watchdog.domain.deploys import Commit
from watchdog.domain.texts.prose import Prose

SHOWN_COMMITS, SHOWN_FILES = 3, 4
"""The number of commits and files that are named in one line; the rest are counted."""
# GitHub's comparison names at most 300 files, and does not say that it left some out.
FILES_MAX = 300
"""The most files that a repository names: with so many, there may be more."""
# From git's short form of 7 characters to an id of SHA-256, which a repository may use instead of SHA-1.
_SHA = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The commits and files between two commits."""

    base: str  # commit it starts from: the rollback target, or the code before the suspect
    head: str  # commit it leads to: the suspect
    status: str  # ahead, behind, identical or diverged: where `head` is, as seen from `base`
    total: int = 0  # commits between the two
    commits: tuple[Commit, ...] = ()  # the newest of them, newest first
    files: tuple[str, ...] = ()  # names of the files that differ
    href: str = ""  # page of the repository that shows it all
    messages: tuple[tuple[str, str], ...] = ()  # commit and whole message, of those that were read

    @property
    def is_whole(self) -> bool:
        """Return whether no file and no message is missing."""
        return len(self.files) < FILES_MAX and len(self.messages) >= self.total

    @property
    def authors(self) -> tuple[str, ...]:
        """Return the authors of the commits, each once, the author of the newest commit first."""
        return tuple(dict.fromkeys(commit.author for commit in self.commits if commit.author))

    @property
    def summary(self) -> str:
        """Return the commits and files in one line; a notice cuts it at 500 characters."""
        if self.status == "identical":
            return "none: it is the code of the target"
        if self.status == "behind":
            return "none: it is older than the target"
        apart = "; the target is not among its ancestors" if self.status == "diverged" else ""
        return f"{named(self.commits, self.total)}; {_files(self.files)}{apart}"


# Django, Prisma, Sequelize, Knex, Laravel, EF Core, Supabase; Rails; Alembic; Flyway (two); Liquibase; Drizzle.
MIGRATION_PATHS = (
    "**/migrations/**",
    "**/db/migrate/**",
    "**/alembic/versions/**",
    "**/db/migration/**",
    "**/V*__*.sql",
    "**/db/changelog/**",
    "**/drizzle/**/*.sql",
)
"""The patterns of migrations that are shipped."""


@dataclass(frozen=True, slots=True)
class MigrationRules:
    """How a deploy is recognised that migrates a database."""

    paths: tuple[str, ...] = ()  # patterns of files, as in `**/migrations/**`; empty: no files are compared
    marker: str = "watchdog: migration"  # text in the message of a commit, in any case

    @property
    def key(self) -> str:
        """Return a short text that differs for other rules."""
        return f"{zlib.crc32(repr((self.paths, self.marker)).encode()):08x}"

    def mark(self, message: str) -> bool:
        """Return whether a commit's message has the marker."""
        return self.marker.lower() in message.lower()

    def cover(self, file: str) -> bool:
        """Return whether a file is a migration."""
        return any(fits(file, pattern) for pattern in self.paths)


@dataclass(frozen=True, slots=True)
class MigrationReading:
    """The migrations between two commits, by some rules; or the reason why they could not be read."""

    base: str  # commit it starts from
    head: str  # commit it leads to
    rules: str  # key of the rules
    files: tuple[str, ...] = ()  # the first migrations, at most MIGRATIONS_SHOWN
    total: int = 0  # all of them
    marked: str = ""  # commit whose message has the marker; empty: none
    whole: bool = True  # the repository left nothing out
    why: Prose = ""  # why it could not be read; empty: it was


MIGRATIONS_SHOWN = 3
"""The number of migrations that are named; the rest are counted."""


def read_migrations(found: Comparison, rules: MigrationRules) -> MigrationReading:
    """Return the migrations in a comparison, by these rules."""
    files = tuple(file for file in found.files if rules.cover(file))
    marked = next((sha for sha, message in found.messages if rules.mark(message)), "")
    return MigrationReading(
        found.base, found.head, rules.key, files[:MIGRATIONS_SHOWN], len(files), marked, found.is_whole
    )


def fits(file: str, pattern: str) -> bool:
    """Return whether a file's path has a pattern's form, in any case.

    `*`, `?` and `[…]` stand for characters of one name, `**` for any number of folders, also for none.
    """
    names, places = file.lower().split("/"), {0}
    # By places instead of by trial: a pattern with many `**` takes no longer than another one.
    for wanted in pattern.lower().split("/"):
        if wanted == "**":
            places = set(range(min(places, default=len(names) + 1), len(names) + 1))
        else:
            places = {at + 1 for at in places if at < len(names) and fnmatchcase(names[at], wanted)}
    return len(names) in places


def shown_path(file: str) -> str:
    """Return a file's path, at most 40 characters of it: its end names the file, its begin is most files' own."""
    return file if len(file) <= 40 else f"…{file[-39:]}"


def named(commits: Sequence[Commit], total: int | None = None) -> str:
    """Return commits in one line: `9f3c2ab "Refactor sessions" by Ann, and 2 more`."""
    shown = [_name(commit) for commit in commits[:SHOWN_COMMITS]]
    left = (total if total is not None else len(commits)) - len(shown)
    return ", ".join(shown) + (f", and {left} more" if left > 0 and shown else "" if shown else "none is named")


def is_commit(code: str | None) -> bool:
    """Return whether a version of the code is a commit's id (an image's digest is not)."""
    return code is not None and _SHA.fullmatch(code) is not None


def headline(message: str) -> str:
    """Return the title of a commit: the first line of its message, at most 60 characters of it."""
    line = message.partition("\n")[0].strip()
    return line if len(line) <= 60 else f"{line[:59]}…"


def _name(commit: Commit) -> str:
    by = f" by {commit.author}" if commit.author else ""
    return f'{commit.sha[:7]} "{headline(commit.title)}"{by}'


def _files(files: Sequence[str]) -> str:
    if not files:
        return "no file is named"
    count = f"{FILES_MAX} files or more" if len(files) >= FILES_MAX else f"{len(files)} file{'s' * (len(files) > 1)}"
    shown = ", ".join(map(shown_path, files[:SHOWN_FILES]))
    return f"{count} ({shown}{', …' if len(files) > SHOWN_FILES else ''})"
