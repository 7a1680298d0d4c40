"""`watchdog lab soak`: the real daemon for virtual days with quiet services; memory and tasks must stay flat."""

import asyncio
import gc
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from watchdog.app.commands.storm_run import silence
from watchdog.app.commands.worker_processes import workers
from watchdog.app.compose.daemon_factory import Daemon, ExternalPorts, begin, upkeep, wire
from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.daemon.telemetry.aggregate import MinuteAggregator
from watchdog.lab import soak as soak_parts
from watchdog.lab.storm.environment import LoopClock
from watchdog.lab.storm.loop import StormLoop
from watchdog.ports import SignalSource

MEMORY_MIB = 5.0
TASKS = 2
"""The most by which each may exceed its value after the first hour."""
SAMPLES = 30
"""Samples of the number of tasks, a virtual second apart; the median counts, since probes come and go."""


@dataclass(frozen=True, slots=True)
class HourlySample:
    """The daemon at the end of a virtual hour."""

    hour: int
    memory_mib: float
    tasks: int


@dataclass(frozen=True, slots=True)
class SoakResult:
    """The result of a soak test. `seconds` are real ones."""

    services: int
    hours: int
    reads: int
    notices: int
    errors: int
    looks: tuple[HourlySample, ...]
    seconds: float

    @property
    def memory_growth_mib(self) -> float:
        """Return the largest growth of memory since the end of the first hour."""
        return max(look.memory_mib for look in self.looks) - self.looks[0].memory_mib

    @property
    def task_growth(self) -> int:
        """Return the largest change of the number of tasks since the end of the first hour."""
        return max(abs(look.tasks - self.looks[0].tasks) for look in self.looks)

    @property
    def flat(self) -> bool:
        """Return whether memory and tasks stayed within their limits, without errors."""
        return self.memory_growth_mib <= MEMORY_MIB and self.task_growth <= TASKS and not self.errors

    def json_object(self) -> Mapping[str, object]:
        """Return the verdict and its measurements."""
        return {
            "services": self.services,
            "hours": self.hours,
            "reads": self.reads,
            "notices": self.notices,
            "errors": self.errors,
            "memory_growth_mib": round(self.memory_growth_mib, 2),
            "task_growth": self.task_growth,
            "flat": self.flat,
            "seconds": round(self.seconds, 1),
        }


def soak_apart(hours: int, services: int, seed: int) -> SoakResult:
    """Run the soak test in a process of its own, so that no other code grows its memory."""
    with workers(1) as pool:
        return pool.submit(soak, hours, services, seed).result()


def soak(
    hours: int, services: int, seed: int, each_hour: Callable[[HourlySample], None] = lambda _: None
) -> SoakResult:
    """Run the soak test; `each_hour` receives each hour's sample."""
    began = time.perf_counter()
    chance = Random(seed)  # noqa: S311  spreads load, guards nothing
    loop = StormLoop(chance)
    errors: list[str] = []
    probes: list[soak_parts.Probe] = []
    channel = soak_parts.SoakChannel()
    try:
        asyncio.set_event_loop(loop)
        with silence():
            # As in production: garbage that only a manual collection frees would count as growth there.
            gc.enable()
            looks = loop.run_until_complete(_watch(hours, services, chance, probes, channel, errors, each_hour))
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    reads = sum(probe.reads for probe in probes)
    return SoakResult(services, hours, reads, channel.took, len(errors), looks, time.perf_counter() - began)


async def _watch(
    hours: int,
    services: int,
    chance: Random,
    probes: list[soak_parts.Probe],
    channel: soak_parts.SoakChannel,
    errors: list[str],
    each_hour: Callable[[HourlySample], None],
) -> tuple[HourlySample, ...]:
    clock = LoopClock(asyncio.get_running_loop())
    down = {f"svc-{number}": soak_parts.outages(chance, hours) for number in range(services)}

    def sources(name: str) -> Sequence[SignalSource]:
        if name == VENDORS:
            return ()
        if name == CONTROL:
            made = [soak_parts.Probe(soak_parts.CONTROL, "control", chance)]
        else:
            made = [soak_parts.Probe("home", "http", chance, down[name]), soak_parts.Probe("api", "latency", chance)]
        probes.extend(made)
        return made

    daemon = wire(
        soak_parts.policy_of(services),
        ExternalPorts(clock, soak_parts.SoakStore(clock), soak_parts.SoakPlatform(), {soak_parts.CHANNEL: channel}),
        worker="soak",
        sources=lambda _engine: sources,
        on_error=lambda name, error: errors.append(f"{name}: {error!r}"),
        chance=chance,
    )
    await begin(daemon)
    upkeep(daemon, MinuteAggregator())
    looks = []
    for hour in range(1, hours + 1):
        # The samples take the rest of the hour, a second each.
        await clock.sleep(3600.0 - SAMPLES)
        look = await _look(daemon, hour)
        looks.append(look)
        each_hour(look)
    await daemon.supervisor.stop(5.0)
    await daemon.close()
    return tuple(looks)


async def _look(daemon: Daemon, hour: int) -> HourlySample:
    counts = []
    for _ in range(SAMPLES):
        counts.append(len(asyncio.all_tasks()))
        await daemon.clock.sleep(1.0)
    # Collected first: garbage that waits for the collector is no leak.
    gc.collect()
    return HourlySample(hour, _resident_mib(), sorted(counts)[SAMPLES // 2])


def _resident_mib() -> float:
    """Return our resident memory, as the kernel counts it."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
