"""The engine: takes one event at a time through the core, saves the result, then performs it.

Theory. All producers (probes, pollers, timers, commands, outcomes of actions) put events into one queue; they are
handled one at a time, under a lock. For each event: step; save state, event, notes and pending effects in one
transaction, if the step is worth saving; only then the `EffectDispatcher` hands the effects to those who perform them,
whose outcome comes back as further events. A crash leaves no record, or one with pending effects for the next start.

Rule 1: effects on production run only after the transaction that holds them.
Rule 2: without the store production is not changed (fails closed), but people are notified from memory (fails open).
Rule 3: an event that raises is reported and skipped. Rule 4: each step is checked (`core/checked_step.py`).
Rule 5: an event of a service is dropped without this worker's lease on it, unless it is watched from memory.
Rule 6: an unsaved pause, violated invariant or denied commit survives a reload of the shared state.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from watchdog.core import fleet
from watchdog.core.checked_step import checked_step
from watchdog.core.guards import pre_send_check
from watchdog.daemon.actions.actuator import Actuator
from watchdog.daemon.actions.runner import ActionRunner
from watchdog.daemon.actions.timings import Change
from watchdog.daemon.approvals.pending import PendingCommand, refusal
from watchdog.daemon.engine.conversion import (
    event_of,
    failure_run_changed,
    merged,
    policy_for,
    with_unknown,
    worth_recording,
)
from watchdog.daemon.engine.effect_dispatcher import EffectDispatcher
from watchdog.daemon.engine.left_services import Left, LeftServices
from watchdog.daemon.engine.persistence import StepPersister, StepResult
from watchdog.daemon.engine.timers import Timers
from watchdog.daemon.outbox.outbox import Outbox
from watchdog.daemon.probing.scheduler import Lateness
from watchdog.daemon.runtime.hooks import Hooks, call_safely
from watchdog.daemon.runtime.supervisor import Supervisor, raised
from watchdog.domain import events as e
from watchdog.domain.effects import Effect
from watchdog.domain.errors import Displaced, Permanent, Stale, Temporary
from watchdog.domain.events import Event
from watchdog.domain.incidents import State
from watchdog.domain.policy import Policy
from watchdog.domain.store_records import FLEET, Step
from watchdog.ports import Clock, Sample, SignalSource, Store

# A bound, so that a core that cannot keep up slows its producers down instead of filling the memory.
QUEUE_MAX = 10_000
STALE_MAX = 5
"""Attempts to save a step while other workers change the shared state; then the store counts as failing."""
FAULT_SECONDS = 600.0
"""The time an unhandled event keeps the daemon unhealthy."""

log = structlog.get_logger("watchdog")


@dataclass(slots=True)
class _Item:
    """A queued event, and the caller that waits for its result."""

    event: Event
    handled: asyncio.Future[StepResult] | None = None
    asked: PendingCommand | None = None


class Engine:
    """Runs the core. Everything that happens comes in through `submit`."""

    def __init__(
        self,
        *,
        policy: Policy,
        store: Store,
        clock: Clock,
        supervisor: Supervisor,
        actuator: Actuator,
        outbox: Outbox,
        listeners: Hooks,
    ) -> None:
        self.policy = policy
        self.state = State()
        self.listeners = listeners
        self.held: dict[str, int] = {}
        self._stays: dict[str, int] = {}
        self._left = LeftServices()
        self._taken_up = 0
        self.last_event_at = clock.now()
        self._store = store
        self._clock = clock
        self._supervisor = supervisor
        self._outbox = outbox
        outbox.own_page_is_over = lambda condition: fleet.page_is_over(self.state, condition)
        actuator.forbids = self._forbids
        acts = ActionRunner(
            actuator,
            store,
            clock,
            lambda: self.state,
            self.submit_and_wait,
            lambda: self.store_trouble,
            self._stays.get,
        )
        self._time = Timers(clock, self.submit, self._record_snapshot)
        self._queue: asyncio.Queue[_Item] = asyncio.Queue(QUEUE_MAX)
        self.recorder = StepPersister(store, clock, listeners, self._refuse, self._recovered)
        self.dispatcher = EffectDispatcher(acts, outbox, self._time, supervisor, listeners, self.recorder.delivered)
        self._step_lock = asyncio.Lock()
        self._fault: tuple[float, str] | None = None
        self._refusals: list[Event] = []

    @property
    def fault(self) -> str:
        """Return the last event that raised within FAULT_SECONDS, or an empty string."""
        if self._fault is None or self._clock.monotonic() - self._fault[0] > FAULT_SECONDS:
            return ""
        return self._fault[1]

    @property
    def store_trouble(self) -> str:
        """Return why the store refused the last record, or an empty string."""
        return self.recorder.trouble

    # --- services of this worker ---

    async def adopt_services(self, epochs: Mapping[str, int], *, from_memory: bool = False) -> None:
        """Load the state and the pending effects of these names: at a start, or from another worker.

        `epochs` are the epochs of their leases. `from_memory`: the store does not answer, so the services start blank
        and are not saved until they were read. Raises Temporary or Permanent if the store cannot be read.
        """
        names = tuple(name for name in epochs if name != FLEET)
        # An in-flight delivery may have repopulated the cache after `lose` cleared it.
        self._outbox.forget([name for name in names if name not in self.held])
        async with self._step_lock:
            pending = () if from_memory else await self._store.pending(epochs)
            # Last of the calls that may fail: from here on the store takes its answer for known to this worker.
            saved = None if from_memory else await self._store.load(epochs) or State()
            if saved is not None:
                saved = saved.with_part(self.recorder.read(self.state, saved.shared))
                back = self._left.taken_back(epochs, saved)
                self.state, dropped = merged(self.state, saved, epochs, back)
                if dropped:
                    self._supervisor.spawn("late pages", self._outbox.drop(dropped))
                self.recorder.know(epochs, saved, [one.unwritten for one in back.values()])
            else:
                self.state = with_unknown(self.state, names, self._clock.now(), self._left.watched_on(names))
                self.recorder.know(epochs, unread=True)
            self.held.update(epochs)
            self._taken_up += 1
            self._stays.update(dict.fromkeys(epochs, self._taken_up))
            # Before any other event: the core clamps timestamps of a worker with a fast clock, and beside one of its
            # readings none of ours would begin a run of failures.
            result = await self._restarted(restarted := e.Restarted(self._clock.now(), names)) if names else None
        if result is not None:
            self._after_step(restarted, result)
        for item in pending:
            self.dispatcher.perform(item, resumed=True)

    async def _restarted(self, restarted: e.Restarted) -> StepResult | None:
        try:
            return await self._handle_locked(restarted)
        # As from the queue: one state that the core cannot take up must not leave every site unwatched.
        except Exception as error:  # noqa: BLE001
            self._report(restarted, error)
            return None

    async def drop(self, names: Collection[str]) -> None:
        """Forget these services: another worker has their leases now."""
        async with self._step_lock:
            self._drop(names)

    def _drop(self, names: Collection[str]) -> None:
        # Not what is in doubt: of an undone step the record may say otherwise. And what waits for the refusal of its
        # change would wait for minutes, as the refusal is dropped with the service.
        unsure = {*self.recorder.unread} | {getattr(one, "service", "") for one in self._refusals}
        sure = [name for name in names if name in self.held and name not in unsure and name in self.state.services]
        left = {name: Left(self.held[name], self.state.services[name], self.recorder.unwritten(name)) for name in sure}
        self._left.leave(names, left)
        kept = {name: service for name, service in self.state.services.items() if name not in names}
        self.state = replace(self.state, services=kept)
        self._supervisor.spawn("late pages", self._outbox.lose(names))
        for name in names:
            self.held.pop(name, None)
            self._stays.pop(name, None)
            self.dispatcher.forget(name)
        self.recorder.forget(names)
        for listener in self.listeners.dropped:
            call_safely(listener, tuple(names))

    async def refresh(self) -> None:
        """Reload the state all workers share: pause, deny-list, troubles, budgets."""
        async with self._step_lock:
            await self._read_shared()

    def end_late_pages(self, read_at: float) -> None:
        """End the pages about the watchdog itself that came after their end.

        The shared state is known as the store had it at that moment (monotonic seconds), or later.
        """
        for end in self._outbox.late_ends(read_at):
            self._supervisor.spawn("late pages", self._outbox.deliver(None, end))

    async def _read_shared(self) -> None:
        self.state = self.state.with_part(self.recorder.read(self.state, await self._store.load_shared()))

    def _is_ours(self, event: Event) -> bool:
        """Return whether this worker handles the event; a command about an incident is matched by the incident's id."""
        if isinstance(event, e.OF_AN_INCIDENT):
            concerned = self.state.of_incident(event.incident)
            return concerned is not None and concerned.name in self.held
        service = getattr(event, "service", None)
        return service is None or service in self.held

    # --- events ---

    async def run(self) -> None:
        """Handle events one by one, for ever."""
        while True:
            item = await self._queue.get()
            try:
                await self._take(item)
            finally:
                self._refusals = [one for one in self._refusals if one is not item.event]
                if item.handled is not None:
                    # Has no effect on a finished future; a cancelled engine leaves no caller waiting.
                    item.handled.cancel()

    async def _take(self, item: _Item) -> None:
        """Handle one event; report an exception to the supervisor and to the waiting caller."""
        try:
            result = await self._handle(item.event, item.asked)
        except Displaced as error:
            if item.handled is not None and not item.handled.done():
                item.handled.set_exception(error)
            return
        except Exception as error:  # noqa: BLE001  one event that cannot be handled must not stop the others
            what = self._report(item.event, error)
            if item.handled is not None and not item.handled.done():
                item.handled.set_exception(Permanent(f"an internal error: {what}; please report it"))
            return
        if item.handled is not None and not item.handled.done():
            item.handled.set_result(result)

    def _report(self, event: Event, error: Exception) -> str:
        """Report that an event could not be handled; return that in words."""
        what = f"{type(event).__name__} could not be handled ({type(error).__name__})"
        self._fault = (self._clock.monotonic(), what)
        self._supervisor.spawn("event", raised(error))
        return what

    async def halt(self) -> None:
        """Let the running step end and start no other, so that the final save is the last one."""
        # Never released: events that arrive during the shutdown must not change the state after the final save.
        await self._step_lock.acquire()

    async def save_final_state(self) -> None:
        """Save the state, once halted. Raises Temporary, Permanent, Displaced or Stale."""
        await self.recorder.save_final_state(self.state)

    async def submit(self, event: Event) -> None:
        """Queue an event."""
        await self._queue.put(_Item(event))

    async def submit_and_wait(self, event: Event) -> Sequence[Effect]:
        """Queue an event and return the core's effects. Raises Permanent if the event raised."""
        return (await self.answer(event)).effects

    async def answer(self, event: Event, asked: PendingCommand | None = None) -> StepResult:
        """Queue an event and return its result; `asked` may object to it. Raises Permanent if the event raised."""
        handled: asyncio.Future[StepResult] = asyncio.get_running_loop().create_future()
        await self._queue.put(_Item(event, handled, asked))
        return await handled

    async def handle(self, event: Event) -> Sequence[Effect]:
        """Step, record, then act. Raises Displaced if this worker does not hold the event's service."""
        return (await self._handle(event)).effects

    async def _handle(self, event: Event, asked: PendingCommand | None = None) -> StepResult:
        async with self._step_lock:
            result = await self._handle_locked(event, asked)
        # Outside the turn: these change nothing that is saved, so the lock is free for a snapshot or a takeover.
        self._after_step(event, result)
        return result

    async def _handle_locked(self, event: Event, asked: PendingCommand | None = None) -> StepResult:
        """Step, record, and begin the effects; the caller has the lock, and calls `_after_step` once it is free."""
        result = await self._recorded(event, asked)
        self.state = result.after
        self.last_event_at = self._clock.now()
        if failure_run_changed(event, result.before, result.after):
            # Snapshots are 30 s apart: a worker that takes over would restart the suspicion from an old one.
            self._time.save_now()
        for item in result.pending:
            self.dispatcher.perform(item)
        return result

    def _after_step(self, event: Event, result: StepResult) -> None:
        """Adjust the paces, and let the listeners know."""
        self.dispatcher.adjust(result.effects, self.policy.pace)
        for listener in self.listeners.stepped:
            call_safely(listener, result.before, result.after, event, result.effects)
        if result.policy is not None:
            step = Step(result.before, event, result.policy, result.after, result.effects, result.undone)
            for taken in self.listeners.recorded:
                call_safely(taken, step)

    async def _recorded(self, event: Event, asked: PendingCommand | None) -> StepResult:
        """Step and save; repeat if another worker changed the shared state or took one of the services."""
        for _ in range(STALE_MAX):
            result = self._stepped(event, asked)
            if not worth_recording(event, result.before, result.after, result.effects):
                return result
            try:
                answer = asked.answer(result.effects) if asked is not None else None
                return await self.recorder.record(event, result, answer)
            except Displaced as error:
                # The next attempt raises Displaced if the event is about one of these services.
                log.warning("services taken over by another worker", services=list(error.names))
                self._drop(error.names)
            except Stale:
                await self._refresh_locked()
        # To try for ever would hold the lock: the step is kept from memory like one without a store.
        why = Temporary("other workers write without a pause")
        return self.recorder.unrecorded(event, self._stepped(event, asked), why)

    def _stepped(self, event: Event, asked: PendingCommand | None) -> StepResult:
        if not self._is_ours(event):
            raise Displaced((getattr(event, "service", "") or getattr(event, "incident", ""),))
        before, policy = self.state, policy_for(event, self.policy)
        if asked is not None and asked.objection is not None and (why := asked.objection(before)):
            return StepResult(before, before, (refusal(before, event, why),))
        after, effects, why = checked_step(before, event, policy)
        if why:
            log.error("invariant violation, step discarded, actions disabled", why=why)
        return StepResult(before, after, effects, policy=policy)

    async def _refresh_locked(self) -> None:
        try:
            await self._read_shared()
        except (Temporary, Permanent) as error:
            log.error("shared state not read", why=str(error))

    def _refuse(self, refusal: Event) -> None:
        self._refusals.append(refusal)
        self._supervisor.spawn("refuse", self.submit(refusal))

    def _recovered(self) -> None:
        self._supervisor.spawn("left-over", self._perform_left_over())

    async def _perform_left_over(self) -> None:
        """Resume pending effects that no task performs: their commit seemed to fail, or their worker died."""
        try:
            async with self._step_lock:
                # Under the lock: a step in progress has rows whose tasks are not started yet.
                left = await self.recorder.left_over(self.held, self.dispatcher.under_way)
        except (Temporary, Permanent) as error:
            log.error("unfinished effects not read, retrying", why=str(error))
            return
        for item in left:
            self.dispatcher.perform(item, resumed=True)

    def _forbids(self, change: Change, looked_at: float) -> str:
        """Return why a change must not be sent at this very moment, or an empty string."""
        return pre_send_check.reason_not_to_send(self.state, self.policy, change, self._clock.now())

    # --- time and readings ---

    async def keep_time(self) -> None:
        """Wake the core at the moments it asked for, and save a snapshot now and then."""
        await self._time.run()

    async def _record_snapshot(self, *, quietly: bool) -> None:
        """Save the state between two turns: within one, the snapshot would overwrite the turn's own save."""
        async with self._step_lock:
            try:
                await self.recorder.snapshot(self.state, quietly=quietly)
            except Stale:
                await self._refresh_locked()
            except Displaced as error:
                self._drop(error.names)
        if not quietly:
            await self._perform_left_over()

    async def on_samples(self, service: str, source: SignalSource, samples: Sequence[Sample], late: Lateness) -> None:
        """Queue an event per sample, dated at the start of the read: the site's state at its end is not known."""
        at = late.started_at
        for reads in self.listeners.read:
            call_safely(reads, service, source, samples)
        for sample in samples:
            for listener in self.listeners.sampled:
                call_safely(listener, service, source, sample, at)
            await self.submit(event_of(service, source, sample, at))
