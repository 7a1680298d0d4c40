"""A renewal that got its leases and then no answer: what was not read is asked for again, and nothing rests on it."""

import asyncio
import contextlib

import pytest

from tests.daemon.supervision.test_lease_manager import NAMES, Worker
from watchdog.daemon.engine.persistence import UNREAD
from watchdog.daemon.supervision.command_poller import CommandPoller
from watchdog.daemon.supervision.lease_manager import ALONE, RENEW_SECONDS, SPARING_RENEWALS, TTL_SECONDS
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.errors import Stale, Temporary
from watchdog.domain.incidents import Phase
from watchdog.domain.store_records import FLEET, ActionRow, Write


async def shared_out(one: Worker, other: Worker) -> None:
    """Begin both, until each has its share."""
    if not one.held:
        await one.sharing.begin()
    await other.sharing.begin()
    for worker in (one, other):
        await worker.sharing.renew()
    assert one.held and other.held and one.held | other.held == set(NAMES)


async def renew_in_vain(worker: Worker, *calls: str) -> None:
    """Renew while the store is silent to these calls."""
    worker.store.silent = frozenset(calls)
    with pytest.raises(Temporary):
        await worker.sharing.renew()
    worker.store.silent = frozenset()


async def fail(worker: Worker, service: str, seconds: float) -> None:
    """Let a service fail for so long, while the worker renews its leases as well as it can."""
    for _ in range(int(seconds / RENEW_SECONDS)):
        await worker.see(service, bad=True)
        await worker.clock.advance(RENEW_SECONDS)
        with contextlib.suppress(Temporary):
            await worker.sharing.renew()


async def test_what_all_share_is_asked_for_again_until_it_was_read(one: Worker, other: Worker) -> None:
    """The pause was written before a renewal that failed, and nothing is written after it."""
    await shared_out(one, other)
    await one.engine.handle(e.Paused(one.clock.now(), "ann"))
    await renew_in_vain(other, "load_shared")
    assert other.engine.state.paused_by == ""
    await other.sharing.renew()
    assert other.engine.state.paused_by == "ann"


async def test_a_pause_counts_though_its_worker_still_believes_in_an_earlier_one(one: Worker, other: Worker) -> None:
    """It stood still while the other ended the first pause: by what it knows there is nothing to change."""
    await shared_out(one, other)
    await one.engine.handle(e.Paused(one.clock.now(), "ann"))
    await other.sharing.renew()
    await other.engine.handle(e.Resumed(one.clock.now(), "ann"))
    assert one.engine.state.paused_by == "ann"
    number = await one.store.submit("pause", {}, "ann")
    running = asyncio.create_task(one.engine.run())
    await CommandPoller(one.store, one.engine, one.clock).apply_all()
    running.cancel()
    command = await one.store.command(number)
    assert command is not None and command.ok
    await other.sharing.renew()
    assert (one.engine.state.paused_by, other.engine.state.paused_by) == ("ann", "ann")


@pytest.mark.parametrize("call", ["load", "pending", "load_shared"])
async def test_nothing_is_sent_on_a_state_older_than_what_all_share(one: Worker, other: Worker, call: str) -> None:
    """Whatever of a takeover fails: either the worker knows of the pause, or the store refuses the last step."""
    await shared_out(one, other)
    mine = sorted(other.held)[0]
    await one.engine.handle(e.Paused(one.clock.now(), "ann"))
    await one.clock.advance(TTL_SECONDS + RENEW_SECONDS)
    await renew_in_vain(other, call)
    sending = ActionRow("web-1", "rollback", "sending", target="dep-40", baseline="dep-42", service=mine)
    if not other.engine.state.paused_by:
        with pytest.raises(Stale):
            await other.store.put_action(sending, expect=None)
    await other.sharing.renew()
    assert other.held == set(NAMES) and other.engine.state.paused_by == "ann"


@pytest.mark.parametrize("call", ["load", "pending"])
async def test_what_came_and_could_not_be_read_is_watched_not_written(one: Worker, other: Worker, call: str) -> None:
    """The dead worker's incident stays as it was saved; who came after it watches, tells people, and then goes on."""
    await one.sharing.begin()
    await fail(one, "shop", 100.0)
    await shared_out(one, other)
    gone, mine = "shop", sorted(other.held)[0]
    saved = one.engine.state.services[gone]
    assert saved.phase is Phase.PAGED and saved.incident is not None
    left = fx.PinAutoDeploy(gone, "srv-web", saved.incident.id)
    await one.store.save(Write(one.engine.state, effects=(left,)))
    await one.clock.advance(TTL_SECONDS + RENEW_SECONDS)
    await renew_in_vain(other, call)
    assert gone in other.held and other.engine.held[gone] == ALONE != other.engine.held[mine]
    other.store.silent = frozenset([call])
    await fail(other, gone, 100.0)
    told = other.engine.state.services[gone].incident
    assert told is not None and told.id != saved.incident.id and other.engine.store_trouble == UNREAD
    await other.see(mine, bad=True)
    other.store.silent = frozenset()
    await other.clock.settle()
    assert other.store._db.services[gone] == saved
    assert other.store._db.services[mine].phase is Phase.SUSPECT, "the others go on as ever"
    assert left in [item.effect for item in await other.store.pending()]
    await other.sharing.renew()
    assert ALONE not in other.engine.held.values()
    now = other.engine.state.services[gone].incident
    assert now is not None and now.id == saved.incident.id


@pytest.mark.parametrize("call", ["load", "pending"])
async def test_a_start_that_cannot_read_overwrites_nothing(one: Worker, other: Worker, call: str) -> None:
    """The leases are had, the state is not: people are told from memory, the record stays, and is then taken up."""
    await one.sharing.begin()
    await fail(one, "shop", 100.0)
    saved = await one.store.load()
    await one.clock.advance(TTL_SECONDS + RENEW_SECONDS)
    other.store.silent = frozenset([call])
    await other.sharing.begin()
    assert other.held == set(NAMES) and set(other.engine.held.values()) == {ALONE} and FLEET in other.engine.held
    await fail(other, "shop", 100.0)
    await other.engine.save_final_state()
    other.store.silent = frozenset()
    assert other.sharing.trouble and await one.store.load() == saved
    await other.sharing.renew()
    ours, theirs = (worker.engine.state.services["shop"].incident for worker in (one, other))
    assert ours is not None and theirs is not None and ours.id == theirs.id


async def test_a_start_that_has_no_lease_takes_nothing_from_another(one: Worker, other: Worker) -> None:
    """All is busy elsewhere, and what all share cannot be read: that is no reason to watch it as well."""
    await one.sharing.begin()
    for name in NAMES:
        await one.see(name, bad=True)
    other.store.silent = frozenset(["load_shared"])
    await other.sharing.begin()
    assert other.held == set() and one.held == set(NAMES)


OUTAGE_SECONDS = 40.0
"""Longer than a lease, and shorter than the failures that confirm an outage of a service."""


async def lose_the_store(one: Worker, other: Worker, service: str) -> None:
    """Let both be without the store for longer than a lease lasts, while a service of the first one fails."""
    for worker in (one, other):
        worker.store.gone = True
    for _ in range(int(OUTAGE_SECONDS / RENEW_SECONDS)):
        with contextlib.suppress(Temporary):
            await other.sharing.renew()
        await fail(one, service, RENEW_SECONDS)
    for worker in (one, other):
        worker.store.gone = False


async def test_an_outage_of_the_store_costs_no_worker_what_it_saw_fail_meanwhile(one: Worker, other: Worker) -> None:
    """Each lease has run out, and the other worker is the first to be back. The failure run goes on: the outage is
    confirmed a minute after it began, and not a minute after the store is back.
    """
    await shared_out(one, other)
    mine, began = min(one.held), one.clock.now()
    await lose_the_store(one, other, mine)
    held = {**one.engine.held}
    await other.sharing.renew()
    assert one.engine.held == held and other.watched == set(NAMES) - one.held
    for _ in range(SPARING_RENEWALS + 1):
        await fail(one, mine, RENEW_SECONDS)
        await other.sharing.renew()
    assert one.held | other.held == set(NAMES) and not one.held & other.held
    assert mine in one.held and one.engine.held[mine] == held[mine]
    await fail(one, mine, 75.0 - (one.clock.now() - began))
    incident = one.engine.state.services[mine].incident
    assert incident is not None and incident.onset_at == began


@pytest.mark.parametrize("steady", [True, False])
async def test_who_died_in_an_outage_of_the_store_is_replaced_soon_after_it(
    one: Worker, other: Worker, steady: bool
) -> None:
    """After a few renewals, also where the store goes away again after each of them; and at once if it failed once."""
    await shared_out(one, other)
    await lose_the_store(one, other, min(one.held))
    dead = set(one.held)
    for _ in range(SPARING_RENEWALS):
        await other.sharing.renew()
        assert other.held.isdisjoint(dead)
        if not steady:
            other.store.gone = True
            await fail(other, min(other.held), TTL_SECONDS)
            other.store.gone = False
    await other.sharing.renew()
    assert other.held == set(NAMES)


async def test_one_renewal_in_vain_delays_no_takeover(one: Worker, other: Worker) -> None:
    """So short an outage lets no lease run out of a worker that lives."""
    await shared_out(one, other)
    await other.clock.advance(TTL_SECONDS)
    await other.sharing.renew()
    await renew_in_vain(other, "renew_leases")
    await other.clock.advance(RENEW_SECONDS)
    await other.sharing.renew()
    assert other.held == set(NAMES)
