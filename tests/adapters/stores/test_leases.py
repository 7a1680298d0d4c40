"""Several workers on one store: which may write which names, and which are refused. In memory and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace

import pytest

from tests.adapters.stores.steps import PIN, ROW, state
from tests.support.store_workers import Town, in_memory, on_postgres
from watchdog.adapters.stores.leases import share
from watchdog.domain.effects import Note, PinAutoDeploy
from watchdog.domain.errors import Displaced, Stale
from watchdog.domain.events import TimePassed
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.store_records import FLEET, ActionResult, CommandAnswer, LeaseGrant, Running, Write
from watchdog.ports import Store

NAMES = ("api", "web", "db", "job", FLEET)
TTL = 10.0
API_MOVED = "^another worker has api now$"


@pytest.fixture(params=["memory", "postgresql"])
async def town(request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    made = in_memory()
    if request.param == "postgresql":
        made = on_postgres(request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_url"))
    yield made
    await made.close()


@pytest.fixture
async def one(town: Town) -> Store:
    return await town.join()


@pytest.fixture
async def two(town: Town) -> Store:
    return await town.join()


async def refused(writing: Awaitable[object], error: type[Exception] = Displaced, words: str | None = None) -> None:
    with pytest.raises(error, match=words):
        await writing


async def hold(store: Store, worker: str, names: tuple[str, ...] = NAMES, keep: tuple[str, ...] = ()) -> LeaseGrant:
    return await store.renew_leases(worker, names, ttl_seconds=TTL, keep=keep)


@pytest.mark.parametrize(
    ("mine", "workers", "keep", "expected"),
    [
        ((), 1, (), (5, ())),
        ((), 2, (), (3, ())),
        (("api", "web"), 2, (), (1, ())),
        (NAMES, 2, (), (0, (FLEET, "job"))),
        (NAMES, 2, (FLEET, "job", "db"), (0, ("web", "api"))),
        (NAMES, 2, NAMES, (0, ())),
        (NAMES, 9, (), (0, (FLEET, "job", "db", "web"))),
        (("api", "gone", "busy"), 1, ("busy",), (4, ("gone",))),
        ((), 0, (), (5, ())),
    ],
)
def test_a_fair_share(mine: tuple[str, ...], workers: int, keep: tuple[str, ...], expected: object) -> None:
    """Room up to ceil(names / workers); the last ones go first, kept ones never, unknown ones always."""
    assert share(NAMES, mine, workers, keep) == expected and share((), (), workers, ()) == (0, ())


async def test_the_living_share_the_names_fairly(one: Store, two: Store) -> None:
    """The first takes all; with a second one it gives its surplus back, which the second takes."""
    assert await hold(one, "one") == LeaseGrant("one", dict.fromkeys(NAMES, 1), 1, 0)
    assert await hold(two, "two") == LeaseGrant("two", {}, 2, 0, others=("one",))
    assert await hold(one, "one") == LeaseGrant("one", {"api": 1, "web": 1, "db": 1}, 2, 0, others=("two",))
    assert await hold(two, "two") == LeaseGrant("two", {"job": 2, FLEET: 2}, 2, 0, others=("one",))
    assert await hold(one, "one") == LeaseGrant("one", {"api": 1, "web": 1, "db": 1}, 2, 0, others=("two",))


async def test_what_ails_a_worker_is_known_to_the_others_while_it_lives(town: Town, one: Store, two: Store) -> None:
    """Not to itself, which knows; it is taken back when it is well, and ends with its life."""
    sick = await one.renew_leases("one", NAMES, ttl_seconds=TTL, ailment="blind\0: no evidence")
    assert sick.ailing == {}
    (why,) = (await hold(two, "two")).ailing.items()
    assert why[0] == "one" and why[1].startswith("blind") and why[1].endswith(": no evidence")
    await hold(one, "one")
    assert (await hold(two, "two")).ailing == {}
    await one.renew_leases("one", NAMES, ttl_seconds=TTL, ailment="blind")
    town.lapse(TTL + 1)
    assert (await hold(two, "two")).ailing == {}


async def test_what_is_kept_is_given_away_neither_to_be_fair_nor_as_unwanted(one: Store, two: Store) -> None:
    """A service with an incident in hand stays, also when it left the configuration; another one goes instead."""
    await hold(one, "one")
    await hold(two, "two")
    assert (await hold(one, "one", keep=NAMES)).epochs.keys() == set(NAMES)
    assert (await hold(one, "one", keep=(FLEET, "job"))).epochs.keys() == {FLEET, "job", "api"}
    assert (await hold(two, "two")).epochs == {"web": 2, "db": 2}
    assert (await hold(one, "one", ("api",), keep=(FLEET,))).epochs.keys() == {FLEET, "api"}
    assert (await hold(one, "one", ())).epochs == {}


async def test_case_21_the_dead_are_taken_over_after_their_time_and_not_before(
    town: Town, one: Store, two: Store
) -> None:
    """By the store's clock, whatever the workers' own clocks say; the epoch grows."""
    await hold(one, "one")
    town.lapse(TTL - 5)
    assert (await hold(two, "two")).epochs == {}
    town.lapse(6)
    assert await hold(two, "two") == LeaseGrant("two", dict.fromkeys(NAMES, 2), 1, 0)


async def test_an_expired_lease_is_none_until_it_is_renewed_and_keeps_its_epoch(
    town: Town, one: Store, two: Store
) -> None:
    """The next write of a frozen worker is refused, though no other worker wrote in between.

    One who reads learns whether a worker is there to answer.
    """
    assert not await two.is_served()
    await hold(one, "one")
    assert await two.is_served()
    town.lapse(TTL + 1.0)
    assert not await two.is_served()
    await refused(one.save(Write(state("api"))))
    assert (await hold(one, "one")).epochs == dict.fromkeys(NAMES, 1)
    await one.save(Write(state("api")))


async def test_what_a_worker_runs_with_is_known_as_long_as_it_has_the_lease(town: Town, one: Store, two: Store) -> None:
    """Of a name that it does not have it says nothing, and a frozen one overwrites nothing of its successor."""
    mine, other = (Running("observe", digest, "1") for digest in ("a", "b"))
    assert await two.running() == {}
    await hold(one, "one", ("web", FLEET))
    await one.put_running({"web": mine, "api": mine})
    assert await two.running() == {"web": mine}
    town.lapse(TTL + 1.0)
    assert await two.running() == {}
    await hold(two, "two", ("web",))
    assert await one.running() == {}, "of the lease before"
    await two.put_running({"web": other})
    await one.put_running({"web": mine})
    assert await one.running() == {"web": other}


async def test_a_lease_given_back_is_free_at_once(one: Store, two: Store) -> None:
    """A worker that ends in order is not waited for, and does not count as living."""
    await one.release()
    await hold(one, "one")
    await one.save(Write(state("api")))
    await one.release()
    assert not await two.is_served()
    assert await hold(two, "two") == LeaseGrant("two", dict.fromkeys(NAMES, 2), 1, 0)
    await refused(one.save(Write(state("api"))))


async def test_case_21_a_zombie_writes_nothing(town: Town, one: Store, two: Store) -> None:
    """Frozen, replaced, awake again: state, effects, story and actions of its lost names are refused."""
    await hold(one, "one")
    await one.save(Write(state("api", "web"), TimePassed(1.0)))
    town.lapse(TTL + 1)
    await hold(two, "two")
    assert await two.load() == state("api", "web")
    moved = [PIN, Note(2.0, "api", None, "N", "zombie")]
    await refused(one.save(Write(state("api", incidents=7), TimePassed(2.0), moved)), words=API_MOVED)
    await refused(one.save(Write(State(), TimePassed(2.0), [PIN])), words=API_MOVED)
    await refused(one.put_action(ROW, None), words=API_MOVED)
    assert await two.load() == state("api", "web")
    assert [*await two.pending(), *await two.notes()] == [] and await two.action("inc-1", "rollback") is None
    assert await two.put_action(ROW, None)


async def test_case_21_a_zombie_finishes_no_action(town: Town, one: Store, two: Store, a_tell) -> None:
    """Its knowledge of an action comes from an older state; a delivered notice is finished by its sender."""
    await hold(one, "one")
    action, notice = await one.save(Write(state("api", "web"), TimePassed(1.0), [PIN, a_tell("api")]))
    town.lapse(TTL + 1)
    await hold(two, "two")
    await refused(one.finish(action.id, "no longer wanted", PIN.service), words=API_MOVED)
    await one.finish(notice.id, "pager: sent")
    assert await two.pending() == (action,)
    await two.load()
    await two.finish(action.id, "pinned", PIN.service)
    assert await two.pending() == ()


async def test_case_21_a_namesake_with_an_older_epoch_is_refused(town: Town, one: Store, two: Store) -> None:
    """A worker that lost a lease and got it back unnoticed knows too little to write."""
    again = await town.join()
    await hold(one, "one", ("api",))
    town.lapse(TTL + 1)
    await hold(two, "two", ("api",))
    await two.save(Write(state("api")))
    await two.release()
    assert (await hold(again, "one", ("api",))).epochs == {"api": 3}
    await refused(one.save(Write(state("api"))))
    await refused(one.put_action(ROW, None))
    assert await again.put_action(ROW, None)


async def test_case_21_who_has_a_lease_again_reads_before_it_writes(town: Town, one: Store, two: Store) -> None:
    """Its renewal came through before it noticed another worker's turn: its state is older than that."""
    await hold(one, "one", ("api",))
    await one.save(Write(state("api")))
    town.lapse(TTL + 1)
    await hold(two, "two", ("api",))
    newer = State(services={"api": ServiceState("api", incidents=3)})
    await two.load()
    await two.save(Write(newer))
    town.lapse(TTL + 1)
    assert (await hold(one, "one", ("api",))).epochs == {"api": 3}
    await refused(one.save(Write(State(services={"api": ServiceState("api", phase_since=1.0)}))))
    await refused(one.put_action(ROW, None))
    assert await one.load(("api",)) == newer
    await one.save(Write(State(services={"api": ServiceState("api", incidents=4)})))
    assert await one.put_action(ROW, None)


async def test_without_a_lease_nothing_is_written(one: Store, two: Store) -> None:
    """Before the first grant, for a name that was never held, and for an action of no service without FLEET."""
    await refused(one.save(Write(state("web", "api"))), words="^another worker has api, web now$")
    await hold(one, "one", ("api",))
    await one.save(Write(state("api")))
    await refused(one.save(Write(state("api", "web"))), words="another worker has web now")
    await refused(one.put_action(replace(ROW, service=FLEET), None), words="the fleet")
    await hold(two, "two", (FLEET,))
    assert await two.put_action(replace(ROW, service=FLEET), None)


async def test_only_what_changed_needs_a_lease(one: Store, two: Store) -> None:
    """A service that moved away and was not touched does not keep the rest from being saved."""
    await hold(one, "one")
    whole = state("api", "web", "db", "job")
    await one.save(Write(whole))
    await hold(two, "two")
    await hold(one, "one")
    assert (await hold(two, "two")).epochs.keys() == {"job", FLEET}
    changed = ServiceState("api", watching_since=5.0)
    kept = {name: service for name, service in whole.services.items() if name != "job"}
    await one.save(Write(replace(whole, services={**kept, "api": changed})))
    loaded = await two.load()
    assert loaded is not None and loaded.services["api"] == changed and len(loaded.services) == 4


async def test_the_fleets_part_is_written_by_who_holds_it_and_skipped_by_others(
    town: Town, one: Store, two: Store
) -> None:
    """Every worker observes the control targets; one saves them."""
    await hold(one, "one", (FLEET,))
    await hold(two, "two", ("api", FLEET))
    await one.save(Write(State(blind_since=1.0)))
    await two.save(Write(state("api", blind_since=2.0)))
    assert await two.load() == state("api", blind_since=1.0)
    town.lapse(TTL + 1)
    await hold(two, "two", ("api", FLEET))
    await one.save(Write(State(blind_since=3.0)))
    await two.load()
    await two.save(Write(state("api", blind_since=4.0)))
    assert await two.load() == state("api", blind_since=4.0)


async def test_of_what_all_share_only_the_newest_may_be_changed(one: Store, two: Store) -> None:
    """Stale saves no part of that step; after loading it goes on.

    The grant shows that there is a newer part to load.
    """
    await hold(one, "one", ("api",))
    await hold(two, "two", ("api", "web"))
    await one.save(Write(state("api", paused_by="ann", incidents=1)))
    mine = state("web", incidents=1)
    await refused(two.save(Write(mine, TimePassed(1.0), [Note(1.0, "web", None, "N", "stale")])), Stale)
    assert [*await two.notes()] == [] and (await hold(two, "two", ("api", "web"))).revision == 1
    shared = await two.load_shared()
    assert (shared.paused_by, shared.incidents) == ("ann", 1)
    await two.save(Write(mine.with_part(replace(shared, incidents=2))))
    await two.save(Write(mine.with_part(replace(shared, incidents=2))))
    assert (await hold(two, "two", ("api", "web"))).revision == 2
    loaded = await one.load()
    assert loaded is not None and (loaded.incidents, loaded.paused_by, len(loaded.services)) == (2, "ann", 2)


async def test_who_only_looks_has_not_read_what_others_changed(one: Store, two: Store) -> None:
    """A pause of another worker that a page showed here is not lifted by this worker's next write."""
    await hold(one, "one", ("api",))
    await hold(two, "two", ("web",))
    assert await one.load_readonly() is None
    await two.save(Write(state("web", paused_by="ann")))
    seen = await one.load_readonly(["web"])
    assert seen is not None and (seen.paused_by, [*seen.services]) == ("ann", ["web"])
    await refused(one.save(Write(state("api", incidents=1))), Stale)
    assert (await two.load_shared()).paused_by == "ann"


@pytest.mark.parametrize(("believed", "true"), [("ann", ""), ("", "ann")])
async def test_no_command_is_answered_on_stale_knowledge(one: Store, two: Store, believed: str, true: str) -> None:
    """A frozen worker believes in a pause that is over: to pause changes nothing for it, and is no pause of the rest.

    The same of a resumption by one that does not know of the pause.
    """
    await hold(one, "one", ("api", FLEET))
    await hold(two, "two", ("web",))
    if believed:
        await one.save(Write(State(paused_by=believed)))
        await two.load()
    await two.save(Write(State(paused_by=true)))
    name = "pause" if believed else "resume"
    number = await one.submit(name, {}, "bob")
    said = Write(State(paused_by=believed), answer=CommandAnswer(number, ok=True, text=name, exit_code=0))
    await refused(one.save(said), Stale)
    assert not (await one.command(number)).done  # type: ignore[union-attr]
    await one.load_shared()
    await one.save(said)
    assert (await one.command(number)).done and (await two.load_shared()).paused_by == believed  # type: ignore[union-attr]
    again = replace(said, answer=replace(said.answer, id=await one.submit(name, {}, "bob")))  # type: ignore[type-var]
    await one.save(again)


async def test_nothing_is_sent_on_stale_knowledge(one: Store, two: Store) -> None:
    """A user pauses between decision and send: the mark "sending" is refused until the worker has read that."""
    await hold(one, "one", ("api",))
    await hold(two, "two", ("web",))
    assert await one.put_action(ROW, None)
    await two.save(Write(State(paused_by="ann")))
    sending = replace(ROW, state="sending", attempts=1)
    await refused(one.put_action(sending, "planned"), Stale)
    assert await one.action("inc-1", "rollback") == ROW
    assert await one.put_action(replace(ROW, note="a plan may be changed"), "planned")
    await one.load_shared()
    assert await one.put_action(sending, "planned")
    await two.save(Write(State()))
    await refused(one.put_action(sending, "sending"), Stale)
    # What was sent is recorded whatever others changed meanwhile.
    assert await one.put_action(replace(sending, result=ActionResult.WITHOUT_ID), "sending")


async def test_only_the_named_services_are_loaded(one: Store, two: Store) -> None:
    """The shared part is always there, the fleet's part if FLEET is named; None stands for everything."""
    assert await one.load(("api",)) is None
    await hold(one, "one")
    await one.save(Write(state("api", "web", blind_since=5.0, incidents=3)))
    assert await two.load(("web", "unknown")) == state("web", incidents=3)
    assert await two.load(("web", FLEET)) == state("web", incidents=3, blind_since=5.0)
    assert await two.load(()) == State(incidents=3)
    assert await two.load() == state("api", "web", blind_since=5.0, incidents=3)


async def test_pending_effects_are_found_by_service(one: Store, two: Store, a_tell) -> None:
    """An effect about the watchdog itself belongs to the fleet, and any worker may record it."""
    await hold(one, "one", ("api", "web"))
    about_api, about_us = a_tell("api"), a_tell("watchdog")
    recorded = await one.save(
        Write(State(), TimePassed(1.0), [about_api, PinAutoDeploy("web", "inc-2", "srv-2"), about_us])
    )
    assert await two.pending() == recorded and await two.pending(("api",)) == recorded[:1]
    assert await two.pending(("web", FLEET)) == recorded[1:] and await two.pending(()) == ()


async def test_of_two_who_take_one_name_one_gets_it(town: Town, one: Store, two: Store) -> None:
    """Many rounds of both at once: never both, and never two with the same epoch."""
    epochs: list[int] = []
    for _ in range(12):
        grants = await asyncio.gather(hold(one, "one", ("api",)), hold(two, "two", ("api",)))
        (won,) = [grant for grant in grants if grant.epochs]
        epochs.append(won.epochs["api"])
        town.lapse(TTL + 1)
        await (two if won.worker == "two" else one).release()
    assert epochs == sorted(set(epochs))


async def test_of_two_who_plan_one_action_one_does(town: Town, one: Store, two: Store) -> None:
    """The rightful holder and a zombie, and twice the holder: one row, one True."""
    await hold(one, "one", ("api",))
    town.lapse(TTL + 1)
    tries = await asyncio.gather(
        hold(two, "two", ("api",)), *(one.put_action(replace(ROW, note=str(n)), None) for n in range(3)),
        return_exceptions=True,
    )  # fmt: skip
    assert all(isinstance(outcome, Displaced) for outcome in tries[1:])
    tries = await asyncio.gather(*(two.put_action(replace(ROW, note=str(n)), None) for n in range(4)))
    assert sorted(tries) == [False, False, False, True]


async def test_of_two_who_change_what_all_share_one_does(one: Store, two: Store) -> None:
    """Budget and pause are decided on the state that was read; the second worker reads again."""
    await hold(one, "one", ("api",))
    await hold(two, "two", ("web",))
    saves = (one.save(Write(State(paused_by="ann"))), two.save(Write(State(paused_by="bob"))))
    outcomes = await asyncio.gather(*saves, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Stale", "tuple"]
