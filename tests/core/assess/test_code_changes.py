"""Which commits are compared for a deploy, and what is known of them."""

from dataclasses import replace

import pytest

from tests.core.scenes import HISTORY, a_service
from watchdog.core.assess.code_changes import are_commits, commits_of, may_have_run, reading_of
from watchdog.domain.code_comparison import MigrationReading, MigrationRules
from watchdog.domain.deploys import ENDED, IN_PROGRESS, Deploy

NEW, OLD = HISTORY[0], HISTORY[1]
RULES = MigrationRules(("**/migrations/**",))
FAILED = Deploy("dep-40b", "update_failed", commit="cafe000")


def test_a_deploy_that_was_never_built_changed_nothing() -> None:
    """One that failed later may have migrated, and so may one whose status nobody knows."""
    never = {status for status in ENDED | IN_PROGRESS | {"warming_up"} if not may_have_run(Deploy("d", status))}
    assert never == {"created", "queued", "build_in_progress", "build_failed"}


@pytest.mark.parametrize(
    ("deploys", "of", "expected"),
    [
        pytest.param((NEW, OLD), NEW, (OLD.commit, NEW.commit), id="with the code that served before"),
        pytest.param((NEW, FAILED, OLD), NEW, (OLD.commit, NEW.commit), id="not with code that never served"),
        pytest.param((NEW, FAILED, OLD), FAILED, (OLD.commit, FAILED.commit), id="which is compared itself"),
        pytest.param((NEW, replace(NEW, id="dep-40c", status="deactivated")), NEW, None, id="the same code again"),
        pytest.param((NEW,), NEW, None, id="nothing before it"),
        pytest.param((replace(NEW, commit=None), OLD), NEW, (OLD.commit, ""), id="a code without a name"),
        pytest.param((NEW, replace(OLD, commit=None)), NEW, ("", NEW.commit), id="and before it"),
    ],
)
def test_it_is_compared_with_what_served_before(
    deploys: tuple[Deploy, ...], of: Deploy, expected: tuple[str, str] | None
) -> None:
    listed = next(one for one in deploys if one.id == of.id)
    assert commits_of(deploys, listed) == expected


def test_only_commits_can_be_compared() -> None:
    assert are_commits(("a" * 40, "b" * 40))
    assert not are_commits(("a" * 40, "")) and not are_commits(("sha256:" + "a" * 64, "b" * 40))


def test_a_reading_counts_for_its_commits_and_rules_alone() -> None:
    """By other rules it may have missed what is a migration now."""
    known = MigrationReading("a" * 40, "b" * 40, RULES.key)
    service = a_service(migrations=(known,))
    assert reading_of(service, ("a" * 40, "b" * 40), RULES) == known
    assert reading_of(service, ("b" * 40, "a" * 40), RULES) is None
    for other in (replace(RULES, paths=()), replace(RULES, marker="migrates")):
        assert reading_of(service, ("a" * 40, "b" * 40), other) is None
