"""Merges that do not ship while the daemon keeps auto-deploy off: one notice for each, which wakes no one.

Rule 1: the unshipped merges are the commits on the branch above every commit that was ever deployed. The order on the
branch counts, not the timestamps: a push brings commits that were made earlier.
Rule 2: the newest message lists every unshipped merge, so that none is lost when it replaces an older message.
Rule 3: an unreadable branch is reported once: without a report, people would infer that no merge is waiting.
"""

from itertools import takewhile

from watchdog.core import note_text
from watchdog.core.context import StepContext
from watchdog.core.phases.restore_auto_deploy import is_ours, note, tell
from watchdog.domain import events as e
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.deploys import Commit
from watchdog.domain.units import show_seconds

SHOWN_MAX = 10
"""Commits named in one message; the rest are counted."""
REMEMBERED_MAX = 100
LIST_MAX_SECONDS = 120.0
"""A deploy list older than this (after a restart, say) may lack deploys by hand; the next read of it counts."""


def seen(ctx: StepContext) -> None:
    """Notify of the commits on the branch that were merged since the switch and do not ship."""
    event = ctx.event
    assert isinstance(event, e.CommitsSeen)
    listed_at = ctx.service.deploys_at
    if not is_ours(ctx) or listed_at is None or ctx.now - listed_at > LIST_MAX_SECONDS:
        return
    # Compared by commit: the branch is read again and again, and each merge is announced once.
    told = {commit.sha for commit in ctx.service.merged}
    waiting = _not_shipped(ctx, event.commits)
    ctx.update_service(merged=waiting, merges_why="")
    if any(commit.sha not in told for commit in waiting):
        _tell(ctx, waiting)


def _not_shipped(ctx: StepContext, commits: tuple[Commit, ...]) -> tuple[Commit, ...]:
    """Return the commits above every deployed one; if no deployed commit is in view, those since the switch."""
    shipped = {deploy.commit for deploy in ctx.service.deploys}
    # Newest first: everything above the first deployed commit is waiting.
    above = tuple(takewhile(lambda commit: commit.sha not in shipped, commits))
    # The page of commits ends before the last deployed one, or history was rewritten: then time decides.
    if len(above) == len(commits):
        above = tuple(commit for commit in commits if commit.at >= ctx.service.pinned_at)
    return above[:REMEMBERED_MAX]


def _tell(ctx: StepContext, waiting: tuple[Commit, ...]) -> None:
    count = f"{len(waiting)} merge{'s' if len(waiting) > 1 else ''}"
    since = ctx.service.pinned_at
    off = "auto-deploy is off because of us" + (f", for {show_seconds(ctx.now - since)} now" if since else "")
    named = [f"Not shipped: {_name(commit)}" for commit in waiting[:SHOWN_MAX]]
    more = [f"and {len(waiting) - SHOWN_MAX} more"] if len(waiting) > SHOWN_MAX else []
    lines = (
        f"Merged and NOT shipped; {off}:",
        *named,
        *more,
        f"To ship: deploy the branch by hand on the platform, then {command_line('restore-auto-deploy', ctx.name)}",
    )
    note(ctx, "MERGED", f"{count} NOT shipped; {off}: {'; '.join(map(_name, waiting[:SHOWN_MAX]))}")
    tell(ctx, f"{ctx.name}: {count} NOT shipped, auto-deploy is off", lines)


def _name(commit: Commit) -> str:
    by = f" ({commit.author})" if commit.author else ""
    return f'{note_text.short(commit.sha)} "{commit.title}"{by}'


def unseen(ctx: StepContext) -> None:
    """Report once that the branch cannot be read, so merges are not seen."""
    event = ctx.event
    assert isinstance(event, e.CommitsUnread)
    if not is_ours(ctx) or ctx.service.merges_why:
        return
    ctx.update_service(merges_why=event.why)
    lines = (
        f"AUTO-DEPLOY IS OFF because of us, and merges, which do not ship, cannot be seen: {event.why}",
        f"Look at the branch yourself; {command_line('restore-auto-deploy', ctx.name)} gives auto-deploy back.",
    )
    note(ctx, "MERGED", f"merges cannot be seen: {event.why}")
    tell(ctx, f"{ctx.name}: merges that do not ship cannot be seen", lines)


def forget(ctx: StepContext) -> None:
    """Clear the waiting merges: auto-deploy is on again and ships them."""
    ctx.update_service(pinned_at=0.0, merged=(), merges_why="")
