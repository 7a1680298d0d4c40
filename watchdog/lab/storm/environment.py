"""The ground of the simulated world: random draws, virtual time, processes that die and freeze, the trace.

The world acts in its own context: the death of a worker stops no request that is under way.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from watchdog.lab.storm.fault_mix import CRASH_SECONDS, FAIR, FREEZE_SECONDS, LONG_FREEZE_SECONDS, Weather, draw
from watchdog.lab.storm.loop import DEAD, FROZEN, PROCESS, RUNNING, Process, StormLoop

# A fixed moment in June 2025, not the present: a seed must give the same trace on every day.
EPOCH = 1_750_000_000.0
T = TypeVar("T")


class LoopClock:
    """A clock on a loop's virtual time: its wall clock is off by `skew_seconds`, which may change at any moment."""

    def __init__(self, loop: asyncio.AbstractEventLoop, skew_seconds: float = 0.0) -> None:
        self._loop = loop
        self.skew_seconds = skew_seconds

    def now(self) -> float:
        """Return UTC epoch seconds as this host believes."""
        return EPOCH + self._loop.time() + self.skew_seconds

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return 1000.0 + self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Return after so many virtual seconds."""
        await asyncio.sleep(max(0.0, seconds))


@dataclass(slots=True)
class Disturbance:
    """Workers that could not do their work from `start` to `stop` (virtual seconds).

    `who` is one start of a worker ("a.2"), a host ("a"), or "" for all workers.
    `blind`: the worker ran and kept its leases but saw nothing, so no other worker took over.
    """

    start: float
    stop: float
    who: str = ""
    blind: bool = False


class Nature:
    """One seed's chance, time and weather. `died` is called when a process is gone; `struck` counts faults by kind."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = Random(seed)
        self.weather: Weather = draw(self.chance, seed)
        self.loop = StormLoop(self.chance, self._strike)
        self.died: Callable[[Process], None] = lambda process: None
        self.trace: list[str] = []
        self.disturbed: list[Disturbance] = []
        self.struck: Counter[str] = Counter()
        # An empty context names no process, so a kill or a freeze never holds back an act of the world.
        self._context = Context()

    # --- time and chance ---

    def now(self) -> float:
        """Return UTC epoch seconds, as they really are: no worker's clock."""
        return EPOCH + self.loop.time()

    def happens(self, probability: float) -> bool:
        """Return whether an event of this probability happens now."""
        # Zero draws nothing: a kind of fault that this seed lacks does not shift the draws of the others.
        return probability > 0 and self.chance.random() < probability

    def strikes(self, fault: str) -> bool:
        """Return whether a kind of fault of the weather happens now, and count it."""
        struck = self.happens(getattr(self.weather, fault))
        if struck:
            self.struck[fault] += 1
        return struck

    def later(self, seconds: float, what: Callable[..., object], *args: Any) -> None:
        """Call a function in the world after so many seconds, even if every worker is dead by then."""
        self.loop.call_later(seconds, what, *args, context=self._context)

    def note(self, text: str) -> None:
        """Write a line of the trace."""
        self.trace.append(f"{self.loop.time():9.3f}  {text}")

    def fingerprint(self) -> str:
        """Return the SHA-256 of everything that happened, and of the number of steps it took."""
        # Two runs may part without a line of the trace: the number of steps shows it.
        lines = "\n".join((*self.trace, str(self.loop.steps)))
        return hashlib.sha256(lines.encode()).hexdigest()

    def clears_up(self) -> None:
        """Let all faults stop."""
        self.weather = FAIR
        self.note("THE FAULTS STOP")

    def disturb(self, seconds: float, who: str = "", *, blind: bool = False) -> Disturbance:
        """Record that a worker (all, for "") cannot do its work for so many seconds from now, and return the record."""
        found = Disturbance(self.loop.time(), self.loop.time() + seconds, who, blind)
        self.disturbed.append(found)
        return found

    # --- processes ---

    def spawn(self, process: Process, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run something as a process."""
        context = copy_context()
        context.run(PROCESS.set, process)
        self._light_fuse(process)
        task = context.run(lambda: self.loop.create_task(self._run(process, work), context=context))
        # Kept for ever: the garbage collector closes an abandoned coroutine and runs its `finally`.
        # After kill -9 no such block ever runs.
        process.buried.append(task)

    async def _run(self, process: Process, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        await work()
        self.ended(process)

    async def point(self, name: str, *, may_freeze: bool = True) -> None:
        """Pass a marked point of the calling process: it may be killed or frozen right here."""
        await self._pass(name, "crash_at_point", "freeze_at_point" if may_freeze else "", FREEZE_SECONDS)

    async def protocol_point(self, name: str) -> None:
        """Pass a marked point of the actuation protocol."""
        await self._pass(name, "crash_in_protocol", "freeze_in_protocol", LONG_FREEZE_SECONDS)

    async def _pass(self, name: str, crash: str, freeze: str, pauses: Sequence[float]) -> None:
        process = PROCESS.get()
        if process is None or process.state is not RUNNING:
            return
        if self.strikes(crash):
            self.kill(process, name)
        elif freeze and self.strikes(freeze):
            self.freeze(process, name, pauses)
        if process.state is not RUNNING:
            # The loop stops a process only between two handles: this one ends here, so that the hit takes effect here.
            await asyncio.sleep(0)

    def kill(self, process: Process, where: str) -> None:
        """Kill -9."""
        if process.state is DEAD:
            return
        self._gone(process, f"KILLED {where}")

    def ended(self, process: Process) -> None:
        """Note that a process has come to its end by itself; it is started anew."""
        if process.state is RUNNING:
            self._gone(process, "ENDED")

    def _gone(self, process: Process, how: str) -> None:
        process.state = DEAD
        process.stopped_at.append(self.loop.time())
        process.buried += process.held
        process.held = []
        pause = self.chance.choice(CRASH_SECONDS)
        self.note(f"{process.name} {how}; again in {pause:g} s")
        self.disturb(pause, process.name)
        self.later(pause, self.died, process)

    def freeze(self, process: Process, where: str, pauses: Sequence[float] = FREEZE_SECONDS) -> None:
        """SIGSTOP, and SIGCONT some time later."""
        process.state = FROZEN
        now = self.loop.time()
        process.stopped_at.append(now)
        pause = self.chance.choice(pauses)
        process.frozen.append((now, now + pause))
        self.note(f"{process.name} FROZEN {where} for {pause:g} s")
        self.disturb(pause, process.name)
        self.later(pause, self._thaw, process)

    def _thaw(self, process: Process) -> None:
        # It may have been killed while it was frozen.
        if process.state is FROZEN:
            self.note(f"{process.name} THAWED")
            self.loop.thaw(process)

    def _strike(self, process: Process) -> None:
        """A fuse has burnt down, so before one handle among thousands: kill or freeze, and light the next."""
        weather = self.weather
        both = weather.crash_anywhere + weather.freeze_anywhere
        # Both kinds share one fuse, so the kind is drawn by their shares; in fair weather an old fuse hits nothing.
        if both and self.happens(weather.crash_anywhere / both):
            self.struck["crash_anywhere"] += 1
            self.kill(process, "anywhere")
        elif both:
            self.struck["freeze_anywhere"] += 1
            self.freeze(process, "anywhere")
        self._light_fuse(process)

    def _light_fuse(self, process: Process) -> None:
        """Draw how many handles will run before fate looks again."""
        both = self.weather.crash_anywhere + self.weather.freeze_anywhere
        # One exponential draw gives the distance to the next hit: a draw before each handle would be slow.
        # A negative fuse never reaches zero.
        process.fuse = 1 + int(self.chance.expovariate(both)) if both else -1
