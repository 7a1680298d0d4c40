"""The sandbox as a whole: its addresses, its independence from others, its clock, its end."""

import asyncio

import httpx
import pytest

from tests.sandbox.world import HASTY, World, opened
from tests.support.clocks import eventually
from watchdog.sandbox.clock import Timers, iso, monotonic, now, parse_iso
from watchdog.sandbox.server import Sandbox

NAMES = {
    *("site", "api", "render", "sentry", "pagerduty", "slack", "slack_webhook", "webhook", "heartbeat", "crons"),
    *("status_render", "status_sentry", "status_openai", "control", "remote_write", "admin", "sites", "github"),
    *("pagerduty_api", "flags"),
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


def test_times_are_written_as_render_writes_them() -> None:
    """UTC, microseconds, Z; read back to the same moment."""
    assert iso(1_700_000_000.25) == "2023-11-14T22:13:20.250000Z"
    assert parse_iso(iso(1_700_000_000.25)) == 1_700_000_000.25


@pytest.mark.parametrize(
    "text", ["2023-11-14T22:13:20Z", "2023-11-14T22:13:20", "2023-11-14T23:13:20+01:00", "2023-11-14T22:13:20.000Z"]
)
def test_times_are_read_in_every_usual_form(text: str) -> None:
    assert parse_iso(text) == 1_700_000_000.0


async def test_timers_happen_in_order_and_end_with_the_world() -> None:
    """Twenty times faster than life; what was not due when the world ended never happens."""
    timers, done = Timers(speed=20.0), list[int]()
    began, ticked = now(), monotonic()
    for number, seconds in ((3, 1.0), (1, 0.0), (2, 0.5)):
        timers.after(seconds, lambda number=number: done.append(number))
    await eventually(lambda: len(done) == 3)
    assert done == [1, 2, 3] and now() > began and monotonic() > ticked
    timers.after(0.0, lambda: done.append(4))
    timers.close()
    await asyncio.sleep(0.01)
    assert done == [1, 2, 3]
