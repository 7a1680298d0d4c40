"""Announcements of people: on a page that there is, of services that it shows, within bounds, and each once."""

from typing import Any

import pytest

from tests.support.clocks import FakeClock
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.approvals.announcements import POSTED, SEEN_SOON, Said, post
from watchdog.domain.commands.announcements import OPEN_MAX, UPDATES_MAX, Draft, ShownStage, Stage, Update
from watchdog.domain.store_records import Command

BEGIN = 1_790_000_000.0
PAGES = {"shop": {"web": "web", "api": "api"}, "inner": {"db": "db"}}
POST = {"page": "shop", "title": "Payments fail", "text": "We look into it.", "state": "investigating"}
WINDOW = {"page": "shop", "title": "New database", "text": "Orders wait.", "starts_at": BEGIN + 3600, "seconds": 3600.0}
UPDATE = {"announcement": "announcement-1", "text": "It is the card provider.", "state": "identified"}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(BEGIN)


@pytest.fixture
def store(clock: FakeClock) -> MemoryStore:
    return MemoryStore(clock)


async def said(store: MemoryStore, clock: FakeClock, name: str, given: dict[str, Any], **changes: Any) -> Said:
    return await post(store, clock, Command(1, name, {**given, **changes}, "ann"), PAGES)


async def test_an_announcement_is_posted_updated_and_resolved(store: MemoryStore, clock: FakeClock) -> None:
    answer = f"posted on /status/shop as announcement-1; {SEEN_SOON}"
    assert await said(store, clock, "announce", POST, services="web, api,web") == (True, answer)
    assert (await said(store, clock, "update-announcement", UPDATE))[0]
    told = {"announcement": "1", "text": "They work on it."}
    answer = f"announcement-1 is updated, identified; {SEEN_SOON}"
    assert await said(store, clock, "update-announcement", told) == (True, answer)
    clock.elapsed += 60
    assert (await said(store, clock, "update-announcement", UPDATE, state="resolved", text="Cards work again."))[0]
    (one,) = await store.announcements()
    assert one.about == Draft("shop", "Payments fail", ("web", "api"))
    assert [(each.by, each.stage) for each in one.updates] == [
        ("ann", stage) for stage in (Stage.INVESTIGATING, Stage.IDENTIFIED, Stage.IDENTIFIED, Stage.RESOLVED)
    ]
    assert (one.begins_at, one.ends_at, one.standing(clock.now())) == (BEGIN, BEGIN + 60, ShownStage.RESOLVED)
    assert (await said(store, clock, "announce", POST, services="web,api"))[0], "the same outage comes a second time"


async def test_a_maintenance_begins_and_ends_by_the_clock(store: MemoryStore, clock: FakeClock) -> None:
    """Unless people end it earlier; a text alone does not."""
    assert (await said(store, clock, "schedule-maintenance", WINDOW))[0]
    (one,) = await store.announcements()
    shown = [one.standing(BEGIN + after) for after in (0, 3599, 3600, 7199, 7200)]
    assert shown == ["Scheduled", "Scheduled", "In progress", "In progress", "Completed"]
    assert (one.begins_at, one.ends_at) == (BEGIN + 3600, BEGIN + 7200)
    clock.elapsed += 5400
    told = {"announcement": "announcement-1", "text": "Half of it is done."}
    assert (await said(store, clock, "update-announcement", told))[0]
    assert (await store.announcements())[0].standing(clock.now()) is ShownStage.IN_PROGRESS
    assert (await said(store, clock, "update-announcement", told, text="Done.", state="resolved"))[0]
    (one,) = await store.announcements()
    assert (one.standing(clock.now()), one.ends_at) == (ShownStage.COMPLETED, BEGIN + 5400)


REFUSED = [
    ("announce", POST | {"page": "moon"}, "no status page moon; known: shop, inner"),
    ("announce", POST | {"services": "web,db"}, "shop does not show db; it shows: web, api"),
    ("announce", POST, "the same announcement is on the page already"),
    ("schedule-maintenance", WINDOW | {"starts_at": BEGIN - 3600}, "the window is over already: give a later start"),
    ("schedule-maintenance", WINDOW | {"starts_at": BEGIN + 4e7}, "the window begins in more than 400 days"),
    ("update-announcement", UPDATE | {"announcement": "announcement-9"}, "no such announcement: announcement-9"),
    ("update-announcement", UPDATE | {"announcement": "²"}, "no such announcement: ²"),
    ("update-announcement", UPDATE | {"announcement": "2"}, "announcement-2 is a maintenance: its state is resolved"),
    ("update-announcement", UPDATE | {"announcement": "3"}, "announcement-3 is withdrawn: post a new one"),
]


@pytest.mark.parametrize(("name", "given", "words"), REFUSED)
async def test_what_cannot_be_meant_is_refused(
    store: MemoryStore, clock: FakeClock, name: str, given: dict[str, Any], words: str
) -> None:
    await said(store, clock, "announce", POST)
    await said(store, clock, "schedule-maintenance", WINDOW)
    await said(store, clock, "announce", POST, title="A slip")
    await said(store, clock, "update-announcement", UPDATE, announcement="3", state="withdrawn")
    before = await store.announcements()
    done, why = await said(store, clock, name, given)
    assert not done and why.startswith(words), why
    assert await store.announcements() == before


async def test_a_window_that_has_begun_is_announced_all_the_same(store: MemoryStore, clock: FakeClock) -> None:
    assert (await said(store, clock, "schedule-maintenance", WINDOW, starts_at=BEGIN - 60))[0]


async def test_a_command_that_is_carried_out_twice_adds_once(store: MemoryStore, clock: FakeClock) -> None:
    """A worker that dies before its answer leaves the command to the next one."""
    for _ in range(2):
        await said(store, clock, "announce", POST)
        assert (await said(store, clock, "update-announcement", UPDATE))[0]
    (one,) = await store.announcements()
    assert len(one.updates) == 2


async def test_there_are_bounds(store: MemoryStore, clock: FakeClock) -> None:
    """Of announcements that are not over on a page, and of updates; a full one can still be ended, once."""
    for number in range(OPEN_MAX + 1):
        done, why = await said(store, clock, "announce", POST, title=f"No. {number}")
    assert not done and why.startswith(f"shop has {OPEN_MAX} announcements that are not over")
    assert (await said(store, clock, "announce", POST, page="inner"))[0]
    for number in range(UPDATES_MAX):
        await store.update_announcement(1, Update(clock.now(), "ann", Stage.IDENTIFIED, str(number)))
    assert not (await said(store, clock, "update-announcement", UPDATE, state="monitoring"))[0]
    assert (await said(store, clock, "update-announcement", UPDATE, state="resolved"))[0]
    assert not (await said(store, clock, "update-announcement", UPDATE, state="resolved", text="Again."))[0]


@pytest.mark.parametrize("name", sorted(POSTED))
async def test_what_is_missing_is_named(store: MemoryStore, clock: FakeClock, name: str) -> None:
    with pytest.raises(KeyError):
        await post(store, clock, Command(1, name, {}, "ann"), PAGES)
