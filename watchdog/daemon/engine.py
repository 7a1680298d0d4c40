"""The engine: events in, one at a time, through the pure core; what it decides is recorded, then done.

Rule 1: decide -> record -> act. Effects on the outside run only after the transaction that holds them.
Rule 2: if the store does not answer, nothing is changed in production (fails closed), but people are told from
memory (fails open).
Rule 3: an outcome is recorded before its effect is marked as finished; a crash in between looks it up again.
"""

import asyncio
import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from watchdog.core.machine import step
from watchdog.daemon.actuator import Actuator
from watchdog.daemon.deploy_watch import DeployWatch
from watchdog.daemon.scheduler import Lateness, ProbeScheduler
from watchdog.daemon.supervisor import Supervisor
from watchdog.daemon.tell import Teller
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.effects import Effect, Note
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.events import Event
from watchdog.domain.incidents import Phase, State
from watchdog.domain.policy import Policy
from watchdog.ports import Clock, PendingEffect, Sample, SignalSource, Store

QUEUE_MAX = 10_000
SNAPSHOT_SECONDS = 30.0
ACT_PATIENCE_SECONDS = 60.0
FINISH_ATTEMPTS = 5
CONTROL = "control"
VENDORS = "vendors"

log = structlog.get_logger("watchdog")


@dataclass(slots=True)
class Listeners:
    """Who else wants to know: the demo's screen, the metrics, the charts."""

    note: list[Callable[[Note], None]] = field(default_factory=list)
    stepped: list[Callable[[State, State, Event, Sequence[Effect]], None]] = field(default_factory=list)
    sampled: list[Callable[[str, SignalSource, Sample, float], None]] = field(default_factory=list)
    store_failed: list[Callable[[str], None]] = field(default_factory=list)


@dataclass(slots=True)
class _Item:
    """An event on its way in, and who waits for it to have been handled."""

    event: Event
    handled: asyncio.Future[Sequence[Effect]] | None = None


class Engine:
    """Runs the core. Everything that happens comes in through `tell`."""

    def __init__(
        self,
        *,
        policy: Policy,
        store: Store,
        clock: Clock,
        supervisor: Supervisor,
        actuator: Actuator,
        teller: Teller,
        listeners: Listeners,
    ) -> None:
        self.policy = policy
        self.state = State()
        self.listeners = listeners
        self.scheduler: ProbeScheduler | None = None
        self.deploy_watches: Mapping[str, DeployWatch] = {}
        self.last_event_at = clock.now()
        self._store = store
        self._clock = clock
        self._supervisor = supervisor
        self._actuator = actuator
        self._teller = teller
        self._queue: asyncio.Queue[_Item] = asyncio.Queue(QUEUE_MAX)
        self._wakes: list[float] = []
        self._paces: dict[str, float] = {}
        self._store_why = ""

    @property
    def store_trouble(self) -> str:
        """Return why the store did not take the last record, or nothing."""
        return self._store_why

    async def load(self) -> Sequence[PendingEffect]:
        """Take up the state of the last run; return the effects it left unfinished."""
        self.state = await self._store.load() or State()
        return await self._store.pending()

    async def resume(self, pending: Sequence[PendingEffect]) -> None:
        """Tell the core of the restart, then look up what was under way."""
        await self.handle(e.Restarted(self._clock.now()))
        for item in pending:
            self._perform(item, resumed=True)

    async def run(self) -> None:
        """Handle events one by one, for ever."""
        while True:
            item = await self._queue.get()
            try:
                effects = await self.handle(item.event)
            except Exception as error:
                if item.handled is not None and not item.handled.done():
                    item.handled.set_exception(error)
                raise
            if item.handled is not None and not item.handled.done():
                item.handled.set_result(effects)

    async def tell(self, event: Event) -> None:
        """Hand an event in."""
        await self._queue.put(_Item(event))

    async def ask(self, event: Event) -> Sequence[Effect]:
        """Hand an event in and return what the core made of it."""
        handled: asyncio.Future[Sequence[Effect]] = asyncio.get_running_loop().create_future()
        await self._queue.put(_Item(event, handled))
        return await handled

    async def handle(self, event: Event) -> Sequence[Effect]:
        """Step, record, then act."""
        before = self.state
        after, effects = step(before, event, self.policy)
        pending: Sequence[PendingEffect] = ()
        if _worth_recording(before, after, effects):
            pending = await self._record(event, after, effects)
        self.state = after
        self.last_event_at = self._clock.now()
        for item in pending:
            self._perform(item)
        self._adjust(effects)
        for listener in self.listeners.stepped:
            _safely(listener, before, after, event, effects)
        return effects

    async def _record(self, event: Event, state: State, effects: Sequence[Effect]) -> Sequence[PendingEffect]:
        """Write it all down; without the record only telling goes on."""
        try:
            pending = await self._store.save(event, state, effects)
        except (Temporary, Permanent) as error:
            self._store_why = str(error)
            log.error("the store did not take a record; nothing is changed in production", why=str(error))
            for listener in self.listeners.store_failed:
                _safely(listener, str(error))
            return self._without_record(effects)
        self._store_why = ""
        return pending

    def _without_record(self, effects: Sequence[Effect]) -> Sequence[PendingEffect]:
        """Return the notices, to be sent from memory; changes become refusals that the core hears of."""
        for effect in effects:
            if isinstance(effect, (fx.Rollback, fx.PinAutoDeploy, fx.RestoreAutoDeploy)):
                self._supervisor.spawn("refuse", self._refuse_unrecorded(effect))
        return [PendingEffect(-1, effect) for effect in effects if isinstance(effect, fx.Tell)]

    async def _refuse_unrecorded(self, effect: fx.Rollback | fx.PinAutoDeploy | fx.RestoreAutoDeploy) -> None:
        why = "the journal could not be written, so nothing was sent"
        at = self._clock.now()
        if isinstance(effect, fx.Rollback):
            await self.tell(e.RollbackStoodDown(at, effect.service, effect.incident, why))
        elif isinstance(effect, fx.PinAutoDeploy):
            await self.tell(e.PinUnconfirmed(at, effect.service, effect.incident, why))
        else:
            await self.tell(e.AutoDeployNotRestored(at, effect.service, effect.incident, why))

    def _adjust(self, effects: Sequence[Effect]) -> None:
        """Do what stays inside: paces, wakes, lines of the story."""
        for effect in effects:
            if isinstance(effect, fx.SetPace):
                self._set_pace(effect)
            elif isinstance(effect, fx.ReadDeploys) and effect.service in self.deploy_watches:
                self.deploy_watches[effect.service].set_pace(effect.every_seconds)
            elif isinstance(effect, fx.WakeAt):
                heapq.heappush(self._wakes, effect.at)
            elif isinstance(effect, Note):
                self._write_note(effect)

    def _write_note(self, note: Note) -> None:
        log.info("story", service=note.service, incident=note.incident, label=note.label, text=note.text)
        for listener in self.listeners.note:
            _safely(listener, note)

    def _set_pace(self, effect: fx.SetPace) -> None:
        """Probe the service so often, and the control targets as often as the most worried service.

        A new worry has everything else looked at as well: status pages are read rarely otherwise.
        """
        worried = effect.every_seconds < self._paces.get(effect.service, 0.0)
        self._paces[effect.service] = effect.every_seconds
        if self.scheduler is not None:
            if worried:
                self.scheduler.read_now(VENDORS)
                self.scheduler.read_now(effect.service)
            self.scheduler.set_pace(effect.service, effect.every_seconds)
            self.scheduler.set_pace(CONTROL, max(2.0, min(self._paces.values())))

    def _perform(self, item: PendingEffect, *, resumed: bool = False) -> None:
        effect = item.effect
        if isinstance(effect, fx.Tell):
            effect_id = item.id if item.id >= 0 else None
            self._supervisor.spawn(f"tell:{effect.notice.incident}", self._teller.deliver(effect_id, effect))
        elif isinstance(effect, (fx.PinAutoDeploy, fx.Rollback, fx.RestoreAutoDeploy)):
            self._supervisor.spawn(f"act:{effect.incident}", self._act(item.id, effect, resumed=resumed))

    async def _act(
        self, effect_id: int, effect: fx.PinAutoDeploy | fx.Rollback | fx.RestoreAutoDeploy, *, resumed: bool
    ) -> None:
        """Perform, let the core take the outcome, and only then mark the effect as finished."""
        if resumed and not self._still_wanted(effect):
            await self._finish(effect_id, "no longer wanted after a restart")
            return
        outcome = await self._outcome(effect, resumed=resumed)
        await self.ask(outcome)
        await self._finish(effect_id, type(outcome).__name__)

    def _still_wanted(self, effect: fx.PinAutoDeploy | fx.Rollback | fx.RestoreAutoDeploy) -> bool:
        """Tell whether a pin left over from an earlier run still belongs to an incident that waits for it."""
        if not isinstance(effect, fx.PinAutoDeploy):
            return True
        service = self.state.services.get(effect.service)
        incident = service.incident if service is not None else None
        waits = service is not None and service.phase is Phase.PINNING
        return waits and incident is not None and incident.id == effect.incident

    async def _outcome(self, effect: fx.PinAutoDeploy | fx.Rollback | fx.RestoreAutoDeploy, *, resumed: bool) -> Event:
        """Return what came of it; a fault of our own, or a store that stays away, ends as "a human must look"."""
        give_up = self._clock.monotonic() + ACT_PATIENCE_SECONDS
        while True:
            try:
                return await self._actuator.perform(effect, resumed=resumed)
            except (Temporary, Permanent) as error:
                log.error("the store did not answer during an action; looking it up", why=str(error))
                why = f"the journal does not answer: {error}"
            except Exception as error:
                log.error("an action failed on a fault of our own", exc_info=error)
                return self._unknown_outcome(effect, f"a fault of our own ({type(error).__name__}); please report it")
            if self._clock.monotonic() >= give_up:
                return self._unknown_outcome(effect, why)
            resumed = True
            await self._clock.sleep(2.0)

    def _unknown_outcome(self, effect: fx.PinAutoDeploy | fx.Rollback | fx.RestoreAutoDeploy, why: str) -> Event:
        at = self._clock.now()
        if isinstance(effect, fx.Rollback):
            return e.RollbackLost(at, effect.service, effect.incident, why)
        if isinstance(effect, fx.PinAutoDeploy):
            return e.PinUnconfirmed(at, effect.service, effect.incident, why)
        return e.AutoDeployNotRestored(at, effect.service, effect.incident, why)

    async def _finish(self, effect_id: int, outcome: str) -> None:
        for _ in range(FINISH_ATTEMPTS):
            try:
                await self._store.finish(effect_id, outcome)
                return
            except (Temporary, Permanent) as error:
                log.error("an effect could not be marked as finished; it will be looked up again", why=str(error))
                await self._clock.sleep(5.0)

    # --- time and readings ---

    async def keep_time(self) -> None:
        """Wake the core when it asked for it, and save a snapshot now and then."""
        saved_at = self._clock.monotonic()
        while True:
            await self._clock.sleep(0.25)
            if self._wakes and self._wakes[0] <= self._clock.now():
                while self._wakes and self._wakes[0] <= self._clock.now():
                    heapq.heappop(self._wakes)
                await self.tell(e.TimePassed(self._clock.now()))
            if self._clock.monotonic() - saved_at >= SNAPSHOT_SECONDS:
                saved_at = self._clock.monotonic()
                await self._record_snapshot()

    async def _record_snapshot(self) -> None:
        try:
            await self._store.save(None, self.state, ())
            self._store_why = ""
        except (Temporary, Permanent) as error:
            self._store_why = str(error)

    async def on_samples(
        self, service: str, source: SignalSource, samples: Sequence[Sample], lateness: Lateness
    ) -> None:
        """Turn what a source read into events, dated when the look began: it tells of that moment."""
        at = lateness.started_at
        for sample in samples:
            for listener in self.listeners.sampled:
                _safely(listener, service, source, sample, at)
            await self.tell(_event(service, source, sample, at))


def _safely(listener: Callable[..., None], *told: object) -> None:
    """Tell a listener; what it dies of must not stop a decision or a page."""
    try:
        listener(*told)
    except Exception as error:
        log.error("a listener failed", exc_info=error)


def _event(service: str, source: SignalSource, sample: Sample, at: float) -> Event:
    if service == CONTROL:
        return e.ControlChecked(at, source.name, sample.reading)
    if service == VENDORS:
        return e.VendorChecked(at, source.name, sample.reading)
    return e.Observed(
        at,
        service,
        source.name,
        sample.reading,
        latency_seconds=sample.latency_seconds,
        counts=sample.counts,
        new_issues=sample.new_issues,
        happened_at=sample.happened_at,
    )


def _worth_recording(before: State, after: State, effects: Sequence[Effect]) -> bool:
    """Healthy readings are not journalled one by one; a change of phase, a word or an act is."""
    if any(isinstance(effect, (*fx.OUTSIDE, Note)) for effect in effects):
        return True
    if before.denied != after.denied or before.paused_by != after.paused_by:
        return True
    return any(
        name not in before.services or before.services[name].phase is not service.phase
        for name, service in after.services.items()
        if before.services.get(name) is not service
    )
