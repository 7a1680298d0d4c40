"""Debian's Chromium, driven by Playwright: what a person sees, and everything that the browser complains of."""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.console.scene import TOKEN
from tests.support.child_processes import missing
from tests.support.clocks import PATIENCE_SECONDS

FOUND = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-lcd-text")
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
LOOKS = [(scheme, size) for scheme in ("light", "dark") for size in ("desktop", "phone")]
EACH_LOOK = [
    pytest.param(*look, marks=() if look in (LOOKS[0], LOOKS[-1]) else pytest.mark.nightly, id="-".join(look))
    for look in LOOKS
]
"""Each scheme once and each size once by day: what is too wide is so in both schemes, and a contrast at both sizes."""
BAD = ("serious", "critical")
PATIENCE_MS = PATIENCE_SECONDS * 1000.0
"""On a busy machine a page may take long; what is wrong with it is not that."""
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(event.violatedDirective + " " + event.blockedURI);
});
"""


def executable() -> str:
    """Return where the browser is; the test needs it."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        missing("playwright is not installed: pip install -e '.[dev]'")
    return FOUND or missing("there is no Chromium: apt-get install chromium")


@dataclass
class Complaints:
    """What went wrong on the pages of one context: errors of scripts and of the console, answers that failed."""

    heard: list[str] = field(default_factory=list)

    def listen(self, page: Any) -> None:
        page.on("console", lambda one: self.heard.append(f"{one.type}: {one.text}") if one.type == "error" else None)
        page.on("pageerror", lambda error: self.heard.append(f"script: {error}"))
        page.on("dialog", lambda dialog: self.heard.append(f"dialog: {dialog.message}"))
        page.on("response", lambda one: self.heard.append(f"{one.status} {one.url}") if one.status >= 400 else None)


@asynccontextmanager
async def browsing() -> AsyncIterator[Any]:
    where = executable()
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=where, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def look(browser: Any, url: str, scheme: str = "light", size: str = "desktop", **more: Any) -> AsyncIterator[Any]:
    """Open a context of that size and colour scheme; `more` is what else Playwright knows of one."""
    phone = size == "phone"
    context = await browser.new_context(
        base_url=url,
        color_scheme=scheme,
        viewport=PHONE if phone else DESKTOP,
        is_mobile=phone,
        has_touch=phone,
        **more,
    )
    await context.add_init_script(WATCH)
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context
    finally:
        await context.close()


@asynccontextmanager
async def window(
    browser: Any, url: str, scheme: str = "light", size: str = "desktop", zone: str = "UTC"
) -> AsyncIterator[Any]:
    """Open a window of that look, in a time zone; at its end nothing may have been complained of."""
    async with look(browser, url, scheme, size, timezone_id=zone) as context:
        page, complaints = await context.new_page(), Complaints()
        complaints.listen(page)
        yield page
        assert complaints.heard == [] and await violations(page) == []


@asynccontextmanager
async def reader(
    client: httpx.AsyncClient, scheme: str = "light", size: str = "desktop", name: str = ""
) -> AsyncIterator[Any]:
    """Open a window on the console of that client, and log in."""
    async with browsing() as browser, window(browser, address(client), scheme, size) as page:
        await log_in(page, TOKEN, name)
        yield page


def address(client: httpx.AsyncClient) -> str:
    return str(client.base_url).rstrip("/")


async def violations(page: Any) -> list[str]:
    found: list[str] = await page.evaluate("window.violations")
    return found


async def log_in(page: Any, token: str, name: str = "") -> None:
    await page.goto("/login")
    await page.get_by_label("Token").fill(token)
    await page.get_by_label("Your name").fill(name)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url("**/")


async def accessibility(page: Any, axe: Path | None = None) -> list[str]:
    """Return the serious and critical findings of axe-core (of another release: `axe`), each with where it is."""
    if not await page.evaluate("typeof window.axe === 'object'"):
        script = axe or files("axe_playwright_python").joinpath("axe.min.js")
        await page.evaluate(script.read_text(encoding="utf-8"))
    result = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['impact']} {one['id']}: {json.dumps([node['target'] for node in one['nodes']][:3])} {one['help']}"
        for one in result["violations"]
        if one["impact"] in BAD
    ]


async def overflow(page: Any) -> int:
    """Return by how many pixels the page is wider than the window."""
    wider: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider


async def hidden_columns(page: Any) -> list[str]:
    """Return the tables of the page that are wider than their place, by their names: a phone hides their columns.

    What is folded is opened for that."""
    found: list[str] = await page.evaluate(
        "document.querySelectorAll('main details').forEach(one => { one.open = true; }),"
        "[...document.querySelectorAll('main .wide')].filter(one => one.scrollWidth > one.clientWidth + 1)"
        ".map(one => one.getAttribute('aria-label') || one.innerText.slice(0, 40))"
    )
    return found
