"""Auto-deploy switched off and given back: idempotent, read back, so it may be sent again.

Rule 1: bounded as a whole, however the platform hangs: the outage does not wait for a slow switch.
Rule 2: the value to restore is written down before the switch, and is never our own `off`.
Rule 3: what somebody else set meanwhile is theirs: it is left alone.
"""

import asyncio
from dataclasses import dataclass, replace

from watchdog.domain import events as e
from watchdog.domain.effects import PinAutoDeploy, RestoreAutoDeploy
from watchdog.domain.errors import OutcomeUnknown, Permanent, Temporary
from watchdog.domain.events import Event
from watchdog.ports import ActionRow, Clock, Platform, Store, WritablePlatform

LOOK_EVERY_SECONDS = 2.0
RESTORE_SECONDS = 30.0
RESTORE_ATTEMPTS = 3
STEP = "pin"


@dataclass(slots=True)
class _Known:
    """What a pin has found out so far."""

    previous: str | None = None
    confirmed: bool = False
    why: str = ""


class AutoDeploy:
    """Pins and restores. `writing` is how many changing calls are in hand."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.writing = 0

    async def pin(self, platform: WritablePlatform, effect: PinAutoDeploy) -> Event:
        """Switch off and read back, for at most `within_seconds`. Raises Refused."""
        known = _Known()
        try:
            async with asyncio.timeout(effect.within_seconds):
                while not await self._pin_once(platform, effect, known):
                    await self._clock.sleep(LOOK_EVERY_SECONDS)
        except TimeoutError:
            known.why = known.why or "it was not read back in time"
        at = self._clock.now()
        if known.confirmed:
            return e.PinConfirmed(at, effect.service, effect.incident, known.previous or "off")
        return e.PinUnconfirmed(at, effect.service, effect.incident, known.why, known.previous)

    async def _pin_once(self, platform: WritablePlatform, effect: PinAutoDeploy, known: _Known) -> bool:
        """Try once; return whether there is nothing more to try."""
        try:
            known.previous = await self._previous(platform, effect)
            known.confirmed = await self._switch(platform, effect.platform_id, "off")
            known.why = "it is not read back as off"
            return known.confirmed
        except (Temporary, OutcomeUnknown) as error:
            known.why = str(error)
        except Permanent as error:
            known.why = str(error)
            return True
        return False

    async def _previous(self, platform: Platform, effect: PinAutoDeploy) -> str:
        """Return the value to restore one day: the last that was not our own `off`, kept in the store."""
        value = (await platform.facts(effect.platform_id)).auto_deploy
        row = await self._store.action(effect.incident, STEP)
        if row is not None and value in ("off", row.baseline):
            return row.baseline
        fresh = ActionRow(effect.incident, STEP, "sending", target="off", baseline=value, service=effect.service)
        expect = None
        if row is not None:
            fresh, expect = replace(row, baseline=value, service=effect.service), row.state
        if not await self._store.put_action(fresh, expect=expect):
            raise Temporary("somebody else switches it at the same time")
        return value

    async def _switch(self, platform: WritablePlatform, service_id: str, value: str) -> bool:
        """Set the value and read it back; an answer lost on the way is settled by the reading."""
        if (await platform.facts(service_id)).auto_deploy != value:
            self.writing += 1
            try:
                await platform.set_auto_deploy(service_id, value)
            except OutcomeUnknown:
                await self._clock.sleep(LOOK_EVERY_SECONDS)
            finally:
                self.writing -= 1
        return (await platform.facts(service_id)).auto_deploy == value

    async def restore(self, platform: WritablePlatform, effect: RestoreAutoDeploy) -> Event:
        """Give the old value back, if it is still off, for at most `RESTORE_SECONDS`. Raises Refused."""
        known = _Known(why="it was not read back in time")
        try:
            async with asyncio.timeout(RESTORE_SECONDS):
                for _ in range(RESTORE_ATTEMPTS):
                    value = await self._restore_once(platform, effect, known)
                    if value:
                        return e.AutoDeployRestored(self._clock.now(), effect.service, effect.incident, value)
                    await self._clock.sleep(LOOK_EVERY_SECONDS)
        except TimeoutError:
            pass
        except Permanent as error:
            known.why = str(error)
        return e.AutoDeployNotRestored(self._clock.now(), effect.service, effect.incident, known.why)

    async def _restore_once(self, platform: WritablePlatform, effect: RestoreAutoDeploy, known: _Known) -> str:
        """Return the value that holds now: the old one, or one that somebody chose; nothing if it is still off."""
        try:
            now = (await platform.facts(effect.platform_id)).auto_deploy
            if now != "off":
                return now
            if await self._switch(platform, effect.platform_id, effect.value):
                return effect.value
            known.why = f"it is not read back as {effect.value}"
        except (Temporary, OutcomeUnknown) as error:
            known.why = str(error)
        return ""
