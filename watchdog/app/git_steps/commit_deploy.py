"""The deploy of one commit that a person ordered: recorded, requested at most once, and looked up if it is not known.

Theory. After a rollback auto-deploy is off, so what is pushed goes live only by an order that names its commit. The
intent stands in the journal before the request, and the request is sent once. A run that was killed, or whose answer
was lost, leaves the row as `sending`: Render's list says what became of it, among the deploys newer than those that
were known before. Only when the request can no longer arrive, and the list shows nothing of it, is the row `failed`.
The answer says so, and it takes a new order of a person to send anything more.

Rule 1: without the row, no request. Rule 2: no request more than `guard_seconds` after the list was read. Rule 3: a
deploy on its way is never overtaken, and nothing that holds this commit and more is replaced by it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from watchdog.adapters.platforms.render_commit import CommitRender
from watchdog.app.git_steps.deploy_ground import DeployGround
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.daemon.actions.reconcile import DeployLookup, look_up
from watchdog.daemon.actions.timings import SHIPPED, Found, Timings, UnreadableList
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Rollback
from watchdog.domain.errors import Forbidden, OutcomeUnknown, Permanent, Refused, Temporary, WatchdogError
from watchdog.domain.remedies.git_steps import Deployed
from watchdog.domain.store_records import ActionResult, ActionRow
from watchdog.ports import Clock
from watchdog.presentation.git_steps import deploy_text as text

AGAIN = "nothing is sent again; run this command again, it looks first"


@dataclass(frozen=True, slots=True)
class CommitDeploy:
    """One order. `note` adds a line to the record; `tell` shows a line of progress.

    `includes` says whether a commit holds this one as an ancestor.
    """

    journal: tuple[str, str]  # incident and step of its row
    commit: str  # its whole id
    restores: str  # the commit whose tree it has; empty: only its own
    ground: DeployGround
    client: CommitRender
    clock: Clock
    note: Callable[[str], Awaitable[None]]
    tell: Callable[[str], None]
    includes: Callable[[str], Awaitable[bool]]
    timings: Timings = SHIPPED

    async def run(self) -> Deployed:
        """Have it deployed, or find that it is. Raises Refused, Temporary, Permanent or OutcomeUnknown."""
        row = await self._row()
        if row is not None and row.state == "sending":
            row = await self._settle(row)
            if row.state == "failed" and row.target == self.commit:
                raise Temporary(f"{row.note}: nothing was deployed; to order it anew, run this command again")
        if row is not None and row.state == "accepted" and row.target == self.commit and row.deploy:
            return await self._as_it_is(row.deploy)
        if (there := await self._there_already(row)) is not None:
            return await self._adopted(row, there)
        return await self._order(row)

    async def _row(self) -> ActionRow | None:
        return await self.ground.store.action(*self.journal)

    async def _there_already(self, row: ActionRow | None) -> Deploy | None:
        """Return a deploy that brings the commit, or brought it after an earlier order; None if none does.

        While auto-deploy is on, Render makes one by itself: that is waited for.
        """
        deploys = await self._deploys()
        facts = await self.client.facts(self.ground.platform_id)
        give_up = self.clock.monotonic() + (0.0 if facts.auto_deploy == "off" else self.timings.settle_seconds)
        found = self._own(deploys, row)
        if found is None and give_up > self.clock.monotonic():
            self.tell(f"auto-deploy of {self.ground.service} is on: looking whether Render deploys it by itself")
        while found is None and self.clock.monotonic() < give_up:
            await self.clock.sleep(self.timings.look_every_seconds)
            found = self._own(await self._deploys(), row)
        return found

    async def _deploys(self) -> Sequence[Deploy]:
        return await self.client.deploys(self.ground.platform_id)

    def _own(self, deploys: Sequence[Deploy], row: ActionRow | None) -> Deploy | None:
        mine = next((one for one in deploys if one.commit == self.commit and (one.is_live or one.in_progress)), None)
        if mine is None and row is not None and row.target == self.commit:
            hit = self._search(row).find_own_deploy(deploys)
            # One that failed brings nothing: a new order may.
            return hit if hit is not None and not _failed(hit) else None
        return mine

    async def _order(self, before: ActionRow | None) -> Deployed:
        """Save the intent, and send it."""
        deploys = await self._checked()
        sends = 1 + (before.attempts if before is not None else 0)
        incident, step = self.journal
        row = ActionRow(incident, step, "sending", self.commit, deploys[0].id, None, sends, self.clock.now())
        row = replace(row, service=self.ground.service)
        if not await self._put(row, before.state if before is not None else None):
            raise Refused(f"another command deploys on {self.ground.service} at this moment")
        try:
            await self.note(text.intent(self.ground.service, self.commit))
            # The note took a while, and what was read before it may have changed.
            looked_at, deploys = self.clock.monotonic(), await self._checked(row)
            if self.clock.monotonic() - looked_at > self.timings.guard_seconds:
                raise Refused(f"more than {self.timings.guard_seconds:.0f} s since Render's list was read: again")
        except WatchdogError as error:
            await self._end(replace(row, state="failed", note=str(error)), text.not_sent(self.commit, str(error)))
            raise
        return await self._send(row)

    async def _checked(self, row: ActionRow | None = None) -> Sequence[Deploy]:
        """Return Render's list. Raises Refused with what forbids the deploy now."""
        deploys = await self._deploys()
        live = live_deploy(deploys)
        why = ""
        newer = takewhile(lambda one: not one.is_live, deploys)
        if busy := next((one for one in newer if not one.has_ended), None):
            why = f"{busy.id} is on its way ({busy.status_words}): run this command again once it has ended"
        elif live is not None and live.commit not in (None, self.commit) and await self.includes(live.commit or ""):
            why = f"{live.id} is live with {text.short(live.commit)}, which has {text.short(self.commit)} and more"
        # Last, as it changes fastest: a pause, or an action of the daemon.
        why = why or await self.ground.why_not(self.commit, self.restores)
        if why:
            raise Refused(f"{text.short(self.commit)} is not deployed: {why}")
        return deploys

    async def _send(self, row: ActionRow) -> Deployed:
        """Send once and classify the answer."""
        try:
            async with asyncio.timeout(self.timings.post_seconds):
                made = await self.client.deploy_commit()
        except (TimeoutError, OutcomeUnknown) as error:
            lost = str(error) or f"no answer within {self.timings.post_seconds:.0f} s"
        except (Temporary, Permanent, Refused) as error:
            result = ActionResult.FORBIDDEN if isinstance(error, Forbidden) else ActionResult.REFUSED
            failed = replace(row, state="failed", result=result, note=str(error))
            await self._end(failed, text.not_sent(self.commit, str(error)))
            raise
        else:
            if made is not None:
                await self._end(replace(row, state="accepted", deploy=made), text.requested(self.commit, made))
                return await self._as_it_is(made, found=False)
            lost = ActionResult.WITHOUT_ID.value
            row = replace(row, result=ActionResult.WITHOUT_ID, note=lost)
            # Even unsaved, the row is looked up before anything else is sent.
            await self._kept(row)
        self.tell(f"{lost}: looking for it in Render's list, nothing is sent again")
        row = await self._settle(replace(row, note=lost))
        if row.deploy is None:
            raise Temporary(f"{row.note}: nothing was deployed; to order it anew, run this command again")
        return await self._as_it_is(row.deploy, found=False)

    async def _settle(self, row: ActionRow) -> ActionRow:
        """Return the row with what became of its request, by Render's list. Raises OutcomeUnknown."""
        answer = await look_up(self._search(row))
        if isinstance(answer, Found):
            row = replace(row, state="accepted", deploy=answer.deploy.id, note="found in Render's list")
            await self._end(row, text.requested(row.target, answer.deploy.id, found=True))
            return row
        what = f"whether {text.short(row.target)} is being deployed is not known"
        if isinstance(answer, UnreadableList):
            raise OutcomeUnknown(f"{what} ({answer.why}): {AGAIN}")
        if row.result is ActionResult.WITHOUT_ID:
            raise OutcomeUnknown(f"{what}: Render accepted it, and lists no such deploy; look there: {AGAIN}")
        row = replace(row, state="failed", note=answer.why)
        await self._end(row, text.not_sent(row.target, answer.why))
        return row

    def _search(self, row: ActionRow) -> DeployLookup:
        """Return the lookup of a row's request: of a build of its commit, newer than what was listed before."""
        wanted = Rollback(
            self.ground.service,
            row.incident,
            self.ground.platform_id,
            suspect="",
            target="",
            target_code=row.target,
            baseline=row.baseline,
            rebuild=True,
        )
        return DeployLookup(self.client, self.clock, self.timings, wanted)

    async def _adopted(self, row: ActionRow | None, there: Deploy) -> Deployed:
        incident, step = self.journal
        adopted = ActionRow(incident, step, "accepted", self.commit, there.id, there.id, service=self.ground.service)
        adopted = replace(adopted, attempts=row.attempts if row is not None else 0, note="found in Render's list")
        if await self._put(adopted, row.state if row is not None else None):
            await self._said(text.requested(self.commit, there.id, found=True))
        return self._deployed(there, found=True)

    async def _as_it_is(self, deploy: str, *, found: bool = True) -> Deployed:
        """Return a deploy of the commit, with its state now if that can be read."""
        try:
            return self._deployed(await self.client.deploy(self.ground.platform_id, deploy), found=found)
        except (Temporary, Permanent):
            return Deployed(self.commit, deploy, found=found)

    def _deployed(self, one: Deploy, *, found: bool) -> Deployed:
        return Deployed(self.commit, one.id, one.status_words, found=found, failed=_failed(one))

    async def _put(self, row: ActionRow, expect: str | None) -> bool:
        return await self.ground.store.put_action_by_hand(row, expect)

    async def _end(self, row: ActionRow, line: str) -> None:
        """Save what became of a row that is `sending`; what is done stays done where the record cannot be written."""
        if await self._kept(row):
            await self._said(line)

    async def _kept(self, row: ActionRow) -> bool:
        """Save a row that is `sending`; return whether it was still that, and was saved."""
        try:
            return await self._put(row, "sending")
        except (Temporary, Permanent) as error:
            self.tell(f"not recorded ({error}), the next run looks it up: {row.state} {row.deploy or row.note}")
            return False

    async def _said(self, line: str) -> None:
        try:
            await self.note(line)
        except (Temporary, Permanent) as error:
            self.tell(f"not in the incident's record ({error}): {line}")


def _failed(deploy: Deploy) -> bool:
    return deploy.has_ended and not deploy.was_live
