"""The guard of migrations: a rollback brings old code to a database that newer code has changed.

A migration that is known is asked about as `migration`; files that were not, or not all, read as `changed files`. A yes
to the second is none to the first: who gave it did not know of the migration.
"""

from dataclasses import dataclass

from watchdog.core.assess.code_changes import are_commits, commits_of, may_have_run, reading_of
from watchdog.core.guards.guard_context import GuardContext, asks, passes
from watchdog.core.note_text import short
from watchdog.domain.code_comparison import MIGRATIONS_SHOWN, MigrationReading, shown_path
from watchdog.domain.decisions import GuardAnswer
from watchdog.domain.deploys import Deploy

COMMAND = "a pre-deploy command is set"


def migration(request: GuardContext) -> GuardAnswer:
    """A deploy that the rollback takes back may have migrated a database; a pre-deploy command runs again as well."""
    ran = [deploy for deploy in request.between() if may_have_run(deploy)]
    read = _compared(request, ran)
    marked = _marked(request, ran, read)
    # Also where rolling back is safe as a rule: who marked this one knows why.
    if marked:
        return asks("migration", marked)
    if request.service_policy.rollback_safe:
        return passes("migration", "rollback_safe: true")
    touched = _touched(read)
    facts = request.service.facts
    command = facts is not None and facts.pre_deploy_command is not None
    unknown, for_now = _unknown(read)
    if touched:
        return asks("migration", f"{touched}; {COMMAND}" if command else touched)
    if command:
        also = f"; {unknown}" if unknown else ""
        return asks("migration", f"{COMMAND}; write rollback_safe: true if rolling back is safe{also}")
    if unknown:
        return asks("changed files", unknown, passing=for_now)
    return passes("migration", "none" if not read else "none in the files that changed")


@dataclass(frozen=True, slots=True)
class _Compared:
    """A deploy whose files count, with what was read of them so far."""

    deploy: Deploy
    named: bool  # it and the deploy before are commits
    found: MigrationReading | None


def _compared(request: GuardContext, ran: list[Deploy]) -> list[_Compared]:
    """Return the deploys to compare; none where no paths are given, or no repository is known."""
    rules, facts = request.service_policy.migrations, request.service.facts
    if not rules.paths or facts is None or facts.repo is None:
        return []
    pairs = [(deploy, commits_of(request.service.deploys, deploy)) for deploy in ran]
    return [
        _Compared(deploy, are_commits(codes), reading_of(request.service, codes, rules))
        for deploy, codes in pairs
        if codes is not None
    ]


def _marked(request: GuardContext, ran: list[Deploy], read: list[_Compared]) -> str:
    """Return which deploy has the marker in the message of a commit, or ""."""
    rules = request.service_policy.migrations
    for deploy in ran:
        if rules.mark(deploy.commit_message):
            return f"{deploy.id} says '{rules.marker}'"
    for one in read:
        if one.found is not None and one.found.marked:
            return f"{short(one.found.marked)} of {one.deploy.id} says '{rules.marker}'"
    return ""


def _touched(read: list[_Compared]) -> str:
    """Return which deploys change which migrations, three files by name; "" if none does."""
    said, room = [], MIGRATIONS_SHOWN
    for one in read:
        found = one.found
        if found is None or not found.total:
            continue
        named = [shown_path(file) for file in found.files[:room]]
        room -= len(named)
        left = found.total - len(named)
        more = f"{left} {'more ' if named else ''}migration file{'s' * (left > 1)}" if left else ""
        said.append(f"{one.deploy.id} changes {', '.join(named)}{' and ' if named and more else ''}{more}")
    return "; ".join(said)


def _unknown(read: list[_Compared]) -> tuple[str, bool]:
    """Return whose files are not, or not all, known, with the reason; and whether a later reading may know them."""
    said: dict[str, bool] = {}
    for one in read:
        name, found = one.deploy.id, one.found
        if not one.named:
            said[f"{name} and the deploy before it are not both commits, so their files cannot be compared"] = False
        elif found is None:
            said[f"the files of {name} are not compared yet"] = True
        elif found.why:
            said[f"the files of {name} could not be compared ({found.why})"] = True
        elif not found.whole:
            said[f"{name} changes more files or commits than the repository names"] = False
    return "; ".join(said), all(said.values())
