"""A whole daemon in simulated time, guarding a site that the test breaks, with channels that the test takes down.

Everything is the daemon's own (wiring, scheduler, core, journal protocol, outbox, health, heartbeat); made up are the
site's readings, the channels' vendors, and the store, which is the one in memory.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from tests.support.clocks import FakeClock, eventually
from tests.support.failing_channel import Vendor
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.app.compose.daemon_factory import Daemon, ExternalPorts, begin, wire
from watchdog.daemon.engine.conversion import CONTROL
from watchdog.daemon.telemetry.heartbeat import Heartbeat, healthchecks
from watchdog.domain.certificates import Certificate
from watchdog.domain.notices import Notice
from watchdog.domain.policy import DEFAULT_MATRIX, Policy, Rule, ServicePolicy, SignalPolicy
from watchdog.domain.readings import Bad, FailureKind, Good, Reading
from watchdog.ports import Platform, Sample
from watchdog.sandbox.request_log import EventLog
from watchdog.sandbox.vendors.notification_apis import Pagers

STEP_SECONDS = 5.0


@dataclass
class Site:
    """A signal that reads what the test set; with a clock each read takes a moment, and a stall if it is to."""

    name: str
    kind: str = "http"
    every_seconds: float = 10.0
    adaptive: bool = True
    timed: bool = True
    reading: Reading = field(default_factory=lambda: Good("HTTP 200"))
    clock: FakeClock | None = None
    stalls_seconds: float = 0.0
    certificate: Certificate | None = None

    async def read(self) -> Sequence[Sample]:
        if self.clock is not None:
            await self.clock.sleep(0.02)
            self.clock.freeze(self.stalls_seconds)
        return (Sample(self.reading, latency_seconds=0.1, certificate=self.certificate),)

    async def close(self) -> None:
        """Nothing to close."""


class Guarded:
    """The daemon and its world."""

    def __init__(self, names: Sequence[str], policy: Policy | None = None, start: float | None = None) -> None:
        self.clock = FakeClock(auto=False) if start is None else FakeClock(start, auto=False)
        self.vendors = {name: Vendor(name, self.clock) for name in names}
        self.site, self.control = Site("home"), Site("control", kind="control")
        self.store = MemoryStore(self.clock)
        self.pagers = Pagers(EventLog())
        self.errors: list[str] = []
        self.policy = policy or guarding(*names)
        self.platform: Platform | None = None
        self.sources = {CONTROL: [self.control], "web": [self.site]}

    def wire(self) -> Daemon:
        """Return a daemon on this world's store, as one more start of the process."""
        outside = ExternalPorts(clock=self.clock, store=self.store, platform=self.platform, notifiers=self.vendors)
        return wire(
            self.policy,
            outside,
            worker=f"worker-{self.clock.elapsed}",
            sources=lambda _: lambda name: self.sources.get(name, []),
            on_error=lambda name, error: self.errors.append(f"{name}: {error!r}"),
        )

    async def begin(self) -> None:
        """Start the daemon, with a heartbeat to a healthchecks-style switch."""
        self.daemon = self.wire()
        await begin(self.daemon)
        routes = [Route("/ping/{id}", self.pagers.heartbeat), Route("/ping/{id}/{signal}", self.pagers.heartbeat)]
        transport = httpx.ASGITransport(Starlette(routes=routes))
        switch = healthchecks("http://switch.test/ping/us")
        why = self.daemon.health.reasons
        heartbeat = Heartbeat(
            switch, self.clock, lambda: "; ".join(why()), self.daemon.metrics, transport, speak=lambda: True
        )
        self.daemon.supervisor.start("heartbeat", heartbeat.run)

    async def go_on(self, seconds: float) -> None:
        """Let time pass, and each ping arrive in its minute."""
        until = self.clock.elapsed + seconds
        while self.clock.elapsed < until:
            await self.clock.advance(min(STEP_SECONDS, until - self.clock.elapsed))
            await eventually(lambda: len(self.pagers.heartbeats) >= int(self.clock.elapsed // 60))

    def break_site(self) -> None:
        self.site.reading = Bad("HTTP 503", FailureKind.STATUS)

    def mend_site(self) -> None:
        self.site.reading = Good("HTTP 200")

    def down(self, seconds: float, *names: str) -> None:
        """Take the vendors of these channels (all, if none is named) down for so long from now."""
        for name in names or tuple(self.vendors):
            self.vendors[name].down_until = self.clock.elapsed + seconds

    @property
    def signals(self) -> list[str]:
        return [str(beat["signal"]) for beat in self.pagers.heartbeats]

    def kinds(self, name: str) -> list[str]:
        return [notice.kind.value for notice in self.heard(name)]

    def rings(self, name: str) -> list[str]:
        return [notice.title for notice in self.heard(name) if notice.wakes]

    def heard(self, name: str) -> Sequence[Notice]:
        """What a channel took, but that a channel or the store does not work: that is for test_integrations."""
        return [notice for notice in self.vendors[name].notices if "/" not in notice.incident]


def guarding(*names: str) -> Policy:
    """Return a policy for one observed service; everybody is told of everything."""
    web = ServicePolicy("web", None, signals=(SignalPolicy("home", "http", critical=True),))
    matrix = {severity: Rule(rule.do, rule.within_seconds, names) for severity, rule in DEFAULT_MATRIX.items()}
    return Policy(services={"web": web}, matrix=matrix, control=("control",), alerts=names)


@asynccontextmanager
async def guarded(
    *names: str, told: Sequence[str] = (), policy: Policy | None = None, start: float | None = None
) -> AsyncIterator[Guarded]:
    """Give a world whose channels are `names`, of which `told` (all, if empty) are named in the policy."""
    world = Guarded(names, policy or guarding(*(told or names)), start)
    yield world
    assert await world.daemon.supervisor.stop(5.0) == () and world.errors == []
