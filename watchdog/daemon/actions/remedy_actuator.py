"""Does a remedy: an intent, one request, and a look at what came of it. One protocol for all kinds.

Theory. What is asked may have no idempotency, and a request whose answer is lost may have arrived. Therefore the
intent is saved first, the request is sent once in an incident, and its outcome is looked up by reading what it changes.

Rule 1: the intent is a row in the store before the call, one for each (incident, remedy); without the row, no call.
Rule 2: a row that is `sending` was sent, as far as anyone knows: it is looked up, and never sent again.
Rule 3: an answer that is lost is an unknown outcome where nothing can be read; a yes is believed there.
Rule 4: no call is made when a reason came up meanwhile: `forbids` is asked last, with no await before the call.
Rule 5: an outcome that this worker knows, and that the store did not take, is saved by the next attempt, and not
looked up: what changes may have nothing to be read by.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from watchdog.daemon.actions.timings import FaultPoint, Forbids, Overtaken, Timings, TooLate
from watchdog.domain import events as e
from watchdog.domain.effects import TryRemedy
from watchdog.domain.errors import OutcomeUnknown, Permanent, Refused, Stale, Temporary
from watchdog.domain.events import Event
from watchdog.domain.remedies.kinds import RemedyKind, parts, words
from watchdog.domain.store_records import ActionResult, ActionRow
from watchdog.ports import Before, Clock, RemedyAction, Store

Actions = Mapping[tuple[str, str], RemedyAction]
"""The configured remedies, by service and name."""
CONTENDED = "another worker does it at the same time"
INTERRUPTED = "it was interrupted before it was sent"
UNCONFIGURED = "the configuration has no such remedy any more"
UNSEEN = "what is there now cannot be read, so nothing was sent"
UNREAD = "its service answered yes, and it could not be read"


def step(remedy: str) -> str:
    """Return the step under which a remedy is saved; a flag's is that of the versions with flags alone."""
    return f"{'flag' if parts(remedy)[0] is RemedyKind.FLAG_OFF else 'remedy'} {remedy}"


class RemedyActuator:
    """Does remedies. `writing` counts the calls in flight."""

    def __init__(
        self,
        actions: Actions,
        store: Store,
        clock: Clock,
        timings: Timings,
        hook: FaultPoint,
        *,
        forbids: Forbids,
        too_late: TooLate,
    ) -> None:
        self._actions = actions
        self._store = store
        self._clock = clock
        self._timings = timings
        self._hook = hook
        self._forbids = forbids
        self._too_late = too_late
        self._unsaved: dict[str, ActionRow] = {}
        self.writing = 0

    async def perform(self, effect: TryRemedy, *, resumed: bool) -> Event:
        """Do it and look; return what came of it. Raises Displaced, or Temporary where the store is away."""
        action = self._actions.get((effect.service, effect.remedy))
        try:
            return await self._send_or_look(action, effect, resumed=resumed)
        except Overtaken:
            return await self._contended(action, effect)

    async def _send_or_look(self, action: RemedyAction | None, effect: TryRemedy, *, resumed: bool) -> Event:
        row = await self._with_unsaved(await self._store.action(effect.incident, step(effect.remedy)), effect.service)
        if row is not None and row.state != "planned":
            return await self._sent_before(action, effect, row)
        if resumed:
            return self._postponed(effect, INTERRUPTED)
        if action is None:
            return self._refused(effect, UNCONFIGURED)
        planned = ActionRow(
            effect.incident, step(effect.remedy), "planned", target=effect.remedy, baseline="", service=effect.service
        )
        if not await self._store.put_action(planned, expect=row.state if row is not None else None):
            raise Overtaken
        await self._hook("after_intent")
        before = await self._before(action)
        if before.done:
            return await self._fail(effect, planned, ActionResult.DONE_ALREADY, words(effect.remedy).read_already)
        if before.why_not:
            return await self._fail(effect, planned, ActionResult.REFUSED, before.why_not)
        return await self._send(action, effect, replace(planned, baseline=before.baseline))

    async def _with_unsaved(self, row: ActionRow | None, service: str) -> ActionRow | None:
        """Return the row, with the outcome of that request if this worker knows it and the store did not take it."""
        known = self._unsaved.get(service)
        if row is None or known is None or row.state != "sending":
            return row
        # By the moment as well: in a restored store another worker may have sent it once more.
        if (known.incident, known.step, known.sent_at) != (row.incident, row.step, row.sent_at):
            return row
        await self._replace(known, expect="sending")
        return known

    async def _save(self, row: ActionRow, *, expect: str) -> bool:
        """Save what came of a request, and return whether it was saved; until the store answers it is kept here.

        False: another worker changed the row meanwhile. Raises Temporary, Permanent or Displaced.
        """
        # An intent is no outcome: whether that one was saved, its row says.
        if row.state != "sending" or row.result is not None:
            self._unsaved[row.service] = row
        saved = await self._store.put_action(row, expect=expect)
        self._unsaved.pop(row.service, None)
        return saved

    async def _sent_before(self, action: RemedyAction | None, effect: TryRemedy, row: ActionRow) -> Event:
        """Return the outcome of a request that was sent already, as far as anyone knows."""
        return await self._settle(action, effect, row) if row.state == "sending" else self._known(effect, row)

    async def _replace(self, row: ActionRow, *, expect: str) -> None:
        """Save it. Raises Overtaken if another worker changed the row meanwhile: what that one sent is looked up."""
        if not await self._save(row, expect=expect):
            raise Overtaken

    async def _contended(self, action: RemedyAction | None, effect: TryRemedy) -> Event:
        """Return the outcome where another worker changed the row: it may have sent the request meanwhile.

        A worker that stood still, lost the service and has it again would else take back what the other one sent.
        """
        row = await self._store.action(effect.incident, step(effect.remedy))
        if row is None or row.state == "planned":
            return self._postponed(effect, CONTENDED)
        return await self.perform(effect, resumed=True)

    async def _before(self, action: RemedyAction) -> Before:
        try:
            async with asyncio.timeout(self._timings.value_seconds):
                return await action.before()
        except (Temporary, Permanent, TimeoutError) as error:
            said = str(error) or f"no answer within {self._timings.value_seconds:.0f} s"
            return Before(why_not=f"{UNSEEN}: {said}") if action.needs_before else Before()

    async def _send(self, action: RemedyAction, effect: TryRemedy, row: ActionRow) -> Event:
        """Mark the row as sending, and send: all within the guard's time."""
        looked_at = self._clock.monotonic()
        sending = replace(row, state="sending", attempts=1, sent_at=self._clock.now())
        try:
            await self._replace(sending, expect="planned")
        except Stale as error:
            return self._postponed(effect, str(error))
        await self._hook("before_send")
        why = self._too_late(looked_at) or self._forbids(effect, looked_at)
        if why:
            await self._replace(replace(sending, state="planned", attempts=0), expect="sending")
            return self._postponed(effect, why)
        # Until its outcome is stored: a graceful stop in between would leave an answer that only a look finds.
        self.writing += 1
        try:
            lost = await self._request(action)
            if isinstance(lost, (Temporary, Permanent, Refused)):
                return await self._fail(effect, sending, ActionResult.REFUSED, str(lost))
            if lost is None and (action.believed or not action.can_look):
                return await self._done(effect, sending)
        finally:
            self.writing -= 1
        if lost is None:
            sending = replace(sending, result=ActionResult.WITHOUT_ID, note="it answered yes")
            await self._replace(sending, expect="sending")
            return await self._settle(action, effect, sending)
        return await self._settle(action, effect, replace(sending, note=str(lost)))

    async def _request(self, action: RemedyAction) -> Temporary | Permanent | Refused | OutcomeUnknown | None:
        """Send once; return what went wrong, or None."""
        try:
            # One deadline for the whole call, as for a rollback: a slow answer must not exceed the settle window.
            async with asyncio.timeout(self._timings.post_seconds):
                await action.apply()
        except TimeoutError:
            return OutcomeUnknown(f"no answer within {self._timings.post_seconds:.0f} s")
        except (Temporary, Permanent, Refused, OutcomeUnknown) as error:
            return error
        await self._hook("after_answer")
        return None

    async def _settle(self, action: RemedyAction | None, effect: TryRemedy, row: ActionRow) -> Event:
        """Look until it is done, or until nothing that was sent can still arrive."""
        why = row.note or "its answer was lost"
        looks = action is not None and action.can_look
        done = await self._seen_done(action, row.baseline) if action is not None and looks else None
        if done or (done is None and row.result is ActionResult.WITHOUT_ID):
            return await self._done(effect, row, "" if done else UNREAD)
        if not looks:
            return await self._fail(effect, row, None, why)
        seen = words(effect.remedy).read_undone if done is False else "it cannot be read"
        result = ActionResult.REFUSED if done is False else ActionResult.UNREAD
        return await self._fail(effect, row, result, f"{seen} {self._timings.settle_seconds:.0f} s later ({why})")

    async def _seen_done(self, action: RemedyAction, baseline: str) -> bool | None:
        """Return whether it is done as soon as it is, or as last read in the settle window; None: that is not read."""
        began = self._clock.monotonic()
        while True:
            # Before the read: only a look after the whole window proves that no request arrived.
            waited = self._clock.monotonic() - began
            done = await self._is_done(action, baseline)
            if done or waited > self._timings.settle_seconds:
                return done
            await self._clock.sleep(self._timings.look_every_seconds)

    async def _is_done(self, action: RemedyAction, baseline: str) -> bool | None:
        """Return whether it is done; None if that cannot be read."""
        try:
            async with asyncio.timeout(self._timings.value_seconds):
                return await action.look(baseline)
        except (Temporary, Permanent, TimeoutError):
            return None

    async def _done(self, effect: TryRemedy, row: ActionRow, why: str = "") -> Event:
        done = replace(row, state="done", result=None, note=why)
        # It is done, also where another worker changed the row meanwhile.
        await self._save(done, expect=row.state)
        return self._known(effect, done)

    async def _fail(self, effect: TryRemedy, row: ActionRow, result: ActionResult | None, why: str) -> Event:
        failed = replace(row, state="failed", result=result, note=why)
        await self._replace(failed, expect=row.state)
        return self._known(effect, failed)

    def _known(self, effect: TryRemedy, row: ActionRow) -> Event:
        """Return the outcome of a row that is over: just now, before a crash, or by another worker."""
        at, place = self._clock.now(), (effect.service, effect.incident, effect.remedy)
        if row.state == "done":
            return e.RemedyDone(at, *place, row.note, row.baseline)
        if row.result in (ActionResult.REFUSED, ActionResult.DONE_ALREADY):
            return e.RemedyRefused(at, *place, row.note, already=row.result is ActionResult.DONE_ALREADY)
        return e.RemedyLost(at, *place, row.note, settled=row.result is ActionResult.UNREAD, was=row.baseline)

    def _refused(self, effect: TryRemedy, why: str) -> Event:
        return e.RemedyRefused(self._clock.now(), effect.service, effect.incident, effect.remedy, why)

    def _postponed(self, effect: TryRemedy, why: str) -> Event:
        return e.RemedyPostponed(self._clock.now(), effect.service, effect.incident, effect.remedy, why)
