"""The actuator: changes production. A rollback is an intent, one request, and a lookup of its outcome.

Theory. Render's rollback call has no idempotency key, so a retry may roll back twice. Therefore the intent is saved
first, the request is sent once, and an answer that is lost (timeout, reset, 5xx) is looked up: a deploy in Render's
list that is newer than the baseline and leads to the target is ours. Only when the settle window shows no trace
does the core confirm the outage afresh and decide anew (twice at most, four times after refusals that certainly
changed nothing); an outcome that stays unknown is left to a human.

Rule 1: the intent is a row in the store before the call, one for each (incident, step); without the row, no call.
Rule 2: no call is made when too long has passed since the deploy list was read (monotonic guard), or when a reason
came up meanwhile (a pause, a recovery, a mass failure): `forbids` is asked last, with no await between it and the
call.
Rule 3: every write of a row is fenced by the lease on its service. A write whose outcome is unknown raises
Temporary: the caller performs the effect again as `resumed`; a resumed rollback reads the row and sends nothing.
(Switching auto-deploy is idempotent and is repeated.)
Rule 4: a worker that stood still, lost the service and has it again passes that fence. So a row is replaced only if it
is as this worker left it; else another one may have sent meanwhile, and that is looked up.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from watchdog.core.fold.deploy_lists import PIN_SHOWS_SECONDS
from watchdog.daemon.actions.auto_deploy import AutoDeploy
from watchdog.daemon.actions.reconcile import UNREADABLE, DeployLookup, Reconcile, look_up, newer_than
from watchdog.daemon.actions.remedy_actuator import Actions, RemedyActuator
from watchdog.daemon.actions.timings import (
    SHIPPED,
    Change,
    FaultPoint,
    Forbids,
    Found,
    Overtaken,
    Timings,
    TooLate,
    UnreadableList,
    never_too_late,
    no_hook,
    nothing_forbids,
)
from watchdog.domain import events as e
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import PinAutoDeploy, RestoreAutoDeploy, Rollback, TryRemedy
from watchdog.domain.errors import Forbidden, Gone, OutcomeUnknown, Permanent, Refused, Stale, Temporary, WatchdogError
from watchdog.domain.events import Event
from watchdog.domain.store_records import ActionResult, ActionRow
from watchdog.ports import Clock, Platform, Store, WritablePlatform

ROLLBACK, ALTERNATIVE = "rollback", "alternative"
"""The steps: to the target's artefact; to a rebuild of its commit, when the artefact is gone."""
SAID_NO = (ActionResult.REFUSED, ActionResult.EXPIRED, ActionResult.FORBIDDEN)
"""The platform said no: nothing can be under way."""
CONTENDED = "another worker carries out this action"
NO_REMEDIES: Actions = MappingProxyType({})


class Actuator:
    """Performs what the core decided, and returns what came of it as an event.

    Raises Displaced when another worker has the service now, Temporary or Permanent when the store does not answer:
    then perform it again with `resumed`. `reconcile` decides what became of a send whose answer was lost; `forbids`
    is set by the owner of the state, `stood_still` by the monitor of the event loop.
    """

    def __init__(
        self,
        platform: Platform | None,
        store: Store,
        clock: Clock,
        hook: FaultPoint = no_hook,
        *,
        timings: Timings = SHIPPED,
        reconcile: Reconcile = look_up,
        remedies: Actions = NO_REMEDIES,
    ) -> None:
        self._platform = platform
        self._store = store
        self._clock = clock
        self._hook = hook
        self._timings = timings
        self._reconcile = reconcile
        self.forbids: Forbids = nothing_forbids
        self.stood_still: TooLate = never_too_late
        self._auto_deploy = AutoDeploy(
            store, clock, timings, forbids=lambda change, at: self.forbids(change, at), too_late=self._too_late
        )
        self._remedies = RemedyActuator(
            remedies,
            store,
            clock,
            timings,
            hook,
            forbids=lambda change, at: self.forbids(change, at),
            too_late=self._too_late,
        )
        self._writing = 0

    @property
    def writing(self) -> bool:
        """Return whether a changing call is in flight: a graceful stop lets it finish."""
        return self._writing + self._auto_deploy.writing + self._remedies.writing > 0

    async def let_land(self) -> None:
        """Wait until an earlier switch of ours can no longer arrive, and the platform's answers show its result.

        A switch to `off` that arrives after auto-deploy was restored would undo that.
        """
        await self._clock.sleep(self._timings.post_seconds + self._timings.landing_seconds + PIN_SHOWS_SECONDS)

    async def perform(self, effect: Change, *, resumed: bool = False) -> Event:
        """Carry out a change; return its outcome. `resumed`: it was saved before a restart, or the store went away."""
        if isinstance(effect, TryRemedy):
            return await self._remedies.perform(effect, resumed=resumed)
        if not isinstance(self._platform, WritablePlatform) or not self._platform.can_write:
            return self._cannot(effect, "this watchdog was given no right to change anything")
        try:
            if isinstance(effect, PinAutoDeploy):
                return await self._auto_deploy.pin(self._platform, effect)
            if isinstance(effect, RestoreAutoDeploy):
                return await self._auto_deploy.restore(self._platform, effect)
            return await self._rollback(self._platform, effect, resumed=resumed)
        except Refused as error:
            return self._cannot(effect, str(error))

    def _cannot(self, effect: PinAutoDeploy | Rollback | RestoreAutoDeploy, why: str) -> Event:
        at = self._clock.now()
        if isinstance(effect, PinAutoDeploy):
            return e.PinUnconfirmed(at, effect.service, effect.incident, why)
        if isinstance(effect, RestoreAutoDeploy):
            return e.AutoDeployNotRestored(at, effect.service, effect.incident, why)
        return e.RollbackRefused(at, effect.service, effect.incident, why)

    # --- the rollback: at most once ---

    async def _rollback(self, platform: WritablePlatform, effect: Rollback, *, resumed: bool) -> Event:
        try:
            return await self._send_or_look_up(platform, effect, resumed=resumed)
        except Overtaken:
            return await self._contended(platform, effect)

    async def _send_or_look_up(self, platform: WritablePlatform, effect: Rollback, *, resumed: bool) -> Event:
        row = await self._store.action(effect.incident, step(effect))
        same = row is not None and (row.target, row.baseline) == (effect.target, effect.baseline)
        # The answer was stored before a crash or a loss of the lease: report it, and send nothing.
        if row is not None and same and row.state == "accepted" and row.deploy:
            return self._accepted(effect, row.deploy, adopted=True)
        if row is not None and row.state == "sending":
            return await (self._settle if same else self._settle_other)(platform, effect, row)
        if resumed:
            return await self._resumed(platform, effect, row, same=same)
        fresh = ActionRow(
            effect.incident,
            step(effect),
            "planned",
            target=effect.target,
            baseline=effect.baseline,
            # Counted over all decisions of the incident: a new decision must not make the limit anew.
            attempts=row.attempts if row is not None and row.state == "planned" else 0,
            service=effect.service,
        )
        await self._replace(effect, fresh, expect=row.state if row is not None else None)
        await self._hook("after_intent")
        return await self._send(platform, effect, fresh)

    async def _contended(self, platform: WritablePlatform, effect: Rollback) -> Event:
        """Return the outcome where another worker changed the row: it may have sent the request meanwhile.

        A worker that stood still, lost the service and has it again would else take back what the other one sent.
        """
        row = await self._store.action(effect.incident, step(effect))
        if row is None or row.state == "planned":
            return self._postponed(effect, CONTENDED)
        return await self._rollback(platform, effect, resumed=True)

    async def _resumed(self, platform: Platform, effect: Rollback, row: ActionRow | None, *, same: bool) -> Event:
        """Return what is known of an action that was interrupted: not sent yet, or given up already.

        By its row it was not sent; but the store may be a copy of before, and the platform's list shows what it lacks.
        """
        if row is None or not same or row.state not in ("failed", "done"):
            _, deploys = await self._search(platform, effect).patiently(resumed=True)
            if deploys is None:
                return self._postponed(effect, UNREADABLE)
            hit = self._search(platform, effect).find_own_deploy(deploys)
            if hit is not None:
                return await self._adopt(effect, row, hit)
            return self._postponed(effect, "it was interrupted before it was sent")
        at = self._clock.now()
        if row.state == "done":
            return e.RollbackStoodDown(at, effect.service, effect.incident, row.note)
        if row.result in SAID_NO:
            return self._no(effect, row)
        return e.RollbackLost(at, effect.service, effect.incident, row.note)

    async def _send(self, platform: WritablePlatform, effect: Rollback, row: ActionRow) -> Event:
        """Read the deploys once more, mark the row as sending, and send: all within the guard's time."""
        looked_at, deploys = await self._search(platform, effect).patiently()
        if deploys is None:
            return self._postponed(effect, UNREADABLE)
        hit = self._search(platform, effect).find_own_deploy(deploys)
        if hit is not None:
            return await self._adopt(effect, row, hit)
        human = self._human_acted(deploys, effect)
        if human:
            return await self._stand_down(effect, row, human)
        coming = next((deploy for deploy in newer_than(deploys, effect.suspect) if not deploy.has_ended), None)
        if coming is not None:
            return self._postponed(effect, f"{coming.id} is on its way ({coming.status_words})")
        sending = replace(row, state="sending", attempts=row.attempts + 1, sent_at=self._clock.now())
        try:
            # Before the last check: after a crash from here on, the next worker looks the request up before it sends.
            await self._replace(effect, sending, expect="planned")
        except Stale as error:
            return self._postponed(effect, str(error))
        await self._hook("before_send")
        why = self._too_late(looked_at) or self.forbids(effect, looked_at)
        if why:
            await self._replace(effect, replace(sending, state="planned", attempts=row.attempts), expect="sending")
            return self._postponed(effect, why)
        return await self._post(platform, effect, sending)

    def _too_late(self, looked_at: float) -> str:
        late = self._clock.monotonic() - looked_at > self._timings.guard_seconds
        return (
            f"more than {self._timings.guard_seconds:.0f} s since the last look"
            if late
            else self.stood_still(looked_at)
        )

    async def _post(self, platform: WritablePlatform, effect: Rollback, row: ActionRow) -> Event:
        """Send once and classify the answer. There is no `await` between the last check and the call."""
        # Until the acceptance is stored: a graceful stop in between would leave an answer that only a lookup finds.
        self._writing += 1
        try:
            answer = await self._answer(platform, effect)
            if isinstance(answer, str):
                # It is accepted, also where another worker changed the row meanwhile.
                await self._put(effect, replace(row, state="accepted", deploy=answer), expect="sending")
                return self._accepted(effect, answer, adopted=False)
        finally:
            self._writing -= 1
        if isinstance(answer, Temporary):
            return await self._limited(effect, row, answer)
        if isinstance(answer, (Permanent, Refused)):
            return await self._refused(effect, row, _result(answer, effect), str(answer))
        # Render may accept with 202 and an empty body; the deploy that it makes is found in the list.
        if answer is None:
            row = replace(row, result=ActionResult.WITHOUT_ID, note="accepted without an id")
            await self._replace(effect, row, expect="sending")
            return await self._settle(platform, effect, row)
        return await self._settle(platform, effect, replace(row, note=str(answer)))

    async def _answer(self, platform: WritablePlatform, effect: Rollback) -> str | WatchdogError | None:
        """Return the new deploy's id, None if it was accepted without one, or what went wrong."""
        try:
            # One deadline for the whole call: with timeouts per read, a slow answer could exceed the settle window.
            async with asyncio.timeout(self._timings.post_seconds):
                deploy = await _call(platform, effect)
        except TimeoutError:
            return OutcomeUnknown(f"no answer within {self._timings.post_seconds:.0f} s")
        except (Temporary, Permanent, Refused, OutcomeUnknown) as error:
            return error
        await self._hook("after_answer")
        return deploy

    async def _refused(self, effect: Rollback, row: ActionRow, result: ActionResult, why: str) -> Event:
        failed = replace(row, state="failed", result=result, note=why)
        await self._replace(effect, failed, expect="sending")
        return self._no(effect, failed)

    def _no(self, effect: Rollback, row: ActionRow) -> Event:
        """Return the event for a row that failed by a refusal."""
        return e.RollbackRefused(
            self._clock.now(),
            effect.service,
            effect.incident,
            row.note,
            forbidden=row.result is ActionResult.FORBIDDEN,
            expired=row.result is ActionResult.EXPIRED,
        )

    async def _limited(self, effect: Rollback, row: ActionRow, error: Temporary) -> Event:
        """Wait as Retry-After says, then let the core confirm afresh: the platform did nothing (429, no connection)."""
        if row.attempts >= self._timings.limited_max:
            why = f"{error}; given up after {row.attempts} attempts"
            return await self._refused(effect, row, ActionResult.REFUSED, why)
        await self._replace(effect, replace(row, state="planned", note=str(error)), expect="sending")
        await self._clock.sleep(min(max(error.retry_after_seconds, 1.0), self._timings.retry_after_max_seconds))
        return self._postponed(effect, str(error))

    async def _settle(self, platform: WritablePlatform, effect: Rollback, row: ActionRow) -> Event:
        """Return the outcome that `reconcile` finds for a send whose answer was lost, by this worker or another."""
        answer = await self._reconcile(self._search(platform, effect))
        if isinstance(answer, Found):
            return await self._adopt(effect, row, answer.deploy)
        if isinstance(answer, UnreadableList):
            return await self._lost(effect, row, answer.why)
        human = self._human_acted(answer.deploys, effect) if answer.deploys else ""
        why = f"{answer.why} ({row.note or 'answer lost'})"
        if human:
            return await self._stand_down(effect, row, f"{human}; {why}")
        # It was accepted, or sent often enough: one more send could be the second that is accepted.
        if row.result is ActionResult.WITHOUT_ID or row.attempts >= self._timings.attempts_max:
            return await self._lost(effect, row, why)
        await self._replace(effect, replace(row, state="planned", note=why), expect="sending")
        return self._postponed(effect, why)

    async def _settle_other(self, platform: WritablePlatform, effect: Rollback, row: ActionRow) -> Event:
        """Find out what came of an earlier send to another target before anything else is sent; then look again."""
        # The row keeps no code of that target: any rollback newer than its baseline then counts as ours.
        earlier = replace(effect, target=row.target, target_code=None, baseline=row.baseline)
        outcome = await self._settle(platform, earlier, row)
        if isinstance(outcome, e.RollbackAccepted):
            return self._postponed(effect, f"an earlier rollback to {row.target} was accepted as {outcome.deploy}")
        return outcome

    async def _lost(self, effect: Rollback, row: ActionRow, why: str) -> Event:
        await self._replace(effect, replace(row, state="failed", result=None, note=why), expect="sending")
        return e.RollbackLost(self._clock.now(), effect.service, effect.incident, why)

    async def _adopt(self, effect: Rollback, row: ActionRow | None, hit: Deploy) -> Event:
        adopted = ActionRow(
            effect.incident,
            step(effect),
            "accepted",
            target=effect.target,
            baseline=effect.baseline,
            deploy=hit.id,
            attempts=row.attempts if row is not None else 0,
            sent_at=row.sent_at if row is not None else None,
            note="adopted from the deploy list",
        )
        await self._put(effect, adopted, expect=row.state if row is not None else None)
        return self._accepted(effect, hit.id, adopted=True)

    async def _stand_down(self, effect: Rollback, row: ActionRow, why: str) -> Event:
        await self._replace(effect, replace(row, state="done", result=None, note=why), expect=row.state)
        return e.RollbackStoodDown(self._clock.now(), effect.service, effect.incident, why)

    # --- small things ---

    def _search(self, platform: Platform, effect: Rollback) -> DeployLookup:
        return DeployLookup(platform, self._clock, self._timings, effect)

    async def _replace(self, effect: Rollback, row: ActionRow, *, expect: str | None) -> None:
        """Write the row. Raises Overtaken if another worker changed it meanwhile: what that one sent is looked up."""
        if not await self._put(effect, row, expect=expect):
            raise Overtaken

    async def _put(self, effect: Rollback, row: ActionRow, *, expect: str | None) -> bool:
        return await self._store.put_action(replace(row, service=effect.service), expect=expect)

    def _human_acted(self, deploys: Sequence[Deploy], effect: Rollback) -> str:
        """Return that the live deploy is no longer the blamed one, or an empty text."""
        live = next((deploy for deploy in deploys if deploy.is_live), None)
        if live is not None and live.id == effect.suspect:
            return ""
        what = f"{live.id} is live" if live is not None else "no deploy is live"
        return f"{what}, no longer {effect.suspect}"

    def _accepted(self, effect: Rollback, deploy: str, *, adopted: bool) -> Event:
        return e.RollbackAccepted(self._clock.now(), effect.service, effect.incident, deploy, adopted)

    def _postponed(self, effect: Rollback, why: str) -> Event:
        return e.RollbackPostponed(self._clock.now(), effect.service, effect.incident, why)


def step(effect: Rollback) -> str:
    """Return the step under which a rollback is saved: an incident has a row for each."""
    return ALTERNATIVE if effect.rebuild else ROLLBACK


async def _call(platform: WritablePlatform, effect: Rollback) -> str | None:
    if not effect.rebuild:
        return await platform.rollback(effect.platform_id, effect.target)
    assert effect.target_code is not None, "only a commit can be rebuilt"
    return await platform.redeploy(effect.platform_id, effect.target_code)


def _result(error: Permanent | Refused, effect: Rollback) -> ActionResult:
    if isinstance(error, Forbidden):
        return ActionResult.FORBIDDEN
    return ActionResult.EXPIRED if isinstance(error, Gone) and not effect.rebuild else ActionResult.REFUSED
