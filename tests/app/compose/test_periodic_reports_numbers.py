"""The numbers of `watchdog report stats` among the metrics: counted from the store, by the holder of the service."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.app.scenes import FaultyStore, built, settings_of
from tests.cli import examples as x
from tests.console.scene import service_state
from tests.support.clocks import FakeClock
from watchdog.adapters.stores.memory import MemoryDatabase
from watchdog.app.compose.composition import App
from watchdog.app.compose.periodic_reports import EVERY_SECONDS, PERIOD_SECONDS, keep_numbers
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import Incident, State
from watchdog.domain.store_records import FLEET, Write

NOW = x.BEGIN + 86400.0
NAMES = ("time_to_detect_seconds", "time_to_acknowledge_seconds", "time_to_restore_seconds", "change_failure_ratio")
TWO = "services:\n  shop: {signals: {home: {http: https://shop.acme.example}}}\n"
"""A second service, in the sandbox's configuration of one."""


def worker(folder: Path, clock: FakeClock, database: MemoryDatabase | None = None) -> tuple[App, FaultyStore]:
    folder.mkdir(exist_ok=True)
    store = FaultyStore(clock, database)
    return built(settings_of(folder, "observe", **{"services:\n": TWO}), clock, store), store


def told(app: App, service: str = "web") -> list[float | None]:
    read = app.metrics.registry.get_sample_value
    return [read(f"watchdog_{name}", {"service": service}) for name in (*NAMES, "rollbacks_30d")]


async def remember(store: FaultyStore, *incidents: Incident) -> None:
    """Write incidents down, as the worker that holds everything."""
    await store.renew_leases("earlier", (FLEET, "web", "shop"), ttl_seconds=60.0)
    for one in incidents:
        await store.save(Write(State(services={one.service: service_state(one.service, incident=one)})))
    await store.save(Write(State(services={"web": service_state("web"), "shop": service_state("shop")})))
    await store.release()


async def test_they_are_what_the_command_prints_and_are_counted_anew_every_few_minutes(tmp_path: Path) -> None:
    """One rollback in 30 days, answered by nobody; an older incident does not count; of shop nothing happened.

    A label of a human changes one, and closed incidents are not read again; a store that does not answer changes
    nothing, and is asked again later.
    """
    clock = FakeClock(NOW, auto=False)
    old = replace(x.incident(), id="web-0", opened_at=NOW - PERIOD_SECONDS - 1, onset_at=NOW - PERIOD_SECONDS - 900)
    app, store = worker(tmp_path, clock)
    await remember(store, old, x.incident())
    await app.sharing.renew()
    app.supervisor.start("numbers", lambda: keep_numbers(app))
    await clock.advance(1.0)
    assert told(app) == [38.0, None, 47.0, 0.5, 1.0] and told(app, "shop") == [None, None, None, 0.0, 0.0]
    await store.label("web-1", "wrong", "ann")
    store.asked.clear()
    await clock.advance(EVERY_SECONDS - 2.0)
    assert told(app)[3] == 0.5 and store.asked == []
    await clock.advance(2.0)
    assert told(app)[3] == 0.0 and store.asked == ["incidents"]
    store.faults["incidents"] = Temporary("the store does not answer")
    await clock.advance(EVERY_SECONDS)
    assert told(app)[0] == 38.0 and store.asked == ["incidents"] * 2 and app.supervisor.ailing() == {}
    await app.supervisor.stop(5.0)


@pytest.mark.parametrize("moves", ["web", "shop"])
async def test_with_two_workers_each_series_appears_once(tmp_path: Path, moves: str) -> None:
    """Each tells of the service that it holds; who takes one over tells of it, and the other no more."""
    clock = FakeClock(NOW, auto=False)
    database = MemoryDatabase(clock)
    (first, store), (second, _) = (worker(tmp_path / name, clock, database) for name in ("first", "second"))
    await remember(store, x.incident())
    for _ in range(4):  # who came first gives away what is more than a fair share
        await first.sharing.renew()
        await second.sharing.renew()
    for app in (first, second):
        app.supervisor.start("numbers", lambda app=app: keep_numbers(app))
    await clock.advance(1.0)
    has = {name: [told(app, name)[4] is not None for app in (first, second)] for name in ("web", "shop")}
    assert all(sum(one) == 1 for one in has.values()), has
    holder = first if has[moves][0] else second
    other = second if holder is first else first
    await holder.engine.drop([moves])
    await other.engine.adopt_services({moves: 99})
    await clock.advance(EVERY_SECONDS)
    assert told(holder, moves)[4] is None and told(other, moves)[4] is not None
    for app in (first, second):
        await app.supervisor.stop(5.0)
