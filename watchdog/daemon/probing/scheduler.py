"""When each signal is read: on time, never piled up, and never held up by a hanging site of another service.

Rule 1: a check (one source of one service) always has room for one read; a hanging site can only delay itself.
Rule 2: one read begins per turn of the event loop. A turn runs all ready callbacks: when the daemon's work fills it,
turns take longer and fewer reads begin. So their rate settles at the machine's capacity, at a lag of a few
milliseconds, without being measured. A read that only waits for the network takes no turn, so hanging sites cost
nothing but a socket, of which there are `in_flight_max`.
Rule 3: a check that is due and has not begun waits in order of its due time, in two queues: the urgent (a suspicion, a
watch window, control targets) and the calm. While both wait, every fifth read is an urgent one: few suspects keep their
pace, overload stretches the interval of calm checks evenly, and a crowd of hanging sites leaves four fifths to the
rest.
Rule 4: under suspicion (a pace below `SUSPICION_SECONDS`) a check may have three reads at once, so that confirming a
hang does not cost a timeout per confirmation.
Rule 5: nothing polls: the dispatcher sleeps until something is due, or until something earlier is asked for.
Rule 6: a read with a deadline of its own (`timed`: probes, journeys, commands) that spans a stall of the event loop
measured the daemon: it is void, and read again. Another one is kept: a feed delivers each event once.
"""

import asyncio
import heapq
import inspect
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.daemon.probing.overload import Load, Overload, is_late
from watchdog.daemon.probing.socket_limit import probes_max
from watchdog.daemon.runtime.loop_lag import STALL_SECONDS, LoopLagMonitor
from watchdog.daemon.runtime.sleep import sleep_until_set
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.daemon.telemetry.metrics import Metrics, signal_label
from watchdog.domain.readings import Unknown
from watchdog.domain.units import show_seconds
from watchdog.ports import Clock, Sample, SignalSource

SUSPICION_SECONDS = 2.0
OVERLAP_MAX = 3
EXTRA_PER_SERVICE_MAX = 4
"""Most second and third reads of one service at a time, over all its checks."""
URGENT_PLACE = 5
"""One in this many reads is urgent and the rest are calm, as long as both wait."""
SWEEP_SECONDS = 10.0
"""Interval of the search for reads that outlived READ_LIMIT_SECONDS."""
SOONEST_SECONDS = 0.001
JITTER = 0.25
"""Share of the interval by which a read comes sooner or later, so that no periodic outage hides between reads."""
NUDGE_GAP_SECONDS = 2.0
"""A nudged source is read no sooner than this after its last read: vendors limit their rates."""
READ_LIMIT_SECONDS = 120.0
"""A read that outlived its own timeout is cancelled after this, or its check would fall silent for good."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """How punctual a read was: `seconds` after it was due; begun at (UTC epoch seconds); how long it took."""

    seconds: float
    started_at: float
    took_seconds: float


Emit = Callable[[str, SignalSource, Sequence[Sample], Lateness], Awaitable[None] | None]
"""Receives service, source, samples and punctuality of each valid read."""


@dataclass(eq=False, slots=True)
class _Read:
    """One read under way."""

    check: "_Check"
    due: float
    task: asyncio.Task[None] | None = None
    started: float | None = None
    reading: bool = False
    given_up: bool = False


@dataclass(eq=False, slots=True)
class _Check:
    """One source of one service, with its next due moment (monotonic); `label` names it to metrics and in the log.

    `queue` is where it waits for its turn, once it is due.
    """

    service: str
    source: SignalSource
    label: str
    due: float
    last_started: float | None = None
    queue: "deque[_Check] | None" = None
    again: bool = False
    removed: bool = False
    flights: list[_Read] = field(default_factory=list)


class ProbeScheduler:
    """Reads every source at its interval and hands the samples to `emit`."""

    def __init__(
        self,
        clock: Clock,
        supervisor: Supervisor,
        metrics: Metrics,
        emit: Emit,
        stall: LoopLagMonitor,
        *,
        in_flight_max: int | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self._clock = clock
        self._supervisor = supervisor
        self._metrics = metrics
        self._emit = emit
        self._stall = stall
        self._load = Load(clock)
        self._in_flight_max = in_flight_max or probes_max()
        self._chance = chance or random.Random()  # noqa: S311  spreads load, guards nothing
        self._services: dict[str, dict[str, _Check]] = {}
        self._flights: dict[_Read, None] = {}
        self._agenda: list[tuple[float, int, _Check]] = []
        self._order = count()
        self._urgent, self._calm = deque[_Check](), deque[_Check]()
        self._begun = 0
        self._swept_at = clock.monotonic()
        self._pace: dict[str, float] = {}
        self._urgent_services = {CONTROL, VENDORS}
        self._nudged = asyncio.Event()
        self._awake_at = float("inf")

    async def run(self) -> None:
        """Dispatch for ever."""
        while True:
            self._nudged.clear()
            self._reclaim_slots()
            self._queue_due()
            if self._begin_next():
                await asyncio.sleep(0)  # one turn of the loop: Rule 2
                continue
            now = self._clock.monotonic()
            next_due = self._agenda[0][0] if self._agenda else float("inf")
            # At the latest for the sweep: a hanging read wakes no one.
            self._awake_at = max(now + SOONEST_SECONDS, min(next_due, now + SWEEP_SECONDS))
            await sleep_until_set(self._clock, self._awake_at - now, self._nudged)

    def add(self, service: str, source: SignalSource) -> None:
        """Read a source from now on; the first read falls anywhere into the first interval."""
        checks = self._services.setdefault(service, {})
        if source.name in checks:
            raise ValueError(f"{service}/{source.name} is read already")
        # Two control targets may share a host, and a label of a metric must stay unique.
        label = signal_label(source.name, {check.label for check in checks.values()})
        check = checks[source.name] = _Check(service, source, label, 0.0)
        self._metrics.watch(service, label)
        self._plan(check, self._clock.monotonic() + self._chance.random() * self._interval(check))

    async def remove(self, service: str) -> tuple[SignalSource, ...]:
        """Stop reading a service's sources; return them, idle, for the caller to close."""
        gone = self._of(service)
        self._services.pop(service, None)
        tasks = [flight.task for check in gone for flight in check.flights if flight.task is not None]
        for check in gone:
            check.removed = True
        for task in tasks:
            # Cancelled, then awaited: a source must not be closed under a read.
            task.cancel()
        if tasks:
            # Bounded: a source that ignores its cancellation must not hold up a reload.
            await asyncio.wait(tasks, timeout=10)
        for check in gone:
            self._metrics.forget(service, check.label)
        return tuple(check.source for check in gone)

    def sources(self) -> tuple[tuple[str, SignalSource], ...]:
        """Return all pairs of service and source."""
        return tuple((service, check.source) for service in self._services for check in self._of(service))

    def overload(self) -> Overload | None:
        """Return the overload of this machine, or None."""
        return self._load.overload(
            lambda: [self._interval(check) for service in self._services for check in self._of(service)]
        )

    @property
    def in_flight(self) -> int:
        """Return how many reads are under way; at most one a check, plus the extra ones of Rule 3."""
        return len(self._flights)

    def set_pace(self, service: str, every_seconds: float | None, *, urgent: bool = False) -> None:
        """Read the service's probes at least so often from now on; None gives their own interval back."""
        (self._urgent_services.add if urgent else self._urgent_services.discard)(service)
        if every_seconds is None:
            self._pace.pop(service, None)
        else:
            self._pace[service] = every_seconds
        for check in self._of(service):
            # A shorter interval counts from the last read: the check must not wait for its old, longer one.
            self._bring_forward(check, self._interval(check))

    def read_now(self, service: str, kind: str | None = None) -> None:
        """Read the service's sources (of one kind) as soon as possible; a source under way is read again afterwards."""
        now = self._clock.monotonic()
        for check in self._of(service):
            if kind not in (None, check.source.kind) or check.last_started == now:
                continue  # a read that begins at this very moment sees the cause of the nudge
            if check.flights:
                check.again = True
            else:
                self._bring_forward(check, NUDGE_GAP_SECONDS)

    def _of(self, service: str) -> list[_Check]:
        return list(self._services.get(service, {}).values())

    def _interval(self, check: _Check) -> float:
        every = check.source.every_seconds
        # Only probes follow the pace: feeds and status pages have their vendor's rate limit.
        return min(every, self._pace.get(check.service, every)) if check.source.adaptive else every

    def _plan(self, check: _Check, due: float) -> None:
        check.due = due
        # The counter breaks ties: checks cannot be compared.
        heapq.heappush(self._agenda, (due, next(self._order), check))
        if due < self._awake_at:
            self._nudged.set()

    def _bring_forward(self, check: _Check, gap: float) -> None:
        if check.queue is not None:
            self._queue(check)  # it may be urgent by now
            return
        now = self._clock.monotonic()
        soonest = now if check.last_started is None else max(now, check.last_started + gap)
        if soonest < check.due:
            self._plan(check, soonest)

    def _queue_due(self) -> None:
        now = self._clock.monotonic()
        while self._agenda and self._agenda[0][0] <= now:
            due, _, check = heapq.heappop(self._agenda)
            # `_bring_forward` leaves the older entry in the heap.
            if check.due == due and check.queue is None:  # else planned anew since
                self._queue(check)

    def _queue(self, check: _Check) -> None:
        """Put a due check into the urgent or calm queue; its place in the other queue lapses."""
        urgent = check.service in self._urgent_services
        queue = self._urgent if urgent else self._calm
        if check.queue is not queue:
            check.queue = queue
            # An entry in the other queue stays there; `_next` skips it.
            queue.append(check)
            self._nudged.set()

    def _next(self) -> _Check | None:
        """Return the next check to read, or None."""
        # Counts reads that began, not those asked for: skipped checks must not use up urgent turns.
        urgent_first = self._begun % URGENT_PLACE == 0
        for queue in (self._urgent, self._calm) if urgent_first else (self._calm, self._urgent):
            while queue:
                check = queue.popleft()
                if check.queue is queue and not check.removed:
                    check.queue = None
                    return check
        return None

    def _begin_next(self) -> bool:
        """Begin one read, if one is due and sockets are left; return whether one began."""
        while len(self._flights) < self._in_flight_max and (check := self._next()) is not None:
            due = check.due
            # Planned before the read begins: a read that hangs does not delay the check's next one.
            self._plan(check, self._next_due(check))
            if self._has_room(check):
                self._begun += 1
                self._launch(check, due)
                return True
            # Earlier reads of the check still run: a slow site costs its own check a read, and no other.
            self._metrics.skipped(check.service, check.label)
        return False

    def _next_due(self, check: _Check) -> float:
        """Return the due time after a read that begins now: at the check's rate, or, if late, an interval from now.

        So the delay of one late round is not added to the next, and a backlog ends soon after its cause.
        """
        now, interval = self._clock.monotonic(), self._interval(check)
        spread = 1 + JITTER * (2 * self._chance.random() - 1)
        since = now if is_late(interval, now - check.due) else check.due
        # A source with interval 0 would fill every turn of the loop.
        return max(since + interval * spread, now + SOONEST_SECONDS)

    def _has_room(self, check: _Check) -> bool:
        # A check always has room for one read, so a hanging site delays no other (Rule 1).
        if not check.flights:
            return True
        if self._interval(check) >= SUSPICION_SECONDS or len(check.flights) >= OVERLAP_MAX:
            return False
        # Per service: one with many checks could otherwise take all sockets under suspicion.
        extra = sum(max(0, len(other.flights) - 1) for other in self._of(check.service))
        return extra < EXTRA_PER_SERVICE_MAX

    def _launch(self, check: _Check, due: float) -> None:
        flight = _Read(check, due)
        check.flights.append(flight)
        self._flights[flight] = None
        self._metrics.in_flight(self.in_flight)
        # Before the task runs: a nudge of this very moment must not read the source twice.
        check.last_started = self._clock.monotonic()
        name = f"probe:{check.service}/{check.label}"
        flight.task = self._supervisor.spawn(name, self._run_read(flight))
        flight.task.add_done_callback(lambda _: self._on_done(flight))

    async def _run_read(self, flight: _Read) -> None:
        """Read and emit. An exception of the source becomes `Unknown`, and is reported as an error of the daemon."""
        check = flight.check
        started, started_at = self._clock.monotonic(), self._clock.now()
        flight.started, flight.reading = started, True
        samples, error = await self._read(flight)
        flight.reading = False
        took, late = self._clock.monotonic() - started, started - flight.due
        void = check.source.timed and self._stall.lag_between(started, started + took) > STALL_SECONDS
        self._metrics.lateness(late)
        # Void or not: the load shows how much of the work came in time, also where no reading came of it.
        self._load.ended(self._interval(check), late, void=void)
        if void:
            self._metrics.void(check.service, check.label)
            self._again(check)
        else:
            await self._hand_over(check, samples, Lateness(late, started_at, took))
        # After the hand-over: the check has its `Unknown` before the supervisor reports the error.
        if error is not None:
            raise error

    def _again(self, check: _Check) -> None:
        """Read a check with a void read again, halfway to its next one: an earlier read would feed the stall."""
        self._bring_forward(check, max(NUDGE_GAP_SECONDS, self._interval(check) / 2))

    async def _hand_over(self, check: _Check, samples: Sequence[Sample], lateness: Lateness) -> None:
        self._metrics.read(check.service, check.label, samples, lateness.took_seconds)
        handed = self._emit(check.service, check.source, samples, lateness)
        if inspect.isawaitable(handed):
            await handed

    async def _read(self, flight: _Read) -> tuple[Sequence[Sample], Exception | None]:
        try:
            return await flight.check.source.read(), None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not flight.given_up or task is None:
                raise
            # The cancellation came from `_reclaim_slots`: the task goes on and reports the read as `Unknown`.
            task.uncancel()
            why = f"it did not end within {show_seconds(READ_LIMIT_SECONDS)}"
            return (Sample(Unknown(f"the read was given up: {why}")),), TimeoutError(why)
        except Exception as error:  # noqa: BLE001  sources promise not to raise; a broken one must not go silent
            return (Sample(Unknown(f"the read itself failed: {type(error).__name__}")),), error

    def _on_done(self, flight: _Read) -> None:
        check = flight.check
        self._flights.pop(flight, None)
        check.flights.remove(flight)
        self._metrics.in_flight(self.in_flight)
        if check.again and not check.removed:
            # The nudge came during the read, whose result may be older than its cause.
            check.again = False
            self._bring_forward(check, NUDGE_GAP_SECONDS)
        # Checks wait for a socket, and this read freed one.
        if self._urgent or self._calm:
            self._nudged.set()

    def _reclaim_slots(self) -> None:
        """Cancel reads that outlived READ_LIMIT_SECONDS."""
        now = self._clock.monotonic()
        if now - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = now
        for flight in self._flights:
            old = flight.started is not None and now - flight.started >= READ_LIMIT_SECONDS
            # `reading`: a read that waits for the engine's queue already has its samples, and keeps them.
            if old and flight.reading and flight.task and not flight.given_up:
                flight.given_up = True
                flight.task.cancel()
