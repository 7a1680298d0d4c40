"""Code changes: the commits to compare for a deploy, and the migrations that were read of them.

Theory. A rollback takes back every deploy between its target and the suspect, and none of their migrations. So each
deploy whose code may have run is compared with the code that served before it, also one that never went live: its
pre-deploy command or its start may have migrated before it failed.
"""

from collections.abc import Sequence

from watchdog.domain.code_comparison import MigrationReading, MigrationRules, is_commit
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import ServiceState

NEVER_RAN = frozenset({"created", "queued", "build_in_progress", "build_failed"})
"""The statuses of a deploy whose code has not run anywhere, not even its pre-deploy command."""


def may_have_run(deploy: Deploy) -> bool:
    """Return whether its code may have run; an unknown status may mean that."""
    return deploy.status not in NEVER_RAN


def commits_of(deploys: Sequence[Deploy], deploy: Deploy) -> tuple[str, str] | None:
    """Return the code that served before a deploy, and its own; None if that is the same, or nothing served before.

    A code that the platform does not name is an empty text.
    """
    older = deploys[[one.id for one in deploys].index(deploy.id) + 1 :]
    before = next((one for one in older if one.was_live), None)
    if before is None or (before.code is not None and before.code == deploy.code):
        return None
    return before.code or "", deploy.code or ""


def are_commits(codes: tuple[str, str]) -> bool:
    """Return whether both are commits, which a repository can compare; an image's digest is none."""
    return all(map(is_commit, codes))


def reading_of(service: ServiceState, codes: tuple[str, str], rules: MigrationRules) -> MigrationReading | None:
    """Return what was read of these two commits by these rules, or None."""
    key = rules.key
    found = (one for one in service.migrations if (one.base, one.head) == codes and one.rules == key)
    return next(found, None)
