"""Badges: small pictures that say a state, or a share, without a font or an address from elsewhere."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from tests.console.public.scene import SHOP, calm, hours, public_town
from tests.console.render.test_contrast import luminance
from watchdog.console.public.badges import COLOURS, LABEL, badge, share_badge, slugs, state_badge, width
from watchdog.console.public.public_views import WORST_FIRST, StatusPage

SVG = "{http://www.w3.org/2000/svg}"


def test_white_text_is_readable_on_each_colour() -> None:
    assert set(COLOURS) == set(WORST_FIRST)
    assert all(1.05 / (luminance(colour) + 0.05) >= 4.5 for colour in (*COLOURS.values(), LABEL))


@pytest.mark.parametrize("label", ["status", '"><script>&', "店", "x" * 60])
def test_a_badge_is_a_whole_picture_of_its_own(label: str) -> None:
    """Valid XML, read aloud as label and value, no wider than its texts; nothing is loaded, nothing can run."""
    made = state_badge(label, "operational").decode()
    root = ElementTree.fromstring(made)
    assert root.get("aria-label") == root.findtext(f"{SVG}title") == f"{label}: operational"
    assert [one.text for one in root.iter(f"{SVG}text")] == [label, "operational"]
    assert int(root.get("width") or 0) == width(label) + width("operational") < 700
    assert not re.search(r"<script|href|style=|url\(|\son\w+=", made.replace('xmlns="http', ""))


def test_a_share_has_the_colour_of_what_it_says() -> None:
    """Unknown is neither good nor bad."""
    colours = {share: COLOURS[state] for share, state in ((1.0, "operational"), (0.99, "degraded"), (0.9, "outage"))}
    for share, colour in colours.items():
        assert colour.encode() in share_badge("uptime", share, "x")
    assert b"no data" in share_badge("uptime", None, "\u2013") and badge("a", "b", "#123456").startswith(b"<svg ")


def test_each_name_has_an_address_of_its_own() -> None:
    """In the order of the page; what has no letter of an address is numbered."""
    names = ["Web shop", "web-shop", "店", "库", "A" * 60, " Ünï ", "WEB.shop"]
    assert slugs(names) == ["web-shop", "web-shop-2", "service", "service-2", "a" * 40, "n", "web-shop-3"]


async def test_the_badges_of_a_page() -> None:
    policy, state = calm()
    pages = [SHOP, StatusPage("other", "Other", {"web": "Web/..", "api": "Web.."})]
    async with public_town(policy, state, pages=pages, minutes=hours("web", 10, bad={30: 36})) as one:
        said = await one.json()
        assert [each["badge"] for each in said["services"]] == ["shop/web-shop.svg", "shop/api.svg"]
        assert "status: operational" in await one.text(".svg")
        for each in said["services"]:
            assert f"{each['name']}: operational" in await one.text("/" + each["badge"].partition("/")[2])
        assert "uptime 90 d: 99.95 %" in await one.text("/web-shop/uptime.svg")
        assert "uptime 90 d: no data" in await one.text("/api/uptime.svg")
        assert "Web..: operational" in await one.text("/web-2.svg", "other")
        answer = await one.client.get("/status/shop.svg")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["cache-control"] == "public, max-age=30"
