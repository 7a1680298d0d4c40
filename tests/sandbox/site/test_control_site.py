"""Control targets: always there, until they go dark together."""

import httpx
import pytest

from tests.sandbox.world import World
from tests.support.clocks import eventually


async def test_control_targets_go_dark_together(world: World) -> None:
    """Both answer; under the fault both refuse; the guarded site is not touched by it."""
    addresses = world.sandbox.urls["control"]
    assert len(set(addresses)) == 2
    for url in addresses:
        assert (await world.client.get(url)).status_code == 200
    world.sandbox.set_fault("control", "refused")
    await eventually(lambda: world.sandbox.shut() == ["control", "control"])
    async with httpx.AsyncClient(trust_env=False) as fresh:  # a kept connection may not have noticed yet
        for url in addresses:
            with pytest.raises(httpx.ConnectError):
                await fresh.get(url)
    assert (await world.site()).status_code == 200
