"""What people add to the record: once, and what changes nothing is said to be so."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.cli import examples as x
from tests.support.clocks import FakeClock
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.approvals.annotations import RECORDED, Said, add
from watchdog.domain.follow_ups import OWN_MAX
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.store_records import Command, Write

ASKED: dict[str, dict[str, Any]] = {
    "note": {"text": "hm"},
    "label": {"verdict": "right"},
    "tick": {"item": "lessons"},
    "follow-up": {"text": "Raise the pool", "owner": "eve", "seconds": 60},
}


@pytest.fixture
async def store() -> MemoryStore:
    made = MemoryStore(FakeClock(x.BEGIN))
    await made.save(Write(State(services={"web": ServiceState("web", incident=x.incident())})))
    return made


async def said(
    store: MemoryStore, name: str, incident: str = "web-1", by: str = "ann", own: Sequence[str] = (), **given: Any
) -> Said:
    return await add(store, FakeClock(x.BEGIN), Command(1, name, {"incident": incident, **given}, by), own)


@pytest.mark.parametrize("name", sorted(RECORDED))
async def test_each_needs_its_incident_and_what_it_says(store: MemoryStore, name: str) -> None:
    assert (await said(store, name, **ASKED[name]))[0]
    assert await said(store, name, "web-9", **ASKED[name]) == (False, "no such incident: web-9")
    with pytest.raises(KeyError):
        await said(store, name)
    everything = [*await store.remarks(), *await store.labels(), *await store.ticks(), *await store.follow_ups()]
    assert len(everything) == 1


async def test_a_tick_is_written_once_and_undone_once(store: MemoryStore) -> None:
    assert await said(store, "tick", item="lessons") == (True, "lessons of web-1 is ticked")
    assert await said(store, "tick", by="bob", item="lessons") == (True, "lessons of web-1 is ticked already, by ann")
    assert await said(store, "tick", by="bob", item="lessons", undo=True) == (True, "lessons of web-1 is open again")
    assert await said(store, "tick", item="lessons", undo=True) == (True, "lessons of web-1 is not ticked")
    assert [(one.by, one.undone) for one in await store.ticks()] == [("ann", False), ("bob", True)]


async def test_only_what_is_on_a_list_can_be_ticked(store: MemoryStore) -> None:
    assert await said(store, "tick", item="own-1") == (False, "no item own-1 in the checklists of web-1")
    assert not (await said(store, "tick", item="cache"))[0]
    assert await said(store, "tick", own=("cache",), item="cache") == (True, "cache of web-1 is ticked")
    assert await said(store, "follow-up", **ASKED["follow-up"]) == (True, "added to web-1 as own-1")
    assert (await said(store, "tick", item="own-1"))[0] and not (await said(store, "tick", item="'; DROP"))[0]


async def test_an_incident_has_so_many_follow_ups_and_no_more(store: MemoryStore) -> None:
    for number in range(1, OWN_MAX + 1):
        assert await said(store, "follow-up", **ASKED["follow-up"]) == (True, f"added to web-1 as own-{number}")
    done, why = await said(store, "follow-up", **ASKED["follow-up"])
    assert not done and why.startswith("web-1 has 50 follow-ups already") and len(await store.follow_ups()) == OWN_MAX
