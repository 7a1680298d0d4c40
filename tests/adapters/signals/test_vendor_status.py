"""Reading status pages over real HTTP, and which components concern us."""

import asyncio
import json
from typing import Any

import pytest

from tests.adapters.signals.sites import answering, hang, site
from tests.adapters.signals.test_statuspage import NOW, maintenance, page
from tests.adapters.vendor import Vendor
from tests.support.clocks import FakeClock
from watchdog.adapters.signals.vendor_status import (
    FRESH_SECONDS,
    IDLE_SECONDS,
    KNOWN_VENDORS,
    OPEN_SECONDS,
    RENDER_API,
    VendorStatus,
    render_components,
)
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.readings import Bad, Good, Unknown

PATH = "/api/v2/summary.json"


def status(vendor: Vendor, clock: FakeClock | None = None, role: str = "upstream", **more: Any) -> VendorStatus:
    return VendorStatus("acme", vendor.url + PATH, clock or FakeClock(auto=False), role, **more)


async def test_it_reads_more_often_while_something_is_open(vendor: Vendor) -> None:
    broken = page({"Render API": "major_outage"})
    vendor.say("GET", PATH, page(), broken, page())
    source = status(vendor)
    readings, paces = [], [source.every_seconds]
    for _ in range(3):
        (sample,) = await source.read()
        readings.append(type(sample.reading))
        paces.append(source.every_seconds)
    assert readings == [Good, Bad, Good] and paces == [IDLE_SECONDS, IDLE_SECONDS, OPEN_SECONDS, IDLE_SECONDS]
    assert not source.adaptive


async def test_announced_maintenance_is_read_more_often_while_it_goes_on_and_ends_by_the_clock(vendor: Vendor) -> None:
    """Every 60 s from a quarter of an hour before; the page need not change for its hours to come, or to pass."""
    hours = {"scheduled_for": "2026-09-21T16:00:00Z", "scheduled_until": "2026-09-21T17:00:00Z"}
    vendor.say("GET", PATH, (200, page(scheduled_maintenances=maintenance("scheduled", **hours)), {"ETag": "a"}), 304)
    clock = FakeClock(NOW, auto=False)
    source = status(vendor, clock, "platform", parts=lambda: [("Oregon/Web Services",)])
    seen = []
    for clock.elapsed in (0.0, 6300.0, 6500.0, 10_100.0):
        seen.append((type((await source.read())[0].reading), source.every_seconds))
    assert seen == [(Good, IDLE_SECONDS), (Good, OPEN_SECONDS), (Bad, OPEN_SECONDS), (Good, IDLE_SECONDS)]


async def test_which_components_concern_us_is_asked_each_time(vendor: Vendor) -> None:
    vendor.say("GET", PATH, page({"g-fr/Web Services": "partial_outage"}))
    concerned: list[tuple[str, ...]] = []
    source = status(vendor, role="platform", parts=lambda: concerned)
    assert isinstance((await source.read())[0].reading, Unknown)
    concerned.append(("Oregon/Web Services",))
    assert isinstance((await source.read())[0].reading, Good)
    concerned.append(("Frankfurt/Web Services",))
    assert isinstance((await source.read())[0].reading, Bad)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (500, "HTTP 500"),
        ((200, "<html>", {"ETag": "a"}), "not Statuspage-shaped"),
        ((200, {"components": 3}), "not Statuspage-shaped"),
        ((200, "[" * 100_000), "not Statuspage-shaped"),
        ((200, b"x", {"Content-Encoding": "br"}), "too large or compressed"),
        ((302, "", {"Location": "/elsewhere"}), "HTTP 404"),
        (304, "HTTP 304"),
    ],
)
async def test_a_page_that_cannot_be_read_is_unknown(vendor: Vendor, answer: Any, why: str) -> None:
    vendor.say("GET", PATH, answer)
    source = status(vendor)
    for _ in range(2):
        (sample,) = await source.read()
        assert isinstance(sample.reading, Unknown) and why in sample.reading.why
        assert sample.reading.why.startswith("the status page of acme could not be read: ")
    assert "if-none-match" not in vendor.seen[-1].headers, "what was not understood is to be sent again"


async def test_an_unchanged_page_is_not_sent_again_and_one_missed_reading_keeps_what_was_said(vendor: Vendor) -> None:
    """A page of a vendor in trouble stumbles: after a quarter of an hour we know nothing. Unchanged is read, too."""
    vendor.say("GET", PATH, (200, page({"Render API": "major_outage"}), {"ETag": 'W/"abc"'}), 304, 500)
    clock = FakeClock(auto=False)
    source = status(vendor, clock)
    readings, dated = [], []
    for seconds in (0, FRESH_SECONDS - 1, FRESH_SECONDS - 1, 2):
        clock.elapsed += seconds
        (sample,) = await source.read()
        readings.append(sample.reading)
        dated.append(sample.happened_at)
    assert dated == [None, None, clock.start + FRESH_SECONDS - 1, None], "people see when it was read"
    assert isinstance(readings[0], Bad) and readings[0] == readings[1] == readings[2]
    assert isinstance(readings[3], Unknown)
    assert [seen.headers.get("if-none-match") for seen in vendor.seen[:2]] == [None, 'W/"abc"']


async def test_a_page_that_hangs_is_one_that_could_not_be_read() -> None:
    """It keeps what it said; without that it is unknown, and the phase is named in which the time ran out."""
    scripts = [answering(json.dumps(page({"Render API": "major_outage"})).encode())]

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await (scripts.pop() if scripts else hang)(reader, writer)

    async with site(once) as base:
        clock = FakeClock(auto=False)
        source = VendorStatus("acme", base, clock, "upstream", deadline_seconds=0.2)
        said, kept = [(await source.read())[0] for _ in range(2)]
        assert isinstance(said.reading, Bad) and (kept.reading, kept.happened_at) == (said.reading, clock.start)
        clock.elapsed = FRESH_SECONDS + 1
        (sample,) = await source.read()
    why = "the status page of acme could not be read: timed out after 0.2 s (first byte)"
    assert sample.reading == Unknown(why)


def at(kind: str, region: str | None = "oregon") -> ServiceFacts:
    return ServiceFacts("srv-1", "web", kind, region)


@pytest.mark.parametrize(
    ("services", "components"),
    [
        ([], ()),
        ([at("web_service"), at("web_service")], ("Oregon/Web Services", "Oregon/Builds and Deploys")),
        ([at("background_worker", "ohio")], ("Ohio/Background Workers", "Ohio/Builds and Deploys")),
        ([ServiceFacts("srv-4", "docs", "static_site")], ("Static Sites",)),
        ([at("cron_job", None)], ("Cron Jobs", "Builds and Deploys")),
        ([at("quantum_service", "ohio")], ("Ohio/Web Services", "Ohio/Builds and Deploys")),
    ],
)
def test_the_platform_s_components_follow_kind_and_region(services: list[ServiceFacts], components: tuple) -> None:
    """An unknown kind is taken for a web service."""
    assert render_components(services) == (*RENDER_API, *((one,) for one in components))


def test_known_vendors_are_summaries() -> None:
    assert {"render", "sentry", "openai", "anthropic", "github", "pagerduty", "slack"} == set(KNOWN_VENDORS)
    own = {"slack": "/api/v2.0.0/current"}
    for name, url in KNOWN_VENDORS.items():
        assert url.startswith("https://") and url.endswith(own.get(name, "/api/v2/summary.json"))
