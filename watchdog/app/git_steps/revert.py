"""A revert that a person ordered: planned, recorded, pushed at most once for a head, and looked up if it is not known.

Theory. The intent stands in the journal, with the commit, before the push; the commit is on top of one head, so it can
land there only. A run that was killed leaves the row: the next one looks first whether the branch holds that commit,
and then does nothing. A push of someone else makes a new head: then the plan is made anew, for that head.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from watchdog.app.git_steps.branch_plan import check_plan, read_head, read_plan
from watchdog.domain.code_comparison import MigrationRules
from watchdog.domain.errors import OutcomeUnknown, Permanent, Refused, Temporary
from watchdog.domain.incidents import Incident
from watchdog.domain.remedies.git_steps import PROPOSED, BranchPlan, GitStep, Push, Reverted, RevertOrder
from watchdog.domain.store_records import ActionRow
from watchdog.ports import Clock, Store
from watchdog.ports.code_host import CodeHost
from watchdog.presentation.git_steps import revert_text as text

ATTEMPTS = 3
"""Heads that are tried, where people push at the same time."""
LOOKS, LOOK_SECONDS = 5, 2.0
"""How often a branch is read after a push whose answer was lost."""


@dataclass(frozen=True, slots=True)
class Revert:
    """One order. `note` adds a line to the incident's record; `tell` shows a line of progress."""

    order: RevertOrder
    incident: Incident
    branch: str
    stable: str
    rules: MigrationRules
    host: CodeHost
    store: Store
    clock: Clock
    note: Callable[[str], Awaitable[None]]
    tell: Callable[[str], None]

    async def plan(self) -> BranchPlan:
        """Return what would be done now. Raises Temporary or Permanent."""
        return await read_plan(self.host, self.branch, self.stable, self.rules)

    async def run(self) -> Reverted:
        """Do it, or find that it is done. Raises Refused, Temporary, Permanent or OutcomeUnknown."""
        row = await self.store.action(self.incident.id, GitStep.REVERT)
        if row is not None and (found := await self._done_before(row)) is not None:
            return found
        row = await self.store.action(self.incident.id, GitStep.REVERT)
        for _ in range(ATTEMPTS):
            plan = await self.plan()
            check_plan(plan, self.order)
            if plan.same_tree:
                return Reverted("", head=plan.head)
            message = text.commit_message(plan, self.incident, self.order.by)
            at = self._made_at(row, plan)
            known = row.deploy if row is not None and at is not None else None
            if known is None or not await self.host.has(known):
                known = await self.host.make_commit(message, plan.tree, plan.head, at or self.clock.now())
            commit, row = known, await self._record(row, plan, known, at)
            if self.order.pull_request:
                return await self._propose(row, plan, commit, message)
            push = await self._push(plan, commit)
            if push is Push.DONE:
                await self._finish(row, text.pushed(plan, commit))
                return Reverted(commit)
            if push is Push.PROTECTED:
                self.tell(f"{self.host.where} refuses a push to {self.branch}: proposing it")
                return await self._propose(row, plan, commit, message)
            self.tell(f"{self.branch} has moved meanwhile: planning anew")
        raise Temporary(f"{self.branch} moved {ATTEMPTS} times meanwhile: nothing was pushed")

    async def _head(self) -> str:
        return await read_head(self.host, self.branch)

    async def _done_before(self, row: ActionRow) -> Reverted | None:
        """Return what an earlier run did, by the branch; None where nothing of it counts any more."""
        head, commit = await self._head(), row.deploy or ""
        if await self.host.holds(head, commit):
            if row.state != "done":
                where = f"{self.branch} of {self.host.where} holds {commit}"
                await self._finish(row, f"git revert, found after a run that was broken off: {where}")
            return Reverted(commit, found=True) if self._is_for(row) else None
        # With another head the proposal may be out of date.
        waits = row.state == PROPOSED and row.baseline == head and self._is_for(row)
        return Reverted(commit, found=True, pull_request=row.note) if waits else None

    def _is_for(self, row: ActionRow) -> bool:
        """Return whether an earlier order was for the same stable commit; a person may shorten its id."""
        return row.target.startswith(self.stable) or self.stable.startswith(row.target)

    def _made_at(self, row: ActionRow | None, plan: BranchPlan) -> float | None:
        """Return when a broken-off run made its commit, if that still fits: then it is sent again, not a second one."""
        fits = row is not None and (row.baseline, row.target) == (plan.head, plan.stable)
        return row.sent_at if fits and row is not None else None

    async def _record(self, before: ActionRow | None, plan: BranchPlan, commit: str, at: float | None) -> ActionRow:
        """Save the intent. Raises Refused where another command saved one meanwhile."""
        sends = 1 + (before.attempts if before is not None else 0)
        row = ActionRow(self.incident.id, GitStep.REVERT, "sending", plan.stable, plan.head, commit, sends)
        row = replace(row, sent_at=at or self.clock.now(), service=self.incident.service)
        if not await self.store.put_action_by_hand(row, expect=before.state if before is not None else None):
            raise Refused(f"another command reverts for {self.incident.id} at this moment")
        await self.note(text.intent(plan, commit))
        return row

    async def _push(self, plan: BranchPlan, commit: str) -> Push:
        """Push once; where the answer is lost, return what the branch shows. Raises OutcomeUnknown."""
        try:
            return await self.host.fast_forward(plan.branch, commit, plan.head)
        except OutcomeUnknown as error:
            for _ in range(LOOKS):
                await self.clock.sleep(LOOK_SECONDS)
                try:
                    if await self.host.holds(await self._head(), commit):
                        return Push.DONE
                except Temporary:
                    continue
            raise OutcomeUnknown(f"{error}; run this command again, it looks first") from error

    async def _propose(self, row: ActionRow, plan: BranchPlan, commit: str, message: str) -> Reverted:
        """Put the commit on a branch of its own, with a pull request."""
        name = f"watchdog/revert-{self.incident.id}"
        if await self.host.create_branch(name, commit) is not Push.DONE:
            # Of an earlier order, for another head: it stays, and this one has a branch of its own.
            name = f"{name}-{commit[:7]}"
            if await self.host.create_branch(name, commit) is not Push.DONE:
                raise Permanent(f"{self.host.where} takes no branch {name}")
        address = await self.host.propose(name, plan.branch, text.commit_title(plan, self.incident), message)
        await self._finish(row, text.proposed(plan, commit, address), PROPOSED, address)
        return Reverted(commit, pull_request=address)

    async def _finish(self, row: ActionRow, line: str, state: str = "done", note: str = "") -> None:
        """Save the outcome; what is done stays done where the record cannot be written."""
        try:
            await self.store.put_action_by_hand(replace(row, state=state, note=note), expect=row.state)
            await self.note(line)
        except (Temporary, Permanent) as error:
            self.tell(f"done, and not recorded ({error}): {line}")
