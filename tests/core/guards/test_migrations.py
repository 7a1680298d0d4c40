"""A rollback over a migration: a person is asked, with the deploy and its files; what is not known is asked as well."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.guards.test_guards import a_request
from tests.core.scenes import FACTS, HISTORY, NOW, a_blame
from watchdog.core.guards import guards
from watchdog.core.guards.migrations import migration
from watchdog.domain.code_comparison import MigrationReading, MigrationRules
from watchdog.domain.decisions import GuardAnswer, TargetChoice, Verdict
from watchdog.domain.deploys import Deploy

RULES = MigrationRules(("**/migrations/**",))
LIVE, OLD, OLDEST = HISTORY
MARKED = replace(LIVE, commit_message="Drop a column\n\nWATCHDOG: Migration")
KNOWN = replace(FACTS, repo="https://github.com/acme/web")
WITH_COMMAND = replace(KNOWN, pre_deploy_command="migrate")
FILE = "shop/migrations/0002_drop_price.py"
LONG = f"{'x' * 40}/migrations/0003.py"
FAILED = Deploy("dep-40c", "update_failed", commit="cafe0000", created_at=NOW - 1000.0)
UNBUILT = replace(FAILED, status="build_failed")
TWO_BACK = {"target": TargetChoice(OLDEST, "good")}
COMMAND = "a pre-deploy command is set"
SAFE = {"rollback_safe": True}


def read(head: Deploy = LIVE, base: Deploy = OLD, **fields: Any) -> MigrationReading:
    files = fields.pop("files", ())
    total = fields.pop("total", len(files))
    return MigrationReading(base.commit or "", head.commit or "", RULES.key, files[:3], total, **fields)


NOTHING, CHANGED = read(), read(files=(FILE,))
EARLIER = read(OLD, OLDEST)


def answer(*known: MigrationReading, deploys: tuple[Deploy, ...] = HISTORY, **more: Any) -> GuardAnswer:
    """Return the guard's answer where these comparisons were read."""
    facts = more.pop("facts", KNOWN)
    service = {"migrations": known, "facts": facts, "deploys": deploys}
    rules = {"migrations": more.pop("rules", RULES), **more.pop("service_policy", {})}
    return migration(a_request(service=service, service_policy=rules, blame=a_blame(deploys[0]), **more))


@pytest.mark.parametrize(
    ("known", "more", "why"),
    [
        pytest.param((NOTHING,), {}, "none in the files that changed", id="no file of it"),
        pytest.param((), {"rules": MigrationRules()}, "none", id="no paths: nothing is read, nothing is asked"),
        pytest.param((), {"facts": FACTS}, "none", id="no repository is known"),
        pytest.param((), {"facts": None}, "none", id="nothing is known of the service: another guard blocks"),
        pytest.param((CHANGED,), {"service_policy": SAFE}, "rollback_safe: true", id="rolling back is safe"),
        pytest.param((), {"service_policy": SAFE}, "rollback_safe: true", id="also over what is not known"),
        pytest.param((NOTHING, read(OLD, OLDEST, files=(FILE,))), {}, "none in the files", id="the target's own stays"),
        pytest.param(
            (NOTHING,), {"deploys": (LIVE, UNBUILT, OLD, OLDEST)}, "none in the files", id="one that was never built"
        ),
        pytest.param(
            (NOTHING,),
            {"deploys": (LIVE, replace(LIVE, id="dep-40d", status="deactivated"), OLD, OLDEST)},
            "none in the files",
            id="the same code twice is compared once",
        ),
    ],
)
def test_where_no_migration_is_known_and_none_can_be_it_passes(
    known: tuple[MigrationReading, ...], more: dict[str, Any], why: str
) -> None:
    told = answer(*known, **more)
    assert (told.verdict, told.name) == (Verdict.PASS, "migration") and told.why.startswith(why)


@pytest.mark.parametrize(
    ("known", "more", "why"),
    [
        pytest.param((CHANGED,), {}, f"dep-41 changes {FILE}", id="the suspect"),
        pytest.param(
            (NOTHING, read(OLD, OLDEST, files=(FILE,))), TWO_BACK, f"dep-40 changes {FILE}", id="one that goes with it"
        ),
        pytest.param(
            (CHANGED, read(OLD, OLDEST, files=("migrations/1.py", "migrations/2.py", "migrations/3.py"), total=5)),
            TWO_BACK,
            f"dep-41 changes {FILE}; dep-40 changes migrations/1.py, migrations/2.py and 3 more migration files",
            id="three are named, and the rest counted",
        ),
        pytest.param(
            (read(files=("migrations/1", "migrations/2", "migrations/3")), read(OLD, OLDEST, files=("migrations/0",))),
            TWO_BACK,
            "dep-41 changes migrations/1, migrations/2, migrations/3; dep-40 changes 1 migration file",
            id="none is left to be named",
        ),
        pytest.param((read(files=(LONG,)),), {}, f"dep-41 changes …{LONG[-39:]}", id="the end of a path names it"),
        pytest.param((read(files=(FILE,), whole=False),), {}, f"dep-41 changes {FILE}", id="though there may be more"),
        pytest.param((CHANGED,), {"facts": WITH_COMMAND}, f"dep-41 changes {FILE}; {COMMAND}", id="with a command"),
        pytest.param(
            (NOTHING,),
            {"facts": WITH_COMMAND},
            f"{COMMAND}; write rollback_safe: true if rolling back is safe",
            id="a command alone",
        ),
        pytest.param(
            (),
            {"facts": WITH_COMMAND},
            f"{COMMAND}; write rollback_safe: true if rolling back is safe; the files of dep-41 are not compared yet",
            id="a command, and what is not known",
        ),
        pytest.param(
            (NOTHING, read(FAILED, OLD, files=(FILE,))),
            {"deploys": (LIVE, FAILED, OLD, OLDEST)},
            f"dep-40c changes {FILE}",
            id="one that failed after its migration",
        ),
        pytest.param(
            (NOTHING,),
            {"deploys": (MARKED, OLD, OLDEST)},
            "dep-41 says 'watchdog: migration'",
            id="the marker in its message",
        ),
        pytest.param(
            (),
            {"deploys": (MARKED, OLD, OLDEST), "rules": MigrationRules(), "facts": FACTS, "service_policy": SAFE},
            "dep-41 says 'watchdog: migration'",
            id="also without a repository, and where rolling back is safe as a rule",
        ),
        pytest.param(
            (read(marked="feed123456"),), {}, "feed123 of dep-41 says 'watchdog: migration'", id="in one of its commits"
        ),
    ],
)
def test_a_known_migration_asks_and_names_deploy_and_files(
    known: tuple[MigrationReading, ...], more: dict[str, Any], why: str
) -> None:
    assert answer(*known, **more) == GuardAnswer("migration", Verdict.ASK, why)


@pytest.mark.parametrize(
    ("known", "more", "why", "passing"),
    [
        pytest.param((), {}, "the files of dep-41 are not compared yet", True, id="not read yet"),
        pytest.param(
            (replace(CHANGED, rules="other"),), {}, "the files of dep-41 are not compared", True, id="by others"
        ),
        pytest.param(
            (read(why="GitHub answers 404"),),
            {},
            "the files of dep-41 could not be compared (GitHub answers 404)",
            True,
            id="not readable",
        ),
        pytest.param(
            (read(whole=False),), {}, "dep-41 changes more files or commits than the repository names", False, id="cut"
        ),
        pytest.param(
            (read(whole=False),),
            TWO_BACK,
            "dep-41 changes more files or commits than the repository names; the files of dep-40 are not compared yet",
            False,
            id="of several each",
        ),
        pytest.param(
            (),
            {"deploys": (replace(LIVE, commit=None, image_sha="sha256:1"), OLD, OLDEST)},
            "dep-41 and the deploy before it are not both commits, so their files cannot be compared",
            False,
            id="no commit",
        ),
    ],
)
def test_unknown_is_not_none(
    known: tuple[MigrationReading, ...], more: dict[str, Any], why: str, passing: bool
) -> None:
    """It asks under a name of its own; what time may cure is decided again by itself."""
    told = answer(*known, **more)
    assert (told.name, told.verdict, told.passing) == ("changed files", Verdict.ASK, passing)
    assert told.why.startswith(why)


def test_it_stands_among_the_guards() -> None:
    assert migration in guards.GUARDS
