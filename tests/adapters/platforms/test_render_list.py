"""Calm and watched services are read from one list of all services; an action reads its own service."""

import asyncio

import pytest

from tests.adapters.platforms.bodies import START, deploy, event, page, service
from tests.adapters.platforms.test_render import SERVICE, paged, render, with_deploys
from tests.adapters.vendor import Seen, Vendor
from tests.support.clocks import FakeClock
from watchdog.adapters.platforms.render_events import UNREAD
from watchdog.adapters.platforms.render_list import ALONE_MAX, GAP_SECONDS
from watchdog.adapters.platforms.render_read import EVENTS_AGAIN_SECONDS, RenderReader
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.errors import Temporary
from watchdog.domain.urgency import Urgency, reading_for

NAMES = [f"srv-{number}" for number in range(230)]


def paths(vendor: Vendor) -> list[str]:
    return [seen.path for seen in vendor.seen]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def reader(vendor: Vendor, clock: FakeClock, closing) -> RenderReader:
    """Return a client of a vendor that lists all of NAMES, and srv-7, whose auto-deploy was just switched off."""
    vendor.say("GET", "/v1/services", paged("service", [service(name) for name in NAMES]))
    vendor.say("GET", "/v1/services/srv-7", service("srv-7", autoDeploy="no", autoDeployTrigger="off"))
    return closing(render(vendor, clock))


async def look(reader: RenderReader, name: str, urgency: Urgency = Urgency.SPARE) -> ServiceFacts:
    with reading_for(urgency):
        return await reader.facts(name)


async def use_up_nearly(vendor: Vendor, reader: RenderReader) -> None:
    """Let the client know that 130 of 400 reads remain for 50 s."""
    reader._all._asked.update(NAMES)
    left = {"Ratelimit-Limit": "400", "Ratelimit-Remaining": "130", "Ratelimit-Reset": "50"}
    vendor.say("GET", "/v1/services/srv-7", (200, service("srv-7"), left))
    await reader.facts("srv-7")


async def test_all_that_are_watched_share_one_list(vendor: Vendor, reader: RenderReader) -> None:
    """230 services, asked for at once: three pages, for the first few alone; an action: its own service, now."""
    vendor.say("GET", "/v1/services/srv-0", service("srv-0"))
    with reading_for(Urgency.SPARE):
        for _ in range(ALONE_MAX):
            await reader.facts("srv-0")
        assert paths(vendor) == ["/v1/services/srv-0"] * ALONE_MAX, "few services are read one by one"
        for name in NAMES:
            reader._all._asked.add(name)
        found = await asyncio.gather(*(reader.facts(name) for name in NAMES))
        assert [facts.id for facts in found] == NAMES
    cursors = [dict(seen.query).get("cursor") for seen in vendor.seen[ALONE_MAX:]]
    assert cursors == [None, "after-srv-99", "after-srv-199"]
    assert paths(vendor)[ALONE_MAX:] == ["/v1/services"] * 3 and (await reader.facts("srv-7")).auto_deploy == "off"
    assert paths(vendor)[ALONE_MAX + 3 :] == ["/v1/services/srv-7"]


async def test_a_list_is_never_older_than_the_look(vendor: Vendor, clock: FakeClock, reader: RenderReader) -> None:
    """Who asks a second after a list waits for the next one, a calm caller longer than one that watches."""
    reader._all._asked.update(NAMES)
    for urgency in (Urgency.SPARE, Urgency.WATCHING):
        await look(reader, "srv-1", urgency)
        clock.elapsed += 0.5
        asked_at, pages = clock.monotonic(), len(paths(vendor))
        await look(reader, "srv-2", urgency)
        assert paths(vendor)[pages:] == ["/v1/services"] * 3
        assert clock.monotonic() - asked_at == pytest.approx(GAP_SECONDS[urgency] - 0.5, abs=0.1)


async def test_a_look_while_the_list_is_read_waits_for_the_next_one(
    vendor: Vendor, clock: FakeClock, reader: RenderReader
) -> None:
    """Its service may stand on a page that was read before."""
    pages, late = paged("service", [service(name) for name in NAMES]), list[asyncio.Task[ServiceFacts]]()

    def answer(seen: Seen) -> object:
        clock.elapsed += 1.0
        if not late:
            late.append(asyncio.create_task(look(reader, "srv-2", Urgency.WATCHING)))
        return pages(seen)

    vendor.say("GET", "/v1/services", answer)
    reader._all._asked.update(NAMES)
    await look(reader, "srv-1", Urgency.WATCHING)
    await late[0]
    assert len(paths(vendor)) == 2 * 3


async def test_one_that_watches_hurries_the_list_that_a_calm_one_began(
    vendor: Vendor, clock: FakeClock, reader: RenderReader
) -> None:
    """Calm reads wait for the next minute of the rate limit: the list does not, once a suspect needs it."""
    await use_up_nearly(vendor, reader)
    began = clock.monotonic()

    async def watch() -> float:
        await clock.sleep(3.0)
        await look(reader, "srv-2", Urgency.WATCHING)
        return clock.monotonic() - began

    async def calm() -> float:
        await look(reader, "srv-1")
        return clock.monotonic() - began

    watched, waited = await asyncio.gather(watch(), calm())
    assert watched < 12.0
    assert waited < 12.0, "it has the same list"


async def test_without_anybody_in_a_hurry_a_calm_list_waits(
    vendor: Vendor, clock: FakeClock, reader: RenderReader
) -> None:
    """Two fifths of the limit are left to others."""
    await use_up_nearly(vendor, reader)
    began = clock.monotonic()
    await look(reader, "srv-1")
    assert clock.monotonic() - began > 45.0


async def test_one_service_of_a_large_account_is_read_alone(vendor: Vendor, reader: RenderReader) -> None:
    """Pages of services for one cost more than that one."""
    for _ in range(3):
        await look(reader, "srv-7")
    assert paths(vendor) == ["/v1/services/srv-7"] * 3


async def test_a_list_that_fails_is_asked_for_once(vendor: Vendor, reader: RenderReader) -> None:
    """Not once for each of all services; one that watches reads its own service instead."""
    reader._all._asked.update(NAMES)
    vendor.say("GET", "/v1/services", (500, {}))
    with reading_for(Urgency.SPARE):
        failed = await asyncio.gather(*(reader.facts(name) for name in NAMES), return_exceptions=True)
    assert all(isinstance(one, Temporary) for one in failed)
    assert len(paths(vendor)) == 3, "the attempts of one read"
    assert (await look(reader, "srv-7", Urgency.WATCHING)).auto_deploy == "off"


async def test_a_deploy_whose_events_could_not_be_read_is_marked_so(
    vendor: Vendor, clock: FakeClock, reader: RenderReader
) -> None:
    """It may have brought another environment; tried again soon, and by the next reading it is known."""
    clock.freeze(3600)
    with_deploys(vendor, *range(1, 7))
    assert [one.changed for one in await reader.deploys("srv-web")] == [()] * 6
    vendor.say("GET", f"{SERVICE}/deploys", page("deploy", *(deploy(number) for number in range(1, 8))))
    vendor.say("GET", f"{SERVICE}/events", 500)
    newest, *older = await reader.deploys("srv-web")
    assert (newest.changed, {one.changed for one in older}) == ((UNREAD,), {()})
    assert newest.changes_unread and not any(one.changes_unread for one in older)
    changed = event(1, "deploy_started", 60.0, deployId="dep-7", trigger={"envUpdated": True})
    vendor.say("GET", f"{SERVICE}/events", page("event", changed))
    clock.elapsed += EVENTS_AGAIN_SECONDS
    newest, *_ = await reader.deploys("srv-web")
    assert newest.changed == ("environment",)


async def test_events_that_a_signal_read_are_not_read_again_for_changes(
    vendor: Vendor, clock: FakeClock, reader: RenderReader
) -> None:
    """A deploy that came meanwhile is marked from the signal's own reading."""
    clock.freeze(3600)
    with_deploys(vendor, *range(1, 7))
    await reader.deploys("srv-web")
    first = paths(vendor).count(f"{SERVICE}/events")
    changed = event(1, "deploy_started", 60.0, deployId="dep-6", trigger={"envUpdated": True})
    vendor.say("GET", f"{SERVICE}/events", page("event", changed))
    for _ in range(8):
        clock.elapsed += 15
        await reader.events("srv-web", clock.now() - 135)
        (newest, *_) = await reader.deploys("srv-web")
    assert newest.changed == ("environment",)
    assert paths(vendor).count(f"{SERVICE}/events") - first == 8, "the signal's own, and no more"
