"""The branch on which people repair the bad change: made at the stable commit, once, and never moved.

Theory. Nothing has to be remembered: a branch is made only where there is none, and one that is there is only read. So
a run that was killed, or whose answer was lost, is made up for by the next one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from watchdog.app.git_steps.git_commands import Parts, parts_of
from watchdog.domain.errors import OutcomeUnknown, Permanent, Refused, Temporary
from watchdog.domain.remedies.git_steps import BranchOrder, Push
from watchdog.presentation.text import short
from watchdog.settings import Settings

ITEM = "fix-branch"
"""The item of the runbook's checklist that it ticks."""


@dataclass(frozen=True, slots=True)
class FixBranch:
    """A branch that is there at the stable commit; `found`: it was there before."""

    name: str
    commit: str
    found: bool


async def fix_branch(
    settings: Settings, order: BranchOrder, name: str, environ: Mapping[str, str], tell: Callable[[str], None]
) -> FixBranch:
    """Make the branch, or find it, and tick its item. Raises Refused, Temporary or Permanent."""
    async with parts_of(settings, order, environ) as it:
        if name == it.branch:
            raise Refused(f"{name} is the branch that is deployed: give another --name")
        if await it.host.head(it.branch) is None:
            raise Permanent(f"{it.host.where} has no branch {it.branch}")
        # Raises for a commit that the repository lacks, before anything is said to be about to happen.
        await it.host.tree(it.stable)
        made = await _make(it, name)
        try:
            # A tick that is there stays as it is.
            await it.add("tick", {"item": ITEM, "undo": False})
        except (Temporary, Permanent) as error:
            tell(f"done, and not ticked ({error}): run this command again")
        return made


async def _make(it: Parts, name: str) -> FixBranch:
    there = await it.host.head(name)
    if there is None:
        await it.note(f"fix branch, about to be made: {name} of {it.host.where} at {it.stable}")
        try:
            push = await it.host.create_branch(name, it.stable)
        except OutcomeUnknown as error:
            # It may be repeated: a branch that is there is only read.
            raise Temporary(f"{error}; run this command again, it looks first") from error
        if push is Push.PROTECTED:
            raise Refused(f"{it.host.where} refuses to make {name}: its rules do, or your rights; give another --name")
        if push is Push.DONE:
            return FixBranch(name, it.stable, found=False)
        there = await it.host.head(name)
    # A person may shorten the id of the stable commit.
    if there is None or not there.startswith(it.stable):
        at = "is gone again" if there is None else f"is at {short(there)}, not at {short(it.stable)}"
        raise Refused(f"{name} of {it.host.where} {at}: it stays as it is; give another --name")
    return FixBranch(name, there, found=True)
