"""The generic feature-flag service: read, switched, refused, and answers that are lost."""

import httpx
import pytest

from tests.sandbox.world import World
from watchdog.sandbox import keys
from watchdog.sandbox.site.behaviours import behaviour

KEY = {"Authorization": keys.FLAG_TOKEN}


async def switch(world: World, flag: str = "new-checkout", enabled: object = False, **headers: str) -> httpx.Response:
    url = f"{world.sandbox.urls['flags']}/{flag}"
    return await world.client.patch(url, headers={**KEY, **headers}, json={"enabled": enabled})


async def is_on(world: World, flag: str = "new-checkout") -> object:
    answer = await world.client.get(f"{world.sandbox.urls['flags']}/{flag}", headers=KEY)
    return answer.json()["state"]["enabled"]


async def test_a_flag_is_read_and_switched(world: World) -> None:
    """Also by hand; the log has each switch."""
    assert await is_on(world) is True
    assert (await switch(world)).status_code == 200 and await is_on(world) is False
    assert (await world.admin("POST", "/flags", json={"flag": "new-checkout", "enabled": True})).status_code == 200
    assert await is_on(world) is True
    assert [one["to"] for one in world.sandbox.events.of("flag_switched")] == [False, True]
    assert (await world.admin("POST", "/flags", json={"flag": "none", "enabled": True})).status_code == 400


async def test_refusals(world: World) -> None:
    """A wrong key, a flag that is not there, a body that says nothing: nothing is switched."""
    answers = [
        await switch(world, Authorization="wrong"),
        await switch(world, "no-such-flag"),
        await switch(world, enabled="off"),
        await world.client.get(f"{world.sandbox.urls['flags']}/none", headers=KEY),
    ]
    assert [one.status_code for one in answers] == [401, 404, 400, 404] and await is_on(world) is True


@pytest.mark.parametrize(("mode", "on"), [("drop", False), ("error_after", False), ("reset_before", True)])
async def test_an_answer_that_is_lost_says_nothing_of_the_flag(world: World, mode: str, on: bool) -> None:
    """The change was made, or not: only a read tells."""
    world.sandbox.modes.set("flag", mode, 1)
    try:
        assert (await switch(world)).status_code == 500
    except httpx.TransportError:
        assert mode != "error_after"
    assert await is_on(world) is on


async def test_modes_that_refuse_and_delay(world: World) -> None:
    """A rate limit and a refusal do nothing; a slow answer comes in the end."""
    world.sandbox.modes.slow_seconds = 0.01
    for mode, status, on in (("refuse_429", 429, True), ("refuse_403", 403, True), ("slow", 200, False)):
        world.sandbox.modes.set("flag", mode, 1)
        assert ((await switch(world)).status_code, await is_on(world)) == (status, on)


async def test_code_behind_a_flag_that_is_off_does_not_run(world: World) -> None:
    """The version fails only while its flag is on."""
    live = world.sandbox.cloud.services["web"].live
    assert live is not None
    live.behaviour, live.broken_at = behaviour("error", flag="new-checkout"), 1.0
    assert (await world.client.get(world.sandbox.urls["site"])).status_code == 503
    await switch(world)
    assert (await world.client.get(world.sandbox.urls["site"])).status_code == 200
