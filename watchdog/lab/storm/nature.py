"""What every part of the simulated world shares: chance, virtual time, processes that die and freeze, the trace.

The world acts in its own context, so nothing that happens to a worker undoes what is under way out there.
"""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context, copy_context
from random import Random
from typing import Any, TypeVar

from watchdog.lab.storm.loop import DEAD, FROZEN, PROCESS, RUNNING, Process, StormLoop
from watchdog.lab.storm.weather import CRASH_SECONDS, FAIR, FREEZE_SECONDS, LONG_FREEZE_SECONDS, Weather, draw

EPOCH = 1_750_000_000.0
T = TypeVar("T")


class Nature:
    """One seed's chance, time and weather. `died` is called when a process was killed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = Random(seed)
        self.weather: Weather = draw(self.chance)
        self.loop = StormLoop(self.chance, self._strike)
        self.died: Callable[[Process], None] = lambda process: None
        self.trace: list[str] = []
        self.disturbed: list[tuple[float, float]] = []
        self._context = Context()

    # --- time and chance ---

    def now(self) -> float:
        """Return UTC epoch seconds, as they really are: no worker's clock."""
        return EPOCH + self.loop.time()

    def happens(self, probability: float) -> bool:
        """Tell whether something of this probability happens now."""
        return probability > 0 and self.chance.random() < probability

    def later(self, seconds: float, what: Callable[..., object], *args: Any) -> None:
        """Have something happen in the world after so many seconds, whatever becomes of the workers."""
        self.loop.call_later(seconds, what, *args, context=self._context)

    def note(self, text: str) -> None:
        """Write a line of the trace."""
        self.trace.append(f"{self.loop.time():9.3f}  {text}")

    def fingerprint(self) -> str:
        """Return the SHA-256 of everything that happened, and of the number of steps it took."""
        lines = "\n".join((*self.trace, str(self.loop.steps)))
        return hashlib.sha256(lines.encode()).hexdigest()

    def clears_up(self) -> None:
        """Let all faults stop."""
        self.weather = FAIR
        self.note("THE FAULTS STOP")

    def disturb(self, seconds: float) -> None:
        """Remember that the workers could not do their work for so long from now."""
        self.disturbed.append((self.loop.time(), self.loop.time() + seconds))

    # --- processes ---

    def spawn(self, process: Process, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run something as a process."""
        context = copy_context()
        context.run(PROCESS.set, process)
        self._light_fuse(process)
        task = context.run(lambda: self.loop.create_task(work(), context=context))
        process.buried.append(task)

    async def point(self, name: str, *, may_freeze: bool = True) -> None:
        """Pass a marked point of the calling process: it may be killed or frozen right here."""
        weather = self.weather
        await self._pass(name, weather.crash_at_point, weather.freeze_at_point if may_freeze else 0.0, FREEZE_SECONDS)

    async def protocol_point(self, name: str) -> None:
        """Pass a marked point of the actuation protocol."""
        weather = self.weather
        await self._pass(name, weather.crash_in_protocol, weather.freeze_in_protocol, LONG_FREEZE_SECONDS)

    async def _pass(self, name: str, crash: float, freeze: float, pauses: Sequence[float]) -> None:
        process = PROCESS.get()
        if process is None or process.state is not RUNNING:
            return
        if self.happens(crash):
            self.kill(process, name)
        elif self.happens(freeze):
            self.freeze(process, name, pauses)
        if process.state is not RUNNING:
            await asyncio.sleep(0)

    def kill(self, process: Process, where: str) -> None:
        """Kill -9."""
        if process.state is DEAD:
            return
        process.state = DEAD
        process.buried += process.held
        process.held = []
        pause = self.chance.choice(CRASH_SECONDS)
        self.note(f"{process.name} KILLED {where}; again in {pause:g} s")
        self.disturb(pause)
        self.later(pause, self.died, process)

    def freeze(self, process: Process, where: str, pauses: Sequence[float] = FREEZE_SECONDS) -> None:
        """SIGSTOP, and SIGCONT some time later."""
        process.state = FROZEN
        pause = self.chance.choice(pauses)
        self.note(f"{process.name} FROZEN {where} for {pause:g} s")
        self.disturb(pause)
        self.later(pause, self._thaw, process)

    def _thaw(self, process: Process) -> None:
        if process.state is FROZEN:
            self.note(f"{process.name} THAWED")
            self.loop.thaw(process)

    def _strike(self, process: Process) -> None:
        """A fuse has burnt down, so before one handle among thousands: kill or freeze, and light the next."""
        weather = self.weather
        both = weather.crash_anywhere + weather.freeze_anywhere
        if both and self.happens(weather.crash_anywhere / both):
            self.kill(process, "anywhere")
        elif both:
            self.freeze(process, "anywhere")
        self._light_fuse(process)

    def _light_fuse(self, process: Process) -> None:
        """Draw how many handles will run before fate looks again."""
        both = self.weather.crash_anywhere + self.weather.freeze_anywhere
        process.fuse = 1 + int(self.chance.expovariate(both)) if both else -1
