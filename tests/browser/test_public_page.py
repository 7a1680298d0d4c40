"""The public page keeps itself up to date: by its own script, and without losing the reader's place."""

from typing import Any

from tests.browser.chromium import accessibility, browsing, window
from tests.console.public.scene import hours, public_town
from tests.console.scene import NOW
from watchdog.domain.commands.announcements import Draft, Stage, Update


async def test_the_public_page_refreshes_itself_each_minute() -> None:
    """What is announced meanwhile appears; what was opened stays open, and a page that cannot be loaded says so."""
    town = public_town(minutes=hours("web", 60, bad={30: 200}))
    async with town as one, browsing() as browser, window(browser, str(one.client.base_url)) as page:
        # With a route the browser keeps no cache, whose clock is the real one.
        await page.route("**/status/shop", lambda route: route.continue_())
        await page.clock.install()
        await one.whole_page()
        await page.goto("/status/shop")
        await page.get_by_text("Days with failures").click()
        await one.store.announce(
            Draft("shop", "Payments fail"), Update(NOW, "ann", Stage.IDENTIFIED, "<i>Cards</i> are refused.")
        )
        one.clock.at += 60.0
        assert await page.get_by_text("Payments fail").count() == 0
        await page.clock.fast_forward(61_000)
        await page.get_by_role("heading", name="Payments fail").wait_for()
        assert await page.get_by_text("<i>Cards</i> are refused.").is_visible()
        assert await page.locator("details[open]").count() == 1 and await page.locator("#late").is_hidden()
        assert await page.evaluate("document.activeElement.textContent") == "Days with failures or incidents"
        assert "your time" in (await page.locator("time").first.get_attribute("title") or "")
        assert await accessibility(page) == []
        await page.unroute("**/status/shop")
        await page.route("**/status/shop", lambda route: route.fulfill(status=200, body="<p>A proxy's own page</p>"))
        await page.clock.fast_forward(61_000)
        await page.get_by_text("The newest state could not be loaded").wait_for()
        assert await page.get_by_role("heading", name="Payments fail").is_visible()


async def test_a_past_that_is_never_read_is_asked_for_a_few_times_and_then_each_minute() -> None:
    """Else every open page asks each three seconds while the store is away: an outage is when most are open."""
    asked = 0

    async def incomplete(route: Any) -> None:
        nonlocal asked
        asked += 1
        body = f'<title>Shop</title><main>load {asked}</main><p id="asof"><span data-soon></span></p>'
        await route.fulfill(body=body, content_type="text/html")

    async with public_town() as one, browsing() as browser, window(browser, str(one.client.base_url)) as page:
        await one.whole_page()
        await page.clock.install()
        await page.goto("/status/shop")
        await page.route("**/status/shop", incomplete)
        for number in range(1, 12):
            await page.clock.fast_forward(61_000 if number == 1 else 3_000)
            await page.get_by_text(f"load {number}", exact=True).wait_for()
        await page.clock.fast_forward(50_000)
        # Behind any request of the page's own: it would have been seen by now.
        assert await page.evaluate("fetch('/status/shop.json').then((answer) => answer.status)") == 200 and asked == 11
        await page.clock.fast_forward(11_000)
        await page.get_by_text("load 12", exact=True).wait_for()
