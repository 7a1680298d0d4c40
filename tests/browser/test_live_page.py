"""What moves by itself: the charts of a service, the tab's title and icon, and how fresh the page is."""

from dataclasses import replace
from typing import Any

import pytest

from tests.browser.chromium import Complaints, address, browsing, log_in, look, overflow, reader, window
from tests.console.routes.test_live import DOWN, calm, down
from tests.console.scene import NOW, TOKEN, story, town
from watchdog.domain.store_records import Minute

pytestmark = pytest.mark.long

LEGEND = ".plot .u-legend .u-value"
ICON = "document.querySelector('link[rel=icon]').getAttribute('href')"
FIRST_RED = """(one, height) => {
  const { data } = one.getContext("2d").getImageData(0, 10 + height - 3, one.width, 1);
  return data.findIndex((value, at) => at % 4 === 0 && value > 150 && data[at + 1] < 80 && data[at + 3] > 200) / 4;
}"""
"""The first red column of a chart's lowest row, where the failing spans are marked (its padding: 10 pixels)."""
RISES = """(one, height) => {
  const link = getComputedStyle(document.documentElement).getPropertyValue("--link").match(/\\w\\w/g);
  const { data } = one.getContext("2d").getImageData(0, 10, one.width, height / 2);
  const near = (at, two) => Math.abs(data[at] - parseInt(two, 16)) < 20;
  const drawn = (at) => data[at + 3] > 200 && link.every((two, band) => near(at + band, two));
  return Math.min(...Array.from({ length: data.length / 4 }, (_, at) => (drawn(4 * at) ? at % one.width : Infinity)));
}"""
"""The first column in whose upper half a chart has the median of the latency."""
TITLE = "title => document.title.startsWith(title)"


async def painted(page: Any) -> int:
    """Return how many pixels of the first chart are not empty."""
    return int(
        await page.locator(".plot canvas").first.evaluate(
            "one => one.getContext('2d').getImageData(0, 0, one.width, one.height).data.filter(Boolean).length"
        )
    )


async def test_a_chart_is_drawn_read_and_zoomed() -> None:
    """A canvas with a curve; the values below the mouse and by keyboard; a part of it, and all again."""
    async with town() as one, reader(one.client) as page:
        await page.goto("/services/web?range=24h")
        await page.locator("figure[data-drawn] canvas").first.wait_for()
        assert await painted(page) > 1000 and await page.locator(".plot svg").count() == 0
        box = await page.locator(".plot .u-over").first.bounding_box()
        middle = box["y"] + box["height"] / 2
        await page.mouse.move(box["x"] + box["width"] / 2, middle)
        await page.wait_for_function("document.querySelector('.plot .u-legend').textContent.includes('UTC')")
        # The stored day has one row in five minutes: six readings, p50 of 100 to 600 ms, p95 of 700 ms.
        values = await page.locator(LEGEND).all_inner_texts()
        assert values[1] == "0 %" and values[2].endswith(" ms") and values[3] == "700 ms"
        await page.mouse.move(box["x"] + box["width"] * 0.25, middle)
        await page.mouse.down()
        await page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=5)
        await page.mouse.up()
        await page.get_by_role("button", name="Show all").first.click()
        await page.get_by_role("button", name="Show all").first.wait_for(state="hidden")
        await page.mouse.move(5, 5)
        await page.locator(".plot .u-over").first.focus()
        before = await page.locator(LEGEND).first.inner_text()
        await page.keyboard.press("ArrowLeft")
        await page.wait_for_function(f"before => document.querySelector('{LEGEND}').innerText !== before", arg=before)
        assert await overflow(page) <= 0


async def test_what_fails_or_slows_in_an_incident_begins_at_its_onset() -> None:
    """Not with the minute that it lies in, which began before the deploy: red, and the latency, rise from there on."""
    since, onset = (NOW - 1900) // 60 * 60, NOW - 100
    for bad, where in ((3, FIRST_RED), (0, RISES)):
        async with town() as one, reader(one.client) as page:
            minute = onset // 60 * 60
            quick = [Minute("api", "home", minute - 60 * ago, 6, 0, 0, 0.1, 0.1, 0.1) for ago in (4, 3, 2, 1)]
            await one.store.put_minutes([*quick, Minute("api", "home", minute, 6 - bad, bad, 0, 3.0, 3.2, 3.3)])
            await page.goto("/incidents/api-7")
            await page.locator("figure[data-drawn] canvas").wait_for()
            box = await page.locator(".plot .u-over").bounding_box()
            left = box["x"] - (await page.locator(".plot canvas").bounding_box())["x"]
            found = await page.locator(".plot canvas").evaluate(where, box["height"])
        assert found - left == pytest.approx(box["width"] * (onset - since) / (NOW - since), abs=2), bad


async def test_a_page_without_a_stream_says_that_it_asks_and_a_filter_keeps_what_fits() -> None:
    """Refused: its age says so at once. A tag's heading counts as a word of its services."""
    policy, state, _ = story()
    tagged = {name: replace(one, tags=("shop",) * (name == "web")) for name, one in policy.services.items()}
    served = town(replace(policy, services=tagged), state)
    async with served as one, browsing() as browser, window(browser, address(one.client)) as page:
        await page.route("**/live", lambda route: route.fulfill(status=204))
        await log_in(page, TOKEN)
        await page.get_by_text("asks every 5 s").wait_for()
        for word, shown in (("shop", ["shop", "web"]), ("assist", ["Without", "api"]), ("zebra", [])):
            await page.locator("#filter").fill(word)
            texts = await page.locator("#rows tbody th:visible").all_inner_texts()
            assert [text.split()[0] for text in texts] == shown


async def test_the_ranges_are_links_and_every_page_works_without_scripts() -> None:
    """Each draws its time; without scripts, which only refresh, the server's own drawings and tables are there."""
    async with town() as one, browsing() as browser:
        async with window(browser, address(one.client), "dark", "phone") as page:
            await log_in(page, TOKEN)
            await page.goto("/services/web")
            for words, span in (("1 h", "1h"), ("7 d", "7d"), ("90 d", "90d"), ("24 h", "24h")):
                await page.get_by_role("link", name=words, exact=True).click()
                await page.wait_for_url(f"**?range={span}#signals")
                await page.locator("figure[data-drawn] canvas").first.wait_for()
                assert await overflow(page) <= 0, words
        async with look(browser, address(one.client), java_script_enabled=False) as context:
            page = await context.new_page()
            await log_in(page, TOKEN)
            await page.goto("/services/web?range=24h")
            assert await page.locator(".plot svg.chart").count() >= 1 and await page.locator("#beat").is_hidden()
            for path in ("/", "/incidents/web-1"):
                await page.goto(path)
                assert await page.locator("svg[role=img], table").count() > 0, path


async def test_the_page_keeps_itself_up_to_date_without_losing_the_reader_s_place() -> None:
    """A note changes it; one that is being written stays, and so does the chart of the failing signal."""
    async with town() as one, reader(one.client) as page:
        await page.goto("/incidents/web-1")
        await page.locator("figure[data-drawn] canvas").wait_for()
        assert await painted(page) > 1000
        await page.evaluate("document.querySelector('figure canvas').seen = true")
        await page.locator("#add > summary").click()
        await page.get_by_label("Note", exact=True).fill("half a note")
        await one.store.remark("web-1", "said meanwhile", "bob")
        await page.locator(".timeline").get_by_text("bob: said meanwhile").wait_for()
        assert await page.get_by_label("Note", exact=True).input_value() == "half a note"
        assert await page.evaluate("[...document.querySelectorAll('figure canvas')].map(one => one.seen)") == [True]
        assert await painted(page) > 1000


async def test_title_and_icon_of_every_tab_follow_the_worst_state() -> None:
    """An incident opens while two tabs are open, one in the background; both say so, and both say when it is over."""
    async with town(state=calm()) as one, reader(one.client) as page:
        behind = await page.context.new_page()
        await behind.goto("/settings")
        await page.goto("/services/web")
        await page.bring_to_front()
        await page.get_by_text("updated", exact=False).first.wait_for()
        assert "icon.svg" in await page.evaluate(ICON) and (await behind.title()).startswith("Settings")
        for state, title, icon in ((down(), DOWN, "icon-bad"), (calm(), "", "icon.svg")):
            one.shown[0] = state
            for tab, own in ((page, "web"), (behind, "Settings")):
                await tab.wait_for_function(TITLE, arg=f"{title} · {own}" if title else own)
                assert icon in await tab.evaluate(ICON)
            await page.locator("h1 .mark.incident" if title else "h1 .mark.ok").wait_for()
        await behind.close()


async def test_a_page_without_an_answer_says_so_and_comes_back() -> None:
    """Its dot is empty, its words say for how long; with the next answer it is fresh again."""
    async with town(state=calm()) as one, browsing() as browser, look(browser, address(one.client)) as context:
        page, complaints = await context.new_page(), Complaints()
        await log_in(page, TOKEN)
        await page.goto("/services/web")
        await page.locator("#beat:not(.stale)").wait_for()
        await context.set_offline(True)
        await page.locator("#beat.stale").wait_for(timeout=60_000)
        assert "no answer for" in await page.locator("#age").inner_text()
        assert await page.locator("#stale").is_visible()
        await context.set_offline(False)
        await page.locator("#beat:not(.stale)").wait_for(timeout=120_000)
        assert await page.locator("#stale").is_hidden() and complaints.heard == []
