"""Months of incidents, read a little at a time; what stands on it is tested with the console's numbers, too."""

from dataclasses import replace
from typing import Any

from tests.cli import examples as x
from tests.console.stores import Counted
from tests.core.incident_fields import amended
from tests.support.clocks import FakeClock
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.domain.effects import Note
from watchdog.domain.incidents import Incident, ServiceState, State
from watchdog.domain.store_records import Write
from watchdog.presentation.incident_loader import CHUNK, FRESH_SECONDS, LoadedPast

DAY = 86400.0
NOW = x.BEGIN + 10 * DAY


def closed(number: int, at: float, **changes: Any) -> Incident:
    return amended(x.incident(), id=f"web-{number}", opened_at=at, closed_at=at + 60, **changes)


async def kept(*incidents: Incident) -> tuple[FakeClock, Counted]:
    clock = FakeClock(NOW, auto=False)
    store = Counted(clock)
    for one in incidents:
        await put(store, one)
    return clock, store


async def put(store: MemoryStore, incident: Incident, *notes: Note) -> None:
    await store.save(Write(State(services={"web": ServiceState("web", incident=incident)}), effects=notes))


def ids(past: LoadedPast) -> list[str]:
    return [one.id for one in past.incidents]


async def test_only_what_is_wanted_is_kept_and_nothing_is_read_twice() -> None:
    """Of the closed ones those with a rollback; an open one until it is closed."""
    waiting = replace(x.undone(x.decision()), id="web-5", opened_at=NOW - 60)
    others = [closed(n, NOW - DAY - n, requested_at=None if n % 2 else NOW) for n in range(4)]
    clock, store = await kept(*others, waiting)
    past = LoadedPast(store, clock, 30 * DAY, lambda one: one.rollback.requested_at is not None)
    assert await past.refresh() == {"web-0", "web-1", "web-2", "web-3", "web-5"}
    assert past.complete and ids(past) == ["web-5", "web-0", "web-2"]
    await put(store, replace(waiting, closed_at=NOW))
    assert await past.refresh() == set() and store.asked["incidents"] == 1, "what was just read is not read again"
    await clock.advance(FRESH_SECONDS)
    assert await past.refresh() == {"web-5"} and ids(past) == ["web-0", "web-2"]
    await clock.advance(FRESH_SECONDS)
    assert await past.refresh() == set(), "what is closed does not change"


async def test_it_stops_when_the_time_is_over_and_reads_on_later() -> None:
    """At least a step each time; what is older than the period is not kept, nor is what has become so."""
    many = [closed(n, NOW - n * 60.0) for n in range(3 * CHUNK)]
    clock, store = await kept(*many, closed(999, NOW - 9 * DAY))
    past = LoadedPast(store, clock, DAY)
    steps = 0
    while not past.complete:
        await past.refresh(give_up=clock.monotonic())
        steps += 1
    assert steps == 4 and ids(past) == [one.id for one in many]
    await clock.advance(DAY - 60.5)
    await past.refresh()
    assert ids(past) == ["web-0", "web-1"]


async def test_however_many_began_since_the_last_look_all_are_read() -> None:
    """More than one page of them, and no more pages than that takes."""
    clock, store = await kept(closed(1, NOW - DAY))
    past = LoadedPast(store, clock, 30 * DAY)
    await past.refresh()
    await clock.advance(FRESH_SECONDS)
    later = [closed(n, NOW - n) for n in range(2, 2 * CHUNK + 12)]
    for one in later:
        await put(store, one)
    store.asked.clear()
    assert await past.refresh() == {one.id for one in later}
    assert (len(past.incidents), store.asked["incidents"]) == (len(later) + 1, 3)
