"""The sandbox as a whole: its addresses, its independence from others, its end."""

import asyncio

import httpx
import pytest

from tests.sandbox.world import HASTY, World, opened
from watchdog.sandbox.server import Sandbox

NAMES = {
    *("site", "api", "render", "sentry", "pagerduty", "slack", "slack_webhook", "webhook", "heartbeat", "crons"),
    *("status_render", "status_sentry", "status_openai", "control", "remote_write", "admin", "sites", "github"),
    "pagerduty_api",
}


async def test_every_address_is_on_loopback(world: World) -> None:
    """All named, all on 127.0.0.1; sites, control targets and admin have ports of their own."""
    urls = dict(world.sandbox.urls)
    assert urls.keys() == NAMES
    urls["sites"] = list(urls["sites"].values())
    flat = [url for value in urls.values() for url in ([value] if isinstance(value, str) else value)]
    assert all(url.startswith("http://127.0.0.1:") for url in flat)
    ports = {httpx.URL(url).port for url in flat}
    assert len(ports) == 6  # web, api, two control targets, all vendors, admin


async def test_two_sandboxes_do_not_meet() -> None:
    async with opened() as one, opened() as two:
        one.sandbox.set_fault("web", "error")
        assert (await one.site()).status_code == 503 and (await two.site()).status_code == 200


async def test_nothing_is_left_when_it_ends() -> None:
    """Ports refuse, timers are gone, no task runs on, although a request hung and a deploy was under way."""
    before = asyncio.all_tasks()
    async with opened("bad-deploy", speed=1.0) as world:
        world.sandbox.start_scenario()
        world.sandbox.deploy()
        world.sandbox.set_fault("web", "hang")
        with pytest.raises(httpx.ReadTimeout):
            await world.site(timeout=HASTY)
    for name in ("site", "admin", "render"):
        with pytest.raises(httpx.ConnectError):
            await world.site("", name, timeout=1)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before


async def test_an_unknown_story_is_an_error() -> None:
    with pytest.raises(ValueError, match="bad-deploy"):
        Sandbox("bad-dpeloy")
