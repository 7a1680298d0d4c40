"""The ways in, in a real browser: signing in elsewhere and coming back, and the pages that say no."""

import pytest

from tests.browser.chromium import EACH_LOOK, accessibility, address, browsing, look, overflow, violations, window
from tests.console.auth.test_proxy_auth import proxy
from tests.console.oidc_scene import doorway
from tests.console.scene import town


async def test_there_and_back_by_clicks_alone() -> None:
    """The session's cookie is for our site alone, and yet it is shown when one comes back from another."""
    async with doorway() as d, browsing() as browser, window(browser, address(d.client)) as page:
        d.town.clock.at = 1_800_000_000.0
        await page.goto("/incidents/web-1")
        assert page.url.endswith("/login?next=/incidents/web-1")
        await page.get_by_role("link", name="Log in with localhost").click()
        await page.get_by_role("button", name="ann").click()
        await page.wait_for_url("**/incidents/web-1")
        assert "ann@acme.example" in await page.locator("header").inner_text()
        await page.get_by_role("button", name="Log out").click()
        await page.wait_for_url("**/login")
        await page.goto("/")
        assert page.url.endswith("/login")


@pytest.mark.long
@pytest.mark.parametrize(("scheme", "size"), EACH_LOOK)
async def test_the_pages_around_a_login_in_every_look(scheme: str, size: str) -> None:
    found = []
    async with doorway() as d, browsing() as browser, look(browser, address(d.client), scheme, size) as context:
        page = await context.new_page()
        for who, heading in (("", "Log in"), ("nobody", "No role"), ("-", "Log in")):
            await page.goto("/login")
            if who:
                await page.get_by_role("link", name="Log in with").click()
                button = page.get_by_role("button", name=who if who != "-" else "vera")
                await button.evaluate("(one, who) => { if (who === '-') one.value = 'stranger'; }", who)
                await button.click()
            await page.get_by_role("heading", name=heading).wait_for()
            found += [f"{who}: {one}" for one in (*await accessibility(page), *await violations(page))]
            found += ["too wide"] if await overflow(page) > 0 else []
        assert "refused the login (access_denied)" in await page.locator("main").inner_text()
    assert not found, "\n".join(found)


@pytest.mark.long
async def test_behind_a_proxy_there_is_nothing_to_log_in_to() -> None:
    """Its header comes with every request; forms work, and a second tab does not spoil the first one's."""
    by_proxy = {"extra_http_headers": {"X-Forwarded-User": "ann@acme.example"}}
    served = town(proxy=proxy())
    async with served as one, browsing() as browser, look(browser, address(one.client), **by_proxy) as context:
        first, second = await context.new_page(), await context.new_page()
        await first.goto("/")
        await second.goto("/")
        assert "ann@acme.example" in await first.locator("header").inner_text()
        assert await first.get_by_role("button", name="Log out").count() == 0
        await first.get_by_text("Pause …").click()
        await first.get_by_role("button", name="Pause now").click()
        await first.get_by_role("heading", name="No answer").wait_for()
