"""The signal `csp` against Chromium: of pages that are easily read wrong both block the same, or ours blocks less."""

from typing import Any

import httpx
import pytest

from tests.adapters.signals.content_security.disputed import CASES, HERE, MILDER, blocked_places, place_of
from tests.browser.chromium import browsing, look, violations
from watchdog.adapters.signals.content_security.policy import judged

KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", "/f": "text/html", ".vtt": "text/vtt"}


async def played(page: Any, policy: str, html: str, wanted: set[str]) -> set[str]:
    """Return what Chromium blocks of the page, once it has loaded, or has blocked, each resource that we know of."""
    places = [place_of(one) for one, _ in judged(html, httpx.URL(HERE), [policy])[1]]
    # What is allowed within the page makes no request.
    known = {_plain(one) for one in (*places, *wanted) if one in wanted or one not in ("inline", "data")}
    loaded: set[str] = set()

    async def answer(route: Any) -> None:
        url = route.request.url
        if url == HERE:
            headers = {
                "content-type": "text/html; charset=utf-8",
                **({"content-security-policy": policy} if policy else {}),
            }
            await route.fulfill(status=200, headers=headers, body=f"<!doctype html>{html}")
            return
        loaded.add(url)
        kind = next((kind for end, kind in KINDS.items() if httpx.URL(url).path.endswith(end)), "image/gif")
        await route.fulfill(status=200, headers={"content-type": kind}, body="")

    await page.unroute_all()
    await page.route("**/*", answer)
    await page.goto(HERE)

    async def blocked() -> set[str]:
        # A base is no resource: what it forbids shows in the addresses.
        said = [one.split(" ") for one in await violations(page)]
        return {place for directive, place in said if directive != "base-uri"}

    while not known <= {_plain(one) for one in loaded | await blocked()}:
        await page.evaluate("new Promise(requestAnimationFrame)")
    return await blocked()


def _plain(url: str) -> str:
    """Return an address without its scheme, which a browser may upgrade."""
    return url.partition("://")[2] or url


@pytest.mark.long
async def test_both_block_the_same() -> None:
    async with browsing() as browser, look(browser, HERE) as context:
        page = await context.new_page()
        for policy, html, wanted in CASES:
            found = await played(page, policy, html, set(wanted))
            assert set(map(_plain, found)) == set(map(_plain, wanted)), (policy, html[:200])


@pytest.mark.long
async def test_what_chromium_alone_blocks_we_do_not_call_blocked() -> None:
    async with browsing() as browser, look(browser, HERE) as context:
        page = await context.new_page()
        for policy, html, by_chromium in MILDER:
            assert await played(page, policy, html, set(by_chromium)) == set(by_chromium), (policy, html)
            assert blocked_places(policy, html) == []
