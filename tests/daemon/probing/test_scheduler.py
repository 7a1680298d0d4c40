"""When signals are read, in simulated time. Every number is a count or a moment of the simulated clock."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import pytest

from tests.support.clocks import FakeClock
from watchdog.daemon.probing.overload import LOST_MIN, Load
from watchdog.daemon.probing.scheduler import (
    EXTRA_PER_SERVICE_MAX,
    OVERLAP_MAX,
    READ_LIMIT_SECONDS,
    Lateness,
    ProbeScheduler,
)
from watchdog.daemon.runtime.loop_lag import STALL_SECONDS, LoopLagMonitor
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.daemon.telemetry.exposition import written
from watchdog.daemon.telemetry.metrics import Metrics
from watchdog.domain.readings import Bad, FailureKind, Good, Reading, Unknown
from watchdog.ports import Sample, SignalSource


class Site:
    """A source that computes (`costs`), waits (`takes`: seconds of simulated time) and says what it was told to say."""

    def __init__(
        self,
        world: "World",
        name: str = "health",
        *,
        every: float = 10.0,
        takes: float = 0.02,
        says: Reading | Exception = Good(),  # noqa: B008  frozen
        kind: str = "http",
        adaptive: bool = True,
        timed: bool = True,
        costs: float = 0.0,
    ) -> None:
        self.name, self.kind, self.every_seconds, self.adaptive, self.timed = name, kind, every, adaptive, timed
        self.world, self.takes, self.says, self.costs = world, takes, says, costs
        self.starts: list[float] = []
        self.running = self.most_at_once = 0

    async def read(self) -> Sequence[Sample]:
        self.starts.append(self.world.clock.elapsed)
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            if self.costs:
                self.world.clock.compute(self.costs)
            await self.world.clock.sleep(self.takes)
        finally:
            self.running -= 1
        if isinstance(self.says, Exception):
            raise self.says
        return (Sample(self.says),)

    async def close(self) -> None:
        return


class World:
    """A running scheduler on a simulated clock, with all that it emitted."""

    def __init__(self, in_flight_max: int | None = None) -> None:
        self.clock = FakeClock(auto=False)
        self.errors: list[str] = []
        self.supervisor = Supervisor(self.clock, lambda name, error: self.errors.append(f"{name} {error!r}"))
        self.metrics = Metrics("test")
        self.stall = LoopLagMonitor(self.clock)
        self.emitted: list[tuple[str, str, Sequence[Sample], Lateness]] = []
        parts = self.clock, self.supervisor, self.metrics, self.take, self.stall
        self.scheduler = ProbeScheduler(*parts, in_flight_max=in_flight_max, chance=random.Random(7))

    def take(self, service: str, source: SignalSource, samples: Sequence[Sample], lateness: Lateness) -> None:
        self.emitted.append((service, source.name, samples, lateness))

    def site(self, service: str, name: str = "health", **how: object) -> Site:
        site = Site(self, name, **how)  # type: ignore[arg-type]
        self.scheduler.add(service, site)
        return site

    async def run(self, seconds: float) -> None:
        if not self.supervisor.names():
            self.supervisor.start("stall", self.stall.run)
            self.supervisor.start("scheduler", self.scheduler.run)
        await self.clock.advance(seconds)

    def count(self, metric: str, service: str, signal: str = "health") -> float:
        labels = {"service": service, "signal": signal}
        return self.metrics.registry.get_sample_value(f"watchdog_{metric}", labels) or 0.0


@pytest.fixture
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A scheduler that ends with its test; a parameter says how many reads may be in flight."""
    made = World(getattr(request, "param", None))
    yield made
    await made.supervisor.stop(1)


@pytest.mark.parametrize("takes", [0.02, 3.0])
async def test_a_read_is_dated_when_it_began(world: World, takes: float) -> None:
    """Its samples tell of that moment, however long the answer took; what it took is told beside it."""
    site = world.site("web", takes=takes)
    await world.run(100)
    told = [lateness for _, _, _, lateness in world.emitted]
    begun = [world.clock.start + at for at in site.starts[: len(told)]]
    assert [one.started_at for one in told] == pytest.approx(begun, abs=1e-3) and len(told) > 5
    assert [one.took_seconds for one in told] == pytest.approx([takes] * len(told))


async def test_reads_come_at_the_interval_with_jitter_and_a_spread_start(world: World) -> None:
    """Twenty sites at 10 s: about 60 reads each in 10 min, gaps within ±25 % of 10 s, first ones all over 10 s."""
    sites = [world.site(f"s{number}") for number in range(20)]
    await world.run(600)
    assert all(54 <= len(site.starts) <= 66 for site in sites)
    gaps = [later - earlier for site in sites for earlier, later in pairwise(site.starts)]
    assert min(gaps) >= 7.4 and max(gaps) <= 12.6
    assert len({round(gap, 2) for gap in gaps}) > 50, "jittered, not fixed"
    firsts = sorted(site.starts[0] for site in sites)
    assert firsts[0] < 2 and firsts[-1] > 8
    assert len(world.emitted) == sum(len(site.starts) for site in sites) and world.errors == []


@pytest.mark.long
@pytest.mark.parametrize("number", [48, 200])
async def test_hanging_sites_delay_nobody_else(number: int, world: World) -> None:
    """Three of four sites hang for 30 s a read: the others are read as often, and as punctually, as without them."""
    hanging = [world.site(f"hang{each}", takes=30.0, says=Bad("timeout")) for each in range(number * 3 // 4)]
    fine = [world.site(f"fine{each}") for each in range(number // 4)]
    await world.run(60)
    settled = world.clock.elapsed
    await world.run(300)
    late = [
        lateness.seconds
        for service, _, _, lateness in world.emitted
        if service.startswith("fine") and lateness.started_at - world.clock.start > settled
    ]
    assert len(late) >= len(fine) * 27 and max(late) < 0.01
    assert all(28 <= len([at for at in site.starts if at > settled]) <= 33 for site in fine)
    assert all(site.most_at_once == 1 for site in hanging)
    assert all(len(site.starts) >= 8 for site in hanging), "hanging sites are read on as well"


@pytest.mark.parametrize("world", [2], indirect=True)
async def test_sockets_bound_what_is_under_way(world: World) -> None:
    """Two sockets and twenty prompt sites: never more than two reads at once, and still everybody is read."""
    sites = [world.site(f"s{each}", every=1.0, takes=0.05) for each in range(20)]
    most = 0
    for _ in range(600):
        await world.run(0.05)
        most = max(most, sum(site.running for site in sites))
    assert most == 2 and all(len(site.starts) >= 25 for site in sites)


async def test_case_46_overload_stretches_calm_intervals_evenly_and_is_said(world: World) -> None:
    """A machine that computes 50 ms for each read carries 20 reads a second: of 60 checks at 1 s a third.

    Each calm one is read every 3 s or so, a suspect keeps its pace, none is void; the state is said, and ends with it.
    """
    sites = [world.site(f"s{each}", every=1.0, costs=0.05) for each in range(59)]
    suspect = world.site("suspect", every=1.0, costs=0.05)
    world.scheduler.set_pace("suspect", 1.0, urgent=True)
    await world.run(30)
    counts, of_suspect = [len(site.starts) for site in sites], len(suspect.starts)
    await world.run(60)
    read = [len(site.starts) - before for site, before in zip(sites, counts, strict=True)]
    assert min(read) >= 17 and max(read) <= 23 and len(suspect.starts) - of_suspect >= 50
    overload = world.scheduler.overload()
    assert overload is not None and overload.lost > 0.9 and overload.checks == 60 and 18 <= overload.carried <= 22
    assert not any(world.count("probes_void_total", f"s{each}") for each in range(59))
    assert world.stall.lag_between(0, world.clock.monotonic()) < STALL_SECONDS
    for site in sites:
        site.costs = 0.0
    await world.run(10)
    assert world.scheduler.overload() is None


async def test_case_46_a_crowd_of_suspects_leaves_four_fifths_to_the_rest(world: World) -> None:
    """Of 20 reads a second that the machine carries: 40 calm checks and 20 urgent ones, all due each second."""
    calm = [world.site(f"calm{each}", every=1.0, costs=0.05) for each in range(40)]
    urgent = [world.site(f"urgent{each}", every=1.0, costs=0.05) for each in range(20)]
    for each in range(20):
        world.scheduler.set_pace(f"urgent{each}", 1.0, urgent=True)
    await world.run(60)
    before = {site: len(site.starts) for site in (*calm, *urgent)}
    await world.run(60)
    read = {site: len(site.starts) - count for site, count in before.items()}
    assert sum(read.values()) >= 1100 and 0.77 <= sum(read[site] for site in calm) / sum(read.values()) <= 0.83
    gaps = [late - early for site in urgent for early, late in pairwise(site.starts[5:])]
    assert max(gaps) <= 8.0, "control targets wait among them, and must be read every 30 s"


async def test_reads_never_pile_up_and_the_missed_ones_are_counted(world: World) -> None:
    """A read of 25 s at an interval of 10 s: one at a time, two of three skipped and counted."""
    site = world.site("slow", takes=25.0)
    await world.run(600)
    assert site.most_at_once == 1 and 18 <= len(site.starts) <= 22
    assert 36 <= world.count("probes_skipped_total", "slow") <= 42


async def test_suspicion_wakes_the_sleepers_and_overlaps_a_hang(world: World) -> None:
    """At a pace of 1.5 s reads of 5 s overlap up to three at once; feeds keep their own interval."""
    site = world.site("api", takes=5.0, says=Bad("timeout", FailureKind.TIMEOUT))
    feed = world.site("api", "sentry", every=60.0, kind="sentry", adaptive=False)
    other = world.site("web")
    await world.run(30)
    before = world.clock.elapsed
    world.scheduler.set_pace("api", 1.5)
    await world.run(60)
    started = [at for at in site.starts if at > before]
    assert started[0] - before < 2 and site.most_at_once == OVERLAP_MAX
    assert len(started) >= 30, "three every 5 s, where one at a time would give 12"
    assert len(feed.starts) <= 2 and 8 <= len(other.starts) <= 10
    world.scheduler.set_pace("api", None)
    calm = world.clock.elapsed
    await world.run(100)
    assert len([at for at in site.starts if at > calm + 10]) <= 11


async def test_a_new_pace_acts_at_once_and_a_slower_one_does_not_slow_the_source_down(world: World) -> None:
    """The next read of a 60 s source comes when the pace asks for it; a pace of 300 s changes nothing."""
    site = world.site("api", every=60.0)
    await world.run(61)
    last = site.starts[-1]
    await world.clock.advance(max(0.0, last + 10 - world.clock.elapsed))
    world.scheduler.set_pace("api", 5.0)
    now = world.clock.elapsed
    await world.run(0.2)
    assert site.starts[-1] == pytest.approx(now, abs=0.15)
    world.scheduler.set_pace("api", 300.0)
    count = len(site.starts)
    await world.run(600)
    assert 9 <= len(site.starts) - count <= 11


async def test_extra_reads_of_one_service_are_bounded(world: World) -> None:
    """Five hanging checks of one service: each has its own read, and four extra ones in all."""
    sites = [world.site("api", f"check{each}", takes=100.0) for each in range(5)]
    world.scheduler.set_pace("api", 1.0)
    await world.run(50)
    assert sum(site.running for site in sites) == 5 + EXTRA_PER_SERVICE_MAX and world.scheduler.in_flight == 9


async def test_a_feed_can_be_nudged_but_not_hammered(world: World) -> None:
    """`read_now` reads within its gap; a read under way is followed by a fresh one; ten nudges are one read."""
    feed = world.site("api", "events", every=60.0, kind="render_events", adaptive=False, takes=1.0)
    probe = world.site("api")
    await world.run(70)
    probes = len(probe.starts)
    count, now = len(feed.starts), world.clock.elapsed
    for _ in range(10):
        world.scheduler.read_now("api", "render_events")
    await world.run(2.5)
    assert len(feed.starts) == count + 1
    world.scheduler.read_now("api", "render_events")
    await world.run(0.5)
    world.scheduler.read_now("api", "render_events")
    await world.run(4)
    fresh = [at for at in feed.starts if at >= now]
    assert len(fresh) == 3, "the nudge during a read led to another read"
    assert min(later - earlier for earlier, later in pairwise(fresh)) >= 2 and len(probe.starts) - probes <= 1


async def test_case_07_a_probe_that_spans_a_stall_is_void_and_a_feed_is_kept(world: World) -> None:
    """0.8 s of our own standing still in the middle of a read; before and after, reads count.

    A journey is read at its own interval, and measures the site all the same.
    """
    site = world.site("api", takes=1.0)
    journey = world.site("api", "order", takes=1.0, adaptive=False)
    feed = world.site("api", "sentry", every=10.0, takes=1.0, adaptive=False, timed=False)
    await world.run(0)
    while not (site.running and journey.running and feed.running):
        await world.run(0.1)
        assert world.clock.elapsed < 20_000
    emitted = len(world.emitted)
    world.clock.freeze(0.8)
    await world.run(1.0)
    assert [name for _, name, _, _ in world.emitted[emitted:]] == ["sentry"]
    assert world.count("probes_void_total", "api") == world.count("probes_void_total", "api", "order") == 1
    await world.run(12)
    assert {"health", "order"} <= {name for _, name, _, _ in world.emitted[emitted:]}
    assert world.count("probes_void_total", "api") == world.count("probes_void_total", "api", "order") == 1


async def test_lateness_is_measured(world: World) -> None:
    """A read due during a stall begins late, and says so: of a single pause many are late, and that is no overload."""
    for number in range(10):
        world.site(f"s{number}")
    await world.run(60)
    count = len(world.emitted)
    world.clock.freeze(30)
    await world.run(1)
    assert sum(lateness.seconds > 15 for *_, lateness in world.emitted[count:]) > LOST_MIN
    assert world.scheduler.overload() is None
    assert world.metrics.registry.get_sample_value("watchdog_probe_lateness_seconds_count") == len(world.emitted)


async def test_a_source_that_breaks_its_promise_is_unknown_and_reported(world: World) -> None:
    """One raises, one never ends: both give Unknown, both are our own errors, both are read on."""
    world.site("raises", says=KeyError("oops"))
    stuck = world.site("stuck", takes=1e9)
    await world.run(READ_LIMIT_SECONDS * 3)
    readings = {service: samples[0].reading for service, _, samples, _ in world.emitted}
    assert readings["raises"] == Unknown("the read itself failed: KeyError")
    assert readings["stuck"] == Unknown("the read was given up: it did not end within 2 min")
    assert len(stuck.starts) >= 2 and any(error.startswith("probe:raises/health KeyError") for error in world.errors)
    assert any(error.startswith("probe:stuck/health TimeoutError") for error in world.errors)


async def test_control_targets_are_told_apart_without_their_urls(world: World) -> None:
    """Metrics, and the names of our tasks in the log, show where a URL leads and nothing of what it says there."""
    for path in ("one?key=T0KEN", "two?key=T0KEN"):
        world.site("control", f"https://control.example/{path}", says=KeyError("a fault of ours"))
    await world.run(30)
    text = written(world.metrics.collect()).decode()
    for label in ("control.example", "control.example 2"):
        assert f'watchdog_probe_total{{outcome="unknown",service="control",signal="{label}"}} 0.0' not in text
        assert f'watchdog_probe_total{{outcome="unknown",service="control",signal="{label}"}} ' in text
        assert any(error.startswith(f"probe:control/{label} KeyError") for error in world.errors)
    assert "T0KEN" not in text + "".join(world.errors)
    await world.scheduler.remove("control")
    assert 'service="control"' not in written(world.metrics.collect()).decode()


async def test_sources_come_and_go_while_it_runs(world: World) -> None:
    hanging, web = world.site("api", takes=60.0), world.site("web")
    await world.run(15)
    assert hanging.running == 1 and await world.scheduler.remove("api") == (hanging,)
    assert hanging.running == 0 and [service for service, _ in world.scheduler.sources()] == ["web"]
    assert b'service="api"' not in written(world.metrics.collect())
    count, others = len(hanging.starts), len(web.starts)
    await world.run(60)
    assert len(hanging.starts) == count and len(web.starts) > others
    with pytest.raises(ValueError, match="web/health"):
        world.scheduler.add("web", web)
    world.scheduler.add("api", hanging)
    await world.run(11)
    assert len(hanging.starts) == count + 1


async def test_an_awaited_emit_that_blocks_does_not_pile_up(world: World) -> None:
    """When the engine stands still, a check has one finished read waiting, not one per interval."""
    opened = asyncio.Event()

    async def blocked(service: str, source: SignalSource, samples: Sequence[Sample], lateness: Lateness) -> None:
        await opened.wait()

    scheduler = ProbeScheduler(world.clock, world.supervisor, world.metrics, blocked, world.stall)
    site = Site(world)
    scheduler.add("api", site)
    world.supervisor.start("scheduler", scheduler.run)
    await world.clock.advance(500)
    assert len(site.starts) == 1
    opened.set()
    await world.clock.advance(30)
    assert len(site.starts) >= 3


async def test_an_overload_is_entered_at_a_tenth_and_left_below_half_of_that(clock: FakeClock) -> None:
    """A load near the limit would else begin and end every few seconds, and so would what is said about it."""
    load = Load(clock)

    async def lost_of_a_hundred(lost: int, seconds: int) -> bool:
        for _ in range(seconds):
            for number in range(100):
                load.ended(1.0, 0.0, void=number < lost)
            await clock.advance(1.0)
        return load.overload(lambda: [1.0] * 100) is not None

    assert not await lost_of_a_hundred(9, 15)
    assert await lost_of_a_hundred(20, 15)
    assert await lost_of_a_hundred(7, 3)
    assert not await lost_of_a_hundred(4, 3)
