"""Status pages: Statuspage-shaped, green until their own vendor fails."""

from typing import Any

import pytest

from tests.sandbox.world import World, opened
from watchdog.adapters.signals.statuspage import parse_summary, verdict
from watchdog.adapters.signals.vendor_status import RENDER_API, render_components
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.readings import Bad, Good
from watchdog.sandbox import clock
from watchdog.sandbox.vendors.status_pages import PAGES


async def summary(world: World, vendor: str) -> dict[str, Any]:
    said: dict[str, Any] = (await world.client.get(world.sandbox.urls[f"status_{vendor}"])).json()
    return said


@pytest.mark.parametrize(
    ("kind", "indicator", "worst"),
    [
        ("error", "critical", "major_outage"),
        ("partial", "major", "partial_outage"),
        ("slow", "minor", "degraded_performance"),
    ],
)
async def test_a_fault_shows_on_the_page_of_its_vendor_only(
    world: World, kind: str, indicator: str, worst: str
) -> None:
    """Render's fault is Oregon's; Frankfurt, the dashboard and the other vendors stay green."""
    world.sandbox.set_fault("render", kind)
    page = await summary(world, "render")
    assert page["status"]["indicator"] == indicator
    ill = {(one["name"], one["group_id"]) for one in page["components"] if one["status"] == worst}
    assert ("Web Services", "cmp-oregon") in ill and ("Web Services", "cmp-frankfurt") not in ill
    assert page["incidents"][0]["impact"] == indicator
    assert (await summary(world, "sentry"))["status"]["indicator"] == "none"
    world.sandbox.clear_fault("render")
    assert (await summary(world, "render"))["status"]["indicator"] == "none"


MAINTENANCE = {
    **dict.fromkeys(("id", "name", "status", "impact", "shortlink", "page_id"), str),
    **dict.fromkeys(("created_at", "updated_at", "started_at", "scheduled_for", "scheduled_until"), str),
    **dict.fromkeys(("monitoring_at", "resolved_at"), type(None)),
    **dict.fromkeys(("incident_updates", "components"), list),
}
"""The fields of a scheduled maintenance in the bodies that public Statuspages serve (Huobi's and Discord's, as others
keep them in their repositories); Statuspage publishes no schema of them."""


async def test_announced_maintenance_is_shown_as_real_pages_show_it(world: World) -> None:
    """Announced, under way by the clock, and gone; only its components are marked, and only then."""
    web = {"name": "Moving disks", "components": ["Oregon/Web Services"], "lasts": 60}
    await world.admin("POST", "/announce", json={**web, "begins_in": 3600})
    page = await summary(world, "render")
    (ahead,) = page["scheduled_maintenances"]
    assert {name: type(value) for name, value in ahead.items()} == MAINTENANCE
    assert (ahead["status"], page["status"]["indicator"]) == ("scheduled", "none")
    assert {one["status"] for one in page["components"]} == {"operational"}
    await world.admin("POST", "/announce", json=web)
    await world.admin("POST", "/announce", json={**web, "begins_in": -61})
    page = await summary(world, "render")
    assert [one["status"] for one in page["scheduled_maintenances"]] == ["scheduled", "in_progress"]
    assert page["status"] == {"indicator": "maintenance", "description": "Service Under Maintenance"}
    under = [(one["name"], one["group_id"]) for one in page["components"] if one["status"] == "under_maintenance"]
    assert under == [("Web Services", "cmp-oregon")]
    (part,) = page["scheduled_maintenances"][1]["components"]
    assert part == next(one for one in page["components"] if one["status"] == "under_maintenance")
    world.sandbox.set_fault("render", "error")
    assert (await summary(world, "render"))["status"]["indicator"] == "critical"
    assert (await summary(world, "sentry"))["scheduled_maintenances"] == []
    base = world.sandbox.urls["status_render"].removesuffix("summary.json")
    for document, status in (("active", "in_progress"), ("upcoming", "scheduled")):
        rows = (await world.client.get(f"{base}scheduled-maintenances/{document}.json")).json()
        assert [one["status"] for one in rows["scheduled_maintenances"]] == [status]


async def test_each_page_is_green_at_the_start_and_comes_in_parts_too(world: World) -> None:
    for vendor in PAGES:
        page = await summary(world, vendor)
        assert (page["status"]["indicator"], page["incidents"]) == ("none", []), vendor
        assert {component["status"] for component in page["components"]} == {"operational"}, vendor
    base = world.sandbox.urls["status_openai"].removesuffix("summary.json")
    for document, key in (
        ("status.json", "status"),
        ("components.json", "components"),
        ("incidents/unresolved.json", "incidents"),
        ("scheduled-maintenances/active.json", "scheduled_maintenances"),
        ("scheduled-maintenances/upcoming.json", "scheduled_maintenances"),
    ):
        assert set((await world.client.get(base + document)).json()) == {"page", key}
    assert (await world.client.get(base + "history.json")).status_code == 404
    assert (await world.client.get(base.replace("openai", "nobody") + "summary.json")).status_code == 404


@pytest.mark.parametrize("quirks", [(), ("one_render_api",)])
async def test_an_outage_of_render_s_api_is_seen_whatever_the_page_calls_it(quirks: tuple[str, ...]) -> None:
    """Two components today, one until mid 2026; what we look for is listed in both, and its outage is seen."""
    async with opened(quirks=quirks) as world:
        for kind, expected in ((None, Good), ("error", Bad)):
            if kind is not None:
                world.sandbox.set_fault("render", kind)
            told = parse_summary(await summary(world, "render"))
            web = ServiceFacts("srv-web", "web", "web_service", "oregon")
            reading = verdict("render", told, "platform", render_components([web]), clock.now())
            assert isinstance(reading, expected), reading
            api = verdict("render", told, "platform", RENDER_API, clock.now())
            assert isinstance(api, expected), api
