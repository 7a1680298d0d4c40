"""Switches auto-deploy off and restores it: idempotent, read back, so it may be sent again.

Theory. Render rolls back through its API without switching auto-deploy off, so the next merge would deploy the bad
commit again. The daemon switches it off (a pin) before the rollback, and restores the old value afterwards.

Rule 1: the whole has a deadline, however the platform hangs: the outage does not wait for a slow switch.
Rule 2: the value to restore is saved before the switch, and is never the daemon's own `off`.
Rule 3: a value that a human set meanwhile is left alone.
Rule 4: each switch has its row, written under the lease just before. When that was too long ago, it looks again; when a
guard forbids it at that moment (a pause), it is not sent.
"""

import asyncio
from dataclasses import dataclass, replace

from watchdog.daemon.actions.timings import Forbids, Timings, TooLate
from watchdog.domain import events as e
from watchdog.domain.effects import PinAutoDeploy, RestoreAutoDeploy
from watchdog.domain.errors import OutcomeUnknown, Permanent, Refused, Stale, Temporary
from watchdog.domain.events import Event
from watchdog.domain.store_records import ActionRow
from watchdog.ports import Clock, Platform, Store, WritablePlatform

RESTORE_ATTEMPTS = 3
UNTOLD = "the platform does not say what auto-deploy is set to"
LATE = "the platform did not say in time what auto-deploy is set to"
STEP = "pin"
RESTORE = "restore"
OFF, UNKNOWN = "off", "unknown"


@dataclass(slots=True)
class _Known:
    """The findings of a pin so far."""

    previous: str | None = None
    intended: bool = False
    confirmed: bool = False
    stale: str = ""
    why: str = ""


class AutoDeploy:
    """Pins and restores. `writing` counts the changing calls in flight."""

    def __init__(self, store: Store, clock: Clock, timings: Timings, *, forbids: Forbids, too_late: TooLate) -> None:
        self._store = store
        self._clock = clock
        self._timings = timings
        self._forbids = forbids
        self._too_late = too_late
        self.writing = 0

    async def pin(self, platform: WritablePlatform, effect: PinAutoDeploy) -> Event:
        """Switch off and read back, for at most `within_seconds`. Raises Displaced."""
        known = _Known()
        try:
            async with asyncio.timeout(effect.within_seconds):
                while not await self._pin_once(platform, effect, known):
                    await self._clock.sleep(self._timings.look_every_seconds)
        except TimeoutError:
            known.why = known.why or "it was not read back in time"
        except Refused as error:
            known.why = str(error)
        at = self._clock.now()
        # The shared state changed (a pause, perhaps) before the row was written, up to the end: nothing was sent.
        if known.stale and not known.intended:
            return e.RollbackPostponed(at, effect.service, effect.incident, known.stale, known.previous)
        if known.confirmed:
            return e.PinConfirmed(at, effect.service, effect.incident, known.previous or OFF)
        return e.PinUnconfirmed(at, effect.service, effect.incident, known.why, known.previous)

    async def _pin_once(self, platform: WritablePlatform, effect: PinAutoDeploy, known: _Known) -> bool:
        """Try once; return whether to stop trying."""
        try:
            looked_at = self._clock.monotonic()
            before = await self._store.action(effect.incident, STEP)
            if before is not None:  # an earlier attempt may have gone through, so its baseline is the value to restore
                known.previous = before.baseline
            value = await self._value(platform, effect, before)
            # What another worker changed may be a pause: without a row it is certain that nothing was sent.
            why = self._forbids(effect, looked_at) if known.stale else ""
            if why:
                raise Refused(why)
            row = await self._pin_row(effect, before, value)
            known.previous, known.intended = row.baseline, True
            known.confirmed = await self._switch(platform, effect, row, looked_at, value)
            known.why = "it is not read back as off"
            return known.confirmed
        # Tried again once this worker has read what another one changed; the guards are asked after that.
        except Stale as error:
            known.why = known.stale = str(error)
        except (Temporary, OutcomeUnknown) as error:
            known.why = str(error)
        except Permanent as error:
            known.why, known.stale = str(error), ""
            return True
        return False

    async def _value(self, platform: Platform, effect: PinAutoDeploy, before: ActionRow | None) -> str:
        """Return the present setting; if it cannot be read, that of an earlier attempt, or of the last deploy list.

        An old value to restore is safer than auto-deploy left on.
        """
        try:
            async with asyncio.timeout(self._timings.value_seconds):
                value = (await platform.facts(effect.platform_id)).auto_deploy
            if value == UNKNOWN:
                raise Temporary(UNTOLD)
        except (Temporary, TimeoutError) as error:
            value = before.baseline if before is not None else effect.listed
            # `off` may be the daemon's own: restoring it would leave auto-deploy off for ever.
            if value in ("", UNKNOWN, OFF):
                raise error if isinstance(error, Temporary) else Temporary(LATE) from None
        return value

    async def _pin_row(self, effect: PinAutoDeploy, before: ActionRow | None, value: str) -> ActionRow:
        """Save the intent, with the value to restore: the last one that was not the daemon's own `off`."""
        previous = before.baseline if before is not None and value in (OFF, before.baseline) else value
        intent = ActionRow(effect.incident, STEP, "sending", target=OFF, baseline=previous, service=effect.service)
        return await self._intend(intent, before)

    async def _intend(self, intent: ActionRow, before: ActionRow | None) -> ActionRow:
        # The row changed since it was read above.
        if not await self._store.put_action(intent, expect=before.state if before is not None else None):
            raise Temporary("another worker switches it at the same time")
        return intent

    async def _switch(
        self,
        platform: WritablePlatform,
        effect: PinAutoDeploy | RestoreAutoDeploy,
        row: ActionRow,
        looked_at: float,
        value: str,
    ) -> bool:
        """Set the row's value unless it is set already; return whether the answer, or else a read, confirms it.

        The read also settles an answer that was lost on the way.
        """
        service_id = effect.platform_id
        now: str | None = value
        if value != row.target:
            late = self._too_late(looked_at)
            if late:
                raise Temporary(late)
            # Asked last, with no await before the call: a pause that arrives later finds it sent.
            why = self._forbids(effect, looked_at)
            if why:
                raise Refused(f"nothing is changed: {why}")
            self.writing += 1
            try:
                # An answer without the setting confirms nothing: it is read back below.
                now = await platform.set_auto_deploy(service_id, row.target)
            except OutcomeUnknown:
                # The request may still be on its way: a read at once would see the old value.
                await self._clock.sleep(self._timings.look_every_seconds)
            finally:
                self.writing -= 1
        if now != row.target and (await platform.facts(service_id)).auto_deploy != row.target:
            return False
        await self._done(row)
        return True

    async def _done(self, row: ActionRow) -> None:
        """Mark the row as done; a store that does not answer changes nothing about the value read back."""
        try:
            await self._store.put_action(replace(row, state="done"), expect=row.state)
        except Temporary:
            return

    async def restore(self, platform: WritablePlatform, effect: RestoreAutoDeploy) -> Event:
        """Restore the old value if it is still `off`, within `restore_seconds`. Raises Refused and Displaced."""
        known = _Known(why="it was not read back in time")
        try:
            async with asyncio.timeout(self._timings.restore_seconds):
                for _ in range(RESTORE_ATTEMPTS):
                    value = await self._restore_once(platform, effect, known)
                    if value:
                        return e.AutoDeployRestored(self._clock.now(), effect.service, effect.incident, value)
                    await self._clock.sleep(self._timings.look_every_seconds)
        except TimeoutError:
            pass
        except Permanent as error:
            known.why = str(error)
        return e.AutoDeployNotRestored(self._clock.now(), effect.service, effect.incident, known.why)

    async def _restore_once(self, platform: WritablePlatform, effect: RestoreAutoDeploy, known: _Known) -> str:
        """Return the present value: the restored one, or a human's; empty if it is still off.

        The row is `planned`, not `sending`: an undo does not depend on the state that all workers share.
        """
        try:
            looked_at = self._clock.monotonic()
            now = (await platform.facts(effect.platform_id)).auto_deploy
            if now == UNKNOWN:
                raise Temporary(UNTOLD)
            # A human, or a Blueprint sync, switched it on meanwhile.
            if now != OFF:
                return now
            row = ActionRow(
                effect.incident, RESTORE, "planned", target=effect.value, baseline=now, service=effect.service
            )
            await self._intend(row, await self._store.action(effect.incident, RESTORE))
            if await self._switch(platform, effect, row, looked_at, now):
                return effect.value
            known.why = f"it is not read back as {effect.value}"
        except (Temporary, OutcomeUnknown) as error:
            known.why = str(error)
        return ""
