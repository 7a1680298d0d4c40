"""The engine: events in, one at a time, through the pure core; what it decides is recorded, then done.

Rule 1: decide -> record -> act. Effects on the outside run only after the transaction that holds them.
Rule 2: if the store does not answer, nothing is changed in production (fails closed), but people are told from
memory (fails open).
Rule 3: one event at a time, and none stops the engine: what goes wrong with it is reported, and the next is handled.
"""

import asyncio
import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from watchdog.core.machine import step
from watchdog.daemon.acts import ACTS, Acts, unrecorded
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
from watchdog.domain.incidents import State
from watchdog.domain.policy import Policy
from watchdog.ports import Clock, PendingEffect, Sample, SignalSource, Store

QUEUE_MAX = 10_000
SNAPSHOT_SECONDS = 30.0
FIRST_SNAPSHOT_SECONDS = 3.0
FAULT_SECONDS = 600.0
"""So long an event that could not be handled makes us unwell."""
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
        self._teller = teller
        self._acts = Acts(actuator, store, clock, lambda: self.state, self.ask)
        self._queue: asyncio.Queue[_Item] = asyncio.Queue(QUEUE_MAX)
        self._wakes: list[float] = []
        self._paces: dict[str, float] = {}
        self._store_why = ""
        self._turn = asyncio.Lock()
        self._fault: tuple[float, str] | None = None

    @property
    def fault(self) -> str:
        """Return what of an event could not be handled lately, or nothing."""
        if self._fault is None or self._clock.monotonic() - self._fault[0] > FAULT_SECONDS:
            return ""
        return self._fault[1]

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
                await self._take(item)
            finally:
                if item.handled is not None:
                    item.handled.cancel()

    async def _take(self, item: _Item) -> None:
        """Handle one event; a fault is reported, and told to who waits for it."""
        try:
            effects = await self.handle(item.event)
        except Exception as error:  # noqa: BLE001  one event that cannot be handled must not stop the others
            what = f"{type(item.event).__name__} could not be handled ({type(error).__name__})"
            self._fault = (self._clock.monotonic(), what)
            self._supervisor.spawn("event", _raise(error))
            if item.handled is not None and not item.handled.done():
                item.handled.set_exception(Permanent(f"a fault of our own: {what}; please report it"))
            return
        if item.handled is not None and not item.handled.done():
            item.handled.set_result(effects)

    async def halt(self) -> None:
        """Let the turn in hand end, and begin no other: what is saved after this is the last word."""
        await self._turn.acquire()

    async def tell(self, event: Event) -> None:
        """Hand an event in."""
        await self._queue.put(_Item(event))

    async def ask(self, event: Event) -> Sequence[Effect]:
        """Hand an event in and return what the core made of it. Raises Permanent if it could not be handled."""
        handled: asyncio.Future[Sequence[Effect]] = asyncio.get_running_loop().create_future()
        await self._queue.put(_Item(event, handled))
        return await handled

    async def handle(self, event: Event) -> Sequence[Effect]:
        """Step, record, then act."""
        async with self._turn:
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
        except Exception as error:
            known = isinstance(error, (Temporary, Permanent))
            self._store_why = str(error) if known else f"a fault of our own ({type(error).__name__})"
            log.error(
                "the store did not take a record; nothing is changed in production",
                why=self._store_why,
                exc_info=None if known else error,
            )
            for listener in self.listeners.store_failed:
                _safely(listener, self._store_why)
            return self._without_record(effects)
        self._store_why = ""
        return pending

    def _without_record(self, effects: Sequence[Effect]) -> Sequence[PendingEffect]:
        """Return the notices, to be sent from memory; changes become refusals that the core hears of."""
        for effect in effects:
            refusal = unrecorded(effect, self._clock.now())
            if refusal is not None:
                self._supervisor.spawn("refuse", self.tell(refusal))
        return [PendingEffect(-1, effect) for effect in effects if isinstance(effect, fx.Tell)]

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
        elif isinstance(effect, ACTS):
            work = self._acts.carry_out(item.id, effect, resumed=resumed)
            self._supervisor.spawn(f"act:{effect.incident}", work)

    # --- time and readings ---

    async def keep_time(self) -> None:
        """Wake the core when it asked for it, and save a snapshot now and then; the first one soon, for `status`."""
        saved_at = self._clock.monotonic() - SNAPSHOT_SECONDS + FIRST_SNAPSHOT_SECONDS
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
        """Save the state as it is between two turns: in the middle of one it would overwrite what the turn saves."""
        try:
            async with self._turn:
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


async def _raise(error: Exception) -> None:
    """Die of an error, so that the supervisor reports it."""
    raise error


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
