"""Status pages: Statuspage-shaped, green until their own vendor fails."""

from typing import Any

import pytest

from tests.sandbox.world import World, opened
from watchdog.sandbox.status import PAGES


async def summary(world: World, vendor: str) -> dict[str, Any]:
    """Read a page's summary."""
    said: dict[str, Any] = (await world.client.get(world.sandbox.urls[f"status_{vendor}"])).json()
    return said


@pytest.mark.parametrize("vendor", sorted(PAGES))
async def test_all_is_green_at_the_start(vendor: str) -> None:
    """Indicator none, every component operational, no incident."""
    async with opened() as world:
        page = await summary(world, vendor)
        assert page["status"]["indicator"] == "none"
        assert {component["status"] for component in page["components"]} == {"operational"}
        assert page["incidents"] == []


@pytest.mark.parametrize(
    ("kind", "indicator", "worst"),
    [
        ("error", "critical", "major_outage"),
        ("partial", "major", "partial_outage"),
        ("slow", "minor", "degraded_performance"),
    ],
)
async def test_a_fault_shows_on_the_page_of_its_vendor_only(kind: str, indicator: str, worst: str) -> None:
    """Render's fault is Oregon's; Frankfurt, the dashboard and the other vendors stay green."""
    async with opened() as world:
        world.sandbox.set_fault("render", kind)
        page = await summary(world, "render")
        assert page["status"]["indicator"] == indicator
        ill = {(one["name"], one["group_id"]) for one in page["components"] if one["status"] == worst}
        assert ("Web Services", "cmp-oregon") in ill
        assert ("Web Services", "cmp-frankfurt") not in ill
        assert page["incidents"][0]["impact"] == indicator
        assert (await summary(world, "sentry"))["status"]["indicator"] == "none"
        world.sandbox.clear_fault("render")
        assert (await summary(world, "render"))["status"]["indicator"] == "none"


async def test_the_page_comes_in_parts_too() -> None:
    """status, components, incidents, maintenances; anything else is 404."""
    async with opened() as world:
        base = world.sandbox.urls["status_openai"].removesuffix("summary.json")
        for document, key in (
            ("status.json", "status"),
            ("components.json", "components"),
            ("incidents/unresolved.json", "incidents"),
            ("scheduled-maintenances/active.json", "scheduled_maintenances"),
        ):
            assert set((await world.client.get(base + document)).json()) == {"page", key}
        assert (await world.client.get(base + "history.json")).status_code == 404
        assert (await world.client.get(base.replace("openai", "nobody") + "summary.json")).status_code == 404
