"""The actuator: performs what changes production; a rollback by the protocol of intent, send once, look up.

Rule 1: the intent is a row in the store before the call; without the row, no call.
Rule 2: a rollback is sent once. Its lost answer is looked up in the deploy list, newer than the baseline; only when
the settle window shows no trace does the core confirm afresh and decide anew, and at most `ATTEMPTS_MAX` times.
Rule 3: too long since the look that justified the call: it is not sent (monotonic guard).
Rule 4: "empty is never everything": a list that cannot be read, or lacks the baseline, justifies nothing.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from watchdog.daemon.auto_deploy import AutoDeploy
from watchdog.domain import events as e
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import PinAutoDeploy, RestoreAutoDeploy, Rollback
from watchdog.domain.errors import OutcomeUnknown, Permanent, Refused, Temporary
from watchdog.domain.events import Event
from watchdog.ports import ActionRow, Clock, Platform, Store, WritablePlatform

GUARD_SECONDS = 5.0
SETTLE_SECONDS = 30.0
LOST_SECONDS = 150.0
LOOK_EVERY_SECONDS = 2.0
READ_PATIENCE_SECONDS = 10.0
ATTEMPTS_MAX = 2
LIMITED_MAX = 4
RETRY_AFTER_MAX_SECONDS = 60.0
STEP = "rollback"
REFUSED = "refused: "
"""How the note of a failed row begins when the platform said no, so that nothing can be under way."""

Hook = Callable[[str], Awaitable[None]]
"""Called at the marked points of the protocol; does nothing but in fault tests."""


async def no_hook(point: str) -> None:
    """Pass."""


class Actuator:
    """Performs what the core decided, and returns what came of it as an event."""

    def __init__(self, platform: Platform | None, store: Store, clock: Clock, hook: Hook = no_hook) -> None:
        self._platform = platform
        self._store = store
        self._clock = clock
        self._hook = hook
        self._auto_deploy = AutoDeploy(store, clock)
        self._writing = 0

    @property
    def writing(self) -> bool:
        """Tell whether a changing call is in hand: a graceful stop lets it finish."""
        return self._writing + self._auto_deploy.writing > 0

    async def perform(self, effect: PinAutoDeploy | Rollback | RestoreAutoDeploy, *, resumed: bool = False) -> Event:
        """Do it and tell what came of it. `resumed`: it was recorded before a restart."""
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
        row = await self._store.action(effect.incident, STEP)
        same = row is not None and (row.target, row.baseline) == (effect.target, effect.baseline)
        if row is not None and same and row.state == "accepted" and row.deploy:
            return self._accepted(effect, row.deploy, adopted=True)
        if row is not None and row.state == "sending":
            return await (self._look_up if same else self._settle_other)(platform, effect, row)
        if resumed:
            return self._resumed(effect, row if same else None)
        fresh = ActionRow(
            effect.incident,
            STEP,
            "planned",
            target=effect.target,
            baseline=effect.baseline,
            attempts=row.attempts if row is not None and row.state == "planned" else 0,
        )
        if not await self._store.put_action(fresh, expect=row.state if row is not None else None):
            return self._postponed(effect, "somebody else is at this action")
        await self._hook("after_intent")
        return await self._send(platform, effect, fresh)

    def _resumed(self, effect: Rollback, row: ActionRow | None) -> Event:
        """Return what is known of an action that was interrupted: not sent yet, or given up already."""
        if row is None or row.state != "failed":
            return self._postponed(effect, "it was interrupted before it was sent")
        at, why = self._clock.now(), row.note.removeprefix(REFUSED)
        if row.note.startswith(REFUSED):
            return e.RollbackRefused(at, effect.service, effect.incident, why)
        return e.RollbackLost(at, effect.service, effect.incident, why)

    async def _send(self, platform: WritablePlatform, effect: Rollback, row: ActionRow) -> Event:
        """Look once more, mark the row as sending, and send, all within the guard."""
        looked_at, deploys = await self._patient_list(platform, effect)
        if deploys is None:
            return self._postponed(effect, "the deploy list cannot be read")
        hit = self._trace(deploys, effect)
        if hit is not None:
            return await self._adopt(effect, row, hit)
        changed = self._changed(deploys, effect)
        if changed is not None:
            return changed
        sending = replace(row, state="sending", attempts=row.attempts + 1, sent_at=self._clock.now())
        if not await self._store.put_action(sending, expect="planned"):
            return self._postponed(effect, "somebody else is at this action")
        if self._clock.monotonic() - looked_at > GUARD_SECONDS:
            await self._store.put_action(replace(sending, state="planned", attempts=row.attempts), expect="sending")
            return self._postponed(effect, f"more than {GUARD_SECONDS:.0f} s since the last look")
        await self._hook("before_send")
        self._writing += 1
        try:
            return await self._post(platform, effect, sending)
        finally:
            self._writing -= 1

    async def _post(self, platform: WritablePlatform, effect: Rollback, row: ActionRow) -> Event:
        try:
            deploy = await platform.rollback(effect.platform_id, effect.target)
        except Temporary as error:
            return await self._limited(effect, row, error)
        except (Permanent, Refused) as error:
            return await self._refused(effect, row, str(error))
        except OutcomeUnknown as error:
            return await self._look_up(platform, effect, replace(row, note=str(error)))
        await self._hook("after_answer")
        if deploy is None:
            return await self._look_up(platform, effect, replace(row, note="accepted without an id"))
        await self._store.put_action(replace(row, state="accepted", deploy=deploy), expect="sending")
        return self._accepted(effect, deploy, adopted=False)

    async def _refused(self, effect: Rollback, row: ActionRow, why: str) -> Event:
        await self._store.put_action(replace(row, state="failed", note=f"{REFUSED}{why}"), expect="sending")
        return e.RollbackRefused(self._clock.now(), effect.service, effect.incident, why)

    async def _limited(self, effect: Rollback, row: ActionRow, error: Temporary) -> Event:
        """Nothing happened (429, not connected): wait as told, then let the core confirm afresh; not for ever."""
        if row.attempts >= LIMITED_MAX:
            return await self._refused(effect, row, f"{error}; given up after {row.attempts} attempts")
        await self._store.put_action(replace(row, state="planned", note=str(error)), expect="sending")
        await self._clock.sleep(min(max(error.retry_after_seconds, 1.0), RETRY_AFTER_MAX_SECONDS))
        return self._postponed(effect, str(error))

    async def _look_up(self, platform: WritablePlatform, effect: Rollback, row: ActionRow) -> Event:
        """Find out what came of a send: read until the rollback shows, or the settle window has passed.

        The window runs on the monotonic clock; after a restart it begins anew, which is only longer.
        """
        began = self._clock.monotonic()
        while True:
            waited = self._clock.monotonic() - began
            deploys = await self._list(platform, effect)
            hit = self._trace(deploys, effect) if deploys is not None else None
            if hit is not None:
                return await self._adopt(effect, row, hit)
            if deploys is not None and waited > SETTLE_SECONDS:
                return await self._no_trace(effect, row)
            if waited > LOST_SECONDS:
                return await self._lost(effect, row, "the deploy list cannot be read")
            await self._clock.sleep(LOOK_EVERY_SECONDS)

    async def _settle_other(self, platform: WritablePlatform, effect: Rollback, row: ActionRow) -> Event:
        """Find out what came of an earlier send to another target before anything else is sent; then look again."""
        earlier = replace(effect, target=row.target, target_code=None, baseline=row.baseline)
        outcome = await self._look_up(platform, earlier, row)
        if isinstance(outcome, e.RollbackAccepted):
            return self._postponed(effect, f"an earlier rollback to {row.target} was accepted as {outcome.deploy}")
        return outcome

    async def _lost(self, effect: Rollback, row: ActionRow, why: str) -> Event:
        await self._store.put_action(replace(row, state="failed", note=why), expect="sending")
        return e.RollbackLost(self._clock.now(), effect.service, effect.incident, why)

    async def _no_trace(self, effect: Rollback, row: ActionRow) -> Event:
        why = f"no trace of it in the deploy list after {SETTLE_SECONDS:.0f} s ({row.note or 'answer lost'})"
        if row.attempts >= ATTEMPTS_MAX:
            return await self._lost(effect, row, why)
        await self._store.put_action(replace(row, state="planned", note=why), expect="sending")
        return self._postponed(effect, why)

    async def _adopt(self, effect: Rollback, row: ActionRow, hit: Deploy) -> Event:
        await self._store.put_action(
            replace(row, state="accepted", deploy=hit.id, note="adopted from the deploy list"), expect=row.state
        )
        return self._accepted(effect, hit.id, adopted=True)

    # --- reading ---

    async def _patient_list(self, platform: Platform, effect: Rollback) -> tuple[float, Sequence[Deploy] | None]:
        """Return when the last look began (monotonic) and the deploy list, asking again for a while."""
        give_up = self._clock.monotonic() + READ_PATIENCE_SECONDS
        while True:
            looked_at = self._clock.monotonic()
            deploys = await self._list(platform, effect)
            if deploys is not None or self._clock.monotonic() >= give_up:
                return looked_at, deploys
            await self._clock.sleep(LOOK_EVERY_SECONDS)

    async def _list(self, platform: Platform, effect: Rollback) -> Sequence[Deploy] | None:
        try:
            return await platform.deploys(effect.platform_id, back_to=effect.baseline) or None
        except (Temporary, Permanent):
            return None

    def _trace(self, deploys: Sequence[Deploy], effect: Rollback) -> Deploy | None:
        """Return the oldest rollback newer than the baseline and of the target's code: ours, or as good as ours.

        Where the target's code is not known, any rollback is: to believe in one too many is the safe mistake.
        """
        newer = [deploy for deploy in self._newer(deploys, effect.baseline) if deploy.is_rollback]
        hits = [deploy for deploy in newer if effect.target_code is None or deploy.code in (None, effect.target_code)]
        return hits[-1] if hits else None

    def _newer(self, deploys: Sequence[Deploy], baseline: str) -> list[Deploy]:
        ids = [deploy.id for deploy in deploys]
        return list(deploys[: ids.index(baseline)]) if baseline in ids else []

    def _changed(self, deploys: Sequence[Deploy], effect: Rollback) -> Event | None:
        """Return why the world is no longer the one that was decided on, or None."""
        live = next((deploy for deploy in deploys if deploy.is_live), None)
        at = self._clock.now()
        if live is None or live.id != effect.suspect:
            what = f"{live.id} is live" if live is not None else "no deploy is live"
            return e.RollbackStoodDown(at, effect.service, effect.incident, f"{what}, no longer {effect.suspect}")
        coming = next((deploy for deploy in self._newer(deploys, effect.suspect) if deploy.in_progress), None)
        if coming is not None:
            return self._postponed(effect, f"{coming.id} is on its way ({coming.status})")
        return None

    def _accepted(self, effect: Rollback, deploy: str, *, adopted: bool) -> Event:
        return e.RollbackAccepted(self._clock.now(), effect.service, effect.incident, deploy, adopted)

    def _postponed(self, effect: Rollback, why: str) -> Event:
        return e.RollbackPostponed(self._clock.now(), effect.service, effect.incident, why)
