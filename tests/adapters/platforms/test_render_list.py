"""What is calm or watched is read from one list of all services; what acts reads its own service."""

import asyncio

from tests.adapters.platforms.bodies import START, deploy, event, page, service
from tests.adapters.platforms.test_render import SERVICE, paged, render
from tests.adapters.vendor import Vendor
from tests.clocks import FakeClock
from watchdog.domain.errors import Temporary
from watchdog.domain.urgency import Urgency, reading_for

NAMES = [f"srv-{number}" for number in range(230)]


def paths(vendor: Vendor) -> list[str]:
    """What was asked for, in order."""
    return [seen.path for seen in vendor.seen]


async def test_all_that_are_watched_share_one_list(vendor: Vendor, closing) -> None:
    """230 services, asked for at once: three pages; again while they are fresh: none; an action: its own, now."""
    clock = FakeClock(START)
    reader = closing(render(vendor, clock=clock))
    vendor.say("GET", "/v1/services", paged("service", [service(name) for name in NAMES]))
    vendor.say("GET", "/v1/services/srv-7", service("srv-7", autoDeploy="no", autoDeployTrigger="off"))
    with reading_for(Urgency.SPARE):
        found = await asyncio.gather(*(reader.facts(name) for name in NAMES))
        assert [facts.id for facts in found] == NAMES
        clock.elapsed += 10
        assert (await reader.facts("srv-7")).auto_deploy == "commit"
    assert paths(vendor) == ["/v1/services"] * 3
    assert (await reader.facts("srv-7")).auto_deploy == "off"
    assert paths(vendor)[3:] == ["/v1/services/srv-7"]
    with reading_for(Urgency.WATCHING):
        await reader.facts("srv-8")
    assert paths(vendor)[4:] == ["/v1/services"] * 3, "a watch wants it fresher"


async def test_one_service_of_a_large_account_is_read_alone(vendor: Vendor, closing) -> None:
    """Three pages for one service cost more than the service."""
    clock = FakeClock(START)
    reader = closing(render(vendor, clock=clock))
    vendor.say("GET", "/v1/services", paged("service", [service(name) for name in NAMES]))
    vendor.say("GET", "/v1/services/srv-7", service("srv-7"))
    with reading_for(Urgency.SPARE):
        for _ in range(3):
            await reader.facts("srv-7")
            clock.elapsed += 30
    assert paths(vendor) == ["/v1/services"] * 3 + ["/v1/services/srv-7"] * 2


async def test_a_list_that_fails_is_asked_for_once(vendor: Vendor, closing) -> None:
    """Not once for each of all services; a little later it is tried again."""
    clock = FakeClock(START)
    reader = closing(render(vendor, clock=clock))
    vendor.say("GET", "/v1/services", (500, {}), (500, {}), (500, {}), paged("service", [service("srv-7")]))
    with reading_for(Urgency.WATCHING):
        failed = await asyncio.gather(*(reader.facts(name) for name in NAMES), return_exceptions=True)
        assert all(isinstance(one, Temporary) for one in failed)
        assert len(paths(vendor)) == 3, "the attempts of one read"
        clock.elapsed += 3
        assert (await reader.facts("srv-7")).id == "srv-7"


async def test_events_that_a_signal_read_are_not_read_again_for_changes(vendor: Vendor, closing) -> None:
    """A deploy that came meanwhile is marked from the signal's own reading."""
    clock = FakeClock(START + 3600)
    reader = closing(render(vendor, clock=clock))
    vendor.say("GET", f"{SERVICE}/deploys", page("deploy", *(deploy(number) for number in range(1, 7))))
    vendor.say("GET", f"{SERVICE}/events", [])
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
