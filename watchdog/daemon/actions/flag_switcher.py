"""Switches a feature flag off: an intent, one request, and a look at the flag.

Theory. The flag service may have no idempotency, and a request whose answer is lost may have arrived. Therefore the
intent is saved first, the request is sent once in an incident, and its outcome is looked up by reading the flag.

Rule 1: the intent is a row in the store before the call, one for each (incident, flag); without the row, no call.
Rule 2: a row that is `sending` was sent, as far as anyone knows: it is looked up, and never sent again.
Rule 3: an answer that is lost is an unknown outcome where the flag cannot be read; a yes is believed there.
Rule 4: no call is made when a reason came up meanwhile: `forbids` is asked last, with no await before the call.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from watchdog.daemon.actions.timings import FaultPoint, Forbids, Timings, TooLate
from watchdog.domain import events as e
from watchdog.domain.effects import SwitchFlagOff
from watchdog.domain.errors import OutcomeUnknown, Permanent, Refused, Stale, Temporary
from watchdog.domain.events import Event
from watchdog.domain.store_records import ActionResult, ActionRow
from watchdog.ports import Clock, FlagSwitch, Store

Flags = Mapping[tuple[str, str], FlagSwitch]
"""The configured flags, by service and name."""
STEP = "flag"
CONTENDED = "another worker switches it at the same time"
INTERRUPTED = "it was interrupted before it was sent"
UNCONFIGURED = "the configuration has no such flag any more"
OFF_ALREADY = "it is off already"
UNREAD = "its service answered yes, and it could not be read"


def step(flag: str) -> str:
    """Return the step under which the switch of a flag is saved."""
    return f"{STEP} {flag}"


class FlagSwitcher:
    """Switches flags off. `writing` counts the calls in flight."""

    def __init__(
        self,
        flags: Flags,
        store: Store,
        clock: Clock,
        timings: Timings,
        hook: FaultPoint,
        *,
        forbids: Forbids,
        too_late: TooLate,
    ) -> None:
        self._flags = flags
        self._store = store
        self._clock = clock
        self._timings = timings
        self._hook = hook
        self._forbids = forbids
        self._too_late = too_late
        self.writing = 0

    async def switch_off(self, effect: SwitchFlagOff, *, resumed: bool) -> Event:
        """Switch off and look; return what came of it. Raises Displaced, or Temporary where the store is away."""
        switch = self._flags.get((effect.service, effect.flag))
        row = await self._store.action(effect.incident, step(effect.flag))
        if row is not None and row.state == "sending":
            return await self._settle(switch, effect, row)
        if row is not None and row.state in ("done", "failed"):
            return self._known(effect, row)
        if resumed:
            return self._postponed(effect, INTERRUPTED)
        if switch is None:
            return self._refused(effect, UNCONFIGURED)
        planned = ActionRow(
            effect.incident, step(effect.flag), "planned", target=effect.flag, baseline="", service=effect.service
        )
        if not await self._store.put_action(planned, expect=row.state if row is not None else None):
            return self._postponed(effect, CONTENDED)
        await self._hook("after_intent")
        if await self._is_off(switch):
            return await self._fail(effect, planned, ActionResult.OFF_ALREADY, OFF_ALREADY)
        return await self._send(switch, effect, planned)

    async def _send(self, switch: FlagSwitch, effect: SwitchFlagOff, row: ActionRow) -> Event:
        """Mark the row as sending, and send: all within the guard's time."""
        looked_at = self._clock.monotonic()
        sending = replace(row, state="sending", attempts=1, sent_at=self._clock.now())
        try:
            if not await self._store.put_action(sending, expect="planned"):
                return self._postponed(effect, CONTENDED)
        except Stale as error:
            return self._postponed(effect, str(error))
        await self._hook("before_send")
        why = self._too_late(looked_at) or self._forbids(effect, looked_at)
        if why:
            await self._store.put_action(replace(sending, state="planned", attempts=0), expect="sending")
            return self._postponed(effect, why)
        # Until its outcome is stored: a graceful stop in between would leave an answer that only a look finds.
        self.writing += 1
        try:
            lost = await self._request(switch)
            if isinstance(lost, (Temporary, Permanent, Refused)):
                return await self._fail(effect, sending, ActionResult.REFUSED, str(lost))
            if lost is None and not switch.can_look:
                return await self._done(effect, sending)
        finally:
            self.writing -= 1
        if lost is None:
            sending = replace(sending, result=ActionResult.WITHOUT_ID, note="it answered yes")
            await self._store.put_action(sending, expect="sending")
            return await self._settle(switch, effect, sending)
        return await self._settle(switch, effect, replace(sending, note=str(lost)))

    async def _request(self, switch: FlagSwitch) -> Temporary | Permanent | Refused | OutcomeUnknown | None:
        """Send once; return what went wrong, or None."""
        try:
            # One deadline for the whole call, as for a rollback: a slow answer must not exceed the settle window.
            async with asyncio.timeout(self._timings.post_seconds):
                await switch.switch_off()
        except TimeoutError:
            return OutcomeUnknown(f"no answer within {self._timings.post_seconds:.0f} s")
        except (Temporary, Permanent, Refused, OutcomeUnknown) as error:
            return error
        await self._hook("after_answer")
        return None

    async def _settle(self, switch: FlagSwitch | None, effect: SwitchFlagOff, row: ActionRow) -> Event:
        """Look until the flag is off, or until nothing that was sent can still arrive."""
        why = row.note or "its answer was lost"
        looks = switch is not None and switch.can_look
        off = await self._seen_off(switch) if switch is not None and looks else None
        if off or (off is None and row.result is ActionResult.WITHOUT_ID):
            return await self._done(effect, row, "" if off else UNREAD)
        if not looks:
            return await self._fail(effect, row, None, why)
        seen = "it is on" if off is False else "it cannot be read"
        result = ActionResult.REFUSED if off is False else ActionResult.UNREAD
        return await self._fail(effect, row, result, f"{seen} {self._timings.settle_seconds:.0f} s later ({why})")

    async def _seen_off(self, switch: FlagSwitch) -> bool | None:
        """Return whether the flag is off as soon as it is, or as last read in the settle window; None: it cannot be."""
        began = self._clock.monotonic()
        while True:
            # Before the read: only a look after the whole window proves that no request arrived.
            waited = self._clock.monotonic() - began
            off = await self._is_off(switch)
            if off or waited > self._timings.settle_seconds:
                return off
            await self._clock.sleep(self._timings.look_every_seconds)

    async def _is_off(self, switch: FlagSwitch) -> bool | None:
        """Return whether the flag is off; None if it cannot be read."""
        if not switch.can_look:
            return None
        try:
            async with asyncio.timeout(self._timings.value_seconds):
                return await switch.is_off()
        except (Temporary, Permanent, TimeoutError):
            return None

    async def _done(self, effect: SwitchFlagOff, row: ActionRow, why: str = "") -> Event:
        done = replace(row, state="done", result=None, note=why)
        await self._store.put_action(done, expect=row.state)
        return self._known(effect, done)

    async def _fail(self, effect: SwitchFlagOff, row: ActionRow, result: ActionResult | None, why: str) -> Event:
        failed = replace(row, state="failed", result=result, note=why)
        await self._store.put_action(failed, expect=row.state)
        return self._known(effect, failed)

    def _known(self, effect: SwitchFlagOff, row: ActionRow) -> Event:
        """Return the outcome of a row that is over: just now, before a crash, or by another worker."""
        at, place = self._clock.now(), (effect.service, effect.incident, effect.flag)
        if row.state == "done":
            return e.FlagSwitchedOff(at, *place, row.note)
        if row.result in (ActionResult.REFUSED, ActionResult.OFF_ALREADY):
            return e.FlagRefused(at, *place, row.note, off_already=row.result is ActionResult.OFF_ALREADY)
        return e.FlagLost(at, *place, row.note, settled=row.result is ActionResult.UNREAD)

    def _refused(self, effect: SwitchFlagOff, why: str) -> Event:
        return e.FlagRefused(self._clock.now(), effect.service, effect.incident, effect.flag, why)

    def _postponed(self, effect: SwitchFlagOff, why: str) -> Event:
        return e.FlagPostponed(self._clock.now(), effect.service, effect.incident, effect.flag, why)
