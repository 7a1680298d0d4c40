"""Storms: the real daemon, wired into the simulated world of `lab/storm`, seed after seed.

A weakened variant is made by passing other parts in; no production code knows of it.
"""

import gc
import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog

from watchdog.app.compose.daemon_factory import Daemon, ExternalPorts, end, watch, wire
from watchdog.daemon.actions.actuator import Actuator
from watchdog.daemon.runtime.clock import SteadyClock
from watchdog.domain.errors import Permanent, Temporary
from watchdog.lab.storm.host import CHANNELS, Run, WorkerProcess
from watchdog.lab.storm.render import RenderClient
from watchdog.lab.storm.variants import FULL, VARIANTS, Variant
from watchdog.lab.storm.world import Result, World
from watchdog.ports import Clock, Platform, Store

COMMANDS_LOOKS = 20
"""How often a worker looks for commands after a person gave one; it need not poll before."""


def worker(variant: Variant = VARIANTS[FULL]) -> Run:
    """Return the program of a worker: the shipped daemon, or a weakened one."""

    async def run(start: WorkerProcess) -> None:
        def actuator(_platform: Platform | None, store: Store, clock: Clock) -> Actuator:
            client = variant.platform(start.render, start.name)
            remedies = start.remedies.actions(client, start.name)
            return Actuator(
                client,
                store,
                clock,
                start.nature.protocol_point,
                timings=variant.timings,
                reconcile=variant.reconcile,
                remedies={place: variant.remedy(one) for place, one in remedies.items()},
            )

        clock = SteadyClock(start.clock)
        outside = ExternalPorts(
            clock,
            variant.store(start.store_host),
            RenderClient(start.render, start.name),
            {name: variant.channel(start.post, name) for name in CHANNELS},
        )
        daemon = wire(
            variant.policy(start.policy),
            outside,
            worker=start.name,
            sources=lambda _engine: start.sources,
            on_error=start.failed,
            actuator=actuator,
            chance=start.chance,
        )
        variant.weaken(daemon.actuator)
        # Kept alive: a killed worker whose tasks were freed would run its `finally` blocks, which a SIGKILL never does.
        start.process.buried.append(daemon)
        # The metrics of a simulated worker are never read, and cost time.
        daemon.engine.listeners.stepped.remove(daemon.meter.stepped)
        daemon.engine.listeners.note.append(start.story)
        daemon.engine.listeners.stepped.append(lambda _before, _after, _event, effects: start.told(effects))
        # Not `begin`: commands are looked for below, and the simulated world has no optional integrations.
        await watch(daemon)
        daemon.supervisor.start("commands", lambda: _take_commands(daemon, start))
        await start.stopping.wait()
        await _stop(daemon)

    return run


async def _stop(daemon: Daemon) -> None:
    """Shut down gracefully, as `watchdog run` does on SIGTERM."""
    await end(daemon)
    with suppress(Temporary, Permanent):
        await daemon.store.release()


async def _take_commands(daemon: Daemon, start: WorkerProcess) -> None:
    """Look for commands for a while, whenever a person gave one."""
    while True:
        await start.commanded.wait()
        start.commanded.clear()
        for _ in range(COMMANDS_LOOKS):
            # A failing store is part of the storm: the next look tries again.
            with suppress(Temporary, Permanent):
                await daemon.commands.apply_all()
            await start.clock.sleep(1.0)


def play(seed: int, variant: Variant = VARIANTS[FULL]) -> Result:
    """Play one seed to its end; killed workers are freed only afterwards."""
    result = World(seed, worker(variant), variant.weather).play()
    gc.collect()
    return result


@contextmanager
def silence() -> Iterator[None]:
    """Suppress logs, and warnings from killed processes; restore everything afterwards.

    The garbage collector is off while a seed plays: a killed process must not run its `finally` blocks when its tasks
    are freed.
    """
    before, hook = structlog.get_config(), sys.unraisablehook
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    sys.unraisablehook = lambda _unraisable: None
    gc.collect()
    # Frozen: objects of before are not traversed again, which would cost time with every seed.
    gc.freeze()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            yield
            gc.collect()
    finally:
        gc.unfreeze()
        gc.enable()
        sys.unraisablehook = hook
        structlog.configure(**before)
