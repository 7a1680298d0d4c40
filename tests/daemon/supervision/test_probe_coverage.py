"""A watchdog that gets no evidence from any probe does not look healthy: the whole daemon in simulated time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from tests.support.clocks import FakeClock
from tests.support.notification_vendors import Channel
from tests.support.simulated_daemon import Site
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.app.compose.daemon_factory import Daemon, ExternalPorts, begin, upkeep, wire
from watchdog.daemon.engine.conversion import CONTROL
from watchdog.daemon.supervision.probe_coverage import LOOK_SECONDS, PATIENCE_SECONDS
from watchdog.daemon.telemetry.aggregate import MinuteAggregator
from watchdog.domain.incidents import Phase
from watchdog.domain.policy import DEFAULT_MATRIX, Policy, ServicePolicy, SignalPolicy
from watchdog.domain.readings import Bad, FailureKind, Good, Reading, Unknown

HOME, ERRORS = SignalPolicy("home", "http", critical=True), SignalPolicy("errors", "sentry")
SERVICES = {name: ServicePolicy(name, None, signals=(HOME,)) for name in ("web", "api")}
POLICY = Policy(services=SERVICES, matrix=DEFAULT_MATRIX, control=("https://control.test",), alerts=("pager",))
LIMITED = Unknown("the site limits our probes: HTTP 429")
WORDS = "no probe of any service brings evidence"
BOUND_SECONDS = PATIENCE_SECONDS + 2 * LOOK_SECONDS


@dataclass
class Scene:
    """A daemon and what it reads, by service."""

    clock: FakeClock
    daemon: Daemon
    pager: Channel
    sites: dict[str, Site]

    @property
    def ailments(self) -> list[str]:
        return self.daemon.health.reasons()

    @property
    def blind(self) -> float | None:
        return self.daemon.metrics.registry.get_sample_value("watchdog_blind")

    @property
    def pages(self) -> list[str]:
        return [title for title, _ in self.pager.took]

    def all_say(self, reading: Reading, *names: str) -> None:
        for name in names or SERVICES:
            self.sites[name].reading = reading


@asynccontextmanager
async def watching(policy: Policy = POLICY, **more: Site) -> AsyncIterator[Scene]:
    clock, pager = FakeClock(auto=False), Channel("pager")
    sites = {name: Site("home", clock=clock) for name in policy.services}
    sites |= {CONTROL: Site("https://control.test", "control", clock=clock)} if policy.control else {}
    for name, site in more.items():
        site.clock, sites[name] = clock, site
    daemon = wire(
        policy,
        ExternalPorts(clock, MemoryStore(clock), None, {"pager": pager}),
        worker="one",
        sources=lambda _: lambda name: [sites[name]] if name in sites else [],
        on_error=lambda name, error: pytest.fail(f"{name}: {error!r}"),
    )
    await begin(daemon)
    upkeep(daemon, MinuteAggregator())
    try:
        await clock.advance(15)
        assert daemon.health.reasons() == []
        yield Scene(clock, daemon, pager, sites)
    finally:
        await daemon.supervisor.stop(5.0)
        await daemon.close()


async def test_when_every_probe_is_turned_away_the_watchdog_is_blind() -> None:
    """Unhealthy within a minute and a half, though control targets answer; paged; well again with the first answer."""
    async with watching() as s:
        s.all_say(LIMITED)
        await s.clock.advance(PATIENCE_SECONDS - 15)
        assert s.ailments == [] and s.blind == 0
        await s.clock.advance(BOUND_SECONDS - PATIENCE_SECONDS + 15)
        assert s.ailments == [f"blind: {WORDS}"] and s.blind == 1
        await s.clock.advance(45)
        assert s.pages == ["watchdog is blind: no probe of any service brings evidence …"]
        s.all_say(Good(), "api")
        await s.clock.advance(15)
        assert s.ailments == [] and s.blind == 0
        assert len(s.pages) == 2 and s.pages[1].startswith("watchdog sees again after ")


async def test_when_the_process_stalls_in_every_probe_it_is_blind() -> None:
    """All probes are void, those of the control targets too: there is no reading at all to go by."""
    async with watching() as s:
        for site in s.sites.values():
            site.stalls_seconds = 0.8
        await s.clock.advance(1.5 * BOUND_SECONDS)
        blind, overloaded = s.ailments
        assert blind == f"blind: {WORDS}"
        assert any("the capacity for probes" in title for title in s.pages), "people are told, too"
        assert overloaded.startswith("overloaded: this machine carries about 0 of 3 checks at their intervals")
        for site in s.sites.values():
            site.stalls_seconds = 0.0
        await s.clock.advance(30)
        assert s.ailments == []


@pytest.mark.parametrize("says", [Good(), Bad("HTTP 503", FailureKind.STATUS)])
async def test_one_silent_service_blinds_nobody(says: Reading) -> None:
    """As long as another one brings evidence, good or bad."""
    async with watching() as s:
        s.all_say(LIMITED, "api")
        s.all_say(says, "web")
        await s.clock.advance(2 * BOUND_SECONDS)
        assert s.ailments == [] and s.blind == 0


async def test_a_freeze_of_our_own_is_no_blindness() -> None:
    """A machine that slept for ten minutes looks once more first."""
    async with watching() as s:
        s.clock.freeze(600)
        await s.clock.advance(45)
        assert s.ailments == [] and s.pages == []


async def test_a_blindness_of_before_ends_where_its_cause_is_gone() -> None:
    """A reload that takes the control targets away leaves nothing else that could end it; here all is read.

    The outage that follows is an incident.
    """
    async with watching(replace(POLICY, control=())) as s:
        engine = s.daemon.engine
        engine.state = replace(engine.state, blind_since=s.clock.now() - 600)
        assert s.ailments
        await s.clock.advance(LOOK_SECONDS)
        assert s.ailments == [] and s.blind == 0
        s.all_say(Bad("HTTP 503", FailureKind.STATUS))
        await s.clock.advance(120)
        assert [service.phase for service in engine.state.services.values()] == [Phase.PAGED, Phase.PAGED]


async def test_probes_that_are_read_rarely_are_waited_for() -> None:
    """Three rounds of the one that is read most often, with its deadline: 3 × (60 s + 5 s)."""
    async with watching() as s:
        for name in SERVICES:
            s.sites[name].every_seconds = 60.0
        s.all_say(LIMITED)
        await s.clock.advance(180)
        assert s.ailments == []
        await s.clock.advance(60)
        assert s.ailments == [f"blind: {WORDS}"]


async def test_a_journey_is_evidence_as_a_probe_is() -> None:
    """A service with a journey alone: while its site turns us away the watchdog is blind; the first answer ends it."""
    order = SignalPolicy("order", "http", source="journey", every_seconds=30.0, timeout_seconds=10.0)
    only = replace(POLICY, services={name: ServicePolicy(name, None, signals=(order,)) for name in SERVICES})
    sites = {name: Site("order", "journey", every_seconds=30.0, adaptive=False) for name in SERVICES}
    async with watching(only, **sites) as s:
        s.all_say(LIMITED)
        await s.clock.advance(3 * 40 + 2 * LOOK_SECONDS)
        assert s.ailments == [f"blind: {WORDS}"]
        s.all_say(Good(), "api")
        await s.clock.advance(40)
        assert s.ailments == []


async def test_without_a_probe_nothing_is_missed() -> None:
    """A feed that cannot be read is told by its own signal; a probe that moved away takes its silence along."""
    feeds = replace(POLICY, services={"web": ServicePolicy("web", None, signals=(ERRORS,))}, control=())
    async with watching(feeds, web=Site("errors", "sentry", adaptive=False)) as s:
        s.sites["web"].reading = Unknown("Sentry did not answer")
        await s.clock.advance(2 * BOUND_SECONDS)
        assert s.ailments == []
    async with watching() as s:
        s.all_say(LIMITED)
        await s.clock.advance(BOUND_SECONDS)
        assert s.ailments == [f"blind: {WORDS}"]
        await s.daemon.watches.end(tuple(SERVICES))
        await s.clock.advance(2 * LOOK_SECONDS)
        assert s.ailments == []
