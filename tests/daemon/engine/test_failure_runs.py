"""Failure runs across a restart: what is seen under suspicion is saved as it comes; no alarm if it cannot be."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.core.scenes import NOW, a_service, a_state
from tests.core.world import make_policy
from tests.daemon.supervision.test_lease_manager import Worker
from tests.support.clocks import FakeClock, eventually
from tests.support.engine_scene import SHUT, Scene, ShakyStore, scene
from watchdog.core.machine import step
from watchdog.daemon.engine.conversion import failure_run_changed
from watchdog.daemon.engine.persistence import QUIET_AGAIN_SECONDS, StepPersister
from watchdog.daemon.runtime.hooks import Hooks
from watchdog.daemon.supervision.lease_manager import RENEW_SECONDS, TTL_SECONDS
from watchdog.domain import events as e
from watchdog.domain.checks import Check
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import Phase, State
from watchdog.domain.readings import Bad, Good, Reading
from watchdog.domain.store_records import FLEET

POLICY = make_policy()
BEGAN = NOW - NOW % 5.0
"""A step of five seconds begins here."""
BAD = Bad("HTTP 503")


def told(state: State, readings: Sequence[tuple[float, Reading]]) -> list[bool]:
    """Return after which of these readings of `home` the state is saved; seconds count from BEGAN."""
    saved = []
    for after, reading in readings:
        before, event = state, e.Observed(BEGAN + after, "web", "home", reading)
        state, _ = step(before, event, POLICY)
        saved.append(failure_run_changed(event, before, state))
    return saved


def calm_web() -> State:
    return a_state(a_service(phase=Phase.CALM, checks={"home": Check("home", "http", last_at=BEGAN - 1)}))


def test_healthy_readings_are_not_saved_one_by_one() -> None:
    """Thousands an hour: what they teach is saved with the next thing that is."""
    assert told(calm_web(), [(0.0, Good()), (1.0, Good())]) == [False, False]
    assert not failure_run_changed(e.TimePassed(NOW), calm_web(), calm_web())


def test_under_suspicion_a_run_is_saved_as_it_begins_goes_on_and_ends() -> None:
    """Begin and end at once, what else is seen every five seconds; the first reading is recorded with the phase."""
    readings = [(0.0, BAD), (1.0, BAD), (4.9, BAD), (5.0, BAD), (6.0, BAD), (7.0, Good()), (7.5, Good()), (8.0, BAD)]
    assert told(calm_web(), readings) == [False, False, False, True, False, True, False, True]


async def test_case_50_a_worker_that_is_killed_under_suspicion_goes_on_with_the_run_when_it_is_back() -> None:
    """Nothing is saved at its end; the next one knows since when it fails, up to the last five seconds."""
    async with scene() as s:
        s.supervisor.start("time", s.engine.keep_time)
        began = s.clock.now()
        await s.engine.submit_and_wait(e.Observed(began, "web", "home", BAD))
        await s.clock.sleep(6.0)
        seen = s.clock.now()
        await s.engine.submit_and_wait(e.Observed(seen, "web", "home", BAD))

        def saved() -> bool:
            return s.store.saved[-1][1].services["web"].checks["home"].last_at == seen  # type: ignore[attr-defined]

        await eventually(saved)
        assert s.clock.now() - seen < 5.0, "not with the next snapshot in turn"
        await s.clock.sleep(1.0)  # the store has it by then
        await s.stop()
        again = await s.another()
        check = again.web.checks["home"]
        assert (again.web.phase, check.run_started_at, check.last_at) == (Phase.SUSPECT, began, seen)
        await again.stop()


@pytest.mark.parametrize("quietly", [True, False])
async def test_a_store_that_does_not_take_what_was_seen_is_told_of_by_what_must_be_saved(quietly: bool) -> None:
    """And it is left alone for half a minute: nothing else may happen while it is slow."""
    clock, failed = FakeClock(), list[str]()
    store, hooks = ShakyStore(clock), Hooks(store_failed=[failed.append])
    persister = StepPersister(store, clock, hooks, lambda _: None, lambda: None)
    store.saving = SHUT
    await persister.snapshot(calm_web(), quietly=quietly)
    assert (bool(persister.trouble), len(failed)) == (not quietly, 0 if quietly else 1)
    store.saving = None
    await persister.snapshot(calm_web(), quietly=True)
    assert store.saved == []
    await clock.sleep(QUIET_AGAIN_SECONDS)
    await persister.snapshot(calm_web(), quietly=True)
    assert len(store.saved) == (1 if quietly else 0)
    await persister.snapshot(calm_web())
    assert persister.trouble == "" and len(store.saved) == (2 if quietly else 1)


async def fails(worker: Worker, seconds: float) -> None:
    """Let the shop fail for so long."""
    for _ in range(int(seconds / 2.0)):
        await worker.see("shop", bad=True)
        await worker.clock.advance(2.0)


async def lease_ran_out(worker: Worker) -> None:
    """Let the store answer again: the first save comes before the first renewal, and is refused."""
    worker.store.gone = False
    await worker.engine.handle(e.Paused(worker.clock.now(), "ann"))
    assert "shop" not in worker.engine.held


@pytest.mark.parametrize("moved", [False, True])
async def test_a_run_goes_on_though_the_lease_ran_out_unless_another_worker_had_the_service(
    one: Worker, other: Worker, moved: bool
) -> None:
    """What was seen while the store was away is in memory alone: begun anew, an outage of minutes would stay unknown.

    Where another worker had the service, its record counts: by that nothing has failed for long.
    """
    await one.sharing.begin()
    began = one.clock.now()
    one.store.gone = True
    await fails(one, 4 * TTL_SECONDS)
    if moved:
        await other.sharing.begin()
        await other.store.release()
    await lease_ran_out(one)
    await one.sharing.renew()
    checks = one.engine.state.services["shop"].checks
    assert {name: check.run_started_at for name, check in checks.items()} == ({} if moved else {"home": began})


async def test_of_a_service_that_was_watched_from_memory_meanwhile_the_record_counts(one: Worker) -> None:
    """Its lease came back, and its record could not be read: what was watched since knows nothing of before."""
    await one.sharing.begin()
    incidents = one.engine.state.services["shop"].incidents
    one.store.gone = True
    await fails(one, 4 * TTL_SECONDS)
    await lease_ran_out(one)
    one.store.silent = frozenset({"load"})
    with pytest.raises(Temporary):
        await one.sharing.renew()
    assert one.engine.state.services["shop"].incidents > incidents
    one.store.silent = frozenset()
    await one.sharing.renew()
    assert one.engine.state.services["shop"].incidents == incidents


async def test_an_incident_from_memory_goes_on_though_the_lease_ran_out(one: Worker) -> None:
    """People were called, and read of it again when it ends."""
    await one.sharing.begin()
    one.store.gone = True
    await fails(one, 120.0)
    before = one.engine.state.services["shop"].incident
    assert before is not None
    await lease_ran_out(one)
    await one.sharing.renew()
    after = one.engine.state.services["shop"].incident
    assert after is not None and (after.id, after.opened_at) == (before.id, before.opened_at)


async def test_a_service_whose_lease_ran_out_is_watched_from_memory_where_the_store_is_away_again(one: Worker) -> None:
    """Nobody is known to have it: left alone until the store is back, an outage would be told to nobody."""
    await one.sharing.begin()
    one.store.gone = True
    await fails(one, 2 * TTL_SECONDS)
    await lease_ran_out(one)
    one.store.gone = True
    renewing = asyncio.create_task(one.sharing.run())
    await one.clock.sleep(2 * RENEW_SECONDS)
    await fails(one, 120.0)
    renewing.cancel()
    assert one.engine.state.services["shop"].incident is not None and one.held


async def test_case_26_a_reading_that_waits_for_a_take_over_comes_after_what_a_fast_clock_dated_is_clamped() -> None:
    """Beside readings of an hour ahead it would look late, as all that follow: no run would begin, for an hour."""
    async with scene() as s:
        await s.engine.submit_and_wait(e.Observed(s.clock.now() + 3600.0, "web", "home", Good()))
        await s.engine.halt()
        await s.engine.save_final_state()
        await s.stop()
        again = Scene(s.sandbox, s.clock, s.store, s.platform)
        taking_up = asyncio.create_task(again.engine.adopt_services({FLEET: 1, "web": 1}))
        await asyncio.sleep(0)
        began = s.clock.now()
        await again.engine.handle(e.Observed(began, "web", "home", BAD))
        await taking_up
        assert again.web.checks["home"].run_started_at == began
        await again.stop()
