"""Several workers: services shared out by leases, taken over from the dead and the frozen, given back by the zombie."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from tests.support.clocks import PATIENCE_SECONDS, FakeClock
from tests.support.intercepted_calls import Overheard
from tests.support.notification_vendors import Channel, tell
from tests.support.slow_calls import WAY_SECONDS, SlowStore
from watchdog.adapters.stores.memory import MemoryDatabase
from watchdog.app.compose.reload import end_refusals
from watchdog.daemon.actions.actuator import Actuator
from watchdog.daemon.engine.engine import Engine
from watchdog.daemon.engine.persistence import UNREAD
from watchdog.daemon.outbox.outbox import Outbox
from watchdog.daemon.runtime.hooks import Hooks
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.daemon.supervision.command_poller import CommandPoller
from watchdog.daemon.supervision.lease_manager import (
    ALONE,
    RENEW_SECONDS,
    SPARING_RENEWALS,
    STRANDED_SECONDS,
    TTL_SECONDS,
    LeaseManager,
)
from watchdog.domain import events as e
from watchdog.domain.errors import Displaced, Permanent, Temporary
from watchdog.domain.incidents import Incident, Outcome, Phase, ServiceState
from watchdog.domain.integrations import CONFIGURATION, Integration, Standing
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import DEFAULT_MATRIX, Policy, ServicePolicy, SignalPolicy
from watchdog.domain.readings import Bad, Good
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import FLEET, Write

NAMES = ("api", "blog", "docs", "shop")
SERVICES = {name: ServicePolicy(name, None, signals=(SignalPolicy("home", "http", critical=True),)) for name in NAMES}
POLICY = Policy(services=SERVICES, matrix=DEFAULT_MATRIX)


class FlakyStore(Overheard, SlowStore, calls="open renew_leases save load load_readonly load_shared pending incidents"):
    """A store that takes its time, is out of reach while `gone`, does not answer the calls in `silent`, and has what no
    version reads in those in `damaged`."""

    gone = False
    silent: frozenset[str] = frozenset()
    damaged: frozenset[str] = frozenset()

    async def heard(self, call: str, *given: object) -> None:
        if self.gone or call in self.silent:
            raise Temporary("the store does not answer")
        if call in self.damaged:
            raise Permanent("the store holds an incident that this version cannot read")


@dataclass
class Worker:
    """One worker on a shared database; `watched` is what it probes."""

    name: str
    database: MemoryDatabase
    clock: FakeClock
    watched: set[str] = field(default_factory=set)
    ailment: str = ""
    names: Sequence[str] = NAMES
    pager: Channel = field(default_factory=lambda: Channel("pager"))
    chat: Channel = field(default_factory=lambda: Channel("chat"))

    def __post_init__(self) -> None:
        self.store = FlakyStore(self.clock, self.database, sole=False)
        supervisor = Supervisor(self.clock, lambda name, error: None)
        channels = {"pager": self.pager, "chat": self.chat}
        self.outbox = Outbox(self.store, channels, self.clock, lambda *_: None, aside=("chat",))
        actuator = Actuator(None, self.store, self.clock)
        parts = {"actuator": actuator, "outbox": self.outbox, "listeners": Hooks()}
        self.engine = Engine(policy=POLICY, store=self.store, clock=self.clock, supervisor=supervisor, **parts)
        hooks = {"begin": self._begin, "end": self._end, "renewed": self.outbox.renewed}
        self.sharing = LeaseManager(
            self.name, self.store, self.engine, self.clock, lambda: self.names, ailment=lambda: self.ailment, **hooks
        )

    async def _begin(self, names: Sequence[str]) -> None:
        assert not self.watched & set(names), "begun twice"
        assert set(names) <= set(self.names), "the configuration does not say what to read of it"
        self.watched |= set(names)

    async def _end(self, names: Sequence[str]) -> None:
        self.watched -= set(names)

    @property
    def held(self) -> set[str]:
        """Return the services it holds; what it watches, and what the engine knows, is just these."""
        held = {name for name in self.engine.held if name != FLEET}
        assert held == self.watched == set(self.engine.state.services)
        return held

    async def tell(self, effect_id: int, title: str) -> None:
        await self.outbox.deliver(effect_id, tell(title, "pager", incident="shop-1", service="shop"))

    async def has_an_incident(self, phase: Phase, **fields: str) -> ServiceState:
        """Let its shop be slow, in that phase, and save that."""
        at = self.clock.now()
        incident = Incident("shop-1", "shop", Severity.HIGH, at, at, "shop is slow")
        shop = replace(self.engine.state.services["shop"], phase=phase, incident=incident, **fields)  # type: ignore[arg-type]
        self.engine.state = replace(self.engine.state, services={**self.engine.state.services, "shop": shop})
        await self.store.save(Write(self.engine.state))
        return shop

    async def take_all(self) -> None:
        """Renew, after the store was away, until it asks for the leases of others as well."""
        for _ in range(SPARING_RENEWALS + 1):
            await self.sharing.renew()

    async def see(self, service: str, *, bad: bool) -> None:
        reading = Bad("HTTP 503") if bad else Good()
        await self.engine.handle(e.Observed(self.clock.now(), service, "home", reading))


async def test_services_are_shared_out_when_a_second_worker_comes(one: Worker, other: Worker) -> None:
    """The first, which holds all, gives up what exceeds its share, the second takes it; no service is held twice."""
    await one.sharing.begin()
    assert one.held == set(NAMES) and FLEET in one.engine.held
    await other.sharing.begin()
    await one.sharing.renew()
    await other.sharing.renew()
    assert one.held | other.held == set(NAMES) and not one.held & other.held
    assert {len(one.held), len(other.held)} <= {1, 2, 3}
    assert one.sharing.services_held == len(one.held), "what the metrics tell; the fleet is no service"
    assert one.sharing.grant.workers == other.sharing.grant.workers == 2


async def test_a_worker_without_a_service_ends_refused_reloads_too(one: Worker, other: Worker) -> None:
    """It reads what all share, and waits for no service; while the store does not answer, it waits for that."""
    await one.sharing.begin()
    for name in NAMES:
        await one.see(name, bad=True)  # what is busy stays where it is
    now = one.clock.now()
    refused = Integration(CONFIGURATION, "12:00", Standing.REFUSED, now, why="a typo")
    later = replace(refused, name="12:01", since=now + 1.0)
    for each in (refused, later):
        await one.engine.handle(e.IntegrationJudged(each.since, each))
    other.store.gone = True
    await other.sharing.begin()
    ending = asyncio.create_task(end_refusals(other, now))  # type: ignore[arg-type]
    running = asyncio.create_task(other.engine.run())
    await other.clock.advance(60.0)
    assert not ending.done()
    other.store.gone = False
    for worker in (one, other):
        await worker.take_all()
    assert other.held == set(), "under suspicion alone it is busy"
    await asyncio.wait_for(ending, PATIENCE_SECONDS)
    await other.engine.submit_and_wait(e.TimePassed(now))
    running.cancel()
    failing = (await one.store.load_shared()).failing
    assert [one.at for one in failing.values()] == [later.since], "a file that was refused since then is not in force"


@pytest.mark.parametrize("left", [True, False])
async def test_case_51_the_incident_of_a_service_that_was_removed_ends_once_no_worker_knows_it(
    one: Worker, other: Worker, left: bool
) -> None:
    """A newer configuration lacks its shop: it waits until the worker that has it is gone, ends it, and lets go."""
    await one.sharing.begin()
    await one.has_an_incident(Phase.PAGED)
    other.names = tuple(name for name in NAMES if name != "shop")
    other.engine.policy = replace(POLICY, services={name: SERVICES[name] for name in other.names})
    for worker in (other, one, other, one):
        await worker.sharing.renew()
    assert "shop" in one.held and "shop" not in other.held
    waits = (TTL_SECONDS + RENEW_SECONDS, STRANDED_SECONDS - 1.0)
    for seconds in (*waits, 1.0, 0.0):
        await one.clock.advance(seconds)
        for worker in (other,) if left else (one, other):
            await worker.sharing.renew()
        assert seconds not in waits or "shop" not in other.held
    shop = await other.store.incident("shop-1")
    assert shop is not None and (shop.outcome is Outcome.UNSEEN and shop.closed_at is not None) is left
    assert other.held == (set(other.names) if left else other.held - {"shop"})
    await one.store.release()
    await other.sharing.renew()
    assert "shop" not in other.held, "that one only restarts"


async def test_the_all_clear_of_a_service_that_was_removed_outlives_who_decided_it(one: Worker, other: Worker) -> None:
    """Its page would stay open at the pager for ever; it is kept until the pager has it."""
    await one.sharing.begin()
    end = tell("over", "pager", kind=NoticeKind.RESOLVED, incident="shop-1", service="shop")
    await one.store.save(Write(one.engine.state, effects=(end,)))
    await one.store.release()
    other.names, other.pager.script = NAMES[:3], [Temporary("away")]
    await other.sharing.begin()
    for _ in range(3):
        await other.sharing.renew()
        assert "shop" in other.engine.held or other.pager.took
        await other.clock.advance(PATIENCE_SECONDS)
    assert other.pager.took == [("over", None)]
    await other.sharing.renew()
    assert other.held == set(other.names)


@pytest.mark.parametrize("taken", [True, False])
async def test_a_zombie_that_wakes_up_writes_nothing_and_lets_go(one: Worker, other: Worker, taken: bool) -> None:
    """Its next record is refused by the store; the service is no longer its own, without waiting for a renewal. What
    nobody took meanwhile is taken up again from the store with that.
    """
    await one.sharing.begin()
    await one.clock.advance(60.0)
    if taken:
        await other.sharing.begin()
    before = await other.store.load()
    with pytest.raises(Displaced):
        await one.see("shop", bad=True)
    assert "shop" not in one.engine.held and await other.store.load() == before
    await one.sharing.renew()
    assert one.held == (set() if taken else set(NAMES))


async def test_a_zombie_leaves_a_stop_to_who_has_the_service(one: Worker, other: Worker) -> None:
    """It knows an incident that is no longer its own: it does not say "done" to what it did not do."""
    await one.sharing.begin()
    await one.has_an_incident(Phase.ANNOUNCED)
    await one.clock.advance(60.0)
    await other.sharing.begin()
    running = [asyncio.create_task(worker.engine.run()) for worker in (one, other)]
    asked = await one.store.submit("stop", {"incident": "shop-1"}, "ann")
    await CommandPoller(one.store, one.engine, one.clock).apply_all()
    assert asked in [waiting.id for waiting in await one.store.commands()]
    await CommandPoller(other.store, other.engine, other.clock).apply_all()
    answered = await one.store.command(asked)
    for task in running:
        task.cancel()
    assert answered is not None and answered.ok and "STOPPED by ann" in answered.answer
    assert other.engine.state.services["shop"].phase is Phase.PAGED


async def test_what_people_were_told_meanwhile_counts_when_a_service_comes_back(one: Worker, other: Worker) -> None:
    """From one to the other and back: each goes on from the last word, also where its own was under way meanwhile."""
    await one.sharing.begin()
    await one.tell(1, "first")
    await one.clock.advance(60.0)
    await other.sharing.begin()
    await one.sharing.renew()
    assert "shop" in other.held and "shop" not in one.held
    await other.tell(2, "second")
    await one.tell(3, "late")
    await other.tell(4, "third")
    await other.store.release()
    await one.sharing.renew()
    assert "shop" in one.held
    await one.tell(5, "fourth")
    assert one.pager.took == [("first", None), ("late", "after second"), ("fourth", "after third")]


async def test_a_start_without_the_store_watches_everything_from_memory(one: Worker) -> None:
    """When it answers, the leases decide; an incident that was opened meanwhile goes on."""
    one.store.gone = True
    await one.sharing.begin()
    assert one.held == set(NAMES) and set(one.engine.held.values()) == {ALONE}
    for _ in range(60):
        await one.see("shop", bad=True)
        await one.clock.advance(2.0)
    opened = one.engine.state.services["shop"].incident
    assert opened is not None and one.engine.store_trouble
    one.store.gone = False
    await one.take_all()
    assert one.held == set(NAMES) and ALONE not in one.engine.held.values()
    await one.see("shop", bad=True)
    kept = one.engine.state.services["shop"].incident
    assert kept is not None and kept.id == opened.id


TAKEOVER_SECONDS = 15.0
"""What README promises under "Several workers": so soon are the services of a dead or frozen worker watched again."""
TICK_SECONDS = 0.05
SLOWEST_SECONDS = 8 * max(WAY_SECONDS)
"""Of a takeover, at most: leases, what was under way, what was saved, and the record of it, each there and back."""


@pytest.mark.parametrize("fault", ["silent", "damaged"])
async def test_the_record_of_old_incidents_suspends_no_action(one: Worker, fault: str) -> None:
    """Only a service that was removed needs them: one that cannot be read stopped every rollback, for ever."""
    setattr(one.store, fault, frozenset({"incidents"}))
    await one.sharing.begin()
    assert one.held == set(NAMES) and one.sharing.in_step.is_set() and not one.sharing.store_trouble


async def test_what_became_of_a_yes_that_could_not_be_saved_is_read_with_the_next_renewal(one: Worker) -> None:
    """Until then nothing of its service is saved or decided, a no included; it was not saved here, and asked again."""
    await one.sharing.begin()
    opened, shop = one.clock.now(), await one.has_an_incident(Phase.ASKING)
    one.store.silent = frozenset({"save"})
    await one.engine.handle(e.Approved(opened, "shop-1", "ann"))
    assert set(one.engine.recorder.unread) == {"shop"} and one.engine.state.services["shop"] is shop
    one.store.silent = frozenset()
    await one.engine.handle(e.Rejected(opened, "shop-1", "ben"))
    assert one.engine.store_trouble == UNREAD
    await one.see("api", bad=True)
    saved = await one.store.load_readonly()
    assert saved is not None and saved.services["shop"].phase is Phase.ASKING
    assert saved.services["api"].phase is Phase.SUSPECT
    await one.sharing.renew()
    assert not one.engine.recorder.unread and one.held == set(NAMES)
    await one.engine.handle(e.Rejected(opened, "shop-1", "ben"))
    saved = await one.store.load_readonly()
    assert saved is not None and saved.services["shop"].phase is Phase.PAGED


async def test_a_no_that_could_not_be_saved_holds_whatever_else_could_not_be_saved_after_it(one: Worker) -> None:
    """Nothing is read over it: its author was told that it holds. It is saved with the next record."""
    await one.sharing.begin()
    opened, _ = one.clock.now(), await one.has_an_incident(Phase.ASKING, forbidden="no right")
    one.store.silent = frozenset({"save"})
    await one.engine.handle(e.Stopped(opened, "shop-1", "ann"))
    await one.engine.handle(e.Resumed(opened, "ben"))  # would change the same service
    one.store.silent = frozenset()
    await one.sharing.renew()
    await one.see("api", bad=True)
    saved = await one.store.load_readonly()
    assert one.engine.state.services["shop"].phase is Phase.PAGED
    assert saved is not None and saved.services["shop"].phase is Phase.PAGED


def test_the_times_of_the_leases_add_up_to_what_is_promised() -> None:
    """At worst a lease was just renewed, and its heir asked just before it ran out; one renewal may fail in between."""
    assert TTL_SECONDS + RENEW_SECONDS + SLOWEST_SECONDS <= TAKEOVER_SECONDS
    assert 2 * RENEW_SECONDS + SLOWEST_SECONDS < TTL_SECONDS


async def shared_out(one: Worker, other: Worker, apart_seconds: float) -> list[asyncio.Task[None]]:
    """Let both renew as they do, so far apart, until each has its share; return their renewals."""
    tasks = list[asyncio.Task[None]]()
    for worker in (one, other):
        await one.clock.during(worker.sharing.begin())
        await one.clock.advance(3 * RENEW_SECONDS + apart_seconds)
        tasks.append(asyncio.create_task(worker.sharing.run()))
    await one.clock.advance(4 * RENEW_SECONDS)
    assert one.held and other.held and one.held | other.held == set(NAMES)
    return tasks


TENTHS = [tenth / 10 for tenth in range(11)]


@pytest.mark.parametrize(("phase", "apart"), [(phase, TENTHS[7 * at % 11]) for at, phase in enumerate(2 * TENTHS)])
async def test_case_21_a_worker_that_falls_silent_is_replaced_within_15_s_whenever_it_does(
    phase: float, apart: float
) -> None:
    """At every phase of its renewal and of its heir's, in the middle of a call too, on a store that takes its time.

    What it held is watched by the other then, fleet and all; and not before its lease has run out.
    """
    clock = FakeClock(auto=False)
    database = MemoryDatabase(clock)
    silent, heir = (Worker(name, database, clock) for name in ("one", "two"))
    dies, lives = await shared_out(silent, heir, apart * RENEW_SECONDS)
    await clock.advance(phase * RENEW_SECONDS)
    dies.cancel()
    fell_silent, expires = clock.now(), max(database.leases[name].expires for name in silent.watched)
    while heir.watched != set(NAMES):
        await clock.advance(TICK_SECONDS)
        assert clock.now() - fell_silent <= TAKEOVER_SECONDS
        assert clock.now() - expires <= RENEW_SECONDS + SLOWEST_SECONDS + TICK_SECONDS
        assert heir.watched.isdisjoint(silent.watched) or clock.now() >= expires
    assert heir.held == set(NAMES) and FLEET in heir.engine.held
    lives.cancel()
