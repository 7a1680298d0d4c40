"""Several workers, one dead-man's switch: one ping a minute in all, and no healthy worker takes back a sick one's word.

Whole daemons on one database, in simulated time; the switch is the sandbox's.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from tests.daemon.supervision.test_lease_manager import FlakyStore
from tests.daemon.supervision.test_probe_coverage import POLICY
from tests.support.clocks import FakeClock, eventually
from tests.support.simulated_daemon import Site
from watchdog.adapters.stores.memory import MemoryDatabase
from watchdog.app.compose.daemon_factory import Daemon, ExternalPorts, begin, wire
from watchdog.daemon.engine.conversion import CONTROL
from watchdog.daemon.runtime.supervisor import OnError
from watchdog.daemon.telemetry.heartbeat import Heartbeat, healthchecks
from watchdog.domain.store_records import FLEET
from watchdog.sandbox.request_log import EventLog
from watchdog.sandbox.vendors.notification_apis import Pagers

PATHS = ("/ping/{id}", "/ping/{id}/{signal}")


def known_deaths(name: str, error: BaseException) -> None:
    """Let nobody die but who is meant to."""
    assert name == "doomed", f"{name}: {error!r}"


@dataclass
class Fleet:
    """Workers of one database, in the order in which they came."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(auto=False))
    pagers: Pagers = field(default_factory=lambda: Pagers(EventLog()))
    workers: list[Daemon] = field(default_factory=list)
    on_error: OnError = known_deaths

    def __post_init__(self) -> None:
        self.database = MemoryDatabase(self.clock)
        routes = [Route(path, self.pagers.heartbeat) for path in PATHS]
        self.switch = httpx.ASGITransport(Starlette(routes=routes))

    async def join(self) -> Daemon:
        store = FlakyStore(self.clock, self.database, sole=False)
        sites = {name: Site("home", clock=self.clock) for name in POLICY.services}
        sites[CONTROL] = Site("https://control.test", "control", clock=self.clock)
        daemon = wire(
            POLICY,
            ExternalPorts(self.clock, store, None, {}),
            worker=f"worker-{len(self.workers)}",
            sources=lambda _: lambda name: [sites[name]] if name in sites else [],
            on_error=self.on_error,
        )
        self.workers.append(daemon)
        await self.clock.during(begin(daemon))
        given = (healthchecks("http://switch.test/ping/us"), self.clock, daemon.ailment, daemon.metrics, self.switch)
        beat = Heartbeat(*given, speak=lambda: daemon.sharing.speaks_for_all)
        daemon.supervisor.start("heartbeat", beat.run)
        return daemon

    def holder(self) -> Daemon:
        (one,) = (daemon for daemon in self.workers if FLEET in daemon.engine.held)
        return one

    def other(self) -> Daemon:
        return next(daemon for daemon in self.workers if FLEET not in daemon.engine.held)

    async def minute(self, pings: int = 1) -> list[str]:
        """Let a minute pass; return what the switch heard in it, of so many pings at least."""
        heard = len(self.pagers.heartbeats)
        await self.clock.advance(60)
        await eventually(lambda: len(self.pagers.heartbeats) >= heard + pings)
        await self.clock.settle()
        return [str(beat["signal"]) for beat in self.pagers.heartbeats[heard:]]


async def sicken(daemon: Daemon) -> None:

    async def die() -> None:
        raise KeyError("x")

    daemon.supervisor.start("doomed", die, restart=False)
    await eventually(daemon.health.reasons)


@asynccontextmanager
async def fleet(workers: int = 3) -> AsyncIterator[Fleet]:
    made = Fleet()
    for _ in range(workers):
        await made.join()
    await made.clock.advance(10)
    try:
        yield made
    finally:
        for daemon in made.workers:
            await daemon.supervisor.stop(5.0)
            await made.clock.during(daemon.close())


async def test_one_ping_a_minute_in_all() -> None:
    """However many workers there are; only who pings tells when one arrived."""
    async with fleet() as f:
        assert [await f.minute() for _ in range(3)] == [["success"]] * 3
        name, labels = "watchdog_heartbeat_last_success_timestamp_seconds", {"switch": "healthchecks"}
        told = [one for one in f.workers if one.metrics.registry.get_sample_value(name, labels) is not None]
        assert told == [f.holder()]


@pytest.mark.parametrize("which", ["holder", "other"])
async def test_whoever_is_sick_the_switch_hears_of_it(which: str) -> None:
    """And of nothing else, for as long as that worker lives and is sick."""
    async with fleet() as f:
        await sicken(f.holder() if which == "holder" else f.other())
        assert [await f.minute() for _ in range(3)] == [["fail"]] * 3


async def test_when_the_holder_dies_another_one_pings() -> None:
    """From the minute in which the leases move on; the sickness of the dead is gone with it."""
    async with fleet() as f:
        dead = f.holder()
        await sicken(dead)
        assert await f.minute() == ["fail"]
        await dead.supervisor.stop(5.0)
        dead.engine.held.clear()
        await f.clock.advance(30)
        assert await f.minute() == ["success"] and f.holder() is not dead and await f.minute() == ["success"]


async def test_without_the_database_each_worker_speaks_for_itself() -> None:
    """Nobody can know who is to speak, nor how the others are: rather too often than not at all."""
    async with fleet() as f:
        assert await f.minute() == ["success"]
        for daemon in f.workers:
            daemon.store.gone = True  # type: ignore[attr-defined]
        assert await f.minute(3) == ["fail"] * 3
        for daemon in f.workers:
            daemon.store.gone = False  # type: ignore[attr-defined]
        await f.clock.advance(40)
        assert await f.minute() == ["success"]
