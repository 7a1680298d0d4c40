"""What the pages are made from: lists that are read page by page, and what is shared for a while."""

import asyncio
from dataclasses import replace

from tests.cli import examples as x
from tests.console.scene import NOW, StoryClock, fill, service_state, story
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.console.dependencies import Dependencies
from watchdog.console.queries.service_status import status_pages_of
from watchdog.console.queries.view_queries import ViewQueries
from watchdog.domain.incidents import Incident, State
from watchdog.domain.policy import VendorPolicy
from watchdog.domain.readings import Bad
from watchdog.domain.store_records import Write


async def filled(*incidents: Incident) -> tuple[MemoryStore, ViewQueries]:
    """Return the story of `scene`, or other incidents, in a store; and a console of which no service is held."""
    clock = StoryClock(NOW)
    policy, state, happened = story()
    store = MemoryStore(clock)
    await fill(store, state, incidents or happened)
    world = Dependencies(store, clock, lambda: policy, State, tuple, None, None, tuple, "9.9")  # type: ignore[arg-type]
    return store, ViewQueries(world)


def test_a_status_page_has_its_reading_of_now_under_the_name_that_the_evidence_gives_it() -> None:
    """One that was not read yet has none."""
    policy, *_ = story()
    policy = replace(policy, vendors={name: VendorPolicy(name, "platform") for name in ("render", "unread")})
    read = status_pages_of(policy, State(vendors={"render": (NOW - 9, Bad("major outage"))}))
    assert [(one.name, one.verdict, one.why, one.at) for one in read] == [
        ("status render", "bad", "major outage", NOW - 9)
    ]


async def test_older_pages_of_incidents_lead_to_the_oldest() -> None:
    """Also where more than a page of them opened within a second: an outage of all services."""
    moments = (NOW, NOW, NOW - 0.2, NOW - 0.7, NOW - 1.0, NOW - 1.3, NOW - 9.0)
    opened = {f"web-{number}": at for number, at in enumerate(moments)}
    _, reader = await filled(*(replace(x.incident(), id=name, opened_at=at) for name, at in opened.items()))
    for most in (1, 2, 3, 7):
        seen, until, pages = set[str](), None, 0
        while pages == 0 or until is not None:
            view = await reader.incidents(most, until=until)
            seen, until, pages = seen | {one.id for one in view.incidents}, view.older, pages + 1
            assert pages <= len(moments), f"pages of {most} lead in a circle"
        assert seen >= set(opened)


async def test_after_a_command_what_other_workers_saved_is_read_again() -> None:
    """Else the page that answers a click shows for seconds what was before it."""
    store, reader = await filled()
    before = await reader.pulse()
    await store.save(Write(State(services={"api": service_state("api")})))
    assert await reader.pulse() == before and "api" in before.title
    reader.forget_saved()
    assert "api" not in (await reader.pulse()).title


async def test_what_was_begun_before_a_command_is_not_shared_after_it() -> None:
    """Several tabs ask all the time: one of them may be answered while the command is."""
    store, reader = await filled()
    early = asyncio.create_task(reader.overview())
    await asyncio.sleep(0)
    assert not early.done()
    await store.save(Write(State(services={"api": service_state("api")})))
    reader.forget_saved()
    assert (await early).open and not (await reader.overview()).open
