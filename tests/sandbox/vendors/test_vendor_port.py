"""The port all vendors share: who is meant, how a vendor is down by a closed table of modes, and what the log keeps."""

import asyncio

import httpx
import pytest

from tests.sandbox.world import World
from tests.support.clocks import eventually
from watchdog.sandbox import keys
from watchdog.sandbox.sockets import BODY_LIMIT_BYTES
from watchdog.sandbox.vendors.failure_modes import MODES, Modes


@pytest.mark.parametrize("vendor", ["pagerduty", "slack", "slack_webhook", "webhook", "sentry", "render", "status"])
async def test_a_vendor_can_be_down_in_four_ways(world: World, vendor: str) -> None:
    """Cut, silent, 429 with Retry-After, 500; each is logged with what was answered; afterwards it works or says no."""
    urls = world.sandbox.urls
    url = {"slack": f"{urls['slack']}/auth.test", "status": urls["status_render"]}.get(vendor, urls.get(vendor, ""))
    method = "GET" if vendor in ("status", "sentry", "render") else "POST"
    world.sandbox.set_mode(vendor, "down", times=1)
    with pytest.raises(httpx.TransportError):
        await world.client.request(method, url)
    await given_up(world, vendor, method, url)
    for mode, status in (("refuse_429", 429), ("error_500", 500)):
        world.sandbox.set_mode(vendor, mode, times=1)
        answer = await world.client.request(method, url)
        assert answer.status_code == status and ("retry-after" in answer.headers) == (status == 429)
    after = await world.client.request(method, url)
    assert after.status_code not in (429, 500)
    logged = [entry.get("status") for entry in world.sandbox.events.requests(vendor)]
    assert logged == [None, None, 429, 500, after.status_code]


async def given_up(world: World, vendor: str, method: str, url: str) -> None:
    """Ask a vendor that hangs, and go once it has read the request: it would never answer."""
    world.sandbox.set_mode(vendor, "hang", times=1)
    seen = len(world.sandbox.events.requests(vendor))
    asking = asyncio.ensure_future(world.client.request(method, url))
    await eventually(lambda: len(world.sandbox.events.requests(vendor)) > seen)
    assert await asyncio.wait([asking], timeout=0.1) == (set(), {asking})
    asking.cancel()


async def test_every_request_is_logged_without_its_key(world: World) -> None:
    await world.render("GET", "/services?limit=1")
    await world.render("PATCH", "/services/srv-web", json={"autoDeployTrigger": "off"})
    await world.client.get(world.sandbox.urls["status_openai"])
    await world.client.get(world.sandbox.urls["render"].replace("/render/v1", "/nobody"))
    requests = world.sandbox.events.of("request")
    assert [(entry["vendor"], entry["method"], entry["status"]) for entry in requests] == [
        ("render", "GET", 200),
        ("render", "PATCH", 200),
        ("status", "GET", 200),
        ("nobody", "GET", 404),
    ]
    assert requests[0]["query"] == "limit=1" and '"off"' in requests[1]["body"]
    assert keys.RENDER_API_KEY not in str(requests)


async def test_a_body_without_end_is_refused(world: World) -> None:
    """Nothing of ours sends a megabyte: 413."""
    answer = await world.client.post(world.sandbox.urls["webhook"], content=b"x" * (BODY_LIMIT_BYTES + 1))
    assert answer.status_code == 413


def test_everything_is_well_at_first_and_a_mode_holds_for_so_many_uses() -> None:
    modes = Modes()
    modes.set("rollback", "drop", times=2)
    assert modes.peek("rollback") == "drop" and [modes.use("rollback") for _ in range(3)] == ["drop", "drop", "ok"]
    modes.set("rollback", "slow")
    assert [modes.use("rollback") for _ in range(3)] == ["slow"] * 3
    assert {Modes().use(name) for name in MODES} == {"ok", "wait"}
