"""A reset that a named person ordered: the branch goes back to the stable commit, by force, with plain git alone.

Theory. The person is shown which commits disappear, and types the service's name. The push is bound to the head of
that question: whatever anyone pushes meanwhile, it is refused instead of being lost. So the question has no deadline;
what is lost cannot grow. A refused push is not tried again: a new head is a new question.

Rule: the intent stands in the journal, with both heads, before the push. A run that was killed leaves the row: the next
one reads the branch first, and tells a reset that is in force from one that never arrived.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from watchdog.adapters.repositories.plain_git import PlainGit
from watchdog.app.git_steps.branch_plan import check_plan, read_head, read_plan
from watchdog.app.git_steps.revert import LOOK_SECONDS, LOOKS
from watchdog.domain.code_comparison import MigrationRules
from watchdog.domain.errors import OutcomeUnknown, Permanent, Refused, Temporary
from watchdog.domain.incidents import Incident
from watchdog.domain.remedies.git_steps import BranchPlan, GitStep, Push, TakeBackOrder, WasReset
from watchdog.domain.store_records import ActionRow
from watchdog.ports import Clock, Store
from watchdog.presentation.git_steps import reset_text as text
from watchdog.presentation.outlooks.safe_order import DatabaseSteps

Ask = Callable[[Sequence[str]], Awaitable[str]]
"""Shows a question to the person at the terminal, and returns what was typed."""


@dataclass(frozen=True, slots=True)
class Reset:
    """One order. `note` adds a line to the incident's record; `tell` shows a line of progress."""

    order: TakeBackOrder
    incident: Incident
    branch: str
    stable: str
    rules: MigrationRules
    host: PlainGit
    store: Store
    clock: Clock
    note: Callable[[str], Awaitable[None]]
    tell: Callable[[str], None]
    steps: DatabaseSteps

    async def plan(self) -> BranchPlan:
        """Return what would be done now, with the whole id of the stable commit. Raises Temporary or Permanent."""
        plan = await read_plan(self.host, self.branch, self.stable, self.rules)
        return replace(plan, stable=await self.host.whole_id(self.stable))

    async def run(self, ask: Ask) -> WasReset:
        """Ask, and do it; or find that it is done. Raises Refused, Temporary, Permanent or OutcomeUnknown."""
        row = await self.store.action(self.incident.id, GitStep.RESET)
        if row is not None and row.state == "sending":
            found = await self._settled(row)
            if found is not None and row.target.startswith(self.stable):
                return found
            row = await self.store.action(self.incident.id, GitStep.RESET)
        plan = await self.plan()
        check_plan(plan, self.order)
        if plan.head == plan.stable:
            return WasReset(plan.stable)
        asked = text.question(plan, self.incident.service, self.incident.id, self.steps)
        if await ask(asked) != self.incident.service:
            raise Refused(f"not approved: {self.incident.service} was not typed. Nothing was changed")
        row = await self._record(row, plan)
        push = await self._push(plan)
        if push is Push.DONE:
            await self._finish(row, "done", text.done(plan))
            return WasReset(plan.stable, plan.head)
        why = text.moved(plan) if push is Push.MOVED else text.closed(plan, self.incident.id)
        await self._finish(row, "failed", text.not_made(plan.branch, why))
        raise Refused(why)

    async def _settled(self, row: ActionRow) -> WasReset | None:
        """Record what became of a run that was broken off, by the branch; return it, or None if nothing did."""
        head = await read_head(self.host, self.branch)
        # Others may have pushed onto it since; what it took away is then still not there.
        if await self.host.holds(head, row.target) and not await self.host.holds(head, row.baseline):
            await self._finish(row, "done", text.found(self.branch, row.target, row.baseline))
            return WasReset(row.target, row.baseline, found=True)
        await self._finish(row, "failed", text.not_made(self.branch, f"{self.branch} is at {head}"))
        return None

    async def _record(self, before: ActionRow | None, plan: BranchPlan) -> ActionRow:
        """Save the intent. Raises Refused where another command saved one meanwhile."""
        sends = 1 + (before.attempts if before is not None else 0)
        row = ActionRow(self.incident.id, GitStep.RESET, "sending", plan.stable, plan.head, plan.stable, sends)
        row = replace(row, sent_at=self.clock.now(), service=self.incident.service)
        if not await self.store.put_action_by_hand(row, before.state if before is not None else None):
            raise Refused(f"another command resets for {self.incident.id} at this moment")
        await self.note(text.intent(plan))
        return row

    async def _push(self, plan: BranchPlan) -> Push:
        """Push once; where the answer is lost, return what the branch shows. Raises OutcomeUnknown."""
        try:
            return await self.host.reset_branch(plan.branch, plan.stable, plan.head)
        except OutcomeUnknown as error:
            for _ in range(LOOKS):
                await self.clock.sleep(LOOK_SECONDS)
                try:
                    if await read_head(self.host, self.branch) == plan.stable:
                        return Push.DONE
                except Temporary:
                    continue
            raise OutcomeUnknown(f"{error}; run this command again, it looks first") from error

    async def _finish(self, row: ActionRow, state: str, line: str) -> None:
        """Save the outcome; what is done stays done where the record cannot be written."""
        try:
            await self.store.put_action_by_hand(replace(row, state=state), expect=row.state)
            await self.note(line)
        except (Temporary, Permanent) as error:
            self.tell(f"not recorded ({error}): {line}")
