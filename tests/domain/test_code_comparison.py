"""A comparison in one line: bounded, with what is not known said."""

import pytest

from watchdog.domain.code_comparison import (
    FILES_MAX,
    MIGRATION_PATHS,
    Comparison,
    MigrationReading,
    MigrationRules,
    fits,
    is_commit,
    named,
    read_migrations,
)
from watchdog.domain.deploys import Commit

ANN = Commit("9f3c2ab7d61e05f4", 5.0, "Refactor sessions", "Ann")
BOB = Commit("7d20e9f1c8b3465a", 4.0, "Fix typo", "Bob")


def test_commits_with_authors_and_files() -> None:
    """Newest first; what is left out is counted, and that nothing lies between is said."""
    found = Comparison("b", "h", "ahead", 5, (ANN, BOB, ANN), ("a.py", "b.py"))
    assert found.summary == (
        '9f3c2ab "Refactor sessions" by Ann, 7d20e9f "Fix typo" by Bob, 9f3c2ab "Refactor sessions" by Ann, '
        "and 2 more; 2 files (a.py, b.py)"
    )
    assert found.authors == ("Ann", "Bob")
    assert Comparison("b", "h", "ahead", 1, (ANN,), ("a.py",)).summary.endswith("; 1 file (a.py)")
    assert "not among its ancestors" in Comparison("b", "h", "diverged", 1, (BOB,)).summary
    assert "the code of the target" in Comparison("b", "h", "identical").summary
    assert "older than the target" in Comparison("b", "h", "behind").summary


def test_it_is_never_longer_than_a_line_of_a_notice() -> None:
    """However long the titles, names and files."""
    long = Commit("f" * 40, 0.0, "x" * 100, "y" * 40)
    found = Comparison("b", "h", "diverged", 10**6, (long,) * 100, ("z" * 200,) * FILES_MAX)
    assert len(found.summary) < 500 + 200
    assert f"{FILES_MAX} files or more" in found.summary
    assert named([]) == "none is named"


@pytest.mark.parametrize(
    ("code", "known"),
    [("9f3c2ab", True), ("f" * 40, True), ("sha256:" + "f" * 64, False), ("main", False), (None, False)],
)
def test_what_is_a_commit(code: str | None, known: bool) -> None:
    """An image's digest is none, nor is what somebody might put into a path."""
    assert is_commit(code) is known
    assert not is_commit("../../user")


@pytest.mark.parametrize(
    ("pattern", "file", "expected"),
    [
        ("db/migrate/**", "db/migrate/2026_drop.rb", True),
        ("db/migrate/**", "api/db/migrate/2026_drop.rb", False),
        ("**/db/migrate/**", "db/migrate/2026_drop.rb", True),
        ("**/db/migrate/**", "api/db/migrate/old/2026_drop.rb", True),
        ("**/migrations/**", "app/migrations.py", False),
        ("**/migrations/**", "Data/Migrations/Init.cs", True),
        ("**/*.sql", "schema.sql", True),
        ("*.sql", "db/schema.sql", False),
        ("db/*/up.sql", "db/7/up.sql", True),
        ("db/*/up.sql", "db/7/a/up.sql", False),
        ("**/V[0-9]*.sql", "db/v7.sql", True),
        ("**/a/**/b/**/a", "x/a/b/x/a", True),
        ("**/a/**/b", "b/a", False),
        ("**/*/**/*/**/*/**/z", "/".join("x" * 60), False),
    ],
)
def test_a_pattern_of_paths(pattern: str, file: str, expected: bool) -> None:
    """`**` for any folders, `*` within a name, in any case."""
    assert fits(file, pattern) is expected


@pytest.mark.parametrize(
    "file",
    [
        "shop/migrations/0002_price.py",
        "db/migrate/20261202_price.rb",
        "migrations/versions/1a2b_price.py",
        "alembic/versions/1a2b_price.py",
        "prisma/migrations/2026_price/migration.sql",
        "src/main/resources/db/migration/V2__price.sql",
        "sql/V2__price.sql",
        "src/main/resources/db/changelog/price.xml",
        "drizzle/0002_price.sql",
    ],
)
def test_the_tools_that_are_known_by_their_files(file: str) -> None:
    rules = MigrationRules(MIGRATION_PATHS)
    assert rules.cover(file) and not rules.cover("app/price.py") and not MigrationRules().cover(file)


RULES = MigrationRules(("**/migrations/**",))


def test_the_migrations_of_a_comparison() -> None:
    """Three by name, all counted; and the commit that is marked, wherever its message says so."""
    files = tuple(f"migrations/{number}.py" for number in range(5))
    said = (("a1", "Fix typo"), ("b2", "Drop it\n\nWATCHDOG: Migration\n"), ("c3", "watchdog: migration"))
    found = Comparison("b", "h", "ahead", 3, (), (*files, "app/x.py"), "", said)
    assert read_migrations(found, RULES) == MigrationReading("b", "h", RULES.key, files[:3], 5, "b2")
    nothing = Comparison("b", "h", "ahead", 1, (), ("app/x.py",), "", said[:1])
    assert read_migrations(nothing, RULES) == MigrationReading("b", "h", RULES.key)


@pytest.mark.parametrize(
    ("files", "messages", "whole"), [(299, 3, True), (FILES_MAX, 3, False), (1, 2, False), (0, 4, True)]
)
def test_a_comparison_that_may_lack_something_is_not_whole(files: int, messages: int, whole: bool) -> None:
    found = Comparison("b", "h", "ahead", 3, (), ("f",) * files, "", (("c", "m"),) * messages)
    assert read_migrations(found, RULES).whole is whole
