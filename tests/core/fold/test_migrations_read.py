"""What a repository says of two commits is kept, as long as it can matter."""

from dataclasses import replace

from tests.core.scenes import HISTORY, NOW, a_service
from tests.core.world import make_policy
from watchdog.core.fold.migrations_read import KEPT_MAX, apply_migrations
from watchdog.domain.code_comparison import MigrationReading, MigrationRules
from watchdog.domain.events import MigrationsRead

RULES = MigrationRules(("**/migrations/**",))
POLICY = make_policy()
POLICY = replace(POLICY, services={"web": replace(POLICY.services["web"], migrations=RULES)})
LISTED = HISTORY[0].commit or ""
READING = MigrationReading("a" * 40, LISTED, RULES.key)


def after(found: MigrationReading, *known: MigrationReading) -> tuple[MigrationReading, ...]:
    return apply_migrations(a_service(migrations=known), MigrationsRead(NOW, "web", found), POLICY).migrations


def test_a_later_reading_of_the_same_commits_replaces_the_earlier_one() -> None:
    """Others stay."""
    other = replace(READING, base="b" * 40)
    failed = replace(READING, why="GitHub did not answer")
    assert after(READING, failed, other) == (READING, other)


def test_readings_of_other_rules_and_of_deploys_that_are_not_listed_go() -> None:
    """A reading that was under way while the rules changed is not taken either."""
    gone = (replace(READING, base="b" * 40, head="c" * 40), replace(READING, base="b" * 40, rules="other"))
    assert after(READING, *gone) == (READING,)
    assert after(replace(READING, rules="other"), READING) == ()


def test_no_more_than_so_many_are_kept() -> None:
    many = [replace(READING, base=f"{number:040}") for number in range(KEPT_MAX + 5)]
    kept = after(READING, *many)
    assert len(kept) == KEPT_MAX and kept[0] == READING
